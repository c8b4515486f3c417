// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A fire may come from a signal handler, so that there is no lock: it announces itself before it looks for a guarded socket, and
// the thread that takes the guard away waits until no fire is under way. The descriptor cannot be closed, and be another's, meanwhile.

#include "bolt/cancel.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/exhausted.h"
#include "bolt/misuse.h"

struct bolt_cancel {
	atomic_bool fired;
	atomic_int guarded; // a socket; -1: none
	atomic_uint firing; // that may be shutting it down
	int fd;
};

int bolt_cancel_new(struct bolt_cancel **ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	if (MISUSED(err, NEED(ret)))
		return err->class;

	struct bolt_cancel *cancel;
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	if (fd < 0)
		return err_errno(err, errno, "cannot make a descriptor for cancelling");
	cancel = calloc(1, sizeof(*cancel));
	if (!cancel)
		memory_is_exhausted();
	cancel->fd = fd;
	atomic_init(&cancel->guarded, -1);
	*ret = cancel;
	return 0;
}

void bolt_cancel_free(struct bolt_cancel *cancel)
{
	if (!cancel)
		return;
	// A read that sleeps under its guard would look at it when it wakes up.
	assert(atomic_load(&cancel->guarded) < 0);
	(void)close(cancel->fd);
	free(cancel);
}

void bolt_cancel_fire(struct bolt_cancel *cancel)
{
	const uint64_t one = 1;
	int saved = errno, guarded;

	if (!cancel)
		return;
	atomic_store(&cancel->fired, true);
	(void)atomic_fetch_add(&cancel->firing, 1);
	guarded = atomic_load(&cancel->guarded);
	if (guarded >= 0)
		(void)shutdown(guarded, SHUT_RDWR);
	(void)atomic_fetch_sub(&cancel->firing, 1);
	// Full is as good as written: it is readable.
	(void)!write(cancel->fd, &one, sizeof(one));
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

bool bolt_cancel_guard(struct bolt_cancel *cancel, int fd)
{
	int none = -1;

	if (!cancel)
		return true;
	if (!atomic_compare_exchange_strong(&cancel->guarded, &none, fd))
		return false;
	// It was fired before it saw the socket.
	if (!atomic_load(&cancel->fired))
		return true;
	bolt_cancel_unguard(cancel);
	return false;
}

void bolt_cancel_unguard(struct bolt_cancel *cancel)
{
	if (!cancel)
		return;
	atomic_store(&cancel->guarded, -1);
	while (atomic_load(&cancel->firing) > 0)
		(void)sched_yield();
}
