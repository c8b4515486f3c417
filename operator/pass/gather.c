// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/pass/gather.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/steps.h"
#include "operator/manifest/settings.h"
#include "operator/object/admin_secret.h"
#include "operator/object/live_set.h"
#include "operator/pass/apply.h"
#include "operator/server/server_login.h"

// The objects that the index tells for a deployment; their number and size are limited (operator/object/belongs.h, operator/wiring.c).
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

static void pods_release(struct inputs *inputs)
{
	objects_free(inputs->pod_objects, inputs->n_pod_objects);
	inputs->pod_objects = NULL;
	inputs->n_pod_objects = inputs->n_pods = 0;
}

void gather_workload(const struct context *context, struct arena *arena, struct kube_object *workload, struct inputs *inputs)
{
	const char *uid;

	pods_release(inputs);
	kube_object_unref(inputs->workload);
	inputs->workload = workload;
	live_set_read(workload ? kube_object_root(workload) : NULL, &inputs->live);
	if (!workload)
		return;
	uid = kube_object_uid(workload);
	inputs->n_pod_objects = find_objects(context->stores.pods, &inputs->dbms, &inputs->pod_objects);
	inputs->pods = arena_new_array(arena, struct pod, inputs->n_pod_objects);
	for (size_t i = 0; i < inputs->n_pod_objects; i++) {
		if (apply_is_owned(inputs->pod_objects[i], uid))
			pod_read(kube_object_root(inputs->pod_objects[i]), arena, &inputs->pods[inputs->n_pods++]);
	}
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

// The Secret's content is read once for each of its versions; the verdict is remembered, the content is not.
static int gather_admin(const struct context *context, struct gather_memory *memory, struct arena *arena, struct inputs *inputs,
			struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *known = NULL, *secret = NULL;
	struct kube_name name = {.namespace = inputs->dbms.metadata.namespace, .name = inputs->dbms.admin_secret};
	int least = settings_password_length(&inputs->dbms, arena), r;

	known = kube_store_get(context->stores.secrets, name);
	if (!known) {
		inputs->admin_problem = arena_printf(
			arena, "Secret '%s' not found in namespace '%s'; create it with the admin password under key 'password'",
			name.name, name.namespace);
		return 0;
	}
	if (memory->admin.least != least || strcmp(memory->admin.version, kube_object_resource_version(known)) != 0) {
		r = secret_cache_fetch(inputs->keyring, context->client, name, &secret, err);
		if (r < 0)
			return err_wrap(err, "cannot read Secret '%s'", name.name);
		judge_secret(memory, secret, name.name, least);
	}
	inputs->admin_problem = memory->admin.usable ? NULL : arena_strdup(arena, memory->admin.problem);
	return 0;
}

static void judge_certificate(struct gather_memory *memory, struct kube_object *secret, const struct inputs *inputs, const char *basis)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct access_servers servers = {.dbms = &inputs->dbms, .names = &inputs->names};
	struct tls_secret certificate;
	const char *problem;

	if (tls_secret_read(kube_object_root(secret), clock_wall_ms(&clock_system), arena, &certificate, &problem))
		problem = access_name_problem(&certificate, &servers, arena);
	kept_set(memory->certificate.problem,
		 problem ? arena_printf(arena, "Secret '%s' cannot be used: %s", inputs->dbms.tls_secret, problem) : "");
	kept_set(memory->certificate.mark, problem ? "" : certificate.mark);
	memory->certificate.turns_ms = certificate.turns_ms;
	basis_set(&memory->certificate.basis, basis);
}

// As gather_admin(); time alone may change the verdict, too.
static int gather_certificate(const struct context *context, struct gather_memory *memory, struct arena *arena, struct inputs *inputs,
			      struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *known = NULL, *secret = NULL;
	const struct dbms *dbms = &inputs->dbms;
	struct kube_name name = {.namespace = dbms->metadata.namespace, .name = dbms->tls_secret};
	int64_t turns_ms = memory->certificate.turns_ms;
	const char *basis;
	int r;

	if (!name.name)
		return 0;
	known = kube_store_get(context->stores.secrets, name);
	if (!known) {
		inputs->certificate_problem = arena_printf(arena,
							   "Secret '%s' not found in namespace '%s'; create it of type "
							   "kubernetes.io/tls, or remove spec.tls",
							   name.name, name.namespace);
		return 0;
	}
	basis = arena_printf(arena, "%s %d %s", kube_object_resource_version(known), dbms->servers, dbms->cluster_domain);
	if (!basis_is(&memory->certificate.basis, basis) || (turns_ms && clock_wall_ms(&clock_system) >= turns_ms)) {
		r = secret_cache_fetch(inputs->keyring, context->client, name, &secret, err);
		if (r < 0)
			return err_wrap(err, "cannot read Secret '%s'", name.name);
		judge_certificate(memory, secret, inputs, basis);
	}
	if (*memory->certificate.problem)
		inputs->certificate_problem = arena_strdup(arena, memory->certificate.problem);
	else
		inputs->certificate = arena_strdup(arena, memory->certificate.mark);
	inputs->certificate_turns_ms = memory->certificate.turns_ms;
	return 0;
}

static void gather_volumes(const struct context *context, struct arena *arena, struct inputs *inputs)
{
	inputs->n_volume_objects = find_objects(context->stores.volumes, &inputs->dbms, &inputs->volume_objects);
	inputs->volumes = arena_new_array(arena, struct data_volume, inputs->n_volume_objects);
	for (size_t i = 0; i < inputs->n_volume_objects; i++) {
		struct data_volume *volume = &inputs->volumes[inputs->n_volumes];

		if (data_volume_read(kube_object_root(inputs->volume_objects[i]), &inputs->dbms, &inputs->names, volume))
			inputs->n_volumes++;
	}
}

// One that the store does not have may have been made a moment ago; what is in it already must not be overlooked (C2).
static int find_workload(const struct context *context, const struct inputs *inputs, struct kube_object **ret, struct err *err)
{
	struct kube_name name = {.namespace = inputs->dbms.metadata.namespace, .name = inputs->names.workload};
	int r;

	*ret = kube_store_get(context->stores.statefulsets, name);
	if (*ret && kube_object_cut_bytes(*ret)) {
		kube_object_unref(*ret);
		*ret = NULL;
	}
	if (!*ret) {
		r = kube_get_within(context->client, &kube_statefulsets, name, &(struct kube_limits){.max_bytes = WORKLOAD_MAX_BYTES}, ret,
				    err);
		if (r < 0 && r != ERR_NOT_FOUND)
			return err_wrap(err, "cannot look for StatefulSet '%s'", name.name);
		err_clear(err);
	}
	if (*ret && !apply_is_owned(*ret, inputs->dbms.metadata.uid)) {
		kube_object_unref(*ret);
		*ret = NULL;
	}
	return 0;
}

// The plugins of a deployment, one after the other.
struct walk {
	struct kube_store *store;
	const char *namespace;
	struct kube_names names;
	struct kube_object *open;
};

static yyjson_val *open_plugin(void *user, size_t i)
{
	struct walk *walk = user;

	kube_object_unref(walk->open);
	walk->open = kube_store_get(walk->store, (struct kube_name){.namespace = walk->namespace, .name = walk->names.names[i]});
	return walk->open ? kube_object_root(walk->open) : NULL;
}

static struct plugin_verdicts *judge_anew(const struct context *context, const struct plugin_claims_target *target, const char *namespace, const char *basis)
{
	struct walk walk = {.store = context->stores.plugins, .namespace = namespace};
	struct plugin_claims_source source = {.open = open_plugin, .user = &walk};
	struct arena *arena = arena_new();
	struct plugin_claims_target copy = *target;
	struct plugin_claims claims;

	copy.name = arena_strdup(arena, target->name); // the claims name it, too
	kube_store_find(walk.store, namespace, target->name, &walk.names);
	source.n = walk.names.n;
	plugin_claims_judge_each(&source, &copy, arena, &claims);
	kube_object_unref(walk.open);
	kube_names_free(&walk.names);
	return plugin_verdicts_keep(context->verdicts, basis, arena, &claims);
}

// Each of a deployment's plugins asks for the same judgement.
static void judge_claims(struct arena *arena, struct inputs *inputs)
{
	const struct dbms_metadata *metadata = &inputs->dbms.metadata;
	struct plugin_claims_target target = {
		.name = metadata->name,
		.cluster = inputs->dbms.kind == DBMS_CLUSTER,
		.version = inputs->version,
	};
	const char *basis;

	if (!inputs->context)
		return;
	// Read before the store is: what is judged is at least as new.
	basis = arena_printf(arena, "%s/%s %d %d %s %llu", metadata->namespace, metadata->name, target.cluster, (int)target.version.family,
			     version_text(&target.version, arena), (unsigned long long)atomic_load(inputs->context->plugins_changed));
	plugin_verdicts_unref(inputs->verdicts);
	inputs->verdicts = plugin_verdicts_find(inputs->context->verdicts, basis);
	if (!inputs->verdicts)
		inputs->verdicts = judge_anew(inputs->context, &target, metadata->namespace, basis);
	inputs->plugin_claims = inputs->verdicts->claims;
}

static void set_version(struct version version, struct arena *arena, struct inputs *inputs)
{
	inputs->version = version;
	inputs->fleet_form = version_fleet_form(&version);
	judge_claims(arena, inputs);
}

void gather_told(const char *version, struct arena *arena, struct inputs *inputs)
{
	inputs->told = arena_printf(arena, "%s %s", inputs->dbms.image.reference, version);
	set_version(version_of_server(version), arena, inputs);
}

// The tag decides; else what the server of this very image has told before.
static void gather_version(struct arena *arena, struct inputs *inputs)
{
	struct version version = version_of_tag(inputs->dbms.image.tag);
	const char *image = inputs->dbms.image.reference, *told = inputs->live.server_version;
	size_t len = strlen(image);

	if (version.family == VERSION_UNDECIDABLE && told && strncmp(told, image, len) == 0 && told[len] == ' ')
		gather_told(told + len + 1, arena, inputs);
	else
		set_version(version, arena, inputs);
}

int gather_state(const struct context *context, struct arena *arena, struct inputs *inputs, struct err *err)
{
	const struct dbms *dbms = &inputs->dbms;
	struct kube_object *workload;
	int r;

	names_of(dbms, arena, &inputs->names);
	r = find_workload(context, inputs, &workload, err);
	if (r < 0)
		return r;
	gather_workload(context, arena, workload, inputs);
	inputs->context = context;
	gather_volumes(context, arena, inputs);
	inputs->replicas = dbms->servers;
	gather_version(arena, inputs);
	if (entry_trial_withdrawal_holds(inputs->live.withdrawn, dbms->image.reference, dbms->metadata.generation, arena,
					 &inputs->withdrawal))
		inputs->withdrawn = arena_strdup(arena, inputs->live.withdrawn);
	inputs->fleet = dbms->fleet.enabled && !inputs->withdrawn;
	return 0;
}

int gather(const struct context *context, struct gather_memory *memory, struct arena *arena, struct inputs *inputs, struct err *err)
{
	STEP("gathering");
	int r = gather_state(context, arena, inputs, err);

	if (r < 0 || (r = gather_admin(context, memory, arena, inputs, err)) < 0)
		return r;
	return gather_certificate(context, memory, arena, inputs, err);
}

const char *gather_too_large(size_t bytes, struct arena *arena)
{
	return arena_printf(arena,
			    "The object has %zu bytes, more than the operator keeps of one, or of all in this namespace together; make its spec smaller, "
			    "or delete other large ones first and then change this one",
			    bytes);
}

void gather_release(struct inputs *inputs)
{
	pods_release(inputs);
	plugin_verdicts_unref(inputs->verdicts);
	objects_free(inputs->volume_objects, inputs->n_volume_objects);
	inputs->volume_objects = NULL;
	inputs->n_volume_objects = inputs->n_volumes = 0;
	kube_object_unref(inputs->workload);
	kube_object_unref(inputs->object);
	inputs->verdicts = NULL;
	inputs->plugin_claims = (struct plugin_claims){0};
	inputs->workload = inputs->object = NULL;
}
