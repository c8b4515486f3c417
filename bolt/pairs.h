// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A small map that is packed pair by pair: how many there are stands in its first byte, which is put right at the end.

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "bolt/value.h"

#define PAIRS_MAX 15

struct pairs {
	struct buf *out;
	size_t head; // the place of the first byte
	unsigned n;
};

struct pairs pairs_begin(struct buf *out);
void pairs_end(const struct pairs *pairs);

// The caller packs the value behind it.
void pairs_add_key(struct pairs *pairs, const char *key);

// NULL adds nothing.
void pairs_add_text(struct pairs *pairs, const char *key, const char *text);
void pairs_add_value(struct pairs *pairs, const char *key, const struct bolt_value *value);

void pairs_add_int(struct pairs *pairs, const char *key, int64_t v);
