// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The objects of a scripted API server, by their path: versions, generations, conditions of writes, the ways of writing, and the history of
// changes. Used under the server's lock.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"

struct archive;

struct archive *archive_new(void);
void archive_free(struct archive *archive);

// The answer to a call, in the arena of the call.
struct archive_reply {
	struct arena *arena;
	int status;
	const char *body;
};

void archive_refuse(struct archive_reply *reply, int status, const char *message);

// Writes. 409: the version or the uid that the body names is not the present one. Server-side apply makes what is not there, whatever version the
// body names. It knows one owner: what it has asked for and asks for no more leaves. A merge is of the status alone where that is said; it and a JSON patch are for what is there.
void archive_apply(struct archive *archive, struct archive_reply *reply, const char *path, const char *body, bool dry);
void archive_merge(struct archive *archive, struct archive_reply *reply, const char *path, const char *body, bool status);
void archive_patch(struct archive *archive, struct archive_reply *reply, const char *path, const char *body);
void archive_create(struct archive *archive, struct archive_reply *reply, const char *collection, const char *body);
void archive_put(struct archive *archive, struct archive_reply *reply, const char *path, const char *json);
void archive_remove(struct archive *archive, const char *path);

const char *archive_get(struct archive *archive, const char *path); // the text; NULL: there is none

// The texts of a collection, of one namespace ("/api/v1/namespaces/ns/pods") or of all ("/api/v1/pods"). The target of a call may have
// the one label selector that the operator uses.
size_t archive_find(const struct archive *archive, const char *collection, const char **ret, size_t max);
void archive_list(const struct archive *archive, struct archive_reply *reply, const char *collection, const char *target);

// The changes after the version that a target names, as lines of a watch, from a place in the history on, which moves on. NULL: nothing.
const char *archive_news(const struct archive *archive, struct arena *arena, const char *collection, const char *target, size_t *next);

size_t archive_changes(const struct archive *archive); // how many there were
