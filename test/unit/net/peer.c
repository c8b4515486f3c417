// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CALLS_MAX 4096
#define CONNS_MAX 256
#define REQUEST_MAX ((size_t)1024 * 1024)
#define LIMIT_S 20

struct peer_conn {
	struct peer *peer;
	pthread_t thread;
	int fd;
	struct buf in;
};

struct peer {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t listener;
	peer_handler handler;
	void *user;
	int fd;
	unsigned port;
	bool stopping;
	struct peer_call calls[CALLS_MAX];
	size_t n_calls;
	struct peer_conn conns[CONNS_MAX];
	size_t n_conns;
};

static void must(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "scripted server: %s: %s\n", what, strerror(errno));
	abort();
}

// False when the connection has ended.
static bool read_more(struct peer_conn *conn)
{
	char piece[4096];
	ssize_t n = recv(conn->fd, piece, sizeof(piece), 0);

	if (n <= 0)
		return false;
	buf_append(&conn->in, piece, (size_t)n);
	return !conn->in.overflow;
}

static char *cut(const char *from, size_t len)
{
	char *text = strndup(from, len);

	must(text != NULL, "strndup");
	return text;
}

// Takes one request off the connection.
static bool read_call(struct peer_conn *conn, struct peer_call *ret)
{
	const char *end, *length, *space;
	size_t head, body;

	while (!(end = strstr(buf_str(&conn->in), "\r\n\r\n"))) {
		if (!read_more(conn))
			return false;
	}
	head = (size_t)(end - buf_str(&conn->in)) + 4;
	length = strcasestr(buf_str(&conn->in), "\r\nContent-Length:");
	body = length && length < end ? strtoul(length + strlen("\r\nContent-Length:"), NULL, 10) : 0;
	while (conn->in.len < head + body) {
		if (!read_more(conn))
			return false;
	}
	ret->head = cut(buf_str(&conn->in), head);
	ret->body = cut(buf_str(&conn->in) + head, body);
	ret->method = cut(ret->head, strcspn(ret->head, " "));
	space = ret->head + strlen(ret->method) + 1;
	ret->target = cut(space, strcspn(space, " "));
	buf_consume(&conn->in, head + body);
	return true;
}

static void *serve(void *user)
{
	struct peer_conn *conn = user;
	struct peer *peer = conn->peer;
	struct peer_call call;

	while (read_call(conn, &call)) {
		size_t number;

		peer_lock(peer);
		number = peer->n_calls++;
		must(number < CALLS_MAX, "too many calls");
		peer->calls[number] = call;
		peer_changed(peer);
		peer_unlock(peer);
		peer->handler(peer, conn, &call, number);
	}
	(void)shutdown(conn->fd, SHUT_RDWR);
	return NULL;
}

static void *listen_on(void *user)
{
	struct peer *peer = user;
	int fd;

	while ((fd = accept(peer->fd, NULL, NULL)) >= 0) {
		struct peer_conn *conn;

		peer_lock(peer);
		must(peer->n_conns < CONNS_MAX, "too many connections");
		conn = &peer->conns[peer->n_conns++];
		*conn = (struct peer_conn){.peer = peer, .fd = fd, .in = BUF_INIT(REQUEST_MAX)};
		if (peer->stopping)
			(void)shutdown(fd, SHUT_RDWR);
		must(pthread_create(&conn->thread, NULL, serve, conn) == 0, "pthread_create");
		peer_unlock(peer);
	}
	return NULL;
}

struct peer *peer_start(peer_handler handler, void *user)
{
	struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct peer *peer = calloc(1, sizeof(*peer));
	socklen_t size = sizeof(where);
	pthread_condattr_t monotonic;

	must(peer != NULL, "calloc");
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&peer->lock, NULL);
	(void)pthread_cond_init(&peer->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	peer->handler = handler;
	peer->user = user;
	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(peer->fd >= 0 && bind(peer->fd, (struct sockaddr *)&where, sizeof(where)) == 0 && listen(peer->fd, 64) == 0 &&
		     getsockname(peer->fd, (struct sockaddr *)&where, &size) == 0,
	     "listen");
	peer->port = ntohs(where.sin_port);
	must(pthread_create(&peer->listener, NULL, listen_on, peer) == 0, "pthread_create");
	return peer;
}

void peer_stop(struct peer *peer)
{
	peer_lock(peer);
	peer->stopping = true;
	(void)shutdown(peer->fd, SHUT_RDWR);
	for (size_t i = 0; i < peer->n_conns; i++)
		(void)shutdown(peer->conns[i].fd, SHUT_RDWR);
	peer_changed(peer);
	peer_unlock(peer);
	(void)pthread_join(peer->listener, NULL);
	for (size_t i = 0; i < peer->n_conns; i++) {
		(void)pthread_join(peer->conns[i].thread, NULL);
		(void)close(peer->conns[i].fd);
		buf_release(&peer->conns[i].in);
	}
	for (size_t i = 0; i < peer->n_calls; i++) {
		free(peer->calls[i].method);
		free(peer->calls[i].target);
		free(peer->calls[i].head);
		free(peer->calls[i].body);
	}
	(void)close(peer->fd);
	(void)pthread_cond_destroy(&peer->changed);
	(void)pthread_mutex_destroy(&peer->lock);
	free(peer);
}

void *peer_user(const struct peer *peer)
{
	return peer->user;
}

unsigned peer_port(const struct peer *peer)
{
	return peer->port;
}

void peer_lock(struct peer *peer)
{
	(void)pthread_mutex_lock(&peer->lock);
}

void peer_unlock(struct peer *peer)
{
	(void)pthread_mutex_unlock(&peer->lock);
}

void peer_changed(struct peer *peer)
{
	(void)pthread_cond_broadcast(&peer->changed);
}

bool peer_wait(struct peer *peer)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LIMIT_S;
	return !peer->stopping && pthread_cond_timedwait(&peer->changed, &peer->lock, &until) == 0 && !peer->stopping;
}

size_t peer_calls(struct peer *peer)
{
	size_t n;

	peer_lock(peer);
	n = peer->n_calls;
	peer_unlock(peer);
	return n;
}

const struct peer_call *peer_wait_call(struct peer *peer, size_t number)
{
	peer_lock(peer);
	while (peer->n_calls <= number)
		must(peer_wait(peer), "a call that was awaited did not come");
	peer_unlock(peer);
	return &peer->calls[number];
}

static void write_all(struct peer_conn *conn, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(conn->fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return; // the client may go at any time
		data += n;
		len -= (size_t)n;
	}
}

static void write_format(struct peer_conn *conn, const char *fmt, ...) _printf_(2, 3);

static void write_format(struct peer_conn *conn, const char *fmt, ...)
{
	char *text;
	va_list args;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	must(len >= 0, "vasprintf");
	write_all(conn, text, (size_t)len);
	free(text);
}

void peer_answer(struct peer_conn *conn, int status, const char *extra, const char *body)
{
	write_format(conn, "HTTP/1.1 %d Scripted\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n%s", status,
		     strlen(body), extra ? extra : "", body);
}

void peer_stream(struct peer_conn *conn)
{
	write_format(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void peer_write(struct peer_conn *conn, const char *text)
{
	write_format(conn, "%zx\r\n%s\r\n", strlen(text), text);
}

void peer_end(struct peer_conn *conn)
{
	write_format(conn, "0\r\n\r\n");
}

void peer_break(struct peer_conn *conn)
{
	(void)shutdown(conn->fd, SHUT_RDWR);
}

void peer_silence(struct peer *peer)
{
	peer_lock(peer);
	while (!peer->stopping)
		(void)pthread_cond_wait(&peer->changed, &peer->lock);
	peer_unlock(peer);
}
