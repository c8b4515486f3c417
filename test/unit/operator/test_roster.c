// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "operator/fleet/roster.h"
#include "operator/object/basis.h"

// The roster keeps its knowledge of a deployment by key, and forgets that key alone.
static void test_by_key(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct roster *roster = roster_new();
	const char *twins[ROSTER_TWINS_MAX];

	(void)state;
	assert_int_equal(roster_expiry(roster, "cluster/a/x"), 0);
	assert_string_equal(roster_digest(roster, "cluster/a/x", ROSTER_IDENTITY, arena), "");
	roster_set_expiry(roster, "cluster/a/x", 0);
	roster_set(roster, "cluster/a/x", (struct roster_sign){ROSTER_IDENTITY, NULL});
	assert_int_equal(roster_twins(roster, "cluster/b/y", (struct roster_sign){ROSTER_IDENTITY, "one"}, arena, twins), 0);
	roster_set_expiry(roster, "cluster/a/x", 5);
	roster_set(roster, "cluster/a/x", (struct roster_sign){ROSTER_IDENTITY, "one"});
	roster_set(roster, "cluster/b/y", (struct roster_sign){ROSTER_IDENTITY, "one"});
	assert_int_equal(roster_twins(roster, "cluster/b/y", (struct roster_sign){ROSTER_IDENTITY, "one"}, arena, twins), 1);
	assert_string_equal(twins[0], "cluster/a/x");
	assert_int_equal(roster_expiry(roster, "cluster/a/x"), 5);
	assert_int_equal(roster_expiry(roster, "cluster/b/y"), 0);
	roster_forget(roster, "cluster/a/x");
	roster_forget(roster, "cluster/a/x");
	assert_int_equal(roster_expiry(roster, "cluster/a/x"), 0);
	assert_string_equal(roster_digest(roster, "cluster/b/y", ROSTER_IDENTITY, arena), "one");
	assert_int_equal(roster_twins(roster, "cluster/b/y", (struct roster_sign){ROSTER_IDENTITY, "one"}, arena, twins), 0);
	roster_free(roster);
}

static void count(void *user, const char *key, int64_t expires_ms)
{
	size_t *counts = user;

	assert_int_equal(expires_ms, 5);
	counts[strncmp(key, "cluster/crowd/", strlen("cluster/crowd/")) == 0]++;
}

// One namespace with many deployments takes no room of another's, and those that found no room are told once there is some.
static void test_a_crowded_namespace(void **state)
{
	struct roster *roster = roster_new();
	size_t counts[2] = {0, 0};
	char key[64];

	(void)state;
	for (int i = 0; i < 3 * ROSTER_OF_A_NAMESPACE; i++) {
		(void)snprintf(key, sizeof(key), "cluster/crowd/d%d", i);
		roster_set_expiry(roster, key, 5);
	}
	roster_set_expiry(roster, "cluster/quiet/a", 5);
	roster_set_expiry(roster, "standalone/quiet/a", 5);
	roster_each_expiry(roster, count, counts);
	assert_int_equal(counts[0], 2);
	assert_int_equal(counts[1], ROSTER_OF_A_NAMESPACE);
	for (int i = 0; i < 3 * ROSTER_OF_A_NAMESPACE - 7; i++) {
		(void)snprintf(key, sizeof(key), "cluster/crowd/d%d", i);
		roster_set_expiry(roster, key, 0);
	}
	counts[0] = counts[1] = 0;
	roster_each_expiry(roster, count, counts);
	assert_int_equal(counts[0], 2);
	assert_int_equal(counts[1], 7);
	roster_free(roster);
}

// Two long texts that differ in their last letter alone are two.
static void test_basis(void **state)
{
	char text[2048], other[2048];
	struct basis basis = {0};

	(void)state;
	memset(text, 'p', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	memcpy(other, text, sizeof(text));
	other[sizeof(other) - 2] = 'q';
	assert_false(basis_is(&basis, text));
	assert_false(basis_is(&basis, ""));
	basis_set(&basis, text);
	assert_true(basis_is(&basis, text));
	assert_false(basis_is(&basis, other));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_by_key),
		cmocka_unit_test(test_a_crowded_namespace),
		cmocka_unit_test(test_basis),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
