// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Each part is read by its own call and fills its own member of the document. Only the deployment itself must exist; a part that cannot be read
// becomes a line under "missing", so that a user with few rights sees what they allow.

#include "cli/portrait.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "api/plugin.h"
#include "base/json.h"
#include "cli/end_words.h"
#include "cli/kinds.h"
#include "cli/overview.h"
#include "cli/rendering.h"
#include "cli/secret_token.h"
#include "cli/timespan.h"
#include "kube/client.h"
#include "operator/object/names.h"
#include "operator/object/pod.h"

#define EVENTS_SHOWN 8
#define SERVERS_MAX 64 // a cluster has 20

static const struct {
	const char *word;
	const struct kube_resource *resource;
} words[] = {
	{"n4jc", &kinds_clusters},
	{"neo4jenterprisecluster", &kinds_clusters},
	{"neo4jenterpriseclusters", &kinds_clusters},
	{"n4js", &kinds_standalones},
	{"neo4jenterprisestandalone", &kinds_standalones},
	{"neo4jenterprisestandalones", &kinds_standalones},
};

// Also takes "neo4jenterpriseclusters.neo4j.neo4j.com/orders".
static const struct kube_resource *resource_of(const char *reference, const char *slash)
{
	size_t len = strcspn(reference, "./");

	for (size_t i = 0; slash && i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i].word) == len && strncasecmp(words[i].word, reference, len) == 0)
			return words[i].resource;
	}
	return NULL;
}

static int get(struct program *program, const struct kube_resource *resource, const char *name, yyjson_val **ret, struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *object = NULL;
	const char *text;
	int r = kube_get(program->client, resource, (struct kube_name){program_namespace(program), name}, &object, err);

	*ret = NULL;
	if (r < 0)
		return r;
	text = json_val_text(program->arena, kube_object_root(object));
	*ret = json_parse(program->arena, text, strlen(text));
	return 0;
}

int portrait_find(struct program *program, const char *reference, yyjson_val **ret, struct err *err)
{
	const char *slash = strchr(reference, '/'), *name = slash ? slash + 1 : reference;
	const struct kube_resource *resource = resource_of(reference, slash);
	struct err first = ERR_INIT;
	yyjson_val *other;
	int r;

	if (slash && !resource)
		return err_set(err, ERR_INVALID, "'%.64s': the kind is none of n4jc and n4js", reference);
	if (!*name || strchr(name, '/'))
		return err_set(err, ERR_INVALID, "'%.64s' is no name of a deployment", reference);
	if (resource)
		return get(program, resource, name, ret, err);
	r = get(program, &kinds_clusters, name, ret, &first);
	if (r < 0 && r != ERR_NOT_FOUND) {
		*err = first;
		return r;
	}
	r = get(program, &kinds_standalones, name, &other, err);
	if (r == 0 && *ret)
		return err_set(err, ERR_CONFLICT, "there are a cluster and a standalone '%s' in namespace '%s'; say n4jc/%s or n4js/%s", name,
			       program_namespace(program), name, name);
	*ret = *ret ? *ret : other;
	if (*ret) {
		err_clear(err);
		return 0;
	}
	if (r != ERR_NOT_FOUND)
		return r;
	err_clear(err);
	return err_set(err, ERR_NOT_FOUND, "there is no cluster and no standalone '%s' in namespace '%s'", name, program_namespace(program));
}

struct portrait {
	struct program *program;
	struct arena *arena;
	yyjson_mut_doc *doc;
	yyjson_mut_val *root, *missing;
	struct dbms dbms;
	struct names names;
	struct overview_row row;
	const char *revision; // of the newest template; NULL: unknown
	yyjson_mut_val *list; // the list to fill
};

static void put(const struct portrait *portrait, yyjson_mut_val *object, const char *key, const char *text)
{
	if (text && *text)
		yyjson_mut_obj_add_strcpy(portrait->doc, object, key, text);
}

static void miss(struct portrait *portrait, const char *what, const struct err *err)
{
	yyjson_mut_arr_add_strcpy(portrait->doc, portrait->missing, arena_printf(portrait->arena, "%s: %s", what, err->text));
}

static void read_workload(struct portrait *portrait)
{
	struct err err = ERR_INIT;
	yyjson_val *workload;

	if (get(portrait->program, &kube_statefulsets, portrait->names.workload, &workload, &err) == 0) {
		overview_read_workload(workload, &portrait->row);
		portrait->revision = yyjson_get_str(yyjson_ptr_get(workload, "/status/updateRevision"));
	} else if (err.class != ERR_NOT_FOUND) {
		miss(portrait, "the StatefulSet", &err);
	}
}

struct server {
	struct pod pod;
	const char *node; // NULL: none yet
};

struct servers {
	struct portrait *portrait;
	struct server items[SERVERS_MAX];
	size_t n;
};

// Compares by ordinal.
static int compare_servers(const void *a, const void *b)
{
	const char *one = ((const struct server *)a)->pod.name, *other = ((const struct server *)b)->pod.name;
	size_t len = strlen(one), other_len = strlen(other);

	return len == other_len ? strcmp(one, other) : len < other_len ? -1 : 1;
}

// Copies what it keeps: the object goes with its page.
static void add_server(void *user, yyjson_val *root)
{
	struct servers *servers = user;
	struct arena *arena = servers->portrait->arena;
	const char *text = json_val_text(arena, root);
	yyjson_val *copy = json_parse(arena, text, strlen(text));

	if (servers->n == SERVERS_MAX)
		return;
	pod_read(copy, arena, &servers->items[servers->n].pod);
	servers->items[servers->n].node = yyjson_get_str(yyjson_ptr_get(copy, "/spec/nodeName"));
	if (servers->items[servers->n].pod.name)
		servers->n++;
}

static const char *state_of(const struct pod *pod)
{
	// A container that has ended once is not only starting.
	return pod->terminating ? "Terminating" : pod->ready ? "Ready" : pod->never_ready && pod->ends == 0 ? "Starting" : "NotReady";
}

static void put_server(const struct portrait *portrait, const struct server *item)
{
	const struct pod *pod = &item->pod;
	yyjson_mut_val *server = yyjson_mut_arr_add_obj(portrait->doc, portrait->list);

	put(portrait, server, "name", pod->name);
	put(portrait, server, "state", state_of(pod));
	put(portrait, server, "node", item->node);
	put(portrait, server, "startedAt", pod->started_at);
	yyjson_mut_obj_add_sint(portrait->doc, server, "restarts", pod->restarts);
	if (portrait->revision && pod->revision)
		yyjson_mut_obj_add_bool(portrait->doc, server, "newest", strcmp(portrait->revision, pod->revision) == 0);
	put(portrait, server, "problem", pod->problem);
	put(portrait, server, "lastWords", pod->ready ? NULL : pod->last_words);
}

static void read_servers(struct portrait *portrait)
{
	struct servers *servers = arena_alloc(portrait->arena, sizeof(*servers));
	struct kube_selection selection = {.namespace = portrait->dbms.metadata.namespace, .labels = portrait->names.selector};
	const struct kube_reader reader = {add_server, servers};
	struct err err = ERR_INIT;

	servers->portrait = portrait;
	if (kube_list(portrait->program->client, &kube_pods, &selection, &reader, &err) < 0) {
		miss(portrait, "the pods", &err);
		return;
	}
	portrait->list = yyjson_mut_obj_add_arr(portrait->doc, portrait->root, "servers");
	if (servers->n > 1)
		qsort(servers->items, servers->n, sizeof(servers->items[0]), compare_servers);
	for (size_t i = 0; i < servers->n; i++) {
		end_words_look(portrait->program, portrait->dbms.metadata.namespace, &servers->items[i].pod);
		put_server(portrait, &servers->items[i]);
	}
}

static void add_volume(void *user, yyjson_val *root)
{
	struct portrait *portrait = user;
	yyjson_mut_val *volume = yyjson_mut_arr_add_obj(portrait->doc, portrait->list);

	put(portrait, volume, "claim", yyjson_get_str(yyjson_ptr_get(root, "/metadata/name")));
	put(portrait, volume, "phase", yyjson_get_str(yyjson_ptr_get(root, "/status/phase")));
	put(portrait, volume, "size", yyjson_get_str(yyjson_ptr_get(root, "/status/capacity/storage")));
	put(portrait, volume, "wanted", yyjson_get_str(yyjson_ptr_get(root, "/spec/resources/requests/storage")));
	put(portrait, volume, "class", yyjson_get_str(yyjson_ptr_get(root, "/spec/storageClassName")));
}

static void read_volumes(struct portrait *portrait)
{
	struct kube_selection selection = {.namespace = portrait->dbms.metadata.namespace, .labels = portrait->names.selector};
	const struct kube_reader reader = {add_volume, portrait};
	struct err err = ERR_INIT;

	portrait->list = yyjson_mut_arr(portrait->doc);
	if (kube_list(portrait->program->client, &kube_persistentvolumeclaims, &selection, &reader, &err) < 0)
		miss(portrait, "the volumes", &err);
	else
		yyjson_mut_obj_add_val(portrait->doc, portrait->root, "volumes", portrait->list);
}

// As the operator has heard of them last.
static void put_databases(const struct portrait *portrait, yyjson_val *object)
{
	yyjson_val *databases = yyjson_ptr_get(object, "/status/databases");

	if (yyjson_is_arr(databases))
		yyjson_mut_obj_add_val(portrait->doc, portrait->root, "databases", yyjson_val_mut_copy(portrait->doc, databases));
}

static void add_plugin(void *user, yyjson_val *root)
{
	struct portrait *portrait = user;
	yyjson_mut_val *plugin;

	if (!yyjson_equals_str(yyjson_ptr_get(root, "/spec/clusterRef"), portrait->dbms.metadata.name))
		return;
	plugin = yyjson_mut_arr_add_obj(portrait->doc, portrait->list);
	put(portrait, plugin, "resource", yyjson_get_str(yyjson_ptr_get(root, "/metadata/name")));
	put(portrait, plugin, "name", yyjson_get_str(yyjson_ptr_get(root, "/spec/name")));
	put(portrait, plugin, "phase", yyjson_get_str(yyjson_ptr_get(root, "/status/phase")));
	put(portrait, plugin, "message", yyjson_get_str(yyjson_ptr_get(root, "/status/message")));
}

static void read_plugins(struct portrait *portrait)
{
	struct kube_selection selection = {.namespace = portrait->dbms.metadata.namespace};
	const struct kube_reader reader = {add_plugin, portrait};
	struct err err = ERR_INIT;

	portrait->list = yyjson_mut_arr(portrait->doc);
	if (kube_list(portrait->program->client, &kinds_plugins, &selection, &reader, &err) < 0)
		miss(portrait, "the plugins", &err);
	else
		yyjson_mut_obj_add_val(portrait->doc, portrait->root, "plugins", portrait->list);
}

static void read_token(struct portrait *portrait, yyjson_mut_val *fleet)
{
	static const char *const verdicts[] = {
		[TOKEN_GOOD] = "Good", [TOKEN_EMPTY] = "Empty", [TOKEN_MALFORMED] = "Malformed", [TOKEN_EXPIRED] = "Expired"};
	const struct dbms_fleet *wanted = &portrait->dbms.fleet;
	struct kube_name name = {portrait->dbms.metadata.namespace, wanted->token_secret};
	enum token_verdict verdict;
	struct err err = ERR_INIT;
	yyjson_mut_val *found;
	struct token token;
	char expires[TIME_TEXT_SIZE];

	if (!wanted->enabled || !wanted->token_secret)
		return;
	if (secret_token_read(portrait->program, name, wanted->token_key, &verdict, &token, &err) < 0) {
		miss(portrait, "the token", &err);
		return;
	}
	found = yyjson_mut_obj_add_obj(portrait->doc, fleet, "token");
	put(portrait, found, "secret", wanted->token_secret);
	put(portrait, found, "verdict", verdicts[verdict]);
	if (verdict != TOKEN_GOOD && verdict != TOKEN_EXPIRED)
		return;
	time_format_rfc3339(token.expires_ms, expires, sizeof(expires));
	put(portrait, found, "projectId", token.project);
	put(portrait, found, "expiryTime", expires);
}

static void read_fleet(struct portrait *portrait)
{
	yyjson_mut_val *fleet = yyjson_mut_obj_add_obj(portrait->doc, portrait->root, "fleet");
	const struct overview_row *row = &portrait->row;

	put(portrait, fleet, "state", row->fleet);
	put(portrait, fleet, "message", row->fleet_message);
	put(portrait, fleet, "lastRegistrationTime", portrait->dbms.status.last_registration);
	put(portrait, fleet, "projectId", row->project);
	put(portrait, fleet, "tokenExpires", row->expires);
	if (strcmp(row->connected, "-") != 0) {
		put(portrait, fleet, "connected", row->connected);
		put(portrait, fleet, "connectedMessage", row->connected_message);
	}
	read_token(portrait, fleet);
}

// The conditions that hold and that no other part tells.
static void read_conditions(struct portrait *portrait)
{
	static const char *const told[] = {"Ready", "Reconciling", "FleetRegistered", "FleetConnected"};
	yyjson_val *item;
	size_t index, max;

	portrait->list = yyjson_mut_obj_add_arr(portrait->doc, portrait->root, "conditions");
	yyjson_arr_foreach(portrait->dbms.status.conditions, index, max, item) {
		const char *type = yyjson_get_str(yyjson_obj_get(item, "type"));
		yyjson_mut_val *condition;
		bool known = !type || !yyjson_equals_str(yyjson_obj_get(item, "status"), "True");

		for (size_t i = 0; !known && i < sizeof(told) / sizeof(told[0]); i++)
			known = strcmp(told[i], type) == 0;
		if (known)
			continue;
		condition = yyjson_mut_arr_add_obj(portrait->doc, portrait->list);
		put(portrait, condition, "type", type);
		put(portrait, condition, "reason", yyjson_get_str(yyjson_obj_get(item, "reason")));
		put(portrait, condition, "message", yyjson_get_str(yyjson_obj_get(item, "message")));
	}
}

struct event {
	const char *type, *reason, *message, *time;
	long long count;
};

struct events {
	struct portrait *portrait;
	struct event newest[EVENTS_SHOWN]; // the newest first
	size_t n;
};

static const char *time_of(yyjson_val *root)
{
	static const char *const pointers[] = {"/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"};

	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		const char *text = yyjson_get_str(yyjson_ptr_get(root, pointers[i]));

		if (text && *text)
			return text;
	}
	return "";
}

static const char *copy(const struct events *events, yyjson_val *root, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(root, key));

	return arena_strdup(events->portrait->arena, text ? text : "");
}

static void add_event(void *user, yyjson_val *root)
{
	struct events *events = user;
	const char *time = time_of(root);
	size_t at = 0;

	while (at < events->n && strcmp(events->newest[at].time, time) >= 0)
		at++;
	if (at == EVENTS_SHOWN)
		return;
	events->n += events->n < EVENTS_SHOWN;
	memmove(&events->newest[at + 1], &events->newest[at], (events->n - at - 1) * sizeof(events->newest[0]));
	events->newest[at] = (struct event){
		.type = copy(events, root, "type"),
		.reason = copy(events, root, "reason"),
		.message = copy(events, root, "message"),
		.time = arena_strdup(events->portrait->arena, time),
		.count = yyjson_get_sint(yyjson_obj_get(root, "count")),
	};
}

static void read_events(struct portrait *portrait)
{
	struct events events = {.portrait = portrait};
	const char *fields = arena_printf(portrait->arena, "involvedObject.kind=%s,involvedObject.name=%s", portrait->dbms.api_kind,
					  portrait->dbms.metadata.name);
	struct kube_selection selection = {.namespace = portrait->dbms.metadata.namespace, .fields = fields};
	const struct kube_reader reader = {add_event, &events};
	struct err err = ERR_INIT;

	if (kube_list(portrait->program->client, &kube_events, &selection, &reader, &err) < 0) {
		miss(portrait, "the events", &err);
		return;
	}
	portrait->list = yyjson_mut_obj_add_arr(portrait->doc, portrait->root, "events");
	for (size_t i = 0; i < events.n; i++) {
		yyjson_mut_val *event = yyjson_mut_arr_add_obj(portrait->doc, portrait->list);

		put(portrait, event, "time", events.newest[i].time);
		put(portrait, event, "type", events.newest[i].type);
		put(portrait, event, "reason", events.newest[i].reason);
		put(portrait, event, "message", events.newest[i].message);
		if (events.newest[i].count > 1)
			yyjson_mut_obj_add_sint(portrait->doc, event, "count", events.newest[i].count);
	}
}

static void put_head(const struct portrait *portrait)
{
	const struct overview_row *row = &portrait->row;

	put(portrait, portrait->root, "kind", portrait->dbms.api_kind);
	put(portrait, portrait->root, "namespace", row->namespace);
	put(portrait, portrait->root, "name", row->name);
	put(portrait, portrait->root, "phase", *row->phase ? row->phase : "Unknown");
	put(portrait, portrait->root, "message", row->message);
	put(portrait, portrait->root, "image", row->image);
	put(portrait, portrait->root, "version", row->version);
	put(portrait, portrait->root, "created", portrait->dbms.metadata.created);
}

static void put_counts(const struct portrait *portrait)
{
	const struct overview_row *row = &portrait->row;

	yyjson_mut_obj_add_int(portrait->doc, portrait->root, "serversWanted", row->wanted);
	if (row->ready < 0)
		return;
	yyjson_mut_obj_add_int(portrait->doc, portrait->root, "serversReady", row->ready);
	yyjson_mut_obj_add_int(portrait->doc, portrait->root, "serversNewest", row->updated);
}

yyjson_mut_doc *portrait_make(struct program *program, yyjson_val *object)
{
	struct portrait *portrait = arena_alloc(program->arena, sizeof(*portrait));
	struct err invalid = ERR_INIT;

	portrait->program = program;
	portrait->arena = program->arena;
	portrait->doc = json_doc_new(program->arena);
	portrait->root = yyjson_mut_obj(portrait->doc);
	portrait->missing = yyjson_mut_arr(portrait->doc);
	yyjson_mut_doc_set_root(portrait->doc, portrait->root);
	// An invalid spec is shown, too: the message has what its status says about it.
	(void)dbms_decode(object, program->arena, &portrait->dbms, &invalid);
	names_of(&portrait->dbms, program->arena, &portrait->names);
	overview_read_object(program, object, &portrait->row);
	put_head(portrait);
	read_workload(portrait);
	put_counts(portrait);
	read_servers(portrait);
	read_volumes(portrait);
	put_databases(portrait, object);
	read_plugins(portrait);
	read_fleet(portrait);
	read_conditions(portrait);
	read_events(portrait);
	yyjson_mut_obj_add_val(portrait->doc, portrait->root, "missing", portrait->missing);
	return portrait->doc;
}
