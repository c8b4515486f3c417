// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The pod template of a deployment. Pure; used by operator/manifest/workload only.

#include <yyjson.h>

#include "base/arena.h"
#include "operator/manifest/workload_inputs.h"

// The template's object: metadata and spec.
yyjson_mut_val *pod_template_template(yyjson_mut_doc *doc, const struct workload_inputs *inputs, struct arena *arena);

// A deployment's ports, by the names that Services and containers give them. inner: also the ports between servers.
struct pod_template_port {
	const char *name;
	int number;
};
size_t pod_template_ports(const struct dbms *dbms, bool inner, struct pod_template_port ret[8]);
