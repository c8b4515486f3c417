// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/link.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "bolt/callback.h"
#include "bolt/table.h"
#include "bolt/wire.h"

#define INPUT_SIZE ((size_t)64 * 1024)
#define DEFAULT_MAX_ROWS 10000
#define GOODBYE_MS 200
#define ANSWER_MIN 6 // IGNORED: its structure's head and tag, with the heads of its chunk and of the end
// What a message costs in memory until the login is done, at most, for each byte that it may have.
#define OPENING_COST 8
// What is kept of a row is reserved in such steps.
#define KEPT_STEP ((size_t)32 * 1024)
// Keep-alives come seconds apart. So many within so short a time only keep us busy.
#define KEEPALIVES_MAX 1000
#define KEEPALIVES_MS 1000
#define PRODUCT "neobolt/" BOLT_VERSION

struct bolt_link {
	struct wire *wire;
	struct conn conn;
	struct arena *arena; // of what outlives an exchange: the server's names
	const char *server, *connection_id;
	struct arena *failure_arena; // NULL while there is no failure
	const struct bolt_failure *failure;
	unsigned expected; // answers, of which only the last is waited for
	unsigned opening; // answers of HELLO and LOGON that are due
	struct bolt_limits limits; // none is 0
	bool expired_ok;
	bool dead;
	int64_t keepalives_ms; // monotonic, when the last KEEPALIVES_MAX were full; 0: never yet
	size_t input_pos, input_len;
	unsigned char input[INPUT_SIZE];
};

static int is_usable(const struct bolt_link *link, struct err *err)
{
	return link->dead ? err_set(err, ERR_IO, "the connection is closed after an earlier failure") : 0;
}

int bolt_link_flush(struct bolt_link *link, int64_t deadline, struct err *err)
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
static int next(struct bolt_link *link, int64_t deadline, struct arena *arena, struct conn_event *ret, struct err *err)
{
	int r = bolt_link_flush(link, deadline, err);

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
	link->dead = true;
	return r;
}

static void forget_failure(struct bolt_link *link)
{
	arena_free(link->failure_arena);
	link->failure_arena = NULL;
	link->failure = NULL;
}

static int keep_failure(struct bolt_link *link, const struct bolt_failure *failure, struct err *err)
{
	forget_failure(link);
	link->failure_arena = arena_new();
	link->failure = bolt_failure_copy(failure, link->failure_arena);
	return failure_to_err(failure, err);
}

const struct bolt_failure *bolt_link_failure(const struct bolt_link *link)
{
	return link->failure;
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
		return keep_failure(link, event->failure, err);
	if (event->request == CONN_HELLO) {
		link->server = text_of(link, &event->value, "server");
		link->connection_id = text_of(link, &event->value, "connection_id");
	}
	return check_expiry(link, &event->value, err);
}

// What lives in it counts against the budget.
static void bind(const struct bolt_link *link, struct arena *arena)
{
	if (link->limits.budget)
		arena_bind(arena, link->limits.budget, link->limits.own);
}

static struct arena *answers_arena(const struct bolt_link *link)
{
	struct arena *arena = arena_new();

	bind(link, arena);
	return arena;
}

// Whoever is not let in yet is told little.
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
		r = next(link, deadline, arena, &event, err);
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
	int r = is_usable(link, err);

	if (r < 0 || link->opening == 0)
		return r;
	forget_failure(link);
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
	r = next(link, deadline, arena, &event, err); // CONN_AGREED is the only event before HELLO
	if (r == 0)
		r = say_hello(link, target, auth, err);
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
		abort();
	link->arena = arena_new();
	link->server = link->connection_id = "";
	link->limits = limits_of(target);
	link->expired_ok = target->expired_ok;
	link->dead = true;
	conn_init(&link->conn);
	link->conn.thrifty = link->limits.budget != NULL;
	limit(link, link->limits.opening, OPENING_COST * link->limits.opening);
	return link;
}

int bolt_link_begin(const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline, struct bolt_link **ret,
		    struct err *err)
{
	_cleanup_(bolt_link_closep) struct bolt_link *link = link_new(target);
	int r = wire_open(target, deadline, &link->wire, err);

	if (r == 0)
		r = greet(link, target, auth, deadline, err);
	if (r == 0)
		*ret = steal_ptr(link);
	return r;
}

int bolt_link_adopt(int fd, const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline,
		    struct bolt_link **ret, struct err *err)
{
	_cleanup_close_ int own = fd;
	_cleanup_(bolt_link_closep) struct bolt_link *link = link_new(target);
	int r = wire_from_fd(fd, &link->wire, err);

	if (r < 0)
		return r;
	(void)steal_fd(&own);
	wire_set_cancel(link->wire, target->cancel);
	r = greet(link, target, auth, deadline, err);
	if (r == 0)
		*ret = steal_ptr(link);
	return r;
}

int bolt_link_open(const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline, struct bolt_link **ret,
		   struct err *err)
{
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
		(void)bolt_link_flush(link, deadline_in_ms(GOODBYE_MS), &ignored);
	}
	wire_close(link->wire);
	conn_deinit(&link->conn);
	arena_free(link->arena);
	arena_free(link->failure_arena);
	explicit_bzero(link->input, sizeof(link->input));
	free(link);
}

const char *bolt_link_server(const struct bolt_link *link)
{
	return link->server;
}

const char *bolt_link_connection_id(const struct bolt_link *link)
{
	return link->connection_id;
}

struct bolt_version bolt_link_version(const struct bolt_link *link)
{
	return link->conn.version;
}

const struct bolt_limits *bolt_link_limits(const struct bolt_link *link)
{
	return &link->limits;
}

bool bolt_link_is_dead(const struct bolt_link *link)
{
	return link->dead;
}

void bolt_link_set_cancel(struct bolt_link *link, struct bolt_cancel *cancel)
{
	wire_set_cancel(link->wire, cancel);
}

struct conn *bolt_link_conn(struct bolt_link *link)
{
	return &link->conn;
}

void bolt_link_expect(struct bolt_link *link, enum conn_request request)
{
	const struct conn *conn = &link->conn;

	link->expected = 0;
	for (unsigned n = 0; n < conn->n_pending && link->expected == 0; n++)
		link->expected = conn->pending[(conn->first + n) % CONN_PENDING_MAX] == request ? n + 1 : 0;
}

int bolt_link_next(struct bolt_link *link, int64_t deadline, struct arena *arena, struct conn_event *ret, struct err *err)
{
	int r;

	if (link->opening > 0) {
		r = bolt_link_settle(link, deadline, err);
		if (r < 0)
			return r;
	}
	if (link->conn.n_pending == 0 && !link->dead)
		return err_set(err, ERR_INVALID, "no answer is due");
	bind(link, arena);
	return next(link, deadline, arena, ret, err);
}

int bolt_link_reset(struct bolt_link *link, int64_t deadline, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = answers_arena(link);
	struct conn_event event;
	int r = bolt_link_settle(link, deadline, err);

	if (r == 0)
		r = conn_reset(&link->conn, err);
	while (r == 0 && link->conn.n_pending > 0) {
		arena_reset(arena);
		r = next(link, deadline, arena, &event, err);
	}
	// The last answer is that of RESET.
	if (r == 0 && event.type == CONN_FAILURE)
		r = keep_failure(link, event.failure, err);
	link->dead |= r < 0;
	return r;
}

// The whole answer to RUN and PULL: 1 at its end, 0 when more is to come.
struct intake {
	struct bolt_link *link;
	struct table_rows rows;
	uint32_t max_rows;
	struct arena *arena;
	size_t used; // of the arena, before
	bolt_row_fn on_row;
	void *user;
	uint32_t n_told; // rows
};

static int take_row(struct intake *intake, const struct bolt_value *row, const struct bolt_table *table, struct err *err)
{
	if (row->size != table->n_fields)
		return err_set(err, ERR_PROTOCOL, "a row has %u values where there are %u fields", row->size, table->n_fields);
	if (intake->rows.n + intake->n_told == intake->max_rows)
		return err_set(err, ERR_PROTOCOL, "the server sent more rows than the %u that were asked for", intake->max_rows);
	if (!intake->on_row) {
		table_add(&intake->rows, row, intake->arena);
		return 0;
	}
	intake->n_told++;
	return callback_result(intake->on_row(intake->user, table, row, err), err);
}

static int take(struct intake *intake, const struct conn_event *event, struct bolt_table *ret, struct err *err)
{
	struct bolt_value *summary;

	switch (event->type) {
	case CONN_FAILURE:
		return keep_failure(intake->link, event->failure, err);
	case CONN_RECORD:
		return take_row(intake, &event->value, ret, err);
	case CONN_SUCCESS:
		break;
	default: // nothing was done
		return err_set(err, ERR_PROTOCOL, "the server ignored a query, though nothing of it had failed");
	}
	if (event->request == CONN_RUN)
		return table_fields(&event->value, intake->arena, &ret->fields, &ret->n_fields, err);
	if (bolt_as_bool(bolt_map_get(&event->value, "has_more"), false))
		return err_set(err, ERR_TOO_LARGE, "the result has more than %u rows", intake->max_rows);
	summary = arena_alloc(intake->arena, sizeof(*summary));
	*summary = event->value;
	ret->summary = summary;
	ret->rows = intake->rows.items;
	ret->n_rows = intake->rows.n;
	return 1;
}

// As take(), of events until then.
static int take_all(struct intake *intake, int64_t deadline, struct bolt_table *ret, struct err *err)
{
	_cleanup_(arena_freep) struct arena *passing = intake->on_row ? answers_arena(intake->link) : NULL;
	struct bolt_link *link = intake->link;
	size_t max = link->limits.result, needs = 0;
	struct conn_event event;
	int r = 0;

	while (r == 0) {
		link->conn.memory = max - needs;
		r = next(link, deadline, passing ? passing : intake->arena, &event, err);
		if (r == 0 && passing && event.type == CONN_SUCCESS)
			event.value = bolt_copy(&event.value, intake->arena);
		if (r == 0)
			r = take(intake, &event, ret, err);
		if (passing)
			arena_reset(passing);
		needs = arena_used(intake->arena) - intake->used;
		if (r == 0 && needs > max)
			r = err_set(err, ERR_TOO_LARGE, "the result needs more than %zu bytes of memory", max);
		if (r == 0 && passing && !arena_reserve(intake->arena, arena_held(intake->arena) + KEPT_STEP))
			r = err_set(err, ERR_TOO_MANY, "the memory for all answers is used up; try again later");
	}
	link->conn.memory = max;
	return r;
}

// RUN and PULL; nothing of them is left behind when RUN cannot be said.
static int send_query(struct bolt_link *link, const struct bolt_query *query, uint32_t max_rows, struct err *err)
{
	const struct conn_tx tx = {
		.database = query->database,
		.impersonated_user = query->impersonated_user,
		.timeout_ms = query->tx_timeout_ms,
		.read = query->read,
	};
	const struct conn_run run = {.text = query->text, .params = query->params, .tx = &tx};
	int r = conn_run(&link->conn, &run, err);

	if (r < 0)
		return r;
	r = conn_pull(&link->conn, max_rows, CONN_LAST, err);
	link->dead |= r < 0;
	return r;
}

// Answers to what was asked before would be taken for this query's, and after a failure there is none but IGNORED.
static int check_rest(const struct bolt_link *link, struct err *err)
{
	if (link->conn.n_pending > 0)
		return err_set(err, ERR_INVALID, "answers are due that were not taken; take them by bolt_link_next(), or bolt_link_reset()");
	return link->conn.failed ? err_set(err, ERR_INVALID, "an earlier request failed; bolt_link_reset() comes first") : 0;
}

int bolt_link_query(struct bolt_link *link, const struct bolt_query *query, int64_t deadline, struct arena *arena,
		    struct bolt_table *ret, struct err *err)
{
	struct intake intake = {
		.link = link,
		.max_rows = query->max_rows ? query->max_rows : DEFAULT_MAX_ROWS,
		.arena = arena,
		.used = arena_used(arena),
		.on_row = query->on_row,
		.user = query->user,
	};
	struct err ignored = ERR_INIT;
	int r;

	*ret = (struct bolt_table){0};
	forget_failure(link);
	r = bolt_link_settle(link, deadline, err);
	if (r == 0)
		r = check_rest(link, err);
	if (r == 0)
		r = send_query(link, query, intake.max_rows, err);
	if (r < 0)
		return r;
	bind(link, arena);
	r = take_all(&intake, deadline, ret, err);
	if (r > 0)
		return 0;
	if (link->dead)
		return r;
	// After a failure the server ignores everything until RESET. What failed first is what the caller is told.
	if (r == ERR_SERVER || r == ERR_FORBIDDEN)
		(void)bolt_link_reset(link, deadline, &ignored);
	else
		link->dead = true;
	return r;
}

const struct bolt_value *bolt_table_get(const struct bolt_table *table, uint32_t row, const char *field)
{
	return row < table->n_rows ? bolt_row_get(table, &table->rows[row], field) : NULL;
}

const struct bolt_value *bolt_row_get(const struct bolt_table *table, const struct bolt_value *row, const char *field)
{
	for (uint32_t i = 0; i < table->n_fields; i++) {
		if (strcmp(table->fields[i], field) == 0)
			return &row->items[i];
	}
	return NULL;
}
