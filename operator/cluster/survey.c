// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/cluster/survey.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/texts.h"
#include "operator/object/reason.h"

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

#define SERVER_MEMBERS 6
#define COPY_MEMBERS 6

// Each text of a row stands in the survey's text once; the rows have its number.
struct writing {
	yyjson_mut_doc *doc;
	struct texts texts;
};

static void add_text(struct writing *w, yyjson_mut_val *list, const char *text)
{
	(void)(text ? yyjson_mut_arr_add_uint(w->doc, list, texts_add(&w->texts, text)) : yyjson_mut_arr_add_null(w->doc, list));
}

// A list of lists: the members of a server in their order, followed by the databases that it hosts.
static void add_servers(struct writing *w, yyjson_mut_val *root, const struct topology_servers *servers)
{
	yyjson_mut_doc *doc = w->doc;
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "servers");

	for (size_t i = 0; i < servers->n; i++) {
		const struct topology_server *server = &servers->items[i];
		const char *const members[SERVER_MEMBERS] = {server->id,	  server->name,   server->address,
							      server->state, server->health, server->version};
		yyjson_mut_val *item = yyjson_mut_arr_add_arr(doc, list);

		for (size_t k = 0; k < SERVER_MEMBERS; k++)
			add_text(w, item, members[k]);
		for (size_t k = 0; k < server->n_hosting; k++)
			add_text(w, item, server->hosting[k]);
	}
}

static void add_copies(struct writing *w, yyjson_mut_val *root, const struct topology_copies *copies)
{
	yyjson_mut_doc *doc = w->doc;
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, root, "copies");

	for (size_t i = 0; i < copies->n; i++) {
		const struct topology_copy *copy = &copies->items[i];
		const char *const members[COPY_MEMBERS] = {copy->database, copy->type, copy->address, copy->role, copy->requested, copy->current};
		yyjson_mut_val *item = yyjson_mut_arr_add_arr(doc, list);

		for (size_t k = 0; k < COPY_MEMBERS; k++)
			add_text(w, item, members[k]);
		(void)yyjson_mut_arr_add_bool(doc, item, copy->writer);
	}
}

static void add_texts(struct writing *w, yyjson_mut_val *root)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(w->doc, root, "texts");

	for (size_t i = 0; i < w->texts.n; i++)
		(void)yyjson_mut_arr_add_str(w->doc, list, w->texts.list[i]);
	texts_release(&w->texts);
}

static void add_outsiders(yyjson_mut_doc *doc, yyjson_mut_val *root, const struct survey *survey)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_obj(doc, root, "outsiders");

	for (size_t i = 0; i < survey->n_outsiders; i++)
		(void)yyjson_mut_obj_add_str(doc, list, survey->outsiders[i].pod, survey->outsiders[i].says);
}

const char *survey_text(const struct survey *survey, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	struct writing writing = {.doc = doc, .texts = TEXTS_INIT(arena)};
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_doc_set_root(doc, root);
	if (survey->problem)
		(void)yyjson_mut_obj_add_str(doc, root, "problem", survey->problem);
	if (survey->reason)
		(void)yyjson_mut_obj_add_str(doc, root, "reason", reason_name(survey->reason));
	if (survey->asked)
		(void)yyjson_mut_obj_add_str(doc, root, "asked", survey->asked);
	add_outsiders(doc, root, survey);
	add_servers(&writing, root, &survey->servers);
	add_copies(&writing, root, &survey->copies);
	add_texts(&writing, root);
	return json_text(arena, doc);
}

// The texts of the rows by number, in the survey's arena.
struct reading {
	struct survey *survey;
	const char **texts;
	size_t n;
};

static struct reading read_texts(yyjson_val *list, struct survey *survey)
{
	struct reading reading = {.survey = survey, .n = yyjson_arr_size(list)};
	size_t index, max;
	yyjson_val *item;

	reading.texts = arena_new_array(survey->arena, const char *, reading.n);
	yyjson_arr_foreach(list, index, max, item)
		reading.texts[index] = arena_strdup(survey->arena, yyjson_get_str(item));
	return reading;
}

static const char *text_at(const struct reading *reading, yyjson_val *number)
{
	return yyjson_is_uint(number) && yyjson_get_uint(number) < reading->n ? reading->texts[yyjson_get_uint(number)] : NULL;
}

// False where a row lacks what admin_servers() promises.
static bool read_servers(yyjson_val *list, const struct reading *reading)
{
	struct survey *survey = reading->survey;
	struct topology_server *items = arena_new_array(survey->arena, struct topology_server, yyjson_arr_size(list));
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(list, index, max, item) {
		const char **hosting = arena_new_array(survey->arena, const char *, yyjson_arr_size(item));
		struct topology_server *server = &items[index];
		const char **const members[SERVER_MEMBERS] = {&server->id,	     &server->name,   &server->address,
								&server->state, &server->health, &server->version};

		for (size_t k = 0; k < SERVER_MEMBERS; k++)
			*members[k] = text_at(reading, yyjson_arr_get(item, k));
		for (size_t k = SERVER_MEMBERS; k < yyjson_arr_size(item); k++) {
			const char *name = text_at(reading, yyjson_arr_get(item, k));

			if (name)
				hosting[server->n_hosting++] = name;
		}
		server->hosting = hosting;
		if (!server->id || !server->state || !server->health)
			return false;
	}
	survey->servers = (struct topology_servers){.items = items, .n = yyjson_arr_size(list)};
	return yyjson_is_arr(list);
}

// False where a row lacks what admin_databases() promises.
static bool read_copies(yyjson_val *list, const struct reading *reading)
{
	struct survey *survey = reading->survey;
	struct topology_copy *items = arena_new_array(survey->arena, struct topology_copy, yyjson_arr_size(list));
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(list, index, max, item) {
		struct topology_copy *copy = &items[index];
		const char **const members[COPY_MEMBERS] = {&copy->database, &copy->type, &copy->address,
						&copy->role, &copy->requested, &copy->current};

		for (size_t k = 0; k < COPY_MEMBERS; k++)
			*members[k] = text_at(reading, yyjson_arr_get(item, k));
		copy->writer = yyjson_get_bool(yyjson_arr_get(item, COPY_MEMBERS));
		if (!copy->database || !copy->requested || !copy->current)
			return false;
	}
	survey->copies = (struct topology_copies){.items = items, .n = yyjson_arr_size(list)};
	return yyjson_is_arr(list);
}

static void read_outsiders(yyjson_val *list, struct survey *survey)
{
	size_t index, max;
	yyjson_val *key, *val;

	yyjson_obj_foreach(json_members(list), index, max, key, val) {
		if (yyjson_is_str(val) && survey->n_outsiders < SURVEY_OUTSIDERS_MAX)
			survey->outsiders[survey->n_outsiders++] =
				(struct survey_outsider){.pod = arena_strdup(survey->arena, yyjson_get_str(key)),
							 .says = arena_strdup(survey->arena, yyjson_get_str(val))};
	}
}

struct survey *survey_read(const char *text, size_t len)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct survey *survey = survey_new();
	yyjson_val *root = json_parse(arena, text, len);
	struct reading reading = read_texts(yyjson_obj_get(root, "texts"), survey);

	survey->problem = arena_strdup(survey->arena, yyjson_get_str(yyjson_obj_get(root, "problem")));
	survey->reason = reason_of(yyjson_get_str(yyjson_obj_get(root, "reason")));
	survey->asked = arena_strdup(survey->arena, yyjson_get_str(yyjson_obj_get(root, "asked")));
	read_outsiders(yyjson_obj_get(root, "outsiders"), survey);
	if (read_servers(yyjson_obj_get(root, "servers"), &reading) && read_copies(yyjson_obj_get(root, "copies"), &reading))
		return survey;
	// An empty list would mean that there is no server.
	survey->servers = (struct topology_servers){0};
	survey->copies = (struct topology_copies){0};
	survey->asked = NULL;
	survey->problem = "What the servers said last cannot be read; they are asked again";
	survey->reason = REASON_SURVEY_UNREADABLE;
	return survey;
}

bool survey_is_at(const char *address, const struct names *names, const struct pod *pod)
{
	const char *domain = pod->domain ? pod->domain : names->domain;
	size_t pod_len = strlen(pod->name), domain_len = strlen(domain);

	return address && strncmp(address, pod->name, pod_len) == 0 && address[pod_len] == '.' &&
	       strncmp(address + pod_len + 1, domain, domain_len) == 0 &&
	       (address[pod_len + 1 + domain_len] == ':' || address[pod_len + 1 + domain_len] == '\0');
}

const struct pod *survey_pod(const char *address, const struct names *names, const struct pod *pods, size_t n_pods)
{
	for (size_t i = 0; i < n_pods; i++) {
		if (survey_is_at(address, names, &pods[i]))
			return &pods[i];
	}
	return NULL;
}

const struct topology_server *survey_server(const struct survey *survey, const struct names *names, const struct pod *pod)
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

static bool accounts_for(const struct survey *survey, const struct names *names, const struct pod *pod,
			 const struct topology_server *server)
{
	return survey_server(survey, names, pod) == server && (!pod->ready || strcmp(server->health, "Available") == 0);
}

const struct topology_server *survey_stranger(const struct survey *survey, const struct names *names, const struct pod *pods, size_t n_pods)
{
	for (size_t i = 0; i < survey->servers.n; i++) {
		const struct topology_server *server = &survey->servers.items[i];
		const struct pod *pod;

		if (strcmp(server->state, "Dropped") == 0)
			continue;
		pod = survey_pod(server->address, names, pods, n_pods);
		if (!pod || !accounts_for(survey, names, pod, server))
			return server;
	}
	return NULL;
}

bool survey_is_outside(const struct survey *survey, const struct names *names, const struct pod *pod)
{
	return !survey->problem && pod->ready && !pod->terminating && !survey_server(survey, names, pod);
}

const char *survey_outsider_says(const struct survey *survey, const char *pod)
{
	for (size_t i = 0; i < survey->n_outsiders; i++) {
		if (strcmp(survey->outsiders[i].pod, pod) == 0)
			return survey->outsiders[i].says;
	}
	return NULL;
}

const struct topology_server *survey_lost(const struct survey *survey, const struct names *names, const struct pod *pod)
{
	const struct topology_server *present = survey_server(survey, names, pod);

	// When several pods are away, any of them may be the one that comes back.
	if (!present || strcmp(present->health, "Available") != 0)
		return NULL;
	for (size_t i = 0; i < survey->servers.n; i++) {
		const struct topology_server *server = &survey->servers.items[i];

		if (server != present && survey_is_at(server->address, names, pod) && strcmp(server->state, "Dropped") != 0)
			return server;
	}
	return NULL;
}

const struct pod *survey_writer(const struct survey *survey, const struct names *names, const struct pod *pods, size_t n_pods)
{
	for (size_t i = 0; i < survey->copies.n; i++) {
		const struct topology_copy *copy = &survey->copies.items[i];

		const struct pod *pod;

		if (!copy->writer || strcmp(copy->database, SYSTEM) != 0)
			continue;
		pod = survey_pod(copy->address, names, pods, n_pods);
		if (pod && pod->address)
			return pod;
	}
	return NULL;
}

static const char *unlisted(const struct survey *survey, const struct pod *pod, struct arena *arena)
{
	const char *says = survey_outsider_says(survey, pod->name);

	if (!says)
		return arena_printf(arena, "%s: SHOW SERVERS does not list its server", pod->name);
	return arena_printf(arena, "%s: SHOW SERVERS of %s does not list its server; asked itself, %s", pod->name, survey->asked, says);
}

// The caller judges its state among the servers.
static const char *host_problem(const struct survey *survey, const struct names *names, const struct pod *pod, bool enabled,
				struct arena *arena)
{
	const struct topology_server *server;

	if (survey->problem)
		return arena_strdup(arena, survey->problem); // the message outlives the survey
	server = survey_server(survey, names, pod);
	if (!server)
		return unlisted(survey, pod, arena);
	if (enabled && strcmp(server->state, "Enabled") != 0)
		return arena_printf(arena, "%s: its server is %s", pod->name, server->state);
	if (strcmp(server->health, "Available") != 0)
		return arena_printf(arena, "%s: its server is %s", pod->name, server->health);
	return NULL;
}

static const char *copy_problem(const struct survey *survey, const struct names *names, const struct pod *pod, struct arena *arena)
{
	for (size_t i = 0; i < survey->copies.n; i++) {
		const struct topology_copy *copy = &survey->copies.items[i];

		if (survey_is_at(copy->address, names, pod) && strcmp(copy->requested, "online") == 0 &&
		    strcmp(copy->current, "online") != 0)
			return arena_printf(arena, "%s: database '%s' is %s there", pod->name, copy->database, copy->current);
	}
	return NULL;
}

const char *survey_member_problem(const struct survey *survey, const struct names *names, const struct pod *pod, struct arena *arena)
{
	return host_problem(survey, names, pod, true, arena);
}

const char *survey_problem(const struct survey *survey, const struct names *names, const struct pod *pod, struct arena *arena)
{
	const char *problem = host_problem(survey, names, pod, true, arena);

	return problem ? problem : copy_problem(survey, names, pod, arena);
}

const char *survey_host_problem(const struct survey *survey, const struct names *names, const struct pod *pod, struct arena *arena)
{
	const char *problem = host_problem(survey, names, pod, false, arena);

	return problem ? problem : copy_problem(survey, names, pod, arena);
}
