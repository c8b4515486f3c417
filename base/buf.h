// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Growable bytes with a maximum, which every buffer must have. The error is sticky: an append that would pass the maximum changes nothing but
// sets buf->overflow, and later appends do nothing, so one check after a whole text is enough. data is NUL-ended whenever it is not NULL.

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct buf {
	char *data;  // owned; NULL while nothing was appended
	size_t len;
	size_t cap;
	size_t max;  // bytes, without the ending NUL
	bool overflow;
	bool secret; // wiped when it grows, is cleared or released
};

#define BUF_INIT(maximum) ((struct buf){.max = (maximum)})
#define BUF_INIT_SECRET(maximum) ((struct buf){.max = (maximum), .secret = true})

void buf_append(struct buf *buf, const void *data, size_t len);
void buf_add(struct buf *buf, const char *s);
void buf_addc(struct buf *buf, char c);
void buf_addf(struct buf *buf, const char *fmt, ...) _printf_(2, 3);

// Drops the first n bytes (n <= len).
void buf_consume(struct buf *buf, size_t n);

// Keeps the first len bytes (len <= buf->len) and forgets the overflow: this takes back a line that could not be finished.
void buf_truncate(struct buf *buf, size_t len);

// Forgets the content and the overflow, keeps memory and maximum.
void buf_clear(struct buf *buf);

// Frees the content; the buffer is as after its initialiser.
void buf_release(struct buf *buf);

// The text so far, "" when empty; valid until the next change.
const char *buf_str(const struct buf *buf);

#define _cleanup_buf_ _cleanup_(buf_release)
