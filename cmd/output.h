// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Rows for people and for programs, one by one: a table, JSON (an object a row and a line), CSV (RFC 4180, but a bare newline ends a line; an
// empty string is "", null is nothing), Cypher (a map a row and a line).

#include <stdint.h>
#include <stdio.h>

#include "base/cleanup.h"
#include "base/err.h"
#include "bolt/value.h"

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_CSV, OUTPUT_CYPHER };

// -1: none of table, json, csv, cypher.
int output_format_parse(const char *text, enum output_format *ret);

struct output;

// The keys have to outlive it.
struct output *output_new(FILE *file, enum output_format format, const char *const *keys, uint32_t n_keys);
void output_free(struct output *output);
DEFINE_CLEANUP(struct output *, output_free);

// What null is in CSV; NULL or no call: nothing. The text has to outlive the output.
void output_null(struct output *output, const char *text);

// A row: a list of as many values as there are keys. ERR_INVALID: the format has no words for it; nothing of the row is written.
int output_row(struct output *output, const struct bolt_value *row, struct err *err);

// Writes what it has held back, and ends. ERR_IO: not all could be written.
int output_end(struct output *output, struct err *err);
