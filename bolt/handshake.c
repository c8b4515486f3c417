// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/handshake.h"

#include <stdint.h>
#include <string.h>

#include "bolt/misuse.h"

#define RANGES_MAX 64
#define ANSWER_MAX ((size_t)4 + 10 + 4 * RANGES_MAX + 10)

#define SLOTS 4
// From this major version on every server knows the manifest.
#define MANIFEST_ONLY 6

// Asks for Bolt's manifest, version 1: the server lists the versions that it speaks, and the client chooses.
static const unsigned char manifest_v1[4] = {0x00, 0x00, 0x01, 0xFF};

void handshake_init(struct handshake *handshake)
{
	if (handshake)
		*handshake = (struct handshake){.answer = BUF_INIT(ANSWER_MAX)};
}

void handshake_release(struct handshake *handshake)
{
	if (handshake)
		buf_release(&handshake->answer);
}

// The manifest first; then ranges for servers that do not know it. A version that only manifests offer has no range here.
void handshake_open(struct buf *out)
{
	static const unsigned char magic[4] = {0x60, 0x60, 0xB0, 0x17};
	unsigned char slots[SLOTS][4] = {{0}};
	size_t n = 1;

	memcpy(slots[0], manifest_v1, sizeof(manifest_v1));
	for (size_t i = 0; i < n_bolt_version_ranges && n < SLOTS; i++) {
		const struct bolt_version_range *range = &bolt_version_ranges[i];

		if (range->major >= MANIFEST_ONLY)
			continue;
		slots[n][1] = (unsigned char)(range->high - range->low);
		slots[n][2] = (unsigned char)range->high;
		slots[n++][3] = (unsigned char)range->major;
	}
	buf_append(out, magic, sizeof(magic));
	buf_append(out, slots, sizeof(slots));
}

static int agree(struct handshake *handshake, struct bolt_version version)
{
	handshake->version = version;
	handshake->done = true;
	return 0;
}

static int plain_answer(struct handshake *handshake, const unsigned char *a, struct err *err)
{
	static const unsigned char none[4] = {0};

	if (memcmp(a, "HTTP", 4) == 0)
		return err_set(err, ERR_PROTOCOL, "the port speaks HTTP, not Bolt; use the Bolt port, normally 7687");
	// An alert of TLS 1.x about our magic.
	if (a[0] == 0x15 && a[1] == 0x03)
		return err_set(err, ERR_PROTOCOL, "the port speaks TLS, not plain Bolt; connect to it with TLS");
	if (memcmp(a, none, 4) == 0)
		return err_set(err, ERR_PROTOCOL, "the server speaks none of the Bolt versions " BOLT_VERSIONS_SPOKEN);
	if (a[0] != 0 || a[1] != 0 || a[3] >= MANIFEST_ONLY || !bolt_version_is_spoken((struct bolt_version){a[3], a[2]}))
		return err_set(err, ERR_PROTOCOL, "the answer %02x %02x %02x %02x is no Bolt version of " BOLT_VERSIONS_SPOKEN, a[0], a[1], a[2],
			       a[3]);
	return agree(handshake, (struct bolt_version){a[3], a[2]});
}

// Low group first, top bit for more. 1 when read, 0 when more bytes are needed, negative when it is too long.
static int varint(const unsigned char *data, size_t len, size_t *pos, uint64_t *ret)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < 9; i++) {
		if (*pos >= len)
			return 0;
		v |= (uint64_t)(data[*pos] & 0x7F) << (7 * i);
		if (!(data[(*pos)++] & 0x80)) {
			*ret = v;
			return 1;
		}
	}
	return -1;
}

static bool is_offered(const unsigned char *ranges, size_t n, struct bolt_version version)
{
	for (size_t i = 0; i < n; i++) {
		const unsigned char *r = ranges + 4 * i;

		if (r[3] == version.major && version.minor <= r[2] && version.minor + r[1] >= r[2])
			return true;
	}
	return false;
}

// The newest version that both the ranges and we have.
static bool choose(const unsigned char *ranges, size_t n, struct bolt_version *ret)
{
	for (size_t s = 0; s < n_bolt_version_ranges; s++) {
		const struct bolt_version_range *own = &bolt_version_ranges[s];

		for (unsigned minor = own->high + 1; minor-- > own->low;) {
			*ret = (struct bolt_version){own->major, minor};
			if (is_offered(ranges, n, *ret))
				return true;
		}
	}
	return false;
}

static int no_common(const unsigned char *ranges, size_t n, struct err *err)
{
	_cleanup_buf_ struct buf text = BUF_INIT(512);

	for (size_t i = 0; i < n; i++) {
		const unsigned char *r = ranges + 4 * i;

		buf_addf(&text, "%s%u.%u to %u.%u", i ? ", " : "", r[3], r[2] >= r[1] ? r[2] - r[1] : 0, r[3], r[2]);
	}
	return err_set(err, ERR_PROTOCOL, "no common Bolt version: the server speaks %s, this client " BOLT_VERSIONS_SPOKEN,
		       n ? buf_str(&text) : "none");
}

// The manifest: count, ranges, capabilities. 0 with done unset: more bytes are needed.
static int manifest(struct handshake *handshake, struct buf *out, struct err *err)
{
	unsigned char chosen[5] = {0}; // the version, and no capabilities
	const unsigned char *data = (const unsigned char *)handshake->answer.data;
	size_t pos = 4, len = handshake->answer.len, ranges;
	uint64_t n, capabilities;
	struct bolt_version version;
	int r = varint(data, len, &pos, &n);

	if (r < 0 || (r > 0 && n > RANGES_MAX))
		return err_set(err, ERR_TOO_LARGE, "the server offers more than %d Bolt version ranges", RANGES_MAX);
	ranges = pos;
	pos += r > 0 ? 4 * n : 0;
	if (r == 0 || pos > len || (r = varint(data, len, &pos, &capabilities)) == 0)
		return 0;
	if (r < 0)
		return err_set(err, ERR_PROTOCOL, "the capabilities in the server's handshake are too long");
	if (!choose(data + ranges, n, &version))
		return no_common(data + ranges, n, err);
	chosen[2] = (unsigned char)version.minor;
	chosen[3] = (unsigned char)version.major;
	buf_append(out, chosen, sizeof(chosen));
	return agree(handshake, version);
}

int handshake_feed(struct handshake *handshake, const unsigned char *data, size_t len, size_t *ret_used, struct buf *out,
		   struct err *err)
{
	int r = 0;

	ENTER(err);
	if (ret_used)
		*ret_used = 0;
	if (MISUSED(err, NEED(handshake), NEED(data), NEED(ret_used), NEED(out)))
		return err->class;
	// Byte by byte: it is short, and nothing behind its end may be taken.
	for (*ret_used = 0; *ret_used < len && !handshake->done && r == 0;) {
		buf_append(&handshake->answer, data + (*ret_used)++, 1);
		if (handshake->answer.overflow)
			return err_set(err, ERR_TOO_LARGE, "the server's handshake is longer than %zu bytes", ANSWER_MAX);
		if (handshake->answer.len < 4)
			continue;
		if (memcmp(handshake->answer.data, manifest_v1, 4) == 0)
			r = manifest(handshake, out, err);
		else
			r = plain_answer(handshake, (const unsigned char *)handshake->answer.data, err);
	}
	return r;
}
