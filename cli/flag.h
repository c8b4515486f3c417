// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A flag of the command line as a const descriptor: the parser, the help, the man page and the completion read the same one.

#include <stdbool.h>
#include <stddef.h>

struct flag {
	const char *name;    // without its dashes
	char letter;	     // 0: none
	const char *value;   // what the help calls its value, such as "FILE"; NULL: it takes none
	const char *choices; // the values that it takes, separated by spaces; NULL: any
	const char *text;    // a clause for the help: what it does
};

// Of all commands.
extern const struct flag flag_help;

// Of those that ask the API server.
extern const struct flag flag_namespace, flag_all_namespaces, flag_context, flag_kubeconfig, flag_selector, flag_timeout;
#define FLAGS_OF_SERVER &flag_namespace, &flag_context, &flag_kubeconfig, &flag_timeout

// Whether a flag that has choices takes this value; true for one without.
bool flag_takes(const struct flag *flag, const char *value);

// The choices one by one: the one at *at, whose length *ret_len is, moving *at on; NULL after the last.
const char *flag_next_choice(const char **at, size_t *ret_len);
