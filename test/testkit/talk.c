// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "test/testkit/talk.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "test/testkit/backend_fault.h"
#include "test/testkit/report.h"

static const struct request_kind *const lists[] = {
	requests_test, requests_driver, requests_session, requests_result, requests_auth, requests_bookmarks,
};

static int64_t monotonic_ms(void *user)
{
	const struct talk *talk = user;

	return talk->stopped ? talk->stopped_monotonic_ms : clock_monotonic_ms(&clock_system);
}

static int64_t wall_ms(void *user)
{
	const struct talk *talk = user;

	return talk->stopped ? talk->stopped_wall_ms : clock_wall_ms(&clock_system);
}

void talk_init(struct talk *talk, int fd, const char *ca_dir)
{
	*talk = (struct talk){.ca_dir = ca_dir, .clock = {.monotonic_ms = monotonic_ms, .wall_ms = wall_ms, .user = talk}};
	channel_init(&talk->channel, fd);
}

void talk_deinit(struct talk *talk)
{
	// Testkit is gone: nobody answers callbacks.
	talk->over = true;
	static const enum object_kind order[] = {OBJECT_RESULT, OBJECT_TX,    OBJECT_SESSION,     OBJECT_DRIVER,
						 OBJECT_ERROR,  OBJECT_BOOKMARKS, OBJECT_AUTH_MANAGER};

	for (size_t k = 0; k < sizeof(order) / sizeof(order[0]); k++)
		for (size_t i = 0; i < talk->n_objects; i++)
			if (talk->objects[i].kind == order[k])
				talk->objects[i].free(talk->objects[i].self);
	free(talk->objects);
	channel_deinit(&talk->channel);
}

const char *talk_keep(struct talk *talk, struct object object, struct arena *arena)
{
	struct object *grown = reallocarray(talk->objects, talk->n_objects + 1, sizeof(object));

	if (!grown)
		abort();
	talk->objects = grown;
	talk->objects[talk->n_objects++] = object;
	return arena_printf(arena, "%zu", talk->n_objects);
}

int talk_find(const struct talk *talk, enum object_kind kind, yyjson_val *id, void **ret, struct err *err)
{
	const char *text = yyjson_get_str(id);
	const unsigned long number = text ? strtoul(text, NULL, 10) : 0;

	if (number < 1 || number > talk->n_objects || talk->objects[number - 1].kind != kind)
		return backend_fault(err, "there is no object '%s' of the kind that is asked for", text ? text : "");
	*ret = talk->objects[number - 1].self;
	return 0;
}

void reply_init(struct reply *reply, struct arena *arena, const char *name)
{
	*reply = (struct reply){.arena = arena, .doc = json_doc_new(arena), .name = name};
	reply->data = yyjson_mut_obj(reply->doc);
}

void reply_id(struct reply *reply, const char *name, const char *id)
{
	reply->name = name;
	yyjson_mut_obj_add_strcpy(reply->doc, reply->data, "id", id);
}

static request_handler handler(const char *name)
{
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++)
		for (const struct request_kind *kind = lists[i]; kind->name; kind++)
			if (!strcmp(kind->name, name))
				return kind->handle;
	return NULL;
}

static int answer(struct talk *talk, const struct request *request, struct reply *reply, struct err *err)
{
	const request_handler handle = handler(request->name);

	if (!handle)
		return backend_fault(err, "the backend knows no request '%s'", request->name);
	return handle(talk, request->data, reply, err);
}

int talk_step(struct talk *talk, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct request request = {0};
	struct reply reply;
	struct err failed = ERR_INIT;
	int r = channel_receive(&talk->channel, arena, &request, &talk->over, err);

	if (r < 0 || talk->over)
		return r;
	talk->failure = NULL;
	reply_init(&reply, arena, NULL);
	r = answer(talk, &request, &reply, &failed);
	if (talk->over)
		return 0;
	if (r < 0) {
		reply_init(&reply, arena, NULL);
		report_error(talk, &failed, &reply);
	}
	return reply.name ? channel_send(&talk->channel, reply.doc, reply.name, reply.data, err) : 0;
}

int talk_run(struct talk *talk, struct err *err)
{
	while (!talk->over) {
		const int r = talk_step(talk, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int talk_ask(struct talk *talk, struct reply *question, const char *name, yyjson_val **ret, struct err *err)
{
	struct request request = {0};

	if (talk->over)
		return err_set(err, ERR_CANCELLED, "testkit is gone");
	int r = channel_send(&talk->channel, question->doc, question->name, question->data, err);

	if (r == 0)
		r = channel_receive(&talk->channel, question->arena, &request, &talk->over, err);
	if (r < 0)
		return r;
	if (talk->over || strcmp(request.name, name) != 0)
		return backend_fault(err, "testkit answers with '%s' and not with '%s'", talk->over ? "" : request.name, name);
	*ret = request.data;
	return 0;
}
