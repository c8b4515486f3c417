// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Where the server speaks HTTP/2, watches and calls share one connection, and what is secret has one of its own, over HTTP/1.1 (D8).
// The server below knows just enough of RFC 9113 for that: it takes the first stream for a watch, and answers all others; or it waits for
// several calls and answers them at once.

#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "net/http.h"
#include "test/unit/pki.h"

enum frame_type { DATA, HEADERS, SETTINGS = 4, PING = 6 };
enum frame_flag { END_STREAM = 1, ACK = 1, END_HEADERS = 4 };

#define SHARERS 6
#define LONG_BYTES 60000 // fits into the least window that a client gives
#define FRAME_MAX 16384
#define STALL_MS 8000 // less than the nearest of libcurl's own timers, ten seconds after the connect

struct head {
	uint8_t type, flags;
	uint32_t stream;
};

struct frame {
	size_t len;
	struct head head;
	uint8_t payload[FRAME_MAX];
};

struct server {
	bool together; // SHARERS calls are answered at once
	struct pki authority, identity;
	SSL_CTX *context;
	pthread_t threads[8]; // the listener first
	_Atomic unsigned n_conns, n_http1, n_streams;
	int fd;
	unsigned port;
};

struct conn {
	struct server *server;
	int fd;
	SSL *ssl;
};

static bool receive(SSL *ssl, void *data, size_t len)
{
	uint8_t *at = data;

	for (int n; len > 0; at += n, len -= (size_t)n) {
		n = SSL_read(ssl, at, (int)len);
		if (n <= 0)
			return false;
	}
	return true;
}

static bool receive_frame(SSL *ssl, struct frame *ret)
{
	uint8_t head[9];

	if (!receive(ssl, head, sizeof(head)))
		return false;
	ret->len = (size_t)head[0] << 16 | (size_t)head[1] << 8 | head[2];
	ret->head.type = head[3];
	ret->head.flags = head[4];
	ret->head.stream = ((uint32_t)head[5] << 24 | (uint32_t)head[6] << 16 | (uint32_t)head[7] << 8 | head[8]) & 0x7fffffff;
	return ret->len <= sizeof(ret->payload) && receive(ssl, ret->payload, ret->len);
}

static void append_frame(struct buf *out, struct head head, const char *text, size_t len)
{
	const uint8_t bytes[9] = {(uint8_t)(len >> 16),		(uint8_t)(len >> 8),	    (uint8_t)len,
				  head.type,			head.flags,		    (uint8_t)(head.stream >> 24),
				  (uint8_t)(head.stream >> 16), (uint8_t)(head.stream >> 8), (uint8_t)head.stream};

	buf_append(out, bytes, sizeof(bytes));
	buf_append(out, text, len);
}

static void send_frame(SSL *ssl, struct head head, const char *text, size_t len)
{
	struct buf frame = BUF_INIT(9 + FRAME_MAX);

	append_frame(&frame, head, text, len);
	(void)SSL_write(ssl, frame.data, (int)frame.len);
	buf_release(&frame);
}

static const char ok[] = "\x88"; // :status 200, from HPACK's static table

// The watch hears of each call.
static void answer(struct server *server, SSL *ssl, uint32_t stream)
{
	send_frame(ssl, (struct head){HEADERS, END_HEADERS, stream}, ok, 1);
	if (atomic_fetch_add(&server->n_streams, 1) == 0) {
		send_frame(ssl, (struct head){DATA, 0, stream}, "begun\n", 6);
		return;
	}
	send_frame(ssl, (struct head){DATA, END_STREAM, stream}, "fine", 4);
	send_frame(ssl, (struct head){DATA, 0, 1}, "heard\n", 6);
}

// Several frames in a record, each of any of the streams and of any size; in the last one all ends.
static void answer_together(SSL *ssl, const uint32_t streams[SHARERS], unsigned *seed)
{
	static const char text[FRAME_MAX];
	struct buf out = BUF_INIT((size_t)2 * FRAME_MAX + 200);
	size_t left[SHARERS], all = (size_t)SHARERS * LONG_BYTES;

	for (unsigned i = 0; i < SHARERS; i++) {
		left[i] = LONG_BYTES;
		send_frame(ssl, (struct head){HEADERS, END_HEADERS, streams[i]}, ok, 1);
	}
	while (all > 0) {
		unsigned i = (unsigned)rand_r(seed) % SHARERS;
		size_t size = 1 + (size_t)rand_r(seed) % FRAME_MAX;

		if (left[i] == 0)
			continue;
		if (out.len > FRAME_MAX) {
			(void)SSL_write(ssl, out.data, (int)out.len);
			buf_clear(&out);
		}
		size = size < left[i] ? size : left[i];
		left[i] -= size;
		all -= size;
		append_frame(&out, (struct head){DATA, 0, streams[i]}, text, size);
	}
	for (unsigned i = 0; i < SHARERS; i++)
		append_frame(&out, (struct head){DATA, END_STREAM, streams[i]}, "", 0);
	(void)SSL_write(ssl, out.data, (int)out.len);
	buf_release(&out);
}

static void serve_h2(struct server *server, SSL *ssl)
{
	uint32_t streams[SHARERS];
	unsigned n_streams = 0, seed = 1;
	struct frame *frame = malloc(sizeof(*frame));
	char preface[24];

	assert_non_null(frame);
	if (receive(ssl, preface, sizeof(preface)) && memcmp(preface, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 24) == 0)
		send_frame(ssl, (struct head){SETTINGS, 0, 0}, "", 0);
	while (receive_frame(ssl, frame)) {
		if (frame->head.type == SETTINGS && !(frame->head.flags & ACK))
			send_frame(ssl, (struct head){SETTINGS, ACK, 0}, "", 0);
		else if (frame->head.type == PING && !(frame->head.flags & ACK))
			send_frame(ssl, (struct head){PING, ACK, 0}, (const char *)frame->payload, 8);
		else if (frame->head.type == HEADERS && (frame->head.stream == 1 || !server->together))
			answer(server, ssl, frame->head.stream);
		else if (frame->head.type == HEADERS)
			streams[n_streams++] = frame->head.stream;
		if (n_streams == SHARERS) {
			answer_together(ssl, streams, &seed);
			n_streams = 0;
		}
	}
	free(frame);
}

static void serve_http1(SSL *ssl)
{
	static const char text[] = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";
	char request[4096] = "";
	size_t len = 0;

	while (!strstr(request, "\r\n\r\n") && len + 1 < sizeof(request)) {
		int n = SSL_read(ssl, request + len, (int)(sizeof(request) - 1 - len));

		if (n <= 0)
			return;
		len += (size_t)n;
		request[len] = '\0';
	}
	(void)SSL_write(ssl, text, sizeof(text) - 1);
}

static void *serve(void *user)
{
	struct conn *conn = user;
	const unsigned char *protocol = NULL;
	unsigned len = 0;

	if (SSL_accept(conn->ssl) == 1) {
		SSL_get0_alpn_selected(conn->ssl, &protocol, &len);
		if (len == 2) {
			serve_h2(conn->server, conn->ssl);
		} else {
			atomic_fetch_add(&conn->server->n_http1, 1);
			serve_http1(conn->ssl);
		}
	}
	(void)SSL_shutdown(conn->ssl);
	SSL_free(conn->ssl);
	(void)close(conn->fd);
	free(conn);
	return NULL;
}

static void *listen_on(void *user)
{
	struct server *server = user;
	unsigned n = 0;
	int fd;

	while ((fd = accept(server->fd, NULL, NULL)) >= 0) {
		struct conn *conn = calloc(1, sizeof(*conn));

		assert_true(conn && n + 1 < 8);
		*conn = (struct conn){.server = server, .fd = fd, .ssl = SSL_new(server->context)};
		(void)SSL_set_fd(conn->ssl, fd);
		assert_int_equal(pthread_create(&server->threads[++n], NULL, serve, conn), 0);
		atomic_store(&server->n_conns, n);
	}
	return NULL;
}

static int choose(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len, void *user)
{
	static const unsigned char known[] = "\x02h2\x08http/1.1";

	(void)ssl, (void)user;
	return SSL_select_next_proto((unsigned char **)(uintptr_t)out, out_len, known, sizeof(known) - 1, in, in_len) == OPENSSL_NPN_NEGOTIATED
		       ? SSL_TLSEXT_ERR_OK
		       : SSL_TLSEXT_ERR_NOACK;
}

static void server_begin(struct server *server)
{
	struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(where);

	memset(server, 0, sizeof(*server));
	(void)signal(SIGPIPE, SIG_IGN);
	server->authority = pki_make(NULL, NULL, -1, 1);
	server->identity = pki_make(&server->authority, "IP:127.0.0.1", -1, 1);
	server->context = SSL_CTX_new(TLS_server_method());
	assert_int_equal(SSL_CTX_use_certificate(server->context, server->identity.certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(server->context, server->identity.key), 1);
	SSL_CTX_set_alpn_select_cb(server->context, choose, NULL);
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(server->fd, (struct sockaddr *)&where, sizeof(where)), 0);
	assert_int_equal(listen(server->fd, 8), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&where, &size), 0);
	server->port = ntohs(where.sin_port);
	assert_int_equal(pthread_create(&server->threads[0], NULL, listen_on, server), 0);
}

// After the client has closed its connections.
static void server_end(struct server *server)
{
	(void)shutdown(server->fd, SHUT_RDWR);
	assert_int_equal(pthread_join(server->threads[0], NULL), 0);
	for (unsigned i = 1; i <= server->n_conns; i++)
		assert_int_equal(pthread_join(server->threads[i], NULL), 0);
	(void)close(server->fd);
	SSL_CTX_free(server->context);
	pki_free(&server->authority);
	pki_free(&server->identity);
}

struct client {
	struct server *server;
	struct loop *loop;
	struct http_tls tls;
	char url[64];
	struct http_stream *watch;
	struct loop_waiter begun, closed;
	_Atomic size_t heard; // bytes
};

static struct http_request request_of(const struct client *client)
{
	return (struct http_request){.method = "GET", .url = client->url, .tls = &client->tls, .user_agent = "test/1", .max_bytes = 100};
}

static bool on_data(void *user, const char *data, size_t len)
{
	struct client *client = user;

	(void)data;
	if (atomic_fetch_add(&client->heard, len) == 0)
		loop_signal(client->loop, &client->begun);
	return true;
}

static void on_end(void *user, const struct http_response *response, const struct err *err)
{
	(void)user, (void)response;
	fail_msg("the watch ended: %s", err->text);
}

static void open_watch(void *user)
{
	struct client *client = user;
	const struct http_stream_events events = {.on_data = on_data, .on_end = on_end, .user = client};
	const struct http_request request = request_of(client);

	client->watch = http_stream_open(client->loop, &request, &events);
	assert_non_null(client->watch);
}

static void close_watch(void *user)
{
	struct client *client = user;

	http_stream_close(client->watch);
	loop_signal(client->loop, &client->closed);
}

// The answer is to be released.
static struct http_response perform(const struct client *client, const struct http_request *request)
{
	struct http_response response;
	struct err err = ERR_INIT;

	if (http_perform(client->loop, request, &response, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(response.status, 200);
	return response;
}

static void call(struct client *client, bool secret)
{
	struct http_request request = request_of(client);
	struct http_response response;

	request.timeout_ms = 20000;
	request.secret = secret;
	response = perform(client, &request);
	assert_string_equal(buf_str(&response.body), "fine");
	buf_release(&response.body);
}

static void *call_often(void *user)
{
	for (int i = 0; i < 10; i++)
		call(user, false);
	return NULL;
}

static void client_begin(struct client *client, struct server *server, struct arena *arena)
{
	struct err err = ERR_INIT;

	memset(client, 0, sizeof(*client));
	client->server = server;
	client->tls.ca_pem = pki_certificate_pem(server->authority.certificate, arena);
	(void)snprintf(client->url, sizeof(client->url), "https://127.0.0.1:%u/", server->port);
	assert_int_equal(loop_new(&client->loop, &err), 0);
	assert_int_equal(loop_start(client->loop, &err), 0);
}

static void test_one_connection(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	int64_t deadline = deadline_in_ms(20000);
	struct server server;
	struct client client;
	pthread_t threads[3];

	(void)state;
	server_begin(&server);
	client_begin(&client, &server, arena);
	loop_post(client.loop, open_watch, &client);
	loop_wait(client.loop, &client.begun);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call_often, &client), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(server.n_streams, 31);
	while (atomic_load(&client.heard) < 31 * 6)
		assert_true(deadline_left_ms(deadline) > 0);
	assert_int_equal(server.n_conns, 1);
	assert_int_equal(server.n_http1, 0);
	// A header that must be wiped does not come that way.
	call(&client, true);
	assert_int_equal(server.n_streams, 31);
	assert_int_equal(server.n_conns, 2);
	assert_int_equal(server.n_http1, 1);
	// Nor does it keep the others from sharing: curl would take its answer for the server's word that it cannot do so.
	(void)call_often(&client);
	assert_int_equal(server.n_streams, 41);
	assert_int_equal(server.n_conns, 2);
	// The end of one stream is no other's.
	loop_post(client.loop, close_watch, &client);
	loop_wait(client.loop, &client.closed);
	call(&client, false);
	assert_int_equal(server.n_conns, 2);
	loop_stop(client.loop);
	loop_free(client.loop);
	server_end(&server);
}

static void *call_together(void *user)
{
	const struct client *client = user;
	struct http_request request = request_of(client);

	request.timeout_ms = STALL_MS;
	request.max_bytes = LONG_BYTES;
	for (int i = 0; i < 100; i++) {
		struct http_response response = perform(client, &request);

		assert_int_equal(response.body.len, LONG_BYTES);
		buf_release(&response.body);
	}
	return NULL;
}

// libcurl may keep what it has read of a stream while another one's turn it was; nobody waits for that until some timer.
static void test_shared_reads(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	pthread_t threads[SHARERS];
	struct server server;
	struct client client;

	(void)state;
	server_begin(&server);
	server.together = true;
	client_begin(&client, &server, arena);
	loop_post(client.loop, open_watch, &client);
	loop_wait(client.loop, &client.begun);
	for (int i = 0; i < SHARERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call_together, &client), 0);
	for (int i = 0; i < SHARERS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(server.n_conns, 1);
	loop_post(client.loop, close_watch, &client);
	loop_wait(client.loop, &client.closed);
	loop_stop(client.loop);
	loop_free(client.loop);
	server_end(&server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_connection), cmocka_unit_test(test_shared_reads)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
