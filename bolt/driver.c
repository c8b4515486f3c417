// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/driver.h"

#include <stdlib.h>
#include <string.h>

#include "base/exhausted.h"
#include "bolt/discover.h"
#include "bolt/forks.h"
#include "bolt/misuse.h"
#include "bolt/tx.h"

#define POOL_SIZE 100
#define FETCH_SIZE 1000
#define ROUTING_KEEP_MS 30000
#define MAX_ROWS 10000

static int64_t time_or(int64_t given, int64_t otherwise)
{
	return given ? given : otherwise;
}

static int check_kinds(const struct bolt_driver_options *options, struct err *err)
{
	if ((unsigned)options->tls > BOLT_TLS_ANY)
		return err_set(err, ERR_INVALID, "the driver's tls of %d is none of enum bolt_tls", (int)options->tls);
	if (options->provider && !options->provider->get)
		return err_set(err, ERR_INVALID, "the driver's provider.get is NULL");
	if ((options->resolver && !options->resolver->resolve) || (options->names && !options->names->resolve))
		return err_set(err, ERR_INVALID, "the resolve of the driver's resolver or names is NULL");
	if (options->limits && misuse_is_newer(err, options->limits->reserved, "options.limits"))
		return err->class;
	if (options->log && !options->log->line)
		return err_set(err, ERR_INVALID, "the line of the driver's log is NULL");
	if (options->clock && (!options->clock->monotonic_ms || !options->clock->wall_ms))
		return err_set(err, ERR_INVALID, "a function of the driver's clock is NULL");
	return 0;
}

static int check_times(const struct bolt_driver_options *options, struct err *err)
{
	const struct {
		const char *name;
		int64_t value, lowest;
	} times[] = {
		{"fetch_size", options->fetch_size, -1},  {"connect_ms", options->connect_ms, 0},
		{"acquire_ms", options->acquire_ms, 0},	  {"lifetime_ms", options->lifetime_ms, 0},
		{"liveness_ms", options->liveness_ms, -1}, {"retry_ms", options->retry_ms, -1},
		{"routing_ms", options->routing_ms, 0},
	};

	for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
		if (times[i].value < times[i].lowest)
			return err_set(err, ERR_INVALID, "the driver's %s of %lld is less than %lld", times[i].name, (long long)times[i].value,
				       (long long)times[i].lowest);
	}
	return 0;
}

static int choose_tls(const struct bolt_uri *uri, struct bolt_driver_options *options, struct err *err)
{
	if (uri->encrypted && options->tls != BOLT_TLS_NONE)
		return err_set(err, ERR_INVALID, "the URI's scheme says by itself which TLS is used; leave tls out");
	if (uri->encrypted)
		options->tls = uri->unverified ? BOLT_TLS_ANY : BOLT_TLS_VERIFY;
	if (options->tls == BOLT_TLS_NONE && (options->ca_pem || options->server_name || options->pinned || options->cert_pem || options->key_pem))
		return err_set(err, ERR_INVALID, "certificates and server names are for TLS, which the URI's scheme does not ask for; use +s");
	if (options->tls == BOLT_TLS_ANY && (options->ca_pem || options->pinned))
		return err_set(err, ERR_INVALID, "with +ssc any certificate is taken; use +s with a CA or a pinned certificate");
	if (!options->cert_pem != !options->key_pem)
		return err_set(err, ERR_INVALID, "a client certificate needs both cert_pem and key_pem");
	return 0;
}

static void copy_options(struct arena *arena, const struct bolt_driver_options *given, struct bolt_driver_options *ret)
{
	*ret = *given;
	ret->uri = NULL;
	ret->auth = (struct bolt_auth){0};
	ret->user_agent = arena_strdup(arena, given->user_agent ? given->user_agent : "neobolt/" BOLT_VERSION);
	ret->ca_pem = arena_strdup(arena, given->ca_pem);
	ret->server_name = arena_strdup(arena, given->server_name);
	ret->pinned = arena_strdup(arena, given->pinned);
	ret->cert_pem = arena_strdup(arena, given->cert_pem);
	ret->key_pem = arena_strdup(arena, given->key_pem);
	ret->key_password = arena_strdup(arena, given->key_password);
	ret->pool_size = given->pool_size ? given->pool_size : POOL_SIZE;
	ret->fetch_size = time_or(given->fetch_size, FETCH_SIZE);
	ret->connect_ms = time_or(given->connect_ms, 30 * 1000);
	ret->acquire_ms = time_or(given->acquire_ms, 60 * 1000);
	ret->lifetime_ms = time_or(given->lifetime_ms, 3600 * 1000);
	ret->retry_ms = time_or(given->retry_ms, 30 * 1000);
	ret->routing_ms = time_or(given->routing_ms, ROUTING_KEEP_MS);
	ret->notifications = bolt_notifications_copy(given->notifications, arena);
	ret->clock = given->clock ? given->clock : &clock_system;
}

// The context that a router is told: how it was reached, and what the URI said.
static void make_context(struct bolt_driver *driver)
{
	const struct bolt_value *given = &driver->uri.context;
	struct bolt_entry *entries = arena_new_array(driver->arena, struct bolt_entry, given->size + 1);

	entries[0] = (struct bolt_entry){"address", bolt_string(routing_address_text(&driver->initial, driver->arena))};
	for (uint32_t i = 0; i < given->size; i++)
		entries[1 + i] = given->entries[i];
	driver->context = bolt_map(entries, given->size + 1);
}

// The system's store, above all, is not to be read for each connection.
static int read_trust(struct bolt_driver *driver, struct err *err)
{
	const struct bolt_driver_options *options = &driver->options;
	const struct bolt_target target = {
		.tls = options->tls,
		.ca_pem = options->ca_pem,
		.cert_pem = options->cert_pem,
		.key_pem = options->key_pem,
		.key_password = options->key_password,
	};

	return bolt_trust_new(&target, &driver->trust, err);
}

static int make(const struct bolt_driver_options *options, struct bolt_driver **ret, struct err *err)
{
	static const struct bolt_auth nobody = {.scheme = "none"};
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = calloc(1, sizeof(*driver));
	bool anonymous = !options->auth.scheme && !options->auth.user && !options->auth.password;

	if (!driver)
		memory_is_exhausted();
	driver->forks = forks_begin();
	driver->born = deadline_in_ms(0);
	driver->arena = arena_new();
	arena_wipe_on_free(driver->arena);
	if (bolt_uri_parse(options->uri, driver->arena, &driver->uri, err) < 0 || check_kinds(options, err) < 0 ||
	    check_times(options, err) < 0)
		return err->class;
	copy_options(driver->arena, options, &driver->options);
	if (choose_tls(&driver->uri, &driver->options, err) < 0)
		return err->class;
	if (driver->options.tls != BOLT_TLS_NONE && read_trust(driver, err) < 0)
		return err->class;
	driver->initial = (struct bolt_address){.host = driver->uri.host, .port = driver->uri.port};
	if (!options->provider)
		driver->login = login_new(anonymous ? &nobody : &options->auth);
	driver->pool = pool_new(driver->options.pool_size, driver->options.clock);
	driver->bookmarks = bolt_bookmarks_new(NULL, NULL);
	if (driver->uri.routing) {
		driver->routing = routing_new(driver->options.routing_ms, driver->options.clock);
		make_context(driver);
	}
	*ret = steal_ptr(driver);
	return 0;
}

int bolt_driver_new(const struct bolt_driver_options *options, struct bolt_driver **ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	if (MISUSED(err, NEED(options), {options ? options->uri : NULL, "options.uri"}, NEED(ret)) || NEWER(err, options))
		return err->class;
	return make(options, ret, err);
}

void bolt_driver_free(struct bolt_driver *driver)
{
	if (!driver)
		return;
	if (driver->pool)
		pool_free(driver->pool);
	if (driver->routing)
		routing_free(driver->routing);
	bolt_bookmarks_free(driver->bookmarks);
	login_free(driver->login);
	bolt_trust_free(driver->trust);
	arena_free(driver->arena);
	free(driver);
}

bool bolt_driver_is_encrypted(const struct bolt_driver *driver)
{
	return driver && driver->options.tls != BOLT_TLS_NONE;
}

struct bolt_bookmarks *bolt_driver_bookmarks(struct bolt_driver *driver)
{
	return driver ? driver->bookmarks : NULL;
}

static void prepare(struct acquire *acquire, struct bolt_driver *driver, const struct bolt_probe *probe, struct arena *arena)
{
	*acquire = (struct acquire){.driver = driver, .arena = arena, .read = true};
	if (!probe)
		return;
	acquire->auth = probe->auth;
	acquire->database = probe->database;
	acquire->read = !probe->write;
}

// A connection that is known to be alive and logged on.
static int reach(struct acquire *acquire, int64_t deadline, struct pool_place **ret, struct err *err)
{
	struct pool_place *place;
	int r = acquire_enter(acquire->driver, deadline, err);

	if (r == 0)
		r = discover_place(acquire, deadline, &place, err);
	if (r < 0)
		return r;
	while (r == 0 && bolt_link_conn(place->link)->n_pending > 0)
		r = acquire_await(acquire, place, CONN_LOGON, deadline, NULL, err);
	if (r == 0)
		*ret = place;
	else
		acquire_release(acquire->driver, place, deadline);
	return r;
}

int bolt_driver_verify(struct bolt_driver *driver, const struct bolt_probe *probe, int64_t deadline, struct arena *arena,
		       struct bolt_server_info *ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = (struct bolt_server_info){0};
	if (MISUSED(err, NEED(driver), NEED(arena)) || NEWER(err, probe))
		return err->class;

	struct bolt_version version;
	struct pool_place *place;
	struct acquire acquire;
	int r;

	prepare(&acquire, driver, probe, arena);
	acquire.check = true;
	r = reach(&acquire, deadline, &place, err);
	if (r < 0)
		return r;
	if (ret) {
		version = bolt_link_version(place->link);
		*ret = (struct bolt_server_info){
			.address = arena_strdup(arena, pool_place_text(place)),
			.agent = arena_strdup(arena, bolt_link_server(place->link)),
			.major = version.major,
			.minor = version.minor,
		};
	}
	acquire_release(driver, place, deadline);
	return 0;
}

static bool is_refusal(const struct err *err)
{
	static const char *const codes[] = {"CredentialsExpired", "Forbidden", "TokenExpired", "Unauthorized"};
	static const char prefix[] = "Neo.ClientError.Security.";

	if (strncmp(err->code, prefix, sizeof(prefix) - 1) != 0)
		return false;
	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(err->code + sizeof(prefix) - 1, codes[i]) == 0)
			return true;
	}
	return false;
}

int bolt_driver_verify_auth(struct bolt_driver *driver, const struct bolt_probe *probe, int64_t deadline, bool *ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = false;
	if (MISUSED(err, NEED(driver), NEED(ret)) || NEWER(err, probe))
		return err->class;

	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pool_place *place;
	struct acquire acquire;
	int r;

	prepare(&acquire, driver, probe, arena);
	acquire.relogon = true;
	// The database that every user may see, without a question for a home database.
	if (!acquire.database)
		acquire.database = "system";
	r = reach(&acquire, deadline, &place, err);
	if (r == 0)
		acquire_release(driver, place, deadline);
	else if (!is_refusal(err))
		return r;
	else
		err_clear(err);
	*ret = r == 0;
	return 0;
}

int bolt_driver_supports_session_auth(struct bolt_driver *driver, int64_t deadline, bool *ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = false;
	if (MISUSED(err, NEED(driver), NEED(ret)))
		return err->class;

	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct pool_place *place;
	struct acquire acquire;
	int r;

	prepare(&acquire, driver, NULL, arena);
	r = reach(&acquire, deadline, &place, err);
	if (r < 0)
		return r;
	*ret = bolt_version_has(bolt_link_version(place->link), BOLT_HAS_LOGON);
	acquire_release(driver, place, deadline);
	return 0;
}

struct call_work {
	const struct bolt_call *call;
	struct arena *arena;
	struct bolt_answer *answer;
};

static int run_call(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	const struct call_work *work = user;
	const struct bolt_statement statement = {.text = work->call->text, .params = work->call->params};
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	struct bolt_answer *answer = work->answer;
	const struct bolt_summary *summary;
	struct bolt_value rows;
	int r = tx_run(tx, &statement, deadline, &result, err);

	if (r == 0)
		r = bolt_result_all(result, work->call->max_rows ? work->call->max_rows : MAX_ROWS, deadline, work->arena, &rows, err);
	if (r == 0)
		r = bolt_result_consume(result, deadline, &summary, err);
	if (r < 0)
		return r;
	// Both are in the answer's arena.
	*answer = (struct bolt_answer){
		.keys = result->keys,
		.n_keys = result->n_keys,
		.rows = rows.items,
		.n_rows = rows.size,
		.summary = summary,
	};
	return 0;
}

int bolt_driver_query(struct bolt_driver *driver, const struct bolt_call *call, int64_t deadline, struct arena *arena,
		      struct bolt_answer *ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = (struct bolt_answer){0};
	if (MISUSED(err, NEED(driver), NEED(call), {call ? call->text : NULL, "call.text"}, NEED(arena), NEED(ret)) || NEWER(err, call))
		return err->class;

	const struct bolt_session_options options = {
		.database = call->database,
		.impersonated_user = call->impersonated_user,
		.auth = call->auth,
		.bookmarks = call->no_bookmarks ? NULL : call->bookmarks ? call->bookmarks : driver->bookmarks,
	};
	struct call_work work = {call, arena, ret};
	const struct bolt_job job = {
		.work = run_call,
		.user = &work,
		.read = call->read,
		.tx = {.timeout_ms = call->timeout_ms, .metadata = call->metadata},
	};
	_cleanup_(session_state_freep) struct bolt_session *session = NULL;
	int r = session_state_new(driver, &options, &session, err);

	*ret = (struct bolt_answer){0};
	if (r == 0) {
		session->lent = arena;
		r = tx_execute(session, &job, CONN_API_DRIVER, deadline, err);
	}
	if (r < 0 && session && session->failure)
		ret->failure = bolt_failure_copy(session->failure, arena);
	return r;
}

const struct bolt_value *bolt_answer_get(const struct bolt_answer *answer, uint32_t row, const char *key)
{
	if (!answer || !key || row >= answer->n_rows)
		return NULL;
	for (uint32_t i = 0; i < answer->n_keys; i++) {
		if (strcmp(answer->keys[i], key) == 0)
			return &answer->rows[row].items[i];
	}
	return NULL;
}

void bolt_driver_figures(struct bolt_driver *driver, const struct bolt_address *address, struct bolt_pool_figures *ret)
{
	if (!ret)
		return;
	*ret = (struct bolt_pool_figures){0};
	if (driver && address && address->host)
		pool_figures(driver->pool, address, &ret->in_use, &ret->idle);
}

static uint64_t read_count(const atomic_ullong *count)
{
	return atomic_load_explicit(count, memory_order_relaxed);
}

void bolt_driver_counts(const struct bolt_driver *driver, struct bolt_counts *ret)
{
	if (!ret)
		return;
	*ret = (struct bolt_counts){0};
	if (!driver)
		return;
	*ret = (struct bolt_counts){
		.opened = read_count(&driver->counts.opened),
		.not_opened = read_count(&driver->counts.not_opened),
		.statements = read_count(&driver->counts.statements),
		.retries = read_count(&driver->counts.retries),
		.pool_timeouts = read_count(&driver->counts.pool_timeouts),
	};
}

bool bolt_driver_routing(struct bolt_driver *driver, const char *database, struct arena *arena, struct bolt_routing_view *ret)
{
	struct routing_table table;

	if (!driver || !arena || !ret || !driver->routing || !routing_get(driver->routing, database ? database : "", arena, &table))
		return false;
	*ret = (struct bolt_routing_view){
		.database = table.database,
		.routers = table.routers,
		.readers = table.readers,
		.writers = table.writers,
		.ttl_ms = table.ttl_ms,
	};
	return true;
}

int bolt_driver_reroute(struct bolt_driver *driver, const struct bolt_probe *probe, const struct bolt_bookmark_list *after,
			int64_t deadline, struct err *err)
{
	ENTER(err);
	if (MISUSED(err, NEED(driver)) || NEWER(err, probe))
		return err->class;

	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct routing_table table;
	struct acquire acquire;

	if (acquire_enter(driver, deadline, err) < 0)
		return err->class;
	if (!driver->routing)
		return err_set(err, ERR_INVALID, "a bolt URI has no routing table; use neo4j");
	prepare(&acquire, driver, probe, arena);
	if (after)
		acquire.bookmarks = *after;
	return discover_table(&acquire, deadline, &table, err);
}
