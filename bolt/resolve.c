// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A look-up belongs to two, the caller and its thread; the last one that leaves frees it. The thread has copies of all that it
// uses. The descriptor by which it calls is the caller's, and closed when the caller leaves.

#include "bolt/resolve.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/exhausted.h"

struct lookup {
	pthread_mutex_t lock;
	int fd;	   // readable when it is done; -1: the caller has left
	bool done; // the thread has
	int result;
	struct addrinfo *addresses;
	char service[8];
	char host[];
};

static struct {
	pthread_mutex_t lock;
	unsigned n;
} left = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void left_add(int n)
{
	(void)pthread_mutex_lock(&left.lock);
	assert(n > 0 || left.n > 0);
	left.n += (unsigned)n;
	(void)pthread_mutex_unlock(&left.lock);
}

static bool left_is_full(void)
{
	bool full;

	(void)pthread_mutex_lock(&left.lock);
	full = left.n >= RESOLVE_LEFT_MAX;
	(void)pthread_mutex_unlock(&left.lock);
	return full;
}

static struct lookup *lookup_new(const char *host, const char *service, int fd)
{
	size_t size = strlen(host) + 1;
	struct lookup *lookup = calloc(1, sizeof(*lookup) + size);

	if (!lookup || strlen(service) >= sizeof(lookup->service))
		memory_is_exhausted();
	(void)pthread_mutex_init(&lookup->lock, NULL);
	lookup->fd = fd;
	memcpy(lookup->service, service, strlen(service) + 1);
	memcpy(lookup->host, host, size);
	return lookup;
}

static void lookup_free(struct lookup *lookup)
{
	if (lookup->addresses)
		freeaddrinfo(lookup->addresses);
	(void)pthread_mutex_destroy(&lookup->lock);
	free(lookup);
}

static int ask(const char *host, const char *service, int flags, struct addrinfo **ret)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = flags};

	*ret = NULL;
	return getaddrinfo(host, service, &hints, ret);
}

static void *look_up(void *user)
{
	struct lookup *lookup = user;
	struct addrinfo *addresses;
	int result = ask(lookup->host, lookup->service, 0, &addresses);
	bool alone;

	(void)pthread_mutex_lock(&lookup->lock);
	lookup->result = result;
	lookup->addresses = addresses;
	lookup->done = true;
	alone = lookup->fd < 0;
	if (!alone)
		(void)eventfd_write(lookup->fd, 1);
	(void)pthread_mutex_unlock(&lookup->lock);
	if (alone) {
		lookup_free(lookup);
		left_add(-1);
	}
	return NULL;
}

// Signals are for the program's own threads.
static int start(struct lookup *lookup)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t thread;
	int r;

	(void)pthread_attr_init(&attr);
	(void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	(void)sigfillset(&all);
	(void)pthread_sigmask(SIG_SETMASK, &all, &before);
	r = pthread_create(&thread, &attr, look_up, lookup);
	(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	(void)pthread_attr_destroy(&attr);
	return r;
}

// The caller's end: the addresses, if they are there.
static bool leave(struct lookup *lookup, int *ret_result, struct addrinfo **ret)
{
	bool done;

	(void)pthread_mutex_lock(&lookup->lock);
	assert(lookup->fd >= 0);
	done = lookup->done;
	(void)close(lookup->fd);
	lookup->fd = -1;
	if (done) {
		*ret_result = lookup->result;
		*ret = lookup->addresses;
		lookup->addresses = NULL;
	} else {
		left_add(1); // before the thread can take it back
	}
	(void)pthread_mutex_unlock(&lookup->lock);
	if (done)
		lookup_free(lookup);
	return done;
}

static int unknown(const char *host, int result, struct err *err)
{
	return result == 0 ? 0 : err_set(err, ERR_IO, "host '%s' is not known: %s", host, gai_strerror(result));
}

static int wait_and_leave(struct lookup *lookup, const char *host, const struct wait *wait, struct addrinfo **ret, struct err *err)
{
	const struct wait turn = {.deadline = wait->deadline, .cancel = wait->cancel, .doing = "looking up the name"};
	struct pollfd item = {.fd = lookup->fd, .events = POLLIN};
	int r = wait_for(&turn, &item, 1, err), result = 0;

	// An answer that came at the last moment still counts.
	if (!leave(lookup, &result, ret))
		return err_wrap(err, "host '%s'", host);
	if (r == ERR_CANCELLED) {
		if (*ret)
			freeaddrinfo(*ret);
		*ret = NULL;
		return err_wrap(err, "host '%s'", host);
	}
	err_clear(err);
	return unknown(host, result, err);
}

static int by_thread(const char *host, const char *service, const struct wait *wait, struct addrinfo **ret, struct err *err)
{
	struct lookup *lookup;
	int fd, r;

	if (left_is_full())
		return err_set(err, ERR_TIMEOUT, "host '%s': the name service does not answer: %d look-ups are waiting for it", host,
			       RESOLVE_LEFT_MAX);
	fd = eventfd(0, EFD_CLOEXEC);
	if (fd < 0)
		return err_errno(err, errno, "host '%s': cannot look it up", host);
	lookup = lookup_new(host, service, fd);
	r = start(lookup);
	if (r == 0)
		return wait_and_leave(lookup, host, wait, ret, err);
	(void)close(fd);
	lookup_free(lookup);
	return err_errno(err, r, "host '%s': cannot start a thread to look it up", host);
}

int resolve(const char *host, const char *service, const struct wait *wait, struct addrinfo **ret, struct err *err)
{
	if (ask(host, service, AI_NUMERICHOST, ret) == 0)
		return 0;
	*ret = NULL;
	return by_thread(host, service, wait, ret, err);
}
