// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/provision_work.h"

#include "base/clock.h"
#include "base/log.h"

#define SERVER_FAULTS_MAX 12
#define TURN_MS INT64_C(1000)

static void tell(struct provision_work *work, const struct provision_failure *failure)
{
	work->result->reason = failure->reason;
	work->result->message = failure->message;
	work->result->waiting = failure->waiting;
}

void provision_tell_progress(struct provision_work *work, const char *what)
{
	const struct retry *asking = &work->memory->asking;

	// The last failure is not cured before something has come of it; else the status would change to and fro.
	if (asking->failures && basis_is(&asking->basis, work->basis)) {
		work->result->reason = asking->reason;
		work->result->message = asking->message;
		return;
	}
	tell(work, &(struct provision_failure){.reason = REASON_PROVISIONING, .waiting = true, .message = what});
}

void provision_note_success(struct provision_work *work)
{
	work->memory->asking = (struct retry){0};
	work->memory->server_faults = 0;
}

// Not its turn yet: that says nothing of the last failure, neither of its pace nor of its words.
static int wait_for_turn(struct provision_work *work, const struct provision_failure *failure)
{
	provision_tell_progress(work, failure->message);
	work->result->again_after_ms = failure->at_least_ms > TURN_MS ? failure->at_least_ms : TURN_MS;
	return 0;
}

int provision_fail(struct provision_work *work, struct provision_failure *failure)
{
	struct provision_memory *memory = work->memory;

	if (failure->waiting)
		return wait_for_turn(work, failure);
	memory->server_faults = failure->server_fault ? memory->server_faults + 1 : 0;
	if (memory->server_faults >= SERVER_FAULTS_MAX)
		failure->message = arena_printf(work->arena, "%s. It was tried %d times, and is not tried again until the spec or Secret '%s' changes",
						failure->message, SERVER_FAULTS_MAX, work->inputs->dbms->fleet.provision.credentials);
	tell(work, failure);
	work->result->again_after_ms = retry_fail(&memory->asking, work->basis, failure->reason, failure->message, failure->at_least_ms);
	if (memory->server_faults >= SERVER_FAULTS_MAX) {
		memory->asking.next_ms = DEADLINE_NEVER;
		work->result->again_after_ms = 0;
	}
	return 0;
}

int provision_fail_of_aura(struct provision_work *work, const char *subject, struct err *err)
{
	struct provision_failure failure;

	log_info("the Aura API", "namespace", work->inputs->dbms->metadata.namespace, "name", work->inputs->dbms->metadata.name, "error", err->text,
		 "request", err->code);
	provision_failure_of_aura(&work->record, subject, err, work->arena, &failure);
	err_clear(err);
	return provision_fail(work, &failure);
}

int provision_fail_of_write(struct provision_work *work, const char *what, struct err *err)
{
	struct provision_failure failure;

	if (err->class == ERR_CONFLICT)
		return ERR_CONFLICT;
	provision_failure_of_write(what, err, work->arena, &failure);
	err_clear(err);
	return provision_fail(work, &failure);
}

const char *provision_phrase(const struct provision_work *work, const char *before, const char *after)
{
	return arena_printf(work->arena, "%s '%s' %s", before, work->record.name, after);
}

struct kube_name provision_root_name(const struct provision_inputs *inputs)
{
	return (struct kube_name){inputs->dbms->metadata.namespace, inputs->dbms->metadata.name};
}

static const char *record_words(const struct provision_work *work)
{
	return arena_printf(work->arena, "annotation " PROVISION_ANNOTATION " of %s '%s'", work->inputs->dbms->api_kind, work->inputs->dbms->metadata.name);
}

int provision_write_record(struct provision_work *work, const struct provision_record *record, struct err *err)
{
	const struct provision_inputs *inputs = work->inputs;
	yyjson_val *root = kube_object_root(inputs->object);
	const char *text = record ? provision_record_text(record, inputs->dbms->metadata.uid, work->arena) : NULL;
	struct provision_write write = {.record = text, .finalizer = record && inputs->dbms->fleet.provision.delete_deployment};
	int r = kube_patch(work->context->client, inputs->resource, provision_root_name(inputs), NULL, KUBE_PATCH_MERGE,
			   provision_patch(root, &write, work->arena), &work->result->written, err);

	if (r < 0)
		return provision_fail_of_write(work, record_words(work), err);
	basis_set(&work->memory->fresh, "");
	return 0;
}

void provision_note_fresh(struct provision_work *work, const struct provision_record *record)
{
	basis_set(&work->memory->fresh, provision_record_text(record, work->inputs->dbms->metadata.uid, work->arena));
}
