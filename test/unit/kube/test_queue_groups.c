// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// How the groups of a work queue take turns, and share places and workers (E4).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kube/queue.h"
#include "kube/turns.h"

static int64_t now_ms;

static int64_t fake_now(void *user)
{
	(void)user;
	return now_ms;
}

static const struct clock fake_clock = {.monotonic_ms = fake_now, .wall_ms = fake_now};

static void expect(struct queue *queue, const char *wanted)
{
	char key[QUEUE_KEY_SIZE];

	assert_true(queue_may_get(queue));
	assert_true(queue_get(queue, key, sizeof(key)));
	assert_string_equal(key, wanted);
}

static void expect_none(struct queue *queue)
{
	assert_true(queue_depth(queue) > 0);
	assert_false(queue_may_get(queue));
}

static void first_letter(const char *key, char name[QUEUE_GROUP_SIZE])
{
	name[0] = key[0];
	name[1] = '\0';
}

static struct queue *grouped_queue(int places, int workers)
{
	now_ms = 1000000;
	return queue_new(&(struct queue_options){.clock = &fake_clock, .group = first_letter, .places = places, .workers = workers});
}

static void add_all(struct queue *queue, const char *const *keys)
{
	for (; *keys; keys++)
		queue_add(queue, *keys);
}

// E4: groups take turns, and within one it is first come, first served.
static void test_groups_take_turns(void **state)
{
	static const char *const keys[] = {"a1", "a2", "a3", "a4", "b1", "c1", "b2", NULL};
	static const char *const wanted[] = {"a1", "b1", "c1", "a2", "b2", "a3", "a4", NULL};
	_cleanup_(queue_freep) struct queue *queue = grouped_queue(0, 0);

	(void)state;
	add_all(queue, keys);
	for (const char *const *key = wanted; *key; key++)
		expect(queue, *key);
	assert_int_equal(queue_depth(queue), 0);
	for (const char *const *key = wanted; *key; key++)
		queue_done(queue, *key);
}

// E4: one group has at most as many keys worked on as there are places free; a first one it always has.
static void test_a_group_leaves_places_free(void **state)
{
	static const char *const keys[] = {"a1", "a2", "a3", "a4", "a5", "b1", "b2", "c1", "d1", NULL};
	_cleanup_(queue_freep) struct queue *queue = grouped_queue(6, 0);

	(void)state;
	add_all(queue, keys);
	expect(queue, "a1");
	expect(queue, "b1");
	expect(queue, "c1");
	expect(queue, "d1");
	expect(queue, "a2"); // one of two
	queue_add(queue, "e1");
	expect(queue, "e1"); // the last place: nobody has more than two
	queue_add(queue, "f1");
	assert_int_equal(queue_depth(queue), 5);
	queue_done(queue, "a1");
	expect(queue, "f1"); // the new one, although a and b were first
	queue_done(queue, "b1");
	expect(queue, "b2");
	queue_done(queue, "c1");
	queue_done(queue, "d1");
	queue_done(queue, "e1");
	expect(queue, "a3");
	queue_done(queue, "f1");
	queue_done(queue, "b2");
	queue_done(queue, "a2");
	expect(queue, "a4");
	expect(queue, "a5");
	queue_shutdown(queue);
}

// E4: the workers are shared out among the groups that have something to do; one alone has them all.
static void test_groups_share_the_workers(void **state)
{
	static const char *const keys[] = {"a1", "a2", "a3", "a4", "a5", "b1", NULL};
	_cleanup_(queue_freep) struct queue *queue = grouped_queue(100, 4);

	(void)state;
	add_all(queue, keys);
	expect(queue, "a1");
	expect(queue, "b1");
	expect(queue, "a2");
	expect_none(queue); // two groups: two each
	queue_add(queue, "c1");
	expect(queue, "c1");
	queue_done(queue, "a1");
	expect_none(queue); // three groups: one each, and a has one
	queue_done(queue, "c1");
	expect(queue, "a3");
	queue_add(queue, "a6");
	queue_add(queue, "a7");
	queue_done(queue, "b1"); // nobody else is left
	expect(queue, "a4");
	expect(queue, "a5");
	expect(queue, "a6"); // more than there are workers: where they wait, others step in
	expect(queue, "a7");
	queue_done(queue, "a2");
	queue_done(queue, "a3");
	queue_done(queue, "a4");
	queue_done(queue, "a5");
	queue_done(queue, "a6");
	queue_done(queue, "a7");
}

// E4: what has been worked on for long waits, and keeps nobody else of its group from being worked on.
static void test_who_waits_has_no_share(void **state)
{
	static const char *const keys[] = {"a1", "a2", "a3", "b1", NULL};
	_cleanup_(queue_freep) struct queue *queue = grouped_queue(100, 2);

	(void)state;
	add_all(queue, keys);
	expect(queue, "a1");
	expect(queue, "b1");
	expect_none(queue);
	now_ms += TURNS_PATIENCE_MS - 1;
	expect_none(queue);
	now_ms++;
	expect(queue, "a2");
	expect_none(queue);
	queue_done(queue, "a1"); // a2 has the share still
	expect_none(queue);
	now_ms += TURNS_PATIENCE_MS;
	expect(queue, "a3");
	queue_done(queue, "a2");
	queue_done(queue, "a3");
	queue_done(queue, "b1");
}

// A worker that finds nothing but what has no share sleeps no longer than until it has one.
static void test_a_share_comes_by_time(void **state)
{
	_cleanup_(queue_freep) struct queue *queue = queue_new(&(struct queue_options){.group = first_letter, .workers = 1});
	static const char *const keys[] = {"a1", "b1", "a2", NULL};
	char key[QUEUE_KEY_SIZE];

	(void)state;
	add_all(queue, keys);
	expect(queue, "a1");
	expect(queue, "b1");
	assert_true(queue_get(queue, key, sizeof(key)));
	assert_string_equal(key, "a2");
	queue_done(queue, "a1");
	queue_done(queue, "a2");
	queue_done(queue, "b1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_groups_take_turns),
		cmocka_unit_test(test_a_group_leaves_places_free),
		cmocka_unit_test(test_groups_share_the_workers),
		cmocka_unit_test(test_who_waits_has_no_share),
		cmocka_unit_test(test_a_share_comes_by_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
