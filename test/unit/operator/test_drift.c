// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "operator/object/drift.h"

static bool drifts(const char *desired, const char *live)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	return drift_found(json_parse(arena, desired, strlen(desired)), json_parse(arena, live, strlen(live)));
}

static void test_what_others_own_is_no_drift(void **state)
{
	(void)state;
	assert_false(drifts("{\"a\":1}", "{\"a\":1,\"b\":2}"));
	assert_false(drifts("{\"spec\":{\"ports\":[{\"port\":1}]}}", "{\"spec\":{\"ports\":[{\"port\":2},{\"port\":1,\"nodePort\":9}]}}"));
	assert_false(drifts("{\"env\":[{\"name\":\"A\",\"value\":\"1\"}]}",
			    "{\"env\":[{\"name\":\"X\",\"value\":\"9\"},{\"name\":\"A\",\"value\":\"1\"}]}"));
}

static void test_changes_are_drift(void **state)
{
	(void)state;
	assert_true(drifts("{\"a\":1}", "{\"a\":2}"));
	assert_true(drifts("{\"a\":1}", "{}"));
	assert_true(drifts("{\"a\":{\"b\":\"x\"}}", "{\"a\":\"x\"}"));
	assert_true(drifts("{\"a\":[1,2]}", "{\"a\":[1,2,3]}"));
	assert_true(drifts("{\"a\":[1,2]}", "{\"a\":[2,1]}"));
	assert_true(drifts("{\"a\":true}", "{\"a\":false}"));
	assert_true(drifts("{\"env\":[{\"name\":\"A\",\"value\":\"1\"}]}", "{\"env\":[{\"name\":\"A\",\"value\":\"2\"}]}"));
	assert_true(drifts("{\"env\":[{\"name\":\"A\",\"value\":\"1\"}]}", "{\"env\":[{\"name\":\"B\",\"value\":\"1\"}]}"));
}

static const char *ports_patch(const char *desired, const char *live, struct arena *arena)
{
	return drift_ports_patch(json_parse(arena, desired, strlen(desired)), json_parse(arena, live, strlen(live)), arena);
}

// B2: a port that was renumbered by hand gets its number back in place; what others added stays.
static void test_ports_get_their_numbers_back(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *desired = "{\"metadata\":{\"labels\":{\"a/b\":\"x\"}},\"spec\":{\"ports\":[{\"name\":\"bolt\",\"port\":7687,"
			      "\"protocol\":\"TCP\"},{\"name\":\"http\",\"port\":7474,\"protocol\":\"TCP\"}]}}";

	(void)state;
	assert_null(ports_patch(desired, desired, arena));
	assert_string_equal(ports_patch(desired,
					"{\"metadata\":{\"resourceVersion\":\"7\",\"labels\":{\"a/b\":\"y\"}},\"spec\":{\"ports\":[{\"name\":\"theirs\",\"port\":1},"
					"{\"name\":\"http\",\"port\":7474,\"protocol\":\"UDP\"},{\"name\":\"bolt\",\"port\":17687,"
					"\"protocol\":\"TCP\",\"nodePort\":30001}]}}",
					arena),
			    "[{\"op\":\"test\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"},"
			    "{\"op\":\"replace\",\"path\":\"/spec/ports/2/port\",\"value\":7687},"
			    "{\"op\":\"replace\",\"path\":\"/spec/ports/1/protocol\",\"value\":\"TCP\"}]");
	// A port elsewhere than in such a list is left to server-side apply.
	assert_null(ports_patch("{\"tcpSocket\":{\"port\":\"bolt\"}}", "{\"tcpSocket\":{\"port\":1}}", arena));
}

static void test_one_volume_mounted_twice(void **state)
{
	const char *both = "{\"m\":[{\"name\":\"v\",\"mountPath\":\"/a\"},{\"name\":\"v\",\"mountPath\":\"/b\"}]}";

	(void)state;
	assert_false(drifts(both, both));
	assert_true(drifts(both, "{\"m\":[{\"name\":\"v\",\"mountPath\":\"/a\"},{\"name\":\"v\",\"mountPath\":\"/c\"}]}"));
}

static void test_signs_of_numbers(void **state)
{
	(void)state;
	assert_false(drifts("{\"a\":-1}", "{\"a\":-1}"));
	assert_true(drifts("{\"a\":-1}", "{\"a\":1}"));
}

// E1: what a list has left out is no reason to write.
static void test_items_of_lists_have_no_kind(void **state)
{
	static const char desired[] = "{\"apiVersion\":\"v1\",\"kind\":\"Service\",\"spec\":{\"kind\":\"x\"}}";
	static const char item[] = "{\"spec\":{\"kind\":\"x\"}}", other[] = "{\"spec\":{}}";
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *wanted = json_parse(arena, desired, strlen(desired));

	(void)state;
	assert_false(drift_of_object(wanted, json_parse(arena, item, strlen(item))));
	assert_false(drift_of_object(wanted, wanted));
	assert_true(drift_of_object(wanted, json_parse(arena, other, strlen(other))));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_others_own_is_no_drift),
		cmocka_unit_test(test_changes_are_drift),
		cmocka_unit_test(test_ports_get_their_numbers_back),
		cmocka_unit_test(test_one_volume_mounted_twice),
		cmocka_unit_test(test_signs_of_numbers),
		cmocka_unit_test(test_items_of_lists_have_no_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
