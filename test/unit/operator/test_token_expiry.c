// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// When a server is asked for the expiry of its token: after a registration, and again when some of the time left is over. D8: nothing else of the token is asked for. What the server calls itself is asked for beside it.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "lone_server.h"
#include "operator/fleet/roster.h"
#include "operator/fleet/token_expiry.h"

#define KEY LONE_KEY
#define STORED "CALL fleetManagement.inspectToken()"
#define STRING(text) {.type = BOLT_STRING, .size = sizeof(text) - 1, .string = (text)}
#define DAY_MS INT64_C(86400000)
#define LONGEST_MS (21 * DAY_MS)

static const struct bolt_entry good[] = {
	{"projectId", STRING("p-1")}, {"tokenExpires", STRING("2030-01-01T00:00:00Z")}, {"errorMessage", {.type = BOLT_NULL}}};
static const struct bolt_entry later[] = {
	{"projectId", STRING("p-1")}, {"tokenExpires", STRING("2031-01-01T00:00:00Z")}, {"errorMessage", {.type = BOLT_NULL}}};
static const struct bolt_entry none[] = {
	{"projectId", {.type = BOLT_NULL}}, {"tokenExpires", {.type = BOLT_NULL}}, {"errorMessage", STRING("No token is stored")}};

static const struct bolt_entry dbms[] = {{"id", STRING("D1")}, {"name", STRING("system")}};

#define INFO {.statement = "CALL dbms.info()", .row = dbms, .n = 2}
#define ROW(of) {.statement = STORED, .row = (of), .n = sizeof(of) / sizeof((of)[0])}

static int64_t expiry(struct lone_server *world)
{
	return roster_expiry(world->context.roster, KEY);
}

static void test_once_after_each_registration(void **state)
{
	static const struct peer_reply replies[] = {ROW(good), INFO, ROW(later), INFO};
	struct lone_server world;
	const char *former;

	(void)state;
	lone_begin(&world, replies, 4);
	for (int i = 0; i < 3; i++)
		assert_in_range(token_expiry_look(&world.query, &world.memory->expiry, KEY, "2025-12-01T10:00:00Z"), 1, LONGEST_MS);
	assert_int_equal(expiry(&world), INT64_C(1893456000000));
	assert_int_equal(histogram_count(&world.logins), 1);
	former = roster_digest(world.context.roster, KEY, ROSTER_IDENTITY, world.arena);
	assert_int_equal(strlen(former), 64);
	for (int i = 0; i < 3; i++)
		assert_in_range(token_expiry_look(&world.query, &world.memory->expiry, KEY, "2025-12-02T10:00:00Z"), 1, LONGEST_MS);
	assert_string_not_equal(roster_digest(world.context.roster, KEY, ROSTER_IDENTITY, world.arena), former);
	assert_int_equal(expiry(&world), INT64_C(1924992000000));
	assert_int_equal(histogram_count(&world.logins), 2);
	lone_end(&world, 2);
}

// A tenth of the time left, or up to a tenth less; between a day and three weeks. Then the token may be another.
static void test_again(void **state)
{
	static const struct {
		int64_t left_ms, again_ms;
	} cases[] = {{1000 * DAY_MS, LONGEST_MS}, {50 * DAY_MS, 5 * DAY_MS}, {2 * DAY_MS, DAY_MS}, {-DAY_MS, DAY_MS}};
	struct lone_server world;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[TIME_TEXT_SIZE];

		time_format_rfc3339(clock_wall_ms(&clock_system) + cases[i].left_ms, text, sizeof(text));
		const struct bolt_entry first[] = {
			good[0], {"tokenExpires", {.type = BOLT_STRING, .size = strlen(text), .string = text}}, good[2]};
		const struct peer_reply replies[] = {ROW(first), INFO, ROW(later), INFO};

		lone_begin(&world, replies, 4);
		int64_t again_ms = token_expiry_look(&world.query, &world.memory->expiry, KEY, "1");
		assert_in_range(again_ms, cases[i].again_ms * 9 / 10 - 2000, cases[i].again_ms);
		assert_in_range(token_expiry_look(&world.query, &world.memory->expiry, KEY, "1"), again_ms - 60000, again_ms);
		assert_int_equal(histogram_count(&world.logins), 1);
		world.memory->expiry.due_ms = clock_monotonic_ms(&clock_system);
		(void)token_expiry_look(&world.query, &world.memory->expiry, KEY, "1");
		assert_int_equal(expiry(&world), INT64_C(1924992000000));
		assert_int_equal(histogram_count(&world.logins), 2);
		lone_end(&world, 2);
	}
}

static void look_with(struct lone_server *world, int64_t left_ms, int64_t warning_ms, int64_t *ret_again_ms)
{
	struct bolt_entry row[] = {good[0], {"tokenExpires", {.type = BOLT_STRING}}, good[2]};
	struct peer_reply replies[] = {ROW(row), INFO};
	char text[TIME_TEXT_SIZE];

	time_format_rfc3339(clock_wall_ms(&clock_system) + left_ms, text, sizeof(text));
	row[1].value.string = text;
	row[1].value.size = (uint32_t)strlen(text);
	lone_begin(world, replies, 2);
	world->dbms.fleet.expiry_warning_ms = warning_ms;
	*ret_again_ms = token_expiry_look(&world->query, &world->memory->expiry, KEY, "1");
	assert_int_equal(world->book.next, 2);
}

// F3: a token is asked for again where its warning begins, and only what a server has said since then counts.
static void test_warning(void **state)
{
	static const struct {
		int64_t left_ms, warning_ms;
		bool near;
		int64_t again_ms; // 0: as without a warning
	} cases[] = {
		{15 * DAY_MS, 14 * DAY_MS, false, DAY_MS}, {14 * DAY_MS + 3600000, 14 * DAY_MS, false, 3600000}, {13 * DAY_MS, 14 * DAY_MS, true, 0},
		{-DAY_MS, 14 * DAY_MS, true, 0},	   {DAY_MS, 0, false, 0},			     {100 * DAY_MS, 14 * DAY_MS, false, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lone_server world;
		const char *message;
		int64_t again_ms;

		look_with(&world, cases[i].left_ms, cases[i].warning_ms, &again_ms);
		assert_int_equal(token_expiry_is_near(&world.memory->expiry, &world.dbms, world.arena, &message), cases[i].near);
		assert_int_equal(message != NULL, cases[i].near);
		if (cases[i].again_ms)
			assert_in_range(again_ms, cases[i].again_ms * 9 / 10 - 2000, cases[i].again_ms + 1);
		else
			assert_true(again_ms >= DAY_MS * 9 / 10);
		lone_end(&world, 1);
	}
}

// F3: the cure is that of the policy; before a server has told, nothing is said; another expiryWarning asks at once.
static void test_words_of_the_warning(void **state)
{
	struct lone_server world;
	const char *message;
	int64_t again_ms;

	(void)state;
	look_with(&world, DAY_MS, 14 * DAY_MS, &again_ms);
	assert_int_equal(token_expiry_is_near(&world.memory->expiry, &world.dbms, world.arena, &message), 1);
	assert_non_null(strstr(message, "expires on 2"));
	assert_non_null(strstr(message, "kubectl patch neo4jenterprisestandalone a --namespace ns"));
	world.dbms.fleet.follow_secret = true;
	assert_int_equal(token_expiry_is_near(&world.memory->expiry, &world.dbms, world.arena, &message), 1);
	assert_null(strstr(message, "kubectl patch"));
	assert_non_null(strstr(message, "registered by itself"));
	world.dbms.fleet.expiry_warning_ms = 1;
	world.pod.ready = false;
	assert_int_equal(token_expiry_look(&world.query, &world.memory->expiry, KEY, "1"), 0); // it would ask, and nobody is there
	assert_int_equal(token_expiry_is_near(&world.memory->expiry, &world.dbms, world.arena, &message), -1);
	assert_int_equal(token_expiry_is_near(&(struct token_expiry_memory){0}, &world.dbms, world.arena, &message), -1);
	lone_end(&world, 1);
}

// When no server can tell, the operator asks again an hour later, and keeps what it knew.
static void test_not_told(void **state)
{
	static const struct peer_reply replies[] = {
		ROW(good), INFO, ROW(none), {.statement = STORED, .code = "Neo.ClientError.Procedure.ProcedureNotFound", .message = "none"}};
	struct lone_server world;

	(void)state;
	lone_begin(&world, replies, 4);
	(void)token_expiry_look(&world.query, &world.memory->expiry, KEY, "1");
	for (int i = 2; i <= 3; i++) {
		const char *registered_at = i == 2 ? "2" : "3";

		assert_in_range(token_expiry_look(&world.query, &world.memory->expiry, KEY, registered_at), 3600000, 3600000 + 360000);
		assert_in_range(token_expiry_look(&world.query, &world.memory->expiry, KEY, registered_at), 1, 3600000);
	}
	assert_int_equal(expiry(&world), INT64_C(1893456000000));
	lone_end(&world, 3);
}

static void test_nobody_to_ask(void **state)
{
	struct lone_server world;

	(void)state;
	lone_begin(&world, NULL, 0);
	world.pod.ready = false;
	assert_int_equal(token_expiry_look(&world.query, &world.memory->expiry, KEY, "1"), 0);
	assert_int_equal(histogram_count(&world.logins), 0);
	lone_end(&world, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_once_after_each_registration),
		cmocka_unit_test(test_again),
		cmocka_unit_test(test_warning),
		cmocka_unit_test(test_words_of_the_warning),
		cmocka_unit_test(test_not_told),
		cmocka_unit_test(test_nobody_to_ask),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
