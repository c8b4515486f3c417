// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Where a deployment stands on its way into Fleet Management.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/json.h"
#include "cli/page/journey.h"
#include "operator/object/reason.h"

// A letter a step: "ddw...." stands and waits at the third.
static void assert_journey(const char *object, const char *letters, const char *message)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct journey journey;
	char found[JOURNEY_STEPS + 1] = "";

	journey_read(json_parse(arena, object, strlen(object)), &journey);
	for (size_t i = 0; i < JOURNEY_STEPS; i++) {
		const char *word = journey_state_name(journey.steps[i].state);

		found[i] = strcmp(word, "ahead") == 0 ? '.' : word[0];
		assert_string_equal(journey.steps[i].message, found[i] == 'w' || found[i] == 's' ? message : "");
	}
	assert_string_equal(found, letters);
}

static void assert_reason(const char *reason, const char *letters)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	assert_journey(arena_printf(arena,
				    "{\"spec\":{\"auraFleetManagement\":{\"enabled\":true}},\"status\":{\"auraFleetManagement\":{\"registered\":false},\"conditions\":["
				    "{\"type\":\"Ready\",\"status\":\"True\"},{\"type\":\"FleetRegistered\",\"status\":\"False\",\"reason\":\"%s\",\"message\":\"why\"}]}}",
				    reason),
		       letters, "why");
}

// D1: each reason is a gate or a question, in their order.
static void test_reasons(void **state)
{
	(void)state;
	assert_reason("VersionUnsupported", "ds.....");
	assert_reason("PluginsMalformed", "ds.....");
	assert_reason("VersionUnknown", "dw.....");
	assert_reason("TokenDeferred", "ddw....");
	assert_reason("WaitingForReady", "dddw...");
	assert_reason("SecretNotFound", "dddds..");
	assert_reason("TokenExpired", "dddds..");
	assert_reason("Unreachable", "ddddds.");
	assert_reason("LoginsLimited", "dddddw.");
	assert_reason("TokenRefused", "ddddds.");
	assert_reason("of a newer operator", "ddddds.");
}

#define REGISTERED(conditions)                                                                                                               \
	"{\"spec\":{\"auraFleetManagement\":{\"enabled\":true}},\"status\":{\"auraFleetManagement\":{\"registered\":true},\"conditions\":[" conditions "]}}"

static void test_ends(void **state)
{
	(void)state;
	assert_journey("{\"spec\":{}}", ".......", "");
	assert_journey("{\"spec\":{\"auraFleetManagement\":{\"enabled\":true}}}", "dw.....", "The operator has not said anything of it");
	assert_journey(REGISTERED(""), "ddddddw", "");
	assert_journey(REGISTERED("{\"type\":\"FleetConnected\",\"status\":\"Unknown\",\"message\":\"soon\"}"), "ddddddw", "soon");
	assert_journey(REGISTERED("{\"type\":\"FleetConnected\",\"status\":\"False\",\"message\":\"gone\"}"), "dddddds", "gone");
	assert_journey(REGISTERED("{\"type\":\"FleetConnected\",\"status\":\"True\",\"message\":\"all\"}"), "ddddddd", "");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_reasons), cmocka_unit_test(test_ends)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
