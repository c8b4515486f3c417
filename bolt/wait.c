// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/wait.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "base/clock.h"

int wait_for(const struct wait *wait, struct pollfd *items, size_t n, struct err *err)
{
	struct pollfd all[WAIT_ITEMS_MAX + 1];
	int ready;

	assert(n <= WAIT_ITEMS_MAX);
	memcpy(all, items, n * sizeof(*items));
	all[n] = (struct pollfd){.fd = bolt_cancel_fd(wait->cancel), .events = POLLIN};
	do {
		ready = poll(all, n + (wait->cancel ? 1 : 0), deadline_left_ms(wait->deadline));
	} while (ready < 0 && errno == EINTR);
	if (ready < 0)
		return err_errno(err, errno, "cannot wait for the socket");
	if (bolt_cancel_fired(wait->cancel))
		return err_set(err, ERR_CANCELLED, "cancelled while %s", wait->doing);
	if (ready == 0)
		return err_set(err, ERR_TIMEOUT, "no answer in time while %s", wait->doing);
	memcpy(items, all, n * sizeof(*items));
	return 1;
}
