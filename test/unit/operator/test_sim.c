// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B6, B8: random histories of a simulated cluster under the real scale_decide(), roll_decide(), roll_record() and phase_judge(). No claim is
// deleted that may hold the last copy of a database, no two servers are away by our doing, and without faults the operator comes to rest
// with what is wanted.
//
//	test_operator_sim                                  the unit tests
//	test_operator_sim --histories N [--seed S] [--rule NAME]   N histories from seed S on; of each broken promise the first is told

#include <getopt.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "sim/history.h"
#include "sim/rule.h"

#define HISTORIES 20000
#define PROMISES_MAX 16

// The first history that breaks a promise, cut down; false: none does.
static bool find(uint64_t seed, unsigned long n, enum world_rule rule, struct arena *arena, struct history *ret)
{
	for (unsigned long i = 0; i < n; i++) {
		history_draw(seed + i, rule, ret);
		if (history_run(ret, arena, NULL)) {
			history_shrink(ret, arena);
			return true;
		}
	}
	return false;
}

static void tell(const struct history *history, struct arena *arena)
{
	(void)printf("seed %llu, rules %s, cut down to %zu events:\n", (unsigned long long)history->seed, rule_name(history->rule),
		     history->n);
	(void)history_run(history, arena, stdout);
}

static void expect_kept(uint64_t from, unsigned long n)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct history history;

	if (!find(from, n, RULES_RIGHT, arena, &history))
		return;
	tell(&history, arena);
	fail();
}

static void test_keeps_its_promises(void **state)
{
	(void)state;
	expect_kept(1, HISTORIES);
}

// A pod that fails waits for the surplus servers to be Enabled, and these wait for it before they leave.
static void test_no_wait_in_a_circle(void **state)
{
	(void)state;
	expect_kept(586424, 1);
}

// Each faulty rule is found (one of them takes long, so it begins near a seed that shows it), and its history has no event that could be spared.
static void expect_found(uint64_t from, enum world_rule rule, const char *promise)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct history history;

	assert_true(find(from, HISTORIES, rule, arena, &history));
	tell(&history, arena);
	assert_non_null(strstr(history_run(&history, arena, NULL), promise));
	for (size_t i = 0; i < history.n; i++) {
		struct history shorter = history;
		const char *other;

		history_cut(&shorter, i, 1);
		other = history_run(&shorter, arena, NULL);
		assert_true(!other || !strstr(other, promise));
	}
	history.rule = RULES_RIGHT;
	assert_null(history_run(&history, arena, NULL));
}

static void test_finds_that_unlisted_is_gone(void **state)
{
	(void)state;
	expect_found(1, RULE_UNLISTED_IS_GONE, "loses its claim");
}

static void test_finds_that_unready_goes(void **state)
{
	(void)state;
	expect_found(1, RULE_UNREADY_GOES, "is evicted while another server is away");
}

static void test_finds_that_a_note_is_made_anew(void **state)
{
	(void)state;
	expect_found(38000, RULE_NOTE_ANEW, "is evicted while another server is away");
}

struct tally {
	const char *promises[PROMISES_MAX];
	unsigned long counts[PROMISES_MAX];
	size_t n;
};

static bool count(struct tally *tally, const char *promise)
{
	for (size_t i = 0; i < tally->n; i++) {
		if (strcmp(tally->promises[i], promise) == 0) {
			tally->counts[i]++;
			return false;
		}
	}
	if (tally->n == PROMISES_MAX)
		return false;
	tally->promises[tally->n] = promise;
	tally->counts[tally->n++] = 1;
	return true;
}

static int simulate(unsigned long n, uint64_t seed, enum world_rule rule)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	int64_t started_ms = clock_monotonic_ms(&clock_system), ms;
	struct tally tally = {.n = 0};
	struct history history;

	for (unsigned long i = 0; i < n; i++) {
		const char *promise;

		history_draw(seed + i, rule, &history);
		promise = history_run(&history, arena, NULL);
		if (!promise || !count(&tally, promise))
			continue;
		history_shrink(&history, arena);
		tell(&history, arena);
	}
	ms = clock_monotonic_ms(&clock_system) - started_ms;
	for (size_t i = 0; i < tally.n; i++)
		(void)printf("%lu histories: %s\n", tally.counts[i], tally.promises[i]);
	(void)printf("%lu histories from seed %llu in %.1f s, %.0f a second\n", n, (unsigned long long)seed, (double)ms / 1000,
		     (double)n * 1000 / (double)(ms > 0 ? ms : 1));
	return tally.n > 0;
}

static enum world_rule rule_of(const char *name)
{
	for (enum world_rule rule = RULES_RIGHT; rule < WORLD_RULES; rule++) {
		if (strcmp(rule_name(rule), name) == 0)
			return rule;
	}
	(void)fprintf(stderr, "unknown rule '%s'\n", name);
	exit(2);
}

static int run_cases(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keeps_its_promises),
		cmocka_unit_test(test_no_wait_in_a_circle),
		cmocka_unit_test(test_finds_that_unlisted_is_gone),
		cmocka_unit_test(test_finds_that_unready_goes),
		cmocka_unit_test(test_finds_that_a_note_is_made_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{"histories", required_argument, NULL, 'n'}, {"seed", required_argument, NULL, 's'}, {"rule", required_argument, NULL, 'r'}, {0}};
	enum world_rule rule = RULES_RIGHT;
	unsigned long n = 0;
	uint64_t seed = 1;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (option == 'n')
			n = strtoul(optarg, NULL, 10);
		else if (option == 's')
			seed = strtoull(optarg, NULL, 10);
		else if (option == 'r')
			rule = rule_of(optarg);
		else
			return 2;
	}
	return n > 0 ? simulate(n, seed, rule) : run_cases();
}
