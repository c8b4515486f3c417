// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/watch.h"

#include <stdio.h>
#include <string.h>

#include "kube/client.h"
#include "kube/path.h"

#define LINE_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define TOKEN_MAX ((size_t)8 * 1024)
#define FIRST_DELAY_MS 500
#define LAST_DELAY_MS 30000
#define LASTING_MS 30000
#define PAGE_SIZE "500"

void watch_init(struct watch *watch, bool secret)
{
	*watch = (struct watch){
		.version = BUF_INIT(TOKEN_MAX),
		.continue_token = BUF_INIT(TOKEN_MAX),
		.line = BUF_INIT(LINE_MAX_BYTES),
		.first_delay_ms = FIRST_DELAY_MS,
		.secret = secret,
	};
	watch->line.secret = secret;
}

void watch_deinit(struct watch *watch)
{
	buf_release(&watch->version);
	buf_release(&watch->continue_token);
	buf_release(&watch->line);
}

void watch_query(const struct watch *watch, struct buf *path, unsigned timeout_s)
{
	char seconds[16];

	if (watch->phase == WATCH_LISTING) {
		kube_query(path, "limit", PAGE_SIZE);
		if (watch->continue_token.len)
			kube_query(path, "continue", buf_str(&watch->continue_token));
		return;
	}
	(void)snprintf(seconds, sizeof(seconds), "%u", timeout_s);
	kube_query(path, "watch", "true");
	kube_query(path, "allowWatchBookmarks", "true");
	kube_query(path, "timeoutSeconds", seconds);
	kube_query(path, "resourceVersion", buf_str(&watch->version));
}

static int keep(struct buf *buf, const char *text, const char *what, struct err *err)
{
	buf_clear(buf);
	buf_add(buf, text);
	if (buf->overflow)
		return err_set(err, ERR_TOO_LARGE, "%s is longer than %zu bytes", what, buf->max);
	return 0;
}

int watch_page(struct watch *watch, yyjson_val *list, bool *ret_complete, struct err *err)
{
	yyjson_val *metadata = yyjson_obj_get(list, "metadata");
	const char *version = yyjson_get_str(yyjson_obj_get(metadata, "resourceVersion"));
	const char *token = yyjson_get_str(yyjson_obj_get(metadata, "continue"));
	int r;

	// An empty collection may come as null.
	if (!version || !yyjson_obj_get(list, "items"))
		return err_set(err, ERR_PROTOCOL, "the answer to a list has no items or no resourceVersion");
	watch->failures = 0;
	*ret_complete = !token || !*token;
	if (!*ret_complete)
		return keep(&watch->continue_token, token, "a continue token", err);
	buf_clear(&watch->continue_token);
	r = keep(&watch->version, version, "a resource version", err);
	if (r == 0)
		watch->phase = WATCH_WATCHING;
	return r;
}

int watch_feed(struct watch *watch, const char *data, size_t len,
	       int (*on_line)(void *user, const char *line, size_t len, struct err *err), void *user, struct err *err)
{
	const char *end;
	int r;

	while ((end = memchr(data, '\n', len))) {
		size_t piece = (size_t)(end - data);

		buf_append(&watch->line, data, piece);
		data = end + 1;
		len -= piece + 1;
		if (watch->line.overflow)
			break;
		r = watch->line.len ? on_line(user, buf_str(&watch->line), watch->line.len, err) : 0;
		buf_clear(&watch->line);
		if (r < 0)
			return r;
	}
	buf_append(&watch->line, data, len);
	if (watch->line.overflow)
		return err_set(err, ERR_TOO_LARGE, "a watch event is larger than %zu bytes", LINE_MAX_BYTES);
	return 0;
}

// An event of type ERROR carries a Status.
static int status_error(yyjson_val *status, struct err *err)
{
	const char *message = yyjson_get_str(yyjson_obj_get(status, "message"));
	yyjson_val *code = yyjson_obj_get(status, "code");
	int number = yyjson_is_int(code) ? (int)yyjson_get_sint(code) : 500;

	return err_set(err, number == 410 ? ERR_GONE : ERR_SERVER, "the watch ended with status %d: %s", number,
		       message ? message : "no reason was given");
}

int watch_event(struct watch *watch, yyjson_val *event, enum watch_change *ret_change, yyjson_val **ret_object, struct err *err)
{
	const char *type = yyjson_get_str(yyjson_obj_get(event, "type")), *version;
	yyjson_val *object = yyjson_obj_get(event, "object");

	if (!type || !yyjson_is_obj(object))
		return err_set(err, ERR_PROTOCOL, "a watch event has no type or no object");
	if (strcmp(type, "ERROR") == 0)
		return status_error(object, err);
	version = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(object, "metadata"), "resourceVersion"));
	if (!version)
		return err_set(err, ERR_PROTOCOL, "the object of a watch event has no resourceVersion");
	*ret_object = object;
	if (strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0)
		*ret_change = WATCH_PUT;
	else if (strcmp(type, "DELETED") == 0)
		*ret_change = WATCH_REMOVE;
	else if (strcmp(type, "BOOKMARK") == 0)
		*ret_change = WATCH_NOTHING;
	else
		return err_set(err, ERR_PROTOCOL, "a watch event is of the unknown type '%.32s'", type);
	watch->failures = watch->gone = 0;
	return keep(&watch->version, version, "a resource version", err);
}

void watch_lasted(struct watch *watch, int64_t ms)
{
	if (watch->phase == WATCH_WATCHING && ms >= LASTING_MS)
		watch->failures = watch->gone = 0;
}

int64_t watch_ended(struct watch *watch, const struct err *err, unsigned random)
{
	int64_t delay = watch->first_delay_ms;
	unsigned times;

	buf_clear(&watch->line);
	if (!err_is_set(err)) {
		// A server that ends watches at once must not be asked in a tight loop: a request without an event counts as a failure.
		if (watch->failures++ == 0)
			return 0;
	} else {
		watch->failures++;
	}
	if (err->class == ERR_GONE) {
		// The page or the version is too old: list everything anew. Meanwhile the store keeps what it has.
		watch->phase = WATCH_LISTING;
		buf_clear(&watch->continue_token);
		watch->gone++;
		if (watch->failures == 1 && watch->gone == 1)
			return 0;
	}
	// A list between two watches that ended with 410 is no progress.
	times = watch->gone > watch->failures ? watch->gone : watch->failures;
	for (unsigned i = 1; i < times && delay < LAST_DELAY_MS; i++)
		delay *= 2;
	if (delay > LAST_DELAY_MS)
		delay = LAST_DELAY_MS;
	if (err->retry_after_ms > delay)
		delay = err->retry_after_ms;
	return delay + random % (unsigned)(delay / 5 + 1);
}
