// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

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

#include "kube/queue.h"

// A clock that stands still until a test moves it.
static int64_t now_ms;

static int64_t fake_now(void *user)
{
	(void)user;
	return now_ms;
}

static const struct clock fake_clock = {.monotonic_ms = fake_now, .wall_ms = fake_now};

static struct queue *fake_queue(void)
{
	now_ms = 1000000;
	return queue_new(&(struct queue_options){
		.base_delay_ms = 1000, .max_delay_ms = 300000, .clock = &fake_clock});
}

static void expect(struct queue *queue, const char *wanted)
{
	char key[QUEUE_KEY_SIZE];

	assert_true(queue_may_get(queue));
	assert_true(queue_get(queue, key, sizeof(key)));
	assert_string_equal(key, wanted);
}

static void test_order_and_once(void **state)
{
	_cleanup_(queue_freep) struct queue *queue = fake_queue();

	(void)state;
	queue_add(queue, "a");
	queue_add(queue, "b");
	queue_add(queue, "a");
	assert_int_equal(queue_depth(queue), 2);
	expect(queue, "a");
	expect(queue, "b");
	assert_int_equal(queue_depth(queue), 0);
	queue_done(queue, "a");
	queue_done(queue, "b");
	assert_int_equal(queue_depth(queue), 0);
}

static void test_dirty_while_processing(void **state)
{
	_cleanup_(queue_freep) struct queue *queue = fake_queue();

	(void)state;
	queue_add(queue, "a");
	expect(queue, "a");
	queue_add(queue, "a");
	queue_add(queue, "a");
	// Not handed out a second time while it is being worked on...
	assert_int_equal(queue_depth(queue), 0);
	queue_done(queue, "a");
	// ...but once more afterwards, and only once.
	assert_int_equal(queue_depth(queue), 1);
	expect(queue, "a");
	queue_done(queue, "a");
	assert_int_equal(queue_depth(queue), 0);
}

static void test_earlier_time_wins(void **state)
{
	_cleanup_(queue_freep) struct queue *queue = fake_queue();

	(void)state;
	queue_add_after(queue, "a", 500);
	queue_add_after(queue, "a", 100);
	queue_add_after(queue, "a", 900);
	now_ms += 99;
	assert_int_equal(queue_depth(queue), 0);
	now_ms += 1;
	expect(queue, "a");
	queue_done(queue, "a");
	now_ms += 10000;
	assert_int_equal(queue_depth(queue), 0);
}

static void test_now_forgets_later(void **state)
{
	_cleanup_(queue_freep) struct queue *queue = fake_queue();

	(void)state;
	queue_add_after(queue, "a", 500);
	queue_add(queue, "a");
	expect(queue, "a");
	queue_done(queue, "a");
	now_ms += 1000;
	assert_int_equal(queue_depth(queue), 0);
	// And what is due already needs no later time.
	queue_add(queue, "b");
	queue_add_after(queue, "b", 100);
	expect(queue, "b");
	queue_done(queue, "b");
	now_ms += 1000;
	assert_int_equal(queue_depth(queue), 0);
}

static void test_delay_while_processing(void **state)
{
	_cleanup_(queue_freep) struct queue *queue = fake_queue();

	(void)state;
	queue_add(queue, "a");
	expect(queue, "a");
	// As a runner does, set the next run before the present one is done.
	queue_add_after(queue, "a", 100);
	queue_done(queue, "a");
	assert_int_equal(queue_depth(queue), 0);
	now_ms += 100;
	expect(queue, "a");
	// Due while it is worked on: once more after that.
	queue_add_after(queue, "a", 50);
	now_ms += 60;
	assert_int_equal(queue_depth(queue), 0);
	queue_done(queue, "a");
	expect(queue, "a");
	// A change while it is worked on makes the later time void.
	queue_add_after(queue, "a", 50);
	queue_add(queue, "a");
	queue_done(queue, "a");
	expect(queue, "a");
	queue_done(queue, "a");
	now_ms += 60;
	assert_int_equal(queue_depth(queue), 0);
}

static void test_backoff(void **state)
{
	_cleanup_(queue_freep) struct queue *queue = fake_queue();
	int64_t wanted = 1000;

	(void)state;
	for (int i = 0; i < 14; i++) {
		int64_t ms = queue_add_backoff(queue, "a");

		assert_in_range(ms, wanted, wanted + wanted / 10);
		now_ms += ms;
		expect(queue, "a");
		queue_done(queue, "a");
		wanted = wanted * 2 > 300000 ? 300000 : wanted * 2;
	}
	// Another key has a back-off of its own, and a forgotten one starts anew.
	assert_in_range(queue_add_backoff(queue, "b"), 1000, 1100);
	queue_forget(queue, "a");
	assert_in_range(queue_add_backoff(queue, "a"), 1000, 1100);
	queue_forget(queue, "never-seen");
}

static void test_backoff_at_least(void **state)
{
	_cleanup_(queue_freep) struct queue *queue = fake_queue();

	(void)state;
	assert_in_range(queue_add_backoff_at_least(queue, "a", 7000), 7000, 7700);
	now_ms += 6999;
	assert_int_equal(queue_depth(queue), 0);
	now_ms += 702;
	expect(queue, "a");
	queue_done(queue, "a");
	// It counted as a failure, and the back-off wins where it is longer.
	assert_in_range(queue_add_backoff_at_least(queue, "a", 100), 2000, 2200);
}

static void test_event_beats_backoff(void **state)
{
	_cleanup_(queue_freep) struct queue *queue = fake_queue();

	(void)state;
	(void)queue_add_backoff(queue, "a");
	queue_add(queue, "a");
	expect(queue, "a");
	queue_done(queue, "a");
	// The failures are not forgotten by it.
	assert_in_range(queue_add_backoff(queue, "a"), 2000, 2200);
}

#define MODEL_KEYS 40

// The heap against a plain table of times, over some thousand random steps.
static void test_delays_against_model(void **state)
{
	_cleanup_(queue_freep) struct queue *queue = fake_queue();
	int64_t due[MODEL_KEYS];
	unsigned seed = 7;

	(void)state;
	memset(due, -1, sizeof(due));
	for (int step = 0; step < 20000; step++) {
		int k = rand_r(&seed) % MODEL_KEYS;
		int64_t delay = 1 + rand_r(&seed) % 500;
		char key[QUEUE_KEY_SIZE];
		size_t ripe = 0;

		(void)snprintf(key, sizeof(key), "key-%d", k);
		if (rand_r(&seed) % 8 == 0) {
			queue_add(queue, key);
			due[k] = now_ms;
		} else {
			queue_add_after(queue, key, delay);
			if (due[k] < 0 || due[k] > now_ms + delay)
				due[k] = now_ms + delay;
		}
		now_ms += rand_r(&seed) % 20;
		for (int i = 0; i < MODEL_KEYS; i++)
			ripe += due[i] >= 0 && due[i] <= now_ms;
		assert_int_equal(queue_depth(queue), ripe);
		for (; ripe > 0; ripe--) {
			assert_true(queue_get(queue, key, sizeof(key)));
			k = atoi(key + 4);
			assert_true(due[k] >= 0 && due[k] <= now_ms);
			due[k] = -1;
			queue_done(queue, key);
		}
	}
}

static void test_shutdown(void **state)
{
	_cleanup_(queue_freep) struct queue *queue = fake_queue();
	char key[QUEUE_KEY_SIZE];

	(void)state;
	queue_add(queue, "a");
	queue_add_after(queue, "b", 10);
	queue_shutdown(queue);
	assert_false(queue_get(queue, key, sizeof(key)));
	queue_add(queue, "c");
	queue_add_after(queue, "c", 10);
	assert_int_equal(queue_add_backoff(queue, "c"), 0);
	assert_false(queue_get(queue, key, sizeof(key)));
}

static void *get_one(void *user)
{
	static char key[QUEUE_KEY_SIZE];

	return queue_get(user, key, sizeof(key)) ? key : NULL;
}

static void test_waiter_woken_by_clock_and_shutdown(void **state)
{
	_cleanup_(queue_freep) struct queue *queue = fake_queue();
	pthread_t thread;
	void *result;

	(void)state;
	queue_add_after(queue, "a", 50);
	now_ms += 50;
	assert_int_equal(pthread_create(&thread, NULL, get_one, queue), 0);
	queue_wake(queue);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_string_equal(result, "a");
	queue_done(queue, "a");
	assert_int_equal(pthread_create(&thread, NULL, get_one, queue), 0);
	queue_shutdown(queue);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_null(result);
}

// A rendezvous with a deadline; asserts are for the main thread only.
struct meeting {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int value;
};

static bool meeting_reach(struct meeting *meeting, int value)
{
	struct timespec until;
	int r = 0;
	bool reached;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	(void)pthread_mutex_lock(&meeting->lock);
	while (meeting->value < value && r == 0)
		r = pthread_cond_timedwait(&meeting->changed, &meeting->lock, &until);
	reached = meeting->value >= value;
	(void)pthread_mutex_unlock(&meeting->lock);
	return reached;
}

static int meeting_value(struct meeting *meeting)
{
	int value;

	(void)pthread_mutex_lock(&meeting->lock);
	value = meeting->value;
	(void)pthread_mutex_unlock(&meeting->lock);
	return value;
}

static void meeting_add(struct meeting *meeting)
{
	(void)pthread_mutex_lock(&meeting->lock);
	meeting->value++;
	(void)pthread_cond_broadcast(&meeting->changed);
	(void)pthread_mutex_unlock(&meeting->lock);
}

struct baton {
	struct queue *queue;
	struct meeting second_ran, rounds;
	_Atomic bool late;
};

// The first key is not done before the second one has run elsewhere.
static void *baton_worker(void *user)
{
	struct baton *baton = user;
	char key[QUEUE_KEY_SIZE];

	while (queue_get(baton->queue, key, sizeof(key))) {
		int round = atoi(key + 1);

		if (key[0] == 'b')
			meeting_add(&baton->second_ran);
		else if (!meeting_reach(&baton->second_ran, round))
			baton->late = true;
		queue_done(baton->queue, key);
		meeting_add(&baton->rounds);
	}
	return NULL;
}

// Two workers sleep without an end, then two delays are set; one worker wakes, takes the first key and is
// long busy with it: the other must not sleep through the second delay.
static void test_no_delay_slept_through(void **state)
{
	_cleanup_(queue_freep) struct queue *queue = queue_new(NULL);
	struct baton baton = {
		.queue = queue,
		.second_ran = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER},
		.rounds = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER},
	};
	pthread_t threads[2];

	(void)state;
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, baton_worker, &baton), 0);
	for (int round = 1; round <= 100 && !baton.late; round++) {
		char first[16], second[16];

		(void)snprintf(first, sizeof(first), "a%d", round);
		(void)snprintf(second, sizeof(second), "b%d", round);
		queue_add_after(queue, first, 2);
		queue_add_after(queue, second, 5);
		assert_true(meeting_reach(&baton.rounds, 2 * round));
	}
	assert_false(baton.late);
	queue_shutdown(queue);
	for (int i = 0; i < 2; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

#define STRESS_KEYS 23
#define STRESS_PRODUCERS 3
#define STRESS_WORKERS 4
#define STRESS_ADDS 4000

static struct {
	struct queue *queue;
	_Atomic int wanted[STRESS_KEYS], seen[STRESS_KEYS], inside[STRESS_KEYS];
	_Atomic bool overlap;
	_Atomic unsigned producers;
	struct meeting progress;
} stress;

static void *stress_producer(void *user)
{
	unsigned seed = atomic_fetch_add(&stress.producers, 1);

	(void)user;
	for (int i = 0; i < STRESS_ADDS; i++) {
		int k = rand_r(&seed) % STRESS_KEYS;
		char key[16];

		(void)snprintf(key, sizeof(key), "k%d", k);
		atomic_fetch_add(&stress.wanted[k], 1);
		if (rand_r(&seed) % 4 == 0)
			queue_add_after(stress.queue, key, rand_r(&seed) % 3);
		else
			queue_add(stress.queue, key);
	}
	return NULL;
}

static void *stress_worker(void *user)
{
	unsigned seed = 99;
	char key[QUEUE_KEY_SIZE];

	(void)user;
	while (queue_get(stress.queue, key, sizeof(key))) {
		int k = atoi(key + 1);

		if (atomic_fetch_add(&stress.inside[k], 1) != 0)
			stress.overlap = true;
		// A run sees all that was asked for before it began.
		atomic_store(&stress.seen[k], atomic_load(&stress.wanted[k]));
		if (rand_r(&seed) % 16 == 0)
			(void)queue_add_backoff(stress.queue, key);
		else
			queue_forget(stress.queue, key);
		atomic_fetch_sub(&stress.inside[k], 1);
		queue_done(stress.queue, key);
		meeting_add(&stress.progress);
	}
	return NULL;
}

static bool stress_satisfied(void)
{
	for (int k = 0; k < STRESS_KEYS; k++) {
		if (atomic_load(&stress.seen[k]) != atomic_load(&stress.wanted[k]))
			return false;
	}
	return true;
}

static void test_stress(void **state)
{
	pthread_t producers[STRESS_PRODUCERS], workers[STRESS_WORKERS];

	(void)state;
	stress.queue = queue_new(&(struct queue_options){.base_delay_ms = 1, .max_delay_ms = 4});
	(void)pthread_mutex_init(&stress.progress.lock, NULL);
	(void)pthread_cond_init(&stress.progress.changed, NULL);
	for (int i = 0; i < STRESS_WORKERS; i++)
		assert_int_equal(pthread_create(&workers[i], NULL, stress_worker, NULL), 0);
	for (int i = 0; i < STRESS_PRODUCERS; i++)
		assert_int_equal(pthread_create(&producers[i], NULL, stress_producer, NULL), 0);
	for (int i = 0; i < STRESS_PRODUCERS; i++)
		assert_int_equal(pthread_join(producers[i], NULL), 0);
	while (!stress_satisfied()) {
		int before = meeting_value(&stress.progress);

		if (!stress_satisfied())
			assert_true(meeting_reach(&stress.progress, before + 1));
	}
	queue_shutdown(stress.queue);
	for (int i = 0; i < STRESS_WORKERS; i++)
		assert_int_equal(pthread_join(workers[i], NULL), 0);
	assert_false(stress.overlap);
	queue_free(stress.queue);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order_and_once),
		cmocka_unit_test(test_dirty_while_processing),
		cmocka_unit_test(test_earlier_time_wins),
		cmocka_unit_test(test_now_forgets_later),
		cmocka_unit_test(test_delay_while_processing),
		cmocka_unit_test(test_backoff),
		cmocka_unit_test(test_backoff_at_least),
		cmocka_unit_test(test_event_beats_backoff),
		cmocka_unit_test(test_delays_against_model),
		cmocka_unit_test(test_shutdown),
		cmocka_unit_test(test_waiter_woken_by_clock_and_shutdown),
		cmocka_unit_test(test_no_delay_slept_through),
		cmocka_unit_test(test_stress),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
