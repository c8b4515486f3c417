// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <string.h>

#include "base/fault.h"

#include <assert.h>
#include "base/steps.h"
#include "operator/cluster/cluster_steps.h"
#include "operator/object/reason.h"
#include "operator/pass/apply.h"
#include "operator/pass/children.h"
#include "operator/pass/pass.h"
#include "operator/pass/publish.h"

#define REFUSED_RETRY_MS INT64_C(60000)
#define NAME_RETRY_MS INT64_C(1000)
#define NAME_RETRY_MAX_MS INT64_C(60000)

// Nobody watches somebody else's object, so the pass looks at the name again: soon at first, then every minute.
static void wait_for_name(const struct pass *pass, struct shape *ret)
{
	int64_t delay = NAME_RETRY_MS << (pass->memory->name_taken < 6 ? pass->memory->name_taken : 6);

	pass->memory->name_taken++;
	ret->again_ms = pass_sooner(ret->again_ms, delay < NAME_RETRY_MAX_MS ? delay : NAME_RETRY_MAX_MS);
}

static void wait_for_deletion(const struct pass *pass, const char *leaving, struct shape *ret)
{
	wait_for_name(pass, ret);
	ret->waiting_reason = REASON_WAITING_FOR_DELETION;
	ret->waiting_for = arena_printf(pass->arena, "Waiting for %s of a deleted deployment of this name to go", leaving);
}

static void take_written(struct shape *ret, struct kube_object *workload)
{
	kube_object_unref(ret->written);
	ret->written = workload;
}

static void refuse(struct shape *ret, enum reason reason, const char *message)
{
	ret->refusal = (struct refusal){.reason = reason, .message = message};
	ret->warning = reason;
}

// This runs before the record says that no entry is ours: otherwise an entry that others wrote, too, would count as theirs from then on.
static int drop_plugins(const struct pass *pass, struct child *child, struct shape *ret, struct err *err)
{
	struct kube_object *live;
	int r = apply_remove_env(pass->context, child, "NEO4J_PLUGINS", pass->arena, &live, err);

	if (r < 0 || !live)
		return r;
	take_written(ret, live);
	kube_object_unref(child->found);
	child->found = kube_object_ref(live);
	child->live = live;
	return 0;
}

// When the API server refuses an object, for good or by somebody's policy, that is an outcome. A server that makes no dry runs (somebody's
// webhook forbids them) has not refused.
static bool is_refusal(const struct pass *pass, struct shape *ret, struct err *err)
{
	// A webhook or a policy may choose the status of its refusal; the words around it are the API server's.
	bool denied = strstr(err->text, "denied the request") || strstr(err->text, "denied request") || strstr(err->text, "exceeded quota");
	// A field that does not exist, such as a typo in spec.podTemplate; the API server has an error of its own for it.
	bool unknown = strstr(err->text, "failed to create typed patch object") != NULL;

	if (err->status != 422 && !unknown && !((err->status == 400 || err->status == 403) && denied))
		return false;
	refuse(ret, denied ? REASON_DENIED : REASON_INVALID_SPEC,
	       arena_printf(pass->arena, "The API server does not accept what the spec asks for: %s", err->text));
	ret->again_ms = pass_sooner(ret->again_ms, REFUSED_RETRY_MS);
	err_clear(err);
	return true;
}

static struct child *workload_in(struct children *children)
{
	struct child *last = &children->items[children->n - 1];

	// The StatefulSet's pods need all other children.
	assert(last->slot == CHILD_WORKLOAD);
	return last;
}

// Before any child is touched: tries the StatefulSet, which holds most of the spec.
static int try_workload(const struct pass *pass, struct children *children, struct shape *ret, struct err *err)
{
	const struct child *child = workload_in(children);
	int r = apply_try(pass->context, child, err);

	if (r < 0 && (is_refusal(pass, ret, err) || err->status == 400)) {
		err_clear(err);
		return 0;
	}
	return r;
}

// Comes last, since the pods need the other children.
static int apply_workload(const struct pass *pass, struct children *children, struct shape *ret, struct err *err)
{
	struct child *child = workload_in(children);
	int r;

	if (children->drop_plugins && (r = drop_plugins(pass, child, ret, err)) < 0)
		return r;
	r = apply_write(pass->context, &pass->memory->apply, child, 1, pass->arena, err);
	if (r < 0)
		return r;
	ret->created = !child->live && child->written;
	pass->memory->rolling = pass->memory->rolling || (pass->memory->formed && child->written);
	take_written(ret, steal_ptr(child->stands));
	return 0;
}

// Once, with the write that gives the servers another image.
static void tell_patch_back(const struct pass *pass, const struct deployment *before, const struct kube_object *written)
{
	struct publisher publisher = {pass->context, pass->resource, pass->arena, false};
	struct event_text event = {EVENT_WARNING, reason_name(REASON_PATCH_BACK), NULL};
	struct live_set now;

	live_set_read(kube_object_root(written), &now);
	if (!before->live.image || !now.image || strcmp(before->live.image, now.image) == 0)
		return;
	event.message = version_patch_back(before->dbms.image.tag, before->dbms.status.version, pass->arena);
	if (event.message)
		publish_event(&publisher, pass->object, &event);
}

static void tell_put_back(const struct pass *pass, const struct children *children)
{
	struct publisher publisher = {pass->context, pass->resource, pass->arena, false};
	struct event_text event = {EVENT_NORMAL, reason_name(REASON_PUT_BACK), NULL};
	const char *list = NULL;

	for (size_t i = 0; i < children->n; i++) {
		const struct child *child = &children->items[i];

		if (child->put_back)
			list = arena_printf(pass->arena, "%s%s%s '%s'", list ? list : "", list ? ", " : "", child->resource->kind, child->name);
	}
	if (!list)
		return;
	event.message = arena_printf(pass->arena, "Somebody changed what belongs to this deployment, and it is put back: %s", list);
	publish_event(&publisher, pass->object, &event);
}

static int apply_children(const struct pass *pass, struct children *children, struct shape *ret, struct err *err)
{
	int r = apply_write(pass->context, &pass->memory->apply, children->items, children->n - 1, pass->arena, err);

	if (r < 0)
		return is_refusal(pass, ret, err) ? 0 : r;
	fault_point("between-children");
	r = apply_workload(pass, children, ret, err);
	tell_put_back(pass, children);
	return r < 0 && is_refusal(pass, ret, err) ? 0 : r;
}

// The StatefulSet is tried later, when its template is known: the template takes in what others have put on it.
static int try_orphans(const struct pass *pass, const struct children *children, const struct adoption_case *cases, struct shape *ret,
		       struct err *err)
{
	for (size_t i = 0; i < children->n; i++) {
		const struct child *child = &children->items[i];
		int r;

		if (cases[i].adoption != ADOPTION_ORPHAN || child->slot == CHILD_WORKLOAD)
			continue;
		r = apply_try(pass->context, child, err);
		if (r < 0)
			return is_refusal(pass, ret, err) ? 0 : r;
	}
	return 0;
}

// Adopts all orphans or, where the API server would not take one in its wanted state, none. The next pass finds them owned and goes on from
// their content. ERR_CONFLICT: look again.
static int adopt(const struct pass *pass, const struct children *children, const struct adoption_case *cases, struct shape *ret,
		 struct err *err)
{
	const char *orphans = adoption_list(cases, children->n, ADOPTION_ORPHAN, pass->arena);
	struct publisher publisher = {pass->context, pass->resource, pass->arena, false};
	struct event_text adopted = {EVENT_NORMAL, reason_name(REASON_ADOPTED), NULL};
	int r;

	if (!orphans)
		return 0;
	r = try_orphans(pass, children, cases, ret, err);
	for (size_t i = 0; r == 0 && !ret->refusal.message && i < children->n; i++) {
		if (cases[i].adoption == ADOPTION_ORPHAN)
			r = apply_adopt(pass->context, &children->items[i], pass->arena, err);
	}
	if (r < 0 || ret->refusal.message)
		return r;
	adopted.message = arena_printf(pass->arena, "Adopted %s, which had no owner", orphans);
	publish_event(&publisher, pass->object, &adopted);
	return err_set(err, ERR_CONFLICT, "%s had no owner and belong to this deployment now", orphans);
}

// Whether all names belong to the deployment, as far as anybody knows: the operator writes nothing beside an object of somebody else that it knows
// of. It reports all taken names at once.
static int take_names(const struct pass *pass, struct children *children, bool *ret_free, struct shape *ret, struct err *err)
{
	struct adoption_case cases[CHILD_COUNT];
	enum adoption adoptions[CHILD_COUNT];
	const char *refusal, *leaving;
	int r = apply_look(pass->context, children->items, children->n, adoptions, err);

	*ret_free = false;
	if (r < 0)
		return r;
	for (size_t i = 0; i < children->n; i++) {
		const struct child *child = &children->items[i];

		cases[i] = (struct adoption_case){.kind = child->resource->kind,
						  .name = child->name,
						  .adoption = adoptions[i],
						  .object = child->found ? kube_object_root(child->found) : NULL};
	}
	refusal = adoption_refusal(cases, children->n, children->items[0].owner, pass->arena);
	leaving = adoption_list(cases, children->n, ADOPTION_LEAVING, pass->arena);
	if (refusal) {
		wait_for_name(pass, ret);
		refuse(ret, REASON_NAME_TAKEN, refusal);
		return 0;
	}
	if (leaving) {
		wait_for_deletion(pass, leaving, ret);
		return 0;
	}
	pass->memory->name_taken = 0;
	*ret_free = true;
	return adopt(pass, children, cases, ret, err);
}

static int take_names_and_apply(const struct pass *pass, struct children *children, struct shape *ret, struct err *err)
{
	bool is_free;
	int r = take_names(pass, children, &is_free, ret, err);

	if (r == 0 && is_free && !ret->refusal.message)
		r = try_workload(pass, children, ret, err);
	if (r == 0 && is_free && !ret->refusal.message)
		r = apply_children(pass, children, ret, err);
	if (r == ERR_CONFLICT)
		gather_doubt(&pass->memory->gather);
	children_release(children);
	assert(!ret->refusal.message || !ret->waiting_for);
	return r;
}

// Without usable Secrets nothing can start, and we do not know how what already runs was started.
static bool lacks_secrets(const struct deployment *deployment, struct shape *ret)
{
	const char *problem = deployment->admin_problem ? deployment->admin_problem : deployment->certificate_problem;

	if (!problem)
		return false;
	ret->waiting_for = problem;
	ret->waiting_reason = REASON_WAITING_FOR_SECRET;
	if (!deployment->workload)
		ret->warning = deployment->admin_problem ? REASON_ADMIN_SECRET_UNUSABLE : REASON_CERTIFICATE_UNUSABLE;
	return true;
}

int pass_measure(const struct pass *pass, const struct deployment *deployment, struct measure *ret, struct err *err)
{
	STEP("measuring the cluster");
	struct cluster_memory *memory = &pass->memory->cluster;
	int r;

	*ret = (struct measure){.replicas = deployment->dbms.servers};
	if (deployment->dbms.kind != DBMS_CLUSTER)
		return 0;
	r = cluster_survey(pass->context, memory, deployment, false, &ret->survey, err);
	if (r < 0)
		return r;
	if (cluster_scale(deployment, ret->survey, pass->arena, &ret->scale) && !memory->acted && !cluster_is_recent(memory, pass->started_ms)) {
		r = cluster_survey(pass->context, memory, deployment, true, &ret->survey, err);
		if (r < 0)
			return r;
		(void)cluster_scale(deployment, ret->survey, pass->arena, &ret->scale);
	}
	ret->replicas = ret->scale.replicas;
	return 0;
}

// Whether the image cannot run on the present volumes.
static bool has_wrong_version(const struct pass *pass, const struct children_inputs *inputs, struct shape *ret)
{
	const struct dbms *dbms = &inputs->deployment->dbms;
	const struct known_version *version = &inputs->entry->version;
	const char *downgrade;

	if (version->fleet_form == FLEET_FORM_REFUSED) {
		refuse(ret, REASON_VERSION_UNSUPPORTED,
		       version_refusal(dbms->image.tag, version->told ? version_text(&version->version, pass->arena) : NULL, pass->arena));
		return true;
	}
	downgrade = version_downgrade(inputs->deployment->live.image, dbms->image.tag, dbms->status.version, pass->arena);
	if (downgrade)
		refuse(ret, REASON_DOWNGRADE_REFUSED, downgrade);
	return downgrade != NULL;
}

int pass_shape(const struct pass *pass, const struct children_inputs *inputs, struct shape *ret, struct err *err)
{
	STEP("applying the children");
	struct children children;
	struct err problem = ERR_INIT;
	int r;

	*ret = (struct shape){0};
	if (has_wrong_version(pass, inputs, ret) || lacks_secrets(inputs->deployment, ret))
		return 0;
	if (children_build(pass->context, inputs, pass->arena, &children, &problem) < 0) {
		refuse(ret, REASON_INVALID_SPEC, arena_strdup(pass->arena, problem.text));
		return 0;
	}
	if (children.plugins_malformed)
		ret->malformed = arena_printf(
			pass->arena,
			"NEO4J_PLUGINS of StatefulSet '%s' cannot be merged and is kept as it is (%s): nothing can be added to it or taken "
			"out; make it a JSON list such as [\"apoc\"], or remove it",
			inputs->deployment->names.workload, children.plugins_malformed);
	r = take_names_and_apply(pass, &children, ret, err);
	if (r == 0 && ret->written)
		tell_patch_back(pass, inputs->deployment, ret->written);
	return r;
}
