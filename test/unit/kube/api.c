// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "api.h"

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

struct api_conn {
	struct api *api;
	pthread_t thread;
	int fd;
	struct buf in;
};

struct api {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t listener;
	api_handler handler;
	void *user;
	int fd;
	unsigned port;
	bool stopping;
	struct kube_config *config;
	struct api_call calls[CALLS_MAX];
	size_t n_calls;
	struct api_conn conns[CONNS_MAX];
	size_t n_conns;
};

static void must(bool good, const char *what)
{
	if (good)
		return;
	(void)fprintf(stderr, "scripted API server: %s: %s\n", what, strerror(errno));
	abort();
}

// False when the connection has ended.
static bool read_more(struct api_conn *conn)
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
static bool read_call(struct api_conn *conn, struct api_call *ret)
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
	struct api_conn *conn = user;
	struct api *api = conn->api;
	struct api_call call;

	while (read_call(conn, &call)) {
		size_t number;

		api_lock(api);
		number = api->n_calls++;
		must(number < CALLS_MAX, "too many calls");
		api->calls[number] = call;
		api_changed(api);
		api_unlock(api);
		api->handler(api, conn, &call, number);
	}
	(void)shutdown(conn->fd, SHUT_RDWR);
	return NULL;
}

static void *listen_on(void *user)
{
	struct api *api = user;
	int fd;

	while ((fd = accept(api->fd, NULL, NULL)) >= 0) {
		struct api_conn *conn;

		api_lock(api);
		must(api->n_conns < CONNS_MAX, "too many connections");
		conn = &api->conns[api->n_conns++];
		*conn = (struct api_conn){.api = api, .fd = fd, .in = BUF_INIT(REQUEST_MAX)};
		if (api->stopping)
			(void)shutdown(fd, SHUT_RDWR);
		must(pthread_create(&conn->thread, NULL, serve, conn) == 0, "pthread_create");
		api_unlock(api);
	}
	return NULL;
}

static struct kube_config *make_config(unsigned port)
{
	char path[] = "/tmp/neofleet-test-kubeconfig-XXXXXX";
	int fd = mkstemp(path);
	struct kube_config *config = NULL;
	struct err err = ERR_INIT;

	must(fd >= 0, path);
	must(dprintf(fd,
		     "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
		     "contexts: [{name: test, context: {cluster: test, user: test, namespace: here}}]\n"
		     "clusters: [{name: test, cluster: {server: 'http://127.0.0.1:%u/'}}]\n"
		     "users: [{name: test, user: {token: secret-bearer}}]\n",
		     port) > 0,
	     "write");
	(void)close(fd);
	must(kube_config_load(path, NULL, &config, &err) == 0, err.text);
	(void)unlink(path);
	return config;
}

struct api *api_start(api_handler handler, void *user)
{
	struct sockaddr_in where = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct api *api = calloc(1, sizeof(*api));
	socklen_t size = sizeof(where);
	pthread_condattr_t monotonic;

	must(api != NULL, "calloc");
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&api->lock, NULL);
	(void)pthread_cond_init(&api->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	api->handler = handler;
	api->user = user;
	api->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(api->fd >= 0 && bind(api->fd, (struct sockaddr *)&where, sizeof(where)) == 0 && listen(api->fd, 64) == 0 &&
		     getsockname(api->fd, (struct sockaddr *)&where, &size) == 0,
	     "listen");
	api->port = ntohs(where.sin_port);
	api->config = make_config(api->port);
	must(pthread_create(&api->listener, NULL, listen_on, api) == 0, "pthread_create");
	return api;
}

void api_stop(struct api *api)
{
	api_lock(api);
	api->stopping = true;
	(void)shutdown(api->fd, SHUT_RDWR);
	for (size_t i = 0; i < api->n_conns; i++)
		(void)shutdown(api->conns[i].fd, SHUT_RDWR);
	api_changed(api);
	api_unlock(api);
	(void)pthread_join(api->listener, NULL);
	for (size_t i = 0; i < api->n_conns; i++) {
		(void)pthread_join(api->conns[i].thread, NULL);
		(void)close(api->conns[i].fd);
		buf_release(&api->conns[i].in);
	}
	for (size_t i = 0; i < api->n_calls; i++) {
		free(api->calls[i].method);
		free(api->calls[i].target);
		free(api->calls[i].head);
		free(api->calls[i].body);
	}
	(void)close(api->fd);
	kube_config_free(api->config);
	(void)pthread_cond_destroy(&api->changed);
	(void)pthread_mutex_destroy(&api->lock);
	free(api);
}

void *api_user(const struct api *api)
{
	return api->user;
}

const struct kube_config *api_config(const struct api *api)
{
	return api->config;
}

unsigned api_port(const struct api *api)
{
	return api->port;
}

void api_lock(struct api *api)
{
	(void)pthread_mutex_lock(&api->lock);
}

void api_unlock(struct api *api)
{
	(void)pthread_mutex_unlock(&api->lock);
}

void api_changed(struct api *api)
{
	(void)pthread_cond_broadcast(&api->changed);
}

bool api_wait(struct api *api)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += LIMIT_S;
	return !api->stopping && pthread_cond_timedwait(&api->changed, &api->lock, &until) == 0 && !api->stopping;
}

size_t api_calls(struct api *api)
{
	size_t n;

	api_lock(api);
	n = api->n_calls;
	api_unlock(api);
	return n;
}

const struct api_call *api_wait_call(struct api *api, size_t number)
{
	api_lock(api);
	while (api->n_calls <= number)
		must(api_wait(api), "a call that was awaited did not come");
	api_unlock(api);
	return &api->calls[number];
}

static void write_all(struct api_conn *conn, const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = send(conn->fd, data, len, MSG_NOSIGNAL);

		if (n <= 0)
			return; // the client may go at any time
		data += n;
		len -= (size_t)n;
	}
}

static void write_format(struct api_conn *conn, const char *fmt, ...) _printf_(2, 3);

static void write_format(struct api_conn *conn, const char *fmt, ...)
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

void api_answer(struct api_conn *conn, int status, const char *extra, const char *body)
{
	write_format(conn, "HTTP/1.1 %d Scripted\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n%s\r\n%s", status,
		     strlen(body), extra ? extra : "", body);
}

void api_stream(struct api_conn *conn)
{
	write_format(conn, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n");
}

void api_write(struct api_conn *conn, const char *text)
{
	write_format(conn, "%zx\r\n%s\r\n", strlen(text), text);
}

void api_end(struct api_conn *conn)
{
	write_format(conn, "0\r\n\r\n");
}

void api_break(struct api_conn *conn)
{
	(void)shutdown(conn->fd, SHUT_RDWR);
}

void api_silence(struct api *api)
{
	api_lock(api);
	while (!api->stopping)
		(void)pthread_cond_wait(&api->changed, &api->lock);
	api_unlock(api);
}
