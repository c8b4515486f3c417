// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/link.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "bolt/conn.h"
#include "bolt/wire.h"

#define INPUT_SIZE ((size_t)16 * 1024)
#define DEFAULT_MAX_ROWS 10000
#define GOODBYE_MS 200
// What the rows of one result may cost in memory.
#define RESULT_MAX ((size_t)64 * 1024 * 1024)

struct bolt_link {
	struct wire *wire;
	struct conn conn;
	struct arena *arena; // of what outlives an exchange: the server's name
	const char *server;
	int64_t silence_ms; // the longest silence that the server announced; 0: none
	bool dead;
	size_t input_pos, input_len;
	unsigned char input[INPUT_SIZE];
};

static int flush(struct bolt_link *link, int64_t deadline, struct err *err)
{
	struct buf *output = &link->conn.output;
	int r;

	if (output->overflow)
		return err_set(err, ERR_TOO_LARGE, "the request is larger than %zu bytes", output->max);
	if (output->len == 0)
		return 0;
	r = wire_write(link->wire, output->data, output->len, deadline, err);
	buf_clear(output);
	return r;
}

static int fill(struct bolt_link *link, int64_t deadline, struct err *err)
{
	int64_t until = deadline;
	int r;

	if (link->silence_ms && deadline_in_ms(link->silence_ms) < until)
		until = deadline_in_ms(link->silence_ms);
	link->input_pos = 0;
	r = wire_read(link->wire, link->input, sizeof(link->input), until, &link->input_len, err);
	if (r < 0)
		return r;
	if (link->input_len == 0 && !link->conn.handshake.done)
		return err_set(err, ERR_IO,
			       "the server closed the connection without an answer to the handshake; it may require TLS there");
	if (link->input_len == 0)
		return err_set(err, ERR_IO, "the server closed the connection");
	return 0;
}

// Waits for the next event.
static int next(struct bolt_link *link, int64_t deadline, struct arena *arena, struct conn_event *ret, struct err *err)
{
	int r = flush(link, deadline, err);

	while (r == 0) {
		size_t used;

		if (link->input_pos == link->input_len) {
			r = fill(link, deadline, err);
			if (r < 0)
				break;
		}
		r = conn_feed(&link->conn, link->input + link->input_pos, link->input_len - link->input_pos, &used,
			      arena, ret, err);
		link->input_pos += r == 0 ? used : 0;
		if (r == 0 && ret->type != CONN_WANTS_INPUT)
			return 0;
	}
	link->dead = true;
	return r;
}

static int failure(const struct conn_event *event, struct err *err)
{
	enum err_class class = strncmp(event->code, "Neo.ClientError.Security.", 25) == 0 ? ERR_FORBIDDEN : ERR_SERVER;

	(void)err_set(err, class, "%s", event->message);
	err_set_code(err, event->code);
	return class;
}

static void keep_hints(struct bolt_link *link, const struct bolt_value *meta)
{
	const char *server = bolt_as_string(bolt_map_get(meta, "server"));
	int64_t seconds =
		bolt_as_int(bolt_map_get(bolt_map_get(meta, "hints"), "connection.recv_timeout_seconds"), 0);

	if (server)
		link->server = arena_strdup(link->arena, server);
	if (seconds > 0 && seconds < 86400)
		link->silence_ms = seconds * 1000;
}

// A server takes a password that must be changed and then refuses every statement but the one that changes it.
static int check_expiry(const struct bolt_value *meta, struct err *err)
{
	const struct bolt_value *expired = bolt_map_get(meta, "credentials_expired");

	if (!expired || expired->type != BOLT_BOOL || !expired->boolean)
		return 0;
	(void)err_set(err, ERR_FORBIDDEN, "the password must be changed before it can be used");
	err_set_code(err, BOLT_CREDENTIALS_EXPIRED);
	return ERR_FORBIDDEN;
}

static int log_on(struct bolt_link *link, const char *user_agent, const struct bolt_auth *auth, int64_t deadline, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct conn_event event;
	int r = next(link, deadline, arena, &event, err); // CONN_AGREED is the only event before HELLO

	if (r < 0)
		return r;
	conn_hello(&link->conn, user_agent, auth->user, auth->password);
	do {
		r = next(link, deadline, arena, &event, err);
		if (r < 0)
			return r;
		if (event.type == CONN_FAILURE)
			return failure(&event, err);
		if (event.type != CONN_SUCCESS)
			return err_set(err, ERR_PROTOCOL, "the server ignored the logon");
		if (event.request == CONN_HELLO)
			keep_hints(link, &event.value);
		r = check_expiry(&event.value, err);
		if (r < 0)
			return r;
	} while (link->conn.n_pending > 0);
	return 0;
}

int bolt_link_open(const struct bolt_target *target, const struct bolt_auth *auth, int64_t deadline, struct bolt_link **ret,
		      struct err *err)
{
	_cleanup_(bolt_link_closep) struct bolt_link *link = calloc(1, sizeof(*link));
	int r;

	if (!link)
		abort();
	link->arena = arena_new();
	link->dead = true;
	conn_init(&link->conn);
	r = wire_open(target, deadline, &link->wire, err);
	if (r < 0)
		return r;
	r = log_on(link, target->user_agent, auth, deadline, err);
	if (r < 0)
		return r;
	link->dead = false;
	*ret = steal_ptr(link);
	return 0;
}

void bolt_link_close(struct bolt_link *link)
{
	struct err ignored = ERR_INIT;

	if (!link)
		return;
	if (!link->dead && link->conn.n_pending == 0) {
		conn_goodbye(&link->conn);
		(void)flush(link, deadline_in_ms(GOODBYE_MS), &ignored);
	}
	wire_close(link->wire);
	conn_deinit(&link->conn);
	arena_free(link->arena);
	explicit_bzero(link->input, sizeof(link->input));
	free(link);
}

const char *bolt_link_server(const struct bolt_link *link)
{
	return link->server ? link->server : "";
}

void bolt_link_version(const struct bolt_link *link, unsigned *ret_major, unsigned *ret_minor)
{
	*ret_major = link->conn.handshake.major;
	*ret_minor = link->conn.handshake.minor;
}

// After a failure the server ignores everything until RESET has been answered. A row is no answer to what was ignored.
static int recover(struct bolt_link *link, int64_t deadline, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err problem = ERR_INIT;
	struct conn_event event;

	conn_reset(&link->conn);
	do {
		if (next(link, deadline, arena, &event, &problem) < 0)
			return err->class; // the link is dead; what failed first is what the caller is told
	} while (link->conn.n_pending > 0 && event.type != CONN_RECORD);
	if (event.type != CONN_SUCCESS)
		link->dead = true;
	return err->class;
}

// Rows as they come: an array that doubles, in the arena.
struct rows {
	struct bolt_value *items;
	uint32_t n, room;
};

static void rows_add(struct rows *rows, const struct bolt_value *row, struct arena *arena)
{
	if (rows->n == rows->room) {
		uint32_t room = rows->room ? rows->room * 2 : 8;
		struct bolt_value *items = arena_new_array(arena, struct bolt_value, room);

		if (rows->n)
			memcpy(items, rows->items, rows->n * sizeof(*items));
		rows->items = items;
		rows->room = room;
	}
	rows->items[rows->n++] = *row;
}

static int keep_fields(const struct bolt_value *meta, struct arena *arena, struct bolt_table *ret, struct err *err)
{
	const struct bolt_value *fields = bolt_map_get(meta, "fields");
	const char **names;

	if (!fields || fields->type != BOLT_LIST)
		return err_set(err, ERR_PROTOCOL, "the answer to RUN names no fields");
	names = arena_new_array(arena, const char *, fields->size);
	for (uint32_t i = 0; i < fields->size; i++) {
		names[i] = bolt_as_string(&fields->items[i]);
		if (!names[i])
			return err_set(err, ERR_PROTOCOL, "a field in the answer to RUN is no string");
	}
	ret->fields = names;
	ret->n_fields = fields->size;
	return 0;
}

// One event of a query: 1 at its end, 0 when more is to come.
static int take(struct rows *rows, const struct conn_event *event, uint32_t max_rows, struct arena *arena, struct bolt_table *ret,
		struct err *err)
{
	struct bolt_value *summary;

	switch (event->type) {
	case CONN_FAILURE:
		return failure(event, err);
	case CONN_RECORD:
		if (event->value.size != ret->n_fields)
			return err_set(err, ERR_PROTOCOL, "a row has %u values where there are %u fields", event->value.size,
				       ret->n_fields);
		if (rows->n == max_rows)
			return err_set(err, ERR_PROTOCOL, "the server sent more rows than the %u that were asked for", max_rows);
		rows_add(rows, &event->value, arena);
		return 0;
	case CONN_SUCCESS:
		if (event->request == CONN_RUN)
			return keep_fields(&event->value, arena, ret, err);
		break;
	default:
		return err_set(err, ERR_PROTOCOL, "the server ignored the query");
	}
	if (bolt_as_bool(bolt_map_get(&event->value, "has_more"), false))
		return err_set(err, ERR_TOO_LARGE, "the result has more than %u rows", max_rows);
	summary = arena_alloc(arena, sizeof(*summary));
	*summary = event->value;
	ret->summary = summary;
	ret->rows = rows->items;
	ret->n_rows = rows->n;
	return 1;
}

int bolt_link_query(struct bolt_link *link, const struct bolt_query *query, int64_t deadline, struct arena *arena,
		       struct bolt_table *ret, struct err *err)
{
	const struct conn_run run = {
		.text = query->text,
		.params = query->params,
		.database = query->database,
		.impersonated_user = query->impersonated_user,
		.tx_timeout_ms = query->tx_timeout_ms,
		.read = query->read,
	};
	uint32_t max_rows = query->max_rows ? query->max_rows : DEFAULT_MAX_ROWS;
	size_t used = arena_used(arena);
	struct rows rows = {0};
	struct conn_event event;
	int r = 0;

	*ret = (struct bolt_table){0};
	if (link->dead)
		return err_set(err, ERR_IO, "the connection is closed after an earlier failure");
	conn_run(&link->conn, &run);
	conn_pull(&link->conn, max_rows);
	while (r == 0) {
		r = next(link, deadline, arena, &event, err);
		if (r < 0)
			return r;
		r = take(&rows, &event, max_rows, arena, ret, err);
		if (r == 0 && arena_used(arena) - used > RESULT_MAX)
			r = err_set(err, ERR_TOO_LARGE, "the result needs more than %zu bytes of memory", RESULT_MAX);
	}
	if (r > 0)
		return 0;
	if (r == ERR_SERVER || r == ERR_FORBIDDEN)
		return recover(link, deadline, err);
	link->dead = true;
	return r;
}

const struct bolt_value *bolt_table_get(const struct bolt_table *result, uint32_t row, const char *field)
{
	if (row >= result->n_rows)
		return NULL;
	for (uint32_t i = 0; i < result->n_fields; i++) {
		if (strcmp(result->fields[i], field) == 0)
			return &result->rows[row].items[i];
	}
	return NULL;
}
