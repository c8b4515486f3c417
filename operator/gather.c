// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/gather.h"

#include <stdlib.h>
#include <string.h>

#include "operator/apply.h"
#include "operator/credentials.h"

static void pods_release(struct inputs *inputs)
{
	kube_objects_free(inputs->pod_objects, inputs->n_pod_objects);
	inputs->pod_objects = NULL;
	inputs->n_pod_objects = inputs->n_pods = 0;
}

void gather_workload(const struct context *context, struct arena *arena, struct kube_object *workload, struct inputs *inputs)
{
	const char *uid;

	pods_release(inputs);
	kube_object_unref(inputs->workload);
	inputs->workload = workload;
	workload_read_live(workload ? kube_object_root(workload) : NULL, &inputs->live);
	if (!workload)
		return;
	uid = kube_object_uid(workload);
	inputs->n_pod_objects =
		kube_store_list(context->stores.pods, inputs->dbms.metadata.namespace, &inputs->pod_objects);
	inputs->pods = arena_new_array(arena, struct pod, inputs->n_pod_objects);
	for (size_t i = 0; i < inputs->n_pod_objects; i++) {
		if (apply_is_owned(inputs->pod_objects[i], uid))
			pod_read(kube_object_root(inputs->pod_objects[i]), arena, &inputs->pods[inputs->n_pods++]);
	}
}

static void judge_secret(struct memory *memory, struct kube_object *secret, const char *name)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct credentials credentials;
	const char *problem;

	memory->admin_usable = credentials_read(kube_object_root(secret), arena, &credentials, &problem);
	memory->admin_is_pair = credentials.form == CREDENTIALS_NEO4J_AUTH;
	memory_set(memory->admin_problem,
		   memory->admin_usable ? "" : arena_printf(arena, "Secret '%s' cannot be used: %s", name, problem));
	memory_set(memory->admin_version, kube_object_resource_version(secret));
}

// The Secret's content is read once for each of its versions; the verdict is remembered, the content is not.
static int gather_admin(const struct context *context, struct memory *memory, struct arena *arena, struct inputs *inputs,
			struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *known = NULL, *secret = NULL;
	struct kube_name name = {.namespace = inputs->dbms.metadata.namespace, .name = inputs->dbms.admin_secret};
	int r;

	known = kube_store_get(context->stores.secrets, name);
	if (!known) {
		inputs->admin_problem = arena_printf(
			arena, "Secret '%s' not found in namespace '%s'; create it with the admin password under key 'password'",
			name.name, name.namespace);
		return 0;
	}
	if (strcmp(memory->admin_version, kube_object_resource_version(known)) != 0) {
		r = kube_get_secret(context->client, name, &secret, err);
		if (r < 0)
			return err_wrap(err, "cannot read Secret '%s'", name.name);
		judge_secret(memory, secret, name.name);
	}
	inputs->admin_problem = memory->admin_usable ? NULL : arena_strdup(arena, memory->admin_problem);
	inputs->auth_is_pair = memory->admin_is_pair;
	return 0;
}

int gather(const struct context *context, struct memory *memory, struct arena *arena, struct inputs *inputs, struct err *err)
{
	struct kube_object *workload;

	names_of(&inputs->dbms, arena, &inputs->names);
	inputs->version = version_of_tag(inputs->dbms.image.tag);
	inputs->fleet_form = version_fleet_form(&inputs->version);
	workload = kube_store_get(
		context->stores.statefulsets,
		(struct kube_name){.namespace = inputs->dbms.metadata.namespace, .name = inputs->names.workload});
	if (workload && !apply_is_owned(workload, inputs->dbms.metadata.uid)) {
		kube_object_unref(workload);
		workload = NULL;
	}
	gather_workload(context, arena, workload, inputs);
	return gather_admin(context, memory, arena, inputs, err);
}

void gather_release(struct inputs *inputs)
{
	pods_release(inputs);
	kube_object_unref(inputs->workload);
	kube_object_unref(inputs->object);
	inputs->workload = inputs->object = NULL;
}
