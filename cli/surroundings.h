// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What of a deployment's namespace may stand in its way: quotas that are used up, and network policies.

#include "cli/patient.h"

void surroundings_examine(const struct patient *patient);
