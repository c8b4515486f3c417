// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Viewers of the board get its changes.

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/page/board.h"

#define QUIET ": still here\n\n"

static void assert_next(struct board *board, uint64_t *seen, const char *expected)
{
	_cleanup_buf_ struct buf out = BUF_INIT(1024 * 1024);

	assert_true(board_next(board, seen, 0, &out));
	assert_string_equal(buf_str(&out), expected);
}

static void test_changes(void **state)
{
	struct board *board = board_new();
	uint64_t seen = 0, late = 0;

	(void)state;
	assert_next(board, &seen, "event: rows\ndata: {\"whole\":true,\"rows\":[]}\n\n");
	assert_next(board, &seen, QUIET);
	board_put(board, "a", "{\"x\":1}");
	board_put(board, "b", "{}");
	assert_next(board, &seen, "event: rows\ndata: {\"whole\":false,\"rows\":[{\"id\":\"a\",\"rev\":2,\"x\":1},{\"id\":\"b\",\"rev\":3}]}\n\n");
	// The same again is no news; a touch is.
	board_put(board, "a", "{\"x\":1}");
	board_touch(board, "nobody");
	assert_next(board, &seen, QUIET);
	board_touch(board, "a");
	assert_next(board, &seen, "event: rows\ndata: {\"whole\":false,\"rows\":[{\"id\":\"a\",\"rev\":4,\"x\":1}]}\n\n");
	// Several changes count as the last one.
	board_put(board, "a", "{\"x\":2}");
	board_put(board, "a", "{\"x\":3}");
	board_remove(board, "b");
	assert_next(board, &seen, "event: rows\ndata: {\"whole\":false,\"rows\":[{\"id\":\"a\",\"rev\":6,\"x\":3},{\"id\":\"b\",\"rev\":7,\"gone\":true}]}\n\n");
	board_set_state(board, "{\"s\":1}");
	board_set_state(board, "{\"s\":1}");
	assert_next(board, &seen, "event: state\ndata: {\"s\":1}\n\n");
	assert_next(board, &seen, QUIET);
	// Who comes now sees what there is, and nothing of what has gone.
	assert_next(board, &late, "event: rows\ndata: {\"whole\":true,\"rows\":[{\"id\":\"a\",\"rev\":6,\"x\":3}]}\n\nevent: state\ndata: {\"s\":1}\n\n");
	board_free(board);
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	while ((text = strstr(text, word))) {
		n++;
		text += strlen(word);
	}
	return n;
}

// More than a message takes come in several, and each once.
static void test_in_pieces(void **state)
{
	struct board *board = board_new();
	uint64_t seen = 0;
	size_t sizes[] = {200, 200, 50};

	(void)state;
	assert_next(board, &seen, "event: rows\ndata: {\"whole\":true,\"rows\":[]}\n\n");
	for (int i = 0; i < 450; i++) {
		char id[16];

		(void)snprintf(id, sizeof(id), "n%d", i);
		board_put(board, id, "{\"x\":1}");
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(1024 * 1024);

		assert_true(board_next(board, &seen, 0, &out));
		assert_int_equal(count(buf_str(&out), "\"id\""), sizes[i]);
	}
	assert_next(board, &seen, QUIET);
	board_free(board);
}

// So many are removed that they are forgotten: who has not heard of them gets the whole anew.
static void test_forgotten(void **state)
{
	struct board *board = board_new();
	uint64_t seen = 0;

	(void)state;
	board_put(board, "stays", "{}");
	assert_next(board, &seen, "event: rows\ndata: {\"whole\":true,\"rows\":[{\"id\":\"stays\",\"rev\":2}]}\n\n");
	for (int i = 0; i < 4097; i++) {
		char id[16];

		(void)snprintf(id, sizeof(id), "n%d", i);
		board_put(board, id, "{}");
		board_remove(board, id);
	}
	assert_next(board, &seen, "event: rows\ndata: {\"whole\":true,\"rows\":[{\"id\":\"stays\",\"rev\":2}]}\n\n");
	board_free(board);
}

static void *wait_for_it(void *user)
{
	_cleanup_buf_ struct buf out = BUF_INIT(1024);
	uint64_t seen = 1;

	return board_next(user, &seen, 60000, &out) ? user : NULL;
}

static void test_waits(void **state)
{
	struct board *board = board_new();
	pthread_t thread;
	void *result;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, wait_for_it, board), 0);
	board_put(board, "a", "{}");
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_ptr_equal(result, board);
	board_close(board);
	assert_null(wait_for_it(board));
	board_free(board);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_changes), cmocka_unit_test(test_in_pieces), cmocka_unit_test(test_forgotten),
						  cmocka_unit_test(test_waits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
