// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bolt/conn.h"
#include "bolt/pack.h"

// The client machine without a socket: what it sends is taken from its output, what a server says is fed.

#define EVENTS_MAX 16

struct spoken {
	unsigned major, minor;
	const char *answer; // of the handshake
	size_t len;
};

#define MANIFEST "\x00\x00\x01\xFF\x01"

static const struct spoken versions[] = {
	{4, 4, "\x00\x00\x04\x04", 4}, {5, 0, "\x00\x00\x00\x05", 4}, {5, 2, "\x00\x00\x02\x05", 4},
	{5, 4, "\x00\x00\x04\x05", 4}, {5, 8, "\x00\x00\x08\x05", 4}, {6, 0, MANIFEST "\x00\x00\x00\x06\x00", 10},
};

#define N_VERSIONS (sizeof(versions) / sizeof(versions[0]))

static const struct bolt_auth auth = {.user = "neo4j", .password = "secret"};
static const struct conn_hello hello = {.user_agent = "neofleet/1", .product = "lib/2", .auth = &auth};

struct client {
	struct conn conn;
	struct arena *arena;
	struct conn_event events[EVENTS_MAX];
	size_t n_events;
	struct err err;
};

static void setup(struct client *client)
{
	*client = (struct client){.arena = arena_new(), .err = ERR_INIT};
	conn_init(&client->conn);
	assert_int_equal(client->conn.output.len, 20);
	buf_clear(&client->conn.output);
}

static void teardown(struct client *client)
{
	conn_deinit(&client->conn);
	arena_free(client->arena);
}

// Feeds in pieces and gathers the events.
static int feed(struct client *client, const void *data, size_t len, size_t piece)
{
	size_t pos = 0, used;

	client->n_events = 0;
	while (pos < len) {
		size_t n = len - pos < piece ? len - pos : piece;
		struct conn_event event;
		int r = conn_feed(&client->conn, (const unsigned char *)data + pos, n, &used, client->arena, &event, &client->err);

		assert_int_equal(r, client->err.class);
		if (r < 0)
			return r;
		assert_true(used > 0 && used <= n);
		pos += used;
		if (event.type == CONN_WANTS_INPUT)
			continue;
		assert_true(client->n_events < EVENTS_MAX);
		client->events[client->n_events++] = event;
	}
	return 0;
}

static void say(struct client *client, const struct buf *bytes)
{
	assert_int_equal(feed(client, bytes->data, bytes->len, SIZE_MAX), 0);
}

static void add_message(struct buf *out, unsigned tag, const struct bolt_value *field)
{
	_cleanup_buf_ struct buf message = BUF_INIT(100000);

	pack_struct(&message, (uint8_t)tag, field ? 1 : 0);
	if (field)
		pack_value(&message, field);
	chunk_write(out, &message);
}

static void add_success(struct buf *out)
{
	const struct bolt_value map = bolt_map(NULL, 0);

	add_message(out, 0x70, &map);
}

static void add_failure(struct buf *out, const char *key, const char *code, const char *text)
{
	const struct bolt_entry entries[] = {{key, bolt_string(code)}, {"message", bolt_string(text)}};
	const struct bolt_value map = bolt_map(entries, 2);

	add_message(out, 0x7F, &map);
}

static void add_record(struct buf *out, int64_t value)
{
	const struct bolt_value item = bolt_int(value), list = bolt_list(&item, 1);

	add_message(out, 0x71, &list);
}

// The next message of the client's output.
static struct bolt_value sent(struct client *client)
{
	struct buf *output = &client->conn.output;
	struct dechunker dechunker;
	struct bolt_value value;
	size_t used;

	dechunker_init(&dechunker, 100000);
	assert_int_equal(dechunker_feed(&dechunker, (unsigned char *)output->data, output->len, &used, &client->err), 0);
	assert_true(dechunker.complete);
	assert_int_equal(unpack_value((unsigned char *)dechunker.message.data, dechunker.message.len, client->arena, &value,
				      &client->err), 0);
	assert_int_equal(value.type, BOLT_STRUCT);
	buf_consume(output, used);
	dechunker_release(&dechunker);
	return value;
}

static const char *text_of(const struct bolt_value *map, const char *key)
{
	const char *text = bolt_as_string(bolt_map_get(map, key));

	return text ? text : "(none)";
}

static void agree(struct client *client, const struct spoken *version)
{
	assert_int_equal(feed(client, version->answer, version->len, SIZE_MAX), 0);
	assert_int_equal(client->n_events, 1);
	assert_int_equal(client->events[0].type, CONN_AGREED);
	assert_int_equal(client->conn.handshake.version.major, version->major);
	assert_int_equal(client->conn.handshake.version.minor, version->minor);
	// The choice out of a manifest is sent back.
	assert_int_equal(client->conn.output.len, version->len > 4 ? 5 : 0);
	buf_clear(&client->conn.output);
}

// Logged on, all answered.
static void log_on(struct client *client, const struct spoken *version)
{
	_cleanup_buf_ struct buf in = BUF_INIT(1000);

	agree(client, version);
	assert_int_equal(conn_hello(&client->conn, &hello, &client->err), 0);
	while (client->conn.output.len > 0)
		(void)sent(client);
	add_success(&in);
	if (client->conn.n_pending == 2)
		add_success(&in);
	say(client, &in);
	assert_int_equal(client->conn.n_pending, 0);
}

static void assert_credentials(const struct bolt_value *map)
{
	assert_string_equal(text_of(map, "scheme"), "basic");
	assert_string_equal(text_of(map, "principal"), "neo4j");
	assert_string_equal(text_of(map, "credentials"), "secret");
}

// HELLO carries the credentials up to 5.0; from 5.1 on LOGON does. bolt_agent came with 5.3.
static void test_hello_of_each_version(void **state)
{
	(void)state;
	for (size_t i = 0; i < N_VERSIONS; i++) {
		const struct spoken *v = &versions[i];
		bool logon = v->major > 5 || (v->major == 5 && v->minor >= 1);
		bool agent = v->major > 5 || (v->major == 5 && v->minor >= 3);
		struct bolt_value message;
		struct client client;

		setup(&client);
		agree(&client, v);
		assert_int_equal(conn_hello(&client.conn, &hello, &client.err), 0);
		message = sent(&client);
		assert_int_equal(message.tag, 0x01);
		assert_int_equal(message.size, 1);
		assert_string_equal(text_of(&message.items[0], "user_agent"), "neofleet/1");
		assert_string_equal(text_of(bolt_map_get(&message.items[0], "bolt_agent"), "product"),
				    agent ? "lib/2" : "(none)");
		assert_int_equal(message.items[0].size, 1 + (agent ? 1 : 0) + (logon ? 0 : 3) + (v->major == 4 ? 1 : 0));
		if (logon) {
			assert_null(bolt_map_get(&message.items[0], "credentials"));
			message = sent(&client);
			assert_int_equal(message.tag, 0x6A);
			assert_int_equal(message.items[0].size, 3);
		}
		assert_credentials(&message.items[0]);
		assert_int_equal(client.conn.output.len, 0);
		assert_int_equal(client.conn.n_pending, logon ? 2 : 1);
		teardown(&client);
	}
}

static void test_requests(void **state)
{
	const struct bolt_entry entry = {"x", bolt_int(7)};
	const struct bolt_value params = bolt_map(&entry, 1);
	const struct conn_tx tx = {.database = "system", .impersonated_user = "jane", .timeout_ms = 5000, .read = true};
	struct bolt_value message;
	struct client client;

	(void)state;
	setup(&client);
	log_on(&client, &versions[0]);
	assert_int_equal(conn_run(&client.conn, &(struct conn_run){.text = "RETURN 1"}, &client.err), 0);
	message = sent(&client);
	assert_int_equal(message.tag, 0x10);
	assert_int_equal(message.size, 3);
	assert_string_equal(message.items[0].string, "RETURN 1");
	assert_int_equal(message.items[1].type, BOLT_MAP);
	assert_int_equal(message.items[1].size, 0);
	assert_int_equal(message.items[2].type, BOLT_MAP);
	assert_int_equal(message.items[2].size, 0);

	assert_int_equal(conn_run(&client.conn, &(struct conn_run){.text = "RETURN $x", .params = &params, .tx = &tx}, &client.err), 0);
	message = sent(&client);
	assert_int_equal(bolt_as_int(bolt_map_get(&message.items[1], "x"), 0), 7);
	assert_int_equal(message.items[2].size, 4);
	assert_string_equal(text_of(&message.items[2], "mode"), "r");
	assert_string_equal(text_of(&message.items[2], "db"), "system");
	assert_string_equal(text_of(&message.items[2], "imp_user"), "jane");
	assert_int_equal(bolt_as_int(bolt_map_get(&message.items[2], "tx_timeout"), 0), 5000);

	assert_int_equal(conn_pull(&client.conn, -1, CONN_LAST, &client.err), 0);
	message = sent(&client);
	assert_int_equal(message.tag, 0x3F);
	assert_int_equal(bolt_as_int(bolt_map_get(&message.items[0], "n"), 0), -1);
	assert_int_equal(conn_reset(&client.conn, &client.err), 0);
	message = sent(&client);
	assert_int_equal(message.tag, 0x0F);
	assert_int_equal(message.size, 0);
	assert_int_equal(client.conn.n_pending, 4);
	conn_goodbye(&client.conn); // has no answer
	message = sent(&client);
	assert_int_equal(message.tag, 0x02);
	assert_int_equal(client.conn.n_pending, 4);
	teardown(&client);
}

// A query with two rows and keep-alives wherever they may be.
static void add_answers(struct buf *out)
{
	const struct bolt_value field = bolt_string("x"), fields = bolt_list(&field, 1);
	const struct bolt_entry entry = {"fields", fields};
	const struct bolt_value meta = bolt_map(&entry, 1);

	buf_append(out, "\0\0\0\0", 4);
	add_message(out, 0x70, &meta);
	buf_append(out, "\0\0", 2);
	add_record(out, 1);
	add_record(out, 2);
	buf_append(out, "\0\0", 2);
	add_success(out);
	buf_append(out, "\0\0", 2);
}

static void test_query(void **state)
{
	static const size_t pieces[] = {1, 2, 3, 7, SIZE_MAX};
	_cleanup_buf_ struct buf in = BUF_INIT(1000);

	(void)state;
	add_answers(&in);
	for (size_t i = 0; i < N_VERSIONS * 5; i++) {
		struct client client;

		setup(&client);
		log_on(&client, &versions[i / 5]);
		assert_int_equal(conn_run(&client.conn, &(struct conn_run){.text = "UNWIND [1, 2] AS x RETURN x"}, &client.err), 0);
		assert_int_equal(conn_pull(&client.conn, 10, CONN_LAST, &client.err), 0);
		assert_int_equal(feed(&client, in.data, in.len, pieces[i % 5]), 0);
		assert_int_equal(client.n_events, 4);
		assert_int_equal(client.events[0].type, CONN_SUCCESS);
		assert_int_equal(client.events[0].request, CONN_RUN);
		assert_string_equal(bolt_map_get(&client.events[0].value, "fields")->items[0].string, "x");
		for (int row = 1; row <= 2; row++) {
			assert_int_equal(client.events[row].type, CONN_RECORD);
			assert_int_equal(client.events[row].request, CONN_PULL);
			assert_int_equal(client.events[row].value.items[0].integer, row);
		}
		assert_int_equal(client.events[3].type, CONN_SUCCESS);
		assert_int_equal(client.events[3].request, CONN_PULL);
		assert_int_equal(client.conn.n_pending, 0);
		teardown(&client);
	}
}

// FAILURE, IGNORED for what was already sent, RESET. The code's key changed with 5.7; both are read.
static void test_failure_and_reset(void **state)
{
	static const char *const keys[] = {"code", "neo4j_code"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		_cleanup_buf_ struct buf in = BUF_INIT(1000);
		struct client client;

		setup(&client);
		log_on(&client, &versions[4]);
		assert_int_equal(conn_run(&client.conn, &(struct conn_run){.text = "oops"}, &client.err), 0);
		assert_int_equal(conn_pull(&client.conn, 10, CONN_LAST, &client.err), 0);
		add_failure(&in, keys[i], "Neo.ClientError.Statement.SyntaxError", "bad\r\nquery\x1b[1m");
		add_message(&in, 0x7E, NULL);
		say(&client, &in);
		assert_int_equal(client.n_events, 2);
		assert_int_equal(client.events[0].type, CONN_FAILURE);
		assert_int_equal(client.events[0].request, CONN_RUN);
		assert_string_equal(client.events[0].failure->code, "Neo.ClientError.Statement.SyntaxError");
		assert_string_equal(client.events[0].failure->message, "bad\r\nquery\x1B[1m");
		assert_int_equal(client.events[1].type, CONN_IGNORED);
		assert_int_equal(client.events[1].request, CONN_PULL);
		assert_int_equal(conn_reset(&client.conn, &client.err), 0);
		buf_clear(&in);
		add_success(&in);
		say(&client, &in);
		assert_int_equal(client.events[0].request, CONN_RESET);
		assert_int_equal(client.conn.n_pending, 0);
		teardown(&client);
	}
}

static void test_failure_without_texts(void **state)
{
	const struct bolt_value map = bolt_map(NULL, 0);
	_cleanup_buf_ struct buf in = BUF_INIT(1000);
	struct client client;

	(void)state;
	setup(&client);
	log_on(&client, &versions[4]);
	assert_int_equal(conn_pull(&client.conn, 1, CONN_LAST, &client.err), 0);
	add_message(&in, 0x7F, &map);
	say(&client, &in);
	assert_string_equal(client.events[0].failure->code, "");
	assert_string_equal(client.events[0].failure->message, "");
	teardown(&client);
}

// Whatever is no answer to the request that waits for one is ERR_PROTOCOL.
static void test_unexpected_replies(void **state)
{
	const struct bolt_value none = bolt_map(NULL, 0), list = bolt_list(NULL, 0), number = bolt_int(1);
	const struct {
		enum conn_request request; // CONN_REQUESTS: nothing was asked
		unsigned tag;
		const struct bolt_value *field;
		const char *text;
	} cases[] = {
		{CONN_REQUESTS, 0x70, &none, "the server sent a message (tag 70) although none was asked for"},
		{CONN_REQUESTS, 0x7F, &none, "the server sent a message (tag 7f) although none was asked for"},
		{CONN_RUN, 0x71, &list, "the server sent a message of tag 71 where the answer to RUN was expected"},
		{CONN_RESET, 0x71, &list, "the server sent a message of tag 71 where the answer to RESET was expected"},
		{CONN_PULL, 0x71, &none, "the server sent a message of tag 71 where the answer to PULL was expected"},
		{CONN_PULL, 0x71, NULL, "the server sent a message of tag 71 where the answer to PULL was expected"},
		{CONN_RUN, 0x70, &list, "the server sent a message of tag 70 where the answer to RUN was expected"},
		{CONN_RUN, 0x70, NULL, "the server sent a message of tag 70 where the answer to RUN was expected"},
		{CONN_RUN, 0x7F, &number, "the server sent a message of tag 7f where the answer to RUN was expected"},
		{CONN_RUN, 0x10, &none, "the server sent a message of tag 10 where the answer to RUN was expected"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_buf_ struct buf in = BUF_INIT(1000);
		struct client client;

		setup(&client);
		log_on(&client, &versions[0]);
		if (cases[i].request == CONN_RUN)
			assert_int_equal(conn_run(&client.conn, &(struct conn_run){.text = "RETURN 1"}, &client.err), 0);
		else if (cases[i].request == CONN_PULL)
			assert_int_equal(conn_pull(&client.conn, 1, CONN_LAST, &client.err), 0);
		else if (cases[i].request == CONN_RESET)
			assert_int_equal(conn_reset(&client.conn, &client.err), 0);
		add_message(&in, cases[i].tag, cases[i].field);
		assert_int_equal(feed(&client, in.data, in.len, SIZE_MAX), ERR_PROTOCOL);
		assert_string_equal(client.err.text, cases[i].text);
		teardown(&client);
	}
}

static void test_no_message(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		const char *text;
	} cases[] = {
		{"\x00\x01\x01\x00\x00", 5, "a message of the server is no structure"},
		{"\x00\x01\xC0\x00\x00", 5, "a message of the server is no structure"},
		{"\x00\x01\xC7\x00\x00", 5, "a message of the server: PackStream at byte 0 of 1: an unknown marker"},
		{"\x00\x02\xB1\x70\x00\x00", 6, "a message of the server: PackStream at byte 2 of 2: a size is larger than the message"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client client;

		setup(&client);
		log_on(&client, &versions[0]);
		assert_int_equal(conn_run(&client.conn, &(struct conn_run){.text = "RETURN 1"}, &client.err), 0);
		assert_int_equal(feed(&client, cases[i].data, cases[i].len, 1), ERR_PROTOCOL);
		assert_string_equal(client.err.text, cases[i].text);
		teardown(&client);
	}
}

static void test_oversized_message(void **state)
{
	static const char chunk[2 + 65535] = "\xFF\xFF";
	struct client client;
	int r = 0;

	(void)state;
	setup(&client);
	log_on(&client, &versions[0]);
	for (size_t n = 0; n < CONN_MESSAGE_MAX / 65535 && r == 0; n++)
		r = feed(&client, chunk, sizeof(chunk), SIZE_MAX);
	assert_int_equal(r, 0);
	assert_int_equal(feed(&client, chunk, sizeof(chunk), SIZE_MAX), ERR_TOO_LARGE);
	teardown(&client);
}

// A request that is too large does not go out in part.
static void test_oversized_request(void **state)
{
	char *text = malloc(CONN_OUTPUT_MAX + 1);
	struct client client;

	(void)state;
	assert_non_null(text);
	memset(text, 'x', CONN_OUTPUT_MAX);
	text[CONN_OUTPUT_MAX] = '\0';
	setup(&client);
	log_on(&client, &versions[0]);
	assert_int_equal(conn_run(&client.conn, &(struct conn_run){.text = text}, &client.err), ERR_TOO_LARGE);
	assert_int_equal(client.conn.output.len, 0);
	assert_int_equal(client.conn.n_pending, 0);
	free(text);
	teardown(&client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hello_of_each_version),
		cmocka_unit_test(test_requests),
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_failure_and_reset),
		cmocka_unit_test(test_failure_without_texts),
		cmocka_unit_test(test_unexpected_replies),
		cmocka_unit_test(test_no_message),
		cmocka_unit_test(test_oversized_message),
		cmocka_unit_test(test_oversized_request),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
