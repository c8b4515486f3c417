// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// One walk over the arguments. Before the command's name the flags of all commands are valid; whether the command takes them is checked once its
// name is known.

#include "cli/invocation.h"

#include <string.h>

struct parser {
	char *const *argv;
	int argc, at;
	bool no_flags; // "--" has been seen
	struct arena *arena;
	struct invocation *call;
};

static const struct flag *find(const struct command *command, const char *name, size_t len, char letter)
{
	for (const struct flag *const *flag = command->flags; *flag; flag++) {
		if (letter ? (*flag)->letter == letter : strlen((*flag)->name) == len && memcmp((*flag)->name, name, len) == 0)
			return *flag;
	}
	return NULL;
}

static bool is_help(const char *name, size_t len, char letter)
{
	return letter ? letter == flag_help.letter : len == strlen(flag_help.name) && memcmp(name, flag_help.name, len) == 0;
}

static bool takes(const struct command *command, const struct flag *flag)
{
	return flag == &flag_help || find(command, flag->name, strlen(flag->name), 0) == flag;
}

// Several commands may have a flag of this name, each with its own descriptor: before the command only shared descriptors count.
static const struct flag *find_any(const char *name, size_t len, char letter)
{
	static const struct flag *const shared[] = {FLAGS_OF_SERVER, &flag_all_namespaces, &flag_selector, NULL};
	static const struct command before = {.name = "", .flags = shared};

	return find(&before, name, len, letter);
}

static int unknown(const struct parser *parser, const char *shown, struct err *err)
{
	if (!parser->call->command)
		return err_set(err, ERR_INVALID, "there is no flag '%.64s' that may stand before the command", shown);
	return err_set(err, ERR_INVALID, "'%s' has no flag '%.64s'", parser->call->command->name, shown);
}

static int add(struct parser *parser, const struct flag *flag, const char *value, struct err *err)
{
	if (value && !flag_takes(flag, value))
		return err_set(err, ERR_INVALID, "--%s: '%.64s' is none of: %s", flag->name, value, flag->choices);
	if (parser->call->n_flags == INVOCATION_MAX)
		return err_set(err, ERR_INVALID, "there are more than %d flags", INVOCATION_MAX);
	parser->call->flags[parser->call->n_flags++] = (struct invocation_flag){flag, value};
	return 0;
}

// The value after the equals sign or in the next argument.
static int add_with_value(struct parser *parser, const struct flag *flag, const char *value, struct err *err)
{
	if (!value && parser->at + 1 >= parser->argc)
		return err_set(err, ERR_INVALID, "--%s needs a %s behind it", flag->name, flag->value);
	return add(parser, flag, value ? value : parser->argv[++parser->at], err);
}

static const struct flag *look_up(const struct parser *parser, const char *name, size_t len, char letter)
{
	if (is_help(name, len, letter))
		return &flag_help;
	return parser->call->command ? find(parser->call->command, name, len, letter) : find_any(name, len, letter);
}

static int take_long(struct parser *parser, const char *text, struct err *err)
{
	size_t len = strcspn(text, "=");
	const char *value = text[len] ? text + len + 1 : NULL;
	const struct flag *flag = look_up(parser, text, len, 0);

	if (!flag)
		return unknown(parser, arena_printf(parser->arena, "--%.*s", (int)len, text), err);
	if (flag->value)
		return add_with_value(parser, flag, value, err);
	if (value)
		return err_set(err, ERR_INVALID, "--%s takes no value", flag->name);
	return add(parser, flag, NULL, err);
}

static int take_letters(struct parser *parser, const char *text, struct err *err)
{
	for (; *text; text++) {
		const struct flag *flag = look_up(parser, "", 0, *text);
		int r;

		if (!flag)
			return unknown(parser, arena_printf(parser->arena, "-%c", *text), err);
		if (flag->value) {
			const char *value = text[1] == '=' ? text + 2 : text + 1;

			return add_with_value(parser, flag, text[1] ? value : NULL, err);
		}
		r = add(parser, flag, NULL, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int take_command(struct parser *parser, const char *name, struct err *err)
{
	struct invocation *call = parser->call;

	call->command = command_find(name);
	if (!call->command)
		return err_set(err, ERR_INVALID, "there is no command '%.64s'", name);
	parser->no_flags = parser->no_flags || call->command->arg_is_raw;
	for (size_t i = 0; i < call->n_flags; i++) {
		if (!takes(call->command, call->flags[i].flag))
			return err_set(err, ERR_INVALID, "'%s' has no flag '--%s'", name, call->flags[i].flag->name);
	}
	return 0;
}

static int take(struct parser *parser, const char *text, struct err *err)
{
	struct invocation *call = parser->call;

	if (!parser->no_flags && strcmp(text, "--") == 0) {
		parser->no_flags = true;
		return 0;
	}
	if (!parser->no_flags && strncmp(text, "--", 2) == 0)
		return take_long(parser, text + 2, err);
	if (!parser->no_flags && text[0] == '-' && text[1])
		return take_letters(parser, text + 1, err);
	if (!call->command)
		return take_command(parser, text, err);
	if (call->n_args == call->command->max_args)
		return err_set(err, ERR_INVALID, "'%s' has no place for the argument '%.64s'", call->command->name, text);
	call->args[call->n_args++] = text;
	return 0;
}

static int check_args(const struct invocation *call, struct err *err)
{
	const struct flag choice = {.choices = call->command->arg_choices};

	if (call->n_args < call->command->min_args)
		return err_set(err, ERR_INVALID, "'%s' lacks an argument: %s", call->command->name, call->command->args);
	if (call->n_args > 0 && !flag_takes(&choice, call->args[0]))
		return err_set(err, ERR_INVALID, "'%.64s' is none of: %s", call->args[0], choice.choices);
	return 0;
}

int invocation_parse(int argc, char *const *argv, struct arena *arena, struct invocation *ret, struct err *err)
{
	struct parser parser = {.argv = argv, .argc = argc, .at = 1, .arena = arena, .call = ret};

	*ret = (struct invocation){0};
	for (; parser.at < argc; parser.at++) {
		int r = take(&parser, argv[parser.at], err);

		if (r < 0)
			return r;
	}
	// A user who asks for help need not get the rest right.
	return !ret->command || invocation_has(ret, &flag_help) ? 0 : check_args(ret, err);
}

bool invocation_has(const struct invocation *invocation, const struct flag *flag)
{
	for (size_t i = 0; i < invocation->n_flags; i++) {
		if (invocation->flags[i].flag == flag)
			return true;
	}
	return false;
}

const char *invocation_value(const struct invocation *invocation, const struct flag *flag, const char *otherwise)
{
	for (size_t i = invocation->n_flags; i > 0; i--) {
		if (invocation->flags[i - 1].flag == flag)
			return invocation->flags[i - 1].value;
	}
	return otherwise;
}
