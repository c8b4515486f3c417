// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Who gets in at the page's gate, and with what.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "cli/page/gate.h"

static struct gate gate;
static char cookies[256], path[128];

static int begin(void **state)
{
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(gate_make(&gate, &err), 0);
	gate_set_port(&gate, 8484);
	(void)snprintf(cookies, sizeof(cookies), "a=b; %s; c=d", gate.cookie);
	(void)snprintf(path, sizeof(path), "%schanges", gate.folder);
	return 0;
}

// One who passes.
static struct gate_visitor guest(void)
{
	return (struct gate_visitor){.method = "GET", .path = path, .host = "127.0.0.1:8484", .site = "same-origin", .cookies = cookies};
}

static void test_the_key_works_once(void **state)
{
	struct gate_visitor visitor = guest();

	(void)state;
	visitor.cookies = NULL;
	visitor.site = "none";
	visitor.path = gate.folder;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	visitor.key = gate.session;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	visitor.key = gate.key;
	visitor.host = "localhost:8484";
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	visitor.host = "127.0.0.1:8484";
	visitor.path = path;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	// None of these has used it up.
	visitor.path = gate.folder;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_ENTERS);
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	visitor.cookies = cookies;
	visitor.key = NULL;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_PASSES);
}

static void test_the_cookie(void **state)
{
	struct gate_visitor visitor = guest();
	char longer[512];

	(void)state;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_PASSES);
	assert_non_null(strstr(gate.setting, "; HttpOnly; SameSite=Strict"));
	assert_non_null(strstr(gate.setting, gate.folder));
	visitor.cookies = NULL;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	visitor.cookies = "neofleet=";
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	(void)snprintf(longer, sizeof(longer), "%sf", gate.cookie);
	visitor.cookies = longer;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	(void)snprintf(longer, sizeof(longer), "x%s", gate.cookie);
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	(void)snprintf(longer, sizeof(longer), "%s", gate.cookie);
	longer[strlen(longer) - 1] ^= 1;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
}

static void test_whence(void **state)
{
	static const char *const origins[] = {"null", "http://127.0.0.1:8485", "http://localhost:8484", "https://127.0.0.1:8484", "http://evil.example", ""};
	static const char *const hosts[] = {"127.0.0.1", "127.0.0.1:84840", "localhost:8484", "evil.example:8484", ""};
	struct gate_visitor visitor = guest();

	(void)state;
	visitor.origin = "http://127.0.0.1:8484";
	assert_int_equal(gate_judge(&gate, &visitor), GATE_PASSES);
	for (size_t i = 0; i < sizeof(origins) / sizeof(origins[0]); i++) {
		visitor.origin = origins[i];
		assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	}
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		visitor = guest();
		visitor.host = hosts[i];
		assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	}
	visitor = guest();
	visitor.host = NULL;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	visitor = guest();
	visitor.doubled = true;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	visitor = guest();
	visitor.site = "same-site";
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	visitor.site = "cross-site";
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	// An old browser does not say it.
	visitor.site = NULL;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_PASSES);
	visitor.path = "/changes";
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
}

static void test_a_write_says_whence(void **state)
{
	struct gate_visitor visitor = guest();

	(void)state;
	visitor.method = "POST";
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	visitor.origin = "http://127.0.0.1:8484";
	assert_int_equal(gate_judge(&gate, &visitor), GATE_PASSES);
	visitor.cookies = NULL;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	// The key is no right to write.
	visitor.path = gate.folder;
	visitor.key = gate.key;
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
	visitor = guest();
	visitor.method = "PUT";
	assert_int_equal(gate_judge(&gate, &visitor), GATE_NOTHING);
}

static void test_no_two_alike(void **state)
{
	struct gate other;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(gate_make(&other, &err), 0);
	assert_string_not_equal(other.key, gate.key);
	assert_string_not_equal(other.session, gate.session);
	assert_string_not_equal(other.folder, gate.folder);
	assert_string_not_equal(gate.key, gate.session);
	assert_int_equal(strlen(gate.key), 64);
	gate_wipe(&other);
	assert_string_equal(other.key, "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_the_key_works_once, begin),
		cmocka_unit_test_setup(test_the_cookie, begin),
		cmocka_unit_test_setup(test_whence, begin),
		cmocka_unit_test_setup(test_a_write_says_whence, begin),
		cmocka_unit_test_setup(test_no_two_alike, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
