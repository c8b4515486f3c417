// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// curl_multi_poll() is the only place where the thread sleeps: it wakes for a socket, for the nearest timer, or because
// another thread put something into the inbox and called curl_multi_wakeup(), the one curl call that is safe from elsewhere.

#include "net/loop.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/clock.h"

#define POLL_MAX_MS 60000

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
	loop_transfer_done done;
	void *user;
};

struct loop {
	CURLM *multi;
	pthread_t thread;
	pthread_mutex_t lock; // of the inbox and the waiters
	pthread_cond_t signalled;
	struct post *inbox, **inbox_end;
	struct timer *timers;	    // sorted by due_ms; loop thread only
	struct transfer *transfers; // loop thread only
	_Atomic bool stopping;
	bool started;
};

static void *must(void *p)
{
	if (!p)
		abort();
	return p;
}

int loop_new(struct loop **ret, struct err *err)
{
	struct loop *loop;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_INTERNAL, "cannot initialise libcurl");
	loop = must(calloc(1, sizeof(*loop)));
	loop->multi = must(curl_multi_init());
	(void)curl_multi_setopt(loop->multi, CURLMOPT_PIPELINING, CURLPIPE_MULTIPLEX);
	(void)pthread_mutex_init(&loop->lock, NULL);
	(void)pthread_cond_init(&loop->signalled, NULL);
	loop->inbox_end = &loop->inbox;
	*ret = loop;
	return 0;
}

static void run_inbox(struct loop *loop)
{
	struct post *post, *next;

	(void)pthread_mutex_lock(&loop->lock);
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
			(void)curl_multi_remove_handle(loop->multi, easy);
			return transfer;
		}
	}
	return NULL;
}

static void transfer_end(struct loop *loop, CURL *easy, CURLcode result)
{
	struct transfer *transfer = transfer_take(loop, easy);

	if (!transfer)
		return;
	transfer->done(transfer->user, result);
	free(transfer);
}

static void run_transfers(struct loop *loop)
{
	CURLMsg *message;
	int running, left;

	(void)curl_multi_perform(loop->multi, &running);
	while ((message = curl_multi_info_read(loop->multi, &left))) {
		if (message->msg == CURLMSG_DONE)
			transfer_end(loop, message->easy_handle, message->data.result);
	}
}

static int poll_timeout(const struct loop *loop)
{
	int64_t left;

	if (!loop->timers)
		return POLL_MAX_MS;
	left = loop->timers->due_ms - clock_monotonic_ms(&clock_system);
	if (left < 0)
		return 0;
	return left > POLL_MAX_MS ? POLL_MAX_MS : (int)left;
}

static void *run(void *user)
{
	struct loop *loop = user;

	while (!atomic_load(&loop->stopping)) {
		run_inbox(loop);
		run_timers(loop);
		run_transfers(loop);
		(void)curl_multi_poll(loop->multi, NULL, 0, poll_timeout(loop), NULL);
	}
	while (loop->transfers)
		transfer_end(loop, loop->transfers->easy, CURLE_ABORTED_BY_CALLBACK);
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

void loop_stop(struct loop *loop)
{
	if (!loop->started)
		return;
	atomic_store(&loop->stopping, true);
	(void)curl_multi_wakeup(loop->multi);
	(void)pthread_join(loop->thread, NULL);
	loop->started = false;
	run_inbox(loop);
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
	(void)pthread_cond_destroy(&loop->signalled);
	(void)pthread_mutex_destroy(&loop->lock);
	free(loop);
}

void loop_post(struct loop *loop, void (*fn)(void *user), void *user)
{
	struct post *post = must(calloc(1, sizeof(*post)));

	*post = (struct post){.fn = fn, .user = user};
	(void)pthread_mutex_lock(&loop->lock);
	*loop->inbox_end = post;
	loop->inbox_end = &post->next;
	(void)pthread_mutex_unlock(&loop->lock);
	(void)curl_multi_wakeup(loop->multi);
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

int loop_transfer_add(struct loop *loop, CURL *easy, loop_transfer_done done, void *user)
{
	struct transfer *transfer;

	if (loop_is_stopping(loop) || curl_multi_add_handle(loop->multi, easy) != CURLM_OK)
		return -1;
	transfer = must(calloc(1, sizeof(*transfer)));
	*transfer = (struct transfer){.next = loop->transfers, .easy = easy, .done = done, .user = user};
	loop->transfers = transfer;
	return 0;
}

void loop_transfer_remove(struct loop *loop, CURL *easy)
{
	free(transfer_take(loop, easy));
}
