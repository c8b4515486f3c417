// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Informers call on the loop thread, which owns all members but the first three. The main thread waits at a rendezvous, and a timer lets it go
// on: so it reads a flock of changes once.

#include "cli/watcher.h"

#include <stdlib.h>

#include "cli/permission.h"
#include "kube/client.h"
#include "kube/informer.h"
#include "net/loop.h"

#define RESOURCES_MAX 6
#define PAUSE_MS 500
#define LOOK_MS 20

struct watcher {
	struct loop *loop;
	struct kube_informer *informers[RESOURCES_MAX];
	size_t n;
	bool synced, changed, pausing;
	struct loop_waiter *waiting; // NULL: nobody waits
	struct loop_waiter *next;    // the next waiter
	int64_t deadline;
};

static void let_go(void *user)
{
	struct watcher *watcher = user;
	struct loop_waiter *waiter = watcher->waiting;

	watcher->pausing = watcher->changed = false;
	watcher->waiting = NULL;
	loop_signal(watcher->loop, waiter);
}

static void pause_then_let_go(struct watcher *watcher)
{
	if (watcher->pausing)
		return;
	watcher->pausing = true;
	loop_timer(watcher->loop, PAUSE_MS, let_go, watcher);
}

static void on_change(void *user, const struct kube_resource *resource, struct kube_object *object, struct kube_object *previous)
{
	struct watcher *watcher = user;

	(void)resource, (void)object, (void)previous;
	// The thread that started the watch reads what the first lists bring.
	if (!watcher->synced)
		return;
	watcher->changed = true;
	if (watcher->waiting)
		pause_then_let_go(watcher);
}

static void arm(void *user)
{
	struct watcher *watcher = user;

	watcher->waiting = watcher->next;
	if (watcher->changed)
		pause_then_let_go(watcher);
}

void watcher_wait(struct watcher *watcher)
{
	struct loop_waiter waiter = {false};

	watcher->next = &waiter;
	loop_post(watcher->loop, arm, watcher);
	loop_wait(watcher->loop, &waiter);
}

static void look(void *user)
{
	struct watcher *watcher = user;
	bool synced = true;

	for (size_t i = 0; i < watcher->n; i++)
		synced = synced && kube_informer_synced(watcher->informers[i]);
	watcher->synced = synced;
	if (!synced && deadline_left_ms(watcher->deadline) > 0 && !loop_is_stopping(watcher->loop))
		loop_timer(watcher->loop, LOOK_MS, look, watcher);
	else
		loop_signal(watcher->loop, watcher->next);
}

static int add(struct watcher *watcher, struct program *program, const struct watcher_resource *wanted, struct err *err)
{
	static const char *const nothing[] = {NULL};
	struct kube_informer_options options = {
		.resource = wanted->resource,
		.namespace = program_namespace(program),
		.label_selector = wanted->labels,
		.parts = nothing,
		.handler = on_change,
		.user = watcher,
	};
	bool may = false;
	int r = permission_ask(program, &(struct permission){"watch", wanted->resource, NULL, options.namespace}, &may, err);

	if (r < 0)
		return r;
	if (!may && wanted->required)
		return err_set(err, ERR_FORBIDDEN, "you may not watch %s", permission_name(wanted->resource, program->arena));
	return may ? kube_informer_new(program->client, &options, &watcher->informers[watcher->n++], err) : 0;
}

static int wait_for_lists(struct watcher *watcher, const struct program *program, struct err *err)
{
	struct loop_waiter waiter = {false};

	for (size_t i = 0; i < watcher->n; i++)
		kube_informer_start(watcher->informers[i]);
	watcher->deadline = deadline_in_ms((int64_t)program->timeout_s * 1000);
	watcher->next = &waiter;
	loop_post(watcher->loop, look, watcher);
	loop_wait(watcher->loop, &waiter);
	return watcher->synced ? 0 : err_set(err, ERR_TIMEOUT, "the lists to be watched did not come");
}

int watcher_start(struct program *program, const struct watcher_resource *resources, struct watcher **ret, struct err *err)
{
	struct watcher *watcher = calloc(1, sizeof(*watcher));

	if (!watcher)
		abort();
	program->free_watcher = watcher_free;
	*ret = program->watcher = watcher;
	watcher->loop = program->loop;
	for (; resources->resource && watcher->n < RESOURCES_MAX; resources++) {
		int r = add(watcher, program, resources, err);

		if (r < 0)
			return r;
	}
	return wait_for_lists(watcher, program, err);
}

void watcher_free(struct watcher *watcher)
{
	if (!watcher)
		return;
	for (size_t i = 0; i < watcher->n; i++)
		kube_informer_free(watcher->informers[i]);
	free(watcher);
}
