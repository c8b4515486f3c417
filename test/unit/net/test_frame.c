// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Frames of a WebSocket, cut at each byte; and what no server may send.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "net/frame.h"

struct story {
	struct frame_reader reader;
	struct buf text; // "<" begins a message, "p" a ping, "c" the end
};

static int feed(struct story *story, const unsigned char *data, size_t len, struct err *err)
{
	while (len) {
		struct frame_piece piece;

		if (frame_read(&story->reader, data, len, &piece, err) < 0)
			return err->class;
		assert_in_range(piece.used, 1, len);
		data += piece.used;
		len -= piece.used;
		buf_add(&story->text, piece.event == FRAME_PING ? "p" : piece.event == FRAME_CLOSE ? "c" : piece.first ? "<" : "");
		if (piece.event != FRAME_WANTS_INPUT)
			buf_append(&story->text, piece.data, piece.len);
	}
	return 0;
}

static void test_cut_anywhere(void **state)
{
	// A message in two frames with a ping between them, an empty ping, an empty message, one of 126 bytes, and the end.
	unsigned char bytes[256] = "\x02\x03one\x89\x02hi\x80\x03two\x89\x00\x82\x00\x82\x7e\x00\x7e";
	size_t len = 5 + 4 + 5 + 2 + 2 + 4;
	char wanted[256] = "<onephitwop<", many[127] = "";

	(void)state;
	memset(many, 'm', 126);
	memcpy(bytes + len, many, 126);
	len += 126;
	memcpy(bytes + len, "\x88\x02\x03\xe8", 4);
	len += 4;
	(void)strcat(strcat(wanted, many), "c\x03\xe8");
	for (size_t at = 0; at <= len; at++) {
		struct story story = {.text = BUF_INIT(1000)};
		struct err err = ERR_INIT;

		assert_int_equal(feed(&story, bytes, at, &err), 0);
		assert_int_equal(feed(&story, bytes + at, len - at, &err), 0);
		assert_string_equal(buf_str(&story.text), wanted);
		buf_release(&story.text);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
	} cases[] = {
		{"\xc2\x01x", 3},				  // an extension
		{"\x82\x81\0\0\0\0x", 7},			  // masked
		{"\x83\x01x", 3},				  // an unknown opcode
		{"\x8b\x01x", 3},				  // an unknown control frame
		{"\x80\x01x", 3},				  // goes on without a beginning
		{"\x02\x01x\x82\x01x", 6},			  // begins inside another
		{"\x09\x01x", 3},				  // a ping in parts
		{"\x89\x7e\x00\x7e", 4},			  // a ping that is too long
		{"\x82\x7f\x80\x00\x00\x00\x00\x00\x00\x00", 10}, // no length
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct story story = {.text = BUF_INIT(1000)};
		struct err err = ERR_INIT;

		assert_int_equal(feed(&story, (const unsigned char *)cases[i].bytes, cases[i].len, &err), ERR_PROTOCOL);
		buf_release(&story.text);
	}
}

// What a server makes of ours, for each form of the length.
static void test_written(void **state)
{
	static const size_t lengths[] = {0, 1, 125, 126, 65535, 65536};
	static const unsigned char mask[4] = {1, 2, 3, 255};

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		size_t len = lengths[i], head = len > 65535 ? 10 : len > 125 ? 4 : 2;
		struct buf out = BUF_INIT(100000);
		unsigned char *data = calloc(1, len + 1);
		uint64_t told = 0;

		memset(data, 'd', len);
		frame_write(&out, FRAME_KIND_BINARY, mask, data, len);
		assert_int_equal(out.len, head + 4 + len);
		assert_int_equal((unsigned char)out.data[0], 0x82);
		assert_int_equal((unsigned char)out.data[1], 0x80 | (head == 10 ? 127 : head == 4 ? 126 : len));
		for (size_t j = 2; j < head; j++)
			told = told << 8 | (unsigned char)out.data[j];
		assert_true(head == 2 || told == len);
		for (size_t j = 0; j < len; j++)
			assert_int_equal((unsigned char)out.data[head + 4 + j] ^ mask[j % 4], 'd');
		buf_release(&out);
		free(data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_written),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
