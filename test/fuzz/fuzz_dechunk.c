// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes as chunks: it does not matter in which pieces they come.

#include <string.h>

#include "bolt/chunk.h"
#include "test/fuzz/fuzz.h"

#define MESSAGE_MAX ((size_t)1000)

// Feeds all in pieces and appends the messages, each behind its length; the error's class where there is one.
static void run(const uint8_t *data, size_t size, size_t piece, struct buf *out)
{
	struct dechunker dechunker;
	struct err err = ERR_INIT;
	size_t pos = 0, used;

	dechunker_init(&dechunker, MESSAGE_MAX);
	while (pos < size) {
		size_t n = size - pos < piece ? size - pos : piece;

		if (dechunker_feed(&dechunker, data + pos, n, &used, &err) < 0) {
			must(err.class == ERR_TOO_LARGE);
			buf_add(out, "too large");
			break;
		}
		must(used > 0 && used <= n);
		pos += used;
		if (!dechunker.complete)
			continue;
		must(dechunker.message.len > 0 && dechunker.message.len <= MESSAGE_MAX);
		buf_addf(out, "%zu:", dechunker.message.len);
		buf_append(out, dechunker.message.data, dechunker.message.len);
	}
	dechunker_release(&dechunker);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf whole = BUF_INIT(SIZE_MAX / 4), bytes = BUF_INIT(SIZE_MAX / 4);
	_cleanup_buf_ struct buf message = BUF_INIT(SIZE_MAX / 4), chunks = BUF_INIT(SIZE_MAX / 4), again = BUF_INIT(SIZE_MAX / 4);

	run(data, size, size ? size : 1, &whole);
	run(data, size, 1, &bytes);
	must(whole.len == bytes.len && strcmp(buf_str(&whole), buf_str(&bytes)) == 0);

	// The chunks that we cut go together again.
	if (size == 0 || size > MESSAGE_MAX)
		return 0;
	buf_append(&message, data, size);
	chunk_write(&chunks, &message);
	run((const uint8_t *)chunks.data, chunks.len, 7, &again);
	must(again.len > size && memcmp(again.data + again.len - size, data, size) == 0);
	return 0;
}
