// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Has a deployment registered anew. The one status field that the operator reads as an input is set to false, as the page on Fleet Management says it:
// it registers then with the token that the Secret holds.

#include "api/dbms.h"
#include "cli/program.h"

// reference: as of portrait_find(). ret is what was asked for, in the program's arena. ERR_INVALID: the deployment cannot be registered, and why.
int renewal_request(struct program *program, const char *reference, struct dbms *ret, struct err *err);
