// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// docs/cli.md shows what the program prints: each of its console blocks is replayed on the API server of worlds/page.json.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "kube/file.h"
#include "transcript.h"

#define PAGE NEOFLEET_SOURCE_DIR "/docs/cli.md"
#define BEGIN "```console\n"
#define END "\n```\n"

static void test_page(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf text = BUF_INIT(FILE_MAX_BYTES);
	struct apiserver *apiserver = apiserver_start(NEOFLEET_SOURCE_DIR "/test/unit/cli/worlds/page.json");
	struct err err = ERR_INIT;
	size_t blocks = 0;

	(void)state;
	assert_int_equal(file_read(PAGE, &text, &err), 0);
	for (const char *at = strstr(text.data, BEGIN); at; at = strstr(at, BEGIN)) {
		const char *begin = at + strlen(BEGIN), *end = strstr(begin, END);
		const char *block;

		assert_non_null(end);
		block = arena_printf(arena, "%.*s\n", (int)(end - begin), begin);
		transcript_same(PAGE, block, transcript_replay(arena, block, apiserver));
		at = end + strlen(END);
		blocks++;
	}
	assert_true(blocks > 0);
	apiserver_stop(apiserver);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_page)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
