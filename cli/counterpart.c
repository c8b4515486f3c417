// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/counterpart.h"

#include <stddef.h>
#include <string.h>

#define CYPHER_USERS "say it in Cypher (CREATE USER, CREATE ROLE, GRANT), once the deployment is Ready"
#define CYPHER_DATABASES "say it in Cypher (CREATE DATABASE, CREATE ALIAS), once the deployment is Ready"
#define AURA "make it in the Aura console, or by Aura's own API"

static const struct {
	const char *kind, *instead;
} kinds[] = {
	{"Neo4jBackup", "back up as docs/backup.md says"},
	{"Neo4jRestore", "restore as docs/backup.md says"},
	{"Neo4jUser", CYPHER_USERS},
	{"Neo4jRole", CYPHER_USERS},
	{"Neo4jRoleBinding", CYPHER_USERS},
	{"Neo4jAuthRule", CYPHER_USERS},
	{"Neo4jDatabase", CYPHER_DATABASES},
	{"Neo4jDatabaseAlias", CYPHER_DATABASES},
	{"Neo4jCompositeDatabase", CYPHER_DATABASES},
	{"Neo4jShardedDatabase", CYPHER_DATABASES},
	{"Neo4jReplicaDatabase", CYPHER_DATABASES},
	{"Neo4jReplicaPromotion", CYPHER_DATABASES},
};

const char *counterpart_of_kind(const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].instead;
	}
	return strncmp(kind, "Aura", 4) == 0 ? AURA : "this operator has nothing like it";
}
