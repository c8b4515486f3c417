// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/squeeze.h"

#include <lz4.h>
#include <stdlib.h>

size_t squeeze_bound(size_t len)
{
	return (size_t)LZ4_COMPRESSBOUND(len);
}

size_t squeeze(struct squeeze_text dictionary, struct squeeze_text text, void *out)
{
	LZ4_stream_t stream;
	int n;

	(void)LZ4_initStream(&stream, sizeof(stream));
	(void)LZ4_loadDict(&stream, dictionary.data, (int)dictionary.len);
	n = LZ4_compress_fast_continue(&stream, text.data, out, (int)text.len, (int)squeeze_bound(text.len), 1);
	if (n <= 0)
		abort(); // LZ4 fails only for want of room, and for more than 2 GB
	return (size_t)n;
}

bool unsqueeze(struct squeeze_text dictionary, struct squeeze_text squeezed, void *out, size_t len)
{
	return LZ4_decompress_safe_usingDict(squeezed.data, out, (int)squeezed.len, (int)len, dictionary.data, (int)dictionary.len) ==
	       (int)len;
}
