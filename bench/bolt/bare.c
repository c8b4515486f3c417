// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The least that a small query can cost: the same bytes as driver.c's, with send() and a recv() that sleeps, and nothing made of the
// answers but that they are counted: bare PORT queries|runs N. Whatever a client does comes on top of that.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/cleanup.h"
#include "bench/bolt/cost.h"
#include "bolt/conn.h"

#define FLIGHT_MAX 1024
#define WARM 100

struct bare {
	int fd;
	struct conn conn;
	struct arena *arena;
	struct err err;
	size_t len; // of what was read and not counted
	unsigned char input[64 * 1024];
};

// Requests as they go out together, and how many answers they have.
struct flight {
	char data[FLIGHT_MAX];
	size_t len;
	unsigned answers;
};

static void must(bool holds, const char *text)
{
	if (holds)
		return;
	(void)fprintf(stderr, "bare: %s\n", text);
	exit(1);
}

static struct flight take_off(struct bare *bare, unsigned answers)
{
	struct buf *output = &bare->conn.output;
	struct flight flight = {.len = output->len, .answers = answers};

	must(output->len <= sizeof(flight.data), "the requests are too long");
	memcpy(flight.data, output->data, output->len);
	buf_clear(output);
	return flight;
}

static void read_some(struct bare *bare)
{
	ssize_t n = recv(bare->fd, bare->input + bare->len, sizeof(bare->input) - bare->len, 0);

	must(n > 0, "the connection broke");
	bare->len += (size_t)n;
}

// Sends, and reads until as many messages came that are no record.
static void fly(struct bare *bare, const struct flight *flight)
{
	unsigned left = flight->answers;
	size_t pos = 0;

	must(send(bare->fd, flight->data, flight->len, MSG_NOSIGNAL) == (ssize_t)flight->len, "the connection broke");
	while (left > 0) {
		size_t size;

		read_some(bare);
		while (left > 0 && bare->len - pos >= 4 && bare->len - pos >= (size = (size_t)bare->input[pos] << 8 | bare->input[pos + 1]) + 4) {
			must(bare->input[pos + 3] != 0x7F, "a request failed");
			left -= bare->input[pos + 3] != 0x71;
			pos += size + 4;
		}
	}
	bare->len = 0;
}

static void dial(struct bare *bare, uint16_t port)
{
	const struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int one = 1;

	bare->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(connect(bare->fd, (const struct sockaddr *)&address, sizeof(address)) == 0, "nobody listens");
	(void)setsockopt(bare->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
}

static void log_on(struct bare *bare)
{
	const struct bolt_auth auth = bolt_auth_basic("neo4j", "password");
	struct conn_event event = {0};
	struct flight flight;
	size_t used;

	conn_init(&bare->conn);
	while (event.type != CONN_AGREED) {
		flight = take_off(bare, 0);
		fly(bare, &flight);
		read_some(bare);
		must(conn_feed(&bare->conn, bare->input, bare->len, &used, bare->arena, &event, &bare->err) == 0, bare->err.text);
		bare->len = 0;
	}
	flight = take_off(bare, 0); // the end of a handshake by manifest
	fly(bare, &flight);
	must(conn_hello(&bare->conn, &(struct conn_hello){.user_agent = "bare/1", .product = "bare/1", .auth = &auth}, &bare->err) == 0,
	     bare->err.text);
	flight = take_off(bare, 2);
	fly(bare, &flight);
	// Nobody tells the machine of the answers, and it keeps statements back until the login is answered.
	bare->conn.logons = bare->conn.n_pending = 0;
}

static void measure(struct bare *bare, bool managed, const char *kind, long n)
{
	const struct bolt_entry entry = {"x", bolt_int(77)};
	const struct bolt_value params = bolt_map(&entry, 1);
	const struct conn_tx tx = {.database = "neo4j"};
	const struct conn_run run = {.text = "RETURN $x AS x", .params = &params, .tx = managed ? NULL : &tx};
	struct flight query, commit = {0};
	struct cost cost = {0};

	must((!managed || conn_begin(&bare->conn, &tx, &bare->err) == 0) && conn_run(&bare->conn, &run, &bare->err) == 0 &&
		     conn_pull(&bare->conn, 1000, CONN_LAST, &bare->err) == 0,
	     bare->err.text);
	query = take_off(bare, managed ? 3 : 2);
	must(!managed || conn_commit(&bare->conn, &bare->err) == 0, bare->err.text);
	commit = take_off(bare, managed ? 1 : 0);
	for (long i = -WARM; i < n; i++) {
		if (i == 0)
			cost = cost_begin();
		fly(bare, &query);
		if (managed)
			fly(bare, &commit);
	}
	cost_print(&cost, kind, n);
}

int main(int argc, char **argv)
{
	static struct bare bare;

	if (argc != 4 || (strcmp(argv[2], "queries") != 0 && strcmp(argv[2], "runs") != 0)) {
		(void)fputs("usage: bare PORT queries|runs N\n", stderr);
		return 2;
	}
	bare.arena = arena_new();
	dial(&bare, (uint16_t)strtoul(argv[1], NULL, 10));
	log_on(&bare);
	measure(&bare, strcmp(argv[2], "queries") == 0, argv[2], strtol(argv[3], NULL, 10));
	arena_free(bare.arena);
	conn_deinit(&bare.conn);
	return 0;
}
