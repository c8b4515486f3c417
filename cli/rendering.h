// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Prints documents for -o json and -o yaml.

#include <stdbool.h>

#include <yyjson.h>

#include "cli/program.h"

// Writes a document as "json" or "yaml". False for another format or NULL; then it writes nothing.
bool rendering_write(struct program *program, const char *format, const yyjson_mut_doc *doc);

// Makes a foreign text safe for a terminal: characters that move the cursor, or do worse, become "?". In the arena; NULL gives `otherwise`.
const char *rendering_shown(struct arena *arena, const char *text, const char *otherwise);
