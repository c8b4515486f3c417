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

static const char *patch_of(const char *desired, const char *live, struct arena *arena)
{
	return drift_patch(json_parse(arena, desired, strlen(desired)), json_parse(arena, live, strlen(live)), arena);
}

// B2: a port that was renumbered by hand gets its number back in place; what others added stays.
static void test_ports_get_their_numbers_back(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *desired = "{\"metadata\":{\"labels\":{\"a/b\":\"x\"}},\"spec\":{\"ports\":[{\"name\":\"bolt\",\"port\":7687,"
			      "\"protocol\":\"TCP\"},{\"name\":\"http\",\"port\":7474,\"protocol\":\"TCP\"}]}}";

	(void)state;
	assert_null(patch_of(desired, desired, arena));
	assert_string_equal(patch_of(desired,
					"{\"metadata\":{\"resourceVersion\":\"7\",\"labels\":{\"a/b\":\"y\"}},\"spec\":{\"ports\":[{\"name\":\"theirs\",\"port\":1},"
					"{\"name\":\"http\",\"port\":7474,\"protocol\":\"UDP\"},{\"name\":\"bolt\",\"port\":17687,"
					"\"protocol\":\"TCP\",\"nodePort\":30001}]}}",
					arena),
			    "[{\"op\":\"test\",\"path\":\"/metadata/resourceVersion\",\"value\":\"7\"},"
			    "{\"op\":\"replace\",\"path\":\"/spec/ports/2/port\",\"value\":7687},"
			    "{\"op\":\"replace\",\"path\":\"/spec/ports/1/protocol\",\"value\":\"TCP\"}]");
	// A port elsewhere than in such a list is left to server-side apply.
	assert_null(patch_of("{\"tcpSocket\":{\"port\":\"bolt\"}}", "{\"tcpSocket\":{\"port\":1}}", arena));
}

// B2: where somebody took another member of a one-of, ours comes back and theirs goes; a defaulted member beside them is defaulted again.
static void test_one_ofs_are_switched_back(void **state)
{
	static const struct {
		const char *ours, *theirs, *steps;
	} cases[] = {
		{"{\"p\":{\"period\":1,\"tcpSocket\":{\"port\":1}}}", "{\"p\":{\"period\":1,\"exec\":{\"command\":[\"x\"]}}}",
		 "{\"op\":\"remove\",\"path\":\"/p/exec\"},{\"op\":\"add\",\"path\":\"/p/period\",\"value\":1},"
		 "{\"op\":\"add\",\"path\":\"/p/tcpSocket\",\"value\":{\"port\":1}}"},
		{"{\"env\":[{\"name\":\"A\",\"value\":\"1\"}]}",
		 "{\"env\":[{\"name\":\"B\"},{\"name\":\"A\",\"valueFrom\":{\"fieldRef\":{\"fieldPath\":\"x\"}}}]}",
		 "{\"op\":\"remove\",\"path\":\"/env/1/valueFrom\"},{\"op\":\"add\",\"path\":\"/env/1/name\",\"value\":\"A\"},"
		 "{\"op\":\"add\",\"path\":\"/env/1/value\",\"value\":\"1\"}"},
		{"{\"s\":{\"type\":\"OnDelete\"}}", "{\"s\":{\"type\":\"RollingUpdate\",\"rollingUpdate\":{\"partition\":1}}}",
		 "{\"op\":\"remove\",\"path\":\"/s/rollingUpdate\"},{\"op\":\"add\",\"path\":\"/s/type\",\"value\":\"OnDelete\"}"},
		// No one-of is here.
		{"{\"a\":1,\"p\":{\"b\":1}}", "{\"p\":{\"b\":2,\"c\":3}}", NULL},
		{"{\"p\":{\"x/y\":\"1\",\"b\":\"1\"}}", "{\"p\":{\"x/y\":\"1\",\"c\":\"1\"}}", NULL},
		{"{\"metadata\":{\"a\":1}}", "{\"metadata\":{\"b\":1,\"resourceVersion\":\"7\"}}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const char *patch = patch_of(cases[i].ours, cases[i].theirs, arena);

		assert_int_equal(!patch, !cases[i].steps);
		if (patch)
			assert_non_null(strstr(patch, cases[i].steps));
	}
}

// B2: what somebody adds to an object or list that apply takes as a whole is put back, not kept until some later write.
static void test_more_in_what_is_ours_as_a_whole(void **state)
{
	static const char *const cases[][2] = {
		{"{\"selector\":{\"a\":\"1\"}}", "{\"selector\":{\"a\":\"1\",\"b\":\"2\"}}"},
		{"{\"selector\":{\"matchLabels\":{\"a\":\"1\"}}}", "{\"selector\":{\"matchLabels\":{\"a\":\"1\",\"b\":\"2\"}}}"},
		{"{\"items\":[{\"key\":\"k\",\"path\":\"p\"}]}", "{\"items\":[{\"key\":\"k\",\"path\":\"p\",\"mode\":1}]}"},
		{"{\"items\":[{\"key\":\"k\"}]}", "{\"items\":[{\"key\":\"k\"},{\"key\":\"l\"}]}"},
		{"{\"tolerations\":[{\"key\":\"k\"}]}", "{\"tolerations\":[{\"key\":\"k\",\"effect\":\"NoExecute\"}]}"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_true(drifts(cases[i][0], cases[i][1]));
		assert_false(drifts(cases[i][0], cases[i][0]));
	}
	// The API server adds this by itself.
	assert_false(drifts("{\"items\":[{\"fieldRef\":{\"fieldPath\":\"p\"}}]}",
			    "{\"items\":[{\"fieldRef\":{\"fieldPath\":\"p\",\"apiVersion\":\"v1\"}}]}"));
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
		cmocka_unit_test(test_one_ofs_are_switched_back),
		cmocka_unit_test(test_more_in_what_is_ours_as_a_whole),
		cmocka_unit_test(test_one_volume_mounted_twice),
		cmocka_unit_test(test_signs_of_numbers),
		cmocka_unit_test(test_items_of_lists_have_no_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
