// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A scripted API server on loopback, HTTP/1.1 without TLS: for what a real one does not do on demand (409, 410, 429,
// silence, broken streams). A thread for each connection runs the test's handler once for each request. All waits end by
// failing the test after 20 s.

#include <stdbool.h>
#include <stddef.h>

#include "kube/config.h"

struct api;
struct api_conn;

struct api_call {
	char *method;
	char *target; // path and query
	char *head;   // all header lines
	char *body;
};

typedef void (*api_handler)(struct api *api, struct api_conn *conn, const struct api_call *call, size_t number);

struct api *api_start(api_handler handler, void *user);
void api_stop(struct api *api); // ends every connection and handler
void *api_user(const struct api *api);
const struct kube_config *api_config(const struct api *api);
unsigned api_port(const struct api *api);

// For the test's thread. Calls are numbered from 0.
size_t api_calls(struct api *api);
const struct api_call *api_wait_call(struct api *api, size_t number);

// Guards what handlers and the test share; api_wait() waits for the next api_changed().
void api_lock(struct api *api);
void api_unlock(struct api *api);
void api_changed(struct api *api); // locked
bool api_wait(struct api *api);	   // locked; false when the server stops or the time is over

// For handlers. extra: more header lines, each ended by CR LF; NULL.
void api_answer(struct api_conn *conn, int status, const char *extra, const char *body);
void api_stream(struct api_conn *conn);			    // the head of an answer that comes in pieces
void api_write(struct api_conn *conn, const char *text);    // a piece
void api_end(struct api_conn *conn);			    // in order
void api_break(struct api_conn *conn);			    // the connection
void api_silence(struct api *api);			    // until api_stop()
