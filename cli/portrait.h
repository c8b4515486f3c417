// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Everything that can be read about one deployment, as a document.

#include <yyjson.h>

#include "cli/program.h"

// Finds a deployment by the user's name for it: NAME, or KIND/NAME with any of the kind's names, such as n4jc/orders. The object lives in the
// program's arena. ERR_NOT_FOUND; ERR_CONFLICT: both kinds have one of this name.
int portrait_find(struct program *program, const char *reference, yyjson_val **ret, struct err *err);

// Reads what belongs to it. Leaves out what the user may not read, and says why under "missing".
yyjson_mut_doc *portrait_make(struct program *program, yyjson_val *object);
