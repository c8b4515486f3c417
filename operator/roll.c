// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/roll.h"

static const struct pod *first_outdated(const struct phase_facts *facts, bool ready, const struct pod *but)
{
	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];

		if (pod != but && pod->ready == ready && pod_is_outdated(facts, pod))
			return pod;
	}
	return NULL;
}

static const char *pod_words(const struct pod *pod, struct arena *arena)
{
	if (pod->problem)
		return arena_printf(arena, "%s does not come back: %s", pod->name, pod->problem);
	return arena_printf(arena, "waiting for %s to be ready", pod->name);
}

// What keeps a ready pod from being taken away; NULL when nothing does.
static const char *obstacle(const struct phase_facts *facts, struct arena *arena)
{
	for (size_t i = 0; i < facts->n_pods; i++) {
		if (!facts->pods[i].ready)
			return pod_words(&facts->pods[i], arena);
	}
	if ((int)facts->n_pods < facts->servers)
		return "waiting for a pod to be made";
	if (facts->removing)
		return arena_printf(arena, "until servers are removed (%s)", facts->removing);
	return phase_members_problem(facts, true, arena);
}

void roll_decide(const struct phase_facts *facts, struct arena *arena, struct roll_decision *ret)
{
	const struct pod *chosen = first_outdated(facts, false, NULL), *leader = NULL;

	*ret = (struct roll_decision){0};
	// One at a time: what was taken away must be gone before anything else may follow.
	for (size_t i = 0; i < facts->n_pods; i++) {
		if (facts->pods[i].terminating) {
			ret->waiting = arena_printf(arena, "waiting for %s to end", facts->pods[i].name);
			return;
		}
	}
	if (chosen) {
		ret->evict = chosen;
		return;
	}
	if (facts->survey)
		leader = survey_writer(facts->survey, facts->names, facts->pods, facts->n_pods);
	chosen = first_outdated(facts, true, leader);
	if (!chosen && leader && pod_is_outdated(facts, leader))
		chosen = leader;
	if (!chosen)
		return;
	ret->waiting = obstacle(facts, arena);
	if (!ret->waiting)
		ret->evict = chosen;
}
