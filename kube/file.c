// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

int file_read(const char *path, struct buf *ret, struct err *err)
{
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	char piece[4096];
	ssize_t n;

	if (fd < 0) {
		int r = errno;

		(void)err_errno(err, r, "cannot open '%s'", path);
		if (r == ENOENT)
			err->class = ERR_NOT_FOUND;
		return err->class;
	}
	while ((n = read(fd, piece, sizeof(piece))) > 0)
		buf_append(ret, piece, (size_t)n);
	explicit_bzero(piece, sizeof(piece));
	if (n < 0)
		return err_errno(err, errno, "cannot read '%s'", path);
	if (ret->overflow)
		return err_set(err, ERR_TOO_LARGE, "'%s' is larger than %zu bytes", path, ret->max);
	return 0;
}
