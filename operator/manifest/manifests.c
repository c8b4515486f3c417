// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/manifest/manifests.h"

#include "operator/manifest/workload.h"

size_t manifests_of(const struct workload_inputs *inputs, const char *config_map, struct arena *arena, struct manifest ret[CHILD_COUNT])
{
	const struct dbms *dbms = inputs->dbms;
	const struct names *names = inputs->names;
	size_t n = 0;

	ret[n++] = (struct manifest){CHILD_HEADLESS, names->headless, workload_headless(dbms, names, arena)};
	ret[n++] = (struct manifest){CHILD_ACCOUNT, names->account, workload_account(dbms, names, arena)};
	ret[n++] = (struct manifest){CHILD_CLIENT, names->client, workload_client(dbms, names, arena)};
	ret[n++] = (struct manifest){CHILD_CONFIG, names->config, config_map};
	if (names->budget)
		ret[n++] = (struct manifest){CHILD_BUDGET, names->budget, workload_budget(dbms, names, arena)};
	ret[n++] = (struct manifest){CHILD_WORKLOAD, names->workload, workload_statefulset(inputs, arena)};
	return n;
}
