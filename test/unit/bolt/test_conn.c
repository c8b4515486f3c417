// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "test/unit/bolt/machine.h"

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
		assert_int_equal(conn_hello(&client.conn, &client_hello, &client.err), 0);
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

// After a failure everything but RESET is ignored; before one nothing is. A RESET may overtake what waits.
static void test_order_of_failures(void **state)
{
	static const struct {
		const char *answers; // S success, F failure, I ignored, R record; the last one is wrong, or . when none is
		const char *text;
	} cases[] = {
		{"FIS.", NULL},
		{"SRRSS.", NULL},
		{"SRFS.", NULL},
		{"IIS.", NULL},	  // RESET overtook them
		{"SIS.", NULL},
		{"FS", "the server sent a message of tag 70 where the answer to PULL was expected, after a failure"},
		{"FR", "the server sent a message of tag 71 where the answer to PULL was expected, after a failure"},
		{"FF", "the server sent a message of tag 7f where the answer to PULL was expected, after a failure"},
		{"FII", "the server ignored RESET although nothing had failed before"},
		{"SSI", "the server ignored RESET although nothing had failed before"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client client;
		int r = 0;

		setup(&client);
		log_on(&client, &versions[4]);
		assert_int_equal(conn_run(&client.conn, &(struct conn_run){.text = "x"}, &client.err), 0);
		assert_int_equal(conn_pull(&client.conn, 10, CONN_LAST, &client.err), 0);
		assert_int_equal(conn_reset(&client.conn, &client.err), 0);
		for (const char *c = cases[i].answers; *c != '.' && *c && r == 0 && client.conn.n_pending > 0; c++) {
			_cleanup_buf_ struct buf in = BUF_INIT(1000);

			if (*c == 'S')
				add_success(&in);
			else if (*c == 'F')
				add_failure(&in, "code", "Neo.ClientError.Statement.SyntaxError", "bad");
			else if (*c == 'I')
				add_message(&in, 0x7E, NULL);
			else
				add_record(&in, 1);
			r = feed(&client, in.data, in.len, SIZE_MAX);
		}
		assert_int_equal(r, cases[i].text ? ERR_PROTOCOL : 0);
		if (cases[i].text)
			assert_string_equal(client.err.text, cases[i].text);
		assert_int_equal(client.conn.broken, cases[i].text != NULL);
		teardown(&client);
	}
}

static void test_ignored_out_of_the_blue(void **state)
{
	_cleanup_buf_ struct buf in = BUF_INIT(1000);
	struct client client;

	(void)state;
	setup(&client);
	log_on(&client, &versions[4]);
	assert_int_equal(conn_run(&client.conn, &(struct conn_run){.text = "x"}, &client.err), 0);
	add_message(&in, 0x7E, NULL);
	assert_int_equal(feed(&client, in.data, in.len, SIZE_MAX), ERR_PROTOCOL);
	assert_string_equal(client.err.text, "the server ignored RUN although nothing had failed before");
	teardown(&client);
}

// A refused logon and a refused RESET are the end; nothing can be said any more, and what comes is no news.
static void test_broken(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		_cleanup_buf_ struct buf in = BUF_INIT(1000);
		struct client client;

		setup(&client);
		if (i == 0) {
			assert_int_equal(conn_reset(&client.conn, &client.err), ERR_IO);
			assert_string_equal(client.err.text, "RESET cannot be sent: the connection is not open yet");
			conn_goodbye(&client.conn); // says nothing
			assert_int_equal(client.conn.output.len, 0);
			teardown(&client);
			continue;
		}
		if (i == 1)
			agree(&client, &versions[4]);
		else
			log_on(&client, &versions[4]);
		assert_int_equal(i == 1 ? conn_logon(&client.conn, &client_auth, &client.err) : conn_reset(&client.conn, &client.err), 0);
		add_failure(&in, "code", "Neo.ClientError.Security.Unauthorized", "no");
		say(&client, &in);
		assert_true(client.conn.broken);
		buf_clear(&client.conn.output);
		assert_int_equal(conn_reset(&client.conn, &client.err), ERR_IO);
		assert_string_equal(client.err.text, "RESET cannot be sent: the connection is broken");
		assert_int_equal(client.conn.output.len, 0);
		teardown(&client);
	}
}

// The ring of what is due has a limit and turns.
static void test_many_requests(void **state)
{
	struct client client;

	(void)state;
	setup(&client);
	log_on(&client, &versions[4]);
	for (size_t round = 0; round < 3; round++) {
		_cleanup_buf_ struct buf in = BUF_INIT(10000);

		while (client.conn.n_pending < CONN_PENDING_MAX)
			assert_int_equal(conn_pull(&client.conn, 1, CONN_LAST, &client.err), 0);
		buf_clear(&client.conn.output);
		assert_int_equal(conn_pull(&client.conn, 1, CONN_LAST, &client.err), ERR_TOO_LARGE);
		assert_string_equal(client.err.text, "64 requests wait for their answers already");
		err_clear(&client.err);
		assert_int_equal(client.conn.output.len, 0);
		for (size_t i = 0; i < 10 + round; i++)
			add_success(&in);
		for (size_t pos = 0; pos < in.len; pos += in.len / (10 + round))
			assert_int_equal(feed(&client, in.data + pos, in.len / (10 + round), SIZE_MAX), 0);
		assert_int_equal(client.conn.n_pending, CONN_PENDING_MAX - 10 - round);
	}
	teardown(&client);
}

// Bounded memory that runs out at any byte of a request leaves no trace, and the next one goes out whole.
static void test_output_that_is_full(void **state)
{
	const struct bolt_entry entry = {"x", bolt_string("a text")};
	const struct bolt_value params = bolt_map(&entry, 1);
	const struct conn_tx tx = {.database = "neo4j", .read = true};
	const struct conn_run run = {.text = "RETURN $x", .params = &params, .tx = &tx};
	int r = -1;

	(void)state;
	for (size_t max = 0; r < 0; max++) {
		struct client client;

		setup(&client);
		log_on(&client, &versions[4]);
		client.conn.output.max = max;
		r = conn_run(&client.conn, &run, &client.err);
		assert_true(r == 0 || (r == ERR_TOO_LARGE && client.conn.output.len == 0 && client.conn.n_pending == 0));
		assert_true(max < 100);
		client.conn.output.max = CONN_OUTPUT_MAX;
		err_clear(&client.err);
		if (r < 0)
			assert_int_equal(conn_run(&client.conn, &run, &client.err), 0);
		assert_int_equal(sent(&client).tag, 0x10);
		teardown(&client);
	}
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
		cmocka_unit_test(test_order_of_failures),
		cmocka_unit_test(test_ignored_out_of_the_blue),
		cmocka_unit_test(test_broken),
		cmocka_unit_test(test_many_requests),
		cmocka_unit_test(test_output_that_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
