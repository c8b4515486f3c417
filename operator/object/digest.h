// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The sha256 of a text in hex, in the arena; compare two to see whether something has changed. Pure.

#include "base/arena.h"

const char *digest_of(const char *text, struct arena *arena);

// A field for its first half, which is enough to see that something has changed: each deployment has a dozen of them, in memory and on its objects.
#define DIGEST_HALF_SIZE 33
