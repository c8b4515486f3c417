// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cmd/outcome.h"

#include <ctype.h>
#include <inttypes.h>
#include <stddef.h>

#include "base/json.h"
#include "cmd/jsonvalue.h"

static const struct counter {
	const char *words, *name;
	size_t at;
} counters[] = {
	{"nodes created", "nodesCreated", offsetof(struct bolt_counters, nodes_created)},
	{"nodes deleted", "nodesDeleted", offsetof(struct bolt_counters, nodes_deleted)},
	{"relationships created", "relationshipsCreated", offsetof(struct bolt_counters, relationships_created)},
	{"relationships deleted", "relationshipsDeleted", offsetof(struct bolt_counters, relationships_deleted)},
	{"properties set", "propertiesSet", offsetof(struct bolt_counters, properties_set)},
	{"labels added", "labelsAdded", offsetof(struct bolt_counters, labels_added)},
	{"labels removed", "labelsRemoved", offsetof(struct bolt_counters, labels_removed)},
	{"indexes added", "indexesAdded", offsetof(struct bolt_counters, indexes_added)},
	{"indexes removed", "indexesRemoved", offsetof(struct bolt_counters, indexes_removed)},
	{"constraints added", "constraintsAdded", offsetof(struct bolt_counters, constraints_added)},
	{"constraints removed", "constraintsRemoved", offsetof(struct bolt_counters, constraints_removed)},
	{"system updates", "systemUpdates", offsetof(struct bolt_counters, system_updates)},
};
#define N_COUNTERS (sizeof(counters) / sizeof(counters[0]))

static int64_t count_of(const struct bolt_summary *summary, const struct counter *counter)
{
	return *(const int64_t *)(const void *)((const char *)&summary->counters + counter->at);
}

// On one line, whatever the server says.
static void put_line(FILE *file, const char *text)
{
	for (; *text; text++)
		(void)fputc(iscntrl((unsigned char)*text) ? ' ' : *text, file);
}

static const char *either(const char *text, const char *other)
{
	return text ? text : other;
}

static void tell_notification(const struct bolt_status *status, FILE *file, const char *before)
{
	const struct bolt_value *line = status->position.type == BOLT_MAP ? bolt_map_get(&status->position, "line") : NULL;
	const struct bolt_value *column = status->position.type == BOLT_MAP ? bolt_map_get(&status->position, "column") : NULL;

	(void)fprintf(file, "boltq: %s", before);
	put_line(file, either(status->severity, "NOTIFICATION"));
	(void)fputs(": ", file);
	put_line(file, either(status->text, either(status->title, either(status->description, ""))));
	(void)fputs(" (", file);
	put_line(file, either(status->code, either(status->gql_status, "")));
	if (line && column)
		(void)fprintf(file, ", line %" PRId64 ", column %" PRId64, bolt_as_int(line, 0), bolt_as_int(column, 0));
	(void)fputs(")\n", file);
}

void outcome_tell(const struct bolt_summary *summary, FILE *file, const char *before)
{
	const char *separator = "";

	for (uint32_t i = 0; i < summary->n_statuses; i++) {
		if (summary->statuses[i].is_notification)
			tell_notification(&summary->statuses[i], file, before);
	}
	for (size_t i = 0; i < N_COUNTERS; i++) {
		int64_t n = count_of(summary, &counters[i]);

		if (n) {
			(void)fprintf(file, "%s%s: %" PRId64, separator, counters[i].words, n);
			separator = ", ";
		}
	}
	if (*separator)
		(void)fputc('\n', file);
}

static void add_text(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const char *text)
{
	if (text)
		(void)yyjson_mut_obj_add_str(doc, object, key, text);
}

static void add_value(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, const struct bolt_value *value, struct arena *arena)
{
	if (value->type != BOLT_NULL)
		(void)yyjson_mut_obj_add(object, yyjson_mut_str(doc, key), jsonvalue_of(doc, value, arena));
}

static yyjson_mut_val *notifications_of(yyjson_mut_doc *doc, const struct bolt_summary *summary, struct arena *arena)
{
	yyjson_mut_val *list = yyjson_mut_arr(doc);

	for (uint32_t i = 0; i < summary->n_statuses; i++) {
		const struct bolt_status *status = &summary->statuses[i];
		yyjson_mut_val *object = yyjson_mut_obj(doc);

		if (!status->is_notification)
			continue;
		add_text(doc, object, "code", status->code);
		add_text(doc, object, "gqlStatus", status->gql_status);
		add_text(doc, object, "title", status->title);
		add_text(doc, object, "description", either(status->text, status->description));
		add_text(doc, object, "severity", status->severity);
		add_text(doc, object, "classification", status->classification);
		add_value(doc, object, "position", &status->position, arena);
		(void)yyjson_mut_arr_append(list, object);
	}
	return list;
}

static void add_time(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *key, int64_t ms)
{
	if (ms >= 0)
		(void)yyjson_mut_obj_add_sint(doc, object, key, ms);
}

void outcome_write(const struct bolt_summary *summary, unsigned statement, uint64_t rows, FILE *file, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *counts = yyjson_mut_obj(doc);

	(void)yyjson_mut_obj_add_uint(doc, root, "statement", statement);
	(void)yyjson_mut_obj_add_uint(doc, root, "rows", rows);
	add_text(doc, root, "type", summary->query_type);
	add_text(doc, root, "database", summary->database);
	add_text(doc, root, "address", summary->address);
	add_text(doc, root, "server", summary->server);
	add_time(doc, root, "availableAfterMs", summary->available_after_ms);
	add_time(doc, root, "consumedAfterMs", summary->consumed_after_ms);
	for (size_t i = 0; i < N_COUNTERS; i++)
		(void)yyjson_mut_obj_add_sint(doc, counts, counters[i].name, count_of(summary, &counters[i]));
	(void)yyjson_mut_obj_add_val(doc, root, "counters", counts);
	(void)yyjson_mut_obj_add_val(doc, root, "notifications", notifications_of(doc, summary, arena));
	add_value(doc, root, "plan", &summary->plan, arena);
	add_value(doc, root, "profile", &summary->profile, arena);
	yyjson_mut_doc_set_root(doc, root);
	(void)fputs(json_text(arena, doc), file);
	(void)fputc('\n', file);
}
