// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// One value of every kind, size and extreme that can be sent.

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "bolt/value.h"

struct sample {
	const char *name;
	struct bolt_value value;
	const char *text; // what the server's toString() makes of it; NULL: not asked
	bool storable;	  // as a property
	bool ours;	  // beyond what the other driver can hold
};

struct samples {
	struct sample *items;
	size_t n, room;
	struct arena *arena;
};

// Vectors: from 6.0 on; UUIDs: from 6.1 on. Twice: an hour that comes twice can be sent in both meanings (4.4 takes the first for either).
void samples_make(struct samples *samples, bool vectors, bool uuids, bool twice);
