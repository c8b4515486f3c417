// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The part of CEL that most rules of deploy/crds are written in: ||, &&, !, parentheses, true, false, self and its members, has(), size(), all(),
// and ==, != and in with literals. Pure.

#include <stdbool.h>

#include <yyjson.h>

// Whether a rule is written in that part. ret_holds, which may be NULL, then says whether the value keeps it. As for the API server, a null
// member counts as absent.
bool cel_evaluate(const char *rule, yyjson_val *self, bool *ret_holds);
