// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The judgement on the Neo4jPlugins of one deployment, from the store of plugins. Each of its plugins asks for the same, so the last judgement
// is kept (operator/plugin/plugin_verdicts.h).

#include "api/dbms.h"
#include "base/arena.h"
#include "neo4j/version.h"
#include "operator/context.h"
#include "operator/plugin/plugin_verdicts.h"

// The caller unrefs it.
struct plugin_verdicts *judgement_of(const struct context *context, const struct dbms *dbms, const struct version *version, struct arena *arena);
