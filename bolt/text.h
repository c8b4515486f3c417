// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Dates, times, durations and UUIDs as text, both ways, as Cypher's own functions write and read them: date('2024-02-29'),
// time('12:00:00+01:00'), datetime('2024-07-01T12:00:00+02:00[Europe/Stockholm]'), duration('P1Y2M3DT4H5M6.789S'), uuid('...').
//
//   struct bolt_date date;
//   if (bolt_parse_date("2024-02-29", &date, &err) == 0)
//           value = bolt_from_date(&date, arena);

#include "base/arena.h"
#include "base/err.h"
#include "bolt/structure.h"
#include "bolt/value.h"

// The text, in the arena. NULL: the value is of another type, or beyond the years that Neo4j has. A date and time of a zone whose offset the
// value does not know (servers do not send it) is written in UTC, "...Z[Europe/Stockholm]", which Cypher does not read: only a program with
// the rules of time zones can tell the offset, and set it (offset_s and has_offset, bolt/structure.h).
const char *bolt_text(const struct bolt_value *v, struct arena *arena);

// ERR_INVALID: it is no such text; the error says what was expected. *ret is all 0 after an error. Seconds and a fraction may be left out; a
// fraction has up to nine digits. A text with a time zone needs the offset, too.
int bolt_parse_date(const char *text, struct bolt_date *ret, struct err *err);
int bolt_parse_time(const char *text, struct bolt_time *ret, struct err *err); // without an offset: a local time
int bolt_parse_date_time(const char *text, struct arena *arena, struct bolt_date_time *ret, struct err *err); // the zone is in the arena
int bolt_parse_duration(const char *text, struct bolt_duration *ret, struct err *err); // weeks are seven days; only seconds have a fraction
int bolt_parse_uuid(const char *text, unsigned char *ret, struct err *err); // BOLT_UUID_SIZE bytes; of either case
