// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// F1, F2: when the tokens of the Secret and of the servers are compared, and how often a lost one is registered.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "operator/fleet/token_follow.h"

#define NOW INT64_C(1000000)
#define MINUTE INT64_C(60000)
#define DAY (1440 * MINUTE)

static enum follow_step step_at(const struct follow_memory *memory, const struct follow_facts *facts, int64_t now)
{
	int64_t left;

	return follow_step(memory, facts, now, &left);
}

static void compared(struct follow_memory *memory, const struct follow_facts *facts, const char *held, bool called, int64_t now)
{
	follow_note_compared(memory, facts, &(struct follow_outcome){.called = called, .registered = true, .held = held}, now);
}

// F1: once for each version of the Secret, and for each token that the servers turn out to hold.
static void test_once(void **state)
{
	struct follow_facts facts = {.source = "a token 1", .runs = "r"};
	struct follow_memory memory = {0};

	(void)state;
	assert_int_equal(step_at(&memory, &facts, NOW), FOLLOW_COMPARE);
	compared(&memory, &facts, "p-1 2999", false, NOW);
	assert_int_equal(step_at(&memory, &facts, NOW), FOLLOW_REST);
	follow_note_look(&memory, "p-1 2999", true);
	follow_note_look(&memory, NULL, false);
	assert_int_equal(step_at(&memory, &facts, NOW), FOLLOW_REST);
	facts.runs = "other";
	assert_int_equal(step_at(&memory, &facts, NOW), FOLLOW_REST);
	follow_note_look(&memory, "p-2 2999", true);
	assert_int_equal(step_at(&memory, &facts, NOW), FOLLOW_COMPARE);
	compared(&memory, &facts, "p-2 2999", false, NOW);
	assert_int_equal(step_at(&memory, &facts, NOW), FOLLOW_REST);
	facts.source = "a token 2";
	assert_int_equal(step_at(&memory, &facts, NOW), FOLLOW_COMPARE);
	compared(&memory, &facts, "p-1 3000", true, NOW);
	follow_note_look(&memory, "p-1 3000", false);
	assert_int_equal(step_at(&memory, &facts, NOW), FOLLOW_REST);
}

// F2: a token that is lost again and again is registered ever more seldom, at most once a day in the end, and never stops.
static void test_no_storm(void **state)
{
	struct follow_facts facts = {.source = "a token 1", .runs = "r", .gone = true};
	struct follow_memory memory = {0};
	int64_t now = NOW, left;
	unsigned calls = 0, last_day = 0;

	(void)state;
	for (; now < NOW + 10 * DAY; now += MINUTE) {
		if (step_at(&memory, &facts, now) != FOLLOW_COMPARE)
			continue;
		compared(&memory, &facts, "p-1 2999", true, now);
		assert_int_equal(follow_step(&memory, &facts, now, &left), FOLLOW_WAIT);
		assert_in_range(left, 5 * MINUTE, DAY);
		calls++;
		last_day += now >= NOW + 9 * DAY;
	}
	assert_in_range(calls, 10, 20);
	assert_int_equal(last_day, 1);
}

// F1: a newer token that the service has revoked is taken and lost at once: that is no reason to give it to the server again and again.
static void test_lost_at_once(void **state)
{
	const struct follow_outcome lost = {.called = true}, unreachable = {0};
	struct follow_facts facts = {.source = "a token 1", .runs = "r"};
	struct follow_memory memory = {0};

	(void)state;
	follow_note_compared(&memory, &facts, &unreachable, NOW);
	assert_int_equal(step_at(&memory, &facts, NOW + 1), FOLLOW_COMPARE);
	follow_note_compared(&memory, &facts, &lost, NOW);
	assert_int_equal(step_at(&memory, &facts, NOW + 5 * MINUTE - 1), FOLLOW_WAIT);
	assert_int_equal(step_at(&memory, &facts, NOW + 5 * MINUTE), FOLLOW_COMPARE);
	facts.gone = true;
	follow_note_compared(&memory, &facts, &lost, NOW + 5 * MINUTE);
	assert_int_equal(step_at(&memory, &facts, NOW + 15 * MINUTE - 1), FOLLOW_WAIT);
	facts.source = "a token 2";
	assert_int_equal(step_at(&memory, &facts, NOW + 5 * MINUTE), FOLLOW_COMPARE);
}

// Another Secret, servers that have started, or a token that has connected in between: it begins anew.
static void test_another_loss(void **state)
{
	struct follow_facts facts = {.source = "a token 1", .runs = "r", .gone = true};
	struct follow_memory memory = {0};

	(void)state;
	compared(&memory, &facts, "p-1 2999", true, NOW);
	assert_int_equal(step_at(&memory, &facts, NOW + 1), FOLLOW_WAIT);
	facts.runs = "after a restart";
	assert_int_equal(step_at(&memory, &facts, NOW + 1), FOLLOW_COMPARE);
	compared(&memory, &facts, "p-1 2999", true, NOW);
	facts.source = "a token 2";
	assert_int_equal(step_at(&memory, &facts, NOW + 1), FOLLOW_COMPARE);
	compared(&memory, &facts, "p-1 2999", true, NOW);
	assert_int_equal(step_at(&memory, &facts, NOW + 1), FOLLOW_WAIT);
	follow_note_look(&memory, NULL, true);
	assert_int_equal(step_at(&memory, &facts, NOW + 1), FOLLOW_COMPARE);
}

// F2: servers that were said to hold none hold a good one: they are not asked again and again until a look has found it, too.
static void test_held_after_all(void **state)
{
	struct follow_facts facts = {.source = "a token 1", .runs = "r", .gone = true};
	struct follow_memory memory = {0};

	(void)state;
	compared(&memory, &facts, "p-1 2999", false, NOW);
	assert_int_equal(step_at(&memory, &facts, NOW + 5 * MINUTE - 1), FOLLOW_WAIT);
	assert_int_equal(step_at(&memory, &facts, NOW + 5 * MINUTE), FOLLOW_COMPARE);
	facts.gone = false;
	assert_int_equal(step_at(&memory, &facts, NOW + 1), FOLLOW_REST);
}

// F1: a token that has expired is the older one, whichever the servers hold; a loss, or another Secret, is another matter.
static void test_outlived(void **state)
{
	const struct follow_outcome outlived = {.outlived = true};
	struct follow_facts facts = {.source = "a token 1", .runs = "r"};
	struct follow_memory memory = {0};

	(void)state;
	follow_note_compared(&memory, &facts, &outlived, NOW);
	assert_int_equal(step_at(&memory, &facts, NOW), FOLLOW_REST);
	follow_note_look(&memory, "p-1 2999", true);
	follow_note_look(&memory, "p-1 3000", true);
	assert_int_equal(step_at(&memory, &facts, NOW), FOLLOW_REST);
	facts.gone = true;
	assert_int_equal(step_at(&memory, &facts, NOW), FOLLOW_COMPARE);
	facts.gone = false;
	facts.source = "a token 2";
	assert_int_equal(step_at(&memory, &facts, NOW), FOLLOW_COMPARE);
	compared(&memory, &facts, "p-1 3000", false, NOW);
	follow_note_look(&memory, "p-1 3001", true);
	assert_int_equal(step_at(&memory, &facts, NOW), FOLLOW_COMPARE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once),
		cmocka_unit_test(test_no_storm),
		cmocka_unit_test(test_lost_at_once),
		cmocka_unit_test(test_another_loss),
		cmocka_unit_test(test_held_after_all),
		cmocka_unit_test(test_outlived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
