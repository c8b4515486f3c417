// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The child objects of a deployment, built, in the order in which they are applied (operator/manifest/manifests.h), and where each of them is kept.

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
	int replicas; // that the StatefulSet is to have
};

struct children {
	struct child items[CHILD_COUNT];
	size_t n;
	const char *plugins_malformed; // what is wrong with the live NEO4J_PLUGINS, which is kept; NULL: nothing
	bool drop_plugins;	       // the variable is to go, whoever else has written it
};

// ERR_INVALID: the spec asks for something that cannot be; the text names the field and the cure.
int children_build(const struct context *context, const struct children_inputs *inputs, struct arena *arena, struct children *ret,
		   struct err *err);

// Gives back what apply_look() has found and apply_write() has left.
void children_release(struct children *children);
