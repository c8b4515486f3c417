// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A parsed command line. Pure. Flags may stand anywhere, also before the command; "--name=value", "--name value", "-n value", "-nvalue" and
// "-n=value" are the same, letters without a value may be combined, and "--" ends the flags: the rules of kubectl.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"
#include "cli/command.h"

#define INVOCATION_MAX 256

struct invocation_flag {
	const struct flag *flag;
	const char *value; // NULL: it takes none
};

struct invocation {
	const struct command *command; // NULL: none was named
	struct invocation_flag flags[INVOCATION_MAX];
	size_t n_flags;
	const char *args[INVOCATION_MAX]; // without the command
	size_t n_args;
};

// ERR_INVALID: the text says why the command line is wrong; ret->command is valid then, too.
int invocation_parse(int argc, char *const *argv, struct arena *arena, struct invocation *ret, struct err *err);

bool invocation_has(const struct invocation *invocation, const struct flag *flag);

// The last value of the flag; `otherwise` when it was not given.
const char *invocation_value(const struct invocation *invocation, const struct flag *flag, const char *otherwise);
