// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// All that can be had of one deployment, as a document.

#include <yyjson.h>

#include "cli/program.h"

// Finds a deployment by what a user calls it: NAME, or KIND/NAME with any of the kind's names, such as n4jc/orders. The object lives in the program's
// arena. ERR_NOT_FOUND; ERR_CONFLICT: both kinds have one of the name.
int portrait_find(struct program *program, const char *reference, yyjson_val **ret, struct err *err);

// Reads what belongs to it. What may not be read is left out, and the document says why under "missing".
yyjson_mut_doc *portrait_make(struct program *program, yyjson_val *object);
