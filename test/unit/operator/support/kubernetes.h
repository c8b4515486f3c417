// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A scripted API server that keeps objects, as far as the operator can tell it from a real one: resource versions and generations, writes
// on condition, server-side apply (fields leave that are applied no more; there is one owner), merge and JSON patches, dry runs, lists and
// watches. It fails on demand, at a chosen call: that is what it is for.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "reach.h"

struct kubernetes;

struct kubernetes *kubernetes_start(void);
void kubernetes_stop(struct kubernetes *kubernetes);
struct reach *kubernetes_reach(struct kubernetes *kubernetes);

// The log of pod P of a namespace is the member "text" of an object "/api/v1/namespaces/N/logs/P" that the test puts there.
//
// Objects by their path, such as "/api/v1/namespaces/ns/secrets/a". What is written has a name, a uid, a time of creation and a new version.
void kubernetes_put(struct kubernetes *kubernetes, const char *path, const char *json);
void kubernetes_merge(struct kubernetes *kubernetes, const char *path, const char *patch); // nothing, where it is not there
void kubernetes_remove(struct kubernetes *kubernetes, const char *path);
bool kubernetes_has(struct kubernetes *kubernetes, const char *path);

// The value at a JSON pointer of an object, as JSON text; NULL: none.
const char *kubernetes_value(struct kubernetes *kubernetes, const char *path, const char *pointer, struct arena *arena);

// The texts of all objects below a path, in the order of their making.
struct kubernetes_objects {
	const char **texts;
	size_t n;
};

struct kubernetes_objects kubernetes_objects(struct kubernetes *kubernetes, const char *collection, struct arena *arena);

#define KUBERNETES_CUT (-1) // no answer: the connection is cut

struct kubernetes_fault {
	const char *method, *part; // calls with this method, and with this in path and query; NULL: any
	unsigned skip;		   // so many of them are answered first
	unsigned times;		   // so many fail then; 0: all
	int status;		   // that they are answered with; 0: as if nothing were wrong
	bool carried_out;	   // the write is done all the same
	const char *message;
	void (*meanwhile)(void *user); // runs before the call is looked at: somebody else is faster
	void *user;
};

// NULL: none, from now on. fault is kept until the next one.
void kubernetes_fail(struct kubernetes *kubernetes, const struct kubernetes_fault *fault);

// How many calls there were since the last kubernetes_forget(), with a method and a part of path and query (NULL: any).
unsigned kubernetes_calls(struct kubernetes *kubernetes, const char *method, const char *part);
void kubernetes_forget(struct kubernetes *kubernetes);

// Waits for the next change of an object after those that were seen, and counts it as seen; 0 at first. A wait in vain is the test's failure.
void kubernetes_await(struct kubernetes *kubernetes, size_t *seen);
void kubernetes_await_calls(struct kubernetes *kubernetes, const char *part, unsigned n); // until there were so many
