// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The one error idiom of the tree.
//
// A fallible function returns 0, or a negative `enum err_class`, and takes `struct err *err` last. The struct lives on the caller's stack and
// owns nothing. Success leaves it untouched; on failure it says what failed, in a sentence that a user may read: lower case, no full stop,
// 'quoted subject', never a secret. A caller may match only the classes that the function's header comment names; it adds context to all others
// and passes them up. Setting an error that is set already is a bug and asserts (use err_wrap() to add context). Pass NULL only where the header
// says so. A function of the Bolt client is kinder to a program: it forgets an error that was not cleared, and takes NULL from a caller that wants
// none.

#include <stdbool.h>

#include "base/cleanup.h"

enum err_class {
	ERR_NONE = 0,
	ERR_NOT_FOUND = -1,    // the named thing does not exist (HTTP 404)
	ERR_CONFLICT = -2,     // lost a race: read again and retry (HTTP 409)
	ERR_GONE = -3,	       // the resource version is too old: list again (HTTP 410)
	ERR_FORBIDDEN = -4,    // authentication or authorisation refused (HTTP 401, 403; Neo4j Security.*)
	ERR_INVALID = -5,      // the input is wrong, a retry will not help (HTTP 400, 422; bad value)
	ERR_TIMEOUT = -6,      // the deadline passed
	ERR_IO = -7,	       // the connection failed or broke; we heard nothing, or nothing more
	ERR_PROTOCOL = -8,     // the peer said something that its protocol does not allow
	ERR_SERVER = -9,       // the peer answered with a failure of its own (HTTP 5xx, a Neo4j failure)
	ERR_TOO_LARGE = -10,   // a size that the peer or the user chose is over our limit
	ERR_TOO_MANY = -11,    // the peer asks us to come back later (HTTP 429, rate limits)
	ERR_CANCELLED = -12,   // we are stopping
	ERR_INTERNAL = -13,    // our own fault, or the machine's (no memory, no descriptor)
};

struct err {
	enum err_class class;
	int status;	     // HTTP status or errno where there is one, else 0
	int retry_after_ms;  // what the peer asked for (Retry-After), else 0
	char code[96];	     // Kubernetes reason or Neo4j code, e.g. "Neo.ClientError.Security.Unauthorized"
	char text[640];	     // the sentence
};

#ifdef __cplusplus
#define ERR_INIT {}
#else
#define ERR_INIT ((struct err){0})
#endif

// Sets err and returns its class, so that one line raises and returns: return err_set(err, ERR_IO, ...).
int err_set(struct err *err, enum err_class class, const char *fmt, ...) _printf_(3, 4);

// Like err_set(), and adds ": <strerror>" and status = errno.
int err_errno(struct err *err, int errnum, const char *fmt, ...) _printf_(3, 4);

// Puts "context: " before the text and returns the class.
int err_wrap(struct err *err, const char *fmt, ...) _printf_(2, 3);

// Sets the machine-readable code of a set error (copied, cut at the field's size).
void err_set_code(struct err *err, const char *code);

void err_clear(struct err *err);

static inline bool err_is_set(const struct err *err)
{
	return err && err->class != ERR_NONE;
}

// "conflict", "timeout", ...: for logs and metric labels.
const char *err_class_name(enum err_class class);
