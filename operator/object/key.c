// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/key.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "api/dbms.h"
#include "api/plugin.h"

static const struct {
	const char *word;
	struct kube_resource resource;
} kinds[KEY_KINDS] = {
	[KEY_STANDALONE] = {"standalone", {API_GROUP, API_VERSION, "neo4jenterprisestandalones", API_KIND_STANDALONE, true}},
	[KEY_CLUSTER] = {"cluster", {API_GROUP, API_VERSION, "neo4jenterpriseclusters", API_KIND_CLUSTER, true}},
	[KEY_PLUGIN] = {"plugin", {API_GROUP, API_VERSION, "neo4jplugins", API_KIND_PLUGIN, true}},
};

bool key_parse(const char *text, struct key *ret)
{
	const char *namespace = strchr(text, '/'), *name = namespace ? strchr(namespace + 1, '/') : NULL;

	if (!name || (size_t)(name - namespace - 1) >= sizeof(ret->namespace))
		return false;
	for (int i = 0; i < KEY_KINDS; i++) {
		if (strlen(kinds[i].word) != (size_t)(namespace - text) ||
		    strncmp(kinds[i].word, text, strlen(kinds[i].word)) != 0)
			continue;
		ret->kind = (enum key_kind)i;
		(void)snprintf(ret->namespace, sizeof(ret->namespace), "%.*s", (int)(name - namespace - 1), namespace + 1);
		(void)snprintf(ret->name, sizeof(ret->name), "%s", name + 1);
		return true;
	}
	return false;
}

void key_group(const char *text, char name[QUEUE_GROUP_SIZE])
{
	struct key key;

	(void)snprintf(name, QUEUE_GROUP_SIZE, "%s", key_parse(text, &key) ? key.namespace : "");
}

void key_format(enum key_kind kind, const char *namespace, const char *name, char text[QUEUE_KEY_SIZE])
{
	assert(kind < KEY_KINDS);
	(void)snprintf(text, QUEUE_KEY_SIZE, "%s/%s/%s", kinds[kind].word, namespace, name);
}

enum key_kind key_kind_of(const char *api_kind)
{
	int i;

	for (i = 0; i < KEY_KINDS; i++) {
		if (api_kind && strcmp(kinds[i].resource.kind, api_kind) == 0)
			break;
	}
	return (enum key_kind)i;
}

const struct kube_resource *key_resource(enum key_kind kind)
{
	assert(kind < KEY_KINDS);
	return &kinds[kind].resource;
}
