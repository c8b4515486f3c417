// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// An HTTP server for one person's browser on this machine (libmicrohttpd, a thread a connection). It answers at once, or streams until the
// handler ends the stream. The handler judges who may ask. Connections, headers, bodies and idle time have limits.

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
	bool too_long;		   // the body; a handler that answers at all answers with 413
	void *connection;
};

// The first header of this name; NULL: there is none.
const char *site_header(const struct site_request *request, const char *name);
const char *site_argument(const struct site_request *request, const char *name); // of the query, decoded
size_t site_header_count(const struct site_request *request, const char *name);

// Appends what the stream says next to out and returns true, or returns false at its end. It may wait, but must say something now and then: only
// writing finds out that the browser has gone.
typedef bool (*site_more)(void *stream, struct buf *out);

struct site_header {
	const char *name, *value; // copied when the handler has returned
};

struct site_answer {
	unsigned status;
	struct site_header headers[SITE_HEADERS]; // ended with a NULL name
	size_t n_headers;
	const char *text; // a body that outlives the server; NULL: the body is in body
	size_t text_len;
	struct buf body; // the server releases it
	site_more more;	 // NULL: no stream. Called on the connection's thread
	void (*end)(void *stream);
	void *stream;
};

void site_add_header(struct site_answer *answer, const char *name, const char *value);

// Fills an answer, which is zeroed except for an empty body. Runs on the connection's thread.
typedef void (*site_handler)(void *user, const struct site_request *request, struct site_answer *answer);

struct site_options {
	const char *address; // of IPv4
	uint16_t port;	     // 0: any
	unsigned connections;
	unsigned idle_s;  // closes a connection that neither sends nor takes anything for so long
	size_t body_max; // the largest body of a request; of a longer one the handler learns only that it is too long
	site_handler handler;
	void *user;
};

struct site;

int site_start(const struct site_options *options, struct site **ret, uint16_t *ret_port, struct err *err);

// Waits for the streams, which must have ended by then. NULL is allowed.
void site_stop(struct site *site);
