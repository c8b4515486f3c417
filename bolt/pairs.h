// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A small map that is packed pair by pair: the number of pairs stands in its first byte, which is corrected at the end. It is all in the header,
// so that the compiler can merge the pairs of each request.

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "bolt/pack.h"
#include "bolt/value.h"

#define PAIRS_MAX 15

struct pairs {
	struct buf *out;
	size_t head; // the place of the first byte
	unsigned n;
};

static inline struct pairs pairs_begin(struct buf *out)
{
	struct pairs pairs = {.out = out, .head = out->len};

	pack_map_head(out, 0);
	return pairs;
}

static inline void pairs_end(const struct pairs *pairs)
{
	// More pairs would need another marker.
	assert(pairs->n <= PAIRS_MAX);
	if (!pairs->out->overflow)
		pairs->out->data[pairs->head] = (char)((unsigned char)pairs->out->data[pairs->head] | pairs->n);
}

// The caller packs the value after it.
static inline void pairs_add_key(struct pairs *pairs, const char *key)
{
	pairs->n++;
	pack_str(pairs->out, key);
}

// NULL adds nothing, here and below.
static inline void pairs_add_text(struct pairs *pairs, const char *key, const char *text)
{
	if (!text)
		return;
	pairs_add_key(pairs, key);
	pack_str(pairs->out, text);
}

static inline void pairs_add_int(struct pairs *pairs, const char *key, int64_t v)
{
	const struct bolt_value value = bolt_int(v);

	pairs_add_key(pairs, key);
	pack_value(pairs->out, &value);
}

static inline void pairs_add_value(struct pairs *pairs, const char *key, const struct bolt_value *value)
{
	if (!value)
		return;
	pairs_add_key(pairs, key);
	pack_value(pairs->out, value);
}
