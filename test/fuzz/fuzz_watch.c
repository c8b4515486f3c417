// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes as the stream of a watch, and as a page of a list: the lines, and the objects of the page, do not depend on the pieces they come in, and an
// event is a change with an object or an error. The first byte is the size of the pieces.

#include <string.h>

#include "base/json.h"
#include "kube/listing.h"
#include "kube/watch.h"
#include "test/fuzz/fuzz.h"

struct stream {
	struct watch watch;
	struct arena *arena;
	struct buf log;
};

static int on_line(void *user, const char *line, size_t len, struct err *err)
{
	struct stream *stream = user;
	yyjson_val *event = json_parse(stream->arena, line, len), *object = NULL;
	enum watch_change change = WATCH_NOTHING;
	int r = watch_event(&stream->watch, event, &change, &object, err);

	must((r < 0) == err_is_set(err));
	if (r == 0 && change != WATCH_NOTHING)
		must(yyjson_is_obj(object));
	buf_addf(&stream->log, "%zu/%d/%d ", len, r, change);
	return r;
}

static void run(const uint8_t *data, size_t size, size_t piece, struct buf *ret_log)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct stream stream = {.arena = arena, .log = BUF_INIT(SIZE_MAX / 4)};
	struct err err = ERR_INIT;
	int r = 0;

	watch_init(&stream.watch, piece & 1);
	for (size_t pos = 0; pos < size && r == 0; pos += piece) {
		size_t n = size - pos < piece ? size - pos : piece;

		r = watch_feed(&stream.watch, (const char *)data + pos, n, on_line, &stream, &err);
		must((r < 0) == err_is_set(&err));
	}
	buf_addf(&stream.log, "%d %s", r, buf_str(&stream.watch.version));
	must(watch_ended(&stream.watch, &err, 7) >= 0);
	*ret_log = stream.log;
	watch_deinit(&stream.watch);
}

static int on_item(void *user, struct buf *item, struct err *err)
{
	struct buf *log = user;

	(void)err;
	must(item->len >= 2);
	buf_append(log, item->data, item->len);
	buf_addc(log, '\n');
	return 0;
}

// The items that a list hands out, and the text that is kept around them.
static void run_list(const uint8_t *data, size_t size, size_t piece, struct buf *ret_log)
{
	struct err err = ERR_INIT;
	struct listing listing;
	int r = 0;

	*ret_log = BUF_INIT(SIZE_MAX / 4);
	listing_init(&listing, piece & 1);
	listing_begin(&listing);
	for (size_t pos = 0; pos < size && r == 0; pos += piece)
		r = listing_feed(&listing, (const char *)data + pos, size - pos < piece ? size - pos : piece, on_item, ret_log, &err);
	must((r < 0) == err_is_set(&err));
	buf_append(ret_log, listing.head.data, listing.head.len);
	listing_deinit(&listing);
}

static void check_page(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf path = BUF_INIT(SIZE_MAX / 4);
	struct err err = ERR_INIT;
	struct watch watch;
	bool complete;

	watch_init(&watch, false);
	if (watch_page(&watch, json_parse(arena, (const char *)data, size), &complete, &err) == 0)
		must(watch.phase == (complete ? WATCH_WATCHING : WATCH_LISTING));
	// The server's continue token is part of the next request's line and must not end it.
	watch_query(&watch, &path, 300);
	must(!strpbrk(buf_str(&path), " \r\n"));
	watch_deinit(&watch);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf whole = {0}, pieces = {0}, list = {0}, list_pieces = {0};

	if (size < 2)
		return 0;
	run(data + 1, size - 1, size - 1, &whole);
	run(data + 1, size - 1, (size_t)*data + 1, &pieces);
	must(strcmp(buf_str(&whole), buf_str(&pieces)) == 0);
	run_list(data + 1, size - 1, size - 1, &list);
	run_list(data + 1, size - 1, (size_t)*data + 1, &list_pieces);
	must(list.len == list_pieces.len && memcmp(buf_str(&list), buf_str(&list_pieces), list.len) == 0);
	check_page(data + 1, size - 1);
	return 0;
}
