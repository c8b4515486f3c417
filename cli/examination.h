// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Examines one deployment: what it depends on, and what else its status says.

#include "cli/patient.h"

void examination_run(struct patient *patient);
