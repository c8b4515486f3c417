// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The record stands on the resource, and is written over the version that was read: of two operators only one gets on.

#include "operator/fleet/provision.h"

#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "operator/fleet/provision_token.h"
#include "operator/server/server_login.h"

// Two calls that each may have to fetch a bearer first; well below the 25 s that are left of a lease while all is well.
#define LEASE_NEEDED_MS (16 * 1000)
#define RENEW_EVERY_MS INT64_C(3600000)

static const char *cannot_make(const struct provision_work *work)
{
	return provision_phrase(work, "Deployment", "cannot be made in Aura");
}

static int set_out(struct provision_work *work, struct err *err)
{
	struct provision_record next;
	int r;

	if (work->facts.recorded && !provision_may_keep_token(work, err))
		return err->class;
	if (work->facts.recorded) {
		next = provision_record_again(&work->record, clock_wall_ms(&clock_system), work->arena);
		// Nothing was tried by what this process has written.
		next.tries -= work->facts.fresh;
	} else {
		provision_record_begin(work->inputs->dbms, work->inputs->names, clock_wall_ms(&clock_system), work->arena, &next);
	}
	r = provision_write_record(work, &next, err);
	if (r < 0 || !work->result->written)
		return r;
	fault_point("after-provision-intent");
	provision_note_fresh(work, &next);
	provision_tell_progress(work, provision_phrase(work, "Deployment", "is being made in Aura"));
	return 0;
}

static int keep_id(struct provision_work *work, const char *id, struct err *err)
{
	struct provision_record made = work->record;
	int r;

	made.id = id;
	r = provision_write_record(work, &made, err);
	if (r < 0 || !work->result->written)
		return r;
	provision_note_success(work);
	log_info("a deployment is made in Aura", "namespace", work->inputs->dbms->metadata.namespace, "name", work->inputs->dbms->metadata.name,
		 "deployment", made.name, "id", id);
	provision_tell_progress(work, provision_phrase(work, "Deployment", "is made in Aura; its token comes next"));
	return 0;
}

static int name_taken(struct provision_work *work, struct err *err)
{
	struct provision_failure failure;
	struct err taken = ERR_INIT;
	int r = work->facts.recorded ? provision_write_record(work, NULL, err) : 0;

	if (r < 0 || (work->facts.recorded && !work->result->written))
		return r;
	(void)err_set(&taken, ERR_CONFLICT, "project '%s' has a deployment of this name that was not made for this resource", work->record.project);
	provision_failure_of_aura(&work->record, cannot_make(work), &taken, work->arena, &failure);
	return provision_fail(work, &failure);
}

// Whose the deployment of the recorded or intended name is. *ret_id: of a whole match.
static enum provision_match find(const struct provision_work *work, const struct aura_deployments *list, const char **ret_id)
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

static int look(struct provision_work *work, struct err *err)
{
	struct aura_deployments list;
	const char *id = NULL;
	enum provision_match match;
	int64_t left = work->facts.recorded ? provision_record_left_ms(&work->record, clock_wall_ms(&clock_system)) : 0;
	int r;

	if (!work->facts.recorded && !provision_may_keep_token(work, err))
		return err->class;
	r = aura_list(work->context->aura, &work->project, work->arena, &list, err);
	if (r < 0)
		return provision_fail_of_aura(work, cannot_make(work), err);
	match = find(work, &list, &id);
	switch (provision_after_look(&work->facts, match, left == 0)) {
	case PROVISION_SET_OUT:
		return set_out(work, err);
	case PROVISION_KEEP:
		return keep_id(work, id, err);
	case PROVISION_DROP:
		provision_tell_progress(work, "Nothing was made by the earlier spec; the present one comes next");
		return provision_write_record(work, NULL, err);
	case PROVISION_TAKEN:
		return name_taken(work, err);
	case PROVISION_WAIT:
		work->result->again_after_ms = left;
		provision_tell_progress(work, PROVISION_UNDER_WAY);
		return 0;
	}
	return 0;
}

static int make(struct provision_work *work, struct err *err)
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
		provision_note_fresh(work, record);
	return provision_fail_of_aura(work, cannot_make(work), err);
}

static int refuse(struct provision_work *work, enum reason reason, const char *message)
{
	return provision_fail(work, &(struct provision_failure){.reason = reason, .message = message});
}

static int tell_changed(struct provision_work *work)
{
	const struct provision_record *record = &work->record;

	return refuse(work, REASON_PROVISION_CHANGED,
		      arena_printf(work->arena,
				   "Deployment '%s' (%s) was made in project '%s' of organization '%s' with connection URL '%s', and the spec asks for another: set "
				   "provision back to these, or delete that deployment in the Aura console and remove annotation " PROVISION_ANNOTATION
				   " to have another made",
				   record->name, record->id, record->project, record->organization, record->connection_url));
}

static int tell_obstructed(struct provision_work *work)
{
	return refuse(work, REASON_SECRET_UNUSABLE,
		      arena_printf(work->arena, "Secret '%s' is somebody else's, so the token cannot be kept there; delete or rename it, or use tokenSecretRef",
				   work->inputs->dbms->fleet.token_secret));
}

static struct provision_reader reader_of(const struct provision_work *work, const char *secret)
{
	return (struct provision_reader){.context = work->context,
					 .keyring = work->inputs->keyring,
					 .name = {work->inputs->dbms->metadata.namespace, secret},
					 .secrets = work->secrets,
					 .texts = work->arena};
}

// How long until the last call for a token is surely over. The Secret bears its number where it was answered.
static int64_t token_left_ms(const struct provision_work *work)
{
	const struct provision_record *record = &work->record;

	return work->kept.version && work->kept.token_try == record->token_tries ? 0 : provision_record_token_left_ms(record, clock_wall_ms(&clock_system));
}

// Whether a call that the record tells of may begin: another operator that reads the record later must know when it is over.
static bool is_usable(const struct provision_work *work)
{
	const struct provision_record *record = &work->record;
	int64_t now = clock_wall_ms(&clock_system);

	return (work->facts.made ? provision_record_token_left_ms(record, now) : provision_record_left_ms(record, now)) >
	       PROVISION_SETTLED_MS - PROVISION_USABLE_MS;
}

// What there is. The mark is of a token for the next registration; NULL without a deployment in Aura.
static int gather_facts(struct provision_work *work, const char **ret_mark, struct err *err)
{
	const struct provision_inputs *inputs = work->inputs;
	const struct dbms *dbms = inputs->dbms;
	yyjson_val *root = kube_object_root(inputs->object);
	const struct provision_reader reader = reader_of(work, dbms->fleet.token_secret);
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
	r = provision_look_at_secret(&reader, dbms->metadata.uid, *ret_mark, &work->kept, err);
	facts->secret = work->kept.state;
	if (facts->secret == PROVISION_SECRET_FRESH && work->memory->renew)
		facts->secret = PROVISION_SECRET_OLD;
	facts->settled = token_left_ms(work) == 0;
	facts->usable = is_usable(work);
	return r;
}

// The credentials of the spec, so that mended ones count for what was begun with others.
static bool open_project(struct provision_work *work)
{
	const struct dbms *dbms = work->inputs->dbms;
	const struct provision_reader reader = reader_of(work, dbms->fleet.provision.credentials);
	struct provision_problem problem;

	work->project.organization = work->record.organization;
	work->project.project = work->record.project;
	work->record.credentials = dbms->fleet.provision.credentials;
	if (provision_read_credentials(&reader, &work->project.credential, &problem))
		return true;
	(void)refuse(work, problem.reason, problem.message);
	return false;
}

static int settle(struct provision_work *work)
{
	work->result->again_after_ms = token_left_ms(work);
	provision_tell_progress(work, PROVISION_UNDER_WAY);
	return 0;
}

// The steps that call the service, or come right before that.
static int advance(struct provision_work *work, enum provision_step step, const char *mark, struct err *err)
{
	if (!open_project(work))
		return 0;
	if (!context_has_ms(work->context, LEASE_NEEDED_MS))
		return err_set(err, ERR_CONFLICT, "too little of the lease is left to call the Aura API");
	switch (step) {
	case PROVISION_RENEW:
		return set_out(work, err);
	case PROVISION_MAKE:
		return make(work, err);
	case PROVISION_INTEND:
		return provision_intend(work, err);
	case PROVISION_MINT:
		return provision_mint(work, mark, err);
	case PROVISION_CONFIRM:
		return provision_confirm(work, err);
	default:
		return look(work, err);
	}
}

static int carry_out(struct provision_work *work, struct err *err)
{
	const char *mark;
	enum provision_step step;
	int r = gather_facts(work, &mark, err);

	if (r < 0)
		return provision_fail_of_write(work, arena_printf(work->arena, "Secret '%s'", work->inputs->dbms->fleet.token_secret), err);
	step = provision_next(&work->facts);
	if (step == PROVISION_READY) {
		provision_note_success(work);
		work->result->ready = true;
		return 0;
	}
	if (step == PROVISION_CHANGED)
		return tell_changed(work);
	if (step == PROVISION_OBSTRUCTED)
		return tell_obstructed(work);
	if (step == PROVISION_SETTLE)
		return settle(work);
	return advance(work, step, mark, err);
}

// Everything that a failure depends on: any change makes the next try due at once.
static const char *basis_of(const struct provision_work *work)
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
	struct provision_work work = {.context = context, .memory = memory, .inputs = inputs, .arena = arena, .secrets = secrets, .result = ret};
	int64_t left;

	*ret = (struct provision_result){0};
	arena_wipe_on_free(secrets);
	work.basis = basis_of(&work);
	if (retry_step(&memory->asking, work.basis, &left) == RETRY_WAIT) {
		ret->reason = memory->asking.reason;
		ret->message = memory->asking.message;
		ret->again_after_ms = memory->asking.next_ms == DEADLINE_NEVER ? 0 : left;
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
