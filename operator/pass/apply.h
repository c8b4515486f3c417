// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Brings one child object to its wanted state by server-side apply, and only when it is not there already. An annotation records the digest of
// the last apply, so that a change of ours is seen after a restart, too; a comparison with the live object finds changes by others. An object of
// that name with another owner is never touched: the API server is asked for each name that the store lacks, or, where no pass has been here
// (docs/decisions/0058-the-first-write-finds-out.md), the write is refused where the name is taken.

#include <yyjson.h>

#include "base/arena.h"
#include "base/err.h"
#include "operator/context.h"
#include "operator/manifest/manifests.h"
#include "operator/object/adoption.h"
#include "operator/object/digest.h"
#include "operator/object/kept.h"

// The largest child that we read. All that we write is smaller, but others may write to a namespace's objects, too.
#define CHILD_MAX_BYTES ((size_t)1024 * 1024)
// A StatefulSet's limit is lower: its lists take far more memory than their text.
#define WORKLOAD_MAX_BYTES ((size_t)512 * 1024)

// A child that stood as wanted at this resource version needs no second look.
struct apply_memory {
	struct {
		char version[KEPT_VERSION_SIZE];
		char digest[DIGEST_HALF_SIZE];
	} child[CHILD_COUNT];
};

struct child {
	enum child_slot slot;
	const struct kube_resource *resource;
	struct kube_store *store;
	const char *namespace, *name;
	const struct dbms *owner;
	const char *json;	   // the object as a builder made it
	bool guarded;		   // write only over the version that was read (a builder merged from it)
	bool untouched;		   // no pass has been here
	struct kube_object *live;  // what the builder saw; NULL for none
	struct kube_object *found; // by apply_look(): the object of that name; a reference
	bool fresh;		   // by apply_look(): nobody knows of an object of that name, and the write must make it
	char digest[DIGEST_HALF_SIZE]; // by apply_look(): of json
	struct kube_object *stands; // by apply_write(): the object afterwards; a reference
	bool written;		    // by apply_write(): something has changed
	bool put_back;		    // by apply_write(): somebody else had changed or deleted it
	struct kube_call *call;	    // under way, within a function of apply.c
};

// Looks at the objects under the names of n children, before any child is written; asks the API server for all at once that the stores do not know
// as the deployment's, unless it is untouched and they lack them. rets gets n verdicts: ADOPTION_OURS also where there is no object.
int apply_look(const struct context *context, struct child *children, size_t n, enum adoption *rets, struct err *err);

// After apply_look(): makes an orphan the deployment's and changes nothing else of it. ERR_CONFLICT: the orphan has changed since.
int apply_adopt(const struct context *context, const struct child *child, struct arena *arena, struct err *err);

// After apply_look(): asks the API server whether it would take the child, and writes nothing; it does not ask about a child that the server has
// taken already. ERR_INVALID, ERR_FORBIDDEN: it would not. ERR_CONFLICT: a guarded child changed in between, or a fresh one is there.
int apply_try(const struct context *context, const struct child *child, struct err *err);

// After apply_look(): writes n children, all at once, so none may need another. Returns the first of several errors; the other children were
// written all the same. ERR_CONFLICT: a guarded child changed in between, or a fresh one is there; reconcile the key anew.
int apply_write(const struct context *context, struct apply_memory *memory, struct child *children, size_t n, struct arena *arena,
		struct err *err);

// Removes a variable from the container neo4j of a live workload, even if others wrote it: server-side apply alone would leave it there where others
// own it, too. ret_live as above; NULL when there is no such variable. ERR_CONFLICT: the workload has changed in between.
int apply_remove_env(const struct context *context, const struct child *child, const char *variable, struct arena *arena,
		     struct kube_object **ret_live, struct err *err);

// Whether the owner controls the object.
bool apply_is_owned(const struct kube_object *object, const char *owner_uid);
