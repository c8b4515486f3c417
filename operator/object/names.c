// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/names.h"

#include <stdlib.h>
#include <string.h>

#include "operator/object/labels.h"

void names_of(const struct dbms *dbms, struct arena *arena, struct names *ret)
{
	const char *name = dbms->metadata.name;
	bool cluster = dbms->kind == DBMS_CLUSTER;

	*ret = (struct names){
		.workload = cluster ? arena_printf(arena, "%s-server", name) : name,
		.headless = arena_printf(arena, "%s-headless", name),
		.client = arena_printf(arena, "%s-client", name),
		.config = arena_printf(arena, "%s-config", name),
		.account = name,
		.budget = cluster ? name : NULL,
		.domain = arena_printf(arena, "%s-headless.%s.svc.%s", name, dbms->metadata.namespace, dbms->cluster_domain),
		.selector = arena_printf(arena, LABEL_NAME "=" LABEL_NAME_VALUE "," LABEL_INSTANCE "=%s," LABEL_COMPONENT "=%s",
					 name, labels_component(dbms->kind)),
	};
}

const char *names_pod(const struct names *names, int index, struct arena *arena)
{
	return arena_printf(arena, "%s-%d", names->workload, index);
}

int names_ordinal(const struct names *names, const char *pod)
{
	size_t len = strlen(names->workload);
	const char *digits = pod + len + 1;

	if (strncmp(pod, names->workload, len) != 0 || pod[len] != '-')
		return -1;
	// As Kubernetes writes it: no sign, no leading zero.
	if (!*digits || strlen(digits) > 4 || (digits[0] == '0' && digits[1]) || digits[strspn(digits, "0123456789")])
		return -1;
	return (int)strtol(digits, NULL, 10);
}

const char *names_pod_host(const struct names *names, int index, struct arena *arena)
{
	return arena_printf(arena, "%s-%d.%s", names->workload, index, names->domain);
}

const char *names_claim(const struct names *names, int index, struct arena *arena)
{
	return arena_printf(arena, DATA_VOLUME "-%s-%d", names->workload, index);
}
