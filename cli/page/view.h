// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A deployment by the page's name for it, and a run of the program for it alone: it has an arena of its own, so that threads may work side by
// side.

#include "cli/program.h"

// "clusters/NAMESPACE/NAME", "standalones/NAMESPACE/NAME".
const char *view_id(struct arena *arena, bool cluster, const char *namespace, const char *name);

struct view {
	struct program *program; // its namespace is the deployment's
	const char *reference;	 // for portrait_find()
	const char *namespace, *name;
	bool cluster;
};

// ERR_INVALID: it is no id, or its namespace is not one that the program looks into.
int view_open(const struct program *program, struct arena *arena, const char *id, struct view *ret, struct err *err);

// The same without a deployment.
struct program *view_program(const struct program *program, struct arena *arena);
