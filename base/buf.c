// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/exhausted.h"

static void memory_drop(struct buf *buf)
{
	if (buf->data && buf->secret)
		explicit_bzero(buf->data, buf->cap);
	free(buf->data);
	buf->data = NULL;
	buf->cap = 0;
}

static void grow(struct buf *buf, size_t more)
{
	size_t cap = buf->cap ? buf->cap : 64;
	char *data;

	while (cap <= buf->len + more)
		cap *= 2;
	// realloc() would leave a copy of a secret in freed memory.
	data = malloc(cap);
	if (!data)
		memory_is_exhausted();
	if (buf->len)
		memcpy(data, buf->data, buf->len);
	data[buf->len] = '\0';
	memory_drop(buf);
	buf->data = data;
	buf->cap = cap;
}

static inline bool reserve(struct buf *buf, size_t more)
{
	if (buf->overflow || more > buf->max - buf->len) {
		buf->overflow = true;
		return false;
	}
	if (!buf->data || buf->len + more >= buf->cap)
		grow(buf, more);
	return true;
}

void buf_append(struct buf *buf, const void *data, size_t len)
{
	if (!buf || !reserve(buf, len))
		return;
	if (len) {
		if (!data)
			return;
		memcpy(buf->data + buf->len, data, len);
	}
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void buf_add(struct buf *buf, const char *s)
{
	if (s)
		buf_append(buf, s, strlen(s));
}

void buf_addc(struct buf *buf, char c)
{
	buf_append(buf, &c, 1);
}

void buf_addf(struct buf *buf, const char *fmt, ...)
{
	va_list args;
	int n;

	if (!buf || !fmt)
		return;
	va_start(args, fmt);
	n = vsnprintf(NULL, 0, fmt, args);
	va_end(args);
	if (n < 0)
		memory_is_exhausted();
	if (!reserve(buf, (size_t)n))
		return;
	va_start(args, fmt);
	(void)vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, args);
	va_end(args);
	buf->len += (size_t)n;
}

void buf_consume(struct buf *buf, size_t n)
{
	if (!buf || n == 0)
		return;
	assert(n <= buf->len);
	memmove(buf->data, buf->data + n, buf->len - n);
	if (buf->secret)
		explicit_bzero(buf->data + buf->len - n, n);
	buf->len -= n;
	buf->data[buf->len] = '\0';
}

void buf_truncate(struct buf *buf, size_t len)
{
	if (!buf)
		return;
	assert(len <= buf->len);
	// The bytes behind the content were wiped when they left it.
	if (buf->data && buf->secret)
		explicit_bzero(buf->data + len, buf->len - len);
	buf->len = len;
	buf->overflow = false;
	if (buf->data)
		buf->data[len] = '\0';
}

void buf_clear(struct buf *buf)
{
	buf_truncate(buf, 0);
}

void buf_release(struct buf *buf)
{
	if (!buf)
		return;
	memory_drop(buf);
	buf->len = 0;
	buf->overflow = false;
}

const char *buf_str(const struct buf *buf)
{
	return buf && buf->data ? buf->data : "";
}
