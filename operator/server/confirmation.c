// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/server/confirmation.h"

#include <string.h>

#include "base/clock.h"
#include "kube/client.h"

#define POD_MAX_BYTES ((size_t)1024 * 1024)
// A list is as good as a read for this long: a read may be as old when the login's connection has been made.
#define LASTS_MS INT64_C(1000)

static int unconfirmed(struct err *err, const char *pod, const char *why)
{
	(void)err_set(err, ERR_IO, "the password is not sent to the address that pod '%s' had: %s", pod, why);
	err_set_code(err, CONFIRMATION_FAILED);
	return err->class;
}

static int judge(struct err *err, const char *pod, const char *change)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	return change ? unconfirmed(err, pod, arena_printf(arena, "the pod has changed, %s", change)) : 0;
}

static void take_pod(void *user, yyjson_val *item)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct confirmation *confirmation = user;
	const struct access_servers *servers = confirmation->servers;
	const char *name = yyjson_get_str(yyjson_ptr_get(item, "/metadata/name"));
	const struct pod *known = pod_named(servers->pods, servers->n_pods, name ? name : "");
	struct pod now;

	if (!known)
		return;
	pod_read(item, arena, &now);
	confirmation->changes[known - servers->pods] = pod_change(known, &now);
}

static size_t count_plain(const struct access_servers *servers)
{
	size_t n = 0;

	for (size_t i = 0; i < servers->n_pods; i++)
		n += !servers->pods[i].tls_secret;
	return n;
}

void confirmation_ask(const struct context *context, const struct access_servers *servers, int64_t deadline, struct arena *arena, struct confirmation *ret)
{
	const struct kube_reader reader = {take_pod, ret};
	struct kube_selection selection = {
		.namespace = servers->dbms->metadata.namespace,
		.labels = servers->names->selector,
		.max_bytes = servers->n_pods * POD_MAX_BYTES,
		.timeout_ms = deadline_left_ms(deadline),
	};
	int64_t now = clock_monotonic_ms(&clock_system);
	struct err err = ERR_INIT;

	*ret = (struct confirmation){.servers = servers};
	if (count_plain(servers) < 2 || selection.timeout_ms <= 0)
		return;
	ret->changes = arena_new_array(arena, const char *, servers->n_pods);
	for (size_t i = 0; i < servers->n_pods; i++)
		ret->changes[i] = "it is gone";
	if (kube_list(context->client, &kube_pods, &selection, &reader, &err) == 0)
		ret->asked_ms = now;
}

static int ask_one(const struct context *context, const struct access_servers *servers, const struct pod *pod, int64_t deadline, struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *object = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct kube_name name = {.namespace = servers->dbms->metadata.namespace, .name = pod->name};
	struct kube_limits within = {.max_bytes = POD_MAX_BYTES, .timeout_ms = deadline_left_ms(deadline)};
	struct err cause = ERR_INIT;
	struct pod now;
	int r;

	if (within.timeout_ms <= 0)
		return unconfirmed(err, pod->name, "no time is left to ask the API server for the pod");
	r = kube_get_within(context->client, &kube_pods, name, &within, &object, &cause);
	if (r == ERR_NOT_FOUND)
		return judge(err, pod->name, "it is gone");
	if (r < 0)
		return unconfirmed(err, pod->name, arena_printf(arena, "the API server cannot be asked for the pod (%s)", cause.text));
	pod_read(kube_object_root(object), arena, &now);
	return judge(err, pod->name, pod_change(pod, &now));
}

int confirmation_check(const struct context *context, const struct confirmation *confirmation, const struct pod *pod, int64_t deadline, struct err *err)
{
	const struct access_servers *servers = confirmation->servers;

	if (pod->tls_secret)
		return 0;
	if (confirmation->asked_ms && clock_monotonic_ms(&clock_system) - confirmation->asked_ms <= LASTS_MS)
		return judge(err, pod->name, confirmation->changes[pod - servers->pods]);
	return ask_one(context, servers, pod, deadline, err);
}
