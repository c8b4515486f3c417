// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "bolt/session.h"
#include "test/unit/bolt/stage.h"

// The caller is told what was done: nothing goes out before the login is known to be good, work that fails is an error however it
// fails, and what may be done is not to be tried again.

#define LIMIT 10000
#define EXPIRED "FAILURE Neo.ClientError.Security.CredentialsExpired change it first"
#define REFUSED "FAILURE Neo.ClientError.Security.Unauthorized wrong password"
#define DEADLOCK "Neo.TransientError.Transaction.DeadlockDetected"

struct scene {
	struct stage *stage;
	struct bolt_driver *driver;
	struct bolt_session *session;
	struct arena *arena;
	struct err err;
};

static void begin_with(struct scene *scene, struct bolt_driver_options options, const struct bolt_session_options *session)
{
	char uri[64];

	*scene = (struct scene){.stage = stage_start(5, 8), .arena = arena_new()};
	(void)snprintf(uri, sizeof(uri), "bolt://127.0.0.1:%u", stage_port(scene->stage));
	options.uri = uri;
	options.retry_ms = -1;
	assert_int_equal(bolt_driver_new(&options, &scene->driver, &scene->err), 0);
	assert_int_equal(bolt_session_new(scene->driver, session, &scene->session, &scene->err), 0);
}

static void begin(struct scene *scene)
{
	begin_with(scene, (struct bolt_driver_options){0}, NULL);
}

static void end(struct scene *scene)
{
	bolt_session_free(scene->session);
	bolt_driver_free(scene->driver);
	stage_stop(scene->stage);
	arena_free(scene->arena);
}

// A statement in its own transaction, to its end.
static int run(struct scene *scene, const char *text)
{
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_summary *summary;
	int64_t deadline = deadline_in_ms(LIMIT);
	int r;

	err_clear(&scene->err);
	r = bolt_session_run(scene->session, &(struct bolt_statement){.text = text}, deadline, &result, &scene->err);
	if (r == 0)
		r = bolt_result_consume(result, deadline, &summary, &scene->err);
	assert_int_equal(r, scene->err.class);
	return r;
}

static int query(struct scene *scene, const char *text)
{
	struct bolt_answer answer;
	int r;

	err_clear(&scene->err);
	r = bolt_driver_query(scene->driver, &(struct bolt_call){.text = text}, deadline_in_ms(LIMIT), scene->arena, &answer, &scene->err);
	assert_int_equal(r, scene->err.class);
	return r;
}

static int execute(struct scene *scene, bolt_work work, void *user)
{
	int r;

	err_clear(&scene->err);
	r = bolt_session_execute(scene->session, &(struct bolt_job){.work = work, .user = user}, deadline_in_ms(LIMIT), &scene->err);
	assert_int_equal(r, scene->err.class);
	return r;
}

static int run_in(struct bolt_tx *tx, const char *text, struct err *err)
{
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;

	return bolt_tx_run(tx, &(struct bolt_statement){.text = text}, deadline_in_ms(LIMIT), &result, err);
}

static int write_once(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	(void)user;
	(void)deadline;
	return run_in(tx, "W", err);
}

// Each way to say a statement, on a connection that is new and on one that logs on anew.

static int by_run(struct scene *scene)
{
	return run(scene, "W");
}

static int by_query(struct scene *scene)
{
	return query(scene, "W");
}

static int by_work(struct scene *scene)
{
	return execute(scene, write_once, NULL);
}

static int (*const ways[])(struct scene *) = {by_run, by_query, by_work};
#define WAYS (sizeof(ways) / sizeof(ways[0]))

// The server heard everything until the client closed: there is no RUN.
static void test_nothing_behind_a_refused_login(void **state)
{
	(void)state;
	for (size_t i = 0; i < WAYS; i++) {
		struct scene scene;

		begin(&scene);
		STAGE_PLAY(scene.stage, NULL, {"LOGON", 0, REFUSED});
		assert_int_equal(ways[i](&scene), ERR_FORBIDDEN);
		assert_string_equal(scene.err.code, "Neo.ClientError.Security.Unauthorized");
		assert_int_equal(stage_count(scene.stage, "LOGON"), 1);
		assert_int_equal(stage_count(scene.stage, "RUN"), 0);
		end(&scene);
	}
}

struct rotation {
	unsigned n;
};

// Another token each time.
static int rotate(void *user, struct arena *arena, struct bolt_auth *ret, struct err *err)
{
	struct rotation *rotation = user;

	(void)err;
	*ret = bolt_auth_bearer(arena_printf(arena, "token-%u", rotation->n++));
	return 0;
}

static void test_nothing_behind_a_refused_second_login(void **state)
{
	(void)state;
	for (size_t i = 0; i < WAYS; i++) {
		struct rotation rotation = {0};
		const struct bolt_auth_provider provider = {.get = rotate, .user = &rotation};
		struct scene scene;

		begin_with(&scene, (struct bolt_driver_options){.provider = &provider}, NULL);
		assert_int_equal(ways[i](&scene), 0);
		assert_int_equal(stage_count(scene.stage, "RUN"), 1);
		STAGE_PLAY(scene.stage, NULL, {"LOGON", 0, REFUSED});
		assert_int_equal(ways[i](&scene), ERR_FORBIDDEN);
		assert_int_equal(stage_connections(scene.stage), 1);
		assert_int_equal(stage_count(scene.stage, "LOGOFF"), 1);
		assert_int_equal(stage_count(scene.stage, "RUN"), 1);
		end(&scene);
	}
}

// A server of another kind is none to say a statement to, though it takes the login.
static void test_nothing_to_a_stranger(void **state)
{
	(void)state;
	for (size_t i = 0; i < WAYS; i++) {
		struct scene scene;

		begin(&scene);
		STAGE_PLAY(scene.stage, NULL, {"HELLO", 0, "SUCCESS {\"server\":\"Stranger/1\"}"});
		assert_int_equal(ways[i](&scene), ERR_PROTOCOL);
		assert_int_equal(stage_count(scene.stage, "RUN"), 0);
		end(&scene);
	}
}

// As drivers have it: a password that must be changed is let in, and the server refuses what is not the change.
static void test_expired_password(void **state)
{
	(void)state;
	for (size_t i = 0; i < WAYS; i++) {
		struct scene scene;

		begin(&scene);
		STAGE_PLAY(scene.stage, NULL, {"LOGON", 0, "SUCCESS {\"credentials_expired\":true}"}, {"RUN \"W\"", 0, EXPIRED});
		assert_int_equal(ways[i](&scene), ERR_FORBIDDEN);
		assert_string_equal(scene.err.code, BOLT_CREDENTIALS_EXPIRED);
		assert_string_equal(scene.err.text, "change it first");
		assert_false(bolt_is_retryable(&scene.err));
		assert_int_equal(stage_count(scene.stage, "COMMIT"), 0);
		assert_int_equal(run(&scene, "ALTER CURRENT USER SET PASSWORD FROM $old TO $new"), 0);
		end(&scene);
	}
}

// Work that fails in some way, and writes before.
enum lapse {
	NUMBER_WITHOUT_ERROR,
	POSITIVE_NUMBER,
	ERROR_WITHOUT_NUMBER,
	ERROR_OF_A_WRONG_CLASS,
	ERROR_THAT_IS_TOLD,
	FAILURE_THAT_IS_SWALLOWED,
	LAPSES,
};

static int lapse(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	enum lapse *way = user;
	struct err swallowed = ERR_INIT;

	(void)deadline;
	assert_int_equal(run_in(tx, "W", err), 0);
	switch (*way) {
	case NUMBER_WITHOUT_ERROR:
		return -1;
	case POSITIVE_NUMBER:
		return 1;
	case ERROR_WITHOUT_NUMBER:
		(void)err_set(err, ERR_NOT_FOUND, "no such person");
		return 0;
	case ERROR_OF_A_WRONG_CLASS:
		(void)err_set(err, ERR_INTERNAL, "mine");
		err->class = (enum err_class)7;
		return 7;
	case ERROR_THAT_IS_TOLD:
		return err_set(err, ERR_CONFLICT, "no");
	default:
		(void)run_in(tx, "bad", &swallowed);
		return 0;
	}
}

static void test_work_that_fails(void **state)
{
	static const struct {
		int class;
		const char *code, *text;
	} expected[LAPSES] = {
		[NUMBER_WITHOUT_ERROR] = {ERR_INVALID, BOLT_CALLBACK,
					  "the work in the transaction returned -1, and no error with it; nothing was committed"},
		[POSITIVE_NUMBER] = {ERR_INVALID, BOLT_CALLBACK, "the work in the transaction returned 1, and no error with it; nothing was committed"},
		[ERROR_WITHOUT_NUMBER] = {ERR_NOT_FOUND, "", "no such person"},
		[ERROR_OF_A_WRONG_CLASS] = {ERR_INTERNAL, "", "mine"},
		[ERROR_THAT_IS_TOLD] = {ERR_CONFLICT, "", "no"},
		[FAILURE_THAT_IS_SWALLOWED] = {ERR_SERVER, "Neo.ClientError.Statement.SyntaxError", "no such word"},
	};

	(void)state;
	for (enum lapse way = 0; way < LAPSES; way++) {
		struct scene scene;

		begin(&scene);
		STAGE_PLAY(scene.stage, NULL, {"RUN \"bad\"", 0, "FAILURE Neo.ClientError.Statement.SyntaxError no such word"});
		assert_int_equal(execute(&scene, lapse, &way), expected[way].class);
		assert_string_equal(scene.err.code, expected[way].code);
		assert_string_equal(scene.err.text, expected[way].text);
		assert_int_equal(stage_count(scene.stage, "COMMIT"), 0);
		// Rolled back, or RESET where the server has done so, before the connection is used for anything else.
		assert_int_equal(execute(&scene, write_once, NULL), 0);
		assert_int_equal(stage_count(scene.stage, "ROLLBACK") + stage_count(scene.stage, "RESET"), 1);
		assert_int_equal(stage_count(scene.stage, "COMMIT"), 1);
		assert_int_equal(stage_connections(scene.stage), 1);
		end(&scene);
	}
}

// An auto-commit query that broke off, and whether a loop over it could write twice.
static void test_when_to_do_it_again(void **state)
{
	static const struct {
		const char *text;
		bool read;
		struct stage_rule rule;
		const char *code;
		bool again;
	} cases[] = {
		{"CREATE ()", false, {"RUN", 1, "CLOSE"}, BOLT_COMMIT_UNKNOWN, false},
		{"CREATE ()", false, {"PULL", 1, "CLOSE"}, BOLT_COMMIT_UNKNOWN, false},
		{"CREATE ()", false, {"PULL", 1, "RECORD [1]\nCLOSE"}, BOLT_COMMIT_UNKNOWN, false},
		{"CREATE ()", false, {"PULL", 1, "RECORD [1, 2]"}, BOLT_COMMIT_UNKNOWN, false},
		{"CREATE ()", false, {"RUN", 1, "IGNORED"}, BOLT_COMMIT_UNKNOWN, false},
		// Nothing was said yet.
		{"CREATE ()", false, {"LOGON", 1, "CLOSE"}, "", true},
		// The server took it back.
		{"CREATE ()", false, {"RUN", 1, "FAILURE " DEADLOCK " try again"}, DEADLOCK, true},
		{"CREATE ()", false, {"PULL", 1, "RECORD [1]\nFAILURE " DEADLOCK " try again"}, DEADLOCK, true},
		// It took back the last piece.
		{"UNWIND $r AS x CALL { CREATE () } In Transactions OF 10 ROWS", false, {"PULL", 1, "FAILURE " DEADLOCK " try again"}, DEADLOCK, false},
		{"UNWIND $r AS x CALL { CREATE () } IN TRANSACTIONS", false, {"RUN", 1, "FAILURE " DEADLOCK " try again"}, DEADLOCK, false},
		{"USING PERIODIC COMMIT LOAD CSV FROM $f AS x CREATE ()", false, {"PULL", 1, "FAILURE " DEADLOCK " try again"}, DEADLOCK, false},
		{"CALL apoc.periodic.iterate($a, $b, {})", false, {"PULL", 1, "FAILURE " DEADLOCK " try again"}, DEADLOCK, false},
		// A reader writes nothing.
		{"MATCH (n) RETURN n", true, {"RUN", 1, "CLOSE"}, "", true},
		{"MATCH (n) RETURN n", true, {"PULL", 1, "RECORD [1]\nCLOSE"}, "", true},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct bolt_session_options options = {.read = cases[i].read};
		struct scene scene;

		begin_with(&scene, (struct bolt_driver_options){0}, &options);
		stage_play(scene.stage, &cases[i].rule, 1, NULL);
		assert_true(run(&scene, cases[i].text) < 0);
		if (strcmp(scene.err.code, cases[i].code) != 0 || bolt_is_retryable(&scene.err) != cases[i].again)
			fail_msg("%zu: %s: %s", i, scene.err.code, scene.err.text);
		assert_int_equal(run(&scene, "after"), 0);
		end(&scene);
	}
}

// As a program would write it: the error of the try before is not cleared.
static void test_a_loop_ends(void **state)
{
	struct bolt_answer answer;
	struct scene scene;
	unsigned n = 0;

	(void)state;
	begin(&scene);
	STAGE_PLAY(scene.stage, NULL, {"RUN \"W\"", 1, "FAILURE " DEADLOCK " try again"});
	do
		(void)bolt_driver_query(scene.driver, &(struct bolt_call){.text = "W"}, deadline_in_ms(LIMIT), scene.arena, &answer, &scene.err);
	while (++n < 5 && bolt_is_retryable(&scene.err));
	assert_int_equal(n, 2);
	assert_int_equal(stage_count(scene.stage, "COMMIT"), 1);
	// Nothing is left of it, for who reads the rest of an error.
	assert_false(err_is_set(&scene.err));
	assert_string_equal(scene.err.code, "");
	assert_string_equal(scene.err.text, "");
	scene.err = (struct err){.class = ERR_FORBIDDEN, .status = 7, .retry_after_ms = 1};
	assert_true(bolt_is_retryable(&scene.err));
	assert_int_equal(bolt_driver_query(scene.driver, &(struct bolt_call){.text = "W"}, deadline_in_ms(LIMIT), scene.arena, &answer, &scene.err), 0);
	assert_int_equal(scene.err.retry_after_ms, 0);
	assert_int_equal(scene.err.status, 0);
	// No error is nothing to try again, whatever is in it.
	scene.err = (struct err){.code = DEADLOCK};
	assert_false(bolt_is_retryable(&scene.err));
	end(&scene);
}

// Two calls with the same error, and no look at the first.
static int careless(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	bool wrap = *(bool *)user;

	(void)deadline;
	(void)run_in(tx, "bad", err);
	if (run_in(tx, "W", err) == 0)
		return 0;
	return wrap ? err_wrap(err, "the second step") : err->class;
}

static void test_careless_work_is_tried_again(void **state)
{
	(void)state;
	for (int wrap = 0; wrap < 2; wrap++) {
		struct scene scene;
		bool user = wrap;

		begin(&scene);
		STAGE_PLAY(scene.stage, NULL, {"RUN \"bad\"", 1, "FAILURE " DEADLOCK " try again"});
		assert_int_equal(execute(&scene, careless, &user), ERR_SERVER);
		assert_string_equal(scene.err.code, DEADLOCK);
		assert_true(bolt_is_retryable(&scene.err));
		assert_int_equal(execute(&scene, careless, &user), 0);
		end(&scene);
	}
}

// Whatever is wrong with the answer to COMMIT, but a failure that the server names, leaves it open.
static void test_commit_unknown(void **state)
{
	static const struct {
		struct stage_rule rule;
		bool unknown;
	} cases[] = {
		{{"COMMIT", 1, "CLOSE"}, true},
		{{"COMMIT", 1, "RECORD [1]"}, true},
		{{"COMMIT", 1, "IGNORED"}, true},
		{{"COMMIT", 1, "FAILURE " DEADLOCK " try again"}, false},
		// Nothing was to be committed yet.
		{{"PULL", 1, "CLOSE"}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (size_t way = 1; way < WAYS; way++) {
			struct scene scene;

			begin(&scene);
			stage_play(scene.stage, &cases[i].rule, 1, NULL);
			assert_true(ways[way](&scene) < 0);
			assert_int_equal(strcmp(scene.err.code, BOLT_COMMIT_UNKNOWN) == 0, cases[i].unknown);
			assert_int_equal(bolt_is_retryable(&scene.err), !cases[i].unknown);
			end(&scene);
		}
	}
}

// A driver counts its deeds.
static void test_counts(void **state)
{
	struct bolt_driver_options options = {.retry_ms = 30000, .pool_size = 1, .acquire_ms = 50};
	struct bolt_session *second;
	struct bolt_counts counts;
	struct bolt_driver *driver;
	struct bolt_answer answer;
	struct bolt_tx *tx;
	struct scene scene;
	char uri[64];

	(void)state;
	begin(&scene);
	(void)snprintf(uri, sizeof(uri), "bolt://127.0.0.1:%u", stage_port(scene.stage));
	options.uri = uri;
	assert_int_equal(bolt_driver_new(&options, &driver, &scene.err), 0);
	STAGE_PLAY(scene.stage, NULL, {"LOGON", 1, REFUSED}, {"RUN \"W\"", 1, "FAILURE " DEADLOCK " try again"});
	assert_int_equal(bolt_driver_verify(driver, NULL, deadline_in_ms(LIMIT), scene.arena, NULL, &scene.err), ERR_FORBIDDEN);
	// Twice: the first try fails.
	assert_int_equal(bolt_driver_query(driver, &(struct bolt_call){.text = "W"}, deadline_in_ms(LIMIT), scene.arena, &answer, &scene.err), 0);
	assert_int_equal(bolt_session_new(driver, NULL, &second, &scene.err), 0);
	assert_int_equal(bolt_session_begin(second, NULL, deadline_in_ms(LIMIT), &tx, &scene.err), 0);
	assert_int_equal(bolt_driver_verify(driver, NULL, deadline_in_ms(LIMIT), scene.arena, NULL, &scene.err), ERR_TIMEOUT);
	bolt_tx_free(tx);
	bolt_session_free(second);
	bolt_driver_counts(driver, &counts);
	assert_int_equal(counts.not_opened, 1);
	assert_int_equal(counts.opened, 1);
	assert_int_equal(counts.statements, 2);
	assert_int_equal(counts.retries, 1);
	assert_int_equal(counts.pool_timeouts, 1);
	bolt_driver_counts(NULL, &counts);
	assert_int_equal(counts.opened, 0);
	bolt_driver_counts(driver, NULL);
	bolt_driver_free(driver);
	end(&scene);
}

// Hooks that fail without a word.

static int mute_provider(void *user, struct arena *arena, struct bolt_auth *ret, struct err *err)
{
	(void)arena;
	(void)ret;
	(void)err;
	return *(const int *)user;
}

static int mute_resolver(void *user, const struct bolt_address *asked, struct arena *arena, struct bolt_addresses *ret, struct err *err)
{
	(void)asked;
	(void)arena;
	(void)ret;
	(void)err;
	return *(const int *)user;
}

static int mute_supply(void *user, struct arena *arena, struct bolt_bookmark_list *ret, struct err *err)
{
	(void)arena;
	(void)ret;
	(void)err;
	return *(const int *)user;
}

static int mute_consume(void *user, const struct bolt_bookmark_list *now, struct err *err)
{
	(void)now;
	(void)err;
	return *(const int *)user;
}

static void test_hooks_that_fail_without_a_word(void **state)
{
	static int returned[] = {-1, 1};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		void *user = &returned[i];
		const struct bolt_auth_provider provider = {.get = mute_provider, .user = user};
		const struct bolt_resolver names = {.resolve = mute_resolver, .user = user};
		const struct bolt_driver_options options[] = {{.provider = &provider}, {.names = &names}};
		const struct bolt_bookmark_hooks hooks[] = {{.supply = mute_supply, .user = user}, {.consume = mute_consume, .user = user}};

		for (size_t k = 0; k < 2; k++) {
			struct scene scene;

			begin_with(&scene, options[k], NULL);
			assert_int_equal(by_work(&scene), ERR_INTERNAL);
			assert_non_null(strstr(scene.err.text, "and no error with it"));
			assert_int_equal(stage_count(scene.stage, "RUN"), 0);
			end(&scene);
		}
		for (size_t k = 0; k < 2; k++) {
			_cleanup_(bolt_bookmarks_freep) struct bolt_bookmarks *bookmarks = bolt_bookmarks_new(NULL, &hooks[k]);
			const struct bolt_session_options session = {.bookmarks = bookmarks};
			struct scene scene;

			begin_with(&scene, (struct bolt_driver_options){0}, &session);
			assert_int_equal(by_work(&scene), ERR_INTERNAL);
			assert_string_equal(scene.err.code, BOLT_CALLBACK);
			assert_false(bolt_is_retryable(&scene.err));
			assert_int_equal(stage_count(scene.stage, "COMMIT"), k);
			end(&scene);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_behind_a_refused_login),
		cmocka_unit_test(test_nothing_behind_a_refused_second_login),
		cmocka_unit_test(test_nothing_to_a_stranger),
		cmocka_unit_test(test_expired_password),
		cmocka_unit_test(test_work_that_fails),
		cmocka_unit_test(test_when_to_do_it_again),
		cmocka_unit_test(test_a_loop_ends),
		cmocka_unit_test(test_careless_work_is_tried_again),
		cmocka_unit_test(test_commit_unknown),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_hooks_that_fail_without_a_word),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
