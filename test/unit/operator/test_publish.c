// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The status that must be written over a conflict, and onto whom it must not be.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "operator/fleet/provision_record.h"
#include "operator/object/key.h"
#include "operator/object/reason.h"
#include "operator/pass/publish.h"
#include "reach.h"

#define ROOT(uid, version)                                                                                                    \
	"{\"metadata\":{\"namespace\":\"ns\",\"name\":\"n\",\"uid\":\"" uid "\",\"resourceVersion\":\"" version "\"}}"

static const struct status_wanted registered = {
	.generation = 1,
	.verdict = {.phase = PHASE_READY, .reason = REASON_READY, .message = "The server is ready"},
	.fleet = {.publish = true, .registered = true, .reason = REASON_REGISTERED, .message = "Registered with Aura Fleet Management"},
};

// The object as the API server has it by now.
static void play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	const char *now = actor_user(actor);

	if (number == 0)
		actor_answer(conn, 409, NULL, "{\"message\":\"the object has been modified\"}");
	else if (strcmp(call->method, "GET") == 0)
		actor_answer(conn, 200, NULL, now);
	else
		actor_answer(conn, 200, NULL, ROOT("a", "3"));
}

// Publishes onto object "a" of version 1; now is what stands under its name. What publish_status() returned.
static int publish(const char *now, size_t *ret_calls)
{
	static const char text[] = ROOT("a", "1");
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct kube_object *object = kube_object_parse(text, strlen(text));
	struct context context = {0};
	struct publisher publisher = {.context = &context, .resource = key_resource(KEY_STANDALONE), .arena = arena};
	char copy[256];
	struct err err = ERR_INIT;
	struct reach reach;
	bool written;
	int r;

	assert_true(strlen(now) < sizeof(copy));
	memcpy(copy, now, strlen(now) + 1);
	reach_begin(&reach, play, copy);
	context.client = reach.client;
	r = publish_status(&publisher, &object, &registered, true, &written, &err);
	assert_int_equal(written, r == 0);
	*ret_calls = actor_calls(reach.actor);
	reach_end(&reach);
	kube_object_unref(object);
	return r;
}

// D3 D7: what has just been registered is written over a change of somebody else's.
static void test_conflict(void **state)
{
	size_t calls;

	(void)state;
	assert_int_equal(publish(ROOT("a", "2"), &calls), 0);
	assert_int_equal(calls, 3);
}

// F4: an operator that comes late, to one that another has registered meanwhile or has a token made for, does not say that it is registered.
static void test_overtaken(void **state)
{
	static const char *const others[] = {
		"{\"metadata\":{\"namespace\":\"ns\",\"name\":\"a\",\"uid\":\"a\",\"resourceVersion\":\"2\"},"
		"\"status\":{\"auraFleetManagement\":{\"registered\":false,\"lastRegistrationTime\":\"2026-01-01T00:00:09Z\"}}}",
		"{\"metadata\":{\"namespace\":\"ns\",\"name\":\"a\",\"uid\":\"a\",\"resourceVersion\":\"2\",\"annotations\":{\"" PROVISION_ANNOTATION "\":\"{}\"}}}",
	};
	size_t calls;

	(void)state;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_int_equal(publish(others[i], &calls), ERR_CONFLICT);
		assert_int_equal(calls, 2);
	}
}

// D5: one that was deleted and made anew under the name was not registered.
static void test_made_anew(void **state)
{
	size_t calls;

	(void)state;
	assert_int_equal(publish(ROOT("b", "2"), &calls), ERR_NOT_FOUND);
	assert_int_equal(calls, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_conflict),
		cmocka_unit_test(test_overtaken),
		cmocka_unit_test(test_made_anew),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
