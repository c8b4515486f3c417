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
#include <poll.h>
#include <spawn.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"
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

// Starts a program with scene->input; -1 for out: its standard output is scene->out.
static pid_t start_program(struct scene *scene, const char *const *argv, int out)
{
	posix_spawn_file_actions_t actions;
	char path[3][128];
	pid_t pid;

	forget(scene);
	(void)put(scene, "in", scene->input ? scene->input : "");
	(void)snprintf(path[0], sizeof(path[0]), "%s/in", scene->folder);
	(void)snprintf(path[1], sizeof(path[1]), "%s/out", scene->folder);
	(void)snprintf(path[2], sizeof(path[2]), "%s/err", scene->folder);
	assert_int_equal(posix_spawn_file_actions_init(&actions), 0);
	(void)posix_spawn_file_actions_addopen(&actions, 0, path[0], O_RDONLY, 0);
	(void)posix_spawn_file_actions_addopen(&actions, 1, path[1], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (out >= 0)
		(void)posix_spawn_file_actions_adddup2(&actions, out, 1);
	(void)posix_spawn_file_actions_addopen(&actions, 2, path[2], O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_int_equal(posix_spawn(&pid, argv[0], &actions, NULL, (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)scene->environment), 0);
	(void)posix_spawn_file_actions_destroy(&actions);
	return pid;
}

static pid_t start(struct scene *scene, const char *const *args, int out)
{
	const char *argv[ARGS_MAX] = {BOLTQ};

	for (int n = 1; *args; args++)
		argv[n++] = *args;
	return start_program(scene, argv, out);
}

static int finish(struct scene *scene, pid_t pid)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	scene->out = slurp(scene->folder, "out");
	scene->err = slurp(scene->folder, "err");
	assert_null(strstr(scene->err, "se/cret"));
	return WEXITSTATUS(status);
}

// Runs it to its end; what it wrote is in scene->out and scene->err.
static int run(struct scene *scene, const char *const *args)
{
	return finish(scene, start(scene, args, -1));
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
		{{"--param", "x=@/nowhere", "bolt://x", "Q"}, "--param: 'x': /nowhere cannot be opened"},
		{{"--bytes", "x=@/", "bolt://x", "Q"}, "--bytes: 'x': / cannot be read"},
		{{"--file=/nowhere", "bolt://x"}, "/nowhere cannot be opened"},
		{{"--file=/dev/null", "bolt://x"}, "the query is empty"},
		{{"--file=/dev/null", "bolt://x", "Q"}, "a query and --file are too much"},
		{{"--null=NA", "bolt://x", "Q"}, "--null goes with --format csv"},
		{{"--summary=/", "bolt://x", "Q"}, "/ cannot be written"},
		{{"--completion=csh"}, "'csh' is none of bash, zsh and fish"},
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

// Statements run one after the other in one session, each as soon as it is read, until one fails; which one, its message says.
static void test_several_statements(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	STAGE_PLAY(scene.stage, NULL, {"RUN \"bad\"", 0, "FAILURE Neo.ClientError.Statement.SyntaxError no such word"});
	assert_int_equal(RUN(&scene, "--format=json", scene.uri, "A; B // ;\n;"), 0);
	assert_string_equal(scene.out, "{\"x\":1}\n{\"x\":1}\n");
	assert_int_equal(stage_count(scene.stage, "RUN \"A\" {} {}"), 1);
	assert_int_equal(stage_count(scene.stage, "RUN \"B // ;\" {} {"), 1);
	assert_int_equal(stage_connections(scene.stage), 1);
	assert_int_equal(RUN(&scene, scene.uri, "A;A"), 0);
	assert_string_equal(scene.out, "+---+\n| x |\n+---+\n| 1 |\n+---+\n\n+---+\n| x |\n+---+\n| 1 |\n+---+\n");
	scene.input = "C;\n\nbad;\nD;";
	assert_int_equal(RUN(&scene, "--format=csv", scene.uri), 1);
	assert_string_equal(scene.out, "x\n1\n");
	assert_string_equal(scene.err, "boltq: statement 2, line 3: Neo.ClientError.Statement.SyntaxError: no such word\n");
	assert_int_equal(stage_count(scene.stage, "RUN \"C\""), 1);
	assert_int_equal(stage_count(scene.stage, "RUN \"D\""), 0);
	end(&scene);
}

static void test_files(void **state)
{
	char expected[256], option[160];
	struct scene scene;
	const char *path;

	(void)state;
	begin(&scene);
	STAGE_PLAY(scene.stage, NULL, {"RUN \"bad\"", 0, "FAILURE Neo.ClientError.Statement.SyntaxError no such word"});
	path = put(&scene, "file", "E;\nF");
	(void)snprintf(option, sizeof(option), "--file=%s", path);
	scene.input = "G;";
	assert_int_equal(RUN(&scene, option, "--file", "-", "--format=json", scene.uri), 0);
	assert_string_equal(scene.out, "{\"x\":1}\n{\"x\":1}\n{\"x\":1}\n");
	assert_int_equal(stage_count(scene.stage, "RUN \"F\""), 1);
	assert_int_equal(stage_count(scene.stage, "RUN \"G\""), 1);
	// A file that is not there is told before the first one runs.
	assert_int_equal(RUN(&scene, option, "--file", "/nowhere", scene.uri), 2);
	assert_int_equal(stage_count(scene.stage, "RUN \"F\""), 1);
	(void)put(&scene, "file", "bad");
	assert_int_equal(RUN(&scene, option, "--file", "-", scene.uri), 1);
	(void)snprintf(expected, sizeof(expected), "boltq: %s, line 1: Neo.ClientError.Statement.SyntaxError: no such word\n", path);
	assert_string_equal(scene.err, expected);
	assert_int_equal(stage_count(scene.stage, "RUN \"G\""), 1);
	end(&scene);
}

static void test_parameters_of_files(void **state)
{
	struct scene scene;
	char option[160];

	(void)state;
	begin(&scene);
	(void)snprintf(option, sizeof(option), "p=@%s", put(&scene, "file", "{\"a\": [1, null]}\n"));
	scene.input = "\"of a pipe\"";
	assert_int_equal(RUN(&scene, "--param", option, "--param", "q=@-", "--bytes", option, scene.uri, "Q"), 0);
	assert_int_equal(stage_count(scene.stage, "RUN \"Q\" {\"p\":{\"a\":[1,null]},\"q\":\"of a pipe\",\"p\":?} {"), 1);
	(void)put(&scene, "file", "Eva");
	assert_int_equal(RUN(&scene, "--param", option, scene.uri, "Q"), 2);
	assert_non_null(strstr(scene.err, "--param: 'p': is no JSON"));
	end(&scene);
}

#define CHANGED "SUCCESS {\"type\":\"w\",\"db\":\"neo4j\",\"stats\":{\"nodes-created\":2,\"contains-updates\":true}," \
		"\"statuses\":[{\"gql_status\":\"01N50\",\"status_description\":\"warn: no label\",\"description\":\"no such label\"," \
		"\"neo4j_code\":\"Neo.ClientNotification.Statement.UnknownLabelWarning\",\"title\":\"no label\"," \
		"\"diagnostic_record\":{\"_severity\":\"WARNING\",\"_classification\":\"UNRECOGNIZED\"," \
		"\"_position\":{\"offset\":0,\"line\":1,\"column\":1}}}]}"

// For people what the server says follows on standard error, unless they want quiet; for programs it is JSON in a file.
static void test_what_the_server_says(void **state)
{
	struct scene scene;
	char option[160];
	char *said;

	(void)state;
	begin(&scene);
	STAGE_PLAY(scene.stage, NULL, {"RUN \"change\"", 0, "SUCCESS {\"fields\":[]}"}, {"PULL", 0, CHANGED});
	assert_int_equal(RUN(&scene, scene.uri, "change"), 0);
	assert_string_equal(scene.out, "");
	assert_string_equal(scene.err, "boltq: WARNING: no such label (Neo.ClientNotification.Statement.UnknownLabelWarning, line 1, column 1)\n"
				       "nodes created: 2\n");
	assert_int_equal(RUN(&scene, "--quiet", scene.uri, "change"), 0);
	assert_string_equal(scene.err, "");
	(void)snprintf(option, sizeof(option), "--summary=%s", put(&scene, "file", "old"));
	assert_int_equal(RUN(&scene, option, "--format=json", scene.uri, "change;change"), 0);
	assert_string_equal(scene.err, "");
	said = slurp(scene.folder, "file");
	assert_ptr_equal(strstr(said, "{\"statement\":1,\"rows\":0,\"type\":\"w\",\"database\":\"neo4j\",\"address\":"), said);
	assert_non_null(strstr(said, "\"counters\":{\"nodesCreated\":2,"));
	assert_non_null(strstr(said, "\n{\"statement\":2,"));
	free(said);
	assert_int_equal(RUN(&scene, "--summary=/dev/full", "--format=json", scene.uri, "change"), 6);
	assert_non_null(strstr(scene.err, "/dev/full could not be written: No space left"));
	end(&scene);
}

static void test_explain(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	STAGE_PLAY(scene.stage, NULL,
		   {"PULL", 0, "SUCCESS {\"plan\":{\"operatorType\":\"ProduceResults@neo4j\",\"args\":{\"EstimatedRows\":1.0},\"children\":[]}}"});
	assert_int_equal(RUN(&scene, scene.uri, "EXPLAIN RETURN 1 AS x"), 0);
	assert_string_equal(scene.out, "+------------------+----------------+\n"
				       "| plan             | estimated rows |\n"
				       "+------------------+----------------+\n"
				       "| + ProduceResults | 1              |\n"
				       "+------------------+----------------+\n");
	end(&scene);
}

static void test_null_in_csv(void **state)
{
	struct scene scene;

	(void)state;
	begin(&scene);
	STAGE_PLAY(scene.stage, NULL, {"PULL", 0, "RECORD [null]\nRECORD [\"\"]\nRECORD [\"NA\"]\nSUCCESS {}"});
	assert_int_equal(RUN(&scene, "--format=csv", "--null=NA", scene.uri, "Q"), 0);
	assert_string_equal(scene.out, "x\nNA\n\"\"\n\"NA\"\n");
	end(&scene);
}

// 200 rows of 4 kB, more than a pipe and all buffers on the way hold.
static char *many_rows(void)
{
	struct buf out = BUF_INIT(2 * 1024 * 1024);

	for (int i = 0; i < 200; i++)
		buf_addf(&out, "RECORD [\"%04000d\"]\n", i);
	buf_add(&out, "SUCCESS {}");
	return out.data;
}

// A reader that takes nothing for longer than the timeout gets all rows in the end: only what the server takes counts.
static void test_a_reader_that_pauses(void **state)
{
	_cleanup_free_ char *replies = many_rows();
	const struct stage_rule rule = {"PULL", 0, replies};
	struct scene scene;
	int ends[2], lines = 0;
	char piece[4096];
	FILE *reader;
	pid_t pid;

	(void)state;
	begin(&scene);
	stage_play(scene.stage, &rule, 1, NULL);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 4096) >= 0);
	pid = start(&scene, (const char *const[]){"--format=json", "--timeout=2", scene.uri, "Q", NULL}, ends[1]);
	(void)close(ends[1]);
	reader = fdopen(ends[0], "r");
	assert_non_null(reader);
	assert_int_equal(read(ends[0], piece, 1), 1); // it is writing, and goes on until the pipe is full
	assert_int_equal(poll(NULL, 0, 3000), 0); // the pause itself
	while (fgets(piece, sizeof(piece), reader))
		lines += strchr(piece, '\n') != NULL;
	(void)fclose(reader);
	assert_int_equal(finish(&scene, pid), 0);
	assert_string_equal(scene.err, "");
	assert_int_equal(lines, 200);
	end(&scene);
}

// What a real bash completes of a line that ends where the cursor is; in scene->out.
static void complete(struct scene *scene, const char *words)
{
	char script[1024];

	(void)snprintf(script, sizeof(script),
		       "source <(%s --completion bash) && compopt() { :; } && COMP_WORDS=(boltq %s) && COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) && _boltq && "
		       "echo \"${COMPREPLY[*]}\"",
		       BOLTQ, words);
	assert_int_equal(finish(scene, start_program(scene, (const char *const[]){"/bin/bash", "-c", script, NULL}, -1)), 0);
}

static void test_completion(void **state)
{
	static const struct {
		const char *words, *expected;
	} cases[] = {
		{"--fo", "--format\n"},
		{"--format \"\"", "table json csv cypher\n"},
		{"--format = c", "csv cypher\n"},
		{"--completion z", "zsh\n"},
		{"--file /dev/nul", "/dev/null\n"},
		{"--database x", "\n"},
		{"bolt", "\n"},
	};
	struct scene scene;

	(void)state;
	begin(&scene);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		complete(&scene, cases[i].words);
		assert_string_equal(scene.out, cases[i].expected);
	}
	// The other shells know each option of the help, and its choices.
	for (int i = 0; i < 2; i++) {
		assert_int_equal(RUN(&scene, "--completion", i ? "fish" : "zsh"), 0);
		assert_non_null(strstr(scene.out, i ? "-l summary -r -F" : "'--summary=["));
		assert_non_null(strstr(scene.out, i ? "-l format -x -a 'table json csv cypher'" : ":FORMAT:(table json csv cypher)'"));
	}
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_query),
		cmocka_unit_test(test_credentials),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_usage),
		cmocka_unit_test(test_several_statements),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_parameters_of_files),
		cmocka_unit_test(test_what_the_server_says),
		cmocka_unit_test(test_explain),
		cmocka_unit_test(test_null_in_csv),
		cmocka_unit_test(test_a_reader_that_pauses),
		cmocka_unit_test(test_completion),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
