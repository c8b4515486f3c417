// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cmd/isotime.h"

#include <string.h>

#include "bolt/structure.h"
#include "bolt/text.h"
#include "cmd/zone.h"

const char *isotime_offset(int32_t offset_s, struct arena *arena)
{
	const struct bolt_value midnight = bolt_from_time(&(struct bolt_time){.offset_s = offset_s}, arena);

	return bolt_text(&midnight, arena) + strlen("00:00:00");
}

// A zone comes without its offset, which is looked up: only with it the server reads the text back. Where this machine does not know the zone,
// the time is shown in UTC.
const char *isotime_text(const struct bolt_value *value, struct arena *arena)
{
	struct bolt_date_time time;
	struct bolt_value known;

	if (!bolt_as_date_time(value, &time) || !time.zone || time.wall || time.has_offset || !zone_offset(time.zone, time.seconds, &time.offset_s))
		return bolt_text(value, arena);
	time.has_offset = true;
	known = bolt_from_date_time(&time, arena);
	return bolt_text(&known, arena);
}
