// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "operator/cluster/roll_cause.h"

// A pod, or a template in its StatefulSet.
#define OBJECT(image, annotations)                                                                                                 \
	"{\"metadata\":{\"annotations\":{" annotations "}},\"spec\":{\"containers\":[{\"name\":\"mesh\",\"image\":\"m:1\"},"         \
	"{\"name\":\"neo4j\",\"image\":\"" image "\"}]}}"
#define SET(template) "{\"spec\":{\"template\":" template "}}"
#define DIGEST(value) "\"neofleet.neo4j.com/config-digest\":\"" value "\""

// B7: the event of a roll says why the servers are replaced.
static void test_causes(void **state)
{
	static const struct {
		const char *pod, *set, *cause;
	} cases[] = {
		{OBJECT("neo4j:1", DIGEST("a")), SET(OBJECT("neo4j:2", DIGEST("b"))), "image neo4j:2 instead of neo4j:1"},
		{OBJECT("neo4j:1", DIGEST("a")), SET(OBJECT("neo4j:1", DIGEST("b"))), "another configuration"},
		{OBJECT("neo4j:1", ""), SET(OBJECT("neo4j:1", "\"neofleet.neo4j.com/certificate\":\"c\"")), "another certificate"},
		{OBJECT("neo4j:1", DIGEST("a")), SET(OBJECT("neo4j:1", DIGEST("a") ",\"neofleet.neo4j.com/restartedAt\":\"now\"")),
		 "a restart was asked for"},
		{OBJECT("neo4j:1", "\"kubectl.kubernetes.io/restartedAt\":\"then\""),
		 SET(OBJECT("neo4j:1", "\"kubectl.kubernetes.io/restartedAt\":\"now\"")), "a restart was asked for"},
		{OBJECT("neo4j:1", DIGEST("a")), SET(OBJECT("neo4j:1", DIGEST("a") ",\"x\":\"y\"")), "another pod template"},
		{"{}", "{}", "another pod template"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		yyjson_val *pod = json_parse(arena, cases[i].pod, strlen(cases[i].pod)), *set = json_parse(arena, cases[i].set, strlen(cases[i].set));

		assert_string_equal(roll_cause(pod, set, arena), cases[i].cause);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_causes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
