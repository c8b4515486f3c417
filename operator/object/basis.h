// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a remembered answer depends on, as the digest of a text that names all of it: when the text changes, the answer no longer counts. Pure.

#include <stdbool.h>

#include "operator/object/digest.h"

struct basis {
	char digest[DIGEST_HALF_SIZE]; // "": nothing yet
};

void basis_set(struct basis *basis, const char *text);
bool basis_is(const struct basis *basis, const char *text);
