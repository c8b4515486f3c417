// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/basis.h"

#include <string.h>

#include "operator/object/kept.h"

void basis_set(struct basis *basis, const char *text)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	kept_set(basis->digest, digest_of(text, arena));
}

bool basis_is(const struct basis *basis, const char *text)
{
	struct basis other;

	basis_set(&other, text);
	return strcmp(basis->digest, other.digest) == 0;
}
