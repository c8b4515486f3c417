// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "test/unit/peer.h"

#include <assert.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>

#include <openssl/ssl.h>

#include "bolt/chunk.h"
#include "bolt/pack.h"
#include "test/unit/pki.h"

#define SILENCE_MS 10000
#define MESSAGE_MAX ((size_t)64 * 1024 * 1024)
#define ROW_MAX 8

struct peer_server {
	int fd;
	uint16_t port;
	peer_script script;
	void *user;
	SSL_CTX *ctx; // NULL: plain
	pthread_t thread;
	pthread_mutex_t lock; // of n_connections
	pthread_cond_t accepted;
	unsigned n_connections;
	char fault[700];
};

// read() and write(), not recv() and send(): the tests of failing calls replace those.
struct peer {
	struct peer_server *server;
	int fd;
	SSL *ssl;
	struct arena *arena;
	bool gone;
};

void peer_fault(struct peer *peer, const char *text)
{
	if (!peer->server->fault[0])
		(void)snprintf(peer->server->fault, sizeof(peer->server->fault), "%s", text);
	peer->gone = true;
}

struct arena *peer_arena(struct peer *peer)
{
	return peer->arena;
}

static bool wait_for(struct peer *peer, short events)
{
	struct pollfd item = {.fd = peer->fd, .events = events};

	if (peer->ssl && SSL_pending(peer->ssl) > 0)
		return true;
	if (poll(&item, 1, SILENCE_MS) > 0)
		return true;
	peer_fault(peer, "the client neither spoke nor closed in time");
	return false;
}

static ssize_t receive_some(struct peer *peer, void *data, size_t size)
{
	ssize_t n;

	if (peer->gone || !wait_for(peer, POLLIN))
		return 0;
	n = peer->ssl ? SSL_read(peer->ssl, data, (int)size) : read(peer->fd, data, size);
	if (n <= 0)
		peer->gone = true;
	return n;
}

bool peer_receive(struct peer *peer, void *data, size_t size)
{
	char *bytes = data;

	while (size > 0) {
		ssize_t n = receive_some(peer, bytes, size);

		if (n <= 0)
			return false;
		bytes += n;
		size -= (size_t)n;
	}
	return true;
}

bool peer_send(struct peer *peer, const void *data, size_t size)
{
	const char *bytes = data;

	while (size > 0 && !peer->gone) {
		ssize_t n = peer->ssl ? SSL_write(peer->ssl, bytes, (int)size) : write(peer->fd, bytes, size);

		if (n <= 0) {
			peer->gone = true;
			break;
		}
		bytes += n;
		size -= (size_t)n;
	}
	return !peer->gone;
}

void peer_wait_end(struct peer *peer)
{
	char dropped[4096];

	while (receive_some(peer, dropped, sizeof(dropped)) > 0)
		continue;
}

void peer_cork(struct peer *peer, bool on)
{
	int value = on;

	(void)setsockopt(peer->fd, IPPROTO_TCP, TCP_CORK, &value, sizeof(value));
}

void peer_reset_socket(struct peer *peer)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	(void)setsockopt(peer->fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
}

bool peer_handshake(struct peer *peer, unsigned major, unsigned minor)
{
	const unsigned char answer[4] = {0, 0, (unsigned char)minor, (unsigned char)major};
	static const unsigned char magic[4] = {0x60, 0x60, 0xB0, 0x17};
	unsigned char opening[20];

	if (!peer_receive(peer, opening, sizeof(opening)))
		return false;
	if (memcmp(opening, magic, sizeof(magic)) != 0)
		peer_fault(peer, "the client's opening does not begin with Bolt's magic");
	return peer_send(peer, answer, sizeof(answer));
}

bool peer_read(struct peer *peer, struct bolt_value *ret)
{
	struct dechunker dechunker;
	struct err err = ERR_INIT;
	unsigned char byte;
	size_t used;

	dechunker_init(&dechunker, MESSAGE_MAX);
	while (!dechunker.complete && peer_receive(peer, &byte, 1)) {
		if (dechunker_feed(&dechunker, &byte, 1, &used, &err) < 0)
			peer_fault(peer, err.text);
	}
	if (dechunker.complete &&
	    (unpack_value((unsigned char *)dechunker.message.data, dechunker.message.len, peer->arena, ret, &err) < 0 ||
	     ret->type != BOLT_STRUCT))
		peer_fault(peer, "the client sent no message");
	dechunker_release(&dechunker);
	return !peer->gone;
}

bool peer_expect(struct peer *peer, enum peer_tag tag, struct bolt_value *ret)
{
	struct bolt_value unused;
	char text[64];

	if (!ret)
		ret = &unused;
	(void)snprintf(text, sizeof(text), "the client closed where %02x was expected", tag);
	if (!peer_read(peer, ret)) {
		peer_fault(peer, text);
		return false;
	}
	(void)snprintf(text, sizeof(text), "the client sent %02x where %02x was expected", ret->tag, tag);
	if (ret->tag != tag)
		peer_fault(peer, text);
	return !peer->gone;
}

static bool send_message(struct peer *peer, enum peer_tag tag, const struct bolt_value *field)
{
	_cleanup_buf_ struct buf message = BUF_INIT(MESSAGE_MAX), chunks = BUF_INIT(2 * MESSAGE_MAX);

	pack_struct(&message, (uint8_t)tag, field ? 1 : 0);
	if (field)
		pack_value(&message, field);
	chunk_write(&chunks, &message);
	return peer_send(peer, chunks.data, chunks.len);
}

bool peer_success(struct peer *peer, const struct bolt_entry *entries, uint32_t n)
{
	struct bolt_value map = bolt_map(entries, n);

	return send_message(peer, PEER_SUCCESS, &map);
}

bool peer_record(struct peer *peer, const struct bolt_value *values, uint32_t n)
{
	struct bolt_value list = bolt_list(values, n);

	return send_message(peer, PEER_RECORD, &list);
}

bool peer_failure(struct peer *peer, const char *code, const char *message)
{
	const struct bolt_entry entries[] = {{"neo4j_code", bolt_string(code)}, {"message", bolt_string(message)}};
	struct bolt_value map = bolt_map(entries, 2);

	return send_message(peer, PEER_FAILURE, &map);
}

bool peer_ignored(struct peer *peer)
{
	return send_message(peer, PEER_IGNORED, NULL);
}

bool peer_ticket(struct peer *peer)
{
	struct pollfd item = {.fd = peer->fd, .events = POLLRDHUP};

	// OpenSSL takes no notice of a ticket that finds nobody.
	if (!peer->gone && poll(&item, 1, 0) == 0 && SSL_new_session_ticket(peer->ssl) == 1 && SSL_do_handshake(peer->ssl) == 1)
		return true;
	peer->gone = true;
	return false;
}

bool peer_noop(struct peer *peer)
{
	return peer_send(peer, "\0\0", 2);
}

bool peer_welcome(struct peer *peer)
{
	const struct bolt_entry meta[] = {{"server", bolt_string("Neo4j/5.26.12")}};

	return peer_handshake(peer, 5, 8) && peer_expect(peer, PEER_HELLO, NULL) && peer_success(peer, meta, 1) &&
	       peer_expect(peer, PEER_LOGON, NULL) && peer_success(peer, NULL, 0);
}

static bool send_row(struct peer *peer, const struct peer_reply *reply, const struct bolt_value *token)
{
	struct bolt_value fields[ROW_MAX] = {0}, values[ROW_MAX], list = bolt_list(fields, reply->n);
	const struct bolt_entry meta[] = {{"fields", list}};

	assert(reply->n <= ROW_MAX);
	for (uint32_t i = 0; i < reply->n; i++) {
		fields[i] = bolt_string(reply->row[i].key);
		values[i] = reply->echo && i == 0 && token ? *token : reply->row[i].value;
	}
	return peer_success(peer, meta, 1) && peer_expect(peer, PEER_PULL, NULL) &&
	       (reply->n == 0 || peer_record(peer, values, reply->n)) && peer_success(peer, NULL, 0);
}

// A failure, and what the client does about it.
static bool send_failure(struct peer *peer, const struct peer_reply *reply, const char *token)
{
	return peer_failure(peer, reply->code, reply->echo ? token : reply->message) && peer_expect(peer, PEER_PULL, NULL) &&
	       peer_ignored(peer) && peer_expect(peer, PEER_RESET, NULL) && peer_success(peer, NULL, 0);
}

static bool answer(struct peer *peer, const struct bolt_value *run, struct peer_book *book)
{
	const struct peer_reply *reply = &book->replies[book->next];
	const char *text = bolt_as_string(&run->items[0]), *database = bolt_as_string(bolt_map_get(&run->items[2], "db"));
	const struct bolt_value *token = bolt_map_get(&run->items[1], "token");

	buf_addf(&book->log, "%s %s %s\n", database ? database : "-", text, token ? bolt_as_string(token) : "-");
	if (book->next++ >= book->n || strncmp(text, reply->statement, strlen(reply->statement)) != 0) {
		peer_fault(peer, arena_printf(peer->arena, "an unexpected query: %s", text));
		return false;
	}
	if (reply->drop)
		return false;
	return reply->code ? send_failure(peer, reply, bolt_as_string(token)) : send_row(peer, reply, token);
}

void peer_play_book(struct peer *peer, void *user)
{
	struct peer_book *book = user;
	struct bolt_value message;

	book->log.max = MESSAGE_MAX;
	if (book->refuse_code) {
		if (peer_handshake(peer, 5, 8) && peer_expect(peer, PEER_HELLO, NULL) && peer_success(peer, NULL, 0) &&
		    peer_expect(peer, PEER_LOGON, NULL) && peer_failure(peer, book->refuse_code, "no"))
			peer_wait_end(peer);
		return;
	}
	if (!peer_welcome(peer))
		return;
	while (peer_read(peer, &message) && message.tag != PEER_GOODBYE) {
		if (message.tag != PEER_RUN || message.size != 3) {
			peer_fault(peer, "the client sent another message than RUN");
			return;
		}
		if (!answer(peer, &message, book))
			return;
	}
}

static void serve(struct peer_server *server, int fd)
{
	struct peer peer = {.server = server, .fd = fd, .arena = arena_new()};
	int one = 1;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	(void)pthread_mutex_lock(&server->lock);
	server->n_connections++;
	(void)pthread_cond_signal(&server->accepted);
	(void)pthread_mutex_unlock(&server->lock);
	if (server->ctx) {
		peer.ssl = SSL_new(server->ctx);
		(void)SSL_set_fd(peer.ssl, fd);
		// A client that does not like the certificate leaves here.
		peer.gone = SSL_accept(peer.ssl) != 1;
	}
	if (!peer.gone)
		server->script(&peer, server->user);
	SSL_free(peer.ssl);
	arena_free(peer.arena);
	(void)close(fd);
}

static void *run(void *user)
{
	struct peer_server *server = user;
	sigset_t signals;
	int fd;

	// Blocks SIGPIPE for this thread only: the client's own handling of it is under test.
	(void)sigemptyset(&signals);
	(void)sigaddset(&signals, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &signals, NULL);
	while ((fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		serve(server, fd);
	return NULL;
}

static SSL_CTX *server_ctx(const struct peer_tls *tls)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());

	assert_int_equal(SSL_CTX_use_certificate(ctx, tls->identity->certificate), 1);
	assert_int_equal(SSL_CTX_use_PrivateKey(ctx, tls->identity->key), 1);
	if (tls->no_tickets)
		assert_int_equal(SSL_CTX_set_num_tickets(ctx, 0), 1);
	return ctx;
}

struct peer_server *peer_server_start(peer_script script, void *user, const struct peer_tls *tls)
{
	return peer_server_start_at("127.0.0.1", 0, script, user, tls);
}

struct peer_server *peer_server_start_at(const char *host, uint16_t port, peer_script script, void *user, const struct peer_tls *tls)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = inet_addr(host)};
	struct peer_server *server = calloc(1, sizeof(*server));
	socklen_t size = sizeof(address);

	assert_non_null(server);
	(void)pthread_mutex_init(&server->lock, NULL);
	(void)pthread_cond_init(&server->accepted, NULL);
	server->script = script;
	server->user = user;
	server->ctx = tls ? server_ctx(tls) : NULL;
	server->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	// A port that was told may have been another server's just now.
	(void)setsockopt(server->fd, SOL_SOCKET, SO_REUSEADDR, &(const int){1}, sizeof(int));
	assert_int_equal(bind(server->fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(server->fd, 8), 0);
	assert_int_equal(getsockname(server->fd, (struct sockaddr *)&address, &size), 0);
	server->port = ntohs(address.sin_port);
	assert_int_equal(pthread_create(&server->thread, NULL, run, server), 0);
	return server;
}

uint16_t peer_server_port(const struct peer_server *server)
{
	return server->port;
}

// A connection that the client made and left may still wait to be accepted.
static void await_connections(struct peer_server *server, unsigned n)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += SILENCE_MS / 1000;
	(void)pthread_mutex_lock(&server->lock);
	while (server->n_connections < n && pthread_cond_timedwait(&server->accepted, &server->lock, &until) == 0)
		continue;
	(void)pthread_mutex_unlock(&server->lock);
}

void peer_server_stop(struct peer_server *server, unsigned n_connections)
{
	char fault[sizeof(server->fault)];
	unsigned n;

	await_connections(server, n_connections);
	(void)shutdown(server->fd, SHUT_RDWR); // accept4() returns
	(void)pthread_join(server->thread, NULL);
	(void)close(server->fd);
	SSL_CTX_free(server->ctx);
	(void)snprintf(fault, sizeof(fault), "%s", server->fault);
	n = server->n_connections;
	free(server);
	assert_string_equal(fault, "");
	assert_int_equal(n, n_connections);
}
