// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "base/log.h"
#include "kube/runner.h"

// The scripted reconcile's deed for a key, by the key's first letter.
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int runs, inside, most_inside;
	bool hold; // reconciles of 'h' wait for it to become false
	int64_t last_ms, gap_ms;
} script = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static int reconcile(void *user, const char *key, struct outcome *ret, struct err *err)
{
	int64_t now = clock_monotonic_ms(&clock_system);

	(void)user;
	(void)pthread_mutex_lock(&script.lock);
	script.gap_ms = now - script.last_ms;
	script.last_ms = now;
	if (++script.inside > script.most_inside)
		script.most_inside = script.inside;
	(void)pthread_cond_broadcast(&script.changed);
	while (key[0] == 'h' && script.hold)
		(void)pthread_cond_wait(&script.changed, &script.lock);
	script.inside--;
	script.runs++;
	(void)pthread_cond_broadcast(&script.changed);
	(void)pthread_mutex_unlock(&script.lock);
	ret->reason = "scripted";
	if (key[0] == 'a')
		ret->again_after_ms = 5;
	if (key[0] == 'b')
		ret->backoff = true;
	if (key[0] == 'e')
		return err_set(err, ERR_SERVER, "the server is on fire");
	if (key[0] == 'r') {
		(void)err_set(err, ERR_TOO_MANY, "later");
		err->retry_after_ms = 60;
		return err->class;
	}
	if (key[0] == 'c')
		return err_set(err, ERR_CANCELLED, "stopping");
	return 0;
}

static void wait_count(const int *count, int wanted)
{
	struct timespec until;
	int r = 0, seen;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	(void)pthread_mutex_lock(&script.lock);
	while (*count < wanted && r == 0)
		r = pthread_cond_timedwait(&script.changed, &script.lock, &until);
	seen = *count;
	(void)pthread_mutex_unlock(&script.lock);
	assert_true(seen >= wanted);
}

static void wait_runs(int wanted)
{
	wait_count(&script.runs, wanted);
}

static struct runner *begin(struct queue **ret_queue, int workers)
{
	struct runner_options options = {.workers = workers, .reconcile = reconcile, .name = "test"};
	struct runner *runner = NULL;
	struct err err = ERR_INIT;

	script.runs = script.inside = script.most_inside = 0;
	script.last_ms = clock_monotonic_ms(&clock_system);
	*ret_queue = queue_new(&(struct queue_options){.base_delay_ms = 4, .max_delay_ms = 16});
	options.queue = *ret_queue;
	assert_int_equal(runner_start(&options, &runner, &err), 0);
	return runner;
}

static void end(struct runner *runner, struct queue *queue, struct runner_stats *ret_stats)
{
	runner_stats(runner, ret_stats);
	runner_stop(runner);
	queue_free(queue);
}

static void test_done(void **state)
{
	struct runner_stats stats;
	struct queue *queue;
	struct runner *runner = begin(&queue, 1);

	(void)state;
	queue_add(queue, "done");
	wait_runs(1);
	// Handled one after the other: once the second is seen, the first is accounted for.
	queue_add(queue, "next");
	wait_runs(2);
	end(runner, queue, &stats);
	assert_int_equal(script.runs, 2);
	assert_true(stats.succeeded >= 1);
	assert_int_equal(stats.failed + stats.waiting, 0);
	assert_int_equal(stats.workers, 1);
}

static void test_again(void **state)
{
	struct runner_stats stats;
	struct queue *queue;
	struct runner *runner = begin(&queue, 2);

	(void)state;
	queue_add(queue, "again");
	wait_runs(4);
	assert_true(script.gap_ms >= 4);
	end(runner, queue, &stats);
	assert_true(stats.waiting >= 3);
}

static void test_backoff_outcome_and_error(void **state)
{
	static const char *const keys[] = {"backoff", "error"};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct runner_stats stats;
		struct queue *queue;
		struct runner *runner = begin(&queue, 2);

		queue_add(queue, keys[i]);
		// 4, 8, 16, 16 ms.
		wait_runs(5);
		assert_true(script.gap_ms >= 14);
		end(runner, queue, &stats);
		assert_true((i == 0 ? stats.waiting : stats.failed) >= 4);
	}
}

static void test_retry_after(void **state)
{
	struct runner_stats stats;
	struct queue *queue;
	struct runner *runner = begin(&queue, 1);

	(void)state;
	queue_add(queue, "retry-after");
	wait_runs(2);
	assert_true(script.gap_ms >= 59);
	end(runner, queue, &stats);
	assert_true(stats.failed >= 1);
}

static void test_cancelled_is_not_retried(void **state)
{
	struct runner_stats stats;
	struct queue *queue;
	struct runner *runner = begin(&queue, 1);

	(void)state;
	queue_add(queue, "cancelled");
	wait_runs(1);
	queue_add_after(queue, "later", 40); // beyond every back-off of this queue
	wait_runs(2);
	end(runner, queue, &stats);
	assert_int_equal(script.runs, 2);
	assert_int_equal(stats.failed, 0);
}

// A slow key holds one worker and no other key.
static void test_slow_key_delays_no_other(void **state)
{
	struct runner_stats stats;
	struct queue *queue;
	struct runner *runner = begin(&queue, 2);

	(void)state;
	script.hold = true;
	queue_add(queue, "hold");
	wait_count(&script.inside, 1); // a worker may have taken the key and not run it yet
	queue_add(queue, "x");
	queue_add(queue, "y");
	wait_runs(2);
	runner_stats(runner, &stats);
	assert_true(stats.active >= 1);
	(void)pthread_mutex_lock(&script.lock);
	script.hold = false;
	(void)pthread_cond_broadcast(&script.changed);
	(void)pthread_mutex_unlock(&script.lock);
	wait_runs(3);
	end(runner, queue, &stats);
	assert_int_equal(script.most_inside, 2);
}

static int count_threads(void)
{
	struct dirent *entry;
	DIR *folder = opendir("/proc/self/task");
	int n = 0;

	assert_non_null(folder);
	while ((entry = readdir(folder)))
		n += entry->d_name[0] != '.';
	(void)closedir(folder);
	return n;
}

static struct runner *begin_slow(struct queue **ret_queue)
{
	struct runner_options options = {.workers = 2, .reconcile = reconcile, .name = "test", .slow_ms = 20};
	struct runner *runner;
	struct err err = ERR_INIT;

	script.runs = script.inside = script.most_inside = 0;
	script.hold = true;
	*ret_queue = options.queue = queue_new(NULL);
	assert_int_equal(runner_start(&options, &runner, &err), 0);
	return runner;
}

static void add_held(struct queue *queue, int n)
{
	char key[16];

	for (int i = 0; i < n; i++) {
		(void)snprintf(key, sizeof(key), "h%d", i);
		queue_add(queue, key);
	}
}

static void hold(bool on)
{
	(void)pthread_mutex_lock(&script.lock);
	script.hold = on;
	(void)pthread_cond_broadcast(&script.changed);
	(void)pthread_mutex_unlock(&script.lock);
}

// E2: more slow keys than there are workers. Other threads step in for as long, go when they are needed no more, and come again.
static void test_slow_keys_delay_no_other(void **state)
{
	int64_t deadline = deadline_in_ms(60000);
	int before = count_threads(), runs = 0;
	struct runner_stats stats;
	struct queue *queue;
	struct runner *runner = begin_slow(&queue);

	(void)state;
	for (int round = 0; round < 2; round++) {
		hold(true);
		add_held(queue, 7);
		queue_add(queue, "x");
		queue_add(queue, "y");
		wait_runs(runs + 2);
		wait_count(&script.inside, 7);
		runner_stats(runner, &stats);
		assert_int_equal(stats.workers, 2);
		assert_true(stats.active >= 7);
		hold(false);
		wait_runs(runs += 9);
		// Two workers and who looks after them; one that is idle ends after its next key.
		while (count_threads() > before + 3) {
			assert_true(deadline_left_ms(deadline) > 0);
			queue_add(queue, "z");
			wait_runs(++runs);
		}
	}
	end(runner, queue, &stats);
	assert_int_equal(stats.failed, 0);
	// A thread that was waited for may be listed a moment longer.
	while (count_threads() > before)
		assert_true(deadline_left_ms(deadline) > 0);
}

static void group_of(const char *key, char name[QUEUE_GROUP_SIZE])
{
	(void)snprintf(name, QUEUE_GROUP_SIZE, "%.*s", (int)strcspn(key, "/"), key);
}

// E4: a namespace with more silent servers than there are places, all of them due before anybody else's: the next namespace's key runs
// at once, and so does the third's while two hold all they may.
static void test_one_namespace_delays_no_other(void **state)
{
	struct runner_options options = {.workers = 2, .reconcile = reconcile, .name = "test", .slow_ms = 20};
	const int places = runner_places(options.workers);
	struct runner_stats stats;
	struct runner *runner;
	struct err err = ERR_INIT;
	char key[16];

	(void)state;
	script.runs = script.inside = script.most_inside = 0;
	script.hold = true;
	options.queue = queue_new(&(struct queue_options){.group = group_of, .places = places});
	assert_int_equal(runner_start(&options, &runner, &err), 0);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(key, sizeof(key), "h/%d", i);
		queue_add(options.queue, key);
	}
	wait_count(&script.inside, places / 2);
	queue_add(options.queue, "x/1");
	wait_runs(1);
	for (int i = 0; i < 100; i++) {
		(void)snprintf(key, sizeof(key), "hh/%d", i);
		queue_add(options.queue, key);
	}
	wait_count(&script.inside, places * 3 / 4);
	queue_add(options.queue, "y/1");
	wait_runs(2);
	assert_true(script.most_inside < places);
	hold(false);
	wait_runs(202);
	end(runner, options.queue, &stats);
	assert_int_equal(stats.failed, 0);
}

// There is a limit; what is beyond waits its turn.
static void test_as_many_slow_keys_as_there_are(void **state)
{
	const int most = runner_places(2);
	struct runner_stats stats;
	struct queue *queue;
	struct runner *runner = begin_slow(&queue);

	(void)state;
	add_held(queue, 40);
	wait_count(&script.inside, most);
	// Each of them is slow now, and nobody steps in for the last.
	do
		runner_stats(runner, &stats);
	while (stats.unfinished_ms < most * INT64_C(100));
	hold(false);
	wait_runs(40);
	end(runner, queue, &stats);
	assert_int_equal(script.most_inside, most);
}

// Stopping waits for what runs and drops what waits.
static void test_stop(void **state)
{
	struct queue *queue;
	struct runner *runner = begin(&queue, 3);

	(void)state;
	for (int i = 0; i < 26; i++)
		queue_add(queue, (char[]){(char)('A' + i), '\0'});
	runner_stop(runner);
	assert_int_equal(script.inside, 0);
	runner_stop(NULL);
	queue_free(queue);
}

static int quiet(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR);
	return 0;
}

// D7, E2: what hangs is told, with what it is doing.
static void test_a_long_run_is_reported(void **state)
{
	struct queue *queue = queue_new(NULL);
	struct runner_options options = {.queue = queue, .workers = 2, .reconcile = reconcile, .name = "test", .long_ms = 1};
	struct runner_stats stats;
	struct runner *runner;
	struct err err = ERR_INIT;
	int64_t longest = 0;

	(void)state;
	script.runs = script.inside = script.most_inside = 0;
	script.hold = true;
	assert_int_equal(runner_start(&options, &runner, &err), 0);
	assert_int_equal(runner_look(runner), 0);
	queue_add(queue, "h");
	wait_count(&script.inside, 1);
	while (longest < 5)
		longest = runner_look(runner);
	runner_stats(runner, &stats);
	assert_true(stats.longest_ms >= longest);
	assert_int_equal(stats.active, 1);
	assert_true(stats.unfinished_ms >= stats.longest_ms);
	(void)pthread_mutex_lock(&script.lock);
	script.hold = false;
	(void)pthread_cond_broadcast(&script.changed);
	(void)pthread_mutex_unlock(&script.lock);
	wait_runs(1);
	while (runner_look(runner) > 0)
		;
	while (histogram_count(runner_times(runner)) < 1)
		;
	assert_int_equal(histogram_count(queue_waits(queue)), 1);
	runner_stop(runner);
	queue_free(queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_backoff_outcome_and_error),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_cancelled_is_not_retried),
		cmocka_unit_test(test_slow_key_delays_no_other),
		cmocka_unit_test(test_slow_keys_delay_no_other),
		cmocka_unit_test(test_one_namespace_delays_no_other),
		cmocka_unit_test(test_as_many_slow_keys_as_there_are),
		cmocka_unit_test(test_stop),
		cmocka_unit_test(test_a_long_run_is_reported),
	};

	return cmocka_run_group_tests(tests, quiet, NULL);
}
