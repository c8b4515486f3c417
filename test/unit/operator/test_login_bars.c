// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B5: the bar after a refused login, which the passes of a deployment and of its plugins share.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "operator/server/login_bars.h"

#define KEY "cluster/ns/a"
#define BASIS "secret 1, run 1"
#define HOLD_MS 60000

static void refuse(struct login_bars *bars, const char *key, int64_t for_ms)
{
	struct login_bar bar = {.limited = true, .until_ms = deadline_in_ms(for_ms)};

	basis_set(&bar.basis, BASIS);
	kept_set(bar.message, "refused");
	login_bars_set(bars, key, &bar);
}

static void test_holds_all(void **state)
{
	struct login_bars *bars = login_bars_new();
	struct login_bar bar = {0};

	(void)state;
	assert_false(login_bars_hold(bars, KEY, BASIS, &bar));
	assert_false(login_bars_enter(bars, KEY, BASIS, HOLD_MS, &bar));
	assert_false(login_bars_enter(bars, KEY, BASIS, HOLD_MS, &bar)); // without a refusal nobody waits for another
	refuse(bars, KEY, HOLD_MS);
	assert_true(login_bars_hold(bars, KEY, BASIS, &bar));
	assert_string_equal(bar.message, "refused");
	assert_true(bar.limited);
	assert_true(login_bars_enter(bars, KEY, BASIS, HOLD_MS, &bar));
	assert_false(login_bars_hold(bars, "cluster/ns/b", BASIS, &bar));
	assert_false(login_bars_hold(bars, KEY, "secret 2, run 1", &bar));
	login_bars_lift(bars, KEY);
	login_bars_lift(bars, KEY);
	assert_false(login_bars_hold(bars, KEY, BASIS, &bar));
	login_bars_free(bars);
}

// When the time is over, one tries; the others wait for what comes of it.
static void test_lets_one_in(void **state)
{
	struct login_bars *bars = login_bars_new();
	struct login_bar bar;

	(void)state;
	refuse(bars, KEY, 0);
	assert_false(login_bars_hold(bars, KEY, BASIS, &bar)); // a look is no login
	assert_false(login_bars_hold(bars, KEY, BASIS, &bar));
	assert_false(login_bars_enter(bars, KEY, BASIS, HOLD_MS, &bar));
	assert_true(login_bars_enter(bars, KEY, BASIS, HOLD_MS, &bar));
	assert_string_equal(bar.message, "refused");
	login_bars_release(bars, KEY); // no server answered
	assert_false(login_bars_enter(bars, KEY, BASIS, HOLD_MS, &bar));
	assert_true(login_bars_hold(bars, KEY, BASIS, &bar));
	login_bars_lift(bars, KEY);
	login_bars_release(bars, KEY);
	assert_false(login_bars_enter(bars, KEY, BASIS, HOLD_MS, &bar));
	login_bars_free(bars);
}

// A bar that nobody has used for an hour goes when another comes: it may be of a deployment that is gone.
static void test_sweep(void **state)
{
	struct login_bars *bars = login_bars_new();
	struct login_bar bar;
	char key[32];

	(void)state;
	for (int i = 0; i < 3; i++) {
		(void)snprintf(key, sizeof(key), "cluster/ns/old%d", i);
		refuse(bars, key, -3600001 - i);
	}
	refuse(bars, "cluster/ns/young", -1000);
	refuse(bars, KEY, HOLD_MS);
	for (int i = 0; i < 3; i++) {
		(void)snprintf(key, sizeof(key), "cluster/ns/old%d", i);
		assert_false(login_bars_enter(bars, key, BASIS, HOLD_MS, &bar));
		assert_false(login_bars_enter(bars, key, BASIS, HOLD_MS, &bar)); // nothing is left that could hold it
	}
	assert_false(login_bars_enter(bars, "cluster/ns/young", BASIS, HOLD_MS, &bar));
	assert_true(login_bars_enter(bars, "cluster/ns/young", BASIS, HOLD_MS, &bar));
	assert_true(login_bars_hold(bars, KEY, BASIS, &bar));
	login_bars_free(bars);
}

static void test_nobody_else(void **state)
{
	struct login_bar bar;

	(void)state;
	refuse(NULL, KEY, HOLD_MS);
	assert_false(login_bars_hold(NULL, KEY, BASIS, &bar));
	assert_false(login_bars_enter(NULL, KEY, BASIS, HOLD_MS, &bar));
	login_bars_release(NULL, KEY);
	login_bars_lift(NULL, KEY);
	login_bars_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_holds_all),
		cmocka_unit_test(test_lets_one_in),
		cmocka_unit_test(test_sweep),
		cmocka_unit_test(test_nobody_else),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
