// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Typed reads of a JSON object, with the path of the field in every error ("spec.topology.servers: must be ..."). Pure.
//
// The reader keeps the first error and returns defaults afterwards, so one check of reader->err after the whole object is enough. An absent
// field and a null are the same. Strings and values are borrowed from the document; paths live in the arena. Every error is ERR_INVALID.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/arena.h"
#include "base/err.h"

struct field_reader {
	struct arena *arena;
	struct err *err; // clear at first
};

struct field {
	yyjson_val *val;  // NULL: absent
	const char *path; // "spec.topology"; "" for the root
};

// A name and a value, both borrowed or in the arena.
struct field_pair {
	const char *name;
	const char *value;
};

struct field_pairs {
	const struct field_pair *items; // sorted by name
	size_t n;
};

struct field_strings {
	const char *const *items; // in the order of the document
	size_t n;
};

struct field_range {
	int64_t min, max, otherwise;
};

// A member of parent, of any type; val is NULL when it is absent or null.
struct field field_any(struct field_reader *reader, struct field parent, const char *key);

// A member that must be an object, or a list, when it is there.
struct field field_object(struct field_reader *reader, struct field parent, const char *key);
struct field field_list(struct field_reader *reader, struct field parent, const char *key);

// An item of a list, with its index in the path.
struct field field_item(struct field_reader *reader, struct field list, size_t index, yyjson_val *val);

const char *field_string(struct field_reader *reader, struct field parent, const char *key, const char *otherwise);

// Like field_string(), but the field must exist and not be empty; "" after an error.
const char *field_string_required(struct field_reader *reader, struct field parent, const char *key);

bool field_bool(struct field_reader *reader, struct field parent, const char *key, bool otherwise);
int64_t field_int(struct field_reader *reader, struct field parent, const char *key, struct field_range range);

// A list of strings; a map of string to string. Empty when absent.
struct field_strings field_strings(struct field_reader *reader, struct field parent, const char *key);
struct field_pairs field_pairs(struct field_reader *reader, struct field parent, const char *key);

// Raises "<path>.<key>: <text>" unless there is an error already; key NULL: for the field itself.
void field_fail(struct field_reader *reader, struct field parent, const char *key, const char *fmt, ...) _printf_(4, 5);

static inline bool field_failed(const struct field_reader *reader)
{
	return err_is_set(reader->err);
}
