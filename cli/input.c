// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *input_name(const char *path)
{
	return strcmp(path, "-") == 0 ? "standard input" : path;
}

static int fail(const char *path, int errnum, struct err *err)
{
	return err_set(err, ERR_INVALID, "%s cannot be read: %s", input_name(path), strerror(errnum));
}

static int read_stream(FILE *in, const char *path, struct buf *ret, struct err *err)
{
	char piece[4096];
	size_t n;

	// No buffer of stdio: the content may be a secret.
	(void)setvbuf(in, NULL, _IONBF, 0);
	while ((n = fread(piece, 1, sizeof(piece), in)) > 0 && !ret->overflow)
		buf_append(ret, piece, n);
	explicit_bzero(piece, sizeof(piece));
	if (ferror(in))
		return fail(path, errno, err);
	if (ret->overflow)
		return err_set(err, ERR_INVALID, "%s is larger than %zu bytes", input_name(path), ret->max);
	return 0;
}

int input_read(struct program *program, const char *path, struct buf *ret, struct err *err)
{
	_cleanup_(fclosep) FILE *file = NULL;

	if (strcmp(path, "-") == 0)
		return read_stream(program->streams.in, path, ret, err);
	file = fopen(path, "re");
	if (!file)
		return fail(path, errno, err);
	return read_stream(file, path, ret, err);
}
