// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "api/server_env.h"

#include <string.h>

#define OPERATORS "NEOFLEET_"
#define CURE_COMMANDS "Neo4j runs commands only from a configuration that nobody else can read, and this one comes from a ConfigMap"

static const struct {
	const char *name;
	const char *cure;
} refused[] = {
	{"EXTENDED_CONF", CURE_COMMANDS},
	{"HEAP_SIZE", "it would replace the heap of the configuration; use server.memory.heap.max_size in spec.config"},
	{"JAVA_OPTS", "with it Neo4j drops all flags and the heap of the configuration; use server.jvm.additional in spec.config"},
	{"NEO4J_AUTH", "the password comes from the Secret; use spec.auth.adminSecret"},
	{"NEO4J_AUTH_PATH", "the password comes from the Secret; use spec.auth.adminSecret"},
	{"NEO4J_ACCEPT_LICENSE_AGREEMENT", "use spec.acceptLicenseAgreement"},
	{"NEO4JLABS_PLUGINS", "use NEO4J_PLUGINS"},
	{"NEO4J_HOME", "the image sets it"},
	{"NEO4J_CONF", "the image sets it; use spec.config for settings"},
	{"NEO4J_EDITION", "the image sets it"},
};

// The image first gives a variable the content of the file that NAME_FILE names.
static bool is_variable(const char *name, const char *variable)
{
	size_t len = strlen(variable);

	return !strncmp(name, variable, len) && (!name[len] || (!strncmp(name, "NEO4J_", 6) && !strcmp(name + len, "_FILE")));
}

void server_env_check_name(struct field_reader *reader, struct field item, const char *name)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (is_variable(name, refused[i].name))
			field_fail(reader, item, "name", "'%s' must not be set here: %s", name, refused[i].cure);
	if (!strcmp(name, "NEO4J_PLUGINS_FILE"))
		field_fail(reader, item, "name", "'%s' must not be set here: use NEO4J_PLUGINS, whose entries can be merged with those of others",
			   name);
	if (!strncmp(name, OPERATORS, strlen(OPERATORS)))
		field_fail(reader, item, "name", "'%.80s' must not begin with " OPERATORS ", which is the operator's; rename it", name);
}

// Whether one of the two begins with the other.
static bool share_beginning(const char *prefix, const char *name)
{
	size_t len = strlen(prefix), other = strlen(name);

	return !strncmp(prefix, name, len < other ? len : other);
}

bool server_env_prefix_is_reserved(const char *prefix)
{
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		if (share_beginning(prefix, refused[i].name))
			return true;
	return share_beginning(prefix, "NEO4J") || share_beginning(prefix, OPERATORS);
}
