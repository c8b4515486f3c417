// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// One run of the program: all that a command gets. One thread uses it. A command prints its result to out and its remarks to notes, and writes
// nowhere else.

#include <stdbool.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "cli/invocation.h"

struct kube_client;
struct kube_config;
struct loop;
struct watcher;

struct program_streams {
	FILE *in, *out, *notes;
	bool colours;		   // out is a terminal with colours
	const struct clock *clock; // NULL: the system's
};

struct program {
	struct program_streams streams;
	struct invocation call;
	struct arena *arena; // wiped: it may hold a token
	const char *name; // what the user typed to start it: "kubectl neofleet" or "neofleet-cli"
	const struct clock *clock;
	// Made by program_connect().
	struct kube_config *config;
	struct loop *loop;
	struct kube_client *client;
	struct watcher *watcher; // for a command that watches
	void (*free_watcher)(struct watcher *watcher);
	int timeout_s; // of a call
};

// Runs a command line to its end and returns the process's exit status.
int program_run(int argc, char *const *argv, const struct program_streams *streams);

// Finds the API server by the flags and makes the client, once; asks nothing yet.
int program_connect(struct program *program, struct err *err);

// The namespace to look in: from the flags, or the context's. NULL: all (only for commands with --all-namespaces). Call it after
// program_connect().
const char *program_namespace(const struct program *program);

// Writes a line to notes that begins with "kubectl neofleet: ".
void program_note(struct program *program, const char *fmt, ...) _printf_(2, 3);
