// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A flag of the command line as a const descriptor: parser, help, man page and completion use the same one.

#include <stdbool.h>
#include <stddef.h>

struct flag {
	const char *name;    // without its dashes
	char letter;	     // 0: none
	const char *value;   // the name of its value in the help, such as "FILE"; NULL: it takes none
	const char *choices; // the values that it takes, separated by spaces; NULL: any
	const char *text;    // a clause for the help about what it does
};

// For all commands.
extern const struct flag flag_help;

// For commands that ask the API server.
extern const struct flag flag_namespace, flag_all_namespaces, flag_context, flag_kubeconfig, flag_selector, flag_timeout;
#define FLAGS_OF_SERVER &flag_namespace, &flag_context, &flag_kubeconfig, &flag_timeout

// Whether a flag with choices takes this value; true for a flag without choices.
bool flag_takes(const struct flag *flag, const char *value);

// The choices one by one: returns the choice at *at with its length in *ret_len and moves *at on; NULL after the last.
const char *flag_next_choice(const char **at, size_t *ret_len);
