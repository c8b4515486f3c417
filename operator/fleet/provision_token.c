// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The service keeps one token for a deployment: another one ends the one before. So a token must not be made by an operator that
// lags behind, nor written over one that was made later. Each try has a number in the record, which only one operator can write; it is made only
// while the API server's resource is the one that the pass has read; and the Secret is written over the version that was read, with the number. A
// token that was made and not written is not known to anybody; it ends with the next one, under a new number. An operator gives the call of
// another, or one without an answer, a minute before that: a call that came later would end the token in the Secret.

#include "operator/fleet/provision_token.h"

#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "base/log.h"
#include "operator/fleet/provision_secret.h"

static const char *cannot_mint(const struct provision_work *work)
{
	return provision_phrase(work, "No token for deployment", "can be made in Aura");
}

bool provision_may_keep_token(struct provision_work *work, struct err *err)
{
	const struct dbms *dbms = work->inputs->dbms;
	const struct provision_token nothing = {.over = &work->kept};

	if (provision_write_secret(work->context, dbms, &nothing, err) == 0)
		return true;
	(void)provision_fail_of_write(work, arena_printf(work->arena, "Secret '%s'", dbms->fleet.token_secret), err);
	return false;
}

// A token by the call that fits what we know, then by the other one: the service says 500 to the wrong one. Where the limit of calls is used up
// in between, the next pass begins with the other one.
static int call_for_token(struct provision_work *work, const char **ret, struct err *err)
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

int provision_confirm(struct provision_work *work, struct err *err)
{
	struct aura_deployments list;
	int r = aura_list(work->context->aura, &work->project, work->arena, &list, err);

	if (r < 0)
		return provision_fail_of_aura(work, cannot_mint(work), err);
	work->memory->doubted = false;
	for (size_t i = 0; i < list.n; i++) {
		if (strcmp(list.items[i].id, work->record.id) != 0)
			continue;
		(void)err_set(err, ERR_FORBIDDEN, "the Aura API lists the deployment, and refuses to make a token for it");
		return provision_fail_of_aura(work, cannot_mint(work), err);
	}
	log_info("the deployment is gone in Aura, and is made anew", "deployment", work->record.name, "id", work->record.id);
	r = provision_write_record(work, NULL, err);
	if (r == 0 && work->result->written)
		provision_tell_progress(work, provision_phrase(work, "Deployment", "is gone in Aura, and is made anew"));
	return r;
}

// ERR_CONFLICT: the API server has a newer resource than the pass.
static int check_present(struct provision_work *work, struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *present = NULL;
	const struct provision_inputs *inputs = work->inputs;
	int r = kube_get(work->context->client, inputs->resource, provision_root_name(inputs), &present, err);

	if (r < 0)
		return r;
	if (strcmp(kube_object_resource_version(present), kube_object_resource_version(inputs->object)) != 0)
		return err_set(err, ERR_CONFLICT, "the object has changed since it was read");
	return 0;
}

int provision_intend(struct provision_work *work, struct err *err)
{
	const struct provision_record next = provision_record_token_again(&work->record, work->kept.token_try, clock_wall_ms(&clock_system), work->arena);
	int r;

	if (!provision_may_keep_token(work, err))
		return err->class;
	r = provision_write_record(work, &next, err);
	if (r < 0 || !work->result->written)
		return r;
	fault_point("after-provision-token-intent");
	provision_note_fresh(work, &next);
	provision_tell_progress(work, provision_phrase(work, "Deployment", "is made in Aura; its token comes next"));
	return 0;
}

static int keep_token(struct provision_work *work, const struct provision_token *token, struct err *err)
{
	const struct dbms *dbms = work->inputs->dbms;
	int r = provision_write_secret(work->context, dbms, token, err);

	if (r < 0)
		return provision_fail_of_write(work, arena_printf(work->arena, "Secret '%s'", dbms->fleet.token_secret), err);
	provision_note_success(work);
	work->memory->renew = work->memory->other_call = false;
	// The Secret's change wakes the next pass; where the watch is late, time does.
	work->result->again_after_ms = 1000;
	provision_tell_progress(work, provision_phrase(work, "The token of deployment", "is made; it is registered next"));
	return 0;
}

int provision_mint(struct provision_work *work, const char *mark, struct err *err)
{
	struct provision_token token = {.mark = mark, .over = &work->kept};
	int r = check_present(work, err);

	if (r < 0)
		return r;
	basis_set(&work->memory->fresh, "");
	fault_point("before-provision-token");
	r = call_for_token(work, &token.text, err);
	fault_point("after-provision-token");
	if (r == 0)
		return keep_token(work, &token, err);
	// The next pass may call at once: nothing was made.
	if (provision_was_refused(err))
		provision_note_fresh(work, &work->record);
	if (r != ERR_FORBIDDEN && r != ERR_NOT_FOUND)
		return provision_fail_of_aura(work, cannot_mint(work), err);
	err_clear(err);
	work->memory->doubted = true;
	return provision_confirm(work, err);
}
