// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A flag that one thread raises to end another thread's wait. It stays raised. A waiting thread polls the flag's descriptor beside its own, or
// asks for the flag.

#include <stdbool.h>

#include "base/cleanup.h"
#include "base/err.h"

struct bolt_cancel;

// ERR_INTERNAL: no descriptor is left.
int bolt_cancel_new(struct bolt_cancel **ret, struct err *err);
void bolt_cancel_free(struct bolt_cancel *cancel); // NULL is allowed
DEFINE_CLEANUP(struct bolt_cancel *, bolt_cancel_free);

// Any thread, any number of times; also from a signal handler.
void bolt_cancel_fire(struct bolt_cancel *cancel);

bool bolt_cancel_fired(const struct bolt_cancel *cancel); // NULL: never

// Readable from the first fire on; -1 for NULL.
int bolt_cancel_fd(const struct bolt_cancel *cancel);

// For a thread that is about to sleep in a call on this socket: until bolt_cancel_unguard() a fire shuts the socket down, which ends the call.
// False: it was fired already, or guards another thread's socket; poll instead, and do not unguard. NULL guards any.
bool bolt_cancel_guard(struct bolt_cancel *cancel, int fd);
void bolt_cancel_unguard(struct bolt_cancel *cancel);
