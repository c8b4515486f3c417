// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The record alone says what to delete: the spec may be another by now, or invalid. A resource that ends between the call that makes the
// deployment and the note of its id has a record without one; then the project's list tells, once no such call can be under way.

#include "operator/fleet/provision_end.h"

#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "operator/fleet/provision_failure.h"
#include "operator/fleet/provision_record.h"
#include "operator/fleet/provision_secret.h"

#define GIVE_UP_MS INT64_C(300000)
#define TURN_MS INT64_C(1000)
#define LEASE_NEEDED_MS (16 * 1000)

struct ending {
	const struct context *context;
	struct provision_end_memory *memory;
	const struct provision_end_inputs *inputs;
	struct arena *arena, *secrets;
	struct provision_end_result *result;
	struct provision_record record;
	struct aura_project project;
};

static const char *basis_of(const struct ending *ending)
{
	return kube_object_uid(ending->inputs->object);
}

static void tell(struct ending *ending, bool warning, enum reason reason, const char *message)
{
	ending->result->warning = warning;
	ending->result->reason = reason;
	ending->result->message = message;
}

static int release(struct ending *ending, struct err *err)
{
	const struct provision_end_inputs *inputs = ending->inputs;
	struct kube_name name = {kube_object_namespace(inputs->object), kube_object_name(inputs->object)};
	const char *patch = provision_patch(kube_object_root(inputs->object), &(struct provision_write){.keep_record = true}, ending->arena);
	int r;

	fault_point("before-provision-release");
	r = kube_patch(ending->context->client, inputs->resource, name, NULL, KUBE_PATCH_MERGE, patch, NULL, err);
	if (r == ERR_NOT_FOUND) {
		err_clear(err);
		r = 0;
	}
	ending->result->released = r == 0;
	return r < 0 && r != ERR_CONFLICT ? err_wrap(err, "cannot remove the finalizer of '%s'", name.name) : r;
}

static int give_up(struct ending *ending, const char *why, struct err *err)
{
	const struct provision_record *record = &ending->record;

	tell(ending, true, REASON_DEPLOYMENT_LEFT,
	     arena_printf(ending->arena, "Deployment '%s'%s%s stays in project '%s' in Aura: %s. Delete it in the Aura console", record->name,
			  record->id ? ", id " : "", record->id ? record->id : "", record->project, why));
	return release(ending, err);
}

// How much of the five minutes is left, by the wall clock.
static int64_t left_ms(const struct ending *ending)
{
	const char *since = kube_object_str(ending->inputs->object, "/metadata/deletionTimestamp");
	int64_t since_ms, now = clock_wall_ms(&clock_system);

	if (!since || time_parse_rfc3339(since, &since_ms) < 0 || since_ms + GIVE_UP_MS <= now)
		return 0;
	// By the API server's clock it may lie ahead of ours.
	return since_ms > now ? GIVE_UP_MS : since_ms + GIVE_UP_MS - now;
}

static int try_later(struct ending *ending, const struct provision_failure *failure, struct err *err)
{
	int64_t left = left_ms(ending), delay;

	if (left == 0)
		return give_up(ending, failure->message, err);
	if (!failure->waiting && !basis_is(&ending->memory->told, failure->message)) {
		basis_set(&ending->memory->told, failure->message);
		tell(ending, true, REASON_AURA_FAILED,
		     arena_printf(ending->arena, "%s. After five minutes the resource goes without it", failure->message));
	}
	// Not its turn yet: that is no failure, and does not slow it down.
	if (failure->waiting) {
		delay = failure->at_least_ms > TURN_MS ? failure->at_least_ms : TURN_MS;
		ending->result->again_after_ms = delay < left ? delay : left;
		return 0;
	}
	delay = retry_fail(&ending->memory->asking, basis_of(ending), failure->reason, failure->message, failure->at_least_ms);
	if (delay > left) {
		delay = left;
		ending->memory->asking.next_ms = deadline_in_ms(left);
	}
	ending->result->again_after_ms = delay;
	return 0;
}

static int try_later_of_aura(struct ending *ending, struct err *err)
{
	struct provision_failure failure;
	const char *subject = arena_printf(ending->arena, "Deployment '%s' cannot be deleted in Aura", ending->record.name);

	provision_failure_of_aura(&ending->record, subject, err, ending->arena, &failure);
	err_clear(err);
	return try_later(ending, &failure, err);
}

static int end_deleted(struct ending *ending, struct err *err)
{
	tell(ending, false, REASON_DEPLOYMENT_DELETED, arena_printf(ending->arena, "Deployment '%s' is deleted in Aura", ending->record.name));
	return release(ending, err);
}

// The recorded deployment in the project's list; NULL: there is none.
static const char *find(const struct ending *ending, const struct aura_deployments *list)
{
	const struct provision_record *record = &ending->record;

	for (size_t i = 0; i < list->n; i++) {
		const struct aura_deployment *item = &list->items[i];

		if (record->id ? strcmp(item->id, record->id) == 0
			       : strcmp(item->name, record->name) == 0 && strcmp(item->connection_url, record->connection_url) == 0)
			return item->id;
	}
	return NULL;
}

static int delete_by_id(struct ending *ending, const char *id, struct err *err)
{
	struct aura_deployments list;
	struct err cause;
	int r = aura_delete(ending->context->aura, &ending->project, id, err);

	fault_point("after-provision-delete");
	if (r == 0)
		return end_deleted(ending, err);
	if (r != ERR_FORBIDDEN && r != ERR_NOT_FOUND)
		return try_later_of_aura(ending, err);
	// An unknown deployment and a refused client have the same answer: the list tells which it is.
	cause = *err;
	err_clear(err);
	r = aura_list(ending->context->aura, &ending->project, ending->arena, &list, err);
	if (r == 0 && !find(ending, &list))
		return end_deleted(ending, err);
	if (r == 0)
		*err = cause;
	return try_later_of_aura(ending, err);
}

static int delete_by_name(struct ending *ending, struct err *err)
{
	int64_t settles = provision_record_left_ms(&ending->record, clock_wall_ms(&clock_system));
	struct aura_deployments list;
	const char *id;
	int r = aura_list(ending->context->aura, &ending->project, ending->arena, &list, err);

	if (r < 0)
		return try_later_of_aura(ending, err);
	id = find(ending, &list);
	if (id)
		return delete_by_id(ending, arena_strdup(ending->arena, id), err);
	if (settles == 0)
		return release(ending, err);
	return try_later(ending, &(struct provision_failure){.reason = REASON_PROVISIONING, .message = "a call may still be under way", .waiting = true, .at_least_ms = settles},
			 err);
}

// As the spec names them now; the record's where it names none.
static const char *credentials_of(const struct ending *ending)
{
	const char *name = kube_object_str(ending->inputs->object, "/spec/auraFleetManagement/provision/credentialsSecretRef/name");

	return name ? name : ending->record.credentials;
}

static int carry_out(struct ending *ending, struct err *err)
{
	const struct provision_reader reader = {.context = ending->context,
						.keyring = ending->inputs->keyring,
						.name = {kube_object_namespace(ending->inputs->object), credentials_of(ending)},
						.secrets = ending->secrets,
						.texts = ending->arena};
	struct provision_problem problem;

	if (!provision_read_credentials(&reader, &ending->project.credential, &problem)) {
		if (problem.reason != REASON_SECRET_UNREADABLE)
			return give_up(ending, problem.message, err);
		return try_later(ending, &(struct provision_failure){.reason = problem.reason, .message = problem.message}, err);
	}
	if (!context_has_ms(ending->context, LEASE_NEEDED_MS))
		return err_set(err, ERR_CONFLICT, "too little of the lease is left to call the Aura API");
	if (ending->record.id && aura_is_id(ending->record.id))
		return delete_by_id(ending, ending->record.id, err);
	return delete_by_name(ending, err);
}

int provision_end(const struct context *context, struct provision_end_memory *memory, const struct provision_end_inputs *inputs,
		  struct arena *arena, struct provision_end_result *ret, struct err *err)
{
	_cleanup_(arena_freep) struct arena *secrets = arena_new();
	struct ending ending = {.context = context, .memory = memory, .inputs = inputs, .arena = arena, .secrets = secrets, .result = ret};
	yyjson_val *root = kube_object_root(inputs->object);
	int64_t left;

	*ret = (struct provision_end_result){0};
	if (!provision_has_finalizer(root))
		return 0;
	arena_wipe_on_free(secrets);
	if (!provision_record_read(root, arena, &ending.record))
		return release(&ending, err);
	if (retry_step(&memory->asking, basis_of(&ending), &left) == RETRY_WAIT) {
		ret->again_after_ms = left;
		return 0;
	}
	ending.project.organization = ending.record.organization;
	ending.project.project = ending.record.project;
	return carry_out(&ending, err);
}

int provision_keep_finalizer(const struct context *context, const struct provision_inputs *inputs, struct arena *arena,
			     struct kube_object **ret_written, struct err *err)
{
	yyjson_val *root = kube_object_root(inputs->object);
	struct kube_name name = {inputs->dbms->metadata.namespace, inputs->dbms->metadata.name};
	struct provision_record record;
	struct provision_write write = {.keep_record = true};

	*ret_written = NULL;
	write.finalizer = inputs->dbms->fleet.provision.delete_deployment && provision_record_read(root, arena, &record);
	if (write.finalizer == provision_has_finalizer(root))
		return 0;
	return kube_patch(context->client, inputs->resource, name, NULL, KUBE_PATCH_MERGE, provision_patch(root, &write, arena), ret_written, err);
}
