// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "neo4j/conf_setting.h"

#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

const char *conf_setting_of_env(const char *variable, struct arena *arena)
{
	static const char prefix[] = "NEO4J_", file[] = "_FILE";
	static const char *const own[] = {
		"ACCEPT_LICENSE_AGREEMENT", "AUTH", "AUTH_PATH", "DEBUG",   "DEPRECATION_WARNING",
		"EDITION",		    "HOME", "PLUGINS",	 "SHA256", "TARBALL",
	};
	size_t len = strlen(variable);
	char *setting;
	size_t n = 0;

	if (strncmp(variable, prefix, strlen(prefix)) || (len > strlen(file) && !strcmp(variable + len - strlen(file), file)))
		return NULL;
	variable += strlen(prefix);
	for (size_t i = 0; i < LENGTH(own); i++)
		if (!strcmp(variable, own[i]))
			return NULL;
	setting = arena_alloc(arena, len + 1);
	for (; *variable; variable++) {
		bool twice = variable[0] == '_' && variable[1] == '_';

		setting[n++] = twice ? '_' : (char)(*variable == '_' ? '.' : *variable);
		variable += twice;
	}
	return n ? setting : NULL;
}
