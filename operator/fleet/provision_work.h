// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the steps to a deployment in Aura and its token share within one pass (F4): what the pass knows, how a failure is told and paced, and how
// the record is written.

#include "aura/aura_client.h"
#include "base/arena.h"
#include "base/err.h"
#include "operator/context.h"
#include "operator/fleet/provision_failure.h"
#include "operator/fleet/provision_plan.h"
#include "operator/fleet/provision_record.h"
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

// What the status says while a call of an earlier process, or one that had no answer, is given time.
#define PROVISION_UNDER_WAY "An earlier call to the Aura API may still be under way; it is looked at again within a minute"

struct provision_work {
	const struct context *context;
	struct provision_memory *memory;
	const struct provision_inputs *inputs;
	struct arena *arena;
	struct arena *secrets; // wiped
	struct provision_result *result;
	const char *basis; // of the pace
	struct provision_facts facts;
	struct provision_kept kept;	// the token's Secret
	struct provision_record record; // where facts.recorded
	struct aura_project project;
};

// All is well, and this is being done. The last failure stays until something has come of the steps after it.
void provision_tell_progress(struct provision_work *work, const char *what);
void provision_note_success(struct provision_work *work);

// Each tells a failure, keeps it for the pace, and returns 0; but a write that met a conflict is ERR_CONFLICT. err is cleared. subject and what:
// as in provision_failure_of_aura() and provision_failure_of_write().
int provision_fail(struct provision_work *work, struct provision_failure *failure);
int provision_fail_of_aura(struct provision_work *work, const char *subject, struct err *err);
int provision_fail_of_write(struct provision_work *work, const char *what, struct err *err);

// "BEFORE 'name of the deployment' AFTER"
const char *provision_phrase(const struct provision_work *work, const char *before, const char *after);

struct kube_name provision_root_name(const struct provision_inputs *inputs);

// Writes the record (NULL: none) over the version that the pass has read. Returns 0 also where it failed in a way that the result tells.
int provision_write_record(struct provision_work *work, const struct provision_record *record, struct err *err);

// This process has written the record, and what it tells of was not tried since.
void provision_note_fresh(struct provision_work *work, const struct provision_record *record);
