// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Each command's output, kept in expected/: a transcript a file, whose first line may name the world that the API server holds ("# world: fleet").
// With NEOFLEET_GOLDEN_UPDATE=1 they are written anew; look at the difference before committing it. The manual page in docs/man is compared with
// what the program makes.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>

#include "base/buf.h"
#include "cli/command.h"
#include "cli/help.h"
#include "kube/file.h"
#include "transcript.h"

#define FOLDER NEOFLEET_SOURCE_DIR "/test/unit/cli/"
#define MAN NEOFLEET_SOURCE_DIR "/docs/man/kubectl-neofleet.1"

static void keep(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void compare(const char *path, const char *expected, const char *found)
{
	if (getenv("NEOFLEET_GOLDEN_UPDATE"))
		keep(path, found);
	else
		transcript_same(path, expected, found);
}

static void test_transcript(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf text = BUF_INIT(FILE_MAX_BYTES);
	struct apiserver *apiserver = NULL;
	struct err err = ERR_INIT;
	const char *path = *state;

	assert_int_equal(file_read(path, &text, &err), 0);
	if (strncmp(buf_str(&text), "# world: ", 9) == 0)
		apiserver = apiserver_start(arena_printf(arena, FOLDER "worlds/%.*s.json", (int)strcspn(text.data + 9, "\n"), text.data + 9));
	compare(path, buf_str(&text), transcript_replay(arena, buf_str(&text), apiserver));
	if (apiserver)
		apiserver_stop(apiserver);
}

static void test_man(void **state)
{
	_cleanup_buf_ struct buf text = BUF_INIT(FILE_MAX_BYTES);
	struct err err = ERR_INIT;
	size_t len;
	char *made;
	FILE *out = open_memstream(&made, &len);

	(void)state;
	help_write_man(out);
	(void)fclose(out);
	(void)file_read(MAN, &text, &err);
	compare(MAN, buf_str(&text), made);
	free(made);
}

// Whether one of the transcripts has the command end with 4, the status of an API server that does not answer or refuses.
static bool is_unable_in(const char *const *files, const char *command, struct arena *arena)
{
	const char *line = arena_printf(arena, "$ kubectl neofleet %s", command);
	size_t len = strlen(line);
	bool found = false;

	for (; *files && !found; files++) {
		_cleanup_buf_ struct buf text = BUF_INIT(FILE_MAX_BYTES);
		struct err err = ERR_INIT;

		assert_int_equal(file_read(arena_printf(arena, FOLDER "expected/%s", *files), &text, &err), 0);
		for (const char *at = buf_str(&text); (at = strstr(at, line)) && !found; at += len) {
			const char *next = strstr(at + 1, "\n$ "), *end = strstr(at, "\n[status 4]");

			found = strchr(" \n", at[len]) && end && (!next || end < next);
		}
	}
	return found;
}

static void test_each_command_unable(void **state)
{
	static const char *const silent[] = {"server-silent.txt", NULL}, *const unwell[] = {"server-unwell.txt", NULL};
	static const char *const forbidden[] = {"no-rights.txt", "token-denied.txt", "render-diff-no-rights.txt", "ui-denied.txt", "version-denied.txt", NULL};
	static const char *const *const kinds[] = {silent, unwell, forbidden};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	size_t asking = 0;

	(void)state;
	for (size_t i = 0; commands[i]; i++) {
		if (!commands[i]->rights)
			continue;
		asking++;
		for (size_t kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
			if (!is_unable_in(kinds[kind], commands[i]->name, arena))
				fail_msg("%s has no line of '%s' that ends with status 4", *kinds[kind], commands[i]->name);
		}
	}
	assert_true(asking > 10);
}

static int is_case(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(void)
{
	struct dirent **entries;
	struct CMUnitTest *tests;
	int n = scandir(FOLDER "expected", &entries, is_case, alphasort), r;

	if (n <= 0) {
		(void)fprintf(stderr, "no cases in %s\n", FOLDER "expected");
		return 1;
	}
	tests = calloc((size_t)n + 2, sizeof(*tests));
	for (int i = 0; i < n; i++) {
		char *path;

		if (asprintf(&path, FOLDER "expected/%s", entries[i]->d_name) < 0)
			return 1;
		tests[i] = (struct CMUnitTest){.name = entries[i]->d_name, .test_func = test_transcript, .initial_state = path};
	}
	tests[n] = (struct CMUnitTest){.name = "the manual page", .test_func = test_man};
	tests[n + 1] = (struct CMUnitTest){.name = "each command, with an API server that is of no use", .test_func = test_each_command_unable};
	r = _cmocka_run_group_tests("transcripts", tests, (size_t)n + 2, NULL, NULL);
	for (int i = 0; i < n; i++) {
		free(tests[i].initial_state);
		free(entries[i]);
	}
	free(tests);
	free(entries);
	return r;
}
