// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The StatefulSet does not say why one of its pods is missing: there is no condition and no field of its status. Its controller leaves an event,
// and repeats it at each try, at the latest after 1000 s. So an older event tells of a cause that is over.

#include "operator/cluster/creation.h"

#include <string.h>

#include "base/clock.h"
#include "base/steps.h"
#include "operator/object/failed_create.h"
#include "operator/server/retry.h"

// The first look comes some 4 s after the pod was missed, each further one later, up to 5 min.
#define LOOKS_BEFORE 3
// A source of events may record some 40 about one object in an hour, after which they are forgotten. Others may add as many as they like.
#define EVENTS_MAX 40
#define EVENTS_MAX_BYTES ((size_t)160 * 1024)
#define OLDEST_MS (INT64_C(20) * 60 * 1000)
#define SLACK_MS INT64_C(2000) // an event's time has whole seconds

struct search {
	const struct deployment *deployment;
	struct arena *arena;
	int servers;
	int64_t since_ms; // wall clock; older events do not count
	struct failed_create found; // pod NULL: none
};

// NULL: no pod is missing.
static const char *first_missing(const struct deployment *deployment, int servers, struct arena *arena)
{
	for (int i = 0; i < servers; i++) {
		const char *pod = names_pod(&deployment->names, i, arena);

		if (!pod_named(deployment->pods, deployment->n_pods, pod))
			return pod;
	}
	return NULL;
}

static void consider(void *user, yyjson_val *event)
{
	struct search *search = user;
	const struct names *names = &search->deployment->names;
	struct failed_create failed;
	int ordinal;

	if (!failed_create_read(event, names->workload, search->arena, &failed))
		return;
	ordinal = names_ordinal(names, failed.pod);
	if (ordinal < 0 || ordinal >= search->servers || pod_named(search->deployment->pods, search->deployment->n_pods, failed.pod))
		return;
	if (failed.at_ms < search->since_ms || failed.at_ms < search->found.at_ms)
		return;
	// The event does not outlive the call.
	failed.words = arena_strdup(search->arena, failed.words);
	search->found = failed;
}

static void ask(const struct context *context, struct creation_memory *memory, struct search *search)
{
	struct kube_object *set = search->deployment->workload;
	const char *fields = arena_printf(search->arena, "involvedObject.kind=StatefulSet,involvedObject.name=%s,involvedObject.uid=%s,reason=FailedCreate",
					  kube_object_name(set), kube_object_uid(set));
	const struct kube_selection selection = {.namespace = kube_object_namespace(set), .fields = fields, .most = EVENTS_MAX, .max_bytes = EVENTS_MAX_BYTES};
	const struct kube_reader reader = {consider, search};
	struct err err = ERR_INIT;
	STEP("asking why a pod is missing");

	if (kube_list(context->client, &kube_events, &selection, &reader, &err) < 0 || !search->found.pod)
		return;
	kept_set(memory->message, arena_printf(search->arena, "%s cannot be made: %s; %s", search->found.pod, search->found.words,
					       failed_create_cure(search->found.words)));
}

static void await(struct creation_memory *memory)
{
	memory->next_ms = deadline_in_ms(retry_delay(LOOKS_BEFORE + memory->looks));
}

void creation_look(const struct context *context, struct creation_memory *memory, const struct deployment *deployment, int servers,
		   struct creation_told *ret)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *missing = first_missing(deployment, servers, arena);
	int64_t now_ms = clock_wall_ms(&clock_system);
	const char *basis;

	*ret = (struct creation_told){0};
	if (!missing) {
		*memory = (struct creation_memory){.whole_ms = now_ms};
		return;
	}
	basis = arena_printf(arena, "%s %lld %s", kube_object_uid(deployment->workload), kube_object_int(deployment->workload, "/metadata/generation", 0), missing);
	if (!basis_is(&memory->basis, basis)) {
		*memory = (struct creation_memory){.whole_ms = memory->whole_ms};
		basis_set(&memory->basis, basis);
		await(memory);
	} else if (deadline_left_ms(memory->next_ms) == 0) {
		int64_t oldest_ms = now_ms - OLDEST_MS, whole_ms = memory->whole_ms - SLACK_MS;
		struct search search = {deployment, arena, servers, oldest_ms > whole_ms ? oldest_ms : whole_ms, {0}};

		ask(context, memory, &search);
		memory->looks++;
		await(memory);
	}
	ret->message = memory->message[0] ? memory->message : NULL;
	ret->again_after_ms = deadline_left_ms(memory->next_ms) + 1;
}
