// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D2, D5: what was restored or cloned. A status that is older than its resource keeps nothing from being registered, and a token that
// came with the copy of another deployment's volume is not kept.

#include "lone_server.h"
#include "operator/fleet/registration_attempt.h"
#include "operator/object/digest.h"
#include "operator/object/key.h"

#define STRING(text) {.type = BOLT_STRING, .size = sizeof(text) - 1, .string = (text)}
#define BOOL(value) {.type = BOLT_BOOL, .boolean = (value)}
#define ROW(text, of) {.statement = (text), .row = (of), .n = sizeof(of) / sizeof((of)[0])}
#define EXPIRY "2999-01-01T00:00:00Z"
#define INSPECT "CALL fleetManagement.inspectToken("

static const struct bolt_entry present[] = {{"n", {.type = BOLT_INT, .integer = 3}}};
static const struct bolt_entry inactive[] = {{"active", BOOL(false)}, {"connected", BOOL(false)}, {"statusMessage", STRING("off")}};
static const struct bolt_entry connected[] = {{"active", BOOL(true)}, {"connected", BOOL(true)}, {"statusMessage", STRING("fine")}};
static const struct bolt_entry good[] = {
	{"projectId", STRING("p-1")}, {"tokenExpires", STRING(EXPIRY)}, {"errorMessage", {.type = BOLT_NULL}}};
static const struct bolt_entry success[] = {
	{"result", STRING("Token registered successfully to monitor this deployment for Project with ID: p-1")}};
static const struct bolt_entry dbms[] = {{"id", STRING("D1")}, {"name", STRING("system")}};

#define LOOKS ROW("SHOW PROCEDURES", present)
#define REGISTERS ROW(INSPECT "$token)", good), ROW("CALL fleetManagement.registerToken($token)", success), ROW(INSPECT ")", good)
#define HOLDS ROW("CALL fleetManagement.status()", connected), ROW(INSPECT ")", good), ROW("CALL dbms.info()", dbms)

// The resource as the API server has it, made at noon; the Secret is the same object here, for it is told by no path.
static void put_status(struct lone_server *world, const char *registered_at)
{
	size_t len = strlen(world->secret) - 1;

	(void)snprintf(world->secret + len, sizeof(world->secret) - len,
		       ",\"metadata\":{\"uid\":\"u\",\"generation\":1,\"creationTimestamp\":\"2026-11-29T12:00:00Z\"},"
		       "\"status\":{\"auraFleetManagement\":{\"registered\":true,\"lastRegistrationTime\":\"%s\"}}}",
		       registered_at);
	world->dbms.metadata.uid = "u";
	world->dbms.metadata.generation = 1;
}

static struct attempt_result attempt(struct lone_server *world, const char *registered_at)
{
	struct attempt_inputs inputs = {.resource = key_resource(KEY_STANDALONE), .servers = world->query.servers, .server = &world->pod, .fresh = !registered_at};
	struct attempt_result result;

	lone_token(world);
	if (registered_at)
		put_status(world, registered_at);
	attempt_register(&world->context, &world->memory->attempt, &inputs, world->arena, &result);
	return result;
}

static void test_status_of_a_copy(void **state)
{
	static const struct peer_reply replies[] = {LOOKS, ROW("CALL fleetManagement.status()", inactive), REGISTERS};
	struct attempt_result result;
	struct lone_server world;

	(void)state;
	lone_begin(&world, replies, 5);
	result = attempt(&world, "2026-01-01T00:00:00Z");
	assert_false(result.stale);
	assert_true(result.registered);
	lone_end(&world, 1);
	// Its own: the store lags behind, and nothing is called.
	lone_begin(&world, NULL, 0);
	result = attempt(&world, "2026-11-29T12:00:20Z");
	assert_true(result.stale);
	assert_false(result.registered);
	lone_end(&world, 0);
}

// The server says that it is connected with a good token: its own, unless another deployment's servers say that they are the same.
static void test_token_of_a_twin(void **state)
{
	static const struct peer_reply twin[] = {LOOKS, HOLDS, LOOKS, REGISTERS}, single[] = {LOOKS, HOLDS};
	struct attempt_result result;
	struct lone_server world;

	(void)state;
	lone_begin(&world, twin, 8);
	roster_set(world.context.roster, "standalone/other/original", (struct roster_sign){ROSTER_IDENTITY, digest_of("D1 p-1 " EXPIRY, world.arena)});
	result = attempt(&world, NULL);
	assert_true(result.registered);
	lone_end(&world, 2);
	assert_int_equal(world.book.next, 8);
	lone_begin(&world, single, 4);
	result = attempt(&world, NULL);
	assert_true(result.registered);
	lone_end(&world, 1);
	assert_int_equal(world.book.next, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_status_of_a_copy),
		cmocka_unit_test(test_token_of_a_twin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
