// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Standard base64 (RFC 4648, section 4) without white space.

#include <stddef.h>

#include "base/arena.h"

// The decoded bytes in the arena, with a NUL behind them; NULL when text is not base64, or not padded. "" decodes to "".
char *base64_decode(struct arena *arena, const char *text, size_t len, size_t *ret_len);

// The same, but the text may lack its padding.
char *base64_decode_unpadded(struct arena *arena, const char *text, size_t len, size_t *ret_len);
