// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/pairs.h"

#include <assert.h>

#include "bolt/pack.h"

struct pairs pairs_begin(struct buf *out)
{
	struct pairs pairs = {.out = out, .head = out->len};

	pack_map_head(out, 0);
	return pairs;
}

void pairs_end(const struct pairs *pairs)
{
	// More would be another marker.
	assert(pairs->n <= PAIRS_MAX);
	if (!pairs->out->overflow)
		pairs->out->data[pairs->head] = (char)((unsigned char)pairs->out->data[pairs->head] | pairs->n);
}

void pairs_add_key(struct pairs *pairs, const char *key)
{
	pairs->n++;
	pack_str(pairs->out, key);
}

void pairs_add_text(struct pairs *pairs, const char *key, const char *text)
{
	if (!text)
		return;
	pairs_add_key(pairs, key);
	pack_str(pairs->out, text);
}

void pairs_add_int(struct pairs *pairs, const char *key, int64_t v)
{
	const struct bolt_value value = bolt_int(v);

	pairs_add_key(pairs, key);
	pack_value(pairs->out, &value);
}

void pairs_add_value(struct pairs *pairs, const char *key, const struct bolt_value *value)
{
	if (!value)
		return;
	pairs_add_key(pairs, key);
	pack_value(pairs->out, value);
}
