// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Takes the annotations and managedFields out of a JSON text before anything parses it: client-side apply puts a Secret's
// data into an annotation, and the field managers' notes are longer than all the rest.

#include <stddef.h>

// How many braces and brackets are open where metadata's members stand: of an object, of a watch event's object.
#define REDACT_OBJECT 2
#define REDACT_EVENT 3

// Overwrites their values with null and spaces, in place; of that depth those of keys with an escape, too, which may be theirs. Any
// text is taken; of what is no JSON, what looks like such a value may remain.
void redact(char *text, size_t len, unsigned depth);
