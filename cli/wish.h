// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A user's wish to the operator, as an annotation on a deployment.

#include "api/dbms.h"
#include "cli/program.h"

// Finds the deployment (reference as for portrait_find()), and sets the annotation, or removes it (value NULL). ret is the deployment before
// that, in the program's arena.
int wish_make(struct program *program, const char *reference, const char *annotation, const char *value, struct dbms *ret, struct err *err);

#define WISH_RIGHTS                                                                                                                          \
	{"get", "neo4jenterpriseclusters.neo4j.neo4j.com", "to find it", true},                                                               \
	{"get", "neo4jenterprisestandalones.neo4j.neo4j.com", "to find it", true},                                                            \
	{"patch", "neo4jenterpriseclusters.neo4j.neo4j.com, neo4jenterprisestandalones.neo4j.neo4j.com", "to set its annotation", true}
