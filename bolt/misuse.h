// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// How a public function begins: a required pointer that is NULL is an error and no crash, an error that the caller forgot to clear is forgotten,
// and a caller that passes no error gets none.
//
//   ENTER(err);
//   if (ret)
//           *ret = NULL;
//   if (MISUSED(err, NEED(session), NEED(ret)))
//           return err->class;
//
// A function that is called for each row has no room for an error of its own, which would cost it a large frame: where a pointer is NULL, err too, it
// leaves for a function that begins so (bolt_result_next()). The library itself calls what lies behind such a door.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "bolt/limits.h"

struct misuse_need {
	const void *pointer;
	const char *name;
};

#define ENTER(err)           \
	struct err unwanted_; \
	(err) = misuse_enter((err), &unwanted_)

#define NEED(pointer) {(pointer), #pointer}

#define MISUSED(err, ...)                                                                                                      \
	misuse_found((err), (const struct misuse_need[]){__VA_ARGS__},                                                         \
		     sizeof((const struct misuse_need[]){__VA_ARGS__}) / sizeof(struct misuse_need))

// Both at once, for a function that has nothing to empty.
#define RETURN_MISUSE(err, ...)           \
	ENTER(err);                        \
	if (MISUSED(err, __VA_ARGS__)) \
	return (err)->class

// Without a class there is no error, and nothing else that a caller may read.
static inline void misuse_forget(struct err *err)
{
	if (__builtin_expect(err->class == ERR_NONE, 1))
		return;
	err->class = ERR_NONE;
	err->status = err->retry_after_ms = 0;
	err->code[0] = err->text[0] = '\0';
}

static inline struct err *misuse_enter(struct err *err, struct err *unwanted)
{
	if (!err) {
		unwanted->class = ERR_NONE;
		return unwanted;
	}
	misuse_forget(err);
	return err;
}

// Says ERR_INVALID: the pointer of this name is NULL.
bool misuse_null(struct err *err, const char *name);
// Says ERR_INVALID: the program was built for a newer library.
bool misuse_newer(struct err *err, const char *name);

// Both are inline, and the loops are unrolled: each call of the library begins with them, and a call without a fault must cost next to nothing.
#if defined(__GNUC__) && !defined(__clang__)
#define MISUSE_UNROLL _Pragma("GCC unroll 16")
#else
#define MISUSE_UNROLL
#endif

// The room for later members is not empty, so the program was built for a newer library: ERR_INVALID. The structure may be NULL.
#define NEWER(err, structure) ((structure) && misuse_is_newer((err), (structure)->reserved, #structure))
static inline bool misuse_is_newer(struct err *err, const void *const *reserved, const char *name)
{
	uintptr_t any = 0;

	MISUSE_UNROLL
	for (size_t i = 0; i < BOLT_RESERVED; i++)
		any |= (uintptr_t)reserved[i];
	return any && misuse_newer(err, name);
}

// Sets ERR_INVALID when one of them is NULL.
static inline bool misuse_found(struct err *err, const struct misuse_need *needs, size_t n)
{
	MISUSE_UNROLL
	for (size_t i = 0; i < n; i++) {
		if (!needs[i].pointer)
			return misuse_null(err, needs[i].name);
	}
	return false;
}
