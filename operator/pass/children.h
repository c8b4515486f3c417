// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Builds the child objects of a deployment, in the order of their apply (operator/manifest/manifests.h), and tells the store of each.

#include "base/arena.h"
#include "base/err.h"
#include "operator/fleet/plugin_entry.h"
#include "operator/object/deployment.h"
#include "operator/pass/apply.h"
#include "operator/plugin/plugin_claims.h"

struct children_inputs {
	const struct deployment *deployment;
	const struct plugin_entry *entry;
	const struct plugin_claims *claims; // for the version of entry
	int replicas; // for the StatefulSet
};

struct children {
	struct child items[CHILD_COUNT];
	size_t n;
	const char *plugins_malformed; // why the live NEO4J_PLUGINS cannot be merged and is kept; NULL: it can
	bool drop_plugins;	       // the variable must go, even if somebody else has written it
};

// ERR_INVALID: the spec asks for something impossible; the text names the field and the cure.
int children_build(const struct context *context, const struct children_inputs *inputs, struct arena *arena, struct children *ret,
		   struct err *err);

// Releases what apply_look() has found and apply_write() has left.
void children_release(struct children *children);
