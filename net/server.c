// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "net/server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <stdlib.h>
#include <string.h>

#define BODY_MAX ((size_t)16 * 1024 * 1024)
#define MEMORY_PER_CONNECTION ((size_t)4 * 1024)

struct server {
	struct MHD_Daemon *daemon;
	size_t n;
	struct server_route routes[];
};

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const struct buf *body, const char *type)
{
	const char *text = buf_str(body);
	struct MHD_Response *response;
	enum MHD_Result result;
	void *data;

	memcpy(&data, &text, sizeof(data)); // the parameter lacks const; MUST_COPY promises not to write
	response = MHD_create_response_from_buffer(body->len, data, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	(void)MHD_add_response_header(response, MHD_HTTP_HEADER_CONNECTION, "close");
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result on_request(void *user, struct MHD_Connection *connection, const char *url, const char *method,
				  const char *version, const char *upload, size_t *upload_size, void **state)
{
	_cleanup_buf_ struct buf body = BUF_INIT(BODY_MAX);
	const struct server *server = user;
	const char *type = "text/plain";
	unsigned status = MHD_HTTP_NOT_FOUND;
	static int seen;

	(void)version, (void)upload;
	// The first call has only the headers: refusing here saves reading the body.
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		buf_add(&body, "only GET and HEAD\n");
		return reply(connection, MHD_HTTP_METHOD_NOT_ALLOWED, &body, type);
	}
	if (!*state) {
		*state = &seen;
		return MHD_YES;
	}
	*upload_size = 0;
	for (size_t i = 0; i < server->n; i++) {
		if (strcmp(url, server->routes[i].path) != 0)
			continue;
		status = server->routes[i].handler(server->routes[i].user, &body, &type);
		return reply(connection, status, &body, type);
	}
	buf_add(&body, "not found\n");
	return reply(connection, status, &body, type);
}

// Listens on all addresses of both families where the machine has IPv6, else of IPv4.
static struct MHD_Daemon *listen_all(struct server *server, const struct server_options *options, const struct sockaddr_in *where)
{
	const unsigned flags = MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_POLL;
	const struct sockaddr_in6 any = {.sin6_family = AF_INET6, .sin6_port = where->sin_port};
	const struct MHD_OptionItem limits[] = {
		{MHD_OPTION_CONNECTION_LIMIT, options->connections, NULL},
		{MHD_OPTION_PER_IP_CONNECTION_LIMIT, options->connections_of_one, NULL},
		{MHD_OPTION_CONNECTION_TIMEOUT, options->idle_s, NULL},
		{MHD_OPTION_CONNECTION_MEMORY_LIMIT, MEMORY_PER_CONNECTION, NULL},
		{MHD_OPTION_END, 0, NULL},
	};
	struct MHD_Daemon *daemon = NULL;

	if (where->sin_addr.s_addr == INADDR_ANY)
		daemon = MHD_start_daemon(flags | MHD_USE_DUAL_STACK, options->port, NULL, NULL, on_request, server,
					  MHD_OPTION_SOCK_ADDR, &any, MHD_OPTION_ARRAY, limits, MHD_OPTION_END);
	if (!daemon)
		daemon = MHD_start_daemon(flags, options->port, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, where,
					  MHD_OPTION_ARRAY, limits, MHD_OPTION_END);
	return daemon;
}

int server_start(const struct server_options *options, struct server **ret, uint16_t *ret_port, struct err *err)
{
	struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons(options->port)};
	const union MHD_DaemonInfo *info;
	struct server *server;

	if (options->address && inet_pton(AF_INET, options->address, &where.sin_addr) != 1)
		return err_set(err, ERR_INVALID, "address '%s' is no IPv4 address", options->address);
	server = calloc(1, sizeof(*server) + options->n_routes * sizeof(*options->routes));
	if (!server)
		abort();
	server->n = options->n_routes;
	for (size_t i = 0; i < options->n_routes; i++)
		server->routes[i] = options->routes[i];
	server->daemon = listen_all(server, options, &where);
	if (!server->daemon) {
		free(server);
		return err_errno(err, errno, "cannot serve HTTP on port %u", options->port);
	}
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
	if (ret_port)
		*ret_port = info ? info->port : options->port;
	*ret = server;
	return 0;
}

void server_stop(struct server *server)
{
	if (!server)
		return;
	MHD_stop_daemon(server->daemon);
	free(server);
}
