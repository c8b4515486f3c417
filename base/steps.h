// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a thread is doing just now, as a stack of fixed words that any other thread may read: it tells where a slow run hangs.
//
//   static int survey(...) { STEP("asking the servers"); ... }   // until the scope ends

#include <stdatomic.h>

#include "base/buf.h"

#define STEPS_MAX 8

struct steps {
	_Atomic(const char *) words[STEPS_MAX];
	_Atomic unsigned depth; // may exceed STEPS_MAX: deeper steps are counted and not kept
};

// Notes this thread's steps in steps from now on; NULL: nowhere, as at the start.
void steps_follow(struct steps *steps);

int step_enter(const char *words);
void step_leave(const int *entered);

#define STEP_NAME_OF(line) step_at_##line
#define STEP_NAME(line) STEP_NAME_OF(line)
#define STEP(words) __attribute__((cleanup(step_leave), unused)) const int STEP_NAME(__LINE__) = step_enter(words)

// Writes "applying the children > call to the API server", or nothing when there is no step. The other thread may go on meanwhile.
void steps_write(const struct steps *steps, struct buf *out);
