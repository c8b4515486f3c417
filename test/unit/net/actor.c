// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "actor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
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

struct actor_conn {
	struct actor *actor;
	pthread_t thread;
	int fd;
	struct buf in;
};

struct actor {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t listener;
	actor_handler handler;
	void *user;
	int fd;
	unsigned port;
	bool stopping;
	struct actor_call calls[CALLS_MAX];
	size_t n_calls;
	struct actor_conn conns[CONNS_MAX];
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
static bool read_more(struct actor_conn *conn)
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
static bool read_call(struct actor_conn *conn, struct actor_call *ret)
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
	struct actor_conn *conn = user;
	struct actor *actor = conn->actor;
	struct actor_call call;

	while (read_call(conn, &call)) {
		size_t number;

		actor_lock(actor);
		number = actor->n_calls++;
		must(number < CALLS_MAX, "too many calls");
		actor->calls[number] = call;
		actor_changed(actor);
		actor_unlock(actor);
		actor->handler(actor, conn, &call, number);
	}
	(void)shutdown(conn->fd, SHUT_RDWR);
	return NULL;
}

static void *listen_on(void *user)
{
	struct actor *actor = user;
	int fd;

	while ((fd = accept(actor->fd, NULL, NULL)) >= 0) {
		const int at_once = 1;
		struct actor_conn *conn;

		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &at_once, sizeof(at_once));
		actor_lock(actor);
		must(actor->n_conns < CONNS_MAX, "too many connections");
		conn = &actor->conns[actor->n_conns++];
		*conn = (struct actor_conn){.actor = actor, .fd = fd, .in = BUF_INIT(REQUEST_MAX)};
		if (actor->stopping)
			(void)shutdown(fd, SHUT_RDWR);
		must(pthread_create(&conn->thread, NULL, serve, conn) == 0, "pthread_create");
		actor_unlock(actor);
	}
	return NULL;
}

struct actor *actor_start(actor_handler handler, void *user)
{
	struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct actor *actor = calloc(1, sizeof(*actor));
	socklen_t size = sizeof(where);
	pthread_condattr_t monotonic;

	must(actor != NULL, "calloc");
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&actor->lock, NULL);
	(void)pthread_cond_init(&actor->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	actor->handler = handler;
	actor->user = user;
	actor->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(actor->fd >= 0 && bind(actor->fd, (struct sockaddr *)&where, sizeof(where)) == 0 && listen(actor->fd, 64) == 0 &&
		     getsockname(actor->fd, (struct sockaddr *)&where, &size) == 0,
	     "listen");
	actor->port = ntohs(where.sin_port);
	must(pthread_create(&actor->listener, NULL, listen_on, actor) == 0, "pthread_create");
	return actor;
}

void actor_stop(struct actor *actor)
{
	actor_lock(actor);
	actor->stopping = true;
	(void)shutdown(actor->fd, SHUT_RDWR);
	for (size_t i = 0; i < actor->n_conns; i++)
		(void)shutdown(actor->conns[i].fd, SHUT_RDWR);
	actor_changed(actor);
	actor_unlock(actor);
	(void)pthread_join(actor->listener, NULL);
	for (size_t i = 0; i < actor->n_conns; i++) {
		(void)pthread_join(actor->conns[i].thread, NULL);
		(void)close(actor->conns[i].fd);
		buf_release(&actor->conns[i].in);
	}
	for (size_t i = 0; i < actor->n_calls; i++) {
		free(actor->calls[i].method);
		free(actor->calls[i].target);
		free(actor->calls[i].head);
		free(actor->calls[i].body);
	}
	(void)close(actor->fd);
	(void)pthread_cond_destroy(&actor->changed);
	(void)pthread_mutex_destroy(&actor->lock);
	free(actor);
}

void *actor_user(const struct actor *actor)
{
	return actor->user;
}

unsigned actor_port(const struct actor *actor)
{
	return actor->port;
}

void actor_lock(struct actor *actor)
{
	(void)pthread_mutex_lock(&actor->lock);
}

void actor_unlock(struct actor *actor)
{
	(void)pthread_mutex_unlock(&actor->lock);
}

void actor_changed(struct actor *actor)
{
	(void)pthread_cond_broadcast(&actor->changed);
}

bool actor_wait(struct actor *actor)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LIMIT_S;
	return !actor->stopping && pthread_cond_timedwait(&actor->changed, &actor->lock, &until) == 0 && !actor->stopping;
}

size_t actor_calls(struct actor *actor)
{
	size_t n;

	actor_lock(actor);
	n = actor->n_calls;
	actor_unlock(actor);
	return n;
}

const struct actor_call *actor_wait_call(struct actor *actor, size_t number)
{
	actor_lock(actor);
	while (actor->n_calls <= number)
		must(actor_wait(actor), "a call that was awaited did not come");
	actor_unlock(actor);
	return &actor->calls[number];
}

static void write_all(struct actor_conn *conn, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(conn->fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return; // the client may go at any time
		data += n;
		len -= (size_t)n;
	}
}

static void write_format(struct actor_conn *conn, const char *fmt, ...) _printf_(2, 3);

static void write_format(struct actor_conn *conn, const char *fmt, ...)
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

void actor_answer(struct actor_conn *conn, int status, const char *extra, const char *body)
{
	write_format(conn, "HTTP/1.1 %d Scripted\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n%s", status,
		     strlen(body), extra ? extra : "", body);
}

void actor_stream(struct actor_conn *conn)
{
	write_format(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void actor_write(struct actor_conn *conn, const char *text)
{
	write_format(conn, "%zx\r\n%s\r\n", strlen(text), text);
}

void actor_end(struct actor_conn *conn)
{
	write_format(conn, "0\r\n\r\n");
}

void actor_break(struct actor_conn *conn)
{
	(void)shutdown(conn->fd, SHUT_RDWR);
}

void actor_silence(struct actor *actor)
{
	actor_lock(actor);
	while (!actor->stopping)
		(void)pthread_cond_wait(&actor->changed, &actor->lock);
	actor_unlock(actor);
}
