// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/survey.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"

#define SYSTEM "system"
#define POD_NAME_SIZE 256

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

#define SERVER_MEMBERS 5
#define COPY_MEMBERS 6

static void add_text(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *text)
{
	(void)(text ? yyjson_mut_arr_add_str(doc, list, text) : yyjson_mut_arr_add_null(doc, list));
}

// A list of lists: the members of a server in their order and behind them the databases that it hosts.
static void add_servers(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct topology_servers *servers)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "servers");

	for (size_t i = 0; i < servers->n; i++) {
		const struct topology_server *server = &servers->items[i];
		const char *const members[SERVER_MEMBERS] = {server->id, server->name, server->address, server->state, server->health};
		yyjson_mut_val *item = yyjson_mut_arr_add_arr(doc, list);

		for (size_t k = 0; k < SERVER_MEMBERS; k++)
			add_text(doc, item, members[k]);
		for (size_t k = 0; k < server->n_hosting; k++)
			add_text(doc, item, server->hosting[k]);
	}
}

static void add_copies(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct topology_copies *copies)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "copies");

	for (size_t i = 0; i < copies->n; i++) {
		const struct topology_copy *copy = &copies->items[i];
		const char *const members[COPY_MEMBERS] = {copy->database, copy->type, copy->address, copy->role, copy->requested, copy->current};
		yyjson_mut_val *item = yyjson_mut_arr_add_arr(doc, list);

		for (size_t k = 0; k < COPY_MEMBERS; k++)
			add_text(doc, item, members[k]);
		(void)yyjson_mut_arr_add_bool(doc, item, copy->writer);
	}
}

const char *survey_text(const struct survey *survey, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	if (survey->problem)
		(void)yyjson_mut_obj_add_str(doc, root, "problem", survey->problem);
	if (survey->reason)
		(void)yyjson_mut_obj_add_str(doc, root, "reason", survey->reason);
	add_servers(doc, root, &survey->servers);
	add_copies(doc, root, &survey->copies);
	return json_text(arena, doc);
}

static void read_servers(yyjson_val *list, struct survey *survey)
{
	struct topology_server *items = arena_new_array(survey->arena, struct topology_server, yyjson_arr_size(list));
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(list, index, max, item) {
		const char **hosting = arena_new_array(survey->arena, const char *, yyjson_arr_size(item));
		struct topology_server *server = &items[index];
		const char **const members[SERVER_MEMBERS] = {&server->id, &server->name, &server->address, &server->state, &server->health};

		for (size_t k = 0; k < SERVER_MEMBERS; k++)
			*members[k] = yyjson_get_str(yyjson_arr_get(item, k));
		for (size_t k = SERVER_MEMBERS; k < yyjson_arr_size(item); k++)
			hosting[server->n_hosting++] = yyjson_get_str(yyjson_arr_get(item, k));
		server->hosting = hosting;
	}
	survey->servers = (struct topology_servers){.items = items, .n = yyjson_arr_size(list)};
}

static void read_copies(yyjson_val *list, struct survey *survey)
{
	struct topology_copy *items = arena_new_array(survey->arena, struct topology_copy, yyjson_arr_size(list));
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(list, index, max, item) {
		struct topology_copy *copy = &items[index];
		const char **const members[COPY_MEMBERS] = {&copy->database, &copy->type, &copy->address,
						&copy->role, &copy->requested, &copy->current};

		for (size_t k = 0; k < COPY_MEMBERS; k++)
			*members[k] = yyjson_get_str(yyjson_arr_get(item, k));
		copy->writer = yyjson_get_bool(yyjson_arr_get(item, COPY_MEMBERS));
	}
	survey->copies = (struct topology_copies){.items = items, .n = yyjson_arr_size(list)};
}

struct survey *survey_read(const char *text, size_t len)
{
	struct survey *survey = survey_new();
	yyjson_val *root = json_parse(survey->arena, text, len);

	survey->problem = yyjson_get_str(yyjson_obj_get(root, "problem"));
	survey->reason = yyjson_get_str(yyjson_obj_get(root, "reason"));
	read_servers(yyjson_obj_get(root, "servers"), survey);
	read_copies(yyjson_obj_get(root, "copies"), survey);
	return survey;
}

bool survey_is_at(const char *address, const struct names *names, const char *pod)
{
	size_t pod_len = strlen(pod), domain_len = strlen(names->domain);

	return address && strncmp(address, pod, pod_len) == 0 && address[pod_len] == '.' &&
	       strncmp(address + pod_len + 1, names->domain, domain_len) == 0 &&
	       (address[pod_len + 1 + domain_len] == ':' || address[pod_len + 1 + domain_len] == '\0');
}

int survey_ordinal(const char *address, const struct names *names)
{
	size_t len = address ? strcspn(address, ".") : 0;
	char pod[POD_NAME_SIZE];
	int ordinal;

	if (len == 0 || len >= sizeof(pod))
		return -1;
	memcpy(pod, address, len);
	pod[len] = '\0';
	ordinal = names_ordinal(names, pod);
	return ordinal >= 0 && survey_is_at(address, names, pod) ? ordinal : -1;
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
