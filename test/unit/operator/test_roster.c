// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "operator/fleet/roster.h"
#include "operator/object/basis.h"

// What is known of a deployment is kept by its key, and only that is forgotten.
static void test_by_key(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct roster *roster = roster_new();
	const char *twins[ROSTER_TWINS_MAX];

	(void)state;
	assert_int_equal(roster_expiry(roster, "cluster/a/x"), 0);
	assert_string_equal(roster_identity(roster, "cluster/a/x", arena), "");
	roster_set_expiry(roster, "cluster/a/x", 0);
	roster_set_identity(roster, "cluster/a/x", NULL);
	assert_int_equal(roster_twins(roster, "cluster/b/y", "one", arena, twins), 0);
	roster_set_expiry(roster, "cluster/a/x", 5);
	roster_set_identity(roster, "cluster/a/x", "one");
	roster_set_identity(roster, "cluster/b/y", "one");
	assert_int_equal(roster_twins(roster, "cluster/b/y", "one", arena, twins), 1);
	assert_string_equal(twins[0], "cluster/a/x");
	assert_int_equal(roster_expiry(roster, "cluster/a/x"), 5);
	assert_int_equal(roster_expiry(roster, "cluster/b/y"), 0);
	roster_forget(roster, "cluster/a/x");
	roster_forget(roster, "cluster/a/x");
	assert_int_equal(roster_expiry(roster, "cluster/a/x"), 0);
	assert_string_equal(roster_identity(roster, "cluster/b/y", arena), "one");
	assert_int_equal(roster_twins(roster, "cluster/b/y", "one", arena, twins), 0);
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
		cmocka_unit_test(test_basis),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
