// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/link.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "base/exhausted.h"
#include "bolt/forks.h"
#include "bolt/link_state.h"
#include "bolt/misuse.h"
#include "bolt/trace.h"
#include "bolt/uri.h"
#include "bolt/wire.h"

#define GOODBYE_MS 200
#define ANSWER_MIN 6 // IGNORED: its structure's head and tag, with the heads of its chunk and of the end
// Until the login is done, a message costs at most so many bytes of memory for each byte of its own.
#define OPENING_COST 8
// Keep-alives come seconds apart. So many within so short a time only keep us busy.
#define KEEPALIVES_MAX 1000
#define KEEPALIVES_MS 1000
#define PRODUCT "neobolt/" BOLT_VERSION

static int is_usable(const struct bolt_link *link, struct err *err)
{
	if (link->dead)
		return err_set(err, ERR_IO, "the connection is closed after an earlier failure");
	return forks_check(link->forks, "connection", err);
}

static int flush(struct bolt_link *link, int64_t deadline, struct err *err)
{
	struct buf *output = &link->conn.output;
	int r = is_usable(link, err);

	if (r < 0 || output->len == 0)
		return r;
	r = wire_write(link->wire, output->data, output->len, deadline, err);
	buf_clear(output);
	link->dead |= r < 0;
	return r;
}

int bolt_link_flush(struct bolt_link *link, int64_t deadline, struct err *err)
{
	ENTER(err);
	if (!link)
		return MISUSED(err, NEED(link)) ? err->class : 0;
	return flush(link, deadline, err);
}

// The bytes that the answers that are waited for have at least.
static size_t least(const struct bolt_link *link)
{
	return link->expected > 1 && !dechunker_is_inside(&link->conn.dechunker) ? link->expected * ANSWER_MIN : 1;
}

static int read_some(struct bolt_link *link, int64_t deadline, struct err *err)
{
	int64_t silence = link->conn.hints.silence_s, until = silence ? deadline_in_ms(silence * 1000) : DEADLINE_NEVER;
	int r;

	link->input_pos = link->input_len = 0;
	wire_expect(link->wire, least(link));
	r = wire_read(link->wire, link->input, sizeof(link->input), until < deadline ? until : deadline, &link->input_len, err);
	if (r != ERR_TIMEOUT || until >= deadline)
		return r;
	err_clear(err);
	return err_set(err, ERR_IO, "the server was silent for more than the %lld s that it had announced", (long long)silence);
}

static int fill(struct bolt_link *link, int64_t deadline, struct err *err)
{
	int r = read_some(link, deadline, err);

	if (r < 0 || link->input_len > 0)
		return r;
	if (!link->conn.handshake.done)
		return err_set(err, ERR_IO,
			       "the server closed the connection without an answer to the handshake; it may require TLS there");
	return err_set(err, ERR_IO, "the server closed the connection");
}

static int check_keepalives(struct bolt_link *link, struct err *err)
{
	int64_t before = link->keepalives_ms;

	if (link->conn.dechunker.keepalives < KEEPALIVES_MAX)
		return 0;
	link->conn.dechunker.keepalives = 0;
	link->keepalives_ms = clock_monotonic_ms(&clock_system);
	if (before == 0 || link->keepalives_ms - before >= KEEPALIVES_MS)
		return 0;
	return err_set(err, ERR_PROTOCOL, "the server sends nothing but keep-alives, more than %d a second", KEEPALIVES_MAX);
}

// Waits for the next event, whatever it belongs to.
int link_next(struct bolt_link *link, int64_t deadline, struct arena *arena, struct conn_event *ret, struct err *err)
{
	int r = link->dead || link->conn.output.len > 0 ? flush(link, deadline, err) : forks_check(link->forks, "connection", err);

	while (r == 0) {
		size_t used;

		if (link->input_pos == link->input_len) {
			r = fill(link, deadline, err);
			if (r < 0)
				break;
		}
		r = conn_feed(&link->conn, link->input + link->input_pos, link->input_len - link->input_pos, &used, arena, ret, err);
		// A machine that takes nothing and says nothing would be fed for ever.
		assert(r < 0 || used > 0);
		link->input_pos += r == 0 ? used : 0;
		if (r == 0 && ret->type == CONN_WANTS_INPUT)
			r = check_keepalives(link, err);
		if (r < 0 || ret->type == CONN_WANTS_INPUT)
			continue;
		if (link->expected > 0 && ret->type != CONN_RECORD)
			link->expected--;
		return 0;
	}
	trace_line(link->conn.log, "%s: broken: %s", link->conn.name, err->text);
	link->dead = true;
	return r;
}

void link_forget_failure(struct bolt_link *link)
{
	arena_free(link->failure_arena);
	link->failure_arena = NULL;
	link->failure = NULL;
}

int link_keep_failure(struct bolt_link *link, const struct bolt_failure *failure, struct err *err)
{
	link_forget_failure(link);
	link->failure_arena = arena_new();
	link->failure = bolt_failure_copy(failure, link->failure_arena);
	return failure_to_err(failure, err);
}

const struct bolt_failure *bolt_link_failure(const struct bolt_link *link)
{
	return link ? link->failure : NULL;
}

static const char *text_of(const struct bolt_link *link, const struct bolt_value *meta, const char *key)
{
	const char *text = bolt_as_string(bolt_map_get(meta, key));

	return text ? arena_strdup(link->arena, text) : "";
}

// A server takes a password that must be changed and then refuses every statement but the one that changes it.
static int check_expiry(const struct bolt_link *link, const struct bolt_value *meta, struct err *err)
{
	if (link->expired_ok || !bolt_as_bool(bolt_map_get(meta, "credentials_expired"), false))
		return 0;
	(void)err_set(err, ERR_FORBIDDEN, "the password must be changed before it can be used");
	err_set_code(err, BOLT_CREDENTIALS_EXPIRED);
	return ERR_FORBIDDEN;
}

static int welcome(struct bolt_link *link, const struct conn_event *event, struct err *err)
{
	if (event->type == CONN_FAILURE)
		return link_keep_failure(link, event->failure, err);
	if (event->request == CONN_HELLO) {
		link->server = text_of(link, &event->value, "server");
		link->connection_id = text_of(link, &event->value, "connection_id");
	}
	return check_expiry(link, &event->value, err);
}

// From now on the arena's memory counts against the budget.
void link_bind(const struct bolt_link *link, struct arena *arena)
{
	if (link->limits.budget)
		arena_bind(arena, link->limits.budget, link->limits.own);
}

struct arena *link_answers_arena(const struct bolt_link *link)
{
	struct arena *arena = arena_new();

	link_bind(link, arena);
	return arena;
}

// A server hears little from us, and may say little, before the login.
static void limit(struct bolt_link *link, size_t message, size_t memory)
{
	link->conn.dechunker.message.max = message;
	link->conn.memory = memory;
}

static int settle(struct bolt_link *link, int64_t deadline, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct conn_event event;
	int r = 0;

	while (r == 0 && link->opening > 0) {
		r = link_next(link, deadline, arena, &event, err);
		if (r == 0)
			r = welcome(link, &event, err);
		link->opening--;
	}
	limit(link, link->limits.message, link->limits.result);
	link->dead |= r < 0;
	return r;
}

int bolt_link_settle(struct bolt_link *link, int64_t deadline, struct err *err)
{
	ENTER(err);
	if (!link)
		return MISUSED(err, NEED(link)) ? err->class : 0;

	int r = is_usable(link, err);

	if (r < 0 || link->opening == 0)
		return r;
	link_forget_failure(link);
	return settle(link, deadline, err);
}

// The library's own name, and the machine's.
static int say_hello(struct bolt_link *link, const struct bolt_target *target, const struct bolt_auth *auth, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct conn_hello hello = {
		.user_agent = target->user_agent,
		.product = PRODUCT,
		.language = "C",
		.routing = target->routing,
		.notifications = target->notifications,
		.auth = auth,
	};
	struct utsname name;
	int r;

	if (uname(&name) == 0)
		hello.platform = arena_printf(arena, "%s %s; %s", name.sysname, name.release, name.machine);
	r = conn_hello(&link->conn, &hello, err);
	link->opening = link->conn.n_pending;
	return r;
}

// Shakes hands and leaves HELLO and LOGON in the output, unless what follows depends on the answer to HELLO.
static int greet(struct bolt_link *link, const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline,
		 struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct conn_event event;
	int r;

	link->dead = false;
	r = link_next(link, deadline, arena, &event, err); // CONN_AGREED is the only event before HELLO
	if (r == 0) {
		trace_line(link->conn.log, "%s: connected, Bolt %u.%u", link->conn.name, link->conn.version.major, link->conn.version.minor);
		r = say_hello(link, target, auth, err);
	}
	if (r == 0 && !bolt_version_has(link->conn.version, BOLT_HAS_LOGON))
		r = settle(link, deadline, err);
	link->dead |= r < 0;
	return r;
}

static struct bolt_limits limits_of(const struct bolt_target *target)
{
	struct bolt_limits limits = target->limits ? *target->limits : (struct bolt_limits){0};

	limits.opening = limits.opening ? limits.opening : BOLT_OPENING_MAX;
	limits.message = limits.message ? limits.message : BOLT_MESSAGE_MAX;
	limits.result = limits.result ? limits.result : BOLT_RESULT_MAX;
	return limits;
}

static struct bolt_link *link_new(const struct bolt_target *target)
{
	struct bolt_link *link = calloc(1, sizeof(*link));

	if (!link)
		memory_is_exhausted();
	link->arena = arena_new();
	link->server = link->connection_id = "";
	link->limits = limits_of(target);
	link->expired_ok = target->expired_ok;
	link->forks = forks_begin();
	link->dead = true;
	conn_init(&link->conn);
	link->conn.log = target->log;
	link->conn.name = "socket";
	if (target->log && target->host)
		link->conn.name = arena_printf(link->arena, "%s:%u", target->host, target->port ? target->port : BOLT_PORT);
	link->conn.thrifty = link->limits.budget != NULL;
	limit(link, link->limits.opening, OPENING_COST * link->limits.opening);
	return link;
}

int bolt_link_begin(const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline, struct bolt_link **ret,
		    struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	if (MISUSED(err, NEED(target), {target ? target->host : NULL, "target.host"}, {target ? target->user_agent : NULL, "target.user_agent"}, NEED(auth), NEED(ret)) || NEWER(err, target))
		return err->class;

	_cleanup_(bolt_link_closep) struct bolt_link *link = link_new(target);
	int r = wire_open(target, deadline, &link->wire, err);

	if (r == 0)
		r = greet(link, target, auth, deadline, err);
	else
		trace_line(link->conn.log, "%s: not connected: %s", link->conn.name, err->text);
	if (r == 0)
		*ret = steal_ptr(link);
	return r;
}

// The socket is taken over in any case.
static int misadopted(int fd, const struct err *err)
{
	if (fd >= 0)
		(void)close(fd);
	return err->class;
}

int bolt_link_adopt(int fd, const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline,
		    struct bolt_link **ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	if (MISUSED(err, NEED(target), {target ? target->user_agent : NULL, "target.user_agent"},
		    {target && target->tls != BOLT_TLS_NONE && !target->server_name ? target->host : "", "target.host"}, NEED(auth), NEED(ret)) ||
	    NEWER(err, target))
		return misadopted(fd, err);

	_cleanup_close_ int own = fd;
	_cleanup_(bolt_link_closep) struct bolt_link *link = link_new(target);
	int r = wire_from_fd(fd, target, deadline, &link->wire, err);

	if (r < 0)
		return r;
	(void)steal_fd(&own);
	r = greet(link, target, auth, deadline, err);
	if (r == 0)
		*ret = steal_ptr(link);
	return r;
}

int bolt_link_open(const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline, struct bolt_link **ret,
		   struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	if (MISUSED(err, NEED(target), NEED(auth), NEED(ret)) || NEWER(err, target))
		return err->class;

	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	int r = bolt_link_begin(target, auth, deadline, &link, err);

	if (r == 0)
		r = bolt_link_settle(link, deadline, err);
	if (r == 0)
		*ret = steal_ptr(link);
	return r;
}

void bolt_link_close(struct bolt_link *link)
{
	struct err ignored = ERR_INIT;

	if (!link)
		return;
	if (!link->dead && link->conn.n_pending == 0) {
		wire_set_cancel(link->wire, NULL);
		conn_goodbye(&link->conn);
		(void)flush(link, deadline_in_ms(GOODBYE_MS), &ignored);
	}
	if (link->conn.handshake.done)
		trace_line(link->conn.log, "%s: closed", link->conn.name);
	wire_close(link->wire);
	conn_deinit(&link->conn);
	arena_free(link->arena);
	arena_free(link->failure_arena);
	explicit_bzero(link->input, sizeof(link->input));
	free(link);
}

const char *bolt_link_server(const struct bolt_link *link)
{
	return link ? link->server : "";
}

const char *bolt_link_connection_id(const struct bolt_link *link)
{
	return link ? link->connection_id : "";
}

struct bolt_version bolt_link_version(const struct bolt_link *link)
{
	return link ? link->conn.version : (struct bolt_version){0};
}

const struct bolt_limits *bolt_link_limits(const struct bolt_link *link)
{
	return link ? &link->limits : NULL;
}

bool bolt_link_is_dead(const struct bolt_link *link)
{
	return !link || link->dead;
}

void bolt_link_set_cancel(struct bolt_link *link, struct bolt_cancel *cancel)
{
	if (link)
		wire_set_cancel(link->wire, cancel);
}

struct conn *bolt_link_conn(struct bolt_link *link)
{
	return link ? &link->conn : NULL;
}

void bolt_link_expect(struct bolt_link *link, enum conn_request request)
{
	const struct conn *conn = link ? &link->conn : NULL;

	if (!conn)
		return;
	link->expected = 0;
	for (unsigned n = 0; n < conn->n_pending && link->expected == 0; n++)
		link->expected = conn->pending[(conn->first + n) % CONN_PENDING_MAX] == request ? n + 1 : 0;
}

int link_await(struct bolt_link *link, int64_t deadline, struct arena *arena, struct conn_event *ret, struct err *err)
{
	if (link->opening > 0) {
		int r = bolt_link_settle(link, deadline, err);

		if (r < 0)
			return r;
	}
	if (link->conn.n_pending == 0 && !link->dead)
		return err_set(err, ERR_INVALID, "no answer is due");
	link_bind(link, arena);
	return link_next(link, deadline, arena, ret, err);
}

int bolt_link_next(struct bolt_link *link, int64_t deadline, struct arena *arena, struct conn_event *ret, struct err *err)
{
	ENTER(err);
	if (!link || !arena || !ret)
		return MISUSED(err, NEED(link), NEED(arena), NEED(ret)) ? err->class : 0;
	return link_await(link, deadline, arena, ret, err);
}

int bolt_link_reset(struct bolt_link *link, int64_t deadline, struct err *err)
{
	ENTER(err);
	if (MISUSED(err, NEED(link)))
		return err->class;

	_cleanup_(arena_freep) struct arena *arena = link_answers_arena(link);
	struct conn_event event;
	int r = bolt_link_settle(link, deadline, err);

	if (r == 0)
		r = conn_reset(&link->conn, err);
	while (r == 0 && link->conn.n_pending > 0) {
		arena_reset(arena);
		r = link_next(link, deadline, arena, &event, err);
	}
	// The last answer is that of RESET.
	if (r == 0 && event.type == CONN_FAILURE)
		r = link_keep_failure(link, event.failure, err);
	link->dead |= r < 0;
	return r;
}
