// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/known_version.h"

#include <string.h>

static struct known_version known(struct version version, const char *told)
{
	return (struct known_version){.version = version, .told = told, .fleet_form = version_fleet_form(&version)};
}

struct known_version known_version_told(const struct dbms *dbms, const char *version, struct arena *arena)
{
	return known(version_of_server(version), arena_printf(arena, "%s %s", dbms->image.reference, version));
}

struct known_version known_version_of(const struct dbms *dbms, const struct live_set *live, struct arena *arena)
{
	struct version version = version_of_tag(dbms->image.tag);
	const char *image = dbms->image.reference, *told = live->server_version;
	size_t len = strlen(image);

	if (version.family == VERSION_UNDECIDABLE && told && strncmp(told, image, len) == 0 && told[len] == ' ')
		return known_version_told(dbms, told + len + 1, arena);
	return known(version, NULL);
}
