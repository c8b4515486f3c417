// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The sha256 of a text in hex, in the arena; compare two to see whether something has changed. Pure.

#include "base/arena.h"

const char *digest_of(const char *text, struct arena *arena);
