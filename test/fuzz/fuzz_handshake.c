// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes as a server's first answer: the same outcome in one piece and byte by byte, and never a version we do not speak.

#include <string.h>

#include "bolt/handshake.h"
#include "test/fuzz/fuzz.h"

struct outcome {
	int r;
	size_t used;
	struct bolt_version version;
	bool done;
	struct err err;
};

static struct outcome run(const uint8_t *data, size_t size, size_t piece, struct buf *out)
{
	struct outcome ret = {.err = ERR_INIT};
	struct handshake handshake;

	handshake_init(&handshake);
	while (ret.used < size && ret.r == 0 && !handshake.done) {
		size_t n = size - ret.used < piece ? size - ret.used : piece, used;

		ret.r = handshake_feed(&handshake, data + ret.used, n, &used, out, &ret.err);
		must(ret.r < 0 || (used > 0 && used <= n));
		ret.used += ret.r < 0 ? 0 : used;
	}
	ret.done = handshake.done;
	ret.version = handshake.version;
	handshake_release(&handshake);
	return ret;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf whole_out = BUF_INIT(64), bytes_out = BUF_INIT(64);
	struct outcome whole = run(data, size, size ? size : 1, &whole_out);
	struct outcome bytes = run(data, size, 1, &bytes_out);

	must(whole.r == bytes.r && whole.done == bytes.done && whole.version.major == bytes.version.major && whole.version.minor == bytes.version.minor);
	must(strcmp(whole.err.text, bytes.err.text) == 0);
	must(whole.r < 0 ? !whole.done : whole.used == bytes.used);
	must(whole_out.len == bytes_out.len);
	if (whole.done)
		must(bolt_version_is_spoken(whole.version));
	return 0;
}
