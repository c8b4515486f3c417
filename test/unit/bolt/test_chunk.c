// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bolt/chunk.h"

#define MESSAGE_MAX ((size_t)200 * 1024)

static void write_message(struct buf *out, const void *data, size_t len)
{
	_cleanup_buf_ struct buf message = BUF_INIT(MESSAGE_MAX);

	buf_append(&message, data, len);
	chunk_write(out, &message);
}

static void test_write(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT(2 * MESSAGE_MAX);

	(void)state;
	write_message(&out, "abc", 3);
	write_message(&out, "d", 1);
	assert_int_equal(out.len, 12);
	assert_memory_equal(out.data, "\x00\x03" "abc" "\x00\x00\x00\x01" "d" "\x00\x00", 12);
}

static void test_write_large(void **state)
{
	static char data[2 * 65535 + 1];
	_cleanup_buf_ struct buf out = BUF_INIT(2 * MESSAGE_MAX);

	(void)state;
	write_message(&out, data, 65535);
	assert_int_equal(out.len, 65535 + 4);
	assert_memory_equal(out.data, "\xFF\xFF", 2);
	buf_clear(&out);
	write_message(&out, data, sizeof(data));
	assert_int_equal(out.len, sizeof(data) + 3 * 2 + 2);
	assert_memory_equal(out.data + 2 * (65535 + 2), "\x00\x01\x00\x00\x00", 5);
}

// Feeds in pieces; the messages come out with a comma behind each.
static void dechunk(const char *data, size_t len, size_t piece, struct buf *out)
{
	struct dechunker dechunker;
	struct err err = ERR_INIT;
	size_t pos = 0, used;

	dechunker_init(&dechunker, MESSAGE_MAX);
	while (pos < len) {
		size_t n = len - pos < piece ? len - pos : piece;

		assert_int_equal(dechunker_feed(&dechunker, (const unsigned char *)data + pos, n, &used, &err), 0);
		assert_true(used > 0 && used <= n);
		pos += used;
		if (dechunker.complete) {
			buf_append(out, dechunker.message.data, dechunker.message.len);
			buf_addc(out, ',');
		}
	}
	dechunker_release(&dechunker);
}

// Messages of several chunks, keep-alives between and within them, in every size of pieces.
static void test_read(void **state)
{
	static const char data[] = "\x00\x00" "\x00\x03" "abc" "\x00\x00" "\x00\x00" "\x00\x00"
				   "\x00\x01" "d" "\x00\x02" "ef" "\x00\x00" "\x00\x01" "g";

	(void)state;
	for (size_t piece = 1; piece < sizeof(data); piece++) {
		_cleanup_buf_ struct buf out = BUF_INIT(100);

		dechunk(data, sizeof(data) - 1, piece, &out);
		assert_string_equal(buf_str(&out), "abc,def,"); // g has not ended
	}
}

// Nothing behind a whole message is taken.
static void test_stops_behind_a_message(void **state)
{
	static const unsigned char data[] = "\x00\x01" "a" "\x00\x00" "\x00\x01" "b" "\x00\x00";
	struct dechunker dechunker;
	struct err err = ERR_INIT;
	size_t used;

	(void)state;
	dechunker_init(&dechunker, MESSAGE_MAX);
	assert_int_equal(dechunker_feed(&dechunker, data, sizeof(data) - 1, &used, &err), 0);
	assert_int_equal(used, 5);
	assert_true(dechunker.complete);
	assert_string_equal(buf_str(&dechunker.message), "a");
	assert_int_equal(dechunker_feed(&dechunker, data + 5, 5, &used, &err), 0);
	assert_int_equal(used, 5);
	assert_string_equal(buf_str(&dechunker.message), "b");
	dechunker_release(&dechunker);
}

static void test_round_trip(void **state)
{
	static const size_t sizes[] = {1, 2, 255, 65534, 65535, 65536, 131070, 131071, MESSAGE_MAX};
	static char data[MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)('a' + i % 23);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		_cleanup_buf_ struct buf chunks = BUF_INIT(2 * MESSAGE_MAX), out = BUF_INIT(2 * MESSAGE_MAX);

		write_message(&chunks, data, sizes[i]);
		dechunk(chunks.data, chunks.len, 1000, &out);
		assert_int_equal(out.len, sizes[i] + 1);
		assert_memory_equal(out.data, data, sizes[i]);
	}
}

// The limit holds for the message, not for its chunks.
static void test_too_large(void **state)
{
	static const unsigned char data[] = "\x00\x03" "abc" "\x00\x03" "def" "\x00\x00";
	struct dechunker dechunker;
	struct err err = ERR_INIT;
	size_t used;

	(void)state;
	dechunker_init(&dechunker, 6);
	assert_int_equal(dechunker_feed(&dechunker, data, sizeof(data) - 1, &used, &err), 0);
	assert_true(dechunker.complete);
	dechunker_release(&dechunker);
	dechunker_init(&dechunker, 5);
	assert_int_equal(dechunker_feed(&dechunker, data, sizeof(data) - 1, &used, &err), ERR_TOO_LARGE);
	assert_string_equal(err.text, "a Bolt message is larger than 5 bytes");
	dechunker_release(&dechunker);
}

// In place, and behind something else: the same bytes, for one chunk and for many.
static void test_write_in_place(void **state)
{
	static const size_t sizes[] = {0, 1, 65534, 65535, 65536, 131070, 131071, MESSAGE_MAX};
	static char data[MESSAGE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (char)(i % 251);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(2 * MESSAGE_MAX), again = BUF_INIT(2 * MESSAGE_MAX);
		size_t start;

		buf_add(&out, "before");
		start = chunk_begin(&out);
		buf_append(&out, data, sizes[i]);
		chunk_end(&out, start);
		assert_memory_equal(out.data, "before", 6);
		dechunk(out.data + 6, out.len - 6, 65537, &again);
		assert_int_equal(again.len, sizes[i] ? sizes[i] + 1 : 0); // of nothing comes a keep-alive
		assert_memory_equal(again.data ? again.data : "", data, sizes[i]);
	}
}

static void test_write_in_place_without_room(void **state)
{
	static const char data[100];

	(void)state;
	for (size_t max = 0; max < 104; max++) {
		_cleanup_buf_ struct buf out = BUF_INIT(max);
		size_t start = chunk_begin(&out);

		buf_append(&out, data, sizeof(data));
		chunk_end(&out, start);
		assert_true(out.overflow);
	}
}

// Only a message that is whole, in one chunk, and begins here is looked at where it lies.
static void test_peek(void **state)
{
	static const struct {
		const char *data;
		size_t len;
		bool whole;
	} cases[] = {
		{"\x00\x03" "abc" "\x00\x00", 7, true},
		{"\x00\x03" "abc" "\x00\x00\x00", 8, true},
		{"\x00\x03" "abc" "\x00", 6, false},
		{"\x00\x03" "ab", 4, false},
		{"\x00", 1, false},
		{"", 0, false},
		{"\x00\x00\x00\x03" "abc" "\x00\x00", 9, false}, // a keep-alive comes first
		{"\x00\x03" "abc" "\x00\x01" "d" "\x00\x00", 10, false}, // more chunks
		{"\x00\x07" "abcdefg" "\x00\x00", 11, false}, // larger than the maximum
	};
	struct dechunker dechunker;
	struct chunk_view view;
	struct err err = ERR_INIT;
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		dechunker_init(&dechunker, 6);
		assert_int_equal(dechunker_peek(&dechunker, (const unsigned char *)cases[i].data, cases[i].len, &view), cases[i].whole);
		if (cases[i].whole) {
			assert_int_equal(view.used, 7);
			assert_int_equal(view.len, 3);
			assert_memory_equal(view.message, "abc", 3);
		}
		// In the middle of a head, of a chunk, of a message: no.
		for (size_t n = 1; n < 6 && n < cases[i].len && cases[i].whole; n++) {
			assert_int_equal(dechunker_feed(&dechunker, (const unsigned char *)cases[i].data + n - 1, 1, &used, &err), 0);
			assert_false(dechunker_peek(&dechunker, (const unsigned char *)cases[i].data, cases[i].len, &view));
		}
		dechunker_release(&dechunker);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_large),
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_stops_behind_a_message),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_too_large),
		cmocka_unit_test(test_write_in_place),
		cmocka_unit_test(test_write_in_place_without_room),
		cmocka_unit_test(test_peek),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
