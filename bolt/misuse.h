// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// How a public function begins: a pointer that it needs and did not get is an error and no crash, an error that its caller forgot to clear is
// forgotten, and a caller that wants no error gets none.
//
//   ENTER(err);
//   if (ret)
//           *ret = NULL;
//   if (MISUSED(err, NEED(session), NEED(ret)))
//           return err->class;

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

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

static inline struct err *misuse_enter(struct err *err, struct err *unwanted)
{
	if (!err)
		err = unwanted;
	// All that is asked without a look at the class; the rest of its texts is no cost of every call.
	err->class = ERR_NONE;
	err->status = err->retry_after_ms = 0;
	err->code[0] = err->text[0] = '\0';
	return err;
}

// ERR_INVALID is set when one of them is NULL.
bool misuse_found(struct err *err, const struct misuse_need *needs, size_t n);
