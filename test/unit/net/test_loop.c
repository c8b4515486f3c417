// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/loop.h"

// The loop thread's notes; waits of the test's thread end by loop_signal().
struct notes {
	struct loop *loop;
	struct loop_waiter waiter;
	char text[64];
	pthread_t thread;
	int64_t began_ms, ended_ms;
	_Atomic int count;
	_Atomic int while_stopping;
};

static struct loop *begin(struct notes *notes)
{
	struct err err = ERR_INIT;

	memset(notes, 0, sizeof(*notes));
	assert_int_equal(loop_new(&notes->loop, &err), 0);
	assert_int_equal(loop_start(notes->loop, &err), 0);
	return notes->loop;
}

static void end(struct notes *notes)
{
	loop_stop(notes->loop);
	loop_free(notes->loop);
}

static void note_a(void *user)
{
	struct notes *notes = user;

	strcat(notes->text, "a");
	notes->thread = pthread_self();
}

static void note_b(void *user)
{
	strcat(((struct notes *)user)->text, "b");
}

static void note_c(void *user)
{
	strcat(((struct notes *)user)->text, "c");
}

static void signal_end(void *user)
{
	struct notes *notes = user;

	notes->ended_ms = clock_monotonic_ms(&clock_system);
	loop_signal(notes->loop, &notes->waiter);
}

static void test_posts_run_in_order_on_its_thread(void **state)
{
	struct notes notes;
	struct loop *loop = begin(&notes);

	(void)state;
	loop_post(loop, note_b, &notes);
	loop_post(loop, note_a, &notes);
	loop_post(loop, note_c, &notes);
	loop_post(loop, signal_end, &notes);
	loop_wait(loop, &notes.waiter);
	assert_string_equal(notes.text, "bac");
	assert_false(pthread_equal(notes.thread, pthread_self()));
	end(&notes);
}

static void set_timers(void *user)
{
	struct notes *notes = user;

	notes->began_ms = clock_monotonic_ms(&clock_system);
	loop_timer(notes->loop, 30, signal_end, notes);
	loop_timer(notes->loop, 20, note_c, notes);
	loop_timer(notes->loop, 0, note_a, notes);
	loop_timer(notes->loop, 20, note_b, notes);
}

static void test_timers_in_order_of_their_time(void **state)
{
	struct notes notes;
	struct loop *loop = begin(&notes);

	(void)state;
	loop_post(loop, set_timers, &notes);
	loop_wait(loop, &notes.waiter);
	assert_string_equal(notes.text, "acb");
	assert_true(notes.ended_ms - notes.began_ms >= 30);
	end(&notes);
}

static void timer_far_away(void *user)
{
	struct notes *notes = user;

	loop_timer(notes->loop, 3600000, note_c, notes);
}

// A post wakes a loop that would sleep for an hour, and a timer that is pending at the end is dropped.
static void test_a_post_wakes(void **state)
{
	struct notes notes;
	struct loop *loop = begin(&notes);

	(void)state;
	loop_post(loop, timer_far_away, &notes);
	loop_post(loop, note_a, &notes);
	loop_post(loop, signal_end, &notes);
	loop_wait(loop, &notes.waiter);
	end(&notes);
	assert_string_equal(notes.text, "a");
}

static void count(void *user)
{
	struct notes *notes = user;

	if (loop_is_stopping(notes->loop))
		atomic_fetch_add(&notes->while_stopping, 1);
	atomic_fetch_add(&notes->count, 1);
}

static void *post_many(void *user)
{
	struct notes *notes = user;

	for (int i = 0; i < 500; i++)
		loop_post(notes->loop, count, notes);
	return NULL;
}

// Whatever is posted while the loop comes to its end is called once: nobody who waits is forgotten.
static void test_none_is_lost_when_it_stops(void **state)
{
	struct notes notes;
	pthread_t threads[4];

	(void)state;
	(void)begin(&notes);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, post_many, &notes), 0);
	while (atomic_load(&notes.count) < 100)
		(void)sched_yield();
	loop_stop(notes.loop);
	for (int i = 0; i < 4; i++)
		(void)pthread_join(threads[i], NULL);
	loop_post(notes.loop, count, &notes);
	assert_int_equal(notes.count, 2001);
	assert_true(notes.while_stopping >= 1);
	loop_stop(notes.loop);
	loop_free(notes.loop);
	loop_free(NULL);
}

// A loop that was never started can be stopped and freed.
static void test_never_started(void **state)
{
	struct notes notes = {0};
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(loop_new(&notes.loop, &err), 0);
	loop_post(notes.loop, count, &notes);
	assert_int_equal(notes.count, 0);
	loop_free(notes.loop);
	assert_int_equal(notes.count, 1);
}

struct waiting {
	struct notes *notes;
	struct loop_waiter waiter;
};

static void signal_waiting(void *user)
{
	struct waiting *waiting = user;

	loop_signal(waiting->notes->loop, &waiting->waiter);
}

static void *post_and_wait(void *user)
{
	struct notes *notes = user;

	for (int i = 0; i < 200; i++) {
		struct waiting waiting = {.notes = notes};

		loop_post(notes->loop, signal_waiting, &waiting);
		loop_wait(notes->loop, &waiting.waiter);
		atomic_fetch_add(&notes->count, 1);
	}
	return NULL;
}

// Each is woken by its own signal, and no more than once.
static void test_many_wait(void **state)
{
	struct notes notes;
	pthread_t threads[4];

	(void)state;
	(void)begin(&notes);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, post_and_wait, &notes), 0);
	for (int i = 0; i < 4; i++)
		(void)pthread_join(threads[i], NULL);
	assert_int_equal(notes.count, 800);
	end(&notes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_posts_run_in_order_on_its_thread),
		cmocka_unit_test(test_timers_in_order_of_their_time),
		cmocka_unit_test(test_a_post_wakes),
		cmocka_unit_test(test_none_is_lost_when_it_stops),
		cmocka_unit_test(test_never_started),
		cmocka_unit_test(test_many_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
