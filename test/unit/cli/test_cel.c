// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "cli/cel.h"

static const struct {
	const char *rule, *self;
	bool holds;
} cases[] = {
	{"true", "1", true},
	{"false", "1", false},
	{"self", "true", true},
	{"!self", "true", false},
	{"!self", "false", true},
	{"self == 3", "3", true},
	{"self == 3", "4", false},
	{"self == 'a'", "\"a\"", true},
	{"self == 'a'", "\"ab\"", false},
	{"self != 'a'", "\"ab\"", true},
	{"self in ['', 'a', 'b']", "\"b\"", true},
	{"self in ['']", "\"b\"", false},
	{"self in ['', 'a'] || self == 'c'", "\"c\"", true},
	{"size(self) == 0", "[]", true},
	{"size(self) == 0", "[1]", false},
	{"self.all(item, item == 'a')", "[]", true},
	{"self.all(item, item == 'a')", "[\"a\",\"a\"]", true},
	{"self.all(item, item == 'a')", "[\"a\",\"b\"]", false},
	{"self.list.all(item, item.x == 'a' || has(item.y))", "{\"list\":[{\"x\":\"a\"},{\"y\":1}]}", true},
	{"!has(self.enabled) || !self.enabled", "{}", true},
	{"!has(self.enabled) || !self.enabled", "{\"enabled\":null}", true},
	{"!has(self.enabled) || !self.enabled", "{\"enabled\":true}", false},
	{"has(self.enabled) && !self.enabled", "{\"enabled\":false}", true},
	{"has(self.enabled) && !self.enabled", "{}", false},
	{"(!has(self.a) || self.a == 1) && (!has(self.b) || self.b == true)", "{\"a\":1,\"b\":true}", true},
	{"(!has(self.a) || self.a == 1) && (!has(self.b) || self.b == true)", "{\"a\":1,\"b\":false}", false},
	{"!(has(self.a) && self.a != '' && has(self.b.c))", "{\"a\":\"x\",\"b\":{\"c\":0}}", false},
	{"!(has(self.a) && self.a != '' && has(self.b.c))", "{\"a\":\"\",\"b\":{\"c\":0}}", true},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		bool holds;

		if (!cel_evaluate(cases[i].rule, json_parse(arena, cases[i].self, strlen(cases[i].self)), &holds))
			fail_msg("does not know %s", cases[i].rule);
		if (holds != cases[i].holds)
			fail_msg("%s of %s is %d", cases[i].rule, cases[i].self, holds);
	}
}

// What it does not know it does not guess.
static void test_unknown(void **state)
{
	static const char *const rules[] = {
		"", "self.contains('x')", "size(self)", "self.size() == 1", "self == ", "self == oldSelf", "self ==  'a", "(self", "has(self", "self in 'a'",
		"self in ['a'", "self.all(x, x == 1)", "selfish", "self == 1 extra", "self > 1", "self.", "self == 'a\\'b'",
		"((((((((((((((((((self))))))))))))))))))",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (cel_evaluate(rules[i], NULL, NULL))
			fail_msg("knows '%s'", rules[i]);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_unknown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
