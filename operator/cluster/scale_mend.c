// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/cluster/scale_mend.h"

#include <assert.h>
#include <string.h>

#include "operator/cluster/scale_lineup.h"

struct loss {
	const struct topology_server *server; // the first server of a lost volume
	size_t strangers;		      // servers that no pod accounts for
};

static bool is_unaccounted(const struct scale_facts *facts, const struct topology_server *server)
{
	const struct pod *pod = survey_pod(server->address, facts->names, facts->pods, facts->n_pods);

	return !server_is(server, "Dropped") && (!pod || survey_server(facts->survey, facts->names, pod) != server);
}

static struct loss find_loss(const struct scale_facts *facts)
{
	const struct survey *survey = facts->survey;
	struct loss loss = {0};

	for (size_t i = 0; !loss.server && i < facts->n_pods; i++)
		loss.server = survey_lost(survey, facts->names, &facts->pods[i]);
	for (size_t i = 0; i < survey->servers.n; i++)
		loss.strangers += is_unaccounted(facts, &survey->servers.items[i]);
	return loss;
}

// A pod that does not serve now may hold what the lost server held.
static const char *unready(const struct scale_facts *facts, struct arena *arena)
{
	if ((int)facts->n_pods != facts->replicas)
		return "a pod is missing";
	for (size_t i = 0; i < facts->n_pods; i++) {
		const struct pod *pod = &facts->pods[i];
		const struct topology_server *server = survey_server(facts->survey, facts->names, pod);

		if (!pod->ready || pod->terminating)
			return arena_printf(arena, "%s is not ready", pod->name);
		if (!server || !server_is(server, "Enabled") || strcmp(server->health, "Available") != 0)
			return arena_printf(arena, "the server of %s is not Enabled and Available", pod->name);
	}
	return NULL;
}

static bool is_led(const struct topology_copies *copies, const char *database)
{
	for (size_t i = 0; i < copies->n; i++) {
		const struct topology_copy *copy = &copies->items[i];

		if (copy->writer && strcmp(copy->current, "online") == 0 && strcmp(copy->database, database) == 0)
			return true;
	}
	return false;
}

// A leader has a majority, which has every write that was acknowledged. A composite database has no data of its own.
static const char *unled(const struct scale_facts *facts, struct arena *arena)
{
	const struct topology_copies *copies = &facts->survey->copies;

	for (size_t i = 0; i < copies->n; i++) {
		const struct topology_copy *copy = &copies->items[i];

		if ((copy->type && strcmp(copy->type, "composite") == 0) || is_led(copies, copy->database))
			continue;
		if (strcmp(copy->requested, "online") != 0)
			return arena_printf(arena, "nobody can tell whether database '%s', which is stopped, has its only copy there (START DATABASE shows it)",
					    copy->database);
		return arena_printf(arena, "database '%s' has no leader, so its last good copy may have been there", copy->database);
	}
	return NULL;
}

static void leave_to_person(const struct topology_server *server, const char *why, struct arena *arena, struct scale_decision *ret)
{
	ret->lost = arena_printf(arena,
				 "the operator does not drop it, since %s. Where its volume is gone for good and nothing on it is needed: DEALLOCATE "
				 "DATABASES FROM SERVER '%s', then DROP SERVER '%s'",
				 why, server->id, server->id);
}

static bool settle(const struct topology_server *server, enum scale_action action, const char *words, struct scale_decision *ret)
{
	ret->action = action;
	ret->message = ret->lost = words;
	ret->mending = true;
	ret->servers[0] = server->id;
	ret->n_servers = action != SCALE_RELIEVED;
	return true;
}

bool scale_mend(const struct scale_facts *facts, struct arena *arena, struct scale_decision *ret)
{
	struct loss loss = find_loss(facts);
	const struct topology_server *server = loss.server;
	const char *why;

	assert(scale_has_survey(facts));
	if (!server)
		return false;
	why = loss.strangers > 1 ? arena_printf(arena, "it is one of %zu servers that no pod accounts for", loss.strangers) : unready(facts, arena);
	if (!why && strcmp(server->health, "Unavailable") != 0)
		why = "it is not Unavailable";
	if (!why && !server_is(server, "Deallocated"))
		why = unled(facts, arena);
	if (why) {
		leave_to_person(server, why, arena, ret);
		return false;
	}
	if (server_is(server, "Enabled") || server_is(server, "Cordoned"))
		return settle(server, SCALE_RELIEVE, "telling the cluster to make its copies anew on the other servers", ret);
	if (server_is(server, "Deallocating"))
		return settle(server, SCALE_RELIEVED, "the cluster makes its copies anew on the other servers", ret);
	return settle(server, SCALE_FORGET, "dropping it, since its copies are on the other servers", ret);
}
