// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/pass/gather.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/steps.h"
#include "operator/manifest/settings.h"
#include "operator/object/admin_secret.h"
#include "operator/object/live_set.h"
#include "operator/pass/apply.h"
#include "operator/pass/judgement.h"
#include "operator/server/secret_cache.h"
#include "operator/server/server_login.h"

// The objects that the index finds for a deployment; their number and size are limited (operator/object/belongs.h, operator/wiring.c).
static size_t find_objects(struct kube_store *store, const struct dbms *dbms, struct kube_object ***ret)
{
	_cleanup_(kube_names_free) struct kube_names found;
	struct kube_object **objects;
	size_t n = 0;

	kube_store_find(store, dbms->metadata.namespace, dbms->metadata.name, &found);
	objects = calloc(found.n + 1, sizeof(struct kube_object *));
	if (!objects)
		abort();
	for (size_t i = 0; i < found.n; i++) {
		objects[n] = kube_store_get(store, (struct kube_name){.namespace = dbms->metadata.namespace, .name = found.names[i]});
		n += objects[n] != NULL;
	}
	*ret = objects;
	return n;
}

static void objects_free(struct kube_object **objects, size_t n)
{
	for (size_t i = 0; i < n; i++)
		kube_object_unref(objects[i]);
	free(objects);
}

static void read_pod(yyjson_val *root, struct arena *arena, struct pod *ret)
{
	pod_read(root, arena, ret);
	pod_read_steadiness(root, clock_wall_ms(&clock_system), arena, ret);
}

// Takes the StatefulSet over; NULL: there is none.
static void take_workload(const struct context *context, struct arena *arena, struct kube_object *workload, struct gathered *gathered)
{
	struct deployment *deployment = &gathered->deployment;
	const char *uid;
	struct pod *pods;

	assert(!gathered->workload);
	gathered->workload = deployment->workload = workload;
	live_set_read(workload ? kube_object_root(workload) : NULL, &deployment->live);
	if (!workload)
		return;
	uid = kube_object_uid(workload);
	gathered->n_pods = find_objects(context->stores.pods, &deployment->dbms, &gathered->pods);
	deployment->pods = pods = arena_new_array(arena, struct pod, gathered->n_pods);
	for (size_t i = 0; i < gathered->n_pods; i++) {
		if (apply_is_owned(gathered->pods[i], uid))
			read_pod(kube_object_root(gathered->pods[i]), arena, &pods[deployment->n_pods++]);
	}
}

static void explain_ends(const struct context *context, struct gather_memory *memory, struct arena *arena, struct deployment *deployment)
{
	deployment->pods = end_log_look(context, &memory->ends, deployment, arena);
}

void gather_again(const struct context *context, struct gather_memory *memory, struct arena *arena, struct kube_object *workload,
		  struct gathered *copy)
{
	assert(workload);
	copy->deployment.pods = NULL;
	copy->deployment.n_pods = 0;
	take_workload(context, arena, workload, copy);
	explain_ends(context, memory, arena, &copy->deployment);
}

static void judge_secret(struct gather_memory *memory, struct kube_object *secret, const char *name, int least)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct admin_secret credentials;
	const char *problem;

	memory->admin.usable = admin_secret_read(kube_object_root(secret), least, arena, &credentials, &problem);
	memory->admin.least = least;
	kept_set(memory->admin.problem,
		   memory->admin.usable ? "" : arena_printf(arena, "Secret '%s' cannot be used: %s", name, problem));
	kept_set(memory->admin.version, kube_object_resource_version(secret));
}

// Reads the Secret's content once for each of its versions, and remembers the verdict but not the content.
static int gather_admin(const struct context *context, struct gather_memory *memory, struct arena *arena, struct deployment *deployment,
			struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *known = NULL, *secret = NULL;
	struct kube_name name = {.namespace = deployment->dbms.metadata.namespace, .name = deployment->dbms.admin_secret};
	int least = settings_password_length(&deployment->dbms, arena), r;

	known = kube_store_get(context->stores.secrets, name);
	if (!known) {
		deployment->admin_problem = arena_printf(
			arena, "Secret '%s' not found in namespace '%s'; create it with the admin password under key 'password'",
			name.name, name.namespace);
		return 0;
	}
	if (memory->admin.least != least || strcmp(memory->admin.version, kube_object_resource_version(known)) != 0) {
		r = secret_cache_fetch(deployment->keyring, context->client, name, &secret, err);
		if (r < 0)
			return err_wrap(err, "cannot read Secret '%s'", name.name);
		judge_secret(memory, secret, name.name, least);
	}
	deployment->admin_problem = memory->admin.usable ? NULL : arena_strdup(arena, memory->admin.problem);
	return 0;
}

static void judge_certificate(struct gather_memory *memory, struct kube_object *secret, const struct deployment *deployment, const char *basis)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct access_servers servers = {.dbms = &deployment->dbms, .names = &deployment->names};
	struct tls_secret certificate;
	const char *problem;

	if (tls_secret_read(kube_object_root(secret), clock_wall_ms(&clock_system), arena, &certificate, &problem))
		problem = access_name_problem(&certificate, &servers, arena);
	kept_set(memory->certificate.problem,
		 problem ? arena_printf(arena, "Secret '%s' cannot be used: %s", deployment->dbms.tls_secret, problem) : "");
	kept_set(memory->certificate.mark, problem ? "" : certificate.mark);
	memory->certificate.turns_ms = certificate.turns_ms;
	basis_set(&memory->certificate.basis, basis);
}

// Like gather_admin(); here time alone may change the verdict, too.
static int gather_certificate(const struct context *context, struct gather_memory *memory, struct arena *arena, struct deployment *deployment,
			      struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *known = NULL, *secret = NULL;
	const struct dbms *dbms = &deployment->dbms;
	struct kube_name name = {.namespace = dbms->metadata.namespace, .name = dbms->tls_secret};
	int64_t turns_ms = memory->certificate.turns_ms;
	const char *basis;
	int r;

	if (!name.name)
		return 0;
	known = kube_store_get(context->stores.secrets, name);
	if (!known) {
		deployment->certificate_problem = arena_printf(arena,
							   "Secret '%s' not found in namespace '%s'; create it of type "
							   "kubernetes.io/tls, or remove spec.tls",
							   name.name, name.namespace);
		return 0;
	}
	basis = arena_printf(arena, "%s %d %s", kube_object_resource_version(known), dbms->servers, dbms->cluster_domain);
	if (!basis_is(&memory->certificate.basis, basis) || (turns_ms && clock_wall_ms(&clock_system) >= turns_ms)) {
		r = secret_cache_fetch(deployment->keyring, context->client, name, &secret, err);
		if (r < 0)
			return err_wrap(err, "cannot read Secret '%s'", name.name);
		judge_certificate(memory, secret, deployment, basis);
	}
	if (*memory->certificate.problem)
		deployment->certificate_problem = arena_strdup(arena, memory->certificate.problem);
	else
		deployment->certificate = arena_strdup(arena, memory->certificate.mark);
	deployment->certificate_turns_ms = memory->certificate.turns_ms;
	return 0;
}

static void gather_volumes(const struct context *context, struct arena *arena, struct gathered *gathered)
{
	struct deployment *deployment = &gathered->deployment;
	struct data_volume *volumes;

	gathered->n_volumes = find_objects(context->stores.volumes, &deployment->dbms, &gathered->volumes);
	deployment->volumes = volumes = arena_new_array(arena, struct data_volume, gathered->n_volumes);
	for (size_t i = 0; i < gathered->n_volumes; i++) {
		if (data_volume_read(kube_object_root(gathered->volumes[i]), &deployment->dbms, &deployment->names,
				     &volumes[deployment->n_volumes]))
			deployment->n_volumes++;
	}
}

// Somebody may have made a StatefulSet a moment ago that the store lacks: ask, since its content must not be overlooked (C2). For an untouched
// deployment the write finds out (operator/pass/apply.h).
static int find_workload(const struct context *context, const struct deployment *deployment, struct kube_object **ret, struct err *err)
{
	struct kube_name name = {.namespace = deployment->dbms.metadata.namespace, .name = deployment->names.workload};
	int r;

	*ret = kube_store_get(context->stores.statefulsets, name);
	if (*ret && kube_object_cut_bytes(*ret)) {
		kube_object_unref(*ret);
		*ret = NULL;
	}
	if (!*ret && !deployment->untouched) {
		r = kube_get_within(context->client, &kube_statefulsets, name, &(struct kube_limits){.max_bytes = WORKLOAD_MAX_BYTES}, ret,
				    err);
		if (r < 0 && r != ERR_NOT_FOUND)
			return err_wrap(err, "cannot look for StatefulSet '%s'", name.name);
		err_clear(err);
	}
	if (*ret && !apply_is_owned(*ret, deployment->dbms.metadata.uid)) {
		kube_object_unref(*ret);
		*ret = NULL;
	}
	return 0;
}

int gather_state(const struct context *context, struct arena *arena, struct gathered *gathered, struct err *err)
{
	struct deployment *deployment = &gathered->deployment;
	struct kube_object *workload;
	int r;

	names_of(&deployment->dbms, arena, &deployment->names);
	r = find_workload(context, deployment, &workload, err);
	if (r < 0)
		return r;
	take_workload(context, arena, workload, gathered);
	gather_volumes(context, arena, gathered);
	deployment->version = known_version_of(&deployment->dbms, &deployment->live, arena);
	gathered->verdicts = judgement_of(context, &deployment->dbms, &deployment->version.version, arena);
	return 0;
}

int gather(const struct context *context, struct gather_memory *memory, struct arena *arena, struct gathered *gathered, struct err *err)
{
	STEP("gathering");
	int r;

	gathered->deployment.untouched = !gathered->deployment.dbms.status.phase && !memory->doubted;
	r = gather_state(context, arena, gathered, err);
	if (r < 0)
		return r;
	explain_ends(context, memory, arena, &gathered->deployment);
	if ((r = gather_admin(context, memory, arena, &gathered->deployment, err)) < 0)
		return r;
	return gather_certificate(context, memory, arena, &gathered->deployment, err);
}

void gather_doubt(struct gather_memory *memory)
{
	memory->doubted = true;
}

const char *gather_too_large(size_t bytes, struct arena *arena)
{
	return arena_printf(arena,
			    "The object has %zu bytes, more than the operator keeps of one, or of all in this namespace together; make its spec smaller, "
			    "or delete other large ones first and then change this one",
			    bytes);
}

void gather_release(struct gathered *gathered)
{
	objects_free(gathered->pods, gathered->n_pods);
	objects_free(gathered->volumes, gathered->n_volumes);
	plugin_verdicts_unref(gathered->verdicts);
	kube_object_unref(gathered->workload);
	*gathered = (struct gathered){0};
}
