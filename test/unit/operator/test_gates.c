// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "operator/fleet/gates.h"
#include "operator/object/reason.h"

static const char *decide(const struct fleet_facts *facts, enum fleet_step step, struct arena *arena)
{
	struct fleet_decision decision;

	fleet_decide(facts, arena, &decision);
	assert_int_equal(decision.step, step);
	return decision.message;
}

// D1: the gates, in this order, each with its own words.
static void test_gates_in_order(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct fleet_facts facts = {.phase_message = "0 of 1 servers ready", .obstacle_reason = REASON_VERSION_UNSUPPORTED, .obstacle = "too old", .unknown_version = "no tag"};

	(void)state;
	assert_null(decide(&facts, FLEET_REST, arena));
	facts.enabled = true;
	assert_string_equal(decide(&facts, FLEET_WAIT, arena), "too old");
	facts.obstacle = NULL;
	assert_string_equal(decide(&facts, FLEET_WAIT, arena), "no tag");
	facts.unknown_version = NULL;
	assert_string_equal(decide(&facts, FLEET_WAIT, arena),
			    "Plugin installed; registration deferred until tokenSecretRef is set");
	facts.has_token_source = true;
	assert_string_equal(decide(&facts, FLEET_WAIT, arena), "Waiting for phase Ready: 0 of 1 servers ready");
	facts.ready = true;
	assert_null(decide(&facts, FLEET_REGISTER, arena));
}

// D5: registered is a latch.
static void test_latch(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct fleet_facts facts = {.enabled = true, .seen = true, .registered = true, .phase_message = ""};

	(void)state;
	assert_string_equal(decide(&facts, FLEET_LATCHED, arena), "Registered with Aura Fleet Management");
	facts.ready = facts.has_token_source = true;
	(void)decide(&facts, FLEET_LATCHED, arena);
}

// F1: with FollowSecret a registered deployment looks at its Secret, once it could register.
static void test_follow(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct fleet_facts all = {
		.enabled = true, .seen = true, .registered = true, .follow_secret = true, .has_token_source = true, .ready = true, .phase_message = ""};
	struct fleet_facts facts = all;

	(void)state;
	assert_string_equal(decide(&facts, FLEET_FOLLOW, arena), "Registered with Aura Fleet Management");
	facts.follow_secret = false;
	(void)decide(&facts, FLEET_LATCHED, arena);
	facts = all;
	facts.ready = false;
	(void)decide(&facts, FLEET_LATCHED, arena);
	facts = all;
	facts.obstacle = "too old";
	(void)decide(&facts, FLEET_LATCHED, arena);
	facts = all;
	facts.unknown_version = "no tag";
	(void)decide(&facts, FLEET_LATCHED, arena);
	facts = all;
	facts.registered = false;
	(void)decide(&facts, FLEET_REGISTER, arena);
}

// D2, D5: what a status says that is older than its resource is another one's; what is of the same second is its own.
static void test_copied_status(void **state)
{
	static const struct {
		const char *created, *last;
		bool copied;
	} cases[] = {
		{"2026-11-29T12:00:00Z", "2026-01-01T00:00:00Z", true},
		{"2026-11-29T12:00:00Z", "2026-11-29T11:59:59Z", true},
		{"2026-11-29T12:00:00Z", "2026-11-29T12:00:00Z", false},
		{"2026-11-29T12:00:00Z", "2026-11-29T13:00:00+01:00", false},
		{"2026-11-29T12:00:00Z", "2026-11-29T12:00:20Z", false},
		// Never registered, or written by hand: as the page says.
		{"2026-11-29T12:00:00Z", NULL, false},
		{"2026-11-29T12:00:00Z", "yesterday", false},
		{NULL, "2026-01-01T00:00:00Z", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_int_equal(fleet_is_copied(cases[i].created, cases[i].last), cases[i].copied);
}

// D5: registeredSince asks for a registration once its time has come, until there is one that is not older, in whole seconds.
static void test_registered_since(void **state)
{
	static const struct {
		const char *since, *last;
		bool outdated;
		int64_t wait_ms;
	} cases[] = {
		{NULL, NULL, false, 0},
		{NULL, "2026-01-01T00:00:00Z", false, 0},
		{"2026-11-29T11:00:00Z", "2026-01-01T00:00:00Z", true, 0},
		{"2026-11-29T11:00:00Z", "2026-11-29T11:00:00Z", false, 0},
		{"2026-11-29T11:00:00Z", "2026-11-29T12:00:00Z", false, 0},
		{"2026-11-29T12:00:00.900Z", "2026-11-29T12:00:00Z", false, 0},
		{"2026-11-29T11:00:00Z", NULL, true, 0},
		{"2026-11-29T12:00:10Z", "2026-01-01T00:00:00Z", false, 9500},
		{"yesterday", "2026-01-01T00:00:00Z", false, 0},
	};
	int64_t now, wait;

	(void)state;
	assert_int_equal(time_parse_rfc3339("2026-11-29T12:00:00.500Z", &now), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(fleet_is_outdated(cases[i].since, cases[i].last, now, &wait), cases[i].outdated);
		assert_int_equal(wait, cases[i].wait_ms);
	}
}

// C7: once enabled was seen, the status says that it is off.
static void test_off(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct fleet_facts facts = {.seen = true, .registered = true, .phase_message = ""};

	(void)state;
	assert_string_equal(decide(&facts, FLEET_OFF, arena), "Fleet management is disabled in the spec");
	facts.untold = "no server is ready";
	assert_non_null(strstr(decide(&facts, FLEET_OFF, arena), "no server could be told to forget its token (no server is ready)"));
	// Said once, it stays said: the next pass tries nothing and knows nothing of it.
	facts.untold = NULL;
	facts.off_message = "as before";
	assert_string_equal(decide(&facts, FLEET_OFF, arena), "as before");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gates_in_order),
		cmocka_unit_test(test_latch),
		cmocka_unit_test(test_follow),
		cmocka_unit_test(test_registered_since),
		cmocka_unit_test(test_copied_status),
		cmocka_unit_test(test_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
