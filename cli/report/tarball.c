// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The bytes are stored, not compressed, which gzip allows: every reader takes it, the program needs no library for it, and a user may compress
// it before mailing.

#include "cli/report/tarball.h"

#include <string.h>

#define BLOCK 512
#define STORED_MAX 65535

struct header {
	char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100], magic[6], version[2], owner[32], group[32],
		major[8], minor[8], prefix[155], padding[12];
};

_Static_assert(sizeof(struct header) == BLOCK, "a header is a block");

static void pad(struct buf *tar)
{
	static const char zeros[BLOCK];

	buf_append(tar, zeros, (BLOCK - tar->len % BLOCK) % BLOCK);
}

// Splits a long path at a slash.
static void put_name(struct header *header, const char *path)
{
	size_t len = strlen(path);
	const char *cut = path;

	while (len - (size_t)(cut - path) > sizeof(header->name)) {
		const char *slash = strchr(cut + (cut != path), '/');

		if (!slash || (size_t)(slash - path) > sizeof(header->prefix))
			break;
		cut = slash;
	}
	if (cut != path)
		memcpy(header->prefix, path, (size_t)(cut - path));
	cut += cut != path;
	// The end of a path tells it from others.
	len -= (size_t)(cut - path);
	if (len > sizeof(header->name)) {
		cut += len - sizeof(header->name);
		len = sizeof(header->name);
	}
	memcpy(header->name, cut, len);
}

static void octal(char *field, size_t size, uint64_t number)
{
	for (size_t i = size - 1; i > 0; i--, number >>= 3)
		field[i - 1] = (char)('0' + (number & 7));
}

void tarball_add(struct tarball *archive, const char *path, const char *text, size_t len)
{
	struct header header = {.type = '0', .magic = "ustar", .version = {'0', '0'}};
	const unsigned char *bytes = (const unsigned char *)&header;
	unsigned sum = 0;

	put_name(&header, path);
	octal(header.mode, sizeof(header.mode), 0600);
	octal(header.uid, sizeof(header.uid), 0);
	octal(header.gid, sizeof(header.gid), 0);
	octal(header.size, sizeof(header.size), len);
	octal(header.mtime, sizeof(header.mtime), (uint64_t)archive->time_s);
	memset(header.checksum, ' ', sizeof(header.checksum));
	for (size_t i = 0; i < sizeof(header); i++)
		sum += bytes[i];
	octal(header.checksum, sizeof(header.checksum) - 1, sum);
	buf_append(&archive->tar, &header, sizeof(header));
	buf_append(&archive->tar, text, len);
	pad(&archive->tar);
}

static uint32_t crc32_of(const struct buf *data)
{
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < data->len; i++) {
		crc ^= (unsigned char)data->data[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? UINT32_C(0xEDB88320) : 0);
	}
	return ~crc;
}

static void put_little(FILE *out, uint32_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		(void)fputc((int)(number >> 8 * i & 0xff), out);
}

int tarball_write(struct tarball *archive, FILE *out, struct err *err)
{
	static const unsigned char head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
	static const char end[2 * BLOCK];
	struct buf *tar = &archive->tar;

	buf_append(tar, end, sizeof(end));
	if (tar->overflow)
		return err_set(err, ERR_TOO_LARGE, "the report would be larger than %zu MiB; name one deployment", TARBALL_MAX >> 20);
	(void)fwrite(head, 1, sizeof(head), out);
	for (size_t at = 0; at < tar->len; at += STORED_MAX) {
		uint32_t n = tar->len - at < STORED_MAX ? (uint32_t)(tar->len - at) : STORED_MAX;

		(void)fputc(at + n == tar->len, out);
		put_little(out, n, 2);
		put_little(out, ~n, 2);
		(void)fwrite(tar->data + at, 1, n, out);
	}
	put_little(out, crc32_of(tar), 4);
	put_little(out, (uint32_t)tar->len, 4);
	return ferror(out) ? err_set(err, ERR_IO, "the report could not be written") : 0;
}

void tarball_release(struct tarball *archive)
{
	buf_release(&archive->tar);
}
