// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The examination of one deployment: what it stands on, and what its status says beyond that.

#include "cli/patient.h"

void examination_run(struct patient *patient);
