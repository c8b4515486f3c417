// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The answer to a list, in pieces of any size.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kube/listing.h"

struct seen {
	char items[1024];
	int refuse; // the item at which on_item fails
	int n;
};

static int on_item(void *user, struct buf *item, struct err *err)
{
	struct seen *seen = user;
	size_t len = strlen(seen->items);

	(void)snprintf(seen->items + len, sizeof(seen->items) - len, "%s|", buf_str(item));
	return ++seen->n == seen->refuse ? err_set(err, ERR_PROTOCOL, "refused") : 0;
}

static void assert_listing(const char *text, const char *items, const char *head)
{
	size_t len = strlen(text);

	for (size_t piece = 1; piece <= len; piece++) {
		struct seen seen = {0};
		struct err err = ERR_INIT;
		struct listing listing;

		listing_init(&listing, piece % 2);
		listing_begin(&listing);
		for (size_t i = 0; i < len; i += piece)
			assert_int_equal(listing_feed(&listing, text + i, len - i < piece ? len - i : piece, on_item, &seen, &err), 0);
		assert_string_equal(seen.items, items);
		assert_string_equal(buf_str(&listing.head), head);
		listing_deinit(&listing);
	}
}

static void test_items_come_one_by_one(void **state)
{
	(void)state;
	assert_listing("{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[{\"a\":1},{\"b\":{\"c\":[{}]}}]}\n",
		       "{\"a\":1}|{\"b\":{\"c\":[{}]}}|", "{\"kind\":\"PodList\",\"metadata\":{\"resourceVersion\":\"5\"},\"items\":[]}\n");
	assert_listing("{ \"items\" : [ {\"a\" : 1} , {} ] , \"metadata\" : {} }", "{\"a\" : 1}|{}|", "{ \"items\" : [] , \"metadata\" : {} }");
	assert_listing("{\"items\":[],\"x\":1}", "", "{\"items\":[],\"x\":1}");
	assert_listing("{\"items\":null}", "", "{\"items\":null}");
	assert_listing("", "", "");
}

// Brackets, quotes and backslashes within strings are text.
static void test_strings(void **state)
{
	(void)state;
	assert_listing("{\"items\":[{\"a\":\"}]\\\"{[\\\\\"},{\"b\":\"\\\\\\\"]\"}],\"z\":\"]\"}",
		       "{\"a\":\"}]\\\"{[\\\\\"}|{\"b\":\"\\\\\\\"]\"}|", "{\"items\":[],\"z\":\"]\"}");
}

// A list of another name, or of the right name elsewhere, is none of the items; what is no object is passed over.
static void test_only_the_items(void **state)
{
	(void)state;
	assert_listing("{\"more\":[{\"a\":1}],\"metadata\":{\"items\":[{\"b\":1}]},\"items\":[{\"c\":1}]}", "{\"c\":1}|",
		       "{\"more\":[{\"a\":1}],\"metadata\":{\"items\":[{\"b\":1}]},\"items\":[]}");
	assert_listing("{\"x\":\"items\",\"items\":[1,null,\"x]\",{\"a\":1}]}", "{\"a\":1}|", "{\"x\":\"items\",\"items\":[]}");
}

static void test_stops_when_told(void **state)
{
	static const char text[] = "{\"items\":[{\"a\":1},{\"b\":1},{\"c\":1}]}";
	struct seen seen = {.refuse = 2};
	struct err err = ERR_INIT;
	struct listing listing;

	(void)state;
	listing_init(&listing, false);
	assert_int_equal(listing_feed(&listing, text, strlen(text), on_item, &seen, &err), ERR_PROTOCOL);
	assert_string_equal(seen.items, "{\"a\":1}|{\"b\":1}|");
	// A new answer.
	err_clear(&err);
	listing_begin(&listing);
	seen = (struct seen){0};
	assert_int_equal(listing_feed(&listing, text, strlen(text), on_item, &seen, &err), 0);
	assert_string_equal(seen.items, "{\"a\":1}|{\"b\":1}|{\"c\":1}|");
	listing_deinit(&listing);
}

static void test_sizes_have_limits(void **state)
{
	static const char *const beginnings[] = {"{\"items\":[{\"a\":\"", "{\"a\":\""};
	char *piece = malloc(1 << 20);

	(void)state;
	memset(piece, 'x', 1 << 20);
	for (size_t i = 0; i < 2; i++) {
		struct err err = ERR_INIT;
		struct listing listing;
		int r, rounds = 0;

		listing_init(&listing, false);
		r = listing_feed(&listing, beginnings[i], strlen(beginnings[i]), on_item, NULL, &err);
		for (; r == 0 && rounds < 100; rounds++)
			r = listing_feed(&listing, piece, 1 << 20, on_item, NULL, &err);
		assert_int_equal(r, ERR_TOO_LARGE);
		assert_true(rounds < 20);
		listing_deinit(&listing);
	}
	free(piece);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_items_come_one_by_one),
		cmocka_unit_test(test_strings),
		cmocka_unit_test(test_only_the_items),
		cmocka_unit_test(test_stops_when_told),
		cmocka_unit_test(test_sizes_have_limits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
