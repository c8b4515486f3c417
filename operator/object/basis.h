// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a remembered answer depends on, as a digest of a text that names all of it: where the text is another, the answer counts no more. Pure.

#include <stdbool.h>

struct basis {
	char digest[65]; // "": of nothing yet
};

void basis_set(struct basis *basis, const char *text);
bool basis_is(const struct basis *basis, const char *text);
