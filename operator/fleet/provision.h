// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Makes a deployment in Aura and its token for a deployment that stands at the registration (F4): carries out one step of
// operator/fleet/provision_plan.h in a pass. Each step ends with something written down, whose change wakes the next pass. Every call has a
// deadline, and none is made twice in a pass but for a token, which the service gives by one of two calls.

#include "base/arena.h"
#include "base/err.h"
#include "operator/context.h"
#include "operator/fleet/provision_secret.h"
#include "operator/object/basis.h"
#include "operator/object/names.h"
#include "operator/object/reason.h"
#include "operator/server/retry.h"

struct provision_memory {
	struct retry asking;   // the pace after failures
	struct basis fresh;    // the record that this process has written, and has not tried yet
	unsigned server_faults; // in a row, of the service's own
	bool other_call;       // the token comes by the other one of the two calls
	bool doubted;	       // the service may not know the deployment any more
	bool renew;	       // the Secret's token is of no use, although it was not registered
	int64_t renewed_ms;    // monotonic; when that was last noted; 0: never
};

struct provision_inputs {
	const struct kube_resource *resource; // of the root object
	const struct kube_object *object;     // the root object, as this pass has written it last
	const struct dbms *dbms;
	const struct names *names;
	struct secret_cache *keyring;
};

struct provision_result {
	bool ready;   // the token's Secret serves the next registration
	bool waiting; // all is well, it takes time
	enum reason reason;
	const char *message;
	struct kube_object *written; // the root object after a write; the caller unrefs it; NULL: it was not written
	int64_t again_after_ms;	     // 0: a change wakes the pass
};

// ERR_CONFLICT: the object has changed since the pass read it, or too little of the lease is left.
int provision_step_once(const struct context *context, struct provision_memory *memory, const struct provision_inputs *inputs, struct arena *arena,
			struct provision_result *ret, struct err *err);

// The Secret's token turned out to be of no use before it was registered. Another one is made, but not more than one an hour.
void provision_note_useless(struct provision_memory *memory);
