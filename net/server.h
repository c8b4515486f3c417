// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A tiny HTTP server for /metrics, /healthz and /readyz (libmicrohttpd, one internal thread each). GET and HEAD only; a connection serves one
// request. Everybody who reaches the port may ask, so there are small limits on connections (of all, and of one address), header size and idle
// time. A connection over its address's limit is closed at once; one over the limit of all waits until there is room.

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

struct server_options {
	const char *address; // NULL: all of IPv4 and IPv6; else one of IPv4
	uint16_t port;	     // 0: any
	unsigned connections, connections_of_one; // at a time: all, and those of one address
	unsigned idle_s;     // closes a connection that neither sends nor takes anything for so long
	const struct server_route *routes; // copied
	size_t n_routes;
};

struct server;

// ret_port (may be NULL) gets the port.
int server_start(const struct server_options *options, struct server **ret, uint16_t *ret_port, struct err *err);
void server_stop(struct server *server); // NULL is allowed
