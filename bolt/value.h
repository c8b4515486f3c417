// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A PackStream value, read-only once built. Values are small and passed by pointer; their bytes live in the arena in which they were built.
// Source: PackStream v1, structure semantics.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"

enum bolt_type {
	BOLT_NULL,
	BOLT_BOOL,
	BOLT_INT,
	BOLT_FLOAT,
	BOLT_STRING,
	BOLT_BYTES,
	BOLT_LIST,
	BOLT_MAP,
	BOLT_STRUCT,
	BOLT_UUID, // Bolt 6.1 and later
};

#define BOLT_UUID_SIZE 16

struct bolt_entry;

struct bolt_value {
	enum bolt_type type;
	uint8_t tag;	 // of a BOLT_STRUCT; see bolt/structure.h
	uint32_t size;	 // bytes of a string, of bytes or of a UUID; items of a list, a map or a struct
	union {
		bool boolean;
		int64_t integer;
		double number;
		const char *string;	       // UTF-8, NUL-ended beyond size
		const unsigned char *bytes;    // of a UUID, too: BOLT_UUID_SIZE of them, as they are written
		const struct bolt_value *items;	 // of a list or a struct
		const struct bolt_entry *entries; // of a map
	};
};

struct bolt_entry {
	const char *key; // NUL-ended
	struct bolt_value value;
};

struct bolt_value bolt_null(void);
struct bolt_value bolt_bool(bool v);
struct bolt_value bolt_int(int64_t v);
struct bolt_value bolt_float(double v);
struct bolt_value bolt_string(const char *v); // not copied: v must outlive the value; NULL gives null
struct bolt_value bolt_string_n(const char *v, uint32_t size); // size bytes of UTF-8, which may hold a NUL and need none at the end; not copied
struct bolt_value bolt_list(const struct bolt_value *items, uint32_t n); // not copied
struct bolt_value bolt_map(const struct bolt_entry *entries, uint32_t n); // not copied
struct bolt_value bolt_bytes(const void *data, uint32_t size); // not copied
struct bolt_value bolt_uuid(const unsigned char *bytes); // BOLT_UUID_SIZE of them, not copied; NULL gives null

// A copy with all that it points at, which outlives the arena of the original.
struct bolt_value bolt_copy(const struct bolt_value *v, struct arena *arena);

// The value of a key of a map; NULL when it is no map or lacks the key. The last of equal keys wins.
const struct bolt_value *bolt_map_get(const struct bolt_value *map, const char *key);

// Reads a value and tells why not: 0, and *ret is it; ERR_NOT_FOUND: v is NULL, so there is no such row, column or key, or it is null;
// ERR_INVALID: it is of another type, which the text names. *ret is 0 or NULL after an error. A string or bytes have all size bytes, NULs too.
int bolt_read_string(const struct bolt_value *v, const char **ret, uint32_t *ret_size, struct err *err); // ret_size may be NULL
int bolt_read_bytes(const struct bolt_value *v, const unsigned char **ret, uint32_t *ret_size, struct err *err);
int bolt_read_uuid(const struct bolt_value *v, const unsigned char **ret, struct err *err);
int bolt_read_bool(const struct bolt_value *v, bool *ret, struct err *err);
int bolt_read_int(const struct bolt_value *v, int64_t *ret, struct err *err);
int bolt_read_float(const struct bolt_value *v, double *ret, struct err *err); // of a float or an integer

// In words: "null", "boolean", "integer", "float", "string", "bytes", "list", "map", "structure", "uuid"; "unknown" for any other number.
const char *bolt_type_name(enum bolt_type type);

// NULL or the given default when v is NULL or of another type.
const char *bolt_as_string(const struct bolt_value *v);
bool bolt_as_bool(const struct bolt_value *v, bool otherwise);
int64_t bolt_as_int(const struct bolt_value *v, int64_t otherwise);
double bolt_as_float(const struct bolt_value *v, double otherwise); // of a float or an integer
