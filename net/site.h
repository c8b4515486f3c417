// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// An HTTP server for one person's browser on this machine (libmicrohttpd, a thread a connection): answers at once, or streams that go on until
// they are ended. Who may ask is the handler's to judge. Connections, headers, bodies and idle time have limits.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

#define SITE_HEADERS 16

// Valid while the handler runs.
struct site_request {
	const char *method, *path; // without the query
	const char *body;	   // NUL-ended; "" for none, and for one that is too long
	bool too_long;		   // the body: the handler answers with 413 whom it answers at all
	void *connection;
};

// NULL: there is none; the first of several.
const char *site_header(const struct site_request *request, const char *name);
const char *site_argument(const struct site_request *request, const char *name); // of the query, decoded
size_t site_header_count(const struct site_request *request, const char *name);

// What a stream says next: appends to out and returns true, or returns false when it is at its end. It may wait, but not for long with nothing to say:
// that the browser has gone is found out only by saying something.
typedef bool (*site_more)(void *stream, struct buf *out);

struct site_header {
	const char *name, *value; // copied when the handler has returned
};

struct site_answer {
	unsigned status;
	struct site_header headers[SITE_HEADERS]; // ended with a NULL name
	size_t n_headers;
	const char *text; // a body that outlives the server; NULL: it is in body
	size_t text_len;
	struct buf body; // released by the server
	site_more more;	 // NULL: no stream. Called on the connection's thread
	void (*end)(void *stream);
	void *stream;
};

void site_add_header(struct site_answer *answer, const char *name, const char *value);

// Fills an answer that is zeroed but for an empty body. Runs on the connection's thread.
typedef void (*site_handler)(void *user, const struct site_request *request, struct site_answer *answer);

struct site_options {
	const char *address; // of IPv4
	uint16_t port;	     // 0: any
	unsigned connections;
	unsigned idle_s;  // a connection that says and takes nothing for so long is closed
	size_t body_max; // of a request; of a longer one the handler is told only that it is
	site_handler handler;
	void *user;
};

struct site;

int site_start(const struct site_options *options, struct site **ret, uint16_t *ret_port, struct err *err);

// Waits for the streams, which must be at their ends by then. NULL is allowed.
void site_stop(struct site *site);
