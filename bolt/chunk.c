// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/chunk.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

#include "bolt/misuse.h"

#define CHUNK_MAX ((size_t)UINT16_MAX)
#define HEAD_SIZE 2

void chunk_write(struct buf *out, const struct buf *message)
{
	size_t start;

	if (!out || !message)
		return;
	start = chunk_begin(out);
	buf_append(out, message->data, message->len);
	chunk_end(out, start);
}

size_t chunk_begin(struct buf *out)
{
	size_t start = out ? out->len : 0;

	buf_append(out, "\0\0", HEAD_SIZE);
	return start;
}

// The heads of all chunks but the first were not foreseen: each chunk moves back by the heads before it, the last one first.
void chunk_end(struct buf *out, size_t start)
{
	size_t len, n;
	char *body;

	if (!out)
		return;
	len = out->overflow ? 0 : out->len - start - HEAD_SIZE;
	n = len / CHUNK_MAX + (len % CHUNK_MAX ? 1 : 0);
	assert(out->overflow || out->len >= start + HEAD_SIZE);
	for (size_t i = 1; i < n; i++)
		buf_append(out, "\0\0", HEAD_SIZE);
	buf_append(out, "\0\0", HEAD_SIZE);
	if (out->overflow)
		return;
	body = out->data + start + HEAD_SIZE;
	while (n-- > 0) {
		size_t piece = len - n * CHUNK_MAX;
		char *head = body + n * (CHUNK_MAX + HEAD_SIZE) - HEAD_SIZE;

		if (n > 0)
			memmove(head + HEAD_SIZE, body + n * CHUNK_MAX, piece);
		head[0] = (char)(piece >> 8);
		head[1] = (char)piece;
		len -= piece;
	}
}

bool dechunker_is_inside(const struct dechunker *dechunker)
{
	return dechunker && !dechunker->complete && (dechunker->message.len > 0 || dechunker->n_head > 0 || dechunker->left > 0);
}

bool dechunker_peek(const struct dechunker *dechunker, const unsigned char *data, size_t len, struct chunk_view *ret)
{
	size_t size;

	if (!dechunker || !data || !ret || dechunker_is_inside(dechunker) || len < HEAD_SIZE)
		return false;
	size = (size_t)data[0] << 8 | data[1];
	if (size == 0 || len - HEAD_SIZE < size + HEAD_SIZE || size > dechunker->message.max)
		return false;
	*ret = (struct chunk_view){.message = data + HEAD_SIZE, .len = size, .used = size + 2 * HEAD_SIZE};
	return ret->message[size] == 0 && ret->message[size + 1] == 0;
}

void dechunker_init(struct dechunker *dechunker, size_t max_bytes)
{
	if (dechunker)
		*dechunker = (struct dechunker){.message = BUF_INIT(max_bytes)};
}

void dechunker_release(struct dechunker *dechunker)
{
	if (dechunker)
		buf_release(&dechunker->message);
}

static size_t take_piece(struct dechunker *dechunker, const unsigned char *data, size_t len)
{
	size_t n = len < dechunker->left ? len : dechunker->left;

	buf_append(&dechunker->message, data, n);
	dechunker->left -= n;
	if (dechunker->left == 0)
		dechunker->n_head = 0;
	return n;
}

int dechunker_feed(struct dechunker *dechunker, const unsigned char *data, size_t len, size_t *ret_used, struct err *err)
{
	size_t used = 0;

	ENTER(err);
	if (ret_used)
		*ret_used = 0;
	if (MISUSED(err, NEED(dechunker), NEED(data), NEED(ret_used)))
		return err->class;
	if (dechunker->complete) {
		buf_clear(&dechunker->message);
		dechunker->complete = false;
	}
	while (used < len && !dechunker->complete) {
		if (dechunker->left > 0) {
			used += take_piece(dechunker, data + used, len - used);
			if (dechunker->message.overflow)
				return err_set(err, ERR_TOO_LARGE, "a Bolt message is larger than %zu bytes", dechunker->message.max);
			continue;
		}
		dechunker->head[dechunker->n_head++] = data[used++];
		if (dechunker->n_head < 2)
			continue;
		dechunker->left = (size_t)dechunker->head[0] << 8 | dechunker->head[1];
		if (dechunker->left > 0)
			continue;
		dechunker->n_head = 0;
		// An empty chunk with nothing before it is a keep-alive.
		dechunker->complete = dechunker->message.len > 0;
		dechunker->keepalives += !dechunker->complete;
	}
	*ret_used = used;
	return 0;
}
