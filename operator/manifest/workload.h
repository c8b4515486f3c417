// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The child objects of a deployment as JSON for server-side apply: only our own fields. Pure, cannot fail, and the same input gives the same
// bytes. Nothing here depends on the token or the registration; no secret is inside.

#include <stdbool.h>

#include <yyjson.h>

#include "api/dbms.h"
#include "base/arena.h"
#include "operator/manifest/workload_inputs.h"
#include "operator/object/names.h"

const char *workload_statefulset(const struct workload_inputs *inputs, struct arena *arena);

// The digest of the pod template alone, sha256 in hex.
const char *workload_template_digest(const struct workload_inputs *inputs, struct arena *arena);

const char *workload_headless(const struct dbms *dbms, const struct names *names, struct arena *arena);
const char *workload_client(const struct dbms *dbms, const struct names *names, struct arena *arena);
const char *workload_account(const struct dbms *dbms, const struct names *names, struct arena *arena);

// NULL for a standalone: a budget would block the draining of its node.
const char *workload_budget(const struct dbms *dbms, const struct names *names, struct arena *arena);
