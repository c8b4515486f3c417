// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the library does, for a program's own log: a line for each connection that is opened, closed or broken, each message that is sent or
// received, each connection that the pool hands out, and each retry. No line holds a secret: of a statement there is its text up to the first
// quote, backslash or comment, of its parameters, of logins and of rows nothing, and of a failure its code. Give it to a driver
// (bolt/options.h) or a target (bolt/target.h); it must outlive both.
//
//   static void line(void *user, const char *text) { fprintf(user, "%s\n", text); }
//   const struct bolt_log log = {line, stderr};
//
//   db:7687: connected, Bolt 5.8
//   db:7687: sent RUN, 77 bytes: CREATE (:Person {name:...
//   db:7687: received FAILURE to RUN: Neo.TransientError.Transaction.DeadlockDetected
//   try 2 begins in 1013 ms, after Neo.TransientError.Transaction.DeadlockDetected

struct bolt_log {
	// The thread that does it calls this, and waits for it; so it must be quick, and fit for any thread. It must not call the library. The text
	// is one line, and gone after the call.
	void (*line)(void *user, const char *text);
	void *user;
};
