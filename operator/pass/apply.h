// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Brings one child object to its wanted state by server-side apply, and only when it is not there already: an
// annotation records the digest of what was applied last, so that a change of ours is seen after a restart too, and a
// comparison with the live object finds changes by others. An object of the name that somebody else owns is never touched.

#include <yyjson.h>

#include "base/arena.h"
#include "base/err.h"
#include "operator/context.h"
#include "operator/manifest/manifests.h"
#include "operator/object/adoption.h"
#include "operator/object/kept.h"

// The largest child that is read. All that we write is smaller, but others may write to a namespace's objects, too.
#define CHILD_MAX_BYTES ((size_t)1024 * 1024)
// Of a StatefulSet, whose lists take far more memory than their text.
#define WORKLOAD_MAX_BYTES ((size_t)512 * 1024)

// A child that stood as wanted at this resource version needs no second look.
struct apply_memory {
	struct {
		char version[KEPT_VERSION_SIZE];
		char digest[65];
	} child[CHILD_COUNT];
};

struct child {
	enum child_slot slot;
	const struct kube_resource *resource;
	struct kube_store *store;
	const char *namespace, *name;
	const struct dbms *owner;
	const char *json;	   // the object as a builder made it
	bool guarded;		   // write only over the very version that was read (a builder merged from it)
	struct kube_object *live;  // what the builder saw; NULL for none
	struct kube_object *found; // by apply_look(): what stands there; a reference
	char digest[65];	   // by apply_look(): of json
	struct kube_object *stands; // by apply_write(): the object afterwards; a reference
	bool written;		    // by apply_write(): something has changed
	struct kube_call *call;	    // under way, within a function of apply.c
};

// Looks at what stands under the names of n children, before any child is written; the API server is asked for all of them at once.
// rets gets n verdicts: ADOPTION_OURS also where nothing stands there.
int apply_look(const struct context *context, struct child *children, size_t n, enum adoption *rets, struct err *err);

// After apply_look(): makes an orphan the deployment's and changes nothing else of it. ERR_CONFLICT: it has changed since.
int apply_adopt(const struct context *context, const struct child *child, struct arena *arena, struct err *err);

// After apply_look(): asks the API server whether it would take the child, and writes nothing; it is not asked about one that it has
// taken already. ERR_INVALID, ERR_FORBIDDEN: it would not. ERR_CONFLICT: a guarded child changed in between.
int apply_try(const struct context *context, const struct child *child, struct arena *arena, struct err *err);

// After apply_look(). The writes of n children are under way at once, so none may need another. Of several errors the first is
// returned; the others were written all the same. ERR_CONFLICT: a guarded child changed in between; the key is to be reconciled anew.
int apply_write(const struct context *context, struct apply_memory *memory, struct child *children, size_t n, struct arena *arena,
		struct err *err);

// Takes a variable out of the container neo4j of a live workload, whoever has written it: server-side apply alone would leave it
// there where others own it, too. ret_live as above; NULL when there is no such variable. ERR_CONFLICT: it has changed in between.
int apply_remove_env(const struct context *context, const struct child *child, const char *variable, struct arena *arena,
		     struct kube_object **ret_live, struct err *err);

// Whether object is controlled by the owner.
bool apply_is_owned(const struct kube_object *object, const char *owner_uid);
