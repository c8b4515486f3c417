// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any text in the small readers: versions, times, base64 and names of environment variables.

#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "neo4j/conf_setting.h"
#include "neo4j/version.h"
#include "test/fuzz/fuzz.h"

static void check_version(const struct version *version, struct arena *arena)
{
	must(version_text(version, arena) != NULL);
	(void)version_fleet_form(version);
	if (version->family == VERSION_UNDECIDABLE)
		must(version->major == 0 && version->minor == 0 && version->patch == 0);
	else
		must(version->major >= 0 && version->minor >= 0 && version->patch >= 0 &&
		     version_compare(version, version->major, version->minor, version->patch) == 0);
}

static void check_time(const char *text)
{
	char again[TIME_TEXT_SIZE];
	int64_t ms, ms_again;

	if (time_parse_rfc3339(text, &ms) < 0)
		return;
	time_format_rfc3339(ms, again, sizeof(again));
	must(time_parse_rfc3339(again, &ms_again) == 0 && ms_again / 1000 == ms / 1000);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *text = arena_memdup0(arena, data, size);
	struct version tag = version_of_tag(text), server = version_of_server(text);
	size_t len;

	check_version(&tag, arena);
	check_version(&server, arena);
	check_time(text);
	if (base64_decode(arena, text, strlen(text), &len))
		must(len <= strlen(text));
	(void)conf_setting_of_env(text, arena);
	return 0;
}
