// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Finds what is wrong with deployments and the things that they depend on, as far as reads tell: each finding with its cause, its cure and the
// command to type.

#include "cli/patient.h"

// reference NULL: all deployments of the namespace, or of all namespaces.
int diagnosis_make(struct diagnosis *diagnosis, const char *reference, struct err *err);
