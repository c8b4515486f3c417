// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/acquire.h"

#include <stdlib.h>
#include <string.h>

#include "bolt/callback.h"
#include "bolt/forks.h"
#include "bolt/link_state.h"
#include "bolt/trace.h"

#define SECURITY "Neo.ClientError.Security."

static int64_t sooner(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

// After these a connection is not what it was when it logged on.
static bool spoils_logon(const char *code)
{
	return strcmp(code, SECURITY "Unauthorized") == 0 || strcmp(code, SECURITY "TokenExpired") == 0 ||
	       strcmp(code, SECURITY "CredentialsExpired") == 0;
}

static void tell_security(struct acquire *acquire, struct pool_place *place, const char *code, struct err *err)
{
	const struct bolt_auth_provider *provider = acquire->driver->options.provider;

	if (spoils_logon(code))
		place->doomed = true;
	if (strcmp(code, SECURITY "AuthorizationExpired") == 0) {
		place->doomed = true;
		pool_doubt(acquire->driver->pool, pool_place_address(place));
	}
	// A session's own credentials are no provider's.
	if (!acquire->auth && provider && provider->refused && provider->refused(provider->user, &place->login->auth, code))
		err->retry_after_ms = 1;
}

int acquire_failed(struct acquire *acquire, struct pool_place *place, const struct bolt_failure *failure, struct err *err)
{
	struct routing *routing = acquire->driver->routing;
	const struct bolt_address *address = pool_place_address(place);
	int r = failure_to_err(failure, err);

	acquire->failure = bolt_failure_copy(failure, acquire->arena);
	if (strncmp(failure->code, SECURITY, sizeof(SECURITY) - 1) == 0)
		tell_security(acquire, place, failure->code, err);
	if (!routing)
		return r;
	if (strcmp(failure->code, "Neo.ClientError.Cluster.NotALeader") == 0 ||
	    strcmp(failure->code, "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase") == 0)
		routing_forget_writer(routing, acquire->database, address);
	if (strcmp(failure->code, "Neo.TransientError.General.DatabaseUnavailable") == 0 ||
	    strcmp(failure->code, "Neo.TransientError.Database.DatabaseUnavailable") == 0)
		routing_forget(routing, address);
	return r;
}

int acquire_broken(struct acquire *acquire, struct pool_place *place, int64_t deadline, struct err *err)
{
	const struct bolt_address *address = pool_place_address(place);

	if (err->class == ERR_TIMEOUT && deadline_left_ms(deadline) > 0)
		err->class = ERR_IO;
	if (err->class != ERR_IO)
		return err->class;
	if (acquire->driver->routing)
		routing_forget(acquire->driver->routing, address);
	pool_clear(acquire->driver->pool, address);
	return err->class;
}

static int check_server(struct pool_place *place, struct err *err)
{
	const char *server = bolt_link_server(place->link);

	if (place->greeted)
		return 0;
	place->greeted = true;
	if (strncmp(server, "Neo4j/", 6) == 0)
		return 0;
	place->doomed = true;
	return err_set(err, ERR_PROTOCOL, "the server calls itself '%.60s' and not Neo4j", server);
}

int acquire_await(struct acquire *acquire, struct pool_place *place, enum conn_request request, int64_t deadline,
		  struct bolt_value *ret, struct err *err)
{
	struct conn_event event;
	int r;

	bolt_link_expect(place->link, request);
	do {
		r = link_await(place->link, deadline, acquire->arena, &event, err);
		if (r == ERR_SERVER || r == ERR_FORBIDDEN) { // of HELLO or LOGON
			const struct bolt_failure *failure = bolt_link_failure(place->link);

			if (!failure)
				return r;
			err_clear(err);
			return acquire_failed(acquire, place, failure, err);
		}
		if (r < 0)
			return acquire_broken(acquire, place, deadline, err);
		if (event.type == CONN_FAILURE)
			return acquire_failed(acquire, place, event.failure, err);
		if (event.type != CONN_SUCCESS) {
			place->doomed = true;
			return err_set(err, ERR_PROTOCOL, "the server did not answer a request, though none before it had failed");
		}
	} while (event.request != request);
	if (ret)
		*ret = event.value;
	return check_server(place, err);
}

// The credentials to use now. A provider's are kept in *own.
static int find_auth(const struct acquire *acquire, struct login **own, const struct bolt_auth **ret, struct err *err)
{
	const struct bolt_auth_provider *provider = acquire->driver->options.provider;
	_cleanup_(arena_freep) struct arena *arena = NULL;
	struct bolt_auth auth = {0};

	if (acquire->auth || !provider) {
		*ret = acquire->auth ? acquire->auth : &acquire->driver->login->auth;
		return 0;
	}
	login_free(*own);
	*own = NULL;
	arena = arena_new();
	arena_wipe_on_free(arena);
	if (callback_coded(provider->get(provider->user, arena, &auth, err), err) < 0)
		return err->class;
	*own = login_new(&auth);
	*ret = &(*own)->auth;
	return 0;
}

int acquire_refuse(int64_t deadline, struct err *err)
{
	return err_set(err, ERR_INVALID, "the deadline of %lld is no point of time to come; a call that may take so many milliseconds has bolt_deadline_in_ms(%lld)",
		       (long long)deadline, (long long)deadline);
}

static int no_logon(const char *what, struct err *err)
{
	(void)err_set(err, ERR_INVALID, "%s needs Bolt 5.1 or newer", what);
	err_set_code(err, BOLT_UNSUPPORTED);
	return ERR_INVALID;
}

// The addresses to try for one address, by the driver's hook.
static int find_addresses(const struct acquire *acquire, const struct bolt_address *address, struct bolt_addresses *ret, struct err *err)
{
	const struct bolt_resolver *names = acquire->driver->options.names;

	ret->items = arena_new_array(acquire->arena, struct bolt_address, 1);
	ret->items[0] = *address;
	ret->n = 1;
	if (!names)
		return 0;
	if (callback_result(names->resolve(names->user, address, acquire->arena, ret, err), err) < 0)
		return err_wrap(err, "host '%s'", address->host);
	return ret->n ? 0 : err_set(err, ERR_IO, "host '%s' has no address", address->host);
}

int acquire_settle(struct acquire *acquire, struct pool_place *place, int64_t deadline, struct err *err)
{
	const struct conn *conn = bolt_link_conn(place->link);
	const struct bolt_failure *failure;
	int r = bolt_link_settle(place->link, deadline, err);

	// Those of a second logon are no part of the opening.
	if (r == 0)
		return conn->logons > 0 ? acquire_await(acquire, place, CONN_LOGON, deadline, NULL, err) : check_server(place, err);
	failure = bolt_link_failure(place->link);
	if ((r != ERR_SERVER && r != ERR_FORBIDDEN) || !failure)
		return acquire_broken(acquire, place, deadline, err);
	err_clear(err);
	return acquire_failed(acquire, place, failure, err);
}

static int open_at(struct acquire *acquire, struct pool_place *place, const struct bolt_address *address, int64_t deadline, struct err *err)
{
	const struct bolt_driver *driver = acquire->driver;
	const struct bolt_driver_options *options = &driver->options;
	const struct bolt_address *named = pool_place_address(place);
	const struct bolt_target target = {
		.host = address->host,
		.port = address->port,
		.tls = options->tls,
		.trust = driver->trust,
		.server_name = options->server_name ? options->server_name : named->name ? named->name : named->host,
		.pinned = options->pinned,
		.user_agent = options->user_agent,
		.routing = driver->routing ? &driver->context : NULL,
		.notifications = options->notifications,
		.limits = options->limits,
		.connect_ms = options->connect_ms,
		// The server lets such a user in, and refuses what is not the change of the password.
		.expired_ok = true,
		.cancel = acquire->cancel,
		.log = options->log,
	};

	return bolt_link_begin(&target, &place->login->auth, deadline, &place->link, err);
}

// Before 5.1 a refused logon leaves no connection behind that could be asked for all of it.
static int refused(struct acquire *acquire, struct pool_place *place, struct err *err)
{
	const struct bolt_entry told[] = {{"code", bolt_string(err->code)}, {"message", bolt_string(err->text)}};
	const struct bolt_value map = bolt_map(told, 2);
	const struct bolt_failure *failure = failure_read(&map, acquire->arena);
	struct bolt_failure copy = *failure;

	copy.message = arena_strdup(acquire->arena, copy.message);
	copy.code = arena_strdup(acquire->arena, copy.code);
	err_clear(err);
	return acquire_failed(acquire, place, &copy, err);
}

static int open_place(struct acquire *acquire, struct pool_place *place, int64_t deadline, struct err *err)
{
	struct bolt_addresses addresses;
	int r = find_addresses(acquire, pool_place_address(place), &addresses, err);

	if (r < 0)
		return r;
	r = ERR_IO;
	for (size_t i = 0; i < addresses.n && (r == ERR_IO || r == ERR_TIMEOUT); i++) {
		err_clear(err);
		r = open_at(acquire, place, &addresses.items[i], deadline, err);
	}
	if (r == ERR_FORBIDDEN || r == ERR_SERVER)
		return refused(acquire, place, err);
	if (r < 0)
		return acquire_broken(acquire, place, deadline, err);
	place->fresh = true;
	place->born_ms = clock_monotonic_ms(acquire->driver->options.clock);
	if (acquire->auth && !bolt_version_has(bolt_link_version(place->link), BOLT_HAS_LOGON)) {
		place->doomed = true;
		return no_logon("a session with credentials of its own", err);
	}
	return acquire->lazy ? 0 : acquire_settle(acquire, place, deadline, err);
}

// RESET was said first: 1 when it is answered; 0: the connection is dead, which says nothing of its server.
static int is_alive(struct acquire *acquire, struct pool_place *place, int64_t deadline, struct err *err)
{
	struct conn_event event;
	int r = link_await(place->link, deadline, acquire->arena, &event, err);

	if (r == ERR_CANCELLED || (r == ERR_TIMEOUT && deadline_left_ms(deadline) == 0))
		return r;
	err_clear(err);
	return r == 0 && event.type == CONN_SUCCESS;
}

static bool must_check(const struct acquire *acquire, int64_t idle_ms)
{
	int64_t liveness_ms = acquire->driver->options.liveness_ms;

	return acquire->check || liveness_ms < 0 || (liveness_ms > 0 && idle_ms >= liveness_ms);
}

// LOGOFF and LOGON, whose answers come with the next.
static int log_on(struct pool_place *place, const struct bolt_auth *auth, struct err *err)
{
	struct conn *conn = bolt_link_conn(place->link);

	if (conn_logoff(conn, err) < 0 || conn_logon(conn, auth, err) < 0)
		return err->class;
	login_free(place->login);
	place->login = login_new(auth);
	place->relogon = false;
	return 0;
}

static void tell_reuse(const struct pool_place *place, bool logon, bool check)
{
	const struct conn *conn = bolt_link_conn(place->link);

	trace_line(conn->log, "%s: taken from the pool%s%s", conn->name, logon ? ", to log on anew" : "", check ? ", if it is alive" : "");
}

// Makes one that was idle fit for use: 1; 0: it is not.
static int revive(struct acquire *acquire, struct pool_place *place, const struct bolt_auth *auth, int64_t deadline, struct err *err)
{
	const struct bolt_driver_options *options = &acquire->driver->options;
	int64_t now = clock_monotonic_ms(options->clock);
	bool check = must_check(acquire, now - place->idle_ms);
	bool logon = acquire->relogon || place->relogon || !login_equal(&place->login->auth, auth);
	bool can = bolt_version_has(bolt_link_version(place->link), BOLT_HAS_LOGON);

	if (options->lifetime_ms != BOLT_FOREVER && now - place->born_ms >= options->lifetime_ms)
		return 0;
	if (acquire->auth && !can)
		return no_logon("a session with credentials of its own", err);
	place->relogon = logon;
	if (logon && !can)
		return 0;
	bolt_link_set_cancel(place->link, acquire->cancel);
	if (check && conn_reset(bolt_link_conn(place->link), err) < 0)
		return err->class;
	if (logon && log_on(place, auth, err) < 0)
		return err->class;
	tell_reuse(place, logon, check);
	return check ? is_alive(acquire, place, deadline, err) : 1;
}

int acquire_from(struct acquire *acquire, const struct bolt_address *address, int64_t deadline, struct pool_place **ret, struct err *err)
{
	struct bolt_driver *driver = acquire->driver;
	_cleanup_(login_freep) struct login *own = NULL;
	const struct bolt_auth *auth = NULL;
	struct pool_place *place;
	int r;

	deadline = sooner(deadline, deadline_in_ms(driver->options.acquire_ms));
	r = forks_check(driver->forks, "driver", err);
	if (r == 0)
		r = find_auth(acquire, &own, &auth, err);
	while (r == 0) {
		r = pool_take(driver->pool, address, deadline, acquire->cancel, &place, err);
		if (r < 0) {
			if (strcmp(err->code, BOLT_POOL_TIMEOUT) == 0)
				count_one(&driver->counts.pool_timeouts);
			break;
		}
		if (!place->link) {
			place->login = login_new(auth);
			r = open_place(acquire, place, deadline, err);
			count_one(r < 0 ? &driver->counts.not_opened : &driver->counts.opened);
		} else {
			r = revive(acquire, place, auth, deadline, err);
			if (r == 0) {
				// A connection that cannot log on anew is replaced, and the credentials may have changed meanwhile.
				bool again = place->relogon && driver->options.provider;

				place->doomed = true;
				pool_give(driver->pool, place);
				r = again ? find_auth(acquire, &own, &auth, err) : 0;
				continue;
			}
		}
		if (r >= 0) {
			*ret = place;
			return 0;
		}
		acquire_release(driver, place, deadline);
	}
	return r;
}

void acquire_release(struct bolt_driver *driver, struct pool_place *place, int64_t deadline)
{
	struct err ignored = ERR_INIT;

	if (place->link && !place->doomed && !bolt_link_is_dead(place->link)) {
		const struct conn *conn = bolt_link_conn(place->link);

		if ((conn->failed || conn->n_pending > 0) && bolt_link_reset(place->link, deadline, &ignored) < 0)
			place->doomed = true;
	}
	if (place->link)
		bolt_link_set_cancel(place->link, NULL);
	pool_give(driver->pool, place);
}
