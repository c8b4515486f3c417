// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a thread is doing just now, as a stack of fixed words that any other thread may read: where a run that takes too long hangs.
//
//   static int survey(...) { STEP("asking the servers"); ... }   // until the scope ends

#include <stdatomic.h>

#include "base/buf.h"

#define STEPS_MAX 8

struct steps {
	_Atomic(const char *) words[STEPS_MAX];
	_Atomic unsigned depth; // may be more than STEPS_MAX: those in between are not kept
};

// From now on this thread's steps are noted there; NULL: nowhere, as at first.
void steps_follow(struct steps *steps);

int step_enter(const char *words);
void step_leave(const int *entered);

#define STEP_NAME_OF(line) step_at_##line
#define STEP_NAME(line) STEP_NAME_OF(line)
#define STEP(words) __attribute__((cleanup(step_leave), unused)) const int STEP_NAME(__LINE__) = step_enter(words)

// "applying the children > call to the API server"; nothing when there is none. Another thread's steps may go on meanwhile.
void steps_write(const struct steps *steps, struct buf *out);
