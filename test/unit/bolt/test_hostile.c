// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <sys/socket.h>

#include "base/clock.h"
#include "bolt/link.h"
#include "bolt/pack.h"

// A server that lies: a good conversation with one byte changed, or cut short, for every byte of it. The client comes to an end
// each time, with an answer or with an error that says something, and asks for no more memory than what it was sent is worth.

#define LIMIT 10000
#define MEMORY_MAX ((size_t)1024 * 1024)

static const struct bolt_auth auth = {.user = "neo4j", .password = "secret"};

static void add_message(struct buf *out, uint8_t tag, const struct bolt_value *field)
{
	size_t start = chunk_begin(out);

	pack_struct(out, tag, field ? 1 : 0);
	if (field)
		pack_value(out, field);
	chunk_end(out, start);
}

// The server's side of a session with a query that has two rows, and a query that fails.
static void add_conversation(struct buf *out)
{
	const struct bolt_value names[] = {bolt_string("x"), bolt_string("y")}, codes[] = {bolt_string("Neo.ClientError.Statement.SyntaxError")};
	const struct bolt_value position[] = {bolt_int(7203), bolt_float(1.5), bolt_float(2.5)};
	const struct bolt_value point = {.type = BOLT_STRUCT, .tag = 0x58, .size = 3, .items = position};
	const struct bolt_value row[] = {bolt_list((const struct bolt_value[]){bolt_int(70000), bolt_string("a text"), point, bolt_null()}, 4),
					 bolt_bytes("\1\2\3", 3)};
	const struct bolt_entry seconds = {"connection.recv_timeout_seconds", bolt_int(120)};
	const struct bolt_entry hello[] = {{"server", bolt_string("Neo4j/5.26.0")}, {"hints", bolt_map(&seconds, 1)}};
	const struct bolt_entry fields = {"fields", bolt_list(names, 2)}, more = {"bookmark", bolt_string("bm:1")};
	const struct bolt_entry failure[] = {{"neo4j_code", codes[0]}, {"message", bolt_string("bad")}, {"cause", bolt_map(NULL, 0)}};
	const struct bolt_value metas[] = {bolt_map(hello, 2), bolt_map(NULL, 0), bolt_map(&fields, 1), bolt_map(&more, 1), bolt_map(failure, 3)};
	const struct bolt_value record = bolt_list(row, 2);

	buf_append(out, "\0\0\x08\x05", 4);
	add_message(out, 0x70, &metas[0]);
	add_message(out, 0x70, &metas[1]);
	add_message(out, 0x70, &metas[2]);
	add_message(out, 0x71, &record);
	buf_append(out, "\0\0", 2);
	add_message(out, 0x71, &record);
	add_message(out, 0x70, &metas[3]);
	add_message(out, 0x7F, &metas[4]);
	add_message(out, 0x7E, NULL);
	add_message(out, 0x70, &metas[1]);
}

// The most that the client may keep of a message, and of a query's requests.
struct bounds {
	size_t message, output;
};

// The client's side of it: how often it got what it asked for.
static unsigned converse_within(const struct bounds *bounds, const struct buf *bytes, size_t len, struct err *err)
{
	const struct bolt_target target = {.user_agent = "test/1"};
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_close_ int server = -1;
	int64_t deadline = deadline_in_ms(LIMIT);
	struct bolt_table table;
	unsigned good = 0;
	int fds[2], r;

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	server = fds[1];
	assert_int_equal(write(server, bytes->data, len), (ssize_t)len);
	assert_int_equal(shutdown(server, SHUT_WR), 0);
	r = bolt_link_adopt(fds[0], &target, &auth, deadline, &link, err);
	if (r == 0) {
		bolt_link_conn(link)->dechunker.message.max = bounds->message;
		bolt_link_conn(link)->output.max = bounds->output;
	}
	for (int i = 0; i < 3 && r == 0; i++) {
		r = bolt_link_query(link, &(struct bolt_query){.text = "RETURN 1", .max_rows = 100}, deadline, arena, &table, err);
		good += r == 0;
		assert_true(arena_used(arena) < MEMORY_MAX);
		if (r == ERR_SERVER || r == ERR_FORBIDDEN) {
			assert_non_null(bolt_link_failure(link));
			err_clear(err);
			good++;
			r = 0;
		}
	}
	assert_true(r == (int)err->class && (r == 0) == (err->text[0] == '\0'));
	assert_true(deadline_left_ms(deadline) > 0);
	return good;
}

static unsigned converse(const struct buf *bytes, size_t len, struct err *err)
{
	return converse_within(&(struct bounds){CONN_MESSAGE_MAX, CONN_OUTPUT_MAX}, bytes, len, err);
}

static void test_good(void **state)
{
	_cleanup_buf_ struct buf bytes = BUF_INIT(10000);
	struct err err = ERR_INIT;

	(void)state;
	add_conversation(&bytes);
	assert_int_equal(converse(&bytes, bytes.len, &err), 2); // the third finds the connection closed
	assert_int_equal(err.class, ERR_IO);
	assert_string_equal(err.text, "the server closed the connection");
}

static void test_cut_short(void **state)
{
	_cleanup_buf_ struct buf bytes = BUF_INIT(10000);

	(void)state;
	add_conversation(&bytes);
	for (size_t len = 0; len < bytes.len; len++) {
		struct err err = ERR_INIT;

		assert_true(converse(&bytes, len, &err) <= 2);
		assert_int_equal(err.class, ERR_IO);
	}
}

static void test_every_byte_changed(void **state)
{
	static const unsigned char lies[] = {0x00, 0x01, 0x7F, 0x80, 0x8F, 0x9F, 0xAF, 0xB0, 0xBF, 0xC1, 0xCB, 0xCE, 0xD2, 0xD6, 0xDA, 0xF0, 0xFF};
	_cleanup_buf_ struct buf bytes = BUF_INIT(10000);

	(void)state;
	add_conversation(&bytes);
	for (size_t i = 0; i < bytes.len; i++) {
		char truth = bytes.data[i];

		for (size_t k = 0; k < sizeof(lies); k++) {
			struct err err = ERR_INIT;

			bytes.data[i] = (char)lies[k];
			(void)converse(&bytes, bytes.len, &err);
			assert_true(err_is_set(&err));
		}
		bytes.data[i] = truth;
	}
}

// A byte too many, anywhere.
static void test_every_byte_doubled(void **state)
{
	_cleanup_buf_ struct buf bytes = BUF_INIT(10000);

	(void)state;
	add_conversation(&bytes);
	for (size_t i = 0; i < bytes.len; i++) {
		_cleanup_buf_ struct buf more = BUF_INIT(10000);
		struct err err = ERR_INIT;

		buf_append(&more, bytes.data, i + 1);
		buf_append(&more, bytes.data + i, bytes.len - i);
		(void)converse(&more, more.len, &err);
		assert_true(err_is_set(&err));
	}
}

// Memory has bounds: whichever is reached first, at whichever size, is an error that names it, and nothing goes out in part.
static void test_every_bound(void **state)
{
	_cleanup_buf_ struct buf bytes = BUF_INIT(10000);
	unsigned full[2] = {0};

	(void)state;
	add_conversation(&bytes);
	for (size_t n = 0; n < 200; n++) {
		const struct bounds bounds[] = {{n, CONN_OUTPUT_MAX}, {CONN_MESSAGE_MAX, n}};

		for (int i = 0; i < 2; i++) {
			struct err err = ERR_INIT;

			(void)converse_within(&bounds[i], &bytes, bytes.len, &err);
			assert_true(err.class == ERR_TOO_LARGE || err.class == ERR_IO);
			full[i] += err.class == ERR_TOO_LARGE;
			if (err.class == ERR_TOO_LARGE)
				assert_non_null(strstr(err.text, i == 0 ? "a Bolt message is larger than" : "the request is larger than"));
		}
	}
	assert_true(full[0] > 20 && full[0] < 180 && full[1] > 20 && full[1] < 180);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_cut_short),
		cmocka_unit_test(test_every_byte_changed),
		cmocka_unit_test(test_every_byte_doubled),
		cmocka_unit_test(test_every_bound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
