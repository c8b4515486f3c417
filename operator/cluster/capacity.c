// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/cluster/capacity.h"

#include <stdlib.h>
#include <string.h>

#include "base/plural.h"

// Where the copies of one database are, as seen from the servers that stay.
struct copies {
	int all;
	int primaries;
	int safe;   // on a server that stays, or online on a leaving server that can hand it over
	bool online; // somebody has requested that state
};

static bool stays(const struct scale_facts *facts, int target, const char *address)
{
	const struct pod *pod = survey_pod(address, facts->names, facts->pods, facts->n_pods);
	int ordinal = pod ? names_ordinal(facts->names, pod->name) : -1;

	return ordinal >= 0 && ordinal < target;
}

static struct copies count_copies(const struct scale_facts *facts, int target, const struct topology_copy *const *rows, size_t n)
{
	struct copies copies = {0};

	for (size_t i = 0; i < n; i++) {
		const struct topology_copy *copy = rows[i];
		bool online = strcmp(copy->current, "online") == 0;

		if (!copy->address)
			continue;
		copies.all += strcmp(copy->current, "deallocating") != 0;
		copies.primaries += copy->role && strcmp(copy->role, "primary") == 0;
		copies.online = copies.online || strcmp(copy->requested, "online") == 0;
		copies.safe += stays(facts, target, copy->address) || online;
	}
	return copies;
}

static const char *database_problem(const struct scale_facts *facts, int target, const char *database, const struct copies *copies,
				    struct arena *arena)
{
	if (copies->all > 0 && copies->safe == 0)
		return arena_printf(arena,
				    "database '%s' would lose its last copy: its servers are among those to be removed and none "
				    "of them has it online; %s, or leave spec.topology.servers at %d",
				    database,
				    copies->online ? "bring one of them back" : "start it (START DATABASE) so that it can move",
				    facts->replicas);
	if (copies->online && copies->all > target)
		return arena_printf(arena,
				    "database '%s' has %d copies (%d primaries, %d secondaries), but only %d server%s would be left; "
				    "give it fewer first (ALTER DATABASE ... SET TOPOLOGY ...), or leave spec.topology.servers "
				    "at %d",
				    database, copies->all, copies->primaries, copies->all - copies->primaries, target, plural((unsigned long long)target),
				    facts->replicas);
	return NULL;
}

static int by_database(const void *a, const void *b)
{
	const struct topology_copy *const *left = a, *const *right = b;

	return strcmp((*left)->database, (*right)->database);
}

// Sorts the copies so that those of one database lie side by side.
static const struct topology_copy **sorted_copies(const struct scale_facts *facts, struct arena *arena)
{
	const struct topology_copies *copies = &facts->survey->copies;
	const struct topology_copy **rows = arena_new_array(arena, const struct topology_copy *, copies->n);

	for (size_t i = 0; i < copies->n; i++)
		rows[i] = &copies->items[i];
	if (copies->n > 0)
		qsort(rows, copies->n, sizeof(rows[0]), by_database);
	return rows;
}

const char *capacity_problem(const struct scale_facts *facts, int target, struct arena *arena)
{
	const struct topology_copy **rows = sorted_copies(facts, arena);
	size_t n = facts->survey->copies.n, end;

	for (size_t i = 0; i < n; i = end) {
		const struct topology_copy *first = rows[i];
		const char *problem;
		struct copies copies;

		for (end = i + 1; end < n && strcmp(rows[end]->database, first->database) == 0;)
			end++;
		// System is on every server, and a composite database has no data of its own.
		if (strcmp(first->database, "system") == 0 || (first->type && strcmp(first->type, "composite") == 0))
			continue;
		copies = count_copies(facts, target, rows + i, end - i);
		problem = database_problem(facts, target, first->database, &copies, arena);
		if (problem)
			return problem;
	}
	return NULL;
}
