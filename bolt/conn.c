// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/conn.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "bolt/pack.h"

enum tag {
	TAG_HELLO = 0x01,
	TAG_GOODBYE = 0x02,
	TAG_RESET = 0x0F,
	TAG_RUN = 0x10,
	TAG_PULL = 0x3F,
	TAG_LOGON = 0x6A,
	TAG_SUCCESS = 0x70,
	TAG_RECORD = 0x71,
	TAG_IGNORED = 0x7E,
	TAG_FAILURE = 0x7F,
};

static const char *const request_names[CONN_REQUESTS] = {"HELLO", "LOGON", "RUN", "PULL", "RESET"};

void conn_init(struct conn *conn)
{
	*conn = (struct conn){.output = BUF_INIT_SECRET(CONN_OUTPUT_MAX)};
	handshake_init(&conn->handshake);
	dechunker_init(&conn->dechunker, CONN_MESSAGE_MAX);
	handshake_open(&conn->output);
}

void conn_deinit(struct conn *conn)
{
	handshake_release(&conn->handshake);
	dechunker_release(&conn->dechunker);
	buf_release(&conn->output);
}

static bool is_since(const struct conn *conn, unsigned major, unsigned minor)
{
	return conn->handshake.major > major || (conn->handshake.major == major && conn->handshake.minor >= minor);
}

static void send_message(struct conn *conn, struct buf *message)
{
	// A message cut short must not go out: the output overflows instead.
	if (message->overflow)
		conn->output.overflow = true;
	chunk_write(&conn->output, message);
	buf_release(message);
}

static void expect(struct conn *conn, enum conn_request request)
{
	assert(conn->n_pending < CONN_PENDING_MAX);
	conn->pending[conn->n_pending++] = request;
}

static void add_pair(struct buf *message, const char *key, const char *value)
{
	pack_str(message, key);
	pack_str(message, value);
}

static void add_auth(struct buf *message, const char *user, const char *password)
{
	add_pair(message, "scheme", "basic");
	add_pair(message, "principal", user);
	add_pair(message, "credentials", password);
}

void conn_hello(struct conn *conn, const char *user_agent, const char *user, const char *password)
{
	struct buf message = BUF_INIT_SECRET(CONN_OUTPUT_MAX);
	bool agent = is_since(conn, 5, 3), logon = is_since(conn, 5, 1);

	pack_struct(&message, TAG_HELLO, 1);
	pack_map_head(&message, 1 + (agent ? 1 : 0) + (logon ? 0 : 3));
	add_pair(&message, "user_agent", user_agent);
	if (agent) {
		pack_str(&message, "bolt_agent");
		pack_map_head(&message, 1);
		add_pair(&message, "product", user_agent);
	}
	if (!logon)
		add_auth(&message, user, password);
	send_message(conn, &message);
	expect(conn, CONN_HELLO);
	if (!logon)
		return;
	message = BUF_INIT_SECRET(CONN_OUTPUT_MAX);
	pack_struct(&message, TAG_LOGON, 1);
	pack_map_head(&message, 3);
	add_auth(&message, user, password);
	send_message(conn, &message);
	expect(conn, CONN_LOGON);
}

void conn_run(struct conn *conn, const struct conn_run *run)
{
	const struct bolt_value none = bolt_map(NULL, 0), timeout = bolt_int(run->tx_timeout_ms);
	struct buf message = BUF_INIT_SECRET(CONN_OUTPUT_MAX);

	pack_struct(&message, TAG_RUN, 3);
	pack_str(&message, run->text);
	pack_value(&message, run->params ? run->params : &none);
	pack_map_head(&message, (run->read ? 1 : 0) + (run->database ? 1 : 0) + (run->impersonated_user ? 1 : 0) +
					(run->tx_timeout_ms ? 1 : 0));
	if (run->read)
		add_pair(&message, "mode", "r");
	if (run->database)
		add_pair(&message, "db", run->database);
	if (run->impersonated_user)
		add_pair(&message, "imp_user", run->impersonated_user);
	if (run->tx_timeout_ms) {
		pack_str(&message, "tx_timeout");
		pack_value(&message, &timeout);
	}
	send_message(conn, &message);
	expect(conn, CONN_RUN);
}

void conn_pull(struct conn *conn, int64_t n)
{
	const struct bolt_value count = bolt_int(n);
	struct buf message = BUF_INIT(64);

	pack_struct(&message, TAG_PULL, 1);
	pack_map_head(&message, 1);
	pack_str(&message, "n");
	pack_value(&message, &count);
	send_message(conn, &message);
	expect(conn, CONN_PULL);
}

static void send_bare(struct conn *conn, enum tag tag)
{
	struct buf message = BUF_INIT(8);

	pack_struct(&message, (uint8_t)tag, 0);
	send_message(conn, &message);
}

void conn_reset(struct conn *conn)
{
	send_bare(conn, TAG_RESET);
	expect(conn, CONN_RESET);
}

void conn_goodbye(struct conn *conn)
{
	send_bare(conn, TAG_GOODBYE);
}

static const char *plain(const char *text, struct arena *arena)
{
	char *copy = arena_strdup(arena, text ? text : "");

	for (char *c = copy; *c; c++) {
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	}
	return copy;
}

// Up to 5.6 the code is "code", from 5.7 on "neo4j_code".
static void read_failure(const struct bolt_value *map, struct arena *arena, struct conn_event *ret)
{
	const char *code = bolt_as_string(bolt_map_get(map, "neo4j_code"));

	if (!code)
		code = bolt_as_string(bolt_map_get(map, "code"));
	ret->code = plain(code, arena);
	ret->message = plain(bolt_as_string(bolt_map_get(map, "message")), arena);
}

static int unexpected(const struct conn *conn, unsigned tag, struct err *err)
{
	if (conn->n_pending == 0)
		return err_set(err, ERR_PROTOCOL, "the server sent a message (tag %02x) although none was asked for", tag);
	return err_set(err, ERR_PROTOCOL, "the server sent a message of tag %02x where the answer to %s was expected", tag,
		       request_names[conn->pending[0]]);
}

static void answered(struct conn *conn)
{
	memmove(conn->pending, conn->pending + 1, --conn->n_pending * sizeof(conn->pending[0]));
}

// What a whole message means.
static int read_message(struct conn *conn, struct arena *arena, struct conn_event *ret, struct err *err)
{
	const struct buf *message = &conn->dechunker.message;
	const struct bolt_value *field;
	struct bolt_value value;
	int r = unpack_value((const unsigned char *)message->data, message->len, arena, &value, err);

	if (r < 0)
		return err_wrap(err, "a message of the server");
	if (value.type != BOLT_STRUCT)
		return err_set(err, ERR_PROTOCOL, "a message of the server is no structure");
	field = value.size == 1 ? &value.items[0] : NULL;
	if (conn->n_pending == 0)
		return unexpected(conn, value.tag, err);
	ret->request = conn->pending[0];
	if (value.tag == TAG_RECORD && ret->request == CONN_PULL && field && field->type == BOLT_LIST) {
		ret->type = CONN_RECORD;
		ret->value = *field;
		return 0;
	}
	if (value.tag == TAG_SUCCESS && field && field->type == BOLT_MAP) {
		ret->type = CONN_SUCCESS;
		ret->value = *field;
	} else if (value.tag == TAG_FAILURE && field && field->type == BOLT_MAP) {
		ret->type = CONN_FAILURE;
		read_failure(field, arena, ret);
	} else if (value.tag == TAG_IGNORED) {
		ret->type = CONN_IGNORED;
	} else {
		return unexpected(conn, value.tag, err);
	}
	answered(conn);
	return 0;
}

int conn_feed(struct conn *conn, const unsigned char *data, size_t len, size_t *ret_used, struct arena *arena,
	      struct conn_event *ret, struct err *err)
{
	int r;

	*ret = (struct conn_event){.type = CONN_WANTS_INPUT};
	if (!conn->handshake.done) {
		r = handshake_feed(&conn->handshake, data, len, ret_used, &conn->output, err);
		if (r == 0 && conn->handshake.done)
			ret->type = CONN_AGREED;
		return r;
	}
	r = dechunker_feed(&conn->dechunker, data, len, ret_used, err);
	if (r < 0 || !conn->dechunker.complete)
		return r;
	return read_message(conn, arena, ret, err);
}
