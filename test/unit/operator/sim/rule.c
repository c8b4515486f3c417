// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "sim/rule.h"

#include <string.h>

static const struct data_volume *volume_at(const struct scale_facts *facts, int ordinal)
{
	for (size_t i = 0; i < facts->n_volumes; i++) {
		if (facts->volumes[i].ordinal == ordinal)
			return &facts->volumes[i];
	}
	return NULL;
}

static bool is_listed(const struct scale_facts *facts, int ordinal, struct arena *arena)
{
	struct pod pod = {.name = names_pod(facts->names, ordinal, arena)};

	return survey_server(facts->survey, facts->names, &pod) != NULL;
}

// The highest server leaves without being drained, since no row seems to say that it is there, and its claim after it. The id on the
// mark is one that no server has.
static bool take_unlisted(const struct scale_facts *facts, struct arena *arena, struct scale_decision *ret)
{
	int highest = facts->replicas - 1;
	const struct data_volume *volume = volume_at(facts, highest);

	if (facts->replicas <= facts->wanted || !facts->survey || facts->survey->problem || is_listed(facts, highest, arena))
		return false;
	*ret = (struct scale_decision){.replicas = facts->replicas, .action = SCALE_WAIT, .message = "removing what is not listed"};
	if (volume && !volume->deallocated) {
		ret->action = SCALE_CONDEMN;
		ret->message = "marking the claim of what is not listed";
		ret->volume = volume;
		ret->servers[0] = "id-11";
		ret->n_servers = 1;
	} else {
		ret->replicas = highest;
	}
	return true;
}

void rule_scale(const struct world *world, const struct scale_facts *facts, struct arena *arena, struct scale_decision *ret)
{
	if (world->rule == RULE_UNLISTED_IS_GONE && take_unlisted(facts, arena, ret))
		return;
	scale_decide(facts, arena, ret);
}

static const struct pod *find_unready(const struct phase_facts *facts)
{
	const struct pod *found = NULL;

	for (size_t i = 0; i < facts->n_pods; i++) {
		if (facts->pods[i].terminating)
			return NULL;
		if (!found && !facts->pods[i].ready && pod_is_outdated(facts, &facts->pods[i]))
			found = &facts->pods[i];
	}
	return found;
}

void rule_roll(const struct world *world, const struct phase_facts *facts, struct arena *arena, struct roll_decision *ret)
{
	const struct pod *unready = world->rule == RULE_UNREADY_GOES ? find_unready(facts) : NULL;

	if (unready)
		*ret = (struct roll_decision){.evict = unready};
	else
		roll_decide(facts, arena, ret);
}

const char *rule_record(const struct world *world, const struct phase_facts *facts, struct arena *arena)
{
	struct phase_facts others = *facts;
	size_t len = facts->update_revision ? strlen(facts->update_revision) : 0;

	if (world->rule == RULE_NOTE_ANEW && facts->unready && strncmp(facts->unready, facts->update_revision, len) != 0)
		others.unready = NULL;
	return roll_record(&others, arena);
}

const char *rule_name(enum world_rule rule)
{
	static const char *const names[] = {"right", "unlisted-is-gone", "unready-goes", "note-anew"};

	return names[rule];
}
