// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A command line as it was understood. Pure. Flags may stand anywhere, also before the command; "--name=value", "--name value", "-n value",
// "-nvalue" and "-n=value" are the same, letters without a value may be put together, and "--" ends the flags: as kubectl has it.

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

// ERR_INVALID: the text says what is wrong with the command line; ret->command is good then, too.
int invocation_parse(int argc, char *const *argv, struct arena *arena, struct invocation *ret, struct err *err);

bool invocation_has(const struct invocation *invocation, const struct flag *flag);

// The last value; otherwise when it was not given.
const char *invocation_value(const struct invocation *invocation, const struct flag *flag, const char *otherwise);
