// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Two threads: this one takes the client's frames, another makes frames of what the port says.

#include "node.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <openssl/evp.h>
#include <pthread.h>
#include <sys/socket.h>

#define GUID "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#define PROTOCOL "\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n"
#define KEY "\r\nSec-WebSocket-Key: "
#define FRAME_MAX 65535

struct line {
	struct actor_conn *conn;
	int fd;
};

static bool agree(struct actor_conn *conn, const struct actor_call *call)
{
	const char *key = strstr(call->head, KEY);
	unsigned char digest[EVP_MAX_MD_SIZE];
	char text[128], accept[64], head[512];
	unsigned size = 0;

	if (!key || !strstr(call->head, PROTOCOL) || !strstr(call->head, "\r\nUpgrade: websocket\r\n"))
		return false;
	key += strlen(KEY);
	(void)snprintf(text, sizeof(text), "%.*s%s", (int)strcspn(key, "\r"), key, GUID);
	(void)EVP_Digest(text, strlen(text), digest, &size, EVP_sha1(), NULL);
	(void)EVP_EncodeBlock((unsigned char *)accept, digest, (int)size);
	(void)snprintf(head, sizeof(head), "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s%s\r\n", accept, PROTOCOL);
	actor_send(conn, head, strlen(head));
	return true;
}

// A message of a channel.
static void say(struct actor_conn *conn, unsigned char channel, const void *data, size_t len)
{
	unsigned char head[5] = {0x82, 126, (unsigned char)((len + 1) >> 8), (unsigned char)(len + 1), channel};

	if (len < 125) {
		head[1] = (unsigned char)(len + 1);
		head[2] = channel;
	}
	actor_send(conn, head, len < 125 ? 3 : 5);
	actor_send(conn, data, len);
}

static void *answer(void *user)
{
	struct line *line = user;
	char piece[4096];
	ssize_t n;

	while ((n = recv(line->fd, piece, sizeof(piece), 0)) > 0)
		say(line->conn, 0, piece, (size_t)n);
	// The node says goodbye; the client closes.
	actor_send(line->conn, "\x88\x02\x03\xe8", 4);
	return NULL;
}

// A frame of the client: its kind, and its data unmasked. -1 at the end.
static int hear(struct actor_conn *conn, unsigned char data[FRAME_MAX], size_t *ret_len)
{
	unsigned char head[2], longer[2], mask[4];
	size_t len;

	if (!actor_receive(conn, head, 2))
		return -1;
	assert_true(head[1] & 0x80);
	len = head[1] & 0x7f;
	assert_true(len < 127);
	if (len == 126) {
		if (!actor_receive(conn, longer, 2))
			return -1;
		len = (size_t)longer[0] << 8 | longer[1];
	}
	if (!actor_receive(conn, mask, 4) || !actor_receive(conn, data, len))
		return -1;
	for (size_t i = 0; i < len; i++)
		data[i] ^= mask[i % 4];
	*ret_len = len;
	return head[0] & 0x0f;
}

static void pass_on(struct line *line)
{
	unsigned char data[FRAME_MAX];
	size_t len = 0;
	int kind;

	while ((kind = hear(line->conn, data, &len)) == 2) {
		assert_int_equal(data[0], 0);
		for (size_t sent = 1; sent < len;) {
			ssize_t n = send(line->fd, data + sent, len - sent, MSG_NOSIGNAL);

			if (n <= 0)
				return;
			sent += (size_t)n;
		}
	}
}

static void forward(struct line *line, unsigned port)
{
	const struct sockaddr_in where = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	pthread_t thread;

	line->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(line->fd, (const struct sockaddr *)&where, sizeof(where)), 0);
	assert_int_equal(pthread_create(&thread, NULL, answer, line), 0);
	pass_on(line);
	(void)shutdown(line->fd, SHUT_RDWR);
	(void)pthread_join(thread, NULL);
	(void)close(line->fd);
}

bool node_serve(const struct node *node, struct actor_conn *conn, const struct actor_call *call)
{
	static const char refused[] = "an error occurred forwarding 7687: connection refused";
	struct line line = {.conn = conn};
	unsigned char data[FRAME_MAX];
	size_t len;

	if (!agree(conn, call))
		return false;
	// The port on either channel, its two bytes in two messages.
	say(conn, 0, "\x07", 1);
	say(conn, 0, "\x1e", 1);
	say(conn, 1, "\x07\x1e", 2);
	if (node->port)
		forward(&line, node->port);
	else if (!node->silent)
		say(conn, 1, refused, strlen(refused));
	if (!node->port && !node->silent)
		actor_send(conn, "\x88\x02\x03\xe8", 4);
	if (!node->port)
		(void)hear(conn, data, &len);
	return true;
}
