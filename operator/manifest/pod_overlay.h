// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Lays spec.podTemplate over the pod that the operator has built (G1), as a strategic merge. Pure; used by operator/manifest/pod_template only.

#include <yyjson.h>

#include "api/pod_shape.h"

// Changes the template's metadata and spec in place. Decoding the shape has already refused what the user may not change.
void pod_overlay(yyjson_mut_doc *doc, yyjson_mut_val *template, const struct pod_shape *shape);
