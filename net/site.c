// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// libmicrohttpd calls first with the headers alone, then with pieces of the body, then once more when the body is complete: only then the
// handler runs. A stream's bytes wait in a buffer until the connection takes them. The server asks the handler for more only when the buffer is
// empty, so a browser that does not read costs no memory.

#include "net/site.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#define ANSWER_MAX ((size_t)16 * 1024 * 1024)
#define STREAM_MAX ((size_t)16 * 1024 * 1024)
#define BLOCK ((size_t)32 * 1024)
#define MEMORY_PER_CONNECTION ((size_t)128 * 1024)

struct site {
	struct MHD_Daemon *daemon;
	site_handler handler;
	void *user;
	size_t body_max;
};

// A request whose body is still coming.
struct visit {
	struct buf body;
};

struct stream {
	site_more more;
	void (*end)(void *stream);
	void *user;
	struct buf waiting;
	size_t taken;
};

const char *site_header(const struct site_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_HEADER_KIND, name);
}

const char *site_argument(const struct site_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->connection, MHD_GET_ARGUMENT_KIND, name);
}

struct tally {
	const char *name;
	size_t n;
};

static enum MHD_Result tally_one(void *user, enum MHD_ValueKind kind, const char *key, const char *value)
{
	struct tally *tally = user;

	(void)kind, (void)value;
	tally->n += strcasecmp(key, tally->name) == 0;
	return MHD_YES;
}

size_t site_header_count(const struct site_request *request, const char *name)
{
	struct tally tally = {name, 0};

	(void)MHD_get_connection_values(request->connection, MHD_HEADER_KIND, tally_one, &tally);
	return tally.n;
}

void site_add_header(struct site_answer *answer, const char *name, const char *value)
{
	if (answer->n_headers < SITE_HEADERS)
		answer->headers[answer->n_headers++] = (struct site_header){name, value};
}

static ssize_t take(void *user, uint64_t position, char *to, size_t max)
{
	struct stream *stream = user;
	size_t n;

	(void)position;
	while (stream->taken == stream->waiting.len) {
		stream->taken = 0;
		buf_clear(&stream->waiting);
		if (!stream->more(stream->user, &stream->waiting))
			return MHD_CONTENT_READER_END_OF_STREAM;
		if (stream->waiting.overflow)
			return MHD_CONTENT_READER_END_WITH_ERROR;
	}
	n = stream->waiting.len - stream->taken;
	n = n < max ? n : max;
	memcpy(to, stream->waiting.data + stream->taken, n);
	stream->taken += n;
	return (ssize_t)n;
}

static void free_stream(void *user)
{
	struct stream *stream = user;

	if (stream->end)
		stream->end(stream->user);
	buf_release(&stream->waiting);
	free(stream);
}

static struct MHD_Response *stream_of(const struct site_answer *answer)
{
	struct stream *stream = calloc(1, sizeof(*stream));
	struct MHD_Response *response;

	if (!stream)
		abort();
	*stream = (struct stream){.more = answer->more, .end = answer->end, .user = answer->stream, .waiting = BUF_INIT(STREAM_MAX)};
	response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, BLOCK, take, stream, free_stream);
	if (!response)
		free_stream(stream);
	return response;
}

static struct MHD_Response *response_of(const struct site_answer *answer)
{
	const char *text = answer->text ? answer->text : buf_str(&answer->body);
	void *data;

	if (answer->more)
		return stream_of(answer);
	memcpy(&data, &text, sizeof(data)); // the parameter lacks const; the library does not write
	return MHD_create_response_from_buffer(answer->text ? answer->text_len : answer->body.len, data,
					       answer->text ? MHD_RESPMEM_PERSISTENT : MHD_RESPMEM_MUST_COPY);
}

static enum MHD_Result reply(struct MHD_Connection *connection, const struct site_answer *answer)
{
	struct MHD_Response *response = response_of(answer);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	for (size_t i = 0; i < answer->n_headers; i++)
		(void)MHD_add_response_header(response, answer->headers[i].name, answer->headers[i].value);
	result = MHD_queue_response(connection, answer->status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_visit(const struct site *site, struct MHD_Connection *connection, const char *method, const char *path,
				    const struct visit *visit)
{
	const struct site_request request = {
		.method = method, .path = path, .body = visit->body.overflow ? "" : buf_str(&visit->body), .too_long = visit->body.overflow, .connection = connection};
	struct site_answer answer = {.body = BUF_INIT(ANSWER_MAX)};
	enum MHD_Result result;

	site->handler(site->user, &request, &answer);
	if (answer.body.overflow) {
		buf_clear(&answer.body);
		answer.status = MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
	result = reply(connection, &answer);
	buf_release(&answer.body);
	return result;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method, const char *version,
				  const char *upload, size_t *upload_size, void **state)
{
	const struct site *site = user;
	struct visit *visit = *state;

	(void)version;
	if (!visit) {
		*state = visit = calloc(1, sizeof(*visit));
		if (!visit)
			abort();
		visit->body = BUF_INIT(site->body_max);
		return MHD_YES;
	}
	if (*upload_size) {
		buf_append(&visit->body, upload, *upload_size);
		*upload_size = 0;
		return MHD_YES;
	}
	return answer_visit(site, connection, method, url, visit);
}

static void on_end(void *user, struct MHD_Connection *connection, void **state, enum MHD_RequestTerminationCode code)
{
	struct visit *visit = *state;

	(void)user, (void)connection, (void)code;
	if (visit)
		buf_release(&visit->body);
	free(visit);
	*state = NULL;
}

int site_start(const struct site_options *options, struct site **ret, uint16_t *ret_port, struct err *err)
{
	struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(options->port)};
	const struct MHD_OptionItem limits[] = {
		{MHD_OPTION_CONNECTION_LIMIT, options->connections, NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, options->idle_s, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_PER_CONNECTION, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	const union MHD_DaemonInfo *info;
	struct site *site;

	if (inet_pton(AF_INET, options->address, &where.sin_addr) != 1)
		return err_set(err, ERR_INVALID, "address '%s' is no IPv4 address", options->address);
	site = calloc(1, sizeof(*site));
	if (!site)
		abort();
	*site = (struct site){.handler = options->handler, .user = options->user, .body_max = options->body_max};
	errno = 0;
	site->daemon = MHD_start_daemon(MHD_USE_THREAD_PER_CONNECTION | MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL, options->port, NULL, NULL, on_request,
					site, MHD_OPTION_SOCK_ADDR, &where, MHD_OPTION_NOTIFY_COMPLETED, on_end, NULL, MHD_OPTION_ARRAY, limits,
					MHD_OPTION_END);
	if (!site->daemon) {
		free(site);
		return err_errno(err, errno, "cannot serve HTTP on %s:%u", options->address, options->port);
	}
	info = MHD_get_daemon_info(site->daemon, MHD_DAEMON_INFO_BIND_PORT);
	*ret_port = info ? info->port : options->port;
	*ret = site;
	return 0;
}

void site_stop(struct site *site)
{
	if (!site)
		return;
	MHD_stop_daemon(site->daemon);
	free(site);
}
