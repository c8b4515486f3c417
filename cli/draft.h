// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A deployment as the operator would make it from its manifest and its plugins': new, or over the present StatefulSet. Pure: it uses the
// operator's own builders.

#include <yyjson.h>

#include "base/arena.h"
#include "base/err.h"
#include "operator/manifest/manifests.h"
#include "operator/plugin/plugin_plan.h"

struct draft {
	struct dbms dbms;
	struct names names;
	struct version version;
	enum fleet_form form;
	const char *told; // the version that a server has told; NULL: the tag tells, or no server has
	const struct live_set *live;
	const char *certificate; // the mark of the TLS certificate; NULL: unknown
	struct plugin_claims claims;
	struct plugin_plan plan;
	const char *fleet_entry; // a record of the StatefulSet
};

// plugins: the Neo4jPlugins of its namespace, all of which can be decoded. namespace: for a manifest that names none. ERR_INVALID: the operator
// would refuse it; the text names the field and the cure. ret lives in the arena and borrows from the manifests.
struct draft_source {
	yyjson_val *root;
	yyjson_val *const *plugins;
	size_t n_plugins;
	const char *namespace;
	const struct live_set *live; // the present StatefulSet; NULL: none
	const char *certificate;     // the mark of the TLS certificate on its template; NULL: none
};

int draft_make(const struct draft_source *source, struct arena *arena, struct draft *ret, struct err *err);

// The children as JSON texts, in the order in which the operator applies them; returns how many. They have no owner where the manifest has no
// uid.
size_t draft_children(const struct draft *draft, struct arena *arena, const char *ret[CHILD_COUNT]);
