// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The machine without I/O under a loop of one's own, here poll(2): eventloop PORT. Bytes go in, events come out.

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <bolt/conn.h>

static int say_hello(struct conn *conn, struct err *err)
{
	const char *password = getenv("NEO4J_PASSWORD");
	const struct bolt_auth auth = password ? bolt_auth_basic("neo4j", password) : bolt_auth_none();
	const struct conn_hello hello = {.user_agent = "eventloop/1", .product = "eventloop/1", .auth = &auth};

	return conn_hello(conn, &hello, err);
}

// RUN and PULL in one flight: the answers come in this order.
static int ask(struct conn *conn, struct err *err)
{
	const struct conn_tx tx = {.read = true};
	const struct conn_run run = {.text = "RETURN 1 + 1 AS two", .tx = &tx};
	int r = conn_run(conn, &run, err);

	return r < 0 ? r : conn_pull(conn, CONN_ALL, CONN_LAST, err);
}

// 1: it is over.
static int on_event(struct conn *conn, const struct conn_event *event, struct err *err)
{
	switch (event->type) {
	case CONN_AGREED:
		return say_hello(conn, err);
	case CONN_RECORD:
		printf("%lld\n", (long long)bolt_as_int(&event->value.items[0], 0));
		return 0;
	case CONN_FAILURE:
		return failure_to_err(event->failure, err);
	case CONN_SUCCESS:
		// No statement goes out before the login is known to be good.
		if (event->request == CONN_LOGON || (event->request == CONN_HELLO && conn->n_pending == 0))
			return ask(conn, err);
		if (event->request != CONN_PULL)
			return 0;
		conn_goodbye(conn);
		return 1;
	default:
		return 0;
	}
}

static int feed(struct conn *conn, const unsigned char *data, size_t len, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	int r = 0;

	while (len > 0 && r == 0) {
		struct conn_event event;
		size_t used;

		r = conn_feed(conn, data, len, &used, arena, &event, err);
		if (r < 0)
			break;
		data += used;
		len -= used;
		if (event.type != CONN_WANTS_INPUT)
			r = on_event(conn, &event, err);
	}
	return r;
}

static int run(struct conn *conn, int fd, struct err *err)
{
	unsigned char data[4096];
	int r = 0;

	while (r == 0) {
		struct pollfd item = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (conn->output.len && write(fd, conn->output.data, conn->output.len) < 0)
			return err_set(err, ERR_IO, "cannot write");
		buf_clear(&conn->output);
		if (poll(&item, 1, 10000) <= 0)
			return err_set(err, ERR_TIMEOUT, "no answer in time");
		n = read(fd, data, sizeof(data));
		if (n <= 0)
			return err_set(err, ERR_IO, "the server closed the connection");
		r = feed(conn, data, (size_t)n, err);
	}
	return r;
}

int main(int argc, char **argv)
{
	const struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)strtol(argc > 1 ? argv[1] : "7687", NULL, 10)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct err err = ERR_INIT;
	struct conn conn;
	int r;

	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		perror("connect");
		return 1;
	}
	conn_init(&conn);
	r = run(&conn, fd, &err);
	if (r < 0)
		fprintf(stderr, "%s %s\n", err.code, err.text);
	conn_deinit(&conn);
	return r < 0;
}
