// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/failure.h"

#include <ctype.h>
#include <string.h>

#include "bolt/misuse.h"

#define UNKNOWN_STATUS "50N42"
#define UNKNOWN_DESCRIPTION "error: general processing exception - unexpected error"

// Transient by name, although they say that the client itself ended the work: not to be tried again.
static const char *const renamed[][2] = {
	{"Neo.TransientError.Transaction.Terminated", "Neo.ClientError.Transaction.Terminated"},
	{"Neo.TransientError.Transaction.LockClientStopped", "Neo.ClientError.Transaction.LockClientStopped"},
};

static const char *text_or(const struct bolt_value *map, const char *key, const char *otherwise)
{
	const char *text = bolt_as_string(bolt_map_get(map, key));

	return text ? text : otherwise;
}

// Up to 5.6 the code is "code", from 5.7 on "neo4j_code".
static const char *read_code(const struct bolt_value *map)
{
	const char *code = text_or(map, "neo4j_code", text_or(map, "code", ""));

	for (size_t i = 0; i < sizeof(renamed) / sizeof(renamed[0]); i++) {
		if (strcmp(code, renamed[i][0]) == 0)
			return renamed[i][1];
	}
	return code;
}

static const struct bolt_value *read_record(const struct bolt_value *map, struct arena *arena)
{
	static const char *const defaults[][2] = {{"OPERATION", ""}, {"OPERATION_CODE", "0"}, {"CURRENT_SCHEMA", "/"}};
	const struct bolt_value *given = bolt_map_get(map, "diagnostic_record");
	uint32_t n = given && given->type == BOLT_MAP ? given->size : 0;
	struct bolt_entry *entries = arena_new_array(arena, struct bolt_entry, (size_t)n + 3);
	struct bolt_value *record = arena_alloc(arena, sizeof(*record));

	if (n)
		memcpy(entries, given->entries, n * sizeof(*entries));
	for (size_t i = 0; i < 3; i++) {
		if (!bolt_map_get(given, defaults[i][0]))
			entries[n++] = (struct bolt_entry){defaults[i][0], bolt_string(defaults[i][1])};
	}
	*record = bolt_map(entries, n);
	return record;
}

static const struct bolt_failure *read_at(const struct bolt_value *map, unsigned depth, struct arena *arena)
{
	struct bolt_failure *ret = arena_alloc(arena, sizeof(*ret));
	const struct bolt_value *cause = bolt_map_get(map, "cause");

	ret->code = read_code(map);
	ret->message = text_or(map, "message", "");
	ret->gql_status = text_or(map, "gql_status", UNKNOWN_STATUS);
	ret->description = bolt_as_string(bolt_map_get(map, "description"));
	if (!ret->description)
		ret->description = arena_printf(arena, UNKNOWN_DESCRIPTION "%s%s", ret->message[0] ? ". " : "", ret->message);
	ret->diagnostic_record = read_record(map, arena);
	ret->classification = bolt_as_string(bolt_map_get(ret->diagnostic_record, "_classification"));
	if (cause && cause->type == BOLT_MAP && depth < FAILURE_DEPTH_MAX)
		ret->cause = read_at(cause, depth + 1, arena);
	return ret;
}

const struct bolt_failure *failure_read(const struct bolt_value *map, struct arena *arena)
{
	return map && arena ? read_at(map, 0, arena) : NULL;
}

const struct bolt_failure *bolt_failure_copy(const struct bolt_failure *failure, struct arena *arena)
{
	struct bolt_failure *copy;
	struct bolt_value *record;

	if (!failure || !arena)
		return NULL;
	copy = arena_alloc(arena, sizeof(*copy));
	record = arena_alloc(arena, sizeof(*record));
	*copy = (struct bolt_failure){
		.code = arena_strdup(arena, failure->code),
		.message = arena_strdup(arena, failure->message),
		.gql_status = arena_strdup(arena, failure->gql_status),
		.description = arena_strdup(arena, failure->description),
		.classification = arena_strdup(arena, failure->classification),
		.diagnostic_record = record,
		.cause = failure->cause ? bolt_failure_copy(failure->cause, arena) : NULL,
	};
	*record = bolt_copy(failure->diagnostic_record, arena);
	return copy;
}

int failure_to_err(const struct bolt_failure *failure, struct err *err)
{
	const char *code, *message;
	bool refused;

	ENTER(err);
	if (MISUSED(err, NEED(failure)))
		return err->class;
	code = failure->code ? failure->code : "";
	message = failure->message ? failure->message : "";
	refused = strncmp(code, "Neo.ClientError.Security.", 25) == 0;
	(void)err_set(err, refused ? ERR_FORBIDDEN : ERR_SERVER, "%s", message);
	for (char *c = err->text; *c; c++) {
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	}
	err_set_code(err, code);
	for (char *c = err->code; *c; c++) {
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	}
	return err->class;
}
