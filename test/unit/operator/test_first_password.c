// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "operator/manifest/first_password.h"

// A folder with a volume, a Secret, a scratch folder and a neo4j-admin that only writes down what it was given.
struct pod {
	struct arena *arena;
	char folder[32];
	int status;
	const char *words; // that the script said
	const char *given; // the command's arguments and the files that it could read; NULL: it was not called
};

static const char neo4j_admin[] = "#!/bin/bash\n"
				  "here=${0%/*}\n"
				  "{\n"
				  "\techo \"$*\" | sed \"s|$here||\"\n"
				  "\tcat \"$NEO4J_CONF/neo4j.conf\" \"${3#@}\"\n"
				  "} >\"$here/given\"\n"
				  "tr '\\0' '\\n' </proc/$PPID/cmdline >\"$here/caller\"\n"
				  "[ ! -e \"$here/fails\" ] || { printf '%s\\n' \"$(<\"$here/fails\")\"; exit 3; }\n";

static void put(const struct pod *pod, const char *name, const char *content, mode_t mode)
{
	const char *path = arena_printf(pod->arena, "%s/%s", pod->folder, name);
	FILE *file = fopen(path, "we");

	assert_non_null(file);
	assert_int_equal(fwrite(content, 1, strlen(content), file), strlen(content));
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static const char *read_all(const struct pod *pod, const char *name)
{
	FILE *file = fopen(arena_printf(pod->arena, "%s/%s", pod->folder, name), "re");
	char text[4096];
	size_t len;

	if (!file)
		return NULL;
	len = fread(text, 1, sizeof(text) - 1, file);
	text[len] = '\0';
	assert_int_equal(fclose(file), 0);
	return arena_strdup(pod->arena, text);
}

static void add_folder(const struct pod *pod, const char *name)
{
	assert_int_equal(mkdir(arena_printf(pod->arena, "%s/%s", pod->folder, name), 0700), 0);
}

static struct pod pod_new(const char *key, const char *secret)
{
	struct pod pod = {.arena = arena_new(), .folder = "/tmp/password.XXXXXX"};

	assert_non_null(mkdtemp(pod.folder));
	add_folder(&pod, "data");
	add_folder(&pod, "secret");
	add_folder(&pod, "scratch");
	put(&pod, "neo4j-admin", neo4j_admin, 0700);
	if (key)
		put(&pod, arena_printf(pod.arena, "secret/%s", key), secret, 0600);
	return pod;
}

// The exit status.
static int shell(char *command)
{
	char bash[] = "bash", option[] = "-c";
	char *const argv[] = {bash, option, command, NULL};
	int status;
	pid_t pid;

	assert_int_equal(posix_spawnp(&pid, "bash", NULL, NULL, argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void run(struct pod *pod)
{
	const char *folder = pod->folder;

	put(pod, "script", first_password_script(14, pod->arena), 0600);
	pod->status = shell(arena_printf(pod->arena, "PATH=%s:$PATH bash %s/script %s/data %s/secret %s/scratch >%s/words 2>&1",
					 folder, folder, folder, folder, folder, folder));
	pod->words = read_all(pod, "words");
	pod->given = read_all(pod, "given");
}

static void pod_free(struct pod *pod)
{
	assert_int_equal(shell(arena_printf(pod->arena, "rm -r %s", pod->folder)), 0);
	arena_free(pod->arena);
}

// B5: the password reaches neo4j-admin whole, whatever is in it, by a file in memory that is gone afterwards and by no argument.
static void test_quoting(void **state)
{
	static const struct {
		const char *password, *quoted;
	} cases[] = {
		{"correct-horse", "correct-horse"},
		{"@@s3cret-pass", "@@@s3cret-pass"},
		{"@file", "@@file"},
		{"-option", "-option"},
		{"a\"b\\c#d'e", "a\\\"b\\\\c#d'e"},
		{"  blanks\tand\r\nlines\n", "  blanks\tand\\r\\nlines\\n"},
		{"$(id)`id`${HOME}&*", "$(id)`id`${HOME}&*"},
		{"éèàü/true", "éèàü/true"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pod pod = pod_new("password", cases[i].password);
		const char *expected = arena_printf(pod.arena,
						    "dbms set-initial-password @/scratch/arguments\n"
						    "dbms.security.auth_minimum_password_length=14\n--\n\"%s\"\n",
						    cases[i].quoted);

		run(&pod);
		assert_int_equal(pod.status, 0);
		assert_string_equal(pod.given, expected);
		assert_null(strstr(read_all(&pod, "caller"), cases[i].password));
		assert_null(read_all(&pod, "scratch/arguments"));
		assert_null(strstr(pod.words, cases[i].password));
		pod_free(&pod);
	}
}

static void test_pair(void **state)
{
	struct pod pod = pod_new("NEO4J_AUTH", "neo4j/pass/word/true");

	(void)state;
	run(&pod);
	assert_int_equal(pod.status, 0);
	assert_non_null(strstr(pod.given, "\n\"pass/word/true\"\n"));
	pod_free(&pod);
}

// B5: once only; a volume that has its users is left alone, and needs no Secret any more.
static void test_kept_volume(void **state)
{
	struct pod pod = pod_new(NULL, NULL);

	(void)state;
	add_folder(&pod, "data/databases");
	add_folder(&pod, "data/databases/system");
	run(&pod);
	assert_int_equal(pod.status, 0);
	assert_null(pod.given);
	pod_free(&pod);
}

// B5 D8: a refusal ends the container with a word why, which does not quote the password.
static void test_refusal(void **state)
{
	struct pod pod = pod_new("password", "correct-horse"), none = pod_new(NULL, NULL);

	(void)state;
	put(&pod, "fails", "Full exception details written to: /x\nA password must be at least 14 characters.\nRun with '--verbose'.\n",
	    0600);
	run(&pod);
	assert_int_equal(pod.status, 3);
	assert_non_null(strstr(pod.words, "could not set the first password: A password must be at least 14 characters.\n"));
	assert_null(read_all(&pod, "scratch/arguments"));
	put(&pod, "fails", "no: correct-horse\n", 0600);
	run(&pod);
	assert_int_equal(pod.status, 3);
	assert_non_null(strstr(pod.words, "could not set the first password"));
	assert_null(strstr(pod.words, "correct-horse"));
	pod_free(&pod);
	run(&none);
	assert_int_equal(none.status, 1);
	assert_non_null(strstr(none.words, "holds no password"));
	assert_null(none.given);
	pod_free(&none);
}

// With arguments it only prints the script, for test/neo4j/passwords: --script LEAST.
static int print_script(const char *least)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	return fputs(first_password_script((int)strtol(least, NULL, 10), arena), stdout) < 0;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_pair),
		cmocka_unit_test(test_kept_volume),
		cmocka_unit_test(test_refusal),
	};

	if (argc == 3 && strcmp(argv[1], "--script") == 0)
		return print_script(argv[2]);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
