// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The rules of the API server for a pod's template, beyond the schemas of our kinds, that people break most often. The operator learns the
// others by a dry run. Pure. Source: Kubernetes API reference, core/v1.

#include "cli/schema.h"

// Reports what is wrong with a deployment's spec; paths begin with "spec".
void pod_rules_check(yyjson_val *spec, struct arena *arena, schema_report report, void *user);
