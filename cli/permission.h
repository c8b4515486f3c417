// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whether the user may do something; every user may ask that of himself.

#include "cli/program.h"
#include "kube/resource.h"

struct permission {
	const char *verb;
	const struct kube_resource *resource;
	const char *subresource; // NULL: the thing itself
	const char *namespace;	 // NULL: all
};

int permission_ask(struct program *program, const struct permission *permission, bool *ret, struct err *err);

// "pods", "neo4jplugins.neo4j.neo4j.com": as kubectl names it.
const char *permission_name(const struct kube_resource *resource, struct arena *arena);
