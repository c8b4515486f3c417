// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "actor.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "test/unit/pki.h"

#define CALLS_MAX 4096
#define CONNS_MAX 256
#define REQUEST_MAX ((size_t)1024 * 1024)
#define LIMIT_S 20

struct actor_conn {
	struct actor *actor;
	pthread_t thread;
	int fd;
	unsigned number;
	SSL *ssl; // NULL: none
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
	SSL_CTX *context; // NULL: no TLS
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
	ssize_t n = conn->ssl ? SSL_read(conn->ssl, piece, sizeof(piece)) : recv(conn->fd, piece, sizeof(piece), 0);

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

static char *client_name(const struct actor_conn *conn)
{
	const X509 *certificate = conn->ssl ? SSL_get0_peer_certificate(conn->ssl) : NULL;
	char name[256] = "";

	if (!certificate)
		return NULL;
	(void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name, sizeof(name));
	return cut(name, strlen(name));
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
	ret->conn = conn->number;
	ret->client = client_name(conn);
	buf_consume(&conn->in, head + body);
	return true;
}

// False when the client does not like us, or we it.
static bool shake_hands(struct actor_conn *conn)
{
	if (!conn->actor->context)
		return true;
	conn->ssl = SSL_new(conn->actor->context);
	must(conn->ssl && SSL_set_fd(conn->ssl, conn->fd) == 1, "SSL_new");
	return SSL_accept(conn->ssl) == 1;
}

static void *serve(void *user)
{
	struct actor_conn *conn = user;
	struct actor *actor = conn->actor;
	bool welcome = shake_hands(conn);
	struct actor_call call;

	while (welcome && read_call(conn, &call)) {
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
		*conn = (struct actor_conn){.actor = actor, .fd = fd, .number = (unsigned)actor->n_conns - 1, .in = BUF_INIT(REQUEST_MAX)};
		if (actor->stopping)
			(void)shutdown(fd, SHUT_RDWR);
		must(pthread_create(&conn->thread, NULL, serve, conn) == 0, "pthread_create");
		actor_unlock(actor);
	}
	return NULL;
}

static int choose_protocol(SSL *ssl, const unsigned char **out, unsigned char *out_len, const unsigned char *in, unsigned in_len, void *user)
{
	const char *wanted = user;

	(void)ssl;
	for (unsigned i = 0; i < in_len; i += in[i] + 1U) {
		if (in[i] == strlen(wanted) && memcmp(in + i + 1, wanted, in[i]) == 0) {
			*out = in + i + 1;
			*out_len = in[i];
			return SSL_TLSEXT_ERR_OK;
		}
	}
	return SSL_TLSEXT_ERR_NOACK;
}

static SSL_CTX *make_context(const struct actor_tls *tls)
{
	SSL_CTX *context = SSL_CTX_new(TLS_server_method());

	(void)signal(SIGPIPE, SIG_IGN);
	must(context && SSL_CTX_use_certificate(context, tls->identity->certificate) == 1 &&
		     SSL_CTX_use_PrivateKey(context, tls->identity->key) == 1,
	     "the server's certificate");
	(void)SSL_CTX_set_session_id_context(context, (const unsigned char *)"actor", 5);
	if (tls->alpn)
		SSL_CTX_set_alpn_select_cb(context, choose_protocol, (void *)(uintptr_t)tls->alpn);
	if (tls->client_ca) {
		must(X509_STORE_add_cert(SSL_CTX_get_cert_store(context), tls->client_ca->certificate) == 1, "the client's CA");
		SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	}
	return context;
}

struct actor *actor_start(actor_handler handler, void *user)
{
	return actor_start_tls(NULL, handler, user);
}

struct actor *actor_start_tls(const struct actor_tls *tls, actor_handler handler, void *user)
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
	actor->context = tls ? make_context(tls) : NULL;
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
		SSL_free(actor->conns[i].ssl);
		buf_release(&actor->conns[i].in);
	}
	for (size_t i = 0; i < actor->n_calls; i++) {
		free(actor->calls[i].method);
		free(actor->calls[i].target);
		free(actor->calls[i].head);
		free(actor->calls[i].body);
		free(actor->calls[i].client);
	}
	SSL_CTX_free(actor->context);
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
		ssize_t n = conn->ssl ? SSL_write(conn->ssl, data, (int)len) : send(conn->fd, data, len, MSG_NOSIGNAL);

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

// False at the end.
static bool pass_on(int from, int to)
{
	char piece[16384];
	ssize_t n = recv(from, piece, sizeof(piece), 0);

	for (ssize_t sent = 0, m; sent < n; sent += m) {
		m = send(to, piece + sent, (size_t)(n - sent), MSG_NOSIGNAL);
		if (m <= 0)
			return false;
	}
	return n > 0;
}

void actor_send(struct actor_conn *conn, const void *data, size_t len)
{
	write_all(conn, data, len);
}

bool actor_receive(struct actor_conn *conn, void *data, size_t size)
{
	while (conn->in.len < size) {
		if (!read_more(conn))
			return false;
	}
	memcpy(data, conn->in.data, size);
	buf_consume(&conn->in, size);
	return true;
}

void actor_tunnel(struct actor_conn *conn, unsigned port)
{
	const struct sockaddr_in where = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct pollfd both[2] = {{.fd = conn->fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
	bool open = fd >= 0 && connect(fd, (const struct sockaddr *)&where, sizeof(where)) == 0;

	must(open && conn->in.len == 0, "tunnel");
	write_format(conn, "HTTP/1.1 200 Established\r\n\r\n");
	while (open && poll(both, 2, LIMIT_S * 1000) > 0) {
		if (both[0].revents)
			open = pass_on(conn->fd, fd);
		if (open && both[1].revents)
			open = pass_on(fd, conn->fd);
	}
	(void)close(fd);
	actor_break(conn);
}
