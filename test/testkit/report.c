// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "test/testkit/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "test/testkit/backend_fault.h"
#include "test/testkit/cypher.h"
#include "test/testkit/named.h"

yyjson_mut_val *report_text(yyjson_mut_doc *doc, const char *text)
{
	return text ? yyjson_mut_strcpy(doc, text) : yyjson_mut_null(doc);
}

// The word for what the library knows, or UNKNOWN: testkit wants both what was said and what it means.
static const char *known(const char *word, const char *const *words)
{
	for (; word && *words; words++)
		if (!strcmp(word, *words))
			return *words;
	return "UNKNOWN";
}

static const char *const error_classes[] = {"CLIENT_ERROR", "DATABASE_ERROR", "TRANSIENT_ERROR", NULL};
static const char *const severities[] = {"WARNING", "INFORMATION", "OFF", NULL};
static const char *const categories[] = {"HINT",	"UNRECOGNIZED", "UNSUPPORTED", "PERFORMANCE", "DEPRECATION",
					 "SECURITY", "TOPOLOGY",	    "GENERIC",     "SCHEMA",	   NULL};

static void add_failure(yyjson_mut_doc *doc, yyjson_mut_val *data, const struct bolt_failure *failure)
{
	struct err err = ERR_INIT;
	yyjson_mut_val *record, *cause;

	yyjson_mut_obj_add_strcpy(doc, data, "msg", failure->message);
	yyjson_mut_obj_add_val(doc, data, "gqlStatus", report_text(doc, failure->gql_status));
	yyjson_mut_obj_add_val(doc, data, "statusDescription", report_text(doc, failure->description));
	yyjson_mut_obj_add_str(doc, data, "classification", known(failure->classification, error_classes));
	yyjson_mut_obj_add_val(doc, data, "rawClassification", report_text(doc, failure->classification));
	if (cypher_write_map(doc, failure->diagnostic_record, &record, &err) < 0)
		record = yyjson_mut_null(doc);
	yyjson_mut_obj_add_val(doc, data, "diagnosticRecord", record);
	if (failure->cause) {
		cause = yyjson_mut_obj(doc);
		add_failure(doc, cause, failure->cause);
		yyjson_mut_obj_add_val(doc, data, "cause", named_wrap(doc, "GqlError", cause));
	}
}

void report_error(struct talk *talk, const struct err *err, struct reply *reply)
{
	struct err *kept = malloc(sizeof(*kept));

	if (!kept)
		abort();
	*kept = *err;
	if (!strcmp(err->code, BACKEND_FAULT)) {
		reply->name = "BackendError";
		yyjson_mut_obj_add_strcpy(reply->doc, reply->data, "msg", err->text);
		free(kept);
		return;
	}
	reply_id(reply, "DriverError", talk_keep(talk, (struct object){.kind = OBJECT_ERROR, .free = free, .self = kept}, reply->arena));
	const bool neo4j = !strncmp(err->code, "Neo.", 4);

	yyjson_mut_obj_add_strcpy(reply->doc, reply->data, "errorType", err->code[0] && !neo4j ? err->code : err_class_name(err->class));
	yyjson_mut_obj_add_strcpy(reply->doc, reply->data, "code", talk->failure ? talk->failure->code : neo4j ? err->code : "");
	yyjson_mut_obj_add_bool(reply->doc, reply->data, "retryable", bolt_is_retryable(err));
	if (talk->failure)
		add_failure(reply->doc, reply->data, talk->failure);
	else
		yyjson_mut_obj_add_strcpy(reply->doc, reply->data, "msg", err->text);
	talk->failure = NULL;
}

static yyjson_mut_val *counters(yyjson_mut_doc *doc, const struct bolt_counters *c)
{
	const struct {
		const char *name;
		int64_t number;
	} numbers[] = {
		{"nodesCreated", c->nodes_created},
		{"nodesDeleted", c->nodes_deleted},
		{"relationshipsCreated", c->relationships_created},
		{"relationshipsDeleted", c->relationships_deleted},
		{"propertiesSet", c->properties_set},
		{"labelsAdded", c->labels_added},
		{"labelsRemoved", c->labels_removed},
		{"indexesAdded", c->indexes_added},
		{"indexesRemoved", c->indexes_removed},
		{"constraintsAdded", c->constraints_added},
		{"constraintsRemoved", c->constraints_removed},
		{"systemUpdates", c->system_updates},
	};
	yyjson_mut_val *data = yyjson_mut_obj(doc);

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		yyjson_mut_obj_add_sint(doc, data, numbers[i].name, numbers[i].number < 0 ? 0 : numbers[i].number);
	yyjson_mut_obj_add_bool(doc, data, "containsUpdates", c->contains_updates);
	yyjson_mut_obj_add_bool(doc, data, "containsSystemUpdates", c->contains_system_updates);
	return data;
}

static void add_words(yyjson_mut_doc *doc, yyjson_mut_val *data, const char *severity, const char *category)
{
	yyjson_mut_obj_add_strcpy(doc, data, "rawSeverityLevel", severity ? severity : "");
	yyjson_mut_obj_add_str(doc, data, "severityLevel", known(severity, severities));
	yyjson_mut_obj_add_strcpy(doc, data, "rawCategory", category ? category : "");
	yyjson_mut_obj_add_str(doc, data, "category", known(category, categories));
}

// Before 5.6: what the server sent, and what it means.
static yyjson_mut_val *notifications(yyjson_mut_doc *doc, const struct bolt_value *list)
{
	static const char *const passed_on[] = {"severity", "description", "code", "title", "position"};
	yyjson_mut_val *all = yyjson_mut_arr(doc);

	for (uint32_t i = 0; i < list->size; i++) {
		yyjson_mut_val *data = yyjson_mut_arr_add_obj(doc, all);

		for (size_t k = 0; k < sizeof(passed_on) / sizeof(passed_on[0]); k++) {
			const struct bolt_value *value = bolt_map_get(&list->items[i], passed_on[k]);

			if (value)
				yyjson_mut_obj_add_val(doc, data, passed_on[k], cypher_plain(doc, value));
		}
		add_words(doc, data, bolt_as_string(bolt_map_get(&list->items[i], "severity")),
			  bolt_as_string(bolt_map_get(&list->items[i], "category")));
	}
	return all;
}

// From 5.6 on: the statuses that are notifications, as these were.
static yyjson_mut_val *notifications_of_statuses(yyjson_mut_doc *doc, const struct bolt_value *statuses)
{
	yyjson_mut_val *all = yyjson_mut_arr(doc);

	for (uint32_t i = 0; i < statuses->size; i++) {
		const struct bolt_value *status = &statuses->items[i], *record = bolt_map_get(status, "diagnostic_record");
		const char *severity = bolt_as_string(bolt_map_get(record, "_severity"));
		const struct bolt_value *position = bolt_map_get(record, "_position");

		if (!bolt_map_get(status, "neo4j_code"))
			continue;
		yyjson_mut_val *data = yyjson_mut_arr_add_obj(doc, all);

		yyjson_mut_obj_add_val(doc, data, "code", report_text(doc, bolt_as_string(bolt_map_get(status, "neo4j_code"))));
		yyjson_mut_obj_add_val(doc, data, "title", report_text(doc, bolt_as_string(bolt_map_get(status, "title"))));
		yyjson_mut_obj_add_val(doc, data, "description", report_text(doc, bolt_as_string(bolt_map_get(status, "description"))));
		yyjson_mut_obj_add_val(doc, data, "severity", report_text(doc, severity));
		if (position && position->type == BOLT_MAP)
			yyjson_mut_obj_add_val(doc, data, "position", cypher_plain(doc, position));
		add_words(doc, data, severity, bolt_as_string(bolt_map_get(record, "_classification")));
	}
	return all;
}

static bool has_position(const struct bolt_value *position)
{
	return bolt_map_get(position, "offset") && bolt_map_get(position, "line") && bolt_map_get(position, "column");
}

static int gql_status(yyjson_mut_doc *doc, const struct bolt_status *status, yyjson_mut_val *data, struct err *err)
{
	yyjson_mut_val *record;
	const int r = cypher_write_map(doc, &status->diagnostic, &record, err);

	if (r < 0)
		return r;
	yyjson_mut_obj_add_strcpy(doc, data, "gqlStatus", status->gql_status);
	yyjson_mut_obj_add_strcpy(doc, data, "statusDescription", status->description);
	yyjson_mut_obj_add_val(doc, data, "position",
			       has_position(&status->position) ? cypher_plain(doc, &status->position) : yyjson_mut_null(doc));
	yyjson_mut_obj_add_str(doc, data, "classification", known(status->classification, categories));
	yyjson_mut_obj_add_val(doc, data, "rawClassification", report_text(doc, status->classification));
	yyjson_mut_obj_add_str(doc, data, "severity", known(status->severity, severities));
	yyjson_mut_obj_add_val(doc, data, "rawSeverity", report_text(doc, status->severity));
	yyjson_mut_obj_add_val(doc, data, "diagnosticRecord", record);
	yyjson_mut_obj_add_bool(doc, data, "isNotification", status->is_notification);
	return 0;
}

yyjson_mut_val *report_server(const char *address, const char *agent, unsigned major, unsigned minor, yyjson_mut_doc *doc)
{
	yyjson_mut_val *data = yyjson_mut_obj(doc);
	char version[32];

	(void)snprintf(version, sizeof(version), "%u.%u", major, minor);
	yyjson_mut_obj_add_strcpy(doc, data, "address", address);
	yyjson_mut_obj_add_strcpy(doc, data, "agent", agent);
	yyjson_mut_obj_add_strcpy(doc, data, "protocolVersion", version);
	return data;
}

static yyjson_mut_val *milliseconds(yyjson_mut_doc *doc, int64_t ms)
{
	return ms < 0 ? yyjson_mut_null(doc) : yyjson_mut_sint(doc, ms);
}

static yyjson_mut_val *all_notifications(yyjson_mut_doc *doc, const struct bolt_summary *summary)
{
	const struct bolt_value *statuses = bolt_map_get(&summary->meta, "statuses");

	if (summary->major > 5 || (summary->major == 5 && summary->minor >= 6))
		return statuses && statuses->type == BOLT_LIST ? notifications_of_statuses(doc, statuses) : yyjson_mut_arr(doc);
	return summary->notifications.type == BOLT_LIST ? notifications(doc, &summary->notifications) : yyjson_mut_null(doc);
}

int report_summary(const struct bolt_summary *summary, const struct summary_query *query, yyjson_mut_doc *doc, yyjson_mut_val **ret,
		   struct err *err)
{
	yyjson_mut_val *data = yyjson_mut_obj(doc), *statuses = yyjson_mut_arr(doc), *params, *asked = yyjson_mut_obj(doc);
	int r = cypher_write_map(doc, query->params, &params, err);

	for (uint32_t i = 0; r == 0 && i < summary->n_statuses; i++)
		r = gql_status(doc, &summary->statuses[i], yyjson_mut_arr_add_obj(doc, statuses), err);
	if (r < 0)
		return r;
	yyjson_mut_obj_add_strcpy(doc, asked, "text", query->text);
	yyjson_mut_obj_add_val(doc, asked, "parameters", yyjson_mut_is_null(params) ? yyjson_mut_obj(doc) : params);
	yyjson_mut_obj_add_val(doc, data, "query", asked);
	yyjson_mut_obj_add_val(doc, data, "counters", counters(doc, &summary->counters));
	yyjson_mut_obj_add_val(doc, data, "database", report_text(doc, summary->database));
	yyjson_mut_obj_add_val(doc, data, "notifications", all_notifications(doc, summary));
	yyjson_mut_obj_add_val(doc, data, "gqlStatusObjects", statuses);
	yyjson_mut_obj_add_val(doc, data, "plan", cypher_plain(doc, &summary->plan));
	yyjson_mut_obj_add_val(doc, data, "profile", cypher_plain(doc, &summary->profile));
	yyjson_mut_obj_add_val(doc, data, "queryType", report_text(doc, summary->query_type));
	yyjson_mut_obj_add_val(doc, data, "resultAvailableAfter", milliseconds(doc, summary->available_after_ms));
	yyjson_mut_obj_add_val(doc, data, "resultConsumedAfter", milliseconds(doc, summary->consumed_after_ms));
	yyjson_mut_obj_add_val(doc, data, "serverInfo",
			       report_server(summary->address, summary->server, summary->major, summary->minor, doc));
	*ret = data;
	return 0;
}
