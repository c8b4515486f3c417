// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/runner.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

struct runner {
	struct runner_options options;
	_Atomic uint64_t succeeded, waiting, failed, busy_ms;
	_Atomic int active;
	int n;
	pthread_t threads[];
};

struct number {
	char text[24];
};

static const char *number_text(struct number *number, int64_t value)
{
	(void)snprintf(number->text, sizeof(number->text), "%lld", (long long)value);
	return number->text;
}

static void log_outcome(const struct runner *runner, const char *key, const struct outcome *outcome,
			int64_t again_ms, int64_t took_ms)
{
	struct number took, again;

	log_info("reconciled", "controller", runner->options.name, "key", key, "outcome", outcome->reason,
		 "took_ms", number_text(&took, took_ms), "again_after_ms",
		 again_ms > 0 ? number_text(&again, again_ms) : NULL);
}

// The one policy from an error to the next run: the key's back-off, but not before the server's
// Retry-After. A lost race (409) is everyday life: the winner's change comes through the watch.
static void handle_error(struct runner *runner, const char *key, const struct err *err, int64_t took_ms)
{
	enum log_level level = err->class == ERR_CONFLICT ? LOG_INFO : LOG_WARNING;
	struct number took, again;
	int64_t delay;

	if (err->class == ERR_CANCELLED) {
		log_debug("reconcile cancelled", "controller", runner->options.name, "key", key);
		return;
	}
	atomic_fetch_add(&runner->failed, 1);
	delay = queue_add_backoff_at_least(runner->options.queue, key, err->retry_after_ms);
	log_write(level, "reconcile failed", "controller", runner->options.name, "key", key, "class",
		  err_class_name(err->class), "error", err->text, "took_ms", number_text(&took, took_ms),
		  "again_after_ms", number_text(&again, delay), (char *)0);
}

static void handle_outcome(struct runner *runner, const char *key, const struct outcome *outcome, int64_t took_ms)
{
	struct queue *queue = runner->options.queue;
	int64_t again_ms = outcome->again_after_ms;

	if (outcome->backoff) {
		again_ms = queue_add_backoff(queue, key);
	} else {
		queue_forget(queue, key);
		if (again_ms > 0)
			queue_add_after(queue, key, again_ms);
	}
	atomic_fetch_add(again_ms > 0 ? &runner->waiting : &runner->succeeded, 1);
	log_outcome(runner, key, outcome, again_ms, took_ms);
}

static void run_key(struct runner *runner, const char *key)
{
	int64_t started = clock_monotonic_ms(&clock_system), took;
	struct outcome outcome = {0};
	struct err err = ERR_INIT;
	int r;

	atomic_fetch_add(&runner->active, 1);
	r = runner->options.reconcile(runner->options.user, key, &outcome, &err);
	atomic_fetch_sub(&runner->active, 1);
	took = clock_monotonic_ms(&clock_system) - started;
	atomic_fetch_add(&runner->busy_ms, (uint64_t)took);
	if (r < 0)
		handle_error(runner, key, &err, took);
	else
		handle_outcome(runner, key, &outcome, took);
}

static void *work(void *user)
{
	struct runner *runner = user;
	char key[QUEUE_KEY_SIZE];

	while (queue_get(runner->options.queue, key, sizeof(key))) {
		run_key(runner, key);
		queue_done(runner->options.queue, key);
	}
	return NULL;
}

int runner_start(const struct runner_options *options, struct runner **ret, struct err *err)
{
	struct runner *runner = calloc(1, sizeof(*runner) + (size_t)options->workers * sizeof(pthread_t));

	if (!runner)
		abort();
	runner->options = *options;
	for (; runner->n < options->workers; runner->n++) {
		int r = pthread_create(&runner->threads[runner->n], NULL, work, runner);

		if (r != 0) {
			runner_stop(runner);
			return err_errno(err, r, "cannot start a worker");
		}
	}
	*ret = runner;
	return 0;
}

void runner_stop(struct runner *runner)
{
	if (!runner)
		return;
	queue_shutdown(runner->options.queue);
	for (int i = 0; i < runner->n; i++)
		(void)pthread_join(runner->threads[i], NULL);
	free(runner);
}

void runner_stats(const struct runner *runner, struct runner_stats *ret)
{
	*ret = (struct runner_stats){
		.succeeded = atomic_load(&runner->succeeded),
		.waiting = atomic_load(&runner->waiting),
		.failed = atomic_load(&runner->failed),
		.busy_ms = atomic_load(&runner->busy_ms),
		.active = atomic_load(&runner->active),
		.workers = runner->n,
	};
}
