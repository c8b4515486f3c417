// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The command itself, against a scripted server: what it says, where, and how it ends.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <fcntl.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "test/unit/bolt/stage.h"

#define ARGS_MAX 16

struct scene {
	struct stage *stage;
	char uri[64];
	char folder[64]; // holds out, err, in, file
	char path[2][128];
	char *out, *err;
	const char *input; // NULL: nothing to read
	const char *environment[4];
};

static char *slurp(const char *folder, const char *name)
{
	char path[128], *text = calloc(1, 65536);
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "r");
	assert_non_null(file);
	assert_non_null(text);
	(void)!fread(text, 1, 65535, file);
	(void)fclose(file);
	return text;
}

// The file's path lives until the next call.
static const char *put(struct scene *scene, const char *name, const char *text)
{
	char *path = scene->path[strcmp(name, "in") == 0];
	FILE *file;

	(void)snprintf(path, sizeof(scene->path[0]), "%s/%s", scene->folder, name);
	file = fopen(path, "w");
	assert_non_null(file);
	(void)fputs(text, file);
	(void)fclose(file);
	return path;
}

static void begin(struct scene *scene)
{
	*scene = (struct scene){.stage = stage_start(5, 8), .environment = {"NEO4J_USERNAME=eva", "NEO4J_PASSWORD=se/cret"}};
	(void)snprintf(scene->uri, sizeof(scene->uri), "bolt://127.0.0.1:%u", stage_port(scene->stage));
	(void)snprintf(scene->folder, sizeof(scene->folder), "/tmp/boltq-XXXXXX");
	assert_non_null(mkdtemp(scene->folder));
}

static void forget(struct scene *scene)
{
	free(scene->out);
	free(scene->err);
	scene->out = scene->err = NULL;
}

static void end(struct scene *scene)
{
	static const char *const names[] = {"out", "err", "in", "file"};
	char path[128];

	forget(scene);
	for (int i = 0; i < 4; i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", scene->folder, names[i]);
		(void)unlink(path);
	}
	assert_int_equal(rmdir(scene->folder), 0);
	stage_stop(scene->stage);
}

// Runs it to its end; what it wrote is in scene->out and scene->err.
static int run(struct scene *scene, const char *const *args)
{
	const char *argv[ARGS_MAX] = {BOLTQ};
	posix_spawn_file_actions_t actions;
	char path[3][128];
	int status, n = 1;
	pid_t pid;

	forget(scene);
	for (; *args; args++)
		argv[n++] = *args;
	(void)put(scene, "in", scene->input ? scene->input : "");
	(void)snprintf(path[0], sizeof(path[0]), "%s/in", scene->folder);
	(void)snprintf(path[1], sizeof(path[1]), "%s/out", scene->folder);
	(void)snprintf(path[2], sizeof(path[2]), "%s/err", scene->folder);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	(void)posix_spawn_file_actions_addopen(&actions, 0, path[0], O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(&actions, 1, path[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	(void)posix_spawn_file_actions_addopen(&actions, 2, path[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(posix_spawn(&pid, BOLTQ, &actions, NULL, (char *const *)(uintptr_t)argv,
				     (char *const *)(uintptr_t)scene->environment),
			 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	scene->out = slurp(scene->folder, "out");
	scene->err = slurp(scene->folder, "err");
	assert_null(strstr(scene->err, "se/cret"));
	return WEXITSTATUS(status);
}
#define RUN(scene, ...) run((scene), (const char *const[]){__VA_ARGS__, NULL})

static void test_query(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	assert_int_equal(RUN(&scene, "--param", "who=\"Eva\"", "--param=n=[1,2.5]", "--database", "movies", "--read", scene.uri, "RETURN 1 AS x ;\n"), 0);
	assert_string_equal(scene.out, "+---+\n| x |\n+---+\n| 1 |\n+---+\n");
	assert_string_equal(scene.err, "");
	assert_int_equal(stage_count(scene.stage, "LOGON {\"scheme\":\"basic\",\"principal\":\"eva\",\"credentials\":\"se/cret\"}"), 1);
	assert_int_equal(stage_count(scene.stage, "RUN \"RETURN 1 AS x\" {\"who\":\"Eva\",\"n\":[1,2.5]} {"), 1);
	assert_int_equal(RUN(&scene, "--format", "json", scene.uri, "Q"), 0);
	assert_string_equal(scene.out, "{\"x\":1}\n");
	scene.input = "  RETURN 2;  ";
	assert_int_equal(RUN(&scene, "--format=csv", scene.uri), 0);
	assert_string_equal(scene.out, "x\n1\n");
	assert_int_equal(RUN(&scene, "--format=csv", scene.uri, "-"), 0);
	assert_int_equal(stage_count(scene.stage, "RUN \"RETURN 2\" {} {}"), 2);
	end(&scene);
}

static void test_credentials(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	assert_int_equal(RUN(&scene, "--credentials", put(&scene, "file", "ann/pass/word\n"), scene.uri, "Q"), 0);
	assert_int_equal(stage_count(scene.stage, "LOGON {\"scheme\":\"basic\",\"principal\":\"ann\",\"credentials\":\"pass/word\"}"), 1);
	assert_int_equal(RUN(&scene, "--credentials", put(&scene, "file", "none\n"), scene.uri, "Q"), 0);
	assert_int_equal(stage_count(scene.stage, "LOGON {\"scheme\":\"none\"}"), 1);
	assert_int_equal(RUN(&scene, "--credentials", put(&scene, "file", "annpassword"), scene.uri, "Q"), 2);
	assert_non_null(strstr(scene.err, "holds no USER/PASSWORD"));
	assert_int_equal(RUN(&scene, "--credentials", "/nowhere", scene.uri, "Q"), 2);
	assert_non_null(strstr(scene.err, "/nowhere cannot be opened: No such file"));
	assert_int_equal(RUN(&scene, "--credentials", "/", scene.uri, "Q"), 2);
	assert_non_null(strstr(scene.err, "/ cannot be read: Is a directory"));
	scene.environment[0] = NULL;
	assert_int_equal(RUN(&scene, scene.uri, "Q"), 0);
	assert_int_equal(stage_count(scene.stage, "LOGON {\"scheme\":\"none\"}"), 2);
	end(&scene);
}

// Each kind of failure has its own exit code, and its message on standard error.
static void test_exit_codes(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	STAGE_PLAY(scene.stage, NULL, {"RUN \"bad\"", 0, "FAILURE Neo.ClientError.Statement.SyntaxError no such word"},
		   {"RUN \"forbidden\"", 0, "FAILURE Neo.ClientError.Security.Forbidden not you"}, {"RUN \"late\"", 0, "HANG"},
		   {"RUN \"cut\"", 0, "SUCCESS {\"fields\":[\"x\"]}\nRECORD [5]\nCLOSE"});
	assert_int_equal(RUN(&scene, scene.uri, "bad"), 1);
	assert_string_equal(scene.err, "boltq: Neo.ClientError.Statement.SyntaxError: no such word\n");
	assert_string_equal(scene.out, "");
	assert_int_equal(RUN(&scene, scene.uri, "forbidden"), 4);
	assert_int_equal(RUN(&scene, "--timeout", "1", scene.uri, "late"), 5);
	assert_int_equal(RUN(&scene, "--format=json", scene.uri, "cut"), 3);
	assert_string_equal(scene.out, "{\"x\":5}\n");
	stage_down(scene.stage);
	assert_int_equal(RUN(&scene, scene.uri, "Q"), 3);
	assert_non_null(strstr(scene.err, "cannot connect"));
	end(&scene);
}

static void test_usage(void **state)
{
	static const struct {
		const char *args[5], *complaint;
	} cases[] = {
		{{"bolt://x", "Q", "more"}, "a URI and at most one query"},
		{{"--format=xml", "bolt://x", "Q"}, "--format: 'xml' is none of table, json, csv and cypher"},
		{{"--param=x", "bolt://x", "Q"}, "--param: 'x' is no NAME=JSON"},
		{{"--param", "x=Eva", "bolt://x", "Q"}, "--param: 'x': is no JSON"},
		{{"--param", "x=9223372036854775808", "bolt://x", "Q"}, "larger than an integer of 64 bits"},
		{{"--bytes", "x=!", "bolt://x", "Q"}, "--bytes: 'x': is no base64"},
		{{"--timeout=1s", "bolt://x", "Q"}, "--timeout: '1s' is no number"},
		{{"http://x", "Q"}, "scheme 'http' is none of"},
		{{"bolt://x", " ; "}, "the query is empty"},
		{{"--ca=/nowhere", "bolt+s://x", "Q"}, "/nowhere cannot be opened"},
		{{"--what", "bolt://x", "Q"}, "unrecognized option"},
	};
	struct scene scene;

	(void)state;
	begin(&scene);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(run(&scene, cases[i].args), 2);
		if (!strstr(scene.err, cases[i].complaint))
			fail_msg("%s: %s", cases[i].complaint, scene.err);
	}
	assert_int_equal(RUN(&scene, "--help"), 0);
	assert_non_null(strstr(scene.out, "usage: boltq [OPTION]... URI [QUERY]"));
	assert_int_equal(RUN(&scene, "--version"), 0);
	assert_int_equal(strncmp(scene.out, "boltq 0.", 8), 0);
	assert_int_equal(stage_connections(scene.stage), 0);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
