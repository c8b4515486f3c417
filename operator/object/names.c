// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/names.h"

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

// A number as Kubernetes writes it: no sign, no leading zero, four digits at most.
static int read_ordinal(const char *digits, char end)
{
	int ordinal = 0;
	size_t n = 0;

	for (; n < 4 && digits[n] >= '0' && digits[n] <= '9'; n++)
		ordinal = ordinal * 10 + (digits[n] - '0');
	return n == 0 || (digits[0] == '0' && n > 1) || digits[n] != end ? -1 : ordinal;
}

static int ordinal_in(const struct names *names, const char *text, char end)
{
	size_t len = strlen(names->workload);

	return strncmp(text, names->workload, len) == 0 && text[len] == '-' ? read_ordinal(text + len + 1, end) : -1;
}

int names_ordinal(const struct names *names, const char *pod)
{
	return ordinal_in(names, pod, '\0');
}

int names_host_ordinal(const struct names *names, const char *host)
{
	return ordinal_in(names, host, '.');
}

const char *names_pod_host(const struct names *names, int index, struct arena *arena)
{
	return arena_printf(arena, "%s-%d.%s", names->workload, index, names->domain);
}

const char *names_claim(const struct names *names, int index, struct arena *arena)
{
	return arena_printf(arena, DATA_VOLUME "-%s-%d", names->workload, index);
}
