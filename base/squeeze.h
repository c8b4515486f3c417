// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Makes texts small that resemble another text: a thousand pods differ in a few names and times. LZ4 leaves out what stands earlier in the text
// itself or in the dictionary before it. It is fast rather than thorough: reading back is about as fast as copying memory. Texts are shorter
// than 1 GB. Pure, any thread. Source: lz4.h.

#include <stdbool.h>
#include <stddef.h>

// The greatest distance to a repetition that LZ4 finds.
#define SQUEEZE_REACH ((size_t)65535)

struct squeeze_text {
	const void *data;
	size_t len;
};

// The most bytes that squeeze() writes for a text of len bytes.
size_t squeeze_bound(size_t len);

// Squeezes text into out, which has squeeze_bound(text.len) bytes; returns how many it wrote. dictionary may be empty.
size_t squeeze(struct squeeze_text dictionary, struct squeeze_text text, void *out);

// Reverses squeeze(), with the same dictionary; len is the text's length. False when the bytes are not what squeeze() made of a text of this
// length.
bool unsqueeze(struct squeeze_text dictionary, struct squeeze_text squeezed, void *out, size_t len);
