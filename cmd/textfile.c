// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cmd/textfile.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/cleanup.h"

static int fail(struct err *err, const char *path, const char *what)
{
	(void)err_errno(err, errno, "%s cannot be %s", path, what);
	err->class = ERR_INVALID;
	return ERR_INVALID;
}

static int read_all(int fd, const char *path, struct buf *ret, struct err *err)
{
	char piece[4096];
	ssize_t n;

	while ((n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(err, path, "read");
		buf_append(ret, piece, (size_t)n);
		if (ret->overflow)
			return err_set(err, ERR_INVALID, "%s is larger than %zu bytes", path, ret->max);
	}
	explicit_bzero(piece, sizeof(piece));
	return 0;
}

int textfile_bytes(const char *path, size_t max, struct arena *arena, const char **ret, size_t *ret_size, struct err *err)
{
	_cleanup_buf_ struct buf all = BUF_INIT_SECRET(max);
	_cleanup_close_ int fd = strcmp(path, "-") == 0 ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0) : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return fail(err, path, "opened");
	if (read_all(fd, path, &all, err) < 0)
		return err->class;
	*ret = arena_memdup0(arena, buf_str(&all), all.len);
	*ret_size = all.len;
	return 0;
}

int textfile_text(const char *path, size_t max, struct arena *arena, const char **ret, struct err *err)
{
	size_t size;

	if (textfile_bytes(path, max, arena, ret, &size, err) < 0)
		return err->class;
	return memchr(*ret, '\0', size) ? err_set(err, ERR_INVALID, "%s is no text", path) : 0;
}
