// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// One HTTP request: one struct in, one struct out. Over HTTP/2 where the server offers it (all requests to one server share
// one connection), HTTP/1.1 otherwise. Source: libcurl, "HTTP/2 with libcurl", curl_easy_setopt.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "net/loop.h"

#define HTTP_HEADERS_MAX 6

// How to trust the server and to prove who we are; PEM texts, kept by reference.
struct http_tls {
	const char *ca_pem;	      // NULL: the system's store
	const char *certificate_pem;  // NULL: none
	const char *key_pem;
	const char *server_name;      // the name to ask for and to verify instead of the URL's host; NULL: the URL's
	bool insecure;		      // no verification; only where a kubeconfig says so
	const char *proxy;	      // URL; NULL: none, whatever the environment says
};

struct http_request {
	const char *method;
	const char *url;
	const char *headers[HTTP_HEADERS_MAX]; // "Name: value"; NULL where unused
	const char *bearer;		       // NULL: none; wiped from our copies
	const char *body;		       // NULL: none; NUL-ended
	const struct http_tls *tls;
	const char *user_agent;
	int timeout_ms;	       // of the whole request; 0: none (a watch)
	size_t max_bytes;      // of the answer's body (of a stream: unused)
	bool secret;	       // the answer's buffers are wiped; it comes over HTTP/1.1 on a connection of its own
	const char *wanted;    // the name of a header of the answer to keep; a literal; NULL: none
};

struct http_response {
	int status;	     // 0: none came
	int retry_after_ms;  // Retry-After; 0: none
	char header[80];     // the value of the wanted header, cut; "": none came
	struct buf body;     // the caller releases it
};

// Runs the request and waits; call it from another thread than the loop's. ERR_IO, ERR_TIMEOUT, ERR_TOO_LARGE, ERR_CANCELLED; a status of 400
// and more is no error here. The caller releases ret's body with buf_release(). A failure leaves ret untouched.
int http_perform(struct loop *loop, const struct http_request *request, struct http_response *ret, struct err *err);

struct http_stream;

// http_perform() in two steps, for requests that need not wait for each other: begin them all, then end each of them. http_end() waits for the
// answer and frees the stream. Any thread but the loop's.
struct http_stream *http_begin(struct loop *loop, const struct http_request *request);
int http_end(struct http_stream *stream, struct http_response *ret, struct err *err);

struct http_stream_events {
	// A piece of a 2xx answer's body. Return false to end the stream; on_end follows with ERR_CANCELLED.
	bool (*on_data)(void *user, const char *data, size_t len);
	// The end. err is not set when the server ended the stream in order. Of an answer of 400 and more response->body holds at most 64 KiB.
	// The stream is gone when on_end returns.
	void (*on_end)(void *user, const struct http_response *response, const struct err *err);
	void *user;
};

// Starts a request and hands on its answer as it comes; loop thread only. NULL when the loop is stopping.
struct http_stream *http_stream_open(struct loop *loop, const struct http_request *request,
				     const struct http_stream_events *events);

// Ends the stream with on_end and ERR_TIMEOUT because nothing came for silent_ms: a watch calls it when its peer is gone without a word. A
// connection that was silent as a whole goes too. Loop thread only.
void http_stream_give_up(struct http_stream *stream, int64_t silent_ms);

// Ends the stream without on_end; loop thread only, or after loop_stop().
void http_stream_close(struct http_stream *stream);

// A connection to the request's server, over TLS and through the proxy as a request's would be, on which the caller speaks by itself: for
// protocols that only begin as HTTP/1.1. It has no part in the loop, and belongs to one thread at a time.
struct http_line;

// Connects, within timeout_ms, and sends nothing. Errors: those of http_perform(); ERR_INVALID: the URL is malformed.
int http_line_open(const struct http_request *request, struct http_line **ret, struct err *err);
void http_line_close(struct http_line *line); // NULL is allowed
DEFINE_CLEANUP(struct http_line *, http_line_close);

// Appends the request's head with all its headers and the bearer; ret is a secret buffer.
void http_line_head(const struct http_line *line, struct buf *ret);

// For poll(2). There may be bytes to read that it does not see: read until there is nothing.
int http_line_fd(const struct http_line *line);

// Neither waits. *ret_n is 0 where nothing can be sent or read now. ERR_IO; of reading also when the server has ended the connection.
int http_line_send(struct http_line *line, const void *data, size_t len, size_t *ret_n, struct err *err);
int http_line_receive(struct http_line *line, void *data, size_t size, size_t *ret_n, struct err *err);
