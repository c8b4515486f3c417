// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/cluster/scale_lineup.h"

#include <assert.h>

const struct data_volume *lineup_volume(const struct scale_facts *facts, int ordinal)
{
	return data_volume_of(facts->volumes, facts->n_volumes, ordinal);
}

static const struct pod *find_pod(const struct scale_facts *facts, int ordinal)
{
	for (size_t i = 0; i < facts->n_pods; i++) {
		if (names_ordinal(facts->names, facts->pods[i].name) == ordinal)
			return &facts->pods[i];
	}
	return NULL;
}

static const struct topology_server *find_server(const struct scale_facts *facts, int ordinal, struct arena *arena)
{
	const struct pod *pod = find_pod(facts, ordinal);
	struct pod absent = {.name = pod ? NULL : names_pod(facts->names, ordinal, arena)};

	return survey_server(facts->survey, facts->names, pod ? pod : &absent);
}

const struct pod *lineup_pod(const struct scale_lineup *lineup, int ordinal)
{
	assert(ordinal >= 0);
	return ordinal < lineup->n_found ? lineup->pods[ordinal] : find_pod(lineup->facts, ordinal);
}

const struct topology_server *lineup_server(const struct scale_lineup *lineup, int ordinal)
{
	assert(ordinal >= 0);
	return ordinal < lineup->n_found ? lineup->servers[ordinal] : find_server(lineup->facts, ordinal, lineup->arena);
}

const struct topology_server *lineup_server_with(const struct scale_facts *facts, const char *id)
{
	const struct topology_servers *servers = &facts->survey->servers;

	for (size_t i = 0; i < servers->n; i++) {
		if (strcmp(servers->items[i].id, id) == 0 && !server_is(&servers->items[i], "Dropped"))
			return &servers->items[i];
	}
	return NULL;
}

int lineup_ordinals(const struct scale_facts *facts)
{
	return facts->replicas > TOPOLOGY_SERVERS_MAX ? facts->replicas : TOPOLOGY_SERVERS_MAX;
}

void scale_lineup_make(const struct scale_facts *facts, struct arena *arena, struct scale_lineup *ret)
{
	int n = lineup_ordinals(facts);

	*ret = (struct scale_lineup){.facts = facts, .arena = arena, .n_found = n};
	ret->pods = arena_new_array(arena, const struct pod *, (size_t)n);
	ret->servers = arena_new_array(arena, const struct topology_server *, (size_t)n);
	for (size_t i = facts->n_pods; i-- > 0;) {
		int ordinal = names_ordinal(facts->names, facts->pods[i].name);

		if (ordinal >= 0 && ordinal < n)
			ret->pods[ordinal] = &facts->pods[i];
	}
	for (size_t i = 0; scale_has_survey(facts) && i < facts->survey->servers.n; i++) {
		const char *address = facts->survey->servers.items[i].address;
		int ordinal = address ? names_host_ordinal(facts->names, address) : -1;

		if (ordinal >= 0 && ordinal < n && !ret->servers[ordinal])
			ret->servers[ordinal] = find_server(facts, ordinal, arena);
	}
}
