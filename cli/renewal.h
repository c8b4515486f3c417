// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Makes the operator register a deployment again: sets the one status field that the operator reads as an input to false, as
// docs/fleet-management.md says. It then registers with the token now in the Secret.

#include "api/dbms.h"
#include "cli/program.h"

// reference: as for portrait_find(). ret is the deployment, in the program's arena. ERR_INVALID: the deployment cannot be registered, and why.
int renewal_request(struct program *program, const char *reference, struct dbms *ret, struct err *err);
