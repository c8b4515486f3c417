// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/cancel.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>

struct bolt_cancel {
	atomic_bool fired;
	int fd;
};

int bolt_cancel_new(struct bolt_cancel **ret, struct err *err)
{
	struct bolt_cancel *cancel;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return err_errno(err, errno, "cannot make a descriptor for cancelling");
	cancel = calloc(1, sizeof(*cancel));
	if (!cancel)
		abort();
	cancel->fd = fd;
	*ret = cancel;
	return 0;
}

void bolt_cancel_free(struct bolt_cancel *cancel)
{
	if (!cancel)
		return;
	(void)close(cancel->fd);
	free(cancel);
}

void bolt_cancel_fire(struct bolt_cancel *cancel)
{
	const uint64_t one = 1;
	int saved = errno;

	atomic_store(&cancel->fired, true);
	// Full is as good as written: it is readable.
	if (write(cancel->fd, &one, sizeof(one)) < 0)
		errno = saved;
}

bool bolt_cancel_fired(const struct bolt_cancel *cancel)
{
	return cancel && atomic_load(&cancel->fired);
}

int bolt_cancel_fd(const struct bolt_cancel *cancel)
{
	return cancel ? cancel->fd : -1;
}
