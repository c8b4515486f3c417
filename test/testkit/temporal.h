// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Dates, times, durations and points in testkit's JSON, both ways. Testkit counts by the clock on the wall, the server in UTC: what lies between
// is the system's zone database.

#include <yyjson.h>

#include "base/arena.h"
#include "base/err.h"
#include "bolt/value.h"

// As cypher_write(), of a structure.
int temporal_write(yyjson_mut_doc *doc, const struct bolt_value *value, yyjson_mut_val **ret, struct err *err);

int temporal_read(const char *name, yyjson_val *data, struct arena *arena, struct bolt_value *ret, struct err *err);
