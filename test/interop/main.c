// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The public API of bolt/ against a real Neo4j: interop PORT RELEASE BOLT DIR PID PART [PATTERN [TRIES]]. The part says how the server was
// started: "plain" (no TLS), "tls" (nothing but TLS), "last" (plain, and it may be killed), or "refused" (plain, and nobody is locked out).

#include <inttypes.h>
#include <stdlib.h>

#include "bolt/link.h"
#include "test/interop/interop.h"

struct server server;

bool speaks(unsigned major, unsigned minor)
{
	return server.major > major || (server.major == major && server.minor >= minor);
}

struct samples samples_of(struct test *test)
{
	struct samples samples = {.arena = test->arena};

	samples_make(&samples, speaks(6, 0), speaks(6, 1), speaks(5, 0));
	return samples;
}

bool stops(void)
{
	return speaks(5, 5);
}

const char *lasting(void)
{
	return stops() ? "UNWIND range(1, 1000000) AS x UNWIND range(1, 1000000) AS y RETURN sum(x * y % 7) AS s"
		       : "UNWIND range(1, 1000) AS x UNWIND range(1, 20000) AS y RETURN sum(x * y % 7) AS s";
}

int64_t limit(void)
{
	return deadline_in_ms(LIMIT_MS);
}

void must_(int r, const struct err *err, struct here here)
{
	if (r >= 0)
		return;
	print_error("%s: %s: %s [%s]: %s\n", server.doing ? server.doing : "", here.what, err_class_name(err->class), err->code, err->text);
	_assert_true(0, "a call that goes well", here.file, here.line);
}

void fails_(int r, int class, const char *code, struct here here, struct err *err)
{
	if (r == class && (!code || strcmp(err->code, code) == 0)) {
		err_clear(err);
		return;
	}
	print_error("%s: %d, %s [%s]: %s; expected: %s [%s]\n", here.what, r, err_class_name(err->class), err->code, err->text,
		    err_class_name((enum err_class)class), code ? code : "");
	_assert_true(0, "a call that fails as expected", here.file, here.line);
}

struct bolt_driver_options plain(void)
{
	return (struct bolt_driver_options){.uri = server.uri, .auth = bolt_auth_basic(USER, PASSWORD), .telemetry = true};
}

int test_begin(void **state)
{
	struct test *test = calloc(1, sizeof(*test));
	struct bolt_driver_options options = plain();

	if (!test)
		abort();
	server.doing = NULL;
	test->arena = arena_new();
	*state = test;
	MUST(bolt_driver_new(&options, &test->driver, &test->err));
	MUST(bolt_session_new(test->driver, &(struct bolt_session_options){.database = "neo4j"}, &test->session, &test->err));
	return 0;
}

int test_end(void **state)
{
	struct test *test = *state;

	bolt_session_free(test->session);
	bolt_driver_free(test->driver);
	arena_free(test->arena);
	free(test);
	return 0;
}

struct bolt_value run(struct test *test, const char *text, const struct bolt_value *params)
{
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	struct bolt_value rows;

	MUST(bolt_session_run(test->session, &(struct bolt_statement){.text = text, .params = params}, limit(), &result, &test->err));
	MUST(bolt_result_all(result, 100000, limit(), test->arena, &rows, &test->err));
	return rows;
}

const struct bolt_value *cell(const struct bolt_value *rows, uint32_t row, uint32_t column)
{
	assert_true(row < rows->size);
	assert_true(column < rows->items[row].size);
	return &rows->items[row].items[column];
}

const struct bolt_summary *run_summary(struct test *test, const char *text, struct bolt_result **ret_result)
{
	const struct bolt_summary *summary;

	MUST(bolt_session_run(test->session, &(struct bolt_statement){.text = text}, limit(), ret_result, &test->err));
	MUST(bolt_result_consume(*ret_result, limit(), &summary, &test->err));
	return summary;
}

struct bolt_value marked(struct test *test, const char *mark)
{
	struct bolt_entry *entry = arena_alloc(test->arena, sizeof(*entry));

	*entry = (struct bolt_entry){"mark", bolt_string(mark)};
	return bolt_map(entry, 1);
}

void await_running(struct test *test, const char *mark, int64_t n)
{
	const struct bolt_entry entry = {"mark", bolt_string(mark)};
	const struct bolt_value params = bolt_map(&entry, 1);
	const struct bolt_call call = {.text = "SHOW TRANSACTIONS YIELD metaData WHERE metaData.mark = $mark RETURN count(*) AS n",
				       .params = &params, .database = "neo4j", .no_bookmarks = true};
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = NULL;
	struct bolt_driver_options options = plain();
	int64_t deadline = limit(), found;
	struct err err = ERR_INIT;

	must_(bolt_driver_new(&options, &driver, &err), &err, HERE("a second driver"));
	do {
		struct bolt_answer answer;

		must_(bolt_driver_query(driver, &call, deadline, test->arena, &answer, &err), &err, HERE("SHOW TRANSACTIONS"));
		found = bolt_as_int(bolt_answer_get(&answer, 0, "n"), -1);
		assert_true(deadline_left_ms(deadline) > 0);
	} while (found != n);
}

// A new server wants its first password changed before anything else.
static void change_password(void)
{
	const struct bolt_target target = {.host = "127.0.0.1", .port = server.port, .user_agent = "interop/1"};
	const struct bolt_auth first = bolt_auth_basic(USER, "neo4j"), later = bolt_auth_basic(USER, PASSWORD);
	const struct bolt_entry entry = {"new", bolt_string(PASSWORD)};
	const struct bolt_value params = bolt_map(&entry, 1);
	const struct bolt_query query = {.text = "ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO $new", .params = &params,
					 .database = "system", .secret_params = true};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	struct bolt_target expired = target;
	struct bolt_table table;
	struct err err = ERR_INIT;

	if (bolt_link_open(&target, &later, limit(), &link, &err) == 0)
		return; // done before
	err_clear(&err);
	fails_(bolt_link_open(&target, &first, limit(), &link, &err), ERR_FORBIDDEN, BOLT_CREDENTIALS_EXPIRED, HERE("the first logon"), &err);
	expired.expired_ok = true;
	must_(bolt_link_open(&expired, &first, limit(), &link, &err), &err, HERE("the first logon"));
	must_(bolt_link_query(link, &query, limit(), arena, &table, &err), &err, HERE("ALTER CURRENT USER"));
}

static int prepare(void **state)
{
	(void)state;
	change_password();
	return 0;
}

static const struct part {
	const char *name, *group;
	const struct CMUnitTest *tests;
	const size_t *n;
} parts[] = {
	{"plain", "values", tests_values, &n_tests_values}, {"plain", "literals", tests_literals, &n_tests_literals},
	{"plain", "work", tests_work, &n_tests_work},
	{"plain", "waits", tests_waits, &n_tests_waits},    {"plain", "words", tests_words, &n_tests_words},
	{"plain", "logon", tests_logon, &n_tests_logon},    {"tls", "tls", tests_tls, &n_tests_tls},
	{"last", "last", tests_last, &n_tests_last},	    {"refused", "refused", tests_refused, &n_tests_refused},
};

int main(int argc, char **argv)
{
	int failed = 0;

	if (argc < 7 || sscanf(argv[3], "%u.%u", &server.major, &server.minor) != 2) {
		(void)fputs("usage: interop PORT RELEASE BOLT DIR PID plain|tls|last|refused [PATTERN [TRIES]]\n", stderr);
		return 2;
	}
	server.port = (uint16_t)strtol(argv[1], NULL, 10);
	server.release = argv[2];
	server.dir = argv[4];
	server.pid = (int)strtol(argv[5], NULL, 10);
	(void)snprintf(server.uri, sizeof(server.uri), "bolt://127.0.0.1:%u", server.port);
	if (argc > 7)
		cmocka_set_test_filter(argv[7]);
	server.tries = argc > 8 ? strtol(argv[8], NULL, 10) : 1;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		if (strcmp(parts[i].name, argv[6]) == 0)
			failed += _cmocka_run_group_tests(parts[i].group, parts[i].tests, *parts[i].n,
							  parts[i].tests == tests_values || parts[i].tests == tests_refused ? prepare : NULL, NULL);
	}
	return failed > 0;
}
