// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "neo4j/version.h"

#include <ctype.h>
#include <string.h>

static const struct version undecidable = {.family = VERSION_UNDECIDABLE};

// Reads up to four digits; -1 when there is none or there are more.
static int read_number(const char **text)
{
	int number = 0, digits = 0;

	for (; isdigit((unsigned char)**text); (*text)++, digits++)
		if (digits < 4)
			number = number * 10 + (**text - '0');
	return digits >= 1 && digits <= 4 ? number : -1;
}

static enum version_family family_of(const struct version *version)
{
	if (version->major >= 2025 && version->major < 2100) {
		bool open = version->minor == VERSION_NEWEST;

		return open || (version->minor >= 1 && version->minor <= 12) ? VERSION_CALENDAR : VERSION_UNDECIDABLE;
	}
	if (version->major == 5)
		return version->minor >= 26 ? VERSION_5_26 : VERSION_OLD;
	return version->major >= 1 && version->major <= 4 ? VERSION_OLD : VERSION_UNDECIDABLE;
}

struct version version_of_tag(const char *tag)
{
	int numbers[3] = {VERSION_NEWEST, VERSION_NEWEST, VERSION_NEWEST};
	struct version version;
	int n = 0;

	if (*tag == 'v' || *tag == 'V')
		tag++;
	do {
		numbers[n] = read_number(&tag);
		if (numbers[n] < 0)
			return undecidable;
	} while (++n < 3 && *tag == '.' && tag++);
	if (*tag && !strchr("-+@", *tag))
		return undecidable;
	version = (struct version){.major = numbers[0], .minor = numbers[1], .patch = numbers[2]};
	version.family = family_of(&version);
	return version.family == VERSION_UNDECIDABLE ? undecidable : version;
}

struct version version_of_server(const char *text)
{
	static const char product[] = "Neo4j/";

	return version_of_tag(strncmp(text, product, strlen(product)) ? text : text + strlen(product));
}

int version_compare(const struct version *a, int major, int minor, int patch)
{
	if (a->major != major)
		return a->major - major;
	return a->minor != minor ? a->minor - minor : a->patch - patch;
}

enum fleet_form version_fleet_form(const struct version *version)
{
	switch (version->family) {
	case VERSION_OLD:
		return FLEET_FORM_REFUSED;
	case VERSION_5_26:
		return version_compare(version, 5, 26, 12) < 0 ? FLEET_FORM_NONE : FLEET_FORM_PLUGIN;
	case VERSION_CALENDAR:
		if (version_compare(version, 2025, 8, 0) < 0)
			return FLEET_FORM_NONE;
		if (version_compare(version, 2026, 2, 3) < 0)
			return FLEET_FORM_PLUGIN;
		return version_compare(version, 2026, 3, 0) < 0 ? FLEET_FORM_BUILT_IN : FLEET_FORM_BUILT_IN_ALWAYS;
	case VERSION_UNDECIDABLE:
		break;
	}
	return FLEET_FORM_UNDECIDABLE;
}

const char *version_text(const struct version *version, struct arena *arena)
{
	int width = version->family == VERSION_CALENDAR ? 2 : 1;

	if (version->family == VERSION_UNDECIDABLE)
		return "unknown";
	if (version->minor == VERSION_NEWEST)
		return arena_printf(arena, "%d", version->major);
	if (version->patch == VERSION_NEWEST)
		return arena_printf(arena, "%d.%0*d", version->major, width, version->minor);
	return arena_printf(arena, "%d.%0*d.%d", version->major, width, version->minor, version->patch);
}
