// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "base/clock.h"
#include "bolt/failure.h"
#include "bolt/session.h"
#include "test/unit/bolt/stage.h"

#define LIMIT 10000
#define UNAVAILABLE "FAILURE Neo.TransientError.General.Hiccup try again"
#define SYNTAX "FAILURE Neo.ClientError.Statement.SyntaxError no such word"

struct scene {
	struct stage *stage;
	struct bolt_driver *driver;
	struct bolt_session *session;
	struct arena *arena;
	struct err err;
};

static void begin(struct scene *scene, struct bolt_driver_options options)
{
	char uri[64];

	*scene = (struct scene){.stage = stage_start(5, 8), .arena = arena_new()};
	(void)snprintf(uri, sizeof(uri), "bolt://127.0.0.1:%u", stage_port(scene->stage));
	options.uri = uri;
	options.fetch_size = 2;
	assert_int_equal(bolt_driver_new(&options, &scene->driver, &scene->err), 0);
	assert_int_equal(bolt_session_new(scene->driver, NULL, &scene->session, &scene->err), 0);
}

static void end(struct scene *scene)
{
	bolt_session_free(scene->session);
	bolt_driver_free(scene->driver);
	stage_stop(scene->stage);
	arena_free(scene->arena);
}

static struct bolt_tx *begin_tx(struct scene *scene)
{
	struct bolt_tx *tx = NULL;

	err_clear(&scene->err);
	assert_int_equal(bolt_session_begin(scene->session, NULL, deadline_in_ms(LIMIT), &tx, &scene->err), 0);
	assert_true(bolt_tx_is_open(tx));
	return tx;
}

static int run(struct scene *scene, struct bolt_tx *tx, const char *text, struct bolt_result **ret)
{
	err_clear(&scene->err);
	return bolt_tx_run(tx, &(struct bolt_statement){.text = text}, deadline_in_ms(LIMIT), ret, &scene->err);
}

static int commit(struct scene *scene, struct bolt_tx *tx)
{
	err_clear(&scene->err);
	return bolt_tx_commit(tx, deadline_in_ms(LIMIT), &scene->err);
}

static int rollback(struct scene *scene, struct bolt_tx *tx)
{
	err_clear(&scene->err);
	return bolt_tx_rollback(tx, deadline_in_ms(LIMIT), &scene->err);
}

static int next_int(struct scene *scene, struct bolt_result *result, int64_t *ret)
{
	const struct bolt_value *row;
	int r;

	err_clear(&scene->err);
	r = bolt_result_next(result, deadline_in_ms(LIMIT), &row, &scene->err);
	if (r > 0)
		*ret = bolt_as_int(&row->items[0], -1);
	return r;
}

static void test_commit(void **state)
{
	struct bolt_result *result;
	struct bolt_tx *tx;
	struct scene scene;
	int64_t x;

	(void)state;
	begin(&scene, (struct bolt_driver_options){0});
	tx = begin_tx(&scene);
	assert_int_equal(run(&scene, tx, "Q", &result), 0);
	assert_int_equal(next_int(&scene, result, &x), 1);
	assert_int_equal(commit(&scene, tx), 0);
	assert_false(bolt_tx_is_open(tx));
	assert_int_equal(commit(&scene, tx), ERR_INVALID);
	assert_non_null(strstr(scene.err.text, "is over"));
	assert_int_equal(rollback(&scene, tx), ERR_INVALID);
	assert_int_equal(next_int(&scene, result, &x), ERR_INVALID);
	bolt_result_free(result);
	bolt_tx_free(tx);
	// The next one sees what this one did.
	tx = begin_tx(&scene);
	assert_int_equal(rollback(&scene, tx), 0);
	bolt_tx_free(tx);
	stage_assert_told(scene.stage, "HELLO\nLOGON\nBEGIN {}\nRUN \"Q\" {} {}\nPULL {\"n\":2}\nCOMMIT\nBEGIN {\"bookmarks\":[\"mark-\nROLLBACK");
	assert_int_equal(stage_connections(scene.stage), 1);
	end(&scene);
}

// Results of one transaction take turns on its connection.
static void test_interleaved(void **state)
{
	struct bolt_result *a, *b;
	const struct bolt_summary *summary;
	struct bolt_tx *tx;
	struct scene scene;
	int64_t x;

	(void)state;
	begin(&scene, (struct bolt_driver_options){0});
	STAGE_PLAY(scene.stage, NULL, {"RUN \"a\"", 0, "SUCCESS {\"fields\":[\"x\"],\"qid\":4}"},
		   {"RUN \"b\"", 0, "SUCCESS {\"fields\":[\"x\"],\"qid\":5}"},
		   {"PULL", 2, "RECORD [1]\nRECORD [2]\nSUCCESS {\"has_more\":true}"}, {"PULL", 1, "RECORD [3]\nSUCCESS {}"});
	tx = begin_tx(&scene);
	assert_int_equal(run(&scene, tx, "a", &a), 0);
	assert_int_equal(next_int(&scene, a, &x), 1);
	assert_int_equal(run(&scene, tx, "b", &b), 0);
	assert_int_equal(next_int(&scene, b, &x), 1);
	for (int64_t i = 2; i <= 3; i++) {
		assert_int_equal(next_int(&scene, a, &x), 1);
		assert_int_equal(x, i);
	}
	assert_int_equal(next_int(&scene, a, &x), 0);
	assert_int_equal(next_int(&scene, b, &x), 1);
	assert_int_equal(x, 2);
	assert_int_equal(bolt_result_consume(b, deadline_in_ms(LIMIT), &summary, &scene.err), 0);
	assert_int_equal(commit(&scene, tx), 0);
	stage_assert_told(scene.stage, "HELLO\nLOGON\nBEGIN\nRUN \"a\"\nPULL {\"n\":2}\nRUN \"b\"\nPULL {\"n\":2}\n"
				       "PULL {\"n\":2,\"qid\":4}\nDISCARD {\"n\":-1}\nCOMMIT");
	bolt_tx_free(tx);
	bolt_result_free(a);
	bolt_result_free(b);
	end(&scene);
}

static void test_failed(void **state)
{
	struct bolt_result *older, *result;
	struct bolt_tx *tx;
	struct scene scene;
	int64_t x;

	(void)state;
	begin(&scene, (struct bolt_driver_options){0});
	STAGE_PLAY(scene.stage, NULL, {"RUN \"bad\"", 0, SYNTAX},
		   {"PULL", 1, "RECORD [1]\nRECORD [2]\nSUCCESS {\"has_more\":true}"});
	tx = begin_tx(&scene);
	assert_int_equal(run(&scene, tx, "older", &older), 0);
	assert_int_equal(run(&scene, tx, "bad", &result), ERR_SERVER);
	assert_non_null(bolt_session_failure(scene.session));
	assert_false(bolt_tx_is_open(tx));
	assert_int_equal(run(&scene, tx, "more", &result), ERR_INVALID);
	assert_non_null(strstr(scene.err.text, "terminated by an earlier failure"));
	assert_int_equal(commit(&scene, tx), ERR_INVALID);
	assert_int_equal(next_int(&scene, older, &x), 1);
	assert_int_equal(next_int(&scene, older, &x), 1);
	assert_int_equal(next_int(&scene, older, &x), ERR_SERVER);
	assert_string_equal(scene.err.code, "Neo.ClientError.Statement.SyntaxError");
	assert_int_equal(rollback(&scene, tx), 0);
	assert_int_equal(next_int(&scene, older, &x), ERR_SERVER);
	bolt_result_free(older);
	bolt_tx_free(tx);
	stage_assert_told(scene.stage, "HELLO\nLOGON\nBEGIN\nRUN\nPULL\nRUN\nPULL\nRESET");
	// A transaction that is freed while it is open is rolled back; so is one whose session is closed or freed.
	tx = begin_tx(&scene);
	bolt_tx_free(tx);
	tx = begin_tx(&scene);
	assert_int_equal(run(&scene, tx, "Q", &result), 0);
	bolt_result_free(result);
	assert_int_equal(bolt_session_close(scene.session, deadline_in_ms(LIMIT), &scene.err), 0);
	bolt_tx_free(tx);
	tx = begin_tx(&scene);
	bolt_session_free(scene.session);
	scene.session = NULL;
	bolt_tx_free(tx);
	stage_assert_told(scene.stage, "BEGIN\nROLLBACK\nBEGIN\nRUN\nPULL\nROLLBACK\nBEGIN\nROLLBACK");
	end(&scene);
}

static int nothing(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	(void)tx;
	(void)user;
	(void)deadline;
	(void)err;
	return 0;
}

// One thing at a time: what would get into the way of another is refused.
static void test_one_at_a_time(void **state)
{
	const struct bolt_job job = {.work = nothing};
	struct bolt_result *result;
	struct bolt_tx *tx, *second;
	struct scene scene;

	(void)state;
	begin(&scene, (struct bolt_driver_options){0});
	tx = begin_tx(&scene);
	assert_int_equal(bolt_session_begin(scene.session, NULL, deadline_in_ms(LIMIT), &second, &scene.err), ERR_INVALID);
	err_clear(&scene.err);
	assert_int_equal(bolt_session_run(scene.session, &(struct bolt_statement){.text = "Q"}, deadline_in_ms(LIMIT), &result, &scene.err),
			 ERR_INVALID);
	err_clear(&scene.err);
	assert_int_equal(bolt_session_execute(scene.session, &job, deadline_in_ms(LIMIT), &scene.err), ERR_INVALID);
	bolt_tx_free(tx);
	err_clear(&scene.err);
	assert_int_equal(bolt_session_begin(scene.session, &(struct bolt_tx_options){.timeout_ms = -7}, deadline_in_ms(LIMIT), &tx, &scene.err),
			 ERR_INVALID);
	// An auto-commit result is kept when a transaction begins.
	err_clear(&scene.err);
	assert_int_equal(bolt_session_run(scene.session, &(struct bolt_statement){.text = "Q"}, deadline_in_ms(LIMIT), &result, &scene.err), 0);
	tx = begin_tx(&scene);
	bolt_tx_free(tx);
	assert_int_equal(bolt_session_execute(scene.session, &job, deadline_in_ms(LIMIT), &scene.err), 0);
	bolt_result_free(result);
	end(&scene);
}

// A parameter that the connection cannot carry does not harm the transaction.
static void test_not_sent(void **state)
{
	_cleanup_free_ char *large = malloc(17 * 1024 * 1024);
	struct bolt_result *result;
	struct bolt_tx *tx;
	struct scene scene;

	(void)state;
	assert_non_null(large);
	memset(large, 'x', 17 * 1024 * 1024);
	large[17 * 1024 * 1024 - 1] = '\0';
	begin(&scene, (struct bolt_driver_options){0});
	tx = begin_tx(&scene);
	assert_int_equal(run(&scene, tx, large, &result), ERR_TOO_LARGE);
	assert_int_equal(run(&scene, tx, "Q", &result), 0);
	bolt_result_free(result);
	assert_int_equal(commit(&scene, tx), 0);
	bolt_tx_free(tx);
	end(&scene);
}

// Nobody knows whether it was done: the one thing that is never tried again.
static void test_commit_unknown(void **state)
{
	struct bolt_tx *tx;
	struct scene scene;

	(void)state;
	begin(&scene, (struct bolt_driver_options){0});
	STAGE_PLAY(scene.stage, NULL, {"COMMIT", 1, "CLOSE"}, {"COMMIT", 1, UNAVAILABLE}, {"ROLLBACK", 1, "CLOSE"});
	tx = begin_tx(&scene);
	assert_int_equal(commit(&scene, tx), ERR_IO);
	assert_string_equal(scene.err.code, BOLT_COMMIT_UNKNOWN);
	assert_false(bolt_is_retryable(&scene.err));
	bolt_tx_free(tx);
	tx = begin_tx(&scene);
	assert_int_equal(commit(&scene, tx), ERR_SERVER);
	assert_true(bolt_is_retryable(&scene.err));
	bolt_tx_free(tx);
	tx = begin_tx(&scene);
	assert_int_equal(rollback(&scene, tx), ERR_IO);
	bolt_tx_free(tx);
	end(&scene);
}

struct job_state {
	unsigned calls;
	const char *text;
	bool swallow, fail, meddle;
};

static int work(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	struct job_state *job = user;
	struct bolt_result *result = NULL;
	struct err own = ERR_INIT;
	int r;

	job->calls++;
	if (job->meddle) {
		assert_int_equal(bolt_tx_commit(tx, deadline, &own), ERR_INVALID);
		err_clear(&own);
		assert_int_equal(bolt_tx_rollback(tx, deadline, &own), ERR_INVALID);
		bolt_tx_free(tx);
	}
	if (job->fail)
		return err_set(err, ERR_CONFLICT, "the caller's own");
	r = bolt_tx_run(tx, &(struct bolt_statement){.text = job->text}, deadline, &result, job->swallow ? &own : err);
	bolt_result_free(result);
	return job->swallow ? 0 : r;
}

static int execute(struct scene *scene, struct job_state *job)
{
	err_clear(&scene->err);
	job->calls = 0;
	return bolt_session_execute(scene->session, &(struct bolt_job){.work = work, .user = job}, deadline_in_ms(LIMIT), &scene->err);
}

static void test_managed(void **state)
{
	struct job_state job = {.text = "Q", .meddle = true};
	struct scene scene;

	(void)state;
	begin(&scene, (struct bolt_driver_options){.telemetry = true});
	STAGE_PLAY(scene.stage, NULL, {"RUN \"bad\"", 0, SYNTAX}, {"BEGIN", 1, UNAVAILABLE}, {"COMMIT", 1, UNAVAILABLE});
	// Twice in vain (BEGIN, COMMIT), the third time it is done. That it is managed is told once.
	assert_int_equal(execute(&scene, &job), 0);
	assert_int_equal(job.calls, 2);
	assert_null(bolt_session_failure(scene.session));
	stage_assert_told(scene.stage, "HELLO\nLOGON\nTELEMETRY 0\nBEGIN\nRESET\nBEGIN\nRUN\nPULL\nCOMMIT\nRESET\n"
				       "BEGIN\nRUN\nPULL\nCOMMIT");
	// A failure that will not get better is not tried again.
	job = (struct job_state){.text = "bad"};
	assert_int_equal(execute(&scene, &job), ERR_SERVER);
	assert_int_equal(job.calls, 1);
	assert_non_null(bolt_session_failure(scene.session));
	job = (struct job_state){.text = "bad", .swallow = true};
	assert_int_equal(execute(&scene, &job), ERR_SERVER);
	job = (struct job_state){.fail = true};
	assert_int_equal(execute(&scene, &job), ERR_CONFLICT);
	assert_int_equal(job.calls, 1);
	stage_wait(scene.stage, "ROLLBACK", 1);
	end(&scene);
}

static void test_no_retry(void **state)
{
	struct job_state job = {.text = "Q"};
	struct scene scene;

	(void)state;
	begin(&scene, (struct bolt_driver_options){.retry_ms = -1});
	STAGE_PLAY(scene.stage, NULL, {"BEGIN", 0, UNAVAILABLE});
	assert_int_equal(execute(&scene, &job), ERR_SERVER);
	assert_int_equal(stage_count(scene.stage, "BEGIN"), 1);
	// Nor is a pause begun that would outlast the deadline: the shortest is 800 ms. The connection is there already.
	end(&scene);
	begin(&scene, (struct bolt_driver_options){0});
	assert_int_equal(execute(&scene, &job), 0);
	STAGE_PLAY(scene.stage, NULL, {"BEGIN", 0, UNAVAILABLE});
	assert_int_equal(bolt_session_execute(scene.session, &(struct bolt_job){.work = work, .user = &job}, deadline_in_ms(790), &scene.err),
			 ERR_SERVER);
	assert_int_equal(stage_count(scene.stage, "BEGIN"), 2);
	end(&scene);
}

static void test_retryable(void **state)
{
	static const struct {
		struct err err;
		bool retryable;
	} cases[] = {
		{{.class = ERR_SERVER, .code = "Neo.TransientError.Transaction.DeadlockDetected"}, true},
		{{.class = ERR_SERVER, .code = "Neo.TransientError.Transaction.Terminated"}, false},
		{{.class = ERR_SERVER, .code = "Neo.TransientError.Transaction.LockClientStopped"}, false},
		{{.class = ERR_SERVER, .code = "Neo.ClientError.Cluster.NotALeader"}, true},
		{{.class = ERR_SERVER, .code = "Neo.ClientError.General.ForbiddenOnReadOnlyDatabase"}, true},
		{{.class = ERR_SERVER, .code = "Neo.ClientError.Statement.SyntaxError"}, false},
		{{.class = ERR_SERVER, .code = "Neo.DatabaseError.General.UnknownError"}, false},
		{{.class = ERR_FORBIDDEN, .code = "Neo.ClientError.Security.AuthorizationExpired"}, true},
		{{.class = ERR_FORBIDDEN, .code = "Neo.ClientError.Security.TokenExpired"}, false},
		{{.class = ERR_FORBIDDEN, .code = "Neo.ClientError.Security.TokenExpired", .retry_after_ms = 1}, true},
		{{.class = ERR_IO}, true},
		{{.class = ERR_IO, .code = BOLT_NO_SERVERS}, true},
		{{.class = ERR_IO, .code = BOLT_COMMIT_UNKNOWN}, false},
		{{.class = ERR_TIMEOUT}, false},
		{{.class = ERR_CANCELLED}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (bolt_is_retryable(&cases[i].err) != cases[i].retryable)
			fail_msg("%d %s", cases[i].err.class, cases[i].err.code);
	}
}

// Another thread waits until the server hears this, and cancels.
struct canceller {
	pthread_t thread;
	struct stage *stage;
	const char *message;
	unsigned n;
	struct bolt_session *session;
};

static void *cancel(void *user)
{
	struct canceller *canceller = user;

	stage_wait(canceller->stage, canceller->message, canceller->n);
	bolt_session_cancel(canceller->session);
	return NULL;
}

static void cancel_when(struct canceller *canceller, struct scene *scene, const char *message, unsigned n)
{
	*canceller = (struct canceller){.stage = scene->stage, .message = message, .n = n, .session = scene->session};
	assert_int_equal(pthread_create(&canceller->thread, NULL, cancel, canceller), 0);
}

static void test_cancel_running(void **state)
{
	struct bolt_result *result;
	struct canceller canceller;
	struct scene scene;
	int64_t x;

	(void)state;
	begin(&scene, (struct bolt_driver_options){0});
	STAGE_PLAY(scene.stage, NULL, {"PULL", 0, "RECORD [1]\nHANG"});
	assert_int_equal(bolt_session_run(scene.session, &(struct bolt_statement){.text = "Q"}, DEADLINE_NEVER, &result, &scene.err), 0);
	cancel_when(&canceller, &scene, "PULL", 1);
	while (next_int(&scene, result, &x) > 0)
		;
	assert_int_equal(scene.err.class, ERR_CANCELLED);
	assert_false(bolt_is_retryable(&scene.err));
	assert_int_equal(pthread_join(canceller.thread, NULL), 0);
	bolt_result_free(result);
	// It stays cancelled; other sessions do not mind.
	err_clear(&scene.err);
	assert_int_equal(bolt_session_run(scene.session, &(struct bolt_statement){.text = "Q"}, DEADLINE_NEVER, &result, &scene.err),
			 ERR_CANCELLED);
	bolt_session_free(scene.session);
	err_clear(&scene.err);
	assert_int_equal(bolt_session_new(scene.driver, NULL, &scene.session, &scene.err), 0);
	assert_int_equal(bolt_session_run(scene.session, &(struct bolt_statement){.text = "Q"}, DEADLINE_NEVER, &result, &scene.err), 0);
	stage_cut(scene.stage);
	bolt_result_free(result);
	end(&scene);
}

static void test_cancel_pause(void **state)
{
	struct job_state job = {.text = "Q"};
	struct canceller canceller;
	struct scene scene;

	(void)state;
	begin(&scene, (struct bolt_driver_options){0});
	STAGE_PLAY(scene.stage, NULL, {"BEGIN", 0, UNAVAILABLE});
	cancel_when(&canceller, &scene, "RESET", 1);
	assert_int_equal(execute(&scene, &job), ERR_CANCELLED);
	assert_int_equal(pthread_join(canceller.thread, NULL), 0);
	assert_int_equal(stage_count(scene.stage, "BEGIN"), 1);
	end(&scene);
}

static void test_cancel_waiting(void **state)
{
	struct bolt_session *holder;
	struct bolt_tx *tx, *other;
	struct canceller canceller;
	struct scene scene;

	(void)state;
	begin(&scene, (struct bolt_driver_options){.pool_size = 1});
	assert_int_equal(bolt_session_new(scene.driver, NULL, &holder, &scene.err), 0);
	assert_int_equal(bolt_session_begin(holder, NULL, deadline_in_ms(LIMIT), &tx, &scene.err), 0);
	cancel_when(&canceller, &scene, "BEGIN", 1);
	assert_int_equal(bolt_session_begin(scene.session, NULL, DEADLINE_NEVER, &other, &scene.err), ERR_CANCELLED);
	assert_int_equal(pthread_join(canceller.thread, NULL), 0);
	bolt_tx_free(tx);
	bolt_session_free(holder);
	end(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commit),	       cmocka_unit_test(test_interleaved),  cmocka_unit_test(test_failed),
		cmocka_unit_test(test_one_at_a_time),  cmocka_unit_test(test_not_sent),	    cmocka_unit_test(test_commit_unknown),
		cmocka_unit_test(test_managed),	       cmocka_unit_test(test_no_retry),	    cmocka_unit_test(test_retryable),
		cmocka_unit_test(test_cancel_running), cmocka_unit_test(test_cancel_pause), cmocka_unit_test(test_cancel_waiting),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
