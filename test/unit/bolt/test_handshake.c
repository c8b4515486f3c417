// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "bolt/handshake.h"

struct answer {
	const char *data;
	size_t len;
};

#define BYTES(text) {(text), sizeof(text) - 1}
#define MANIFEST "\x00\x00\x01\xFF"

// Feeds an answer in pieces; used says how far it went.
static int feed(struct handshake *handshake, struct answer answer, size_t piece, struct buf *out, size_t *ret_used, struct err *err)
{
	*ret_used = 0;
	while (*ret_used < answer.len && !handshake->done) {
		size_t n = answer.len - *ret_used < piece ? answer.len - *ret_used : piece, used;
		int r = handshake_feed(handshake, (const unsigned char *)answer.data + *ret_used, n, &used, out, err);

		assert_int_equal(r, err->class);
		if (r < 0)
			return r;
		*ret_used += used;
	}
	return 0;
}

static void test_opening(void **state)
{
	_cleanup_buf_ struct buf out = BUF_INIT(100);

	(void)state;
	handshake_open(&out);
	assert_int_equal(out.len, 20);
	assert_memory_equal(out.data,
			    "\x60\x60\xB0\x17"
			    "\x00\x00\x01\xFF" // manifest v1
			    "\x00\x08\x08\x05" // 5.8 to 5.0
			    "\x00\x01\x04\x04" // 4.4 and 4.3
			    "\x00\x00\x00\x00",
			    20);
}

static void test_versions(void **state)
{
	(void)state;
	assert_true(bolt_version_is_spoken((struct bolt_version){4, 4}));
	assert_true(bolt_version_is_spoken((struct bolt_version){4, 3}));
	assert_false(bolt_version_is_spoken((struct bolt_version){4, 2}));
	assert_false(bolt_version_is_spoken((struct bolt_version){4, 5}));
	for (unsigned minor = 0; minor <= 8; minor++)
		assert_true(bolt_version_is_spoken((struct bolt_version){5, minor}));
	assert_false(bolt_version_is_spoken((struct bolt_version){5, 9}));
	assert_true(bolt_version_is_spoken((struct bolt_version){6, 0}));
	assert_true(bolt_version_is_spoken((struct bolt_version){6, 1}));
	assert_false(bolt_version_is_spoken((struct bolt_version){6, 2}));
	assert_false(bolt_version_is_spoken((struct bolt_version){0, 0}));
}

// Every answer that agrees on a version, in one piece and byte by byte; what comes behind it is left alone.
static void test_agreement(void **state)
{
	static const struct {
		struct answer answer;
		size_t used;
		unsigned major, minor;
		struct answer reply;
	} cases[] = {
		{BYTES("\x00\x00\x04\x04"), 4, 4, 4, BYTES("")},
		{BYTES("\x00\x00\x00\x05"), 4, 5, 0, BYTES("")},
		{BYTES("\x00\x00\x08\x05" "rest"), 4, 5, 8, BYTES("")},
		{BYTES(MANIFEST "\x01\x00\x00\x00\x06\x00" "rest"), 10, 6, 0, BYTES("\x00\x00\x00\x06\x00")},
		// 5.8 to 5.0 and 4.4 to 4.2
		{BYTES(MANIFEST "\x02\x00\x02\x04\x04\x00\x08\x08\x05\x00"), 14, 5, 8, BYTES("\x00\x00\x08\x05\x00")},
		// 6.1 and 6.0, with 5.8 to 5.0 and 4.4 behind, as 2026.08.1 offers them
		{BYTES(MANIFEST "\x03\x00\x01\x01\x06\x00\x08\x08\x05\x00\x00\x04\x04\x00"), 18, 6, 1, BYTES("\x00\x00\x01\x06\x00")},
		// 6.3 to 6.1: the newest that we have, too, is the oldest of theirs
		{BYTES(MANIFEST "\x01\x00\x02\x03\x06\x00"), 10, 6, 1, BYTES("\x00\x00\x01\x06\x00")},
		// 6.3 and 6.2 are nothing for us, 5.12 to 5.4 is
		{BYTES(MANIFEST "\x02\x00\x01\x03\x06\x00\x08\x0C\x05\x00"), 14, 5, 8, BYTES("\x00\x00\x08\x05\x00")},
		// 5.4 to 5.2
		{BYTES(MANIFEST "\x01\x00\x02\x04\x05\x00"), 10, 5, 4, BYTES("\x00\x00\x04\x05\x00")},
		// A range that is longer than its minor
		{BYTES(MANIFEST "\x01\x00\xFF\x04\x04\x00"), 10, 4, 4, BYTES("\x00\x00\x04\x04\x00")},
		// Capabilities and a count in more bytes than needed
		{BYTES(MANIFEST "\x81\x80\x00\x00\x00\x00\x06\xFF\xFF\x01" "rest"), 14, 6, 0, BYTES("\x00\x00\x00\x06\x00")},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(100);
		struct handshake handshake;
		struct err err = ERR_INIT;
		size_t used;

		handshake_init(&handshake);
		assert_int_equal(feed(&handshake, cases[i / 2].answer, i % 2 ? 1 : SIZE_MAX, &out, &used, &err), 0);
		assert_true(handshake.done);
		assert_int_equal(used, cases[i / 2].used);
		assert_int_equal(handshake.version.major, cases[i / 2].major);
		assert_int_equal(handshake.version.minor, cases[i / 2].minor);
		assert_int_equal(out.len, cases[i / 2].reply.len);
		if (out.len)
			assert_memory_equal(out.data, cases[i / 2].reply.data, out.len);
		handshake_release(&handshake);
	}
}

#define OURS "6.0 and 6.1, 5.0 to 5.8, 4.4 and 4.3"

static void test_refusals(void **state)
{
	static const struct {
		struct answer answer;
		enum err_class class;
		const char *text;
	} cases[] = {
		{BYTES("\x00\x00\x00\x00"), ERR_PROTOCOL, "the server speaks none of the Bolt versions " OURS},
		{BYTES("HTTP/1.1 400 Bad Request"), ERR_PROTOCOL,
		 "the port speaks HTTP, not Bolt; use the Bolt port, normally 7687"},
		{BYTES("\x15\x03\x03\x00\x02\x02\x46"), ERR_PROTOCOL,
		 "the port speaks TLS, not plain Bolt; connect to it with TLS"},
		{BYTES("SSH-"), ERR_PROTOCOL, "the answer 53 53 48 2d is no Bolt version of " OURS},
		{BYTES("\x00\x00\x09\x05"), ERR_PROTOCOL, "the answer 00 00 09 05 is no Bolt version of " OURS},
		// Only a manifest offers it
		{BYTES("\x00\x00\x00\x06"), ERR_PROTOCOL, "the answer 00 00 00 06 is no Bolt version of " OURS},
		{BYTES("\x00\x01\x04\x04"), ERR_PROTOCOL, "the answer 00 01 04 04 is no Bolt version of " OURS},
		{BYTES("\x00\x00\x02\xFF"), ERR_PROTOCOL, "the answer 00 00 02 ff is no Bolt version of " OURS},
		{BYTES(MANIFEST "\x02\x00\x00\x00\x07\x00\x01\x02\x04\x00"), ERR_PROTOCOL,
		 "no common Bolt version: the server speaks 7.0 to 7.0, 4.1 to 4.2, this client " OURS},
		{BYTES(MANIFEST "\x00\x00"), ERR_PROTOCOL, "no common Bolt version: the server speaks none, this client " OURS},
		{BYTES(MANIFEST "\x41"), ERR_TOO_LARGE, "the server offers more than 64 Bolt version ranges"},
		{BYTES(MANIFEST "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), ERR_TOO_LARGE,
		 "the server offers more than 64 Bolt version ranges"},
		{BYTES(MANIFEST "\x01\x00\x00\x00\x06\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01"), ERR_PROTOCOL,
		 "the capabilities in the server's handshake are too long"},
	};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(100);
		struct handshake handshake;
		struct err err = ERR_INIT;
		size_t used;

		handshake_init(&handshake);
		assert_int_equal(feed(&handshake, cases[i / 2].answer, i % 2 ? 1 : SIZE_MAX, &out, &used, &err),
				 cases[i / 2].class);
		assert_string_equal(err.text, cases[i / 2].text);
		assert_false(handshake.done);
		assert_int_equal(out.len, 0);
		handshake_release(&handshake);
	}
}

// As many ranges as are allowed, none of them ours: the text still ends with our offer.
static void test_most_ranges(void **state)
{
	_cleanup_buf_ struct buf answer = BUF_INIT(1000), out = BUF_INIT(100);
	struct handshake handshake;
	struct err err = ERR_INIT;
	size_t used;

	(void)state;
	buf_append(&answer, MANIFEST "\x40", 5);
	for (int i = 0; i < 64; i++)
		buf_append(&answer, "\x00\x0A\xFF\xC8", 4);
	buf_append(&answer, "\x00", 1);
	handshake_init(&handshake);
	assert_int_equal(feed(&handshake, (struct answer){answer.data, answer.len}, SIZE_MAX, &out, &used, &err), ERR_PROTOCOL);
	assert_non_null(strstr(err.text, "the server speaks 200.245 to 200.255, 200.245"));
	assert_string_equal(err.text + strlen(err.text) - strlen(OURS), OURS);
	handshake_release(&handshake);
}

// Fewer bytes than an answer has: nothing is decided.
static void test_incomplete(void **state)
{
	static const struct answer answer = BYTES(MANIFEST "\x02\x00\x00\x00\x06\x00\x08\x08\x05\x80\x01");

	(void)state;
	for (size_t len = 0; len < answer.len; len++) {
		_cleanup_buf_ struct buf out = BUF_INIT(100);
		struct handshake handshake;
		struct err err = ERR_INIT;
		size_t used;

		handshake_init(&handshake);
		assert_int_equal(feed(&handshake, (struct answer){answer.data, len}, SIZE_MAX, &out, &used, &err), 0);
		assert_int_equal(used, len);
		assert_false(handshake.done);
		assert_int_equal(out.len, 0);
		handshake_release(&handshake);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opening),	 cmocka_unit_test(test_versions),    cmocka_unit_test(test_agreement),
		cmocka_unit_test(test_refusals), cmocka_unit_test(test_most_ranges), cmocka_unit_test(test_incomplete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
