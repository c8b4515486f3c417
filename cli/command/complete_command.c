// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Lists for shells what may follow on an unfinished command line: each word on a line, with its meaning after a tab, and at the end ":4", or
// ":0" where a file is wanted. kubectl asks its plugins like this.

#include <string.h>

#include "cli/program.h"

enum { WORDS_ONLY = 4, FILES_TOO = 0 };

struct completion {
	FILE *out;
	const char *word; // the unfinished word
};

static void offer(const struct completion *completion, const char *word, const char *text)
{
	if (strncmp(word, completion->word, strlen(completion->word)) == 0)
		(void)fprintf(completion->out, "%s\t%s\n", word, text);
}

static void offer_choices(const struct completion *completion, const char *choices)
{
	const char *at = choices, *choice;
	size_t len;

	while ((choice = flag_next_choice(&at, &len))) {
		char word[64];

		(void)snprintf(word, sizeof(word), "%.*s", (int)len, choice);
		offer(completion, word, "");
	}
}

static void offer_flags(const struct completion *completion, const struct command *command)
{
	for (const struct flag *const *flag = command->flags; *flag; flag++) {
		char word[64];

		(void)snprintf(word, sizeof(word), "--%s", (*flag)->name);
		offer(completion, word, (*flag)->text);
	}
	offer(completion, "--help", flag_help.text);
}

static const struct flag *flag_of(const struct command *command, const char *word)
{
	for (const struct flag *const *flag = command->flags; *flag; flag++) {
		if (word[0] == '-' && word[1] == '-' && strcmp(word + 2, (*flag)->name) == 0)
			return *flag;
		if (word[0] == '-' && word[1] && word[1] == (*flag)->letter && !word[2])
			return *flag;
	}
	return NULL;
}

static int offer_value(const struct completion *completion, const struct flag *flag)
{
	if (flag->choices)
		offer_choices(completion, flag->choices);
	return strcmp(flag->value, "FILE") == 0 ? FILES_TOO : WORDS_ONLY;
}

static void offer_commands(const struct completion *completion)
{
	for (const struct command *const *item = commands; *item; item++) {
		if (!(*item)->hidden)
			offer(completion, (*item)->name, (*item)->summary);
	}
}

static int complete(const struct completion *completion, const char *const *words, size_t n)
{
	const struct command *command = NULL;
	const struct flag *before;

	for (size_t i = 0; i < n && !command; i++)
		command = command_find(words[i]);
	if (!command) {
		offer_commands(completion);
		return WORDS_ONLY;
	}
	before = flag_of(command, words[n - 1]);
	if (before && before->value)
		return offer_value(completion, before);
	if (completion->word[0] == '-')
		offer_flags(completion, command);
	else if (command == command_find("help"))
		offer_commands(completion);
	else if (command->arg_choices)
		offer_choices(completion, command->arg_choices);
	return WORDS_ONLY;
}

static int run(struct program *program, struct err *err)
{
	const struct invocation *call = &program->call;
	const struct completion completion = {program->streams.out, call->args[call->n_args - 1]};

	(void)err;
	(void)fprintf(program->streams.out, ":%d\n", complete(&completion, call->args, call->n_args - 1));
	return EXIT_FINE;
}

static const struct flag *const flags[] = {NULL};

const struct command command_complete = {
	.name = "__complete",
	.args = "WORD...",
	.summary = "says what may follow on a command line, for shells",
	.text = "The last word is the one that is being typed.",
	.flags = flags,
	.arg_is_raw = true,
	.hidden = true,
	.min_args = 1,
	.max_args = INVOCATION_MAX,
	.run = run,
};
