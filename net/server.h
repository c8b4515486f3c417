// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A tiny HTTP server for /metrics, /healthz and /readyz (libmicrohttpd, one internal thread). GET and HEAD only;
// small limits on connections, header size and idle time.

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

// Writes the body and returns the HTTP status. Runs on the server's thread.
typedef unsigned (*server_handler)(void *user, struct buf *body, const char **ret_content_type);

struct server_route {
	const char *path;
	server_handler handler;
	void *user;
};

struct server;

// address NULL: all addresses of IPv4 and IPv6; else an IPv4 address. The routes are copied. ret_port (may be NULL) gets the port when port is 0.
int server_start(const char *address, uint16_t port, const struct server_route *routes, size_t n_routes,
		 struct server **ret, uint16_t *ret_port, struct err *err);
void server_stop(struct server *server); // NULL is allowed
