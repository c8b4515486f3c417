// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/survey.h"

#include <stdlib.h>
#include <string.h>

#define SYSTEM "system"

struct survey *survey_new(void)
{
	struct survey *survey = calloc(1, sizeof(*survey));

	if (!survey)
		abort();
	survey->arena = arena_new();
	return survey;
}

void survey_free(struct survey *survey)
{
	if (!survey)
		return;
	arena_free(survey->arena);
	free(survey);
}

bool survey_is_at(const char *address, const struct names *names, const char *pod)
{
	size_t pod_len = strlen(pod), domain_len = strlen(names->domain);

	return address && strncmp(address, pod, pod_len) == 0 && address[pod_len] == '.' &&
	       strncmp(address + pod_len + 1, names->domain, domain_len) == 0 &&
	       (address[pod_len + 1 + domain_len] == ':' || address[pod_len + 1 + domain_len] == '\0');
}

const struct topology_server *survey_server(const struct survey *survey, const struct names *names, const char *pod)
{
	const struct topology_server *found = NULL;

	for (size_t i = 0; i < survey->servers.n; i++) {
		const struct topology_server *server = &survey->servers.items[i];

		if (!survey_is_at(server->address, names, pod) || strcmp(server->state, "Dropped") == 0)
			continue;
		if (!found || strcmp(found->health, "Available") != 0)
			found = server;
	}
	return found;
}

const struct pod *survey_writer(const struct survey *survey, const struct names *names, const struct pod *pods, size_t n_pods)
{
	for (size_t i = 0; i < survey->copies.n; i++) {
		const struct topology_copy *copy = &survey->copies.items[i];

		if (!copy->writer || strcmp(copy->database, SYSTEM) != 0)
			continue;
		for (size_t k = 0; k < n_pods; k++) {
			if (pods[k].address && survey_is_at(copy->address, names, pods[k].name))
				return &pods[k];
		}
	}
	return NULL;
}

const char *survey_member_problem(const struct survey *survey, const struct names *names, const char *pod, struct arena *arena)
{
	const struct topology_server *server;

	if (survey->problem)
		return arena_strdup(arena, survey->problem); // what is told outlives the survey
	server = survey_server(survey, names, pod);
	if (!server)
		return arena_printf(arena, "%s: SHOW SERVERS does not list its server", pod);
	if (strcmp(server->state, "Enabled") != 0)
		return arena_printf(arena, "%s: its server is %s", pod, server->state);
	if (strcmp(server->health, "Available") != 0)
		return arena_printf(arena, "%s: its server is %s", pod, server->health);
	return NULL;
}

const char *survey_problem(const struct survey *survey, const struct names *names, const char *pod, struct arena *arena)
{
	const char *problem = survey_member_problem(survey, names, pod, arena);

	for (size_t i = 0; !problem && i < survey->copies.n; i++) {
		const struct topology_copy *copy = &survey->copies.items[i];

		if (survey_is_at(copy->address, names, pod) && strcmp(copy->requested, "online") == 0 &&
		    strcmp(copy->current, "online") != 0)
			problem = arena_printf(arena, "%s: database '%s' is %s there", pod, copy->database, copy->current);
	}
	return problem;
}
