// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// curl_multi_poll() is the only place where the thread sleeps: it wakes for a socket, for the nearest
// timer, or because another thread put something into the inbox and called curl_multi_wakeup(), the one
// curl call that is safe from elsewhere.
//
// Timers are few (some per watch), so they are a sorted list.
//
// Transfers over HTTP/1.1 have a multi handle of their own, and so connections of their own. Beside HTTP/2 in one handle they would end the
// sharing: after one answer by HTTP/1.1 curl believes that the host cannot multiplex, and gives an idle connection of that kind to the next
// watch, until each watch has a connection to itself. The thread sleeps for both handles in the first one's poll, which takes the other one's
// sockets along.
//
// HTTP/2's streams share what curl has read from the connection. A stream takes its own part, and libcurl (7.88, for one) does not always
// remember that data for the others is left: the socket reports nothing more, and they would sleep until some timer. So the thread does not
// sleep after a turn that handed out data or ended a transfer. This does not cure one case: in 7.88 a stream whose very last piece met a full
// buffer ends only with the connection's next byte, which another call or watch brings, or with its timeout.
//
// curl decides when a transfer's time is over, but the thread does not rely on it. A transfer that waits for a connection that another is making
// gets no end at all. And within one turn curl reads the clock again when another transfer begins, takes all timers due by then for served, and
// so forgets one now and then. OVERDUE_MS after its deadline the thread ends such a transfer itself.
//
// A dead peer: TCP finds a lost host by itself (net/http sets its limits), but not a peer whose machine still acknowledges while nobody answers.
// HTTP/2 puts everything on one connection, and curl ends only the stream that timed out, so it would put the next request on the same dead
// connection. Hence the thread shuts a connection down when a transfer on it times out and the connection received nothing in all that time. Its
// other transfers fail and start anew on a fresh connection.

#include "net/loop.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/must.h"

#define POLL_MAX_MS 60000
#define OVERDUE_MS 100
#define SILENCE_MIN_MS 10000
// How many sockets of the second handle the thread can poll: a call of each worker (64 at most) and the watches. While there are more, or while
// curl waits for something that is no socket, the thread looks at the handle again soon.
#define APART_MAX 96
#define APART_SOON_MS 20

struct post {
	struct post *next;
	void (*fn)(void *user);
	void *user;
};

struct timer {
	struct timer *next;
	int64_t due_ms;
	void (*fn)(void *user);
	void *user;
};

struct transfer {
	struct transfer *next;
	CURL *easy;
	CURLM *multi;
	int64_t since_ms; // INT64_MAX: a transfer that may last
	int64_t until_ms; // then it is overdue; INT64_MAX: never
	loop_transfer_done done;
	void *user;
};

struct loop {
	CURLM *multi, *apart;
	int running_apart;
	bool moved; // this turn handed out data or ended a transfer; loop thread only
	pthread_t thread;
	pthread_mutex_t lock; // of the inbox and the waiters
	pthread_cond_t signalled;
	struct post *inbox, **inbox_end;
	struct timer *timers;	    // sorted by due_ms; loop thread only
	struct transfer *transfers; // loop thread only
	_Atomic bool stopping;
	_Atomic int64_t patience_ms; // of loop_stop_when_stuck()
	bool closed; // under the lock: the inbox is closed
	bool started;
};

// curl copies headers (bearer tokens) and answers (Secrets): wiping them leaves nothing in freed memory.
static void wiping_free(void *p)
{
	if (p)
		explicit_bzero(p, malloc_usable_size(p));
	free(p);
}

static void *wiping_realloc(void *p, size_t size)
{
	size_t old = p ? malloc_usable_size(p) : 0;
	void *copy = malloc(size);

	if (copy && p) {
		memcpy(copy, p, old < size ? old : size);
		wiping_free(p);
	}
	return copy;
}

int loop_new(struct loop **ret, struct err *err)
{
	struct loop *loop;

	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, malloc, wiping_free, wiping_realloc, strdup, calloc) !=
	    CURLE_OK)
		return err_set(err, ERR_INTERNAL, "cannot initialise libcurl");
	loop = must(calloc(1, sizeof(*loop)));
	loop->multi = must(curl_multi_init());
	loop->apart = must(curl_multi_init());
	(void)curl_multi_setopt(loop->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	(void)curl_multi_setopt(loop->apart, CURLMOPT_PIPELINING, CURLPIPE_NOTHING);
	(void)pthread_mutex_init(&loop->lock, NULL);
	(void)pthread_cond_init(&loop->signalled, NULL);
	loop->inbox_end = &loop->inbox;
	*ret = loop;
	return 0;
}

static void run_inbox(struct loop *loop, bool close)
{
	struct post *post, *next;

	(void)pthread_mutex_lock(&loop->lock);
	loop->closed = close;
	post = loop->inbox;
	loop->inbox = NULL;
	loop->inbox_end = &loop->inbox;
	(void)pthread_mutex_unlock(&loop->lock);
	for (; post; post = next) {
		next = post->next;
		post->fn(post->user);
		free(post);
	}
}

static void run_timers(struct loop *loop)
{
	int64_t now = clock_monotonic_ms(&clock_system);

	while (loop->timers && loop->timers->due_ms <= now) {
		struct timer *timer = loop->timers;

		loop->timers = timer->next;
		timer->fn(timer->user);
		free(timer);
	}
}

static struct transfer *transfer_take(struct loop *loop, CURL *easy)
{
	for (struct transfer **link = &loop->transfers; *link; link = &(*link)->next) {
		if ((*link)->easy == easy) {
			struct transfer *transfer = *link;

			*link = transfer->next;
			(void)curl_multi_remove_handle(transfer->multi, easy);
			loop->moved = true;
			return transfer;
		}
	}
	return NULL;
}

// The milliseconds since a TCP connection last received something; -1 when that is not known.
static int64_t silence_of(int fd)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	if (fd < 0 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0)
		return -1;
	return info.tcpi_last_data_recv;
}

static uint16_t port_of(const struct sockaddr_storage *address)
{
	if (address->ss_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)address)->sin6_port);
	return address->ss_family == AF_INET ? ntohs(((const struct sockaddr_in *)address)->sin_port) : 0;
}

static bool is_between(int fd, long local_port, long peer_port)
{
	struct sockaddr_storage local = {0}, peer = {0};
	socklen_t local_size = sizeof(local), peer_size = sizeof(peer);

	return getsockname(fd, (struct sockaddr *)&local, &local_size) == 0 &&
	       getpeername(fd, (struct sockaddr *)&peer, &peer_size) == 0 && port_of(&local) == local_port &&
	       port_of(&peer) == peer_port;
}

// curl names the socket only of a connection that no other transfer uses (CURLINFO_ACTIVESOCKET), but it names the ports of any. Only this
// thread opens and closes curl's sockets, so the result stays true. It looks at all of them, which is rare enough.
static int socket_of(CURL *easy)
{
	long local_port = 0, peer_port = 0;
	const struct dirent *entry;
	int found = -1;
	DIR *folder;

	(void)curl_easy_getinfo(easy, CURLINFO_LOCAL_PORT, &local_port);
	(void)curl_easy_getinfo(easy, CURLINFO_PRIMARY_PORT, &peer_port);
	folder = local_port > 0 ? opendir("/proc/self/fd") : NULL;
	if (!folder)
		return -1;
	while (found < 0 && (entry = readdir(folder))) {
		int fd = (int)strtol(entry->d_name, NULL, 10);

		if (is_between(fd, local_port, peer_port))
			found = fd;
	}
	(void)closedir(folder);
	return found;
}

static void drop_silent_connection(CURL *easy, int64_t at_least_ms)
{
	int fd = socket_of(easy);

	if (at_least_ms < SILENCE_MIN_MS)
		at_least_ms = SILENCE_MIN_MS;
	if (silence_of(fd) >= at_least_ms)
		(void)shutdown(fd, SHUT_RDWR);
}

static void transfer_end(struct loop *loop, CURL *easy, CURLcode result)
{
	struct transfer *transfer;
	curl_off_t took_us = 0;

	if (result == CURLE_OPERATION_TIMEDOUT) {
		(void)curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &took_us);
		drop_silent_connection(easy, took_us / 1000);
	}
	transfer = transfer_take(loop, easy);

	if (!transfer)
		return;
	transfer->done(transfer->user, result);
	free(transfer);
}

static int run_transfers(struct loop *loop, CURLM *multi)
{
	CURLMsg *message;
	int running = 0, left;

	(void)curl_multi_perform(multi, &running);
	while ((message = curl_multi_info_read(multi, &left))) {
		if (message->msg == CURLMSG_DONE)
			transfer_end(loop, message->easy_handle, message->data.result);
	}
	return running;
}

static void end_overdue(struct loop *loop)
{
	int64_t now = clock_monotonic_ms(&clock_system);
	struct transfer *transfer = loop->transfers;

	while (transfer) {
		if (transfer->until_ms > now) {
			transfer = transfer->next;
			continue;
		}
		transfer_end(loop, transfer->easy, CURLE_OPERATION_TIMEDOUT);
		// The callback may have changed the list.
		transfer = loop->transfers;
	}
}

static int poll_timeout(const struct loop *loop)
{
	int64_t now = clock_monotonic_ms(&clock_system), next = now + POLL_MAX_MS;

	if (loop->timers && loop->timers->due_ms < next)
		next = loop->timers->due_ms;
	for (const struct transfer *transfer = loop->transfers; transfer; transfer = transfer->next)
		next = transfer->until_ms < next ? transfer->until_ms : next;
	return next > now ? (int)(next - now) : 0;
}

// The second handle's sockets, and how long the thread may sleep for them at most.
static unsigned watch_apart(struct loop *loop, struct curl_waitfd *ret_fds, int *timeout_ms)
{
	fd_set reads, writes, problems;
	long left_ms = -1;
	unsigned n = 0;
	int max = -1;

	FD_ZERO(&reads);
	FD_ZERO(&writes);
	FD_ZERO(&problems);
	(void)curl_multi_fdset(loop->apart, &reads, &writes, &problems, &max);
	(void)curl_multi_timeout(loop->apart, &left_ms);
	for (int fd = 0; fd <= max; fd++) {
		short events = (short)((FD_ISSET(fd, &reads) ? CURL_WAIT_POLLIN : 0) | (FD_ISSET(fd, &writes) ? CURL_WAIT_POLLOUT : 0));

		if (events && n < APART_MAX)
			ret_fds[n++] = (struct curl_waitfd){.fd = fd, .events = events};
	}
	if ((loop->running_apart > 0 && n == 0) || n == APART_MAX)
		left_ms = left_ms >= 0 && left_ms < APART_SOON_MS ? left_ms : APART_SOON_MS;
	if (left_ms >= 0 && left_ms < *timeout_ms)
		*timeout_ms = (int)left_ms;
	return n;
}

static void sleep_until_something(struct loop *loop)
{
	struct curl_waitfd fds[APART_MAX];
	// A callback that has just run may have told the loop to end.
	int timeout_ms = loop->moved || loop_is_stopping(loop) ? 0 : poll_timeout(loop);
	unsigned n = watch_apart(loop, fds, &timeout_ms);

	loop->moved = false;
	(void)curl_multi_poll(loop->multi, fds, n, timeout_ms, NULL);
}

static void *run(void *user)
{
	struct loop *loop = user;

	while (!atomic_load(&loop->stopping)) {
		run_inbox(loop, false);
		run_timers(loop);
		(void)run_transfers(loop, loop->multi);
		loop->running_apart = run_transfers(loop, loop->apart);
		end_overdue(loop);
		sleep_until_something(loop);
	}
	while (loop->transfers)
		transfer_end(loop, loop->transfers->easy, CURLE_ABORTED_BY_CALLBACK);
	run_inbox(loop, true);
	return NULL;
}

int loop_start(struct loop *loop, struct err *err)
{
	int r = pthread_create(&loop->thread, NULL, run, loop);

	if (r != 0)
		return err_errno(err, r, "cannot start the I/O thread");
	loop->started = true;
	return 0;
}

static void look_for_stuck(void *user)
{
	struct loop *loop = user;
	int64_t now = clock_monotonic_ms(&clock_system), oldest = now;

	for (const struct transfer *transfer = loop->transfers; transfer; transfer = transfer->next)
		oldest = transfer->since_ms < oldest ? transfer->since_ms : oldest;
	if (now - oldest >= loop->patience_ms)
		atomic_store(&loop->stopping, true);
	else
		loop_timer(loop, loop->patience_ms - (now - oldest), look_for_stuck, loop);
}

static void begin_to_look(void *user)
{
	struct loop *loop = user;

	loop_timer(loop, loop->patience_ms, look_for_stuck, loop);
}

void loop_stop_when_stuck(struct loop *loop, int64_t ms)
{
	loop->patience_ms = ms;
	loop_post(loop, begin_to_look, loop);
}

void loop_stop(struct loop *loop)
{
	atomic_store(&loop->stopping, true);
	if (loop->started) {
		(void)curl_multi_wakeup(loop->multi);
		(void)pthread_join(loop->thread, NULL);
		loop->started = false;
	}
	run_inbox(loop, true);
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	loop_stop(loop);
	while (loop->timers) {
		struct timer *timer = loop->timers;

		loop->timers = timer->next;
		free(timer);
	}
	(void)curl_multi_cleanup(loop->multi);
	(void)curl_multi_cleanup(loop->apart);
	(void)pthread_cond_destroy(&loop->signalled);
	(void)pthread_mutex_destroy(&loop->lock);
	free(loop);
}

void loop_post(struct loop *loop, void (*fn)(void *user), void *user)
{
	struct post *post = must(calloc(1, sizeof(*post)));

	bool closed;

	*post = (struct post){.fn = fn, .user = user};
	(void)pthread_mutex_lock(&loop->lock);
	closed = loop->closed;
	if (!closed) {
		*loop->inbox_end = post;
		loop->inbox_end = &post->next;
		// Under the lock, so that the loop is not freed in between.
		(void)curl_multi_wakeup(loop->multi);
	}
	(void)pthread_mutex_unlock(&loop->lock);
	if (closed) {
		free(post);
		fn(user);
	}
}

void loop_timer(struct loop *loop, int64_t delay_ms, void (*fn)(void *user), void *user)
{
	struct timer *timer = must(calloc(1, sizeof(*timer))), **link = &loop->timers;

	*timer = (struct timer){.due_ms = clock_monotonic_ms(&clock_system) + delay_ms, .fn = fn, .user = user};
	while (*link && (*link)->due_ms <= timer->due_ms)
		link = &(*link)->next;
	timer->next = *link;
	*link = timer;
}

bool loop_is_stopping(const struct loop *loop)
{
	return atomic_load(&loop->stopping);
}

void loop_signal(struct loop *loop, struct loop_waiter *waiter)
{
	(void)pthread_mutex_lock(&loop->lock);
	waiter->done = true;
	(void)pthread_cond_broadcast(&loop->signalled);
	(void)pthread_mutex_unlock(&loop->lock);
}

void loop_wait(struct loop *loop, struct loop_waiter *waiter)
{
	(void)pthread_mutex_lock(&loop->lock);
	while (!waiter->done)
		(void)pthread_cond_wait(&loop->signalled, &loop->lock);
	(void)pthread_mutex_unlock(&loop->lock);
}

void loop_moved(struct loop *loop)
{
	loop->moved = true;
}

int loop_transfer_add(struct loop *loop, CURL *easy, const struct loop_transfer *options)
{
	CURLM *multi = options->flags & LOOP_APART ? loop->apart : loop->multi;
	int64_t now = clock_monotonic_ms(&clock_system);
	struct transfer *transfer;

	if (loop_is_stopping(loop) || curl_multi_add_handle(multi, easy) != CURLM_OK)
		return -1;
	transfer = must(calloc(1, sizeof(*transfer)));
	*transfer = (struct transfer){.next = loop->transfers, .easy = easy, .multi = multi, .done = options->done, .user = options->user};
	transfer->since_ms = options->flags & LOOP_LASTS ? INT64_MAX : now;
	transfer->until_ms = options->timeout_ms ? now + options->timeout_ms + OVERDUE_MS : INT64_MAX;
	loop->transfers = transfer;
	return 0;
}

void loop_transfer_remove(struct loop *loop, CURL *easy)
{
	free(transfer_take(loop, easy));
}

void loop_transfer_fail(struct loop *loop, CURL *easy, int64_t silent_ms)
{
	drop_silent_connection(easy, silent_ms);
	transfer_end(loop, easy, CURLE_OPERATION_TIMEDOUT);
}
