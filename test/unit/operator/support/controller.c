// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "support/controller.h"

#define POD                                                                                                                         \
	"{\"kind\":\"Pod\",\"metadata\":{\"labels\":{\"app.kubernetes.io/managed-by\":\"neofleet\",\"app.kubernetes.io/instance\":"        \
	"\"%s\",\"controller-revision-hash\":\"r%s\"},\"ownerReferences\":[{\"kind\":\"StatefulSet\",\"name\":\"%s\",\"uid\":%s,"           \
	"\"controller\":true}]},\"spec\":{\"containers\":[{\"name\":\"neo4j\"}]},\"status\":{\"podIP\":\"%s\",\"conditions\":[{\"type\":"     \
	"\"Ready\",\"status\":\"True\"}],\"containerStatuses\":[{\"name\":\"neo4j\",\"restartCount\":0,\"state\":{\"running\":{}}}]}}"

void controller_run(struct kubernetes *kubernetes, const char *namespace, const char *name, const char *address)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *set = arena_printf(arena, "/apis/apps/v1/namespaces/%s/statefulsets/%s", namespace, name);
	const char *pod = arena_printf(arena, "/api/v1/namespaces/%s/pods/%s-0", namespace, name);
	const char *uid = kubernetes_value(kubernetes, set, "/metadata/uid", arena);
	const char *generation = kubernetes_value(kubernetes, set, "/metadata/generation", arena);

	if (!uid)
		return;
	kubernetes_merge(kubernetes, set,
			 arena_printf(arena, "{\"status\":{\"observedGeneration\":%s,\"updateRevision\":\"r%s\"}}", generation, generation));
	if (!kubernetes_has(kubernetes, pod))
		kubernetes_put(kubernetes, pod, arena_printf(arena, POD, name, generation, name, uid, address));
}
