// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What is wrong with deployments and what they stand on, as far as reads tell it: each finding with its cause, its cure and the command to type.

#include "cli/patient.h"

// reference NULL: all deployments of the namespace, or of all.
int diagnosis_make(struct diagnosis *diagnosis, const char *reference, struct err *err);
