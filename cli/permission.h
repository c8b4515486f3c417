// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whether the user may do something; every user may ask that about himself.

#include "cli/program.h"
#include "kube/resource.h"

struct permission {
	const char *verb;
	const struct kube_resource *resource;
	const char *subresource; // NULL: the object itself
	const char *namespace;	 // NULL: all
};

int permission_ask(struct program *program, const struct permission *permission, bool *ret, struct err *err);

// "pods", "neo4jplugins.neo4j.neo4j.com": kubectl's name.
const char *permission_name(const struct kube_resource *resource, struct arena *arena);
