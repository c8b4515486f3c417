// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// How command lines are understood: as kubectl has it.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "cli/invocation.h"

#define WORDS_MAX 8

static int parse(struct arena *arena, const char *const *words, struct invocation *ret, struct err *err)
{
	char *argv[WORDS_MAX + 1] = {arena_strdup(arena, "kubectl-neofleet")};
	int n = 1;

	for (; *words; words++)
		argv[n++] = arena_strdup(arena, *words);
	return invocation_parse(n, argv, arena, ret, err);
}

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void test_forms_of_a_flag(void **state)
{
	static const char *const forms[][4] = {
		{"version", "-n", "shop"}, {"version", "-nshop"},	      {"version", "-n=shop"},
		{"version", "--namespace", "shop"}, {"version", "--namespace=shop"}, {"-n", "shop", "version"},
		{"--namespace=shop", "version"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct invocation call;
		struct err err = ERR_INIT;

		assert_int_equal(parse(arena, forms[i], &call, &err), 0);
		assert_string_equal(call.command->name, "version");
		assert_string_equal(invocation_value(&call, &flag_namespace, NULL), "shop");
		assert_false(invocation_has(&call, &flag_context));
		assert_string_equal(invocation_value(&call, &flag_context, "otherwise"), "otherwise");
	}
}

static void test_last_value_counts(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct invocation call;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(parse(arena, WORDS("version", "-n", "a", "-n", "b"), &call, &err), 0);
	assert_string_equal(invocation_value(&call, &flag_namespace, NULL), "b");
}

static void test_refused(void **state)
{
	static const struct {
		const char *words[4];
		const char *text;
	} cases[] = {
		{{"nonsense"}, "there is no command 'nonsense'"},
		{{"version", "more"}, "'version' has no place for the argument 'more'"},
		{{"version", "--nonsense"}, "'version' has no flag '--nonsense'"},
		{{"version", "-x"}, "'version' has no flag '-x'"},
		{{"version", "-n"}, "--namespace needs a NAME behind it"},
		{{"version", "--client=yes"}, "--client takes no value"},
		{{"version", "-o", "wide"}, "--output: 'wide' is none of: json yaml"},
		{{"version", "-o", ""}, "--output: '' is none of: json yaml"},
		{{"--nonsense", "version"}, "there is no flag '--nonsense' that may stand before the command"},
		{{"-A", "version"}, "'version' has no flag '--all-namespaces'"},
		{{"completion"}, "'completion' lacks an argument: bash|zsh|fish"},
		{{"completion", "tcsh"}, "'tcsh' is none of: bash zsh fish"},
		{{"version", "--", "-n"}, "'version' has no place for the argument '-n'"},
		{{"version", "-"}, "'version' has no place for the argument '-'"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct invocation call;
		struct err err = ERR_INIT;

		assert_int_equal(parse(arena, cases[i].words, &call, &err), ERR_INVALID);
		assert_string_equal(err.text, cases[i].text);
	}
}

static void test_too_many(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	static char word[] = "--client", name[] = "version";
	char *argv[INVOCATION_MAX + 3] = {name, name};
	struct invocation call;
	struct err err = ERR_INIT;

	(void)state;
	for (int i = 2; i < INVOCATION_MAX + 3; i++)
		argv[i] = word;
	assert_int_equal(invocation_parse(INVOCATION_MAX + 2, argv, arena, &call, &err), 0);
	assert_int_equal(invocation_parse(INVOCATION_MAX + 3, argv, arena, &call, &err), ERR_INVALID);
	assert_string_equal(err.text, "there are more than 256 flags");
}

// Help, man page and completion are made of the descriptors: each must be whole.
static void test_descriptors(void **state)
{
	(void)state;
	for (const struct command *const *item = commands; *item; item++) {
		const struct command *command = *item;

		assert_ptr_equal(command_find(command->name), command);
		assert_non_null(command->summary);
		assert_non_null(command->text);
		assert_int_equal(command->text[strlen(command->text) - 1], '.');
		assert_int_not_equal(command->summary[strlen(command->summary) - 1], '.');
		assert_true((command->args != NULL) == (command->max_args > 0));
		for (const struct flag *const *flag = command->flags; *flag; flag++) {
			assert_int_not_equal((*flag)->text[strlen((*flag)->text) - 1], '.');
			for (const struct flag *const *other = flag + 1; *other; other++) {
				assert_string_not_equal((*flag)->name, (*other)->name);
				assert_true(!(*flag)->letter || (*flag)->letter != (*other)->letter);
			}
		}
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forms_of_a_flag), cmocka_unit_test(test_last_value_counts), cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_many),	cmocka_unit_test(test_descriptors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
