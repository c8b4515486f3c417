// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B7: how long after a survey the next one is due. E1: those of settled clusters are ten minutes apart at least, and part.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "operator/cluster/cluster_steps.h"
#include "operator/cluster/survey.h"
#include "operator/fleet/registration_exchange.h"
#include "operator/object/reason.h"

#define SETTLED_MS 600000
#define SPREAD_MS 60000

static int64_t pace(struct cluster_memory *memory, bool settled)
{
	memory->fresh = true;
	return cluster_pace(memory, settled);
}

static void test_unsettled(void **state)
{
	_cleanup_(survey_freep) struct survey *survey = survey_new();
	struct cluster_memory memory = {.last = survey};
	static const int64_t delays[] = {1000, 2000, 4000, 8000, 8000};

	(void)state;
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++)
		assert_int_equal(pace(&memory, false), delays[i]);
	// A pass without a new survey waits for what was left.
	assert_in_range(cluster_pace(&memory, false), 1, 8001);
	// A survey that found all well begins anew.
	(void)pace(&memory, true);
	assert_int_equal(pace(&memory, false), delays[0]);
}

static void test_settled_ones_part(void **state)
{
	_cleanup_(survey_freep) struct survey *survey = survey_new();
	struct cluster_memory memory = {.last = survey};
	int64_t least = INT64_MAX, most = 0;

	(void)state;
	for (int i = 0; i < 100; i++) {
		int64_t delay = pace(&memory, true);

		assert_in_range(delay, SETTLED_MS, SETTLED_MS + SPREAD_MS - 1);
		least = delay < least ? delay : least;
		most = delay > most ? delay : most;
	}
	assert_in_range(most - least, SPREAD_MS / 2, SPREAD_MS);
}

// A roll begins: the last survey, of a settled cluster, may tell of a database that was not online yet. Ten minutes are no time to wait for it.
static void test_settled_no_more(void **state)
{
	_cleanup_(survey_freep) struct survey *survey = survey_new();
	struct cluster_memory memory = {.last = survey};
	int64_t soon = clock_monotonic_ms(&clock_system) + 60000;

	(void)state;
	(void)pace(&memory, true);
	assert_in_range(cluster_pace(&memory, true), SETTLED_MS - 60000, SETTLED_MS + SPREAD_MS);
	assert_in_range(cluster_pace(&memory, false), 1, 1001);
	assert_in_range(cluster_pace(&memory, false), 1, 1001);
	assert_true(memory.next_ms < soon);
	assert_int_equal(pace(&memory, false), 1000);
}

// F5 E1: all is well but for a database, which is on its way or never comes: asked anew, and ever more seldom.
static void test_a_database_on_its_way(void **state)
{
	_cleanup_(survey_freep) struct survey *survey = survey_new();
	struct topology_copy copy = {.database = "neo4j", .address = "a:7687", .requested = "online", .current = "starting"};
	struct cluster_memory memory = {.last = survey};
	int64_t delay = 1000;

	(void)state;
	survey->copies = (struct topology_copies){.items = &copy, .n = 1};
	for (int i = 0; i < 5; i++)
		(void)pace(&memory, false);
	for (int i = 0; i < 12; i++) {
		assert_int_equal(pace(&memory, true), delay);
		delay = delay * 2 < SETTLED_MS ? delay * 2 : SETTLED_MS;
	}
	copy.current = "online";
	assert_in_range(pace(&memory, true), SETTLED_MS, SETTLED_MS + SPREAD_MS - 1);
	copy.requested = copy.current = "offline"; // as somebody has asked
	assert_in_range(pace(&memory, true), SETTLED_MS, SETTLED_MS + SPREAD_MS - 1);
}

static void test_refused(void **state)
{
	_cleanup_(survey_freep) struct survey *survey = survey_new();
	struct cluster_memory memory = {.last = survey, .refused = "not now"};
	static const int64_t delays[] = {5000, 10000, 20000, 40000, 60000, 60000};

	(void)state;
	for (size_t i = 0; i < sizeof(delays) / sizeof(delays[0]); i++)
		assert_int_equal(pace(&memory, false), delays[i]);
	memory.refused[0] = '\0';
	(void)pace(&memory, true);
	kept_set(memory.refused, "not now");
	assert_int_equal(pace(&memory, false), delays[0]);
	memory.refused[0] = '\0';
	survey->problem = "The password was refused";
	survey->reason = REASON_CREDENTIALS_REFUSED;
	assert_int_equal(pace(&memory, true), 60000);
	survey->reason = REASON_UNREACHABLE;
	assert_int_equal(pace(&memory, true), 1000);
}

static void test_never_asked(void **state)
{
	struct cluster_memory memory = {0};

	(void)state;
	assert_int_equal(cluster_pace(&memory, true), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unsettled),
		cmocka_unit_test(test_settled_ones_part),
		cmocka_unit_test(test_settled_no_more),
		cmocka_unit_test(test_a_database_on_its_way),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_never_asked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
