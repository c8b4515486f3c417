// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A .tar.gz of texts, in memory. Source: POSIX.1-2001 pax (ustar headers), RFC 1952, RFC 1951.

#include <stdint.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/err.h"

#define TARBALL_MAX ((size_t)256 * 1024 * 1024)

struct tarball {
	struct buf tar;
	int64_t time_s; // of all files
};

#define TARBALL_INIT(time) ((struct tarball){.tar = BUF_INIT_SECRET(TARBALL_MAX), .time_s = (time)})

// A path that no slash splits into at most 155 and 100 bytes keeps only its last 100.
void tarball_add(struct tarball *archive, const char *path, const char *text, size_t len);

// Ends the archive and writes it out. ERR_TOO_LARGE; ERR_IO.
int tarball_write(struct tarball *archive, FILE *out, struct err *err);
void tarball_release(struct tarball *archive);
