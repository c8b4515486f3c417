// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/base64.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static int digit_value(unsigned char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+')
		return 62;
	return c == '/' ? 63 : -1;
}

char *base64_decode(struct arena *arena, const char *text, size_t len, size_t *ret_len)
{
	unsigned char *out;
	size_t padding = 0, n = 0;
	uint32_t group = 0;

	if (len % 4 != 0)
		return NULL;
	while (padding < 2 && padding < len && text[len - 1 - padding] == '=')
		padding++;
	out = arena_alloc(arena, len / 4 * 3 + 1);
	for (size_t i = 0; i < len; i++) {
		int value = i >= len - padding ? 0 : digit_value((unsigned char)text[i]);

		if (value < 0)
			return NULL;
		group = group << 6 | (uint32_t)value;
		if (i % 4 != 3)
			continue;
		out[n++] = (unsigned char)(group >> 16);
		out[n++] = (unsigned char)(group >> 8);
		out[n++] = (unsigned char)group;
		group = 0;
	}
	n -= padding;
	out[n] = '\0';
	*ret_len = n;
	return (char *)out;
}

char *base64_decode_unpadded(struct arena *arena, const char *text, size_t len, size_t *ret_len)
{
	size_t missing = (4 - len % 4) % 4;
	char *padded;

	if (missing == 0 || missing == 3 || memchr(text, '=', len))
		return base64_decode(arena, text, len, ret_len);
	padded = arena_alloc(arena, len + missing + 1);
	memcpy(padded, text, len);
	memset(padded + len, '=', missing);
	return base64_decode(arena, padded, len + missing, ret_len);
}
