// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/pass/status.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "api/dbms.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "operator/object/condition.h"
#include "operator/object/drift.h"
#include "operator/object/reason.h"

// The longest message that the CRDs allow, in characters, each of which has at least one byte.
#define MESSAGE_MAX ((size_t)32768)
#define ADDRESS_MAX ((size_t)300)
#define NAME_MAX_BYTES ((size_t)128) // of the names, addresses and words that servers tell
#define PAUSED_MESSAGE                                                                                                                 \
	"Nothing is written to the children and the servers while the annotation " PAUSED_ANNOTATION " is \"true\"; remove it to go on"
#define ELLIPSIS "\xE2\x80\xA6"

struct writer {
	yyjson_mut_doc *doc;
	yyjson_mut_val *conditions;
	yyjson_val *old_status, *old_conditions;
	int64_t generation;
	char now[TIME_TEXT_SIZE];
};

static yyjson_val *old_condition(const struct writer *w, const char *type)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(w->old_conditions);
	yyjson_val *item;

	while ((item = yyjson_arr_iter_next(&iter))) {
		if (yyjson_equals_str(yyjson_obj_get(item, "type"), type))
			return item;
	}
	return NULL;
}

// The one place where texts of others enter, of any length. NULL: leaves the member out.
static void add_text(struct writer *w, yyjson_mut_val *object, const char *key, const char *text, size_t text_max)
{
	_cleanup_buf_ struct buf cut = BUF_INIT(text_max);
	size_t len = text ? strlen(text) : 0;

	if (!text)
		return;
	if (len > text_max) {
		len = text_max - strlen(ELLIPSIS);
		while (len > 0 && ((unsigned char)text[len] & 0xC0) == 0x80)
			len--;
		buf_append(&cut, text, len);
		buf_add(&cut, ELLIPSIS);
		text = buf_str(&cut);
	}
	yyjson_mut_obj_add_strcpy(w->doc, object, key, text);
}

static void add_message(struct writer *w, yyjson_mut_val *object, const char *text)
{
	add_text(w, object, "message", text, MESSAGE_MAX);
}

static void condition(struct writer *w, const char *type, int value, enum reason reason, const char *message)
{
	const char *status = value > 0 ? "True" : value == 0 ? "False" : "Unknown";
	yyjson_val *old = old_condition(w, type);
	const char *since = yyjson_get_str(yyjson_obj_get(old, "lastTransitionTime"));
	yyjson_mut_val *item = yyjson_mut_arr_add_obj(w->doc, w->conditions);

	assert(reason);
	if (!since || !yyjson_equals_str(yyjson_obj_get(old, "status"), status))
		since = w->now;
	yyjson_mut_obj_add_strcpy(w->doc, item, "type", type);
	yyjson_mut_obj_add_strcpy(w->doc, item, "status", status);
	yyjson_mut_obj_add_strcpy(w->doc, item, "reason", reason_name(reason));
	add_message(w, item, message ? message : "");
	yyjson_mut_obj_add_strcpy(w->doc, item, "lastTransitionTime", since);
	yyjson_mut_obj_add_sint(w->doc, item, "observedGeneration", w->generation);
}

static void phase_conditions(struct writer *w, const struct phase_verdict *verdict)
{
	bool failed = verdict->phase == PHASE_FAILED || verdict->stalled;
	bool moving = !failed && verdict->phase != PHASE_READY;

	condition(w, CONDITION_READY, verdict->phase == PHASE_READY, verdict->reason, verdict->message);
	condition(w, CONDITION_RECONCILING, moving, verdict->reason, moving ? verdict->message : "");
	condition(w, CONDITION_STALLED, failed, verdict->reason, failed ? verdict->message : "");
}

static void problem_conditions(struct writer *w, const struct status_problem *problems)
{
	for (size_t i = 0; i < STATUS_PROBLEMS; i++) {
		const struct status_problem *problem = &problems[i];

		if (problem->type && (problem->holds > 0 || (problem->holds == 0 && old_condition(w, problem->type))))
			condition(w, problem->type, problem->holds, problem->reason, problem->message);
	}
}

// Adds what is said beside the phase's own words.
static const char *message_of(const struct status_wanted *wanted, struct arena *arena)
{
	const char *message = wanted->verdict.message;

	for (size_t i = 0; i < STATUS_PROBLEMS; i++) {
		const struct status_problem *problem = &wanted->problems[i];

		if (problem->type && problem->holds > 0 && !strstr(wanted->verdict.message, problem->message))
			message = arena_printf(arena, "%s; %s", message, problem->message);
	}
	return message;
}

static enum reason connected_reason(int connected)
{
	if (connected > 0)
		return REASON_CONNECTED;
	return connected == 0 ? REASON_NOT_CONNECTED : REASON_NOT_ASKED;
}

static void fleet_conditions(struct writer *w, const struct status_fleet *fleet)
{
	if (fleet->publish)
		condition(w, CONDITION_FLEET_REGISTERED, fleet->registered, fleet->reason, fleet->message);
	if (fleet->publish_connected)
		condition(w, CONDITION_FLEET_CONNECTED, fleet->connected,
			  fleet->connected_reason ? fleet->connected_reason : connected_reason(fleet->connected), fleet->connected_message);
}

static bool is_spoken_of(const struct writer *w, const char *type)
{
	yyjson_mut_arr_iter ours = yyjson_mut_arr_iter_with(w->conditions);
	yyjson_mut_val *mine;

	while ((mine = yyjson_mut_arr_iter_next(&ours))) {
		if (yyjson_mut_equals_str(yyjson_mut_obj_get(mine, "type"), type))
			return true;
	}
	return false;
}

// The CRDs' rule for a reason. A person may have written one before the CRDs had the rule, and with it every write would be refused.
static bool is_reason(const char *text)
{
	size_t len = text ? strlen(text) : 0;

	return len > 0 && len <= 1024 && isalpha((unsigned char)text[0]) && (isalnum((unsigned char)text[len - 1]) || text[len - 1] == '_') &&
	       text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_,:")] == '\0';
}

// Conditions that this pass says nothing about stay, after ours, as far as there is room: conditions that a person wrote keep none of ours away.
// Among the old ones, ours of an earlier pass come first.
static void keep_others(struct writer *w)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(w->old_conditions);
	yyjson_val *item;

	while ((item = yyjson_arr_iter_next(&iter)) && yyjson_mut_arr_size(w->conditions) < STATUS_CONDITIONS_MAX) {
		const char *type = yyjson_get_str(yyjson_obj_get(item, "type"));

		if (type && is_reason(yyjson_get_str(yyjson_obj_get(item, "reason"))) && !is_spoken_of(w, type))
			yyjson_mut_arr_append(w->conditions, yyjson_val_mut_copy(w->doc, item));
	}
}

static void fleet_map(struct writer *w, yyjson_mut_val *status, const struct status_fleet *fleet)
{
	yyjson_mut_val *map;

	if (!fleet->publish)
		return;
	map = yyjson_mut_obj_add_obj(w->doc, status, "auraFleetManagement");
	yyjson_mut_obj_add_bool(w->doc, map, "registered", fleet->registered);
	if (fleet->last_registration)
		yyjson_mut_obj_add_strcpy(w->doc, map, "lastRegistrationTime", fleet->last_registration);
	add_message(w, map, fleet->message);
}

static void server_map(struct writer *w, yyjson_mut_val *list, const struct inventory_server *server)
{
	yyjson_mut_val *map = yyjson_mut_arr_add_obj(w->doc, list);

	add_text(w, map, "name", server->name, NAME_MAX_BYTES);
	add_text(w, map, "pod", server->pod, NAME_MAX_BYTES);
	add_text(w, map, "address", server->address, ADDRESS_MAX);
	add_text(w, map, "volume", server->volume, NAME_MAX_BYTES);
	add_text(w, map, "state", server->state, NAME_MAX_BYTES);
	add_text(w, map, "health", server->health, NAME_MAX_BYTES);
	add_text(w, map, "version", server->version, NAME_MAX_BYTES);
}

static void database_map(struct writer *w, yyjson_mut_val *list, const struct inventory_database *database)
{
	yyjson_mut_val *map = yyjson_mut_arr_add_obj(w->doc, list);

	add_text(w, map, "name", database->name, NAME_MAX_BYTES);
	add_text(w, map, "requestedStatus", database->requested, NAME_MAX_BYTES);
	add_text(w, map, "currentStatus", database->current, NAME_MAX_BYTES);
	(void)yyjson_mut_obj_add_int(w->doc, map, "copies", database->copies);
	(void)yyjson_mut_obj_add_int(w->doc, map, "online", database->online);
}

// A number that is present only while it is not 0.
// Removes a member that is no longer true.
static void take_away(struct writer *w, yyjson_mut_val *status, const char *key)
{
	if (yyjson_obj_get(w->old_status, key))
		(void)yyjson_mut_obj_add_null(w->doc, status, key);
}

static void left_out(struct writer *w, yyjson_mut_val *status, const char *key, size_t n)
{
	if (n)
		(void)yyjson_mut_obj_add_uint(w->doc, status, key, n);
	else
		take_away(w, status, key);
}

static void inventory_lists(struct writer *w, yyjson_mut_val *status, const struct inventory *inventory)
{
	yyjson_mut_val *servers = NULL, *databases;

	if (!inventory)
		return;
	// Community has no such statement.
	if (inventory->n_servers)
		servers = yyjson_mut_obj_add_arr(w->doc, status, "servers");
	for (size_t i = 0; i < inventory->n_servers; i++)
		server_map(w, servers, &inventory->servers[i]);
	left_out(w, status, "serversLeftOut", inventory->servers_left_out);
	databases = yyjson_mut_obj_add_arr(w->doc, status, "databases");
	for (size_t i = 0; i < inventory->n_databases; i++)
		database_map(w, databases, &inventory->databases[i]);
	left_out(w, status, "databasesLeftOut", inventory->databases_left_out);
}

// A list that only we write, in our order; without a wanted one the old list stays.
static bool list_differs(yyjson_val *wanted, yyjson_val *old, const char *key)
{
	yyjson_val *list = yyjson_obj_get(wanted, key);

	return list && !yyjson_equals(list, yyjson_obj_get(old, key));
}

// NULL: the member stays as it is; "": it goes.
static void add_or_remove(struct writer *w, yyjson_mut_val *status, const char *key, const char *text)
{
	if (!text)
		return;
	if (*text)
		yyjson_mut_obj_add_strcpy(w->doc, status, key, text);
	else
		take_away(w, status, key);
}

// What kubectl get and kubectl neofleet show of them: each column is one member.
static void columns(struct writer *w, yyjson_mut_val *status, const struct status_wanted *wanted)
{
	add_or_remove(w, status, "readyServers", wanted->ready_servers);
	add_or_remove(w, status, "updatedServers", wanted->updated_servers);
	add_or_remove(w, status, "fleetTokenExpires", wanted->fleet.expires);
	add_or_remove(w, status, "fleetProject", wanted->fleet.project);
}

static bool differs(yyjson_val *wanted, yyjson_val *old)
{
	return !old || drift_found(wanted, old) || list_differs(wanted, old, "servers") || list_differs(wanted, old, "databases") ||
	       yyjson_arr_size(yyjson_obj_get(wanted, "conditions")) != yyjson_arr_size(yyjson_obj_get(old, "conditions"));
}

// Begins a patch: what every status has.
static yyjson_mut_val *begin(struct writer *w, yyjson_val *object, int64_t now_ms, struct arena *arena)
{
	yyjson_val *metadata = yyjson_obj_get(object, "metadata");
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *head, *status;

	w->doc = doc;
	w->old_status = yyjson_obj_get(object, "status");
	w->old_conditions = yyjson_obj_get(w->old_status, "conditions");
	time_format_rfc3339(now_ms, w->now, sizeof(w->now));
	yyjson_mut_doc_set_root(doc, root);
	head = yyjson_mut_obj_add_obj(doc, root, "metadata");
	yyjson_mut_obj_add_val(doc, head, "resourceVersion",
			       yyjson_val_mut_copy(doc, yyjson_obj_get(metadata, "resourceVersion")));
	status = yyjson_mut_obj_add_obj(doc, root, "status");
	yyjson_mut_obj_add_sint(doc, status, "observedGeneration", w->generation);
	return status;
}

// The text of a patch; NULL when the object says all of it.
static const char *end(const struct writer *w, yyjson_val *object, struct arena *arena)
{
	const char *text = json_text(arena, w->doc);

	return differs(yyjson_obj_get(json_parse(arena, text, strlen(text)), "status"), yyjson_obj_get(object, "status")) ? text
															    : NULL;
}

// A refused spec was seen, and may wait for something else now.
static void stay_behind(struct writer *w, yyjson_mut_val *status)
{
	yyjson_val *old = yyjson_obj_get(w->old_status, "observedGeneration");

	(void)yyjson_mut_obj_remove_key(status, "observedGeneration");
	if (yyjson_get_sint(old) >= w->generation)
		yyjson_mut_obj_add_sint(w->doc, status, "observedGeneration", w->generation - 1);
}

const char *status_patch(yyjson_val *object, const struct status_wanted *wanted, int64_t now_ms, struct arena *arena)
{
	struct writer w = {.generation = wanted->generation};
	yyjson_mut_val *status = begin(&w, object, now_ms, arena);

	if (wanted->behind)
		stay_behind(&w, status);
	yyjson_mut_obj_add_strcpy(w.doc, status, "phase", phase_name(wanted->verdict.phase));
	add_message(&w, status, message_of(wanted, arena));
	if (wanted->version)
		yyjson_mut_obj_add_strcpy(w.doc, status, "version", wanted->version);
	inventory_lists(&w, status, wanted->inventory);
	columns(&w, status, wanted);
	if (wanted->selector) {
		yyjson_mut_obj_add_int(w.doc, status, "replicas", wanted->replicas);
		yyjson_mut_obj_add_strcpy(w.doc, status, "selector", wanted->selector);
	}
	w.conditions = yyjson_mut_obj_add_arr(w.doc, status, "conditions");
	phase_conditions(&w, &wanted->verdict);
	if (old_condition(&w, CONDITION_PAUSED))
		condition(&w, CONDITION_PAUSED, 0, REASON_RESUMED, "");
	problem_conditions(&w, wanted->problems);
	fleet_conditions(&w, &wanted->fleet);
	keep_others(&w);
	fleet_map(&w, status, &wanted->fleet);
	return end(&w, object, arena);
}

// The observed generation stays behind, since this one is not carried out.
const char *status_paused_patch(yyjson_val *object, int64_t now_ms, struct arena *arena)
{
	struct writer w = {.generation = yyjson_get_sint(yyjson_ptr_get(object, "/metadata/generation"))};
	yyjson_mut_val *status = begin(&w, object, now_ms, arena);

	(void)yyjson_mut_obj_remove_key(status, "observedGeneration");
	if (!yyjson_ptr_get(object, "/status/phase")) {
		yyjson_mut_obj_add_strcpy(w.doc, status, "phase", phase_name(PHASE_PENDING));
		add_message(&w, status, PAUSED_MESSAGE);
	}
	w.conditions = yyjson_mut_obj_add_arr(w.doc, status, "conditions");
	condition(&w, CONDITION_PAUSED, 1, REASON_PAUSED, PAUSED_MESSAGE);
	keep_others(&w);
	return end(&w, object, arena);
}

const char *status_plugin_patch(yyjson_val *object, const struct status_plugin_wanted *wanted, int64_t now_ms,
				struct arena *arena)
{
	struct writer w = {.generation = wanted->generation};
	yyjson_mut_val *status = begin(&w, object, now_ms, arena);
	const struct plugin_verdict *verdict = &wanted->verdict;
	bool failed = verdict->phase == PLUGIN_FAILED;
	bool moving = verdict->phase == PLUGIN_WAITING || verdict->phase == PLUGIN_INSTALLING;

	yyjson_mut_obj_add_strcpy(w.doc, status, "phase", plugin_phase_name(verdict->phase));
	add_message(&w, status, verdict->message);
	w.conditions = yyjson_mut_obj_add_arr(w.doc, status, "conditions");
	condition(&w, CONDITION_READY, verdict->phase == PLUGIN_READY, verdict->reason, verdict->message);
	condition(&w, CONDITION_RECONCILING, moving, verdict->reason, moving ? verdict->message : "");
	condition(&w, CONDITION_STALLED, failed, verdict->reason, failed ? verdict->message : "");
	keep_others(&w);
	return end(&w, object, arena);
}
