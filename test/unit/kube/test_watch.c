// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The step machine of list and watch, fed by hand. E2: it converges from whatever comes.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "kube/watch.h"

static const struct err in_order = ERR_INIT;

static int page(struct watch *watch, const char *text, bool *ret_complete, struct err *err)
{
	yyjson_doc *doc = yyjson_read(text, strlen(text), 0);
	int r = watch_page(watch, yyjson_doc_get_root(doc), ret_complete, err);

	yyjson_doc_free(doc);
	return r;
}

static int event(struct watch *watch, const char *text, enum watch_change *ret_change, struct err *err)
{
	yyjson_doc *doc = yyjson_read(text, strlen(text), 0);
	yyjson_val *object = NULL;
	int r = watch_event(watch, yyjson_doc_get_root(doc), ret_change, &object, err);

	yyjson_doc_free(doc);
	return r;
}

static void assert_query(const struct watch *watch, const char *wanted)
{
	_cleanup_buf_ struct buf path = BUF_INIT(1024);

	buf_add(&path, "/p");
	watch_query(watch, &path, 300);
	assert_string_equal(buf_str(&path), wanted);
}

// A machine that watches from version "10".
static void begin_watching(struct watch *watch)
{
	struct err err = ERR_INIT;
	bool complete;

	watch_init(watch, false);
	assert_int_equal(page(watch, "{\"metadata\":{\"resourceVersion\":\"10\"},\"items\":[]}", &complete, &err), 0);
	assert_true(complete);
	assert_int_equal(watch->phase, WATCH_WATCHING);
}

static void test_pages(void **state)
{
	struct err err = ERR_INIT;
	struct watch watch;
	bool complete;

	(void)state;
	watch_init(&watch, false);
	assert_query(&watch, "/p?limit=500");
	assert_int_equal(page(&watch, "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"a+b/c=\"},\"items\":[]}", &complete, &err), 0);
	assert_false(complete);
	assert_query(&watch, "/p?limit=500&continue=a%2Bb%2Fc%3D");
	// A page that cannot be had is asked for again, not the list from its beginning.
	(void)err_set(&err, ERR_IO, "broken");
	assert_true(watch_ended(&watch, &err, 0) >= 500);
	err_clear(&err);
	assert_query(&watch, "/p?limit=500&continue=a%2Bb%2Fc%3D");
	assert_int_equal(page(&watch, "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"\"},\"items\":null}", &complete, &err), 0);
	assert_true(complete);
	assert_query(&watch, "/p?watch=true&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=7");
	watch_deinit(&watch);
}

static void test_no_list(void **state)
{
	static const char *const texts[] = {"", "[]", "{}", "{\"items\":[]}", "{\"metadata\":{\"resourceVersion\":7},\"items\":[]}",
					    "{\"metadata\":{\"resourceVersion\":\"7\"}}"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct err err = ERR_INIT;
		struct watch watch;
		bool complete;

		watch_init(&watch, false);
		assert_int_equal(page(&watch, texts[i], &complete, &err), ERR_PROTOCOL);
		assert_int_equal(watch.phase, WATCH_LISTING);
		watch_deinit(&watch);
	}
}

// Versions are opaque: one that is no number and one that is less are kept and sent back like any other.
static void test_events(void **state)
{
	static const struct {
		const char *text;
		enum watch_change change;
		const char *version;
	} steps[] = {
		{"{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"11\"}}}", WATCH_PUT, "11"},
		{"{\"type\":\"MODIFIED\",\"object\":{\"metadata\":{\"resourceVersion\":\"9\"}}}", WATCH_PUT, "9"},
		{"{\"type\":\"DELETED\",\"object\":{\"metadata\":{\"resourceVersion\":\"x y\"}}}", WATCH_REMOVE, "x%20y"},
		{"{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"99\"}}}", WATCH_NOTHING, "99"},
	};
	struct watch watch;

	(void)state;
	begin_watching(&watch);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		enum watch_change change = WATCH_REMOVE;
		struct err err = ERR_INIT;
		char query[128];

		assert_int_equal(event(&watch, steps[i].text, &change, &err), 0);
		assert_int_equal(change, steps[i].change);
		(void)snprintf(query, sizeof(query), "/p?watch=true&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=%s",
			       steps[i].version);
		assert_query(&watch, query);
	}
	watch_deinit(&watch);
}

static void test_garbage(void **state)
{
	static const char *const texts[] = {
		"", "5", "{}", "{\"type\":\"ADDED\"}", "{\"type\":\"ADDED\",\"object\":7}", "{\"object\":{}}",
		"{\"type\":\"ADDED\",\"object\":{\"metadata\":{}}}", "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":5}}}",
		"{\"type\":\"WEIRD\",\"object\":{\"metadata\":{\"resourceVersion\":\"12\"}}}"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		enum watch_change change;
		struct err err = ERR_INIT;
		struct watch watch;

		begin_watching(&watch);
		assert_int_equal(event(&watch, texts[i], &change, &err), ERR_PROTOCOL);
		// It resumes from what it has understood.
		assert_true(watch_ended(&watch, &err, 0) >= 500);
		assert_query(&watch, "/p?watch=true&allowWatchBookmarks=true&timeoutSeconds=300&resourceVersion=10");
		watch_deinit(&watch);
	}
}

// 410 on a watch, as an ERROR event: list again, at once; a second one in a row waits.
static void test_gone_on_watch(void **state)
{
	const char *text = "{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"code\":410,\"message\":\"too old\"}}";
	enum watch_change change;
	struct err err = ERR_INIT;
	struct watch watch;

	(void)state;
	begin_watching(&watch);
	assert_int_equal(event(&watch, text, &change, &err), ERR_GONE);
	assert_non_null(strstr(err.text, "too old"));
	assert_int_equal(watch_ended(&watch, &err, 0), 0);
	assert_query(&watch, "/p?limit=500");
	assert_true(watch_ended(&watch, &err, 0) >= 1000);
	watch_deinit(&watch);
}

// A server whose lists succeed and whose watches are gone each time is not listed from without a pause.
static void test_gone_again_and_again(void **state)
{
	static const int64_t wanted[] = {0, 1000, 2000, 4000, 8000, 16000, 30000, 30000};
	struct err gone = ERR_INIT, err = ERR_INIT;
	enum watch_change change;
	struct watch watch;
	bool complete;

	(void)state;
	(void)err_set(&gone, ERR_GONE, "too old");
	begin_watching(&watch);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		assert_int_equal(watch_ended(&watch, &gone, 0), wanted[i]);
		assert_int_equal(page(&watch, "{\"metadata\":{\"resourceVersion\":\"7\"},\"items\":[]}", &complete, &err), 0);
		assert_true(complete);
	}
	// An event, be it a bookmark: the next time is a first time.
	assert_int_equal(event(&watch, "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"8\"}}}", &change, &err), 0);
	assert_int_equal(watch_ended(&watch, &gone, 0), 0);
	watch_deinit(&watch);
}

// A connection that somebody cuts every minute, before anything has happened, is resumed soon each time; a list that fails late is not.
static void test_lasting(void **state)
{
	struct err cut = ERR_INIT;
	struct watch watch;

	(void)state;
	(void)err_set(&cut, ERR_IO, "cut");
	begin_watching(&watch);
	for (int i = 0; i < 5; i++) {
		watch_lasted(&watch, 60000);
		assert_int_equal(watch_ended(&watch, &cut, 0), 500);
	}
	watch_lasted(&watch, 20000);
	assert_int_equal(watch_ended(&watch, &cut, 0), 1000);
	watch_deinit(&watch);
	watch_init(&watch, false);
	assert_int_equal(watch_ended(&watch, &cut, 0), 500);
	watch_lasted(&watch, 60000);
	assert_int_equal(watch_ended(&watch, &cut, 0), 1000);
	watch_deinit(&watch);
}

// Any other status resumes.
static void test_error_event(void **state)
{
	const char *const texts[] = {"{\"type\":\"ERROR\",\"object\":{\"code\":500,\"message\":\"etcd\"}}", "{\"type\":\"ERROR\",\"object\":{}}"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		enum watch_change change;
		struct err err = ERR_INIT;
		struct watch watch;

		begin_watching(&watch);
		assert_int_equal(event(&watch, texts[i], &change, &err), ERR_SERVER);
		assert_true(watch_ended(&watch, &err, 0) >= 500);
		assert_int_equal(watch.phase, WATCH_WATCHING);
		watch_deinit(&watch);
	}
}

// 410 on a continue token: the list from its beginning.
static void test_gone_on_list(void **state)
{
	struct err err = ERR_INIT;
	struct watch watch;
	bool complete;

	(void)state;
	watch_init(&watch, false);
	assert_int_equal(page(&watch, "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"c\"},\"items\":[]}", &complete, &err), 0);
	(void)err_set(&err, ERR_GONE, "the token has expired");
	assert_int_equal(watch_ended(&watch, &err, 0), 0);
	assert_query(&watch, "/p?limit=500");
	watch_deinit(&watch);
}

static void test_backoff(void **state)
{
	static const int64_t wanted[] = {500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000};
	struct err err = ERR_INIT, none = ERR_INIT;
	enum watch_change change;
	struct watch watch;

	(void)state;
	(void)err_set(&err, ERR_IO, "broken");
	begin_watching(&watch);
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		assert_int_equal(watch_ended(&watch, &err, 0), wanted[i]);
	// Jitter of a fifth at most, for any random number.
	for (unsigned random = 0; random < 100000; random += 777) {
		int64_t delay = watch_ended(&watch, &err, random);

		assert_true(delay >= 30000 && delay <= 36000);
	}
	// Any event is a success.
	assert_int_equal(event(&watch, "{\"type\":\"BOOKMARK\",\"object\":{\"metadata\":{\"resourceVersion\":\"11\"}}}", &change, &none), 0);
	assert_int_equal(watch_ended(&watch, &err, 0), 500);
	watch_deinit(&watch);
}

static void test_retry_after(void **state)
{
	struct err err = ERR_INIT;
	struct watch watch;

	(void)state;
	(void)err_set(&err, ERR_TOO_MANY, "slow down");
	err.retry_after_ms = 7000;
	begin_watching(&watch);
	assert_int_equal(watch_ended(&watch, &err, 0), 7000);
	err.retry_after_ms = 1;
	assert_int_equal(watch_ended(&watch, &err, 0), 1000);
	watch_deinit(&watch);
}

// An orderly end is resumed at once; one after the other without an event in between is no tight loop.
static void test_ends_in_order(void **state)
{
	enum watch_change change;
	struct err err = ERR_INIT;
	struct watch watch;

	(void)state;
	begin_watching(&watch);
	assert_int_equal(watch_ended(&watch, &in_order, 0), 0);
	assert_int_equal(watch_ended(&watch, &in_order, 0), 1000);
	assert_int_equal(watch_ended(&watch, &in_order, 0), 2000);
	assert_int_equal(event(&watch, "{\"type\":\"ADDED\",\"object\":{\"metadata\":{\"resourceVersion\":\"11\"}}}", &change, &err), 0);
	assert_int_equal(watch_ended(&watch, &in_order, 0), 0);
	watch_deinit(&watch);
}

struct lines {
	size_t n;
	char text[256];
	size_t longest;
	int fail_at; // -1: never
};

static int on_line(void *user, const char *line, size_t len, struct err *err)
{
	struct lines *lines = user;

	assert_int_equal(strlen(line), len);
	if (len < 32)
		strcat(strcat(lines->text, line), "|");
	if (len > lines->longest)
		lines->longest = len;
	if ((int)lines->n++ == lines->fail_at)
		return err_set(err, ERR_GONE, "enough");
	return 0;
}

// However the bytes are cut, the lines are the same; empty ones are none.
static void test_lines_however_they_are_cut(void **state)
{
	const char stream[] = "{\"a\":1}\n\n{\"bb\":2}\n{\"ccc\":3}\nrest";
	size_t len = strlen(stream);

	(void)state;
	for (size_t piece = 1; piece <= len; piece++) {
		struct lines lines = {.fail_at = -1};
		struct err err = ERR_INIT;
		struct watch watch;

		watch_init(&watch, piece % 2);
		for (size_t at = 0; at < len; at += piece)
			assert_int_equal(watch_feed(&watch, stream + at, len - at < piece ? len - at : piece, on_line, &lines, &err), 0);
		assert_string_equal(lines.text, "{\"a\":1}|{\"bb\":2}|{\"ccc\":3}|");
		// A line that was not whole is forgotten with the stream.
		(void)watch_ended(&watch, &in_order, 0);
		assert_int_equal(watch_feed(&watch, "x\n", 2, on_line, &lines, &err), 0);
		assert_string_equal(lines.text, "{\"a\":1}|{\"bb\":2}|{\"ccc\":3}|x|");
		watch_deinit(&watch);
	}
}

static void test_stops_at_a_line_that_fails(void **state)
{
	struct lines lines = {.fail_at = 1};
	struct err err = ERR_INIT;
	struct watch watch;

	(void)state;
	watch_init(&watch, false);
	assert_int_equal(watch_feed(&watch, "a\nb\nc\n", 6, on_line, &lines, &err), ERR_GONE);
	assert_string_equal(lines.text, "a|b|");
	watch_deinit(&watch);
}

// 16 MiB are a line still, one byte more is none.
static void test_line_limit(void **state)
{
	const size_t limit = (size_t)16 * 1024 * 1024;
	char *much = malloc(limit + 2);

	(void)state;
	memset(much, 'x', limit + 1);
	for (size_t over = 0; over < 2; over++) {
		struct lines lines = {.fail_at = -1};
		struct err err = ERR_INIT;
		struct watch watch;

		watch_init(&watch, false);
		much[limit + over] = '\n';
		assert_int_equal(watch_feed(&watch, much, limit + over + 1, on_line, &lines, &err), over ? ERR_TOO_LARGE : 0);
		assert_int_equal(lines.longest, over ? 0 : limit);
		if (over)
			assert_true(watch_ended(&watch, &err, 0) > 0);
		err_clear(&err);
		assert_int_equal(watch_feed(&watch, "y\n", 2, on_line, &lines, &err), 0);
		assert_string_equal(lines.text, "y|");
		watch_deinit(&watch);
		much[limit] = 'x';
	}
	free(much);
}

static void test_too_long_a_token(void **state)
{
	char *text = malloc(20000), *filler = malloc(9001);
	struct err err = ERR_INIT;
	struct watch watch;
	bool complete;

	(void)state;
	memset(filler, 'f', 9000);
	filler[9000] = '\0';
	(void)snprintf(text, 20000, "{\"metadata\":{\"resourceVersion\":\"7\",\"continue\":\"%s\"},\"items\":[]}", filler);
	watch_init(&watch, false);
	assert_int_equal(page(&watch, text, &complete, &err), ERR_TOO_LARGE);
	(void)watch_ended(&watch, &err, 0);
	assert_query(&watch, "/p?limit=500");
	watch_deinit(&watch);
	free(filler);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_no_list),
		cmocka_unit_test(test_events),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_gone_on_watch),
		cmocka_unit_test(test_gone_again_and_again),
		cmocka_unit_test(test_lasting),
		cmocka_unit_test(test_error_event),
		cmocka_unit_test(test_gone_on_list),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_ends_in_order),
		cmocka_unit_test(test_lines_however_they_are_cut),
		cmocka_unit_test(test_stops_at_a_line_that_fails),
		cmocka_unit_test(test_line_limit),
		cmocka_unit_test(test_too_long_a_token),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
