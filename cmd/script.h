// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Statements of Cypher one after another, from a text or from a file or pipe as it comes. A semicolon ends a statement where it stands in no
// string, no name in backquotes and no comment. All memory is wiped: a statement may hold a password.

#include "base/cleanup.h"
#include "base/err.h"

#define SCRIPT_STATEMENT_MAX ((size_t)16 * 1024 * 1024)

struct script;

// The text has to outlive it.
struct script *script_of_text(const char *text);

// Reads no further than it must to have a statement; closes the descriptor in the end. The name, for errors, has to outlive it.
struct script *script_of_fd(int fd, const char *name);

void script_free(struct script *script);
DEFINE_CLEANUP(struct script *, script_free);

struct script_statement {
	const char *text; // without the semicolon, and without white space around; lives until the next call
	unsigned number;  // from 1
	unsigned line;	  // of the text or file, where it begins; from 1
};

// 1: *ret is the next statement; 0: there is none, only white space and comments are left. ERR_INVALID: it cannot be read, is no text, or the
// statement is larger than SCRIPT_STATEMENT_MAX.
int script_next(struct script *script, struct script_statement *ret, struct err *err);
