// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/squeeze.h"

static struct squeeze_text text_of(const char *s)
{
	return (struct squeeze_text){s, strlen(s)};
}

// There and back; returns what it took.
static size_t round_trip(struct squeeze_text dictionary, struct squeeze_text text)
{
	unsigned char *small = malloc(squeeze_bound(text.len)), *again = malloc(text.len + 1);
	size_t n = squeeze(dictionary, text, small);

	assert_true(n <= squeeze_bound(text.len));
	assert_true(unsqueeze(dictionary, (struct squeeze_text){small, n}, again, text.len));
	if (text.len)
		assert_memory_equal(again, text.data, text.len);
	// No other length is taken for it, and no piece of it for the whole.
	assert_false(unsqueeze(dictionary, (struct squeeze_text){small, n}, again, text.len + 1));
	if (text.len)
		assert_false(unsqueeze(dictionary, (struct squeeze_text){small, n}, again, text.len - 1));
	for (size_t piece = 0; piece < n && n < 512; piece++)
		(void)unsqueeze(dictionary, (struct squeeze_text){small, piece}, again, text.len);
	free(small);
	free(again);
	return n;
}

static void test_round_trips(void **state)
{
	static const char *const texts[] = {
		"", "a", "abc", "abcd", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "abcdabcdabcdabcdabcdabcdabcdabcd",
		"no repetition at all", "{\"metadata\":{\"name\":\"a\",\"namespace\":\"b\",\"labels\":{\"name\":\"a\"}}}",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		for (size_t k = 0; k < sizeof(texts) / sizeof(texts[0]); k++)
			(void)round_trip(text_of(texts[k]), text_of(texts[i]));
	}
	assert_true(round_trip(text_of(""), text_of(texts[4])) < 16);
}

// Lengths around each border of the format, of literals and of repetitions.
static void test_borders(void **state)
{
	unsigned char data[1200];

	(void)state;
	for (size_t n = 0; n < 600; n++) {
		for (size_t i = 0; i < n; i++)
			data[i] = (unsigned char)(i * 7 + i / 256 * 13);
		memset(data + n, 'x', n);
		(void)round_trip(text_of(""), (struct squeeze_text){data, 2 * n});
		(void)round_trip((struct squeeze_text){data, n}, (struct squeeze_text){data, 2 * n});
	}
}

static void test_much_like_another(void **state)
{
	char first[2048], second[2048];
	static const char form[] = "{\"metadata\":{\"name\":\"c%04d-server-%d\",\"uid\":\"%08x-aaaa\"},\"spec\":{\"containers\":[{\"name\":"
				   "\"neo4j\",\"image\":\"neo4j:5.26-enterprise\",\"ports\":[{\"containerPort\":7687,\"name\":\"bolt\"},"
				   "{\"containerPort\":7474,\"name\":\"http\"}]}]},\"status\":{\"podIP\":\"10.128.0.%d\",\"phase\":\"Running\"}}";

	(void)state;
	(void)snprintf(first, sizeof(first), form, 1, 0, 0x12345678, 9);
	(void)snprintf(second, sizeof(second), form, 777, 2, 0xabcdef01, 10);
	assert_true(round_trip(text_of(first), text_of(second)) * 4 < strlen(second));
}

// Longer than the reach, before the text and in it.
static void test_long(void **state)
{
	size_t len = 3 * SQUEEZE_REACH;
	unsigned char *data = malloc(len);
	uint32_t random = 1;

	(void)state;
	for (size_t i = 0; i < len; i++) {
		random = random * 1664525 + 1013904223;
		data[i] = i % 3 ? (unsigned char)(random >> 28) : (unsigned char)(random >> 24);
	}
	(void)round_trip((struct squeeze_text){data, len}, (struct squeeze_text){data, len});
	(void)round_trip((struct squeeze_text){data, 0}, (struct squeeze_text){data, len});
	memset(data, 0, len);
	assert_true(round_trip((struct squeeze_text){data, 0}, (struct squeeze_text){data, len}) < 1000);
	free(data);
}

static void test_refuses_what_it_did_not_make(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
	} bad[] = {
		{"", 0},
		{"\x40" "ab", 3},	   // fewer literals than told
		{"\x00", 1},		   // ends too early
		{"\x00\x00", 2},	   // half a distance
		{"\x00\x00\x00", 3},	   // a distance of nothing
		{"\x10" "a\x02\x00", 4},   // before the beginning
		{"\x1f" "a\x01\x00\xff\xff", 6}, // a length without an end
		{"\xff\xff\xff\xff\xff", 5},
	};
	char out[8];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(unsqueeze(text_of(""), (struct squeeze_text){bad[i].bytes, bad[i].n}, out, sizeof(out)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trips),
		cmocka_unit_test(test_borders),
		cmocka_unit_test(test_much_like_another),
		cmocka_unit_test(test_long),
		cmocka_unit_test(test_refuses_what_it_did_not_make),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
