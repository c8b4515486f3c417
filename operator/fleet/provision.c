// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The record stands on the resource, and is written over the version that was read: of two operators only one gets on. A token is made only while
// the API server's resource is the one that the pass has read, since a pass that lags behind would replace a token that is in use.

#include "operator/fleet/provision.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "operator/fleet/provision_failure.h"
#include "operator/server/server_login.h"

// Two calls that each may have to fetch a bearer first; well below the 25 s that are left of a lease while all is well.
#define LEASE_NEEDED_MS (16 * 1000)
#define SERVER_FAULTS_MAX 12
#define RENEW_EVERY_MS INT64_C(3600000)

// What the functions of this file share, in one pass.
struct work {
	const struct context *context;
	struct provision_memory *memory;
	const struct provision_inputs *inputs;
	struct arena *arena;
	struct arena *secrets; // wiped
	struct provision_result *result;
	const char *basis; // of the pace
	struct provision_facts facts;
	struct provision_record record; // where facts.recorded
	struct aura_project project;
};

static void tell(struct work *work, const struct provision_failure *failure)
{
	work->result->reason = failure->reason;
	work->result->message = failure->message;
	work->result->waiting = failure->waiting;
}

static void tell_progress(struct work *work, const char *what)
{
	const struct retry *asking = &work->memory->asking;

	// The last failure is not cured before something has come of it; else the status would change to and fro.
	if (asking->failures && asking->reason != REASON_PROVISIONING && basis_is(&asking->basis, work->basis)) {
		work->result->reason = asking->reason;
		work->result->message = asking->message;
		return;
	}
	tell(work, &(struct provision_failure){.reason = REASON_PROVISIONING, .waiting = true, .message = what});
}

static void note_success(struct work *work)
{
	work->memory->asking = (struct retry){0};
	work->memory->server_faults = 0;
}

// Keeps the failure for the pace.
static int fail(struct work *work, struct provision_failure *failure)
{
	struct provision_memory *memory = work->memory;

	if (failure->waiting && memory->asking.reason == REASON_PROVISIONING)
		memory->asking = (struct retry){0};
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

static int fail_of_aura(struct work *work, const char *subject, struct err *err)
{
	struct provision_failure failure;

	log_info("the Aura API", "namespace", work->inputs->dbms->metadata.namespace, "name", work->inputs->dbms->metadata.name, "error", err->text,
		 "request", err->code);
	provision_failure_of_aura(&work->record, subject, err, work->arena, &failure);
	err_clear(err);
	return fail(work, &failure);
}

static int fail_of_write(struct work *work, const char *what, struct err *err)
{
	struct provision_failure failure;

	if (err->class == ERR_CONFLICT)
		return ERR_CONFLICT;
	provision_failure_of_write(what, err, work->arena, &failure);
	err_clear(err);
	return fail(work, &failure);
}

static const char *phrase(const struct work *work, const char *before, const char *after)
{
	return arena_printf(work->arena, "%s '%s' %s", before, work->record.name, after);
}

static const char *cannot_make(const struct work *work)
{
	return phrase(work, "Deployment", "cannot be made in Aura");
}

static const char *cannot_mint(const struct work *work)
{
	return phrase(work, "No token for deployment", "can be made in Aura");
}

static struct kube_name root_name(const struct provision_inputs *inputs)
{
	return (struct kube_name){inputs->dbms->metadata.namespace, inputs->dbms->metadata.name};
}

static const char *record_words(const struct work *work)
{
	return arena_printf(work->arena, "annotation " PROVISION_ANNOTATION " of %s '%s'", work->inputs->dbms->api_kind, work->inputs->dbms->metadata.name);
}

// Writes the record (NULL: none) over the version that the pass has read. Returns 0 also where it failed in a way that the result tells.
static int write_record(struct work *work, const struct provision_record *record, struct err *err)
{
	const struct provision_inputs *inputs = work->inputs;
	yyjson_val *root = kube_object_root(inputs->object);
	const char *text = record ? provision_record_text(record, inputs->dbms->metadata.uid, work->arena) : NULL;
	struct provision_write write = {.record = text, .finalizer = record && inputs->dbms->fleet.provision.delete_deployment};
	int r = kube_patch(work->context->client, inputs->resource, root_name(inputs), NULL, KUBE_PATCH_MERGE, provision_patch(root, &write, work->arena),
			   &work->result->written, err);

	if (r < 0)
		return fail_of_write(work, record_words(work), err);
	basis_set(&work->memory->fresh, "");
	return 0;
}

// Before the first call: without the right to keep a token none must be made.
static bool may_keep_token(struct work *work, struct err *err)
{
	const struct dbms *dbms = work->inputs->dbms;
	const struct provision_token nothing = {.replaces = work->facts.secret != PROVISION_SECRET_NONE};

	if (provision_write_secret(work->context, dbms, &nothing, err) == 0)
		return true;
	(void)fail_of_write(work, arena_printf(work->arena, "Secret '%s'", dbms->fleet.token_secret), err);
	return false;
}

static int set_out(struct work *work, struct err *err)
{
	struct provision_record next;
	int r;

	if (!may_keep_token(work, err))
		return err->class;
	if (work->facts.recorded)
		next = provision_record_again(&work->record, clock_wall_ms(&clock_system), work->arena);
	else
		provision_record_begin(work->inputs->dbms, work->inputs->names, clock_wall_ms(&clock_system), work->arena, &next);
	r = write_record(work, &next, err);
	if (r < 0 || !work->result->written)
		return r;
	fault_point("after-provision-intent");
	basis_set(&work->memory->fresh, provision_record_text(&next, work->inputs->dbms->metadata.uid, work->arena));
	tell_progress(work, phrase(work, "Deployment", "is being made in Aura"));
	return 0;
}

static int keep_id(struct work *work, const char *id, struct err *err)
{
	struct provision_record made = work->record;
	int r;

	made.id = id;
	r = write_record(work, &made, err);
	if (r < 0 || !work->result->written)
		return r;
	note_success(work);
	log_info("a deployment is made in Aura", "namespace", work->inputs->dbms->metadata.namespace, "name", work->inputs->dbms->metadata.name,
		 "deployment", made.name, "id", id);
	tell_progress(work, phrase(work, "Deployment", "is made in Aura; its token comes next"));
	return 0;
}

static int name_taken(struct work *work, struct err *err)
{
	struct provision_failure failure;
	struct err taken = ERR_INIT;
	int r = work->facts.recorded ? write_record(work, NULL, err) : 0;

	if (r < 0 || (work->facts.recorded && !work->result->written))
		return r;
	(void)err_set(&taken, ERR_CONFLICT, "project '%s' has a deployment of this name that was not made for this resource", work->record.project);
	provision_failure_of_aura(&work->record, cannot_make(work), &taken, work->arena, &failure);
	return fail(work, &failure);
}

// Whose the deployment of the recorded or intended name is. *ret_id: of a whole match.
static enum provision_match find(const struct work *work, const struct aura_deployments *list, const char **ret_id)
{
	enum provision_match match = PROVISION_MATCH_NONE;

	for (size_t i = 0; i < list->n; i++) {
		const struct aura_deployment *item = &list->items[i];

		if (strcmp(item->name, work->record.name) != 0)
			continue;
		match = match == PROVISION_MATCH_WHOLE ? match : PROVISION_MATCH_NAME;
		if (strcmp(item->connection_url, work->record.connection_url) != 0)
			continue;
		match = PROVISION_MATCH_WHOLE;
		*ret_id = item->id;
	}
	return match;
}

static int look(struct work *work, struct err *err)
{
	struct aura_deployments list;
	const char *id = NULL;
	enum provision_match match;
	int64_t left = work->facts.recorded ? provision_record_left_ms(&work->record, clock_wall_ms(&clock_system)) : 0;
	int r = aura_list(work->context->aura, &work->project, work->arena, &list, err);

	if (r < 0)
		return fail_of_aura(work, cannot_make(work), err);
	match = find(work, &list, &id);
	switch (provision_after_look(&work->facts, match, left == 0)) {
	case PROVISION_SET_OUT:
		return set_out(work, err);
	case PROVISION_KEEP:
		return keep_id(work, id, err);
	case PROVISION_DROP:
		tell_progress(work, "Nothing was made by the earlier spec; the present one comes next");
		return write_record(work, NULL, err);
	case PROVISION_TAKEN:
		return name_taken(work, err);
	case PROVISION_WAIT:
		work->result->again_after_ms = left;
		tell_progress(work, "An earlier call to the Aura API may still be under way; it is looked at again within a minute");
		return 0;
	}
	return 0;
}

static int make(struct work *work, struct err *err)
{
	const struct provision_record *record = &work->record;
	char id[AURA_ID_SIZE];
	int r;

	basis_set(&work->memory->fresh, "");
	fault_point("before-provision-call");
	r = aura_create(work->context->aura, &work->project, record->name, record->connection_url, id, err);
	fault_point("after-provision-call");
	if (r == 0)
		return keep_id(work, arena_strdup(work->arena, id), err);
	if (provision_is_refuted(record->tries, r == ERR_CONFLICT)) {
		err_clear(err);
		return name_taken(work, err);
	}
	// The next pass may call at once: nothing was made.
	if (provision_was_refused(err) && r != ERR_CONFLICT)
		basis_set(&work->memory->fresh, provision_record_text(record, work->inputs->dbms->metadata.uid, work->arena));
	return fail_of_aura(work, cannot_make(work), err);
}

// A token by the call that fits what we know, then by the other one: the service says 500 to the wrong one. Where the limit of calls is used up
// in between, the next pass begins with the other one.
static int call_for_token(struct work *work, const char **ret, struct err *err)
{
	int (*const calls[])(struct aura_client *, const struct aura_project *, const char *, struct arena *, const char **, struct err *) = {aura_mint,
																	       aura_rotate};
	bool *other = &work->memory->other_call;
	int first = (work->facts.secret != PROVISION_SECRET_NONE) != *other;
	int r = calls[first](work->context->aura, &work->project, work->record.id, work->secrets, ret, err);

	if (r != ERR_SERVER || err->status != 500)
		return r;
	*other = !*other;
	err_clear(err);
	return calls[1 - first](work->context->aura, &work->project, work->record.id, work->secrets, ret, err);
}

// An unknown deployment and a refused client have the same answer: the list tells which it is.
static int confirm(struct work *work, struct err *err)
{
	struct aura_deployments list;
	int r = aura_list(work->context->aura, &work->project, work->arena, &list, err);

	if (r < 0)
		return fail_of_aura(work, cannot_mint(work), err);
	work->memory->doubted = false;
	for (size_t i = 0; i < list.n; i++) {
		if (strcmp(list.items[i].id, work->record.id) != 0)
			continue;
		(void)err_set(err, ERR_FORBIDDEN, "the Aura API lists the deployment, and refuses to make a token for it");
		return fail_of_aura(work, cannot_mint(work), err);
	}
	log_info("the deployment is gone in Aura, and is made anew", "deployment", work->record.name, "id", work->record.id);
	r = write_record(work, NULL, err);
	if (r == 0 && work->result->written)
		tell_progress(work, phrase(work, "Deployment", "is gone in Aura, and is made anew"));
	return r;
}

// ERR_CONFLICT: the API server has a newer resource than the pass.
static int check_present(struct work *work, struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *present = NULL;
	const struct provision_inputs *inputs = work->inputs;
	int r = kube_get(work->context->client, inputs->resource, root_name(inputs), &present, err);

	if (r < 0)
		return r;
	if (strcmp(kube_object_resource_version(present), kube_object_resource_version(inputs->object)) != 0)
		return err_set(err, ERR_CONFLICT, "the object has changed since it was read");
	return 0;
}

static int mint(struct work *work, const char *mark, struct err *err)
{
	const struct dbms *dbms = work->inputs->dbms;
	struct provision_token token = {.mark = mark, .replaces = work->facts.secret != PROVISION_SECRET_NONE};
	int r;

	if (!may_keep_token(work, err))
		return err->class;
	r = check_present(work, err);
	if (r < 0)
		return r;
	fault_point("before-provision-token");
	r = call_for_token(work, &token.text, err);
	fault_point("after-provision-token");
	if (r == ERR_FORBIDDEN || r == ERR_NOT_FOUND) {
		err_clear(err);
		work->memory->doubted = true;
		return confirm(work, err);
	}
	if (r < 0)
		return fail_of_aura(work, cannot_mint(work), err);
	r = provision_write_secret(work->context, dbms, &token, err);
	if (r < 0)
		return fail_of_write(work, arena_printf(work->arena, "Secret '%s'", dbms->fleet.token_secret), err);
	note_success(work);
	work->memory->renew = work->memory->other_call = false;
	// The Secret's change wakes the next pass; where the watch is late, time does.
	work->result->again_after_ms = 1000;
	tell_progress(work, phrase(work, "The token of deployment", "is made; it is registered next"));
	return 0;
}

static int refuse(struct work *work, enum reason reason, const char *message)
{
	return fail(work, &(struct provision_failure){.reason = reason, .message = message});
}

static int tell_changed(struct work *work)
{
	const struct provision_record *record = &work->record;

	return refuse(work, REASON_PROVISION_CHANGED,
		      arena_printf(work->arena,
				   "Deployment '%s' (%s) was made in project '%s' of organization '%s' with connection URL '%s', and the spec asks for another: set "
				   "provision back to these, or delete that deployment in the Aura console and remove annotation " PROVISION_ANNOTATION
				   " to have another made",
				   record->name, record->id, record->project, record->organization, record->connection_url));
}

static int tell_obstructed(struct work *work)
{
	return refuse(work, REASON_SECRET_UNUSABLE,
		      arena_printf(work->arena, "Secret '%s' is somebody else's, so the token cannot be kept there; delete or rename it, or use tokenSecretRef",
				   work->inputs->dbms->fleet.token_secret));
}

// What there is. The mark is of a token for the next registration; NULL without a deployment in Aura.
static int gather_facts(struct work *work, const char **ret_mark, struct err *err)
{
	const struct provision_inputs *inputs = work->inputs;
	const struct dbms *dbms = inputs->dbms;
	yyjson_val *root = kube_object_root(inputs->object);
	struct provision_facts *facts = &work->facts;
	int r;

	facts->recorded = provision_record_read(root, work->arena, &work->record);
	if (!facts->recorded)
		provision_record_begin(dbms, inputs->names, clock_wall_ms(&clock_system), work->arena, &work->record);
	facts->made = facts->recorded && work->record.id && aura_is_id(work->record.id);
	facts->doubted = facts->made && work->memory->doubted;
	facts->fits = provision_record_fits(&work->record, dbms);
	facts->fresh = facts->recorded &&
		       basis_is(&work->memory->fresh, provision_record_text(&work->record, dbms->metadata.uid, work->arena));
	*ret_mark = facts->made ? provision_token_mark(&work->record, dbms->status.last_registration, work->arena) : NULL;
	r = provision_look_at_secret(work->context, inputs->keyring, dbms, *ret_mark, &facts->secret, err);
	if (r == 0 && facts->secret == PROVISION_SECRET_FRESH && work->memory->renew)
		facts->secret = PROVISION_SECRET_OLD;
	return r;
}

// The credentials of the spec, so that mended ones count for what was begun with others.
static bool open_project(struct work *work)
{
	const struct dbms *dbms = work->inputs->dbms;
	const struct provision_reader reader = {.context = work->context,
						.keyring = work->inputs->keyring,
						.name = {dbms->metadata.namespace, dbms->fleet.provision.credentials},
						.secrets = work->secrets,
						.texts = work->arena};
	struct provision_problem problem;

	work->project.organization = work->record.organization;
	work->project.project = work->record.project;
	work->record.credentials = dbms->fleet.provision.credentials;
	if (provision_read_credentials(&reader, &work->project.credential, &problem))
		return true;
	(void)refuse(work, problem.reason, problem.message);
	return false;
}

static int carry_out(struct work *work, struct err *err)
{
	const char *mark;
	enum provision_step step;
	int r = gather_facts(work, &mark, err);

	if (r < 0)
		return fail_of_write(work, arena_printf(work->arena, "Secret '%s'", work->inputs->dbms->fleet.token_secret), err);
	step = provision_next(&work->facts);
	if (step == PROVISION_READY) {
		note_success(work);
		work->result->ready = true;
		return 0;
	}
	if (step == PROVISION_CHANGED)
		return tell_changed(work);
	if (step == PROVISION_OBSTRUCTED)
		return tell_obstructed(work);
	if (!open_project(work))
		return 0;
	if (!context_has_ms(work->context, LEASE_NEEDED_MS))
		return err_set(err, ERR_CONFLICT, "too little of the lease is left to call the Aura API");
	if (step == PROVISION_MINT)
		return mint(work, mark, err);
	if (step == PROVISION_CONFIRM)
		return confirm(work, err);
	return step == PROVISION_MAKE ? make(work, err) : look(work, err);
}

// Everything that a failure depends on: any change makes the next try due at once.
static const char *basis_of(const struct work *work)
{
	const struct dbms *dbms = work->inputs->dbms;

	return arena_printf(work->arena, "%lld %s %s %s", (long long)dbms->metadata.generation,
			    access_secret_version(work->context, dbms, dbms->fleet.provision.credentials, work->arena),
			    access_secret_version(work->context, dbms, dbms->fleet.token_secret, work->arena),
			    dbms->status.last_registration ? dbms->status.last_registration : "");
}

int provision_step_once(const struct context *context, struct provision_memory *memory, const struct provision_inputs *inputs, struct arena *arena,
			struct provision_result *ret, struct err *err)
{
	_cleanup_(arena_freep) struct arena *secrets = arena_new();
	struct work work = {.context = context, .memory = memory, .inputs = inputs, .arena = arena, .secrets = secrets, .result = ret};
	int64_t left;

	*ret = (struct provision_result){0};
	arena_wipe_on_free(secrets);
	work.basis = basis_of(&work);
	if (retry_step(&memory->asking, work.basis, &left) == RETRY_WAIT) {
		ret->reason = memory->asking.reason;
		ret->message = memory->asking.message;
		ret->waiting = ret->reason == REASON_PROVISIONING;
		ret->again_after_ms = memory->server_faults >= SERVER_FAULTS_MAX ? 0 : left;
		return 0;
	}
	if (!basis_is(&memory->asking.basis, work.basis))
		memory->server_faults = 0;
	return carry_out(&work, err);
}

void provision_note_useless(struct provision_memory *memory)
{
	int64_t now = clock_monotonic_ms(&clock_system);

	if (memory->renewed_ms && now - memory->renewed_ms < RENEW_EVERY_MS)
		return;
	memory->renewed_ms = now;
	memory->renew = true;
}
