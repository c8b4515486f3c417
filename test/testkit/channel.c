// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "test/testkit/channel.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"

#define REQUEST_MAX ((size_t)64 * 1024 * 1024)

void channel_init(struct channel *channel, int fd)
{
	*channel = (struct channel){.fd = fd, .input = BUF_INIT_SECRET(REQUEST_MAX)};
}

void channel_deinit(struct channel *channel)
{
	(void)close(channel->fd);
	buf_release(&channel->input);
}

static int fill(struct channel *channel, bool *ret_end, struct err *err)
{
	char bytes[16384];
	const ssize_t n = recv(channel->fd, bytes, sizeof(bytes), 0);

	if (n < 0)
		return err_errno(err, errno, "cannot read from testkit");
	*ret_end = n == 0;
	buf_append(&channel->input, bytes, (size_t)n);
	if (channel->input.overflow)
		return err_set(err, ERR_TOO_LARGE, "a request is larger than %zu bytes", REQUEST_MAX);
	return 0;
}

// The next line, in the arena.
static int line(struct channel *channel, struct arena *arena, const char **ret, bool *ret_end, struct err *err)
{
	*ret_end = false;
	while (!*ret_end) {
		const char *end = channel->input.len ? memchr(channel->input.data, '\n', channel->input.len) : NULL;

		if (end) {
			const size_t len = (size_t)(end - channel->input.data);

			*ret = arena_memdup0(arena, channel->input.data, len);
			buf_consume(&channel->input, len + 1);
			return 0;
		}
		const int r = fill(channel, ret_end, err);

		if (r < 0)
			return r;
	}
	return 0;
}

int channel_receive(struct channel *channel, struct arena *arena, struct request *ret, bool *ret_end, struct err *err)
{
	const char *text = NULL;

	for (;;) {
		const char *next;
		const int r = line(channel, arena, &next, ret_end, err);

		if (r < 0 || *ret_end)
			return r;
		if (!strcmp(next, "#request end"))
			break;
		text = next;
	}
	yyjson_val *root = text ? json_parse(arena, text, strlen(text)) : NULL;

	ret->name = yyjson_get_str(yyjson_obj_get(root, "name"));
	ret->data = yyjson_obj_get(root, "data");
	if (!ret->name)
		return err_set(err, ERR_PROTOCOL, "a request is no JSON object with a name");
	return 0;
}

static int send_all(int fd, const char *data, size_t len, struct err *err)
{
	while (len > 0) {
		const ssize_t n = send(fd, data, len, MSG_NOSIGNAL);

		if (n < 0)
			return err_errno(err, errno, "cannot write to testkit");
		data += n;
		len -= (size_t)n;
	}
	return 0;
}

int channel_send(struct channel *channel, yyjson_mut_doc *doc, const char *name, yyjson_mut_val *data, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_mut_val *root = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_str(doc, root, "name", name);
	yyjson_mut_obj_add_val(doc, root, "data", data ? data : yyjson_mut_obj(doc));
	yyjson_mut_doc_set_root(doc, root);
	const char *text = arena_printf(arena, "#response begin\n%s\n#response end\n", json_text(arena, doc));

	return send_all(channel->fd, text, strlen(text), err);
}
