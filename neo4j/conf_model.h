// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Settings under construction: a map sorted by name, and comma-separated lists as sets. Pure; everything lives in the arena.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"

struct conf_entry {
	const char *name;
	const char *value;
	const char *field; // where the user wrote it; NULL: it is ours
};

struct conf_model {
	struct arena *arena;
	struct conf_entry *items; // sorted by name
	size_t n, capacity;
};

const struct conf_entry *conf_model_get(const struct conf_model *model, const char *name);
void conf_model_set(struct conf_model *model, const char *name, const char *value, const char *field);
void conf_model_remove(struct conf_model *model, const char *name);

// Adds the items of a comma-separated list to the setting's, none twice.
void conf_model_join(struct conf_model *model, const char *name, const char *list, const char *field);

// Writes a value so that the servers of all releases read the same.
void conf_model_print_value(const char *value, struct buf *out);

// name=value lines of the settings that pass the filter (NULL: all).
void conf_model_print(const struct conf_model *model, bool (*filter)(const char *name), struct buf *out);
