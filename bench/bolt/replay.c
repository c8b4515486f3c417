// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A Bolt server for measuring clients: replay ROWS. It prints the port it listens on (loopback) and ends when its standard input does.
// Each result has so many rows of three columns (an integer, a text, a number), which were packed once and are sent again and again,
// so that the server is never what one waits for.

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/buf.h"
#include "bolt/chunk.h"
#include "bolt/pack.h"

#define BATCH 1000
#define INPUT_MAX ((size_t)1024 * 1024)
#define CLIENTS_MAX 64

enum tag {
	TAG_GOODBYE = 0x02,
	TAG_RUN = 0x10,
	TAG_PULL = 0x3F,
};

struct client {
	bool shaken;
	long left; // rows of the present result
	struct dechunker dechunker;
	struct buf input;
};

struct server {
	long rows; // of each result
	struct buf batch, row;
	struct pollfd items[2 + CLIENTS_MAX]; // standard input, the listener, the clients
	struct client clients[CLIENTS_MAX];
	unsigned n;
};

static void add_message(struct buf *out, uint8_t tag, const struct bolt_value *field)
{
	_cleanup_buf_ struct buf message = BUF_INIT(INPUT_MAX);

	pack_struct(&message, tag, 1);
	pack_value(&message, field);
	chunk_write(out, &message);
}

static void add_row(struct buf *out, unsigned i)
{
	char text[32];
	struct bolt_value values[3] = {bolt_int(100000 + i), bolt_null(), bolt_float(i * 0.5)};
	const struct bolt_value row = bolt_list(values, 3);

	(void)snprintf(text, sizeof(text), "name-%08u", i);
	values[1] = bolt_string(text);
	add_message(out, 0x71, &row);
}

static void send_all(int fd, const struct buf *out)
{
	size_t done = 0;

	while (done < out->len) {
		ssize_t n = send(fd, out->data + done, out->len - done, MSG_NOSIGNAL);

		if (n <= 0)
			return; // the next read tells
		done += (size_t)n;
	}
}

static void send_rows(const struct server *server, int fd, long n)
{
	for (long i = 0; i < n / BATCH; i++)
		send_all(fd, &server->batch);
	for (long i = 0; i < n % BATCH; i++)
		send_all(fd, &server->row);
}

// As many rows as are wanted, and whether there are more.
static void pull(const struct server *server, struct client *client, int fd, int64_t wanted)
{
	long n = wanted < 0 || wanted > client->left ? client->left : (long)wanted;
	const struct bolt_entry more = {"has_more", bolt_bool(true)};
	_cleanup_buf_ struct buf out = BUF_INIT(INPUT_MAX);
	struct bolt_value meta;

	client->left -= n;
	meta = bolt_map(&more, client->left ? 1 : 0);
	send_rows(server, fd, n);
	add_message(&out, 0x70, &meta);
	send_all(fd, &out);
}

static void answer(const struct server *server, struct client *client, int fd, const struct bolt_value *message)
{
	const struct bolt_value names[] = {bolt_string("id"), bolt_string("name"), bolt_string("score")};
	const struct bolt_entry fields = {"fields", bolt_list(names, 3)},
				hello[] = {{"server", bolt_string("Neo4j/5.26.0")}, {"connection_id", bolt_string("bolt-1")}};
	const struct bolt_value meta = message->tag == TAG_RUN ? bolt_map(&fields, 1) : bolt_map(hello, 2);
	_cleanup_buf_ struct buf out = BUF_INIT(INPUT_MAX);

	if (message->tag == TAG_RUN)
		client->left = server->rows;
	if (message->tag == TAG_PULL) {
		pull(server, client, fd, bolt_as_int(bolt_map_get(&message->items[0], "n"), -1));
		return;
	}
	add_message(&out, 0x70, &meta);
	send_all(fd, &out);
}

// False when the client has said goodbye or nonsense.
static bool handle(const struct server *server, struct client *client, int fd)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct buf *message = &client->dechunker.message;
	struct err err = ERR_INIT;
	struct bolt_value value;
	size_t used;

	if (!client->shaken && client->input.len >= 20) {
		(void)send(fd, "\0\0\x08\x05", 4, MSG_NOSIGNAL);
		buf_consume(&client->input, 20);
		client->shaken = true;
	}
	while (client->shaken && client->input.len > 0) {
		if (dechunker_feed(&client->dechunker, (unsigned char *)client->input.data, client->input.len, &used, &err) < 0)
			return false;
		buf_consume(&client->input, used);
		if (!client->dechunker.complete)
			continue;
		if (unpack_value((unsigned char *)message->data, message->len, arena, &value, &err) < 0 || value.tag == TAG_GOODBYE)
			return false;
		answer(server, client, fd, &value);
	}
	return true;
}

static bool serve(const struct server *server, struct client *client, int fd)
{
	char piece[16384];
	ssize_t n = recv(fd, piece, sizeof(piece), 0);

	if (n <= 0)
		return false;
	buf_append(&client->input, piece, (size_t)n);
	return handle(server, client, fd);
}

static void leave(struct server *server, unsigned i)
{
	(void)close(server->items[2 + i].fd);
	dechunker_release(&server->clients[i].dechunker);
	buf_release(&server->clients[i].input);
	server->n--;
	server->items[2 + i] = server->items[2 + server->n];
	server->clients[i] = server->clients[server->n];
}

static void enter(struct server *server)
{
	int fd = accept4(server->items[1].fd, NULL, NULL, SOCK_CLOEXEC), one = 1;

	if (fd < 0)
		return;
	if (server->n == CLIENTS_MAX) {
		(void)close(fd);
		return;
	}
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	server->items[2 + server->n] = (struct pollfd){.fd = fd, .events = POLLIN};
	server->clients[server->n] = (struct client){.input = BUF_INIT(INPUT_MAX)};
	dechunker_init(&server->clients[server->n++].dechunker, INPUT_MAX);
}

static int listen_on_loopback(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, size) < 0 || listen(fd, CLIENTS_MAX) < 0 ||
	    getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -1;
	(void)printf("%u\n", ntohs(address.sin_port));
	(void)fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	static struct server server = {.batch = BUF_INIT(INPUT_MAX), .row = BUF_INIT(INPUT_MAX)};

	server.rows = argc == 2 ? strtol(argv[1], NULL, 10) : -1;
	server.items[0] = (struct pollfd){.fd = STDIN_FILENO, .events = POLLIN};
	server.items[1] = (struct pollfd){.fd = listen_on_loopback(), .events = POLLIN};
	if (server.rows < 0 || server.items[1].fd < 0) {
		(void)fputs("usage: replay ROWS\n", stderr);
		return 2;
	}
	for (unsigned i = 0; i < BATCH; i++)
		add_row(&server.batch, i);
	add_row(&server.row, 0);
	while (poll(server.items, 2 + server.n, -1) > 0 && !server.items[0].revents) {
		for (unsigned i = server.n; i-- > 0;) {
			if (server.items[2 + i].revents && !serve(&server, &server.clients[i], server.items[2 + i].fd))
				leave(&server, i);
		}
		if (server.items[1].revents)
			enter(&server);
	}
	return 0;
}
