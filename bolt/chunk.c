// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/chunk.h"

#include <stdint.h>

void chunk_write(struct buf *out, const struct buf *message)
{
	size_t done = 0;

	while (done < message->len) {
		size_t n = message->len - done < UINT16_MAX ? message->len - done : UINT16_MAX;

		buf_addc(out, (char)(n >> 8));
		buf_addc(out, (char)n);
		buf_append(out, message->data + done, n);
		done += n;
	}
	buf_append(out, "\0\0", 2);
}

void dechunker_init(struct dechunker *dechunker, size_t max_bytes)
{
	*dechunker = (struct dechunker){.message = BUF_INIT(max_bytes)};
}

void dechunker_release(struct dechunker *dechunker)
{
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
	}
	*ret_used = used;
	return 0;
}
