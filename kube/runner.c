// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A worker is busy while it runs a reconcile, and slow when that has lasted longer than slow_ms. The keeper, a thread of its own, sleeps while a
// worker is idle. When all are busy, it makes sure that the wanted number of workers exists beside the slow ones, in time for the moment when
// the next one becomes slow. A worker that finds itself one too many after a reconcile ends.

#include "kube/runner.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/steps.h"

// Reports a reconcile after so long, and again after as long.
#define LONG_MS INT64_C(60000)
#define SLOW_MS INT64_C(500)

struct worker {
	struct runner *runner;
	pthread_t thread;
	enum { NO_THREAD, RUNS, ENDED } state; // under the runner's lock; ENDED: somebody must join it
	pthread_mutex_t lock; // of key, number and told_ms
	char key[QUEUE_KEY_SIZE];
	uint64_t number;
	int64_t told_ms; // monotonic, of the last report; 0: none
	_Atomic int64_t started_ms; // monotonic; 0: it waits for a key
	struct steps steps;
};

struct runner {
	struct runner_options options;
	_Atomic uint64_t succeeded, waiting, failed, busy_ms, numbers;
	_Atomic int active;
	struct histogram times;
	pthread_t keeper;
	pthread_mutex_t lock; // of the members below
	pthread_cond_t changed;
	bool stopping;
	int alive, busy; // workers
	int n;		 // places
	struct worker workers[];
};

struct number {
	char text[24];
};

static const char *number_text(struct number *number, int64_t value)
{
	(void)snprintf(number->text, sizeof(number->text), "%lld", (long long)value);
	return number->text;
}

static void log_outcome(const struct worker *worker, const struct outcome *outcome, int64_t again_ms, int64_t took_ms)
{
	struct number id, took, again;

	log_debug("reconciled", "controller", worker->runner->options.name, "key", worker->key, "id",
		 number_text(&id, (int64_t)worker->number), "outcome", outcome->reason,
		 "took_ms", number_text(&took, took_ms), "again_after_ms",
		 again_ms > 0 ? number_text(&again, again_ms) : NULL);
}

// The one policy from an error to the next run: the key's back-off, but not before the server's Retry-After. A lost race (409) is everyday life:
// the winner's change comes through the watch.
static void handle_error(struct worker *worker, const struct err *err, int64_t took_ms)
{
	enum log_level level = err->class == ERR_CONFLICT ? LOG_INFO : LOG_WARNING;
	struct runner *runner = worker->runner;
	struct number id, took, again;
	int64_t delay;

	if (err->class == ERR_CANCELLED) {
		log_debug("reconcile cancelled", "controller", runner->options.name, "key", worker->key);
		return;
	}
	atomic_fetch_add(&runner->failed, 1);
	delay = queue_add_backoff_at_least(runner->options.queue, worker->key, err->retry_after_ms);
	log_write(level, "reconcile failed", "controller", runner->options.name, "key", worker->key, "id",
		  number_text(&id, (int64_t)worker->number), "class", err_class_name(err->class), "error", err->text, "took_ms",
		  number_text(&took, took_ms), "again_after_ms", number_text(&again, delay), (char *)0);
}

static void handle_outcome(struct worker *worker, const struct outcome *outcome, int64_t took_ms)
{
	struct runner *runner = worker->runner;
	struct queue *queue = runner->options.queue;
	int64_t again_ms = outcome->again_after_ms;

	if (outcome->backoff) {
		again_ms = queue_add_backoff(queue, worker->key);
	} else {
		queue_forget(queue, worker->key);
		if (again_ms > 0)
			queue_add_after(queue, worker->key, again_ms);
	}
	atomic_fetch_add(again_ms > 0 ? &runner->waiting : &runner->succeeded, 1);
	log_outcome(worker, outcome, again_ms, took_ms);
}

static void begin(struct worker *worker, const char *key, int64_t now)
{
	(void)pthread_mutex_lock(&worker->lock);
	(void)snprintf(worker->key, sizeof(worker->key), "%s", key);
	worker->number = atomic_fetch_add(&worker->runner->numbers, 1) + 1;
	worker->told_ms = 0;
	(void)pthread_mutex_unlock(&worker->lock);
	steps_follow(&worker->steps);
	atomic_store(&worker->started_ms, now);
}

static void set_busy(struct runner *runner, int change)
{
	(void)pthread_mutex_lock(&runner->lock);
	runner->busy += change;
	assert(runner->busy >= 0 && runner->busy <= runner->alive);
	if (runner->busy == runner->alive)
		(void)pthread_cond_signal(&runner->changed);
	(void)pthread_mutex_unlock(&runner->lock);
}

static void run_key(struct worker *worker, const char *key)
{
	int64_t started = clock_monotonic_ms(&clock_system), took;
	struct runner *runner = worker->runner;
	struct outcome outcome = {0};
	struct err err = ERR_INIT;
	int r;

	begin(worker, key, started);
	atomic_fetch_add(&runner->active, 1);
	set_busy(runner, 1);
	r = runner->options.reconcile(runner->options.user, key, &outcome, &err);
	atomic_fetch_sub(&runner->active, 1);
	atomic_store(&worker->started_ms, 0);
	set_busy(runner, -1);
	took = clock_monotonic_ms(&clock_system) - started;
	atomic_fetch_add(&runner->busy_ms, (uint64_t)took);
	histogram_add(&runner->times, took);
	if (r < 0)
		handle_error(worker, &err, took);
	else
		handle_outcome(worker, &outcome, took);
}

// How long its present reconcile has run; 0: none runs.
static int64_t running_ms(const struct worker *worker, int64_t now)
{
	int64_t started = atomic_load(&worker->started_ms);

	return started && now > started ? now - started : 0;
}

// Under the lock: how many are slow, and the milliseconds until the next one becomes slow; -1: none.
static int count_slow(const struct runner *runner, int64_t *ret_next_ms)
{
	int64_t now = clock_monotonic_ms(&clock_system), slow_ms = runner->options.slow_ms;
	int slow = 0;

	*ret_next_ms = -1;
	for (int i = 0; i < runner->n; i++) {
		const struct worker *worker = &runner->workers[i];
		int64_t ms = running_ms(worker, now);

		if (ms >= slow_ms)
			slow++;
		else if (atomic_load(&worker->started_ms) && (*ret_next_ms < 0 || slow_ms - ms < *ret_next_ms))
			*ret_next_ms = slow_ms - ms;
	}
	return slow;
}

// Whether the worker stepped in for a slow one that is no longer slow. After that it does nothing but end.
static bool is_one_too_many(struct worker *worker)
{
	struct runner *runner = worker->runner;
	int64_t next_ms;
	bool ends;

	(void)pthread_mutex_lock(&runner->lock);
	ends = runner->alive - count_slow(runner, &next_ms) > runner->options.workers;
	if (ends) {
		assert(worker->state == RUNS && runner->alive > runner->options.workers);
		runner->alive--;
		worker->state = ENDED;
	}
	// All remaining workers may be busy.
	if (ends && runner->busy == runner->alive)
		(void)pthread_cond_signal(&runner->changed);
	(void)pthread_mutex_unlock(&runner->lock);
	return ends;
}

static void *work(void *user)
{
	struct worker *worker = user;
	struct queue *queue = worker->runner->options.queue;
	char key[QUEUE_KEY_SIZE];
	bool ends = false;

	while (!ends && queue_get(queue, key, sizeof(key))) {
		run_key(worker, key);
		queue_done(queue, key);
		ends = is_one_too_many(worker);
	}
	return NULL;
}

// Under the lock. 0, or the error of pthread_create(); -1 when all places are taken.
static int add_worker(struct runner *runner)
{
	struct worker *worker = runner->workers;
	int r;

	while (worker < runner->workers + runner->n && worker->state == RUNS)
		worker++;
	if (worker == runner->workers + runner->n)
		return -1;
	if (worker->state == ENDED)
		(void)pthread_join(worker->thread, NULL);
	worker->state = NO_THREAD;
	r = pthread_create(&worker->thread, NULL, work, worker);
	if (r != 0)
		return r;
	worker->state = RUNS;
	runner->alive++;
	return 0;
}

// Under the lock, when all are busy: how long to wait before the next look; -1: until something changes.
static int64_t step_in(struct runner *runner)
{
	int64_t next_ms;
	int wanted = runner->options.workers - (runner->alive - count_slow(runner, &next_ms));
	int due = queue_may_get(runner->options.queue) ? (int)queue_depth(runner->options.queue) : 0;

	for (; wanted > 0 && due >= 0; wanted--, due--) {
		// Keeps one idle even if nothing is due, so that a new key starts at once.
		if (add_worker(runner) != 0)
			return SLOW_MS;
	}
	return next_ms;
}

static void *keep(void *user)
{
	struct runner *runner = user;

	(void)pthread_mutex_lock(&runner->lock);
	while (!runner->stopping) {
		int64_t ms = runner->busy < runner->alive ? -1 : step_in(runner);
		const struct timespec until = deadline_timespec(deadline_in_ms(ms));

		if (ms < 0)
			(void)pthread_cond_wait(&runner->changed, &runner->lock);
		else
			(void)pthread_cond_timedwait(&runner->changed, &runner->lock, &until);
	}
	(void)pthread_mutex_unlock(&runner->lock);
	return NULL;
}

static struct runner *runner_new(const struct runner_options *options)
{
	int n = runner_places(options->workers);
	struct runner *runner = calloc(1, sizeof(*runner) + (size_t)n * sizeof(struct worker));
	pthread_condattr_t monotonic;

	if (!runner)
		abort();
	runner->options = *options;
	if (!runner->options.long_ms)
		runner->options.long_ms = LONG_MS;
	if (!runner->options.slow_ms)
		runner->options.slow_ms = SLOW_MS;
	(void)pthread_mutex_init(&runner->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&runner->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	runner->n = n;
	for (int i = 0; i < n; i++) {
		runner->workers[i].runner = runner;
		(void)pthread_mutex_init(&runner->workers[i].lock, NULL);
	}
	return runner;
}

static void runner_free(struct runner *runner)
{
	for (int i = 0; i < runner->n; i++)
		(void)pthread_mutex_destroy(&runner->workers[i].lock);
	(void)pthread_cond_destroy(&runner->changed);
	(void)pthread_mutex_destroy(&runner->lock);
	free(runner);
}

static void end_workers(struct runner *runner)
{
	queue_shutdown(runner->options.queue);
	// Nobody adds workers any more, but some may end by themselves meanwhile.
	for (int i = 0; i < runner->n; i++) {
		bool made;

		(void)pthread_mutex_lock(&runner->lock);
		made = runner->workers[i].state != NO_THREAD;
		(void)pthread_mutex_unlock(&runner->lock);
		if (made)
			(void)pthread_join(runner->workers[i].thread, NULL);
	}
}

int runner_start(const struct runner_options *options, struct runner **ret, struct err *err)
{
	struct runner *runner = runner_new(options);
	int r = 0;

	(void)pthread_mutex_lock(&runner->lock);
	for (int i = 0; i < options->workers && r == 0; i++)
		r = add_worker(runner);
	(void)pthread_mutex_unlock(&runner->lock);
	if (r == 0)
		r = pthread_create(&runner->keeper, NULL, keep, runner);
	if (r != 0) {
		end_workers(runner);
		runner_free(runner);
		return err_errno(err, r, "cannot start a worker");
	}
	*ret = runner;
	return 0;
}

void runner_stop(struct runner *runner)
{
	if (!runner)
		return;
	(void)pthread_mutex_lock(&runner->lock);
	runner->stopping = true;
	(void)pthread_cond_signal(&runner->changed);
	(void)pthread_mutex_unlock(&runner->lock);
	(void)pthread_join(runner->keeper, NULL);
	end_workers(runner);
	runner_free(runner);
}

void runner_stats(const struct runner *runner, struct runner_stats *ret)
{
	int64_t now = clock_monotonic_ms(&clock_system);

	*ret = (struct runner_stats){
		.succeeded = atomic_load(&runner->succeeded),
		.waiting = atomic_load(&runner->waiting),
		.failed = atomic_load(&runner->failed),
		.busy_ms = atomic_load(&runner->busy_ms),
		.active = atomic_load(&runner->active),
		.workers = runner->options.workers,
	};
	for (int i = 0; i < runner->n; i++) {
		int64_t ms = running_ms(&runner->workers[i], now);

		ret->unfinished_ms += ms;
		ret->longest_ms = ms > ret->longest_ms ? ms : ret->longest_ms;
	}
}

const struct histogram *runner_times(const struct runner *runner)
{
	return &runner->times;
}

static void report(struct worker *worker, int64_t now, int64_t ms)
{
	_cleanup_buf_ struct buf steps = BUF_INIT(1024);
	struct number id, took;

	(void)pthread_mutex_lock(&worker->lock);
	if (!worker->told_ms || now - worker->told_ms >= worker->runner->options.long_ms) {
		worker->told_ms = now;
		steps_write(&worker->steps, &steps);
		log_warning("reconcile takes long", "controller", worker->runner->options.name, "key", worker->key, "id",
			    number_text(&id, (int64_t)worker->number), "running_ms", number_text(&took, ms), "steps", buf_str(&steps));
	}
	(void)pthread_mutex_unlock(&worker->lock);
}

int64_t runner_look(struct runner *runner)
{
	int64_t now = clock_monotonic_ms(&clock_system), longest = 0;

	for (int i = 0; i < runner->n; i++) {
		struct worker *worker = &runner->workers[i];
		int64_t ms = running_ms(worker, now);

		if (ms >= runner->options.long_ms)
			report(worker, now, ms);
		longest = ms > longest ? ms : longest;
	}
	return longest;
}
