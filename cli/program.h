// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// One run of the program: what a command gets. It belongs to one thread. What a command prints goes to out and what it has to say beside it
// to notes; it never writes elsewhere.

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
	bool colours;		   // out is a terminal that has them
	const struct clock *clock; // NULL: the system's
};

struct program {
	struct program_streams streams;
	struct invocation call;
	struct arena *arena; // wiped: a token may be in it
	const char *name; // what the user typed to start it: "kubectl neofleet" or "neofleet-cli"
	const struct clock *clock;
	// What was made by program_connect().
	struct kube_config *config;
	struct loop *loop;
	struct kube_client *client;
	struct watcher *watcher; // of a command that watches
	void (*free_watcher)(struct watcher *watcher);
	int timeout_s; // of a call
};

// Runs a command line to its end; the process's exit status.
int program_run(int argc, char *const *argv, const struct program_streams *streams);

// Finds the API server as the flags say and makes the client, once; nothing is asked yet.
int program_connect(struct program *program, struct err *err);

// The namespace to look in: that of the flags, or of the context. NULL: all (only for commands with --all-namespaces). After program_connect().
const char *program_namespace(const struct program *program);

// A line of its own on notes, beginning with "kubectl neofleet: ".
void program_note(struct program *program, const char *fmt, ...) _printf_(2, 3);
