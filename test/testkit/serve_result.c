// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>

#include "test/testkit/serve.h"

// A result and the query that it is of, which the summary repeats.
struct result_object {
	struct session_object *session;
	struct bolt_result *result;
	struct arena *arena;
	struct bolt_value params; // a map or null
	struct summary_query query;
};

static void result_object_free(void *self)
{
	struct result_object *object = self;

	bolt_result_free(object->result);
	arena_free(object->arena);
	free(object);
}

void reply_result(struct talk *talk, const struct result_source *source, struct reply *reply)
{
	struct result_object *object = calloc(1, sizeof(*object));
	uint32_t n;

	if (!object)
		abort();
	object->session = source->session;
	object->result = source->result;
	object->arena = arena_new();
	object->params = source->params ? bolt_copy(source->params, object->arena) : bolt_null();
	object->query = (struct summary_query){.text = arena_strdup(object->arena, source->text), .params = &object->params};
	const struct object kept = {.kind = OBJECT_RESULT, .free = result_object_free, .self = object};
	const char *const *keys = bolt_result_keys(source->result, &n);

	reply_id(reply, "Result", talk_keep(talk, kept, reply->arena));
	yyjson_mut_obj_add_val(reply->doc, reply->data, "keys", write_keys(reply->doc, keys, n));
}

static int find_result(const struct talk *talk, yyjson_val *data, struct result_object **ret, struct err *err)
{
	void *self;
	const int r = talk_find(talk, OBJECT_RESULT, yyjson_obj_get(data, "resultId"), &self, err);

	*ret = self;
	return r;
}

typedef int (*row_getter)(struct bolt_result *result, int64_t deadline, const struct bolt_value **ret, struct err *err);

static int reply_row(struct talk *talk, yyjson_val *data, row_getter get, struct reply *reply, struct err *err)
{
	struct result_object *object;
	const struct bolt_value *row = NULL;
	int r = find_result(talk, data, &object, err);

	if (r < 0)
		return r;
	r = get(object->result, deadline_in_ms(CALL_MS), &row, err);
	if (r < 0)
		return session_failed(talk, object->session, r);
	reply->name = row ? "Record" : "NullRecord";
	return row ? write_row(reply->doc, row, &reply->data, err) : 0;
}

static int next(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	return reply_row(talk, data, bolt_result_next, reply, err);
}

static int peek(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	return reply_row(talk, data, bolt_result_peek, reply, err);
}

static int single(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	return reply_row(talk, data, bolt_result_single, reply, err);
}

static int list(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct result_object *object;
	struct bolt_value rows;
	yyjson_mut_val *row;
	int r = find_result(talk, data, &object, err);

	if (r < 0)
		return r;
	r = bolt_result_all(object->result, 0, deadline_in_ms(CALL_MS), reply->arena, &rows, err);
	if (r < 0)
		return session_failed(talk, object->session, r);
	yyjson_mut_val *records = yyjson_mut_obj_add_arr(reply->doc, reply->data, "records");

	reply->name = "RecordList";
	for (uint32_t i = 0; i < rows.size; i++) {
		r = write_row(reply->doc, &rows.items[i], &row, err);
		if (r < 0)
			return r;
		yyjson_mut_arr_append(records, row);
	}
	return 0;
}

static int consume(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct result_object *object;
	const struct bolt_summary *summary;
	int r = find_result(talk, data, &object, err);

	if (r < 0)
		return r;
	r = bolt_result_consume(object->result, deadline_in_ms(CALL_MS), &summary, err);
	if (r < 0)
		return session_failed(talk, object->session, r);
	reply->name = "Summary";
	return report_summary(summary, &object->query, reply->doc, &reply->data, err);
}

const struct request_kind requests_result[] = {
	{"ResultNext", next}, {"ResultPeek", peek},	  {"ResultSingle", single},
	{"ResultList", list}, {"ResultConsume", consume}, {NULL, NULL},
};
