// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What in its namespace may hinder a deployment: quotas that are used up, and network policies.

#include "cli/patient.h"

void surroundings_examine(const struct patient *patient);
