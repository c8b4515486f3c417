// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// FNV-1a, for names and for spreading; the same in every process. It does not resist texts that an attacker chooses.

#include <stdint.h>

#define HASH_START UINT64_C(14695981039346656037)

// Adds one more text to a hash. The end of each text counts: hash_text(hash_text(HASH_START, "a"), "b") differs from the hash of "ab".
static inline uint64_t hash_text(uint64_t hash, const char *text)
{
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
	return (hash ^ 0xff) * UINT64_C(1099511628211);
}
