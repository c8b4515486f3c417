// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A command as a const descriptor, one in each file of cli/command/. Parser, help, man page and completion are made from it.

#include <stdbool.h>

#include "base/err.h"
#include "cli/flag.h"

struct program;

// A right of the user that a command uses, and its purpose. Where the user lacks a right that is not required, the command says what it leaves
// out.
struct right {
	const char *verb, *resource; // "list", "pods"
	const char *purpose;
	bool required;
};

// The exit statuses, beside the negative class of an error, which becomes EXIT_USAGE or EXIT_UNABLE.
enum { EXIT_FINE = 0, EXIT_WRONG = 1, EXIT_WORSE = 2, EXIT_USAGE = 3, EXIT_UNABLE = 4 };

struct command_exit {
	int status;
	const char *text;
};

struct command {
	const char *name;
	const char *args;    // "[NAME]"; NULL: it takes none
	const char *summary; // a clause that begins with a verb, such as "shows ..."
	const char *text;    // paragraphs, separated by empty lines; each is one line
	const char *example; // command lines, each followed by " # " and the purpose of its result
	const struct flag *const *flags;   // ended with NULL
	const struct right *rights;	   // ended with a NULL verb; NULL: it asks no API server
	const struct command_exit *exits;  // beside those of all commands, ended with a NULL text; NULL: none
	unsigned min_args, max_args;
	bool hidden; // for shells, not for people
	const char *arg_choices; // values of its first argument, for completion and refusal; NULL: any
	bool arg_is_raw;	 // nothing after the name is a flag
	int (*run)(struct program *program, struct err *err);
};

// All commands in the order of the help, ended with NULL.
extern const struct command *const commands[];

// NULL: there is none of that name.
const struct command *command_find(const char *name);
