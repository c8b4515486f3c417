// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/dial.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "bolt/resolve.h"

// How long an address may be silent before the next one is tried beside it.
#define HEAD_START_MS 250
#define ADDRESSES_MAX WAIT_ITEMS_MAX

struct race {
	struct pollfd items[ADDRESSES_MAX]; // the attempts that are under way
	size_t n;
	unsigned tried;
	const struct addrinfo *next;
	int64_t next_at;
	struct err last; // of the last attempt that failed
};

static void note(struct race *race, int errnum, const char *what)
{
	err_clear(&race->last);
	(void)err_errno(&race->last, errnum, "%s", what);
	if (errnum != EMFILE && errnum != ENFILE)
		race->last.class = ERR_IO;
}

// Starts to connect to the next address. True when the connection is there at once.
static bool start_next(struct race *race)
{
	const struct addrinfo *address = race->next;
	int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	race->next = ++race->tried < ADDRESSES_MAX ? address->ai_next : NULL;
	race->next_at = deadline_in_ms(HEAD_START_MS);
	if (fd < 0) {
		note(race, errno, "cannot make a socket");
		return false;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	race->items[race->n++] = (struct pollfd){.fd = fd, .events = POLLOUT};
	if (connect(fd, address->ai_addr, address->ai_addrlen) == 0)
		return true;
	if (errno == EINPROGRESS)
		return false;
	note(race, errno, "cannot connect");
	(void)close(fd);
	race->n--;
	return false;
}

// Those that are ready have won or failed. The winner's index, or -1.
static int judge(struct race *race)
{
	for (size_t i = 0; i < race->n; i++) {
		socklen_t size = sizeof(int);
		int error = 0;

		if (!race->items[i].revents)
			continue;
		(void)getsockopt(race->items[i].fd, SOL_SOCKET, SO_ERROR, &error, &size);
		if (error == 0)
			return (int)i;
		note(race, error, "cannot connect");
		(void)close(race->items[i].fd);
		race->items[i--] = race->items[--race->n];
		race->next_at = 0;
	}
	return -1;
}

// The winner's index.
static int run(struct race *race, const struct wait *wait, struct err *err)
{
	for (;;) {
		struct wait turn = {.deadline = wait->deadline, .cancel = wait->cancel, .doing = "connecting"};
		int r;

		while (race->next && (race->n == 0 || deadline_left_ms(race->next_at) == 0)) {
			if (start_next(race))
				return (int)race->n - 1;
		}
		if (race->n == 0) {
			*err = race->last;
			return err->class;
		}
		if (race->next && race->next_at < turn.deadline)
			turn.deadline = race->next_at;
		r = wait_for(&turn, race->items, race->n, err);
		if (r == ERR_TIMEOUT && turn.deadline != wait->deadline) {
			err_clear(err);
			continue;
		}
		if (r < 0)
			return r;
		r = judge(race);
		if (r >= 0)
			return r;
	}
}

int dial(const char *host, uint16_t port, const struct wait *wait, int *ret_fd, struct err *err)
{
	struct race race = {.last = ERR_INIT};
	struct addrinfo *addresses = NULL;
	char service[8];
	int r;

	(void)snprintf(service, sizeof(service), "%u", port);
	r = resolve(host, service, wait, &addresses, err);
	if (r < 0)
		return r;
	race.next = addresses;
	r = run(&race, wait, err);
	freeaddrinfo(addresses);
	if (r >= 0)
		*ret_fd = race.items[r].fd;
	for (int i = 0; i < (int)race.n; i++) {
		if (i != r)
			(void)close(race.items[i].fd);
	}
	return r < 0 ? err_wrap(err, "%s:%s", host, service) : 0;
}
