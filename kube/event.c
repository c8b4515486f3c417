// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/json.h"
#include "base/log.h"

struct event_recorder {
	struct kube_client *client;
	const char *component;
};

struct event_recorder *event_recorder_new(struct kube_client *client, const char *component)
{
	struct event_recorder *recorder = calloc(1, sizeof(*recorder));

	if (!recorder)
		abort();
	*recorder = (struct event_recorder){.client = client, .component = component};
	return recorder;
}

void event_recorder_free(struct event_recorder *recorder)
{
	free(recorder);
}

// The same object, reason and message always make the same name, also after a restart.
static const char *name_of(const struct event_about *about, const struct event_text *text, struct arena *arena)
{
	uint64_t h = hash_text(hash_text(hash_text(HASH_START, about->uid), text->reason), text->message);

	return arena_printf(arena, "%.200s.%016llx", about->name, (unsigned long long)h);
}

// The API takes 1024 bytes. The cut splits no letter.
static const char *cut(const char *message, struct arena *arena)
{
	size_t len = strnlen(message, 1000);

	while (len > 0 && ((unsigned char)message[len] & 0xc0) == 0x80)
		len--;
	return arena_memdup0(arena, message, len);
}

static const char *build(const struct event_recorder *recorder, const struct event_about *about, const struct event_text *text,
			 const char *name, const char *now, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *metadata, *object, *source;

	yyjson_mut_doc_set_root(doc, root);
	(void)yyjson_mut_obj_add_str(doc, root, "apiVersion", "v1");
	(void)yyjson_mut_obj_add_str(doc, root, "kind", "Event");
	metadata = yyjson_mut_obj_add_obj(doc, root, "metadata");
	(void)yyjson_mut_obj_add_str(doc, metadata, "name", name);
	(void)yyjson_mut_obj_add_str(doc, metadata, "namespace", about->namespace);
	object = yyjson_mut_obj_add_obj(doc, root, "involvedObject");
	(void)yyjson_mut_obj_add_str(doc, object, "apiVersion", about->api_version);
	(void)yyjson_mut_obj_add_str(doc, object, "kind", about->kind);
	(void)yyjson_mut_obj_add_str(doc, object, "namespace", about->namespace);
	(void)yyjson_mut_obj_add_str(doc, object, "name", about->name);
	(void)yyjson_mut_obj_add_str(doc, object, "uid", about->uid);
	(void)yyjson_mut_obj_add_str(doc, object, "resourceVersion", about->resource_version);
	(void)yyjson_mut_obj_add_str(doc, root, "type", text->type == EVENT_WARNING ? "Warning" : "Normal");
	(void)yyjson_mut_obj_add_str(doc, root, "reason", text->reason);
	(void)yyjson_mut_obj_add_str(doc, root, "message", cut(text->message, arena));
	source = yyjson_mut_obj_add_obj(doc, root, "source");
	(void)yyjson_mut_obj_add_str(doc, source, "component", recorder->component);
	(void)yyjson_mut_obj_add_str(doc, root, "reportingComponent", recorder->component);
	(void)yyjson_mut_obj_add_str(doc, root, "firstTimestamp", now);
	(void)yyjson_mut_obj_add_str(doc, root, "lastTimestamp", now);
	(void)yyjson_mut_obj_add_int(doc, root, "count", 1);
	return json_text(arena, doc);
}

// The event exists: raises its count.
static int repeat(const struct event_recorder *recorder, struct kube_name name, const char *now, struct arena *arena,
		  struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *old = NULL;
	int r = kube_get(recorder->client, &kube_events, name, &old, err);
	const char *patch;

	if (r < 0)
		return r;
	patch = arena_printf(arena, "{\"count\":%lld,\"lastTimestamp\":\"%s\"}", kube_object_int(old, "/count", 1) + 1, now);
	return kube_patch(recorder->client, &kube_events, name, NULL, KUBE_PATCH_MERGE, patch, NULL, err);
}

void event_record(struct event_recorder *recorder, const struct event_about *about, const struct event_text *text)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct kube_name name = {.namespace = about->namespace, .name = name_of(about, text, arena)};
	struct err err = ERR_INIT;
	char now[TIME_TEXT_SIZE];
	int r;

	time_format_rfc3339(clock_wall_ms(&clock_system), now, sizeof(now));
	r = kube_create(recorder->client, &kube_events, about->namespace,
			build(recorder, about, text, name.name, now, arena), NULL, &err);
	if (r == ERR_CONFLICT) {
		err_clear(&err);
		r = repeat(recorder, name, now, arena, &err);
	}
	if (r < 0)
		log_warning("cannot record an event, ignoring", "reason", text->reason, "object", about->name, "error", err.text);
}

// The result of the look: 1 told, 0 not told.
static int was_told(const struct event_recorder *recorder, struct kube_name name, const char *since, struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *old = NULL;
	int r = kube_get(recorder->client, &kube_events, name, &old, err);
	const char *last;

	if (r == ERR_NOT_FOUND) {
		err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	last = kube_object_str(old, "/lastTimestamp");
	// Both have one form, which sorts as time does.
	return !since || (last && strcmp(last, since) >= 0);
}

void event_make_sure(struct event_recorder *recorder, const struct event_about *about, const struct event_text *text,
		     const char *since)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct kube_name name = {.namespace = about->namespace, .name = name_of(about, text, arena)};
	struct err err = ERR_INIT;
	int r = was_told(recorder, name, since, &err);

	if (r < 0)
		log_warning("cannot look for an event, ignoring", "reason", text->reason, "object", about->name, "error", err.text);
	else if (r == 0)
		event_record(recorder, about, text);
}
