// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/belongs.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "api/dbms.h"
#include "kube/object.h"
#include "neo4j/topology.h"
#include "operator/object/data_volume.h"
#include "operator/object/key.h"
#include "operator/object/labels.h"

static const char *label(yyjson_val *object, const char *key)
{
	return yyjson_get_str(yyjson_obj_get(yyjson_obj_get(yyjson_obj_get(object, "metadata"), "labels"), key));
}

static const char *name_of(yyjson_val *object)
{
	const char *name = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(object, "metadata"), "name"));

	return name ? name : "";
}

// The part of a child's name after the deployment's; NULL when no child of that deployment has this name.
static const char *after(const char *name, const char *deployment)
{
	size_t len = deployment ? strlen(deployment) : 0;

	return len && strncmp(name, deployment, len) == 0 ? name + len : NULL;
}

// operator/object/names.h
static bool is_childs(const char *name, const char *deployment)
{
	static const char *const endings[] = {"", "-server", "-headless", "-client", "-config"};
	const char *ending = after(name, deployment);

	for (size_t i = 0; ending && i < sizeof(endings) / sizeof(endings[0]); i++) {
		if (strcmp(ending, endings[i]) == 0)
			return true;
	}
	return false;
}

bool belongs_child(yyjson_val *object)
{
	yyjson_val *owner = kube_controller_of(object);
	enum key_kind kind = key_kind_of(yyjson_get_str(yyjson_obj_get(owner, "kind")));

	if (!owner)
		return is_childs(name_of(object), label(object, LABEL_INSTANCE));
	return (kind == KEY_STANDALONE || kind == KEY_CLUSTER) && is_childs(name_of(object), yyjson_get_str(yyjson_obj_get(owner, "name")));
}

// "-0" up to the number of the last possible server, as Kubernetes writes it: without leading zeros.
static bool is_ordinal(const char *text)
{
	size_t digits;

	if (!text || *text++ != '-')
		return false;
	digits = strspn(text, "0123456789");
	return digits > 0 && digits <= 2 && !text[digits] && (text[0] != '0' || digits == 1) && strtol(text, NULL, 10) < TOPOLOGY_SERVERS_MAX;
}

// A standalone's pods are named after the standalone, a cluster's after its StatefulSet.
static bool is_servers(const char *name, const char *deployment)
{
	const char *ending = after(name, deployment), *server = ending ? after(ending, "-server") : NULL;

	return is_ordinal(ending) || is_ordinal(server);
}

bool belongs_pod(yyjson_val *object)
{
	return is_servers(name_of(object), label(object, LABEL_INSTANCE));
}

bool belongs_volume(yyjson_val *object)
{
	const char *server = after(name_of(object), DATA_VOLUME "-");

	return server && is_servers(server, label(object, LABEL_INSTANCE));
}
