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

const char *version_refusal(const char *tag, const char *told, struct arena *arena)
{
	return arena_printf(arena, "spec.image.tag: '%s'%s%s is older than 5.26, the oldest supported version; choose a newer tag", tag,
			    told ? ", which runs Neo4j " : "", told ? told : "");
}

int version_compare(const struct version *a, int major, int minor, int patch)
{
	if (a->major != major)
		return a->major - major;
	return a->minor != minor ? a->minor - minor : a->patch - patch;
}

// The tag or digest after the last colon of an image's reference, or after "@".
static struct version version_of_image(const char *image)
{
	const char *name = strrchr(image, '/');
	const char *tag = strchr(name ? name : image, ':');

	return tag ? version_of_tag(tag + 1) : undecidable;
}

// By release, so without the patch. An open end ("2026") counts as the newest.
static bool is_older(const struct version *a, const struct version *b)
{
	return a->family != VERSION_UNDECIDABLE && b->family != VERSION_UNDECIDABLE &&
	       (a->major != b->major ? a->major < b->major : a->minor < b->minor);
}

const char *version_downgrade(const char *before, const char *tag, const char *ran, struct arena *arena)
{
	struct version had = version_of_image(before ? before : ""), wanted = version_of_tag(tag), served = version_of_server(ran ? ran : "");

	// A server may tell another version than its tag: then the tag counts, if it tells anything.
	if (!before || !is_older(&wanted, &served) || (had.family != VERSION_UNDECIDABLE && !is_older(&wanted, &had)))
		return NULL;
	return arena_printf(arena,
			    "spec.image.tag: '%.80s' is older than Neo4j %s, which the servers have run, and Neo4j does not go back to an older "
			    "release on the same store; put the newer tag back, or load a backup into a new deployment",
			    tag, version_text(&served, arena));
}

const char *version_patch_back(const char *tag, const char *ran, struct arena *arena)
{
	struct version wanted = version_of_tag(tag), served = version_of_server(ran ? ran : "");

	if (wanted.family == VERSION_UNDECIDABLE || wanted.family != served.family || wanted.major != served.major || wanted.minor != served.minor ||
	    wanted.patch >= served.patch)
		return NULL;
	return arena_printf(arena,
			    "The servers go back from Neo4j %s to %s on the same store. Neo4j does not support that, not even from one patch to another; "
			    "if a server does not come back, put the newer tag back, or load a backup of before the update into a new deployment",
			    version_text(&served, arena), version_text(&wanted, arena));
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
