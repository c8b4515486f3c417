// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Documents as -o json and -o yaml show them.

#include <stdbool.h>

#include <yyjson.h>

#include "cli/program.h"

// Writes a document as "json" or "yaml". False, and nothing is written, for another format or NULL.
bool rendering_write(struct program *program, const char *format, const yyjson_mut_doc *doc);

// A text from elsewhere for a terminal: what would move the cursor, or do worse, is shown as "?". In the arena; NULL gives otherwise.
const char *rendering_shown(struct arena *arena, const char *text, const char *otherwise);
