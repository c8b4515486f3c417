// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Takes the annotations and managedFields out of a JSON text before anything parses it: client-side apply puts a Secret's data into an
// annotation, and managedFields is longer than all the rest.

#include <stddef.h>

// How many braces and brackets are open around metadata's members: of an object, and of a watch event's object.
#define REDACT_OBJECT 2
#define REDACT_EVENT 3

// Overwrites their values with null and spaces, in place; at that depth also the values of keys with an escape, which may be theirs. It takes
// any text; in a text that is no JSON, something that looks like such a value may remain.
void redact(char *text, size_t len, unsigned depth);
