// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <stdio.h>
#include <stdlib.h>

#include "test/testkit/serve.h"

// Testkit's bookmark managers: bookmarks of ours whose hooks ask testkit.
struct bookmarks_object {
	struct talk *talk;
	struct bolt_bookmark_hooks hooks;
	struct bolt_bookmarks *bookmarks;
	char id[24];
};

static void begin_question(const struct bookmarks_object *object, struct reply *question, struct arena *arena, const char *name)
{
	reply_init(question, arena, name);
	yyjson_mut_obj_add_str(question->doc, question->data, "id", "1");
	yyjson_mut_obj_add_strcpy(question->doc, question->data, "bookmarkManagerId", object->id);
}

static int supply(void *user, struct arena *arena, struct bolt_bookmark_list *ret, struct err *err)
{
	struct bookmarks_object *object = user;
	struct reply question;
	yyjson_val *answer;

	begin_question(object, &question, arena, "BookmarksSupplierRequest");
	const int r = talk_ask(object->talk, &question, "BookmarksSupplierCompleted", &answer, err);

	if (r == 0)
		*ret = read_texts(yyjson_obj_get(answer, "bookmarks"), arena);
	return r;
}

static int consume(void *user, const struct bolt_bookmark_list *now, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bookmarks_object *object = user;
	struct reply question;
	yyjson_val *answer;

	begin_question(object, &question, arena, "BookmarksConsumerRequest");
	yyjson_mut_obj_add_val(question.doc, question.data, "bookmarks", write_keys(question.doc, now->items, (uint32_t)now->n));
	return talk_ask(object->talk, &question, "BookmarksConsumerCompleted", &answer, err);
}

static void bookmarks_object_free(void *self)
{
	struct bookmarks_object *object = self;

	bolt_bookmarks_free(object->bookmarks);
	free(object);
}

static int new_manager(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct bookmarks_object *object = calloc(1, sizeof(*object));
	const struct bolt_bookmark_list first = read_texts(yyjson_obj_get(data, "initialBookmarks"), reply->arena);

	(void)err;
	if (!object)
		abort();
	object->talk = talk;
	object->hooks.user = object;
	if (yyjson_get_bool(yyjson_obj_get(data, "bookmarksSupplierRegistered")))
		object->hooks.supply = supply;
	if (yyjson_get_bool(yyjson_obj_get(data, "bookmarksConsumerRegistered")))
		object->hooks.consume = consume;
	object->bookmarks = bolt_bookmarks_new(&first, &object->hooks);
	const struct object kept = {.kind = OBJECT_BOOKMARKS, .free = bookmarks_object_free, .self = object};
	const char *id = talk_keep(talk, kept, reply->arena);

	(void)snprintf(object->id, sizeof(object->id), "%s", id);
	reply_id(reply, "BookmarkManager", id);
	return 0;
}

// Sessions may use it still: it ends with the conversation.
static int close_manager(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct bolt_bookmarks *bookmarks;
	const int r = find_bookmarks(talk, yyjson_obj_get(data, "id"), &bookmarks, err);

	if (r == 0)
		reply_id(reply, "BookmarkManager", read_text(data, "id"));
	return r;
}

int find_bookmarks(const struct talk *talk, yyjson_val *id, struct bolt_bookmarks **ret, struct err *err)
{
	void *self;
	const int r = talk_find(talk, OBJECT_BOOKMARKS, id, &self, err);

	if (r == 0)
		*ret = ((struct bookmarks_object *)self)->bookmarks;
	return r;
}

const struct request_kind requests_bookmarks[] = {
	{"NewBookmarkManager", new_manager},
	{"BookmarkManagerClose", close_manager},
	{NULL, NULL},
};
