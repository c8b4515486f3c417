// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The archive has the objects, under the lock of the scripted HTTP server. Each call is logged, meets its fault or none, and is served.

#include "support/kubernetes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "support/archive.h"

#define FOUND_MAX 256
#define CALLS_MAX 4096

struct kubernetes {
	struct reach reach;
	struct archive *archive;
	struct kubernetes_fault fault;
	bool failing;
	unsigned fitting; // calls that the fault is about
	char *calls[CALLS_MAX]; // "METHOD TARGET"
	size_t n_calls;
};

static void patch(struct archive *archive, struct archive_reply *reply, const struct actor_call *call, const char *path, bool status)
{
	if (strstr(call->head, "application/apply-patch+yaml"))
		archive_apply(archive, reply, path, call->body, strstr(call->target, "dryRun=All") != NULL);
	else if (!archive_get(archive, path))
		archive_refuse(reply, 404, "not found");
	else if (strstr(call->head, "application/json-patch+json"))
		archive_patch(archive, reply, path, call->body);
	else
		archive_merge(archive, reply, path, call->body, status);
}

static void take_away(struct archive *archive, struct archive_reply *reply, const char *path)
{
	if (archive_get(archive, path))
		archive_remove(archive, path);
	else
		archive_refuse(reply, 404, "not found");
}

// What a container has said is the member "text" of the object that the test has put at "logs/POD"; NULL: the path is no log's.
static const char *log_of(struct kubernetes *k, const char *path, struct arena *arena)
{
	const char *pod = strstr(path, "/pods/"), *text;
	size_t len = strlen(path);

	if (!pod || len < 4 || strcmp(path + len - 4, "/log") != 0)
		return NULL;
	pod += strlen("/pods/");
	text = archive_get(k->archive, arena_printf(arena, "%.*s/logs/%.*s", (int)(pod - path - (ptrdiff_t)strlen("/pods/")), path,
						    (int)(path + len - 4 - pod), pod));
	return text ? yyjson_get_str(yyjson_obj_get(json_parse(arena, text, strlen(text)), "text")) : NULL;
}

static void serve(struct kubernetes *k, struct archive_reply *reply, const struct actor_call *call)
{
	char *path = arena_memdup0(reply->arena, call->target, strcspn(call->target, "?"));
	char *last = strrchr(path, '/');
	bool status = strcmp(last, "/status") == 0, eviction = strcmp(last, "/eviction") == 0;
	const char *text, *log = log_of(k, path, reply->arena);

	if (status || eviction)
		*last = '\0';
	if (strcmp(call->method, "PATCH") == 0)
		patch(k->archive, reply, call, path, status);
	else if (eviction || strcmp(call->method, "DELETE") == 0)
		take_away(k->archive, reply, path);
	else if (strcmp(call->method, "POST") == 0)
		archive_create(k->archive, reply, path, call->body);
	else if (log)
		*reply = (struct archive_reply){reply->arena, 200, log};
	else if (strstr(call->target, "limit="))
		archive_list(k->archive, reply, path, call->target);
	else if (!(text = archive_get(k->archive, path)))
		archive_refuse(reply, 404, "not found");
	else
		*reply = (struct archive_reply){reply->arena, 200, arena_strdup(reply->arena, text)};
	if (strcmp(call->method, "GET") != 0)
		actor_changed(k->reach.actor);
}

static void watch(struct kubernetes *k, struct arena *arena, struct actor_conn *conn, const struct actor_call *call)
{
	const char *collection = arena_memdup0(arena, call->target, strcspn(call->target, "?"));
	bool goes_on = true;
	size_t next = 0;

	actor_stream(conn);
	while (goes_on) {
		const char *lines;

		actor_lock(k->reach.actor);
		while (!(lines = archive_news(k->archive, arena, collection, call->target, &next)) && (goes_on = actor_wait(k->reach.actor)))
			continue;
		actor_unlock(k->reach.actor);
		if (lines)
			actor_write(conn, lines);
	}
	actor_end(conn);
}

static bool fits(const char *call, const char *method, const char *part)
{
	const char *target = strchr(call, ' ') + 1;

	return (!method || (strncmp(call, method, strlen(method)) == 0 && call[strlen(method)] == ' ')) && (!part || strstr(target, part));
}

// Logs a call; the fault that it meets, or NULL.
static const struct kubernetes_fault *meet(struct kubernetes *k, const struct actor_call *call)
{
	const struct kubernetes_fault *fault = &k->fault;
	char *line;

	assert_true(k->n_calls < CALLS_MAX);
	assert_true(asprintf(&line, "%s %s", call->method, call->target) > 0);
	k->calls[k->n_calls++] = line;
	actor_changed(k->reach.actor);
	if (!k->failing || !fits(line, fault->method, fault->part))
		return NULL;
	k->fitting++;
	return k->fitting > fault->skip && (!fault->times || k->fitting <= fault->skip + fault->times) ? fault : NULL;
}

static void handle(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct kubernetes *k = actor_user(actor);
	struct kubernetes_fault fault = {0};
	const struct kubernetes_fault *met;
	struct archive_reply reply = {arena, 200, "{\"kind\":\"Status\"}"};

	(void)number;
	actor_lock(actor);
	met = meet(k, call);
	if (met)
		fault = *met;
	actor_unlock(actor);
	if (fault.meanwhile)
		fault.meanwhile(fault.user);
	if (!fault.status && strstr(call->target, "watch=true")) {
		watch(k, arena, conn, call);
		return;
	}
	actor_lock(actor);
	if (!fault.status || fault.carried_out)
		serve(k, &reply, call);
	actor_unlock(actor);
	if (fault.status > 0)
		archive_refuse(&reply, fault.status, fault.message ? fault.message : "scripted");
	if (fault.status == KUBERNETES_CUT)
		actor_break(conn);
	else
		actor_answer(conn, reply.status, reply.status == 429 ? "Retry-After: 1\r\n" : NULL, reply.body);
}

struct kubernetes *kubernetes_start(void)
{
	struct kubernetes *k = calloc(1, sizeof(*k));

	assert_non_null(k);
	k->archive = archive_new();
	reach_begin(&k->reach, handle, k);
	return k;
}

void kubernetes_stop(struct kubernetes *k)
{
	reach_end(&k->reach);
	archive_free(k->archive);
	for (size_t i = 0; i < k->n_calls; i++)
		free(k->calls[i]);
	free(k);
}

struct reach *kubernetes_reach(struct kubernetes *k)
{
	return &k->reach;
}

void kubernetes_put(struct kubernetes *k, const char *path, const char *json)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct archive_reply reply = {.arena = arena};

	actor_lock(k->reach.actor);
	archive_put(k->archive, &reply, path, json);
	actor_changed(k->reach.actor);
	actor_unlock(k->reach.actor);
}

void kubernetes_merge(struct kubernetes *k, const char *path, const char *body)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct archive_reply reply = {.arena = arena};

	actor_lock(k->reach.actor);
	if (archive_get(k->archive, path))
		archive_merge(k->archive, &reply, path, body, false);
	actor_changed(k->reach.actor);
	actor_unlock(k->reach.actor);
}

void kubernetes_remove(struct kubernetes *k, const char *path)
{
	actor_lock(k->reach.actor);
	archive_remove(k->archive, path);
	actor_changed(k->reach.actor);
	actor_unlock(k->reach.actor);
}

const char *kubernetes_value(struct kubernetes *k, const char *path, const char *pointer, struct arena *arena)
{
	yyjson_val *value = NULL;
	const char *text;

	actor_lock(k->reach.actor);
	text = archive_get(k->archive, path);
	if (text)
		value = yyjson_ptr_get(json_parse(arena, text, strlen(text)), pointer);
	actor_unlock(k->reach.actor);
	return value ? json_val_text(arena, value) : NULL;
}

bool kubernetes_has(struct kubernetes *k, const char *path)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	return kubernetes_value(k, path, "", arena) != NULL;
}

struct kubernetes_objects kubernetes_objects(struct kubernetes *k, const char *collection, struct arena *arena)
{
	struct kubernetes_objects ret = {.texts = arena_new_array(arena, const char *, FOUND_MAX)};

	actor_lock(k->reach.actor);
	ret.n = archive_find(k->archive, collection, ret.texts, FOUND_MAX);
	for (size_t i = 0; i < ret.n; i++)
		ret.texts[i] = arena_strdup(arena, ret.texts[i]);
	actor_unlock(k->reach.actor);
	return ret;
}

void kubernetes_fail(struct kubernetes *k, const struct kubernetes_fault *fault)
{
	actor_lock(k->reach.actor);
	k->failing = fault != NULL;
	k->fault = fault ? *fault : (struct kubernetes_fault){0};
	k->fitting = 0;
	actor_unlock(k->reach.actor);
}

static unsigned count(const struct kubernetes *k, const char *method, const char *part)
{
	unsigned n = 0;

	for (size_t i = 0; i < k->n_calls; i++)
		n += fits(k->calls[i], method, part);
	return n;
}

unsigned kubernetes_calls(struct kubernetes *k, const char *method, const char *part)
{
	unsigned n;

	actor_lock(k->reach.actor);
	n = count(k, method, part);
	actor_unlock(k->reach.actor);
	return n;
}

void kubernetes_forget(struct kubernetes *k)
{
	actor_lock(k->reach.actor);
	for (size_t i = 0; i < k->n_calls; i++)
		free(k->calls[i]);
	k->n_calls = 0;
	actor_unlock(k->reach.actor);
}

void kubernetes_await(struct kubernetes *k, size_t *seen)
{
	bool comes = true;

	actor_lock(k->reach.actor);
	while (archive_changes(k->archive) <= *seen && comes)
		comes = actor_wait(k->reach.actor);
	*seen = archive_changes(k->archive);
	actor_unlock(k->reach.actor);
	assert_true(comes);
}

void kubernetes_await_calls(struct kubernetes *k, const char *part, unsigned n)
{
	bool comes = true;

	actor_lock(k->reach.actor);
	while (count(k, NULL, part) < n && comes)
		comes = actor_wait(k->reach.actor);
	actor_unlock(k->reach.actor);
	assert_true(comes);
}
