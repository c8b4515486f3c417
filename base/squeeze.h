// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Makes texts small that are much like another one: a thousand pods differ in a few names and times. What also stands in the
// text itself or in the dictionary before it is left out (LZ4). Fast rather than thorough: about as fast as the memory is read
// back. Texts are shorter than 1 GB. Pure, any thread. Source: lz4.h.

#include <stdbool.h>
#include <stddef.h>

// How far back a repetition may stand.
#define SQUEEZE_REACH ((size_t)65535)

struct squeeze_text {
	const void *data;
	size_t len;
};

// The most that squeezing needs.
size_t squeeze_bound(size_t len);

// Squeezes text into out, of squeeze_bound(text.len) bytes; returns how many it took. dictionary may be empty.
size_t squeeze(struct squeeze_text dictionary, struct squeeze_text text, void *out);

// The other way, with the same dictionary; len is that of the text. False when the bytes are not what squeeze() made of a text
// of this length.
bool unsqueeze(struct squeeze_text dictionary, struct squeeze_text squeezed, void *out, size_t len);
