// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/runner.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

struct runner {
	struct runner_options options;
	int n;
	pthread_t threads[];
};

static void log_outcome(const struct runner *runner, const char *key, const struct outcome *outcome, int64_t took_ms)
{
	char took[24], again[24];

	(void)snprintf(took, sizeof(took), "%lld", (long long)took_ms);
	(void)snprintf(again, sizeof(again), "%lld", (long long)outcome->again_after_ms);
	log_debug("reconciled", "controller", runner->options.name, "key", key, "outcome", outcome->reason, "took_ms", took,
		  "again_after_ms", outcome->again_after_ms ? again : NULL);
}

// The one policy from an error to the next run: back-off, or what the server asked for where that is longer.
static void handle_error(const struct runner *runner, const char *key, const struct err *err)
{
	int64_t delay = err->retry_after_ms;
	char again[24];

	if (delay > 0)
		queue_add_after(runner->options.queue, key, delay);
	else
		delay = queue_add_backoff(runner->options.queue, key);
	(void)snprintf(again, sizeof(again), "%lld", (long long)delay);
	log_warning("reconcile failed", "controller", runner->options.name, "key", key, "class", err_class_name(err->class),
		    "error", err->text, "again_after_ms", again);
}

static void run_key(const struct runner *runner, const char *key)
{
	struct queue *queue = runner->options.queue;
	int64_t started = clock_monotonic_ms(&clock_system);
	struct outcome outcome = {0};
	struct err err = ERR_INIT;

	if (runner->options.reconcile(runner->options.user, key, &outcome, &err) < 0) {
		handle_error(runner, key, &err);
		return;
	}
	log_outcome(runner, key, &outcome, clock_monotonic_ms(&clock_system) - started);
	if (outcome.backoff) {
		(void)queue_add_backoff(queue, key);
		return;
	}
	queue_forget(queue, key);
	if (outcome.again_after_ms > 0)
		queue_add_after(queue, key, outcome.again_after_ms);
}

static void *work(void *user)
{
	const struct runner *runner = user;
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
	queue_shutdown(runner->options.queue);
	for (int i = 0; i < runner->n; i++)
		(void)pthread_join(runner->threads[i], NULL);
	free(runner);
}
