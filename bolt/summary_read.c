// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/summary_read.h"

#include <string.h>

static const struct {
	const char *key;
	size_t at;
} counters[] = {
	{"nodes-created", offsetof(struct bolt_counters, nodes_created)},
	{"nodes-deleted", offsetof(struct bolt_counters, nodes_deleted)},
	{"relationships-created", offsetof(struct bolt_counters, relationships_created)},
	{"relationships-deleted", offsetof(struct bolt_counters, relationships_deleted)},
	{"properties-set", offsetof(struct bolt_counters, properties_set)},
	{"labels-added", offsetof(struct bolt_counters, labels_added)},
	{"labels-removed", offsetof(struct bolt_counters, labels_removed)},
	{"indexes-added", offsetof(struct bolt_counters, indexes_added)},
	{"indexes-removed", offsetof(struct bolt_counters, indexes_removed)},
	{"constraints-added", offsetof(struct bolt_counters, constraints_added)},
	{"constraints-removed", offsetof(struct bolt_counters, constraints_removed)},
	{"system-updates", offsetof(struct bolt_counters, system_updates)},
};

static void read_counters(const struct bolt_value *stats, struct bolt_counters *ret)
{
	bool any = false;

	if (!stats)
		return;
	for (size_t i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
		int64_t n = bolt_as_int(bolt_map_get(stats, counters[i].key), 0);
		bool system = strcmp(counters[i].key, "system-updates") == 0;

		*(int64_t *)(void *)((char *)ret + counters[i].at) = n;
		any = any || (n > 0 && !system);
		ret->contains_system_updates = system ? n > 0 : ret->contains_system_updates;
	}
	ret->contains_updates = bolt_as_bool(bolt_map_get(stats, "contains-updates"), any);
	ret->contains_system_updates = bolt_as_bool(bolt_map_get(stats, "contains-system-updates"), ret->contains_system_updates);
}

static struct bolt_value value_of(const struct bolt_value *map, const char *key)
{
	const struct bolt_value *v = bolt_map_get(map, key);

	return v ? *v : bolt_null();
}

#define DEFAULTS 3

// The diagnostic record that the server sent, with the defaults for what it left out; or one of defaults and extra.
static struct bolt_value diagnostic(const struct bolt_value *sent, const struct bolt_entry *extra, uint32_t n_extra, struct arena *arena)
{
	const struct bolt_entry defaults[DEFAULTS] = {
		{"OPERATION", bolt_string("")}, {"OPERATION_CODE", bolt_string("0")}, {"CURRENT_SCHEMA", bolt_string("/")}};
	uint32_t n_sent = sent && sent->type == BOLT_MAP ? sent->size : 0, n = 0;
	struct bolt_entry *entries = arena_new_array(arena, struct bolt_entry, n_sent + n_extra + DEFAULTS);

	for (uint32_t i = 0; i < DEFAULTS; i++) {
		if (n_sent == 0 || !bolt_map_get(sent, defaults[i].key))
			entries[n++] = defaults[i];
	}
	for (uint32_t i = 0; i < n_sent; i++)
		entries[n++] = sent->entries[i];
	for (uint32_t i = 0; i < n_extra; i++)
		entries[n++] = extra[i];
	return bolt_map(entries, n);
}

static void read_status(const struct bolt_value *status, struct arena *arena, struct bolt_status *ret)
{
	const struct bolt_value *record = bolt_map_get(status, "diagnostic_record");

	*ret = (struct bolt_status){
		.gql_status = bolt_as_string(bolt_map_get(status, "gql_status")),
		.description = bolt_as_string(bolt_map_get(status, "status_description")),
		.diagnostic = diagnostic(record, NULL, 0, arena),
		.code = bolt_as_string(bolt_map_get(status, "neo4j_code")),
		.title = bolt_as_string(bolt_map_get(status, "title")),
		.text = bolt_as_string(bolt_map_get(status, "description")),
		.classification = bolt_as_string(bolt_map_get(record, "_classification")),
		.severity = bolt_as_string(bolt_map_get(record, "_severity")),
		.position = value_of(record, "_position"),
	};
	ret->is_notification = ret->code && *ret->code;
}

// Makes a status of a notification. Servers with Bolt before 5.6 send notifications.
static void make_status(const struct bolt_value *notification, struct arena *arena, struct bolt_status *ret)
{
	const char *severity = bolt_as_string(bolt_map_get(notification, "severity"));
	const char *category = bolt_as_string(bolt_map_get(notification, "category"));
	const char *text = bolt_as_string(bolt_map_get(notification, "description"));
	const struct bolt_value *position = bolt_map_get(notification, "position");
	bool warning = severity && strcmp(severity, "WARNING") == 0;
	struct bolt_entry extra[3];
	uint32_t n = 0;

	if (category)
		extra[n++] = (struct bolt_entry){"_classification", bolt_string(category)};
	if (severity)
		extra[n++] = (struct bolt_entry){"_severity", bolt_string(severity)};
	if (position)
		extra[n++] = (struct bolt_entry){"_position", *position};
	*ret = (struct bolt_status){
		.gql_status = warning ? "01N42" : "03N42",
		.description = text && *text ? text : warning ? "warn: unknown warning" : "info: unknown notification",
		.diagnostic = diagnostic(NULL, extra, n, arena),
		.code = bolt_as_string(bolt_map_get(notification, "code")),
		.title = bolt_as_string(bolt_map_get(notification, "title")),
		.text = text,
		.classification = category,
		.severity = severity,
		.position = position ? *position : bolt_null(),
		.is_notification = true,
	};
}

static struct bolt_status outcome(const struct summary_input *input, struct arena *arena)
{
	static const struct bolt_status success = {.gql_status = "00000", .description = "note: successful completion"},
					omitted = {.gql_status = "00001",
						   .description = "note: successful completion - omitted result"},
					unknown = {.gql_status = "02N42",
						   .description = "note: no data - unknown subcondition"},
					no_data = {.gql_status = "02000", .description = "note: no data"};
	struct bolt_status status = !input->has_keys   ? omitted
				    : input->had_record ? success
				    : input->discarded	? unknown
							: no_data;

	status.diagnostic = diagnostic(NULL, NULL, 0, arena);
	status.position = bolt_null();
	return status;
}

// No data, warnings, success, information: what matters comes first.
static int rank(const struct bolt_status *status)
{
	const char *s = status->gql_status;

	return strncmp(s, "02", 2) == 0 ? 0 : strncmp(s, "01", 2) == 0 ? 1 : strncmp(s, "00", 2) == 0 ? 2 : 3;
}

static void sort(struct bolt_status *statuses, uint32_t n)
{
	for (uint32_t i = 1; i < n; i++) {
		struct bolt_status moved = statuses[i];
		uint32_t j = i;

		for (; j > 0 && rank(&statuses[j - 1]) > rank(&moved); j--)
			statuses[j] = statuses[j - 1];
		statuses[j] = moved;
	}
}

static int read_statuses(const struct summary_input *input, struct arena *arena, struct bolt_summary *ret, struct err *err)
{
	const struct bolt_value *sent = bolt_map_get(input->meta, "statuses");
	const struct bolt_value *list = sent ? sent : &ret->notifications;
	uint32_t n = list->type == BOLT_LIST ? list->size : 0;
	struct bolt_status *statuses = arena_new_array(arena, struct bolt_status, n + 1);

	for (uint32_t i = 0; i < n; i++) {
		if (sent)
			read_status(&list->items[i], arena, &statuses[i]);
		else
			make_status(&list->items[i], arena, &statuses[i]);
		if (!statuses[i].gql_status || !statuses[i].description)
			return err_set(err, ERR_PROTOCOL, "a status in the answer to a query has no gql_status or no description");
	}
	if (!sent) {
		statuses[n++] = outcome(input, arena);
		sort(statuses, n);
	}
	ret->statuses = statuses;
	ret->n_statuses = n;
	return 0;
}

int summary_read(const struct summary_input *input, struct arena *arena, struct bolt_summary *ret, struct err *err)
{
	const struct bolt_value *meta = input->meta, *type = bolt_map_get(meta, "type");
	const char *database = bolt_as_string(bolt_map_get(meta, "db")), *word = bolt_as_string(type);

	*ret = (struct bolt_summary){
		.database = database ? database : input->database,
		.query_type = word,
		.plan = value_of(meta, "plan"),
		.profile = value_of(meta, "profile"),
		.notifications = value_of(meta, "notifications"),
		.available_after_ms = input->available_after_ms,
		.consumed_after_ms = bolt_as_int(bolt_map_get(meta, "t_last"), -1),
		.meta = *meta,
	};
	if (type && type->type != BOLT_NULL &&
	    (!word || (strcmp(word, "r") != 0 && strcmp(word, "w") != 0 && strcmp(word, "rw") != 0 && strcmp(word, "s") != 0)))
		return err_set(err, ERR_PROTOCOL, "the answer to a query is of type '%.20s', which is none of r, w, rw and s", word ? word : "?");
	read_counters(bolt_map_get(meta, "stats"), &ret->counters);
	return read_statuses(input, arena, ret, err);
}
