// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// deletionPolicy Delete (F4): deletes the deployment in Aura when its resource is deleted, then lets the resource go. The finalizer cannot hold a
// namespace for ever: after five minutes, or at once where the client credentials are gone, the operator gives up and says what is left in Aura.

#include "base/arena.h"
#include "base/err.h"
#include "operator/context.h"
#include "operator/fleet/provision.h"
#include "operator/object/basis.h"
#include "operator/object/reason.h"
#include "operator/server/retry.h"
#include "operator/server/secret_cache.h"

struct provision_end_memory {
	struct retry asking;
	struct basis told; // the failure that was told last
};

struct provision_end_inputs {
	const struct kube_resource *resource;
	const struct kube_object *object; // the root object, which is being deleted
	struct secret_cache *keyring;
};

struct provision_end_result {
	bool released;	     // the finalizer is gone, and so is the resource
	bool warning;	     // of the event
	enum reason reason;  // of the event; REASON_NONE: nothing new to tell
	const char *message;
	int64_t again_after_ms;
};

// Puts the finalizer where deletionPolicy Delete wants it, and takes it away where it does not (any more). *ret_written: the root object after a
// write, the caller unrefs it; NULL: it was not written.
int provision_keep_finalizer(const struct context *context, const struct provision_inputs *inputs, struct arena *arena,
			     struct kube_object **ret_written, struct err *err);

// Does nothing to a resource without the finalizer. ERR_CONFLICT: look again.
int provision_end(const struct context *context, struct provision_end_memory *memory, const struct provision_end_inputs *inputs,
		  struct arena *arena, struct provision_end_result *ret, struct err *err);
