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

static int say_hello(struct bolt_conn *conn, struct bolt_err *err)
{
	const char *password = getenv("NEO4J_PASSWORD");
	const struct bolt_auth auth = password ? bolt_auth_basic("neo4j", password) : bolt_auth_none();
	const struct bolt_conn_hello hello = {.user_agent = "eventloop/1", .product = "eventloop/1", .auth = &auth};

	return bolt_conn_hello(conn, &hello, err);
}

// RUN and PULL in one flight: the answers come in this order.
static int ask(struct bolt_conn *conn, struct bolt_err *err)
{
	const struct bolt_conn_tx tx = {.read = true};
	const struct bolt_conn_run run = {.text = "RETURN 1 + 1 AS two", .tx = &tx};
	int r = bolt_conn_run(conn, &run, err);

	return r < 0 ? r : bolt_conn_pull(conn, BOLT_CONN_ALL, BOLT_CONN_LAST, err);
}

// 1: it is over.
static int on_event(struct bolt_conn *conn, const struct bolt_conn_event *event, struct bolt_err *err)
{
	switch (event->type) {
	case BOLT_CONN_AGREED:
		return say_hello(conn, err);
	case BOLT_CONN_RECORD:
		printf("%lld\n", (long long)bolt_as_int(&event->value.items[0], 0));
		return 0;
	case BOLT_CONN_FAILURE:
		return bolt_failure_to_err(event->failure, err);
	case BOLT_CONN_SUCCESS:
		// No statement goes out before the login is known to be good.
		if (event->request == BOLT_CONN_LOGON || (event->request == BOLT_CONN_HELLO && conn->n_pending == 0))
			return ask(conn, err);
		if (event->request != BOLT_CONN_PULL)
			return 0;
		bolt_conn_goodbye(conn);
		return 1;
	default:
		return 0;
	}
}

static int feed(struct bolt_conn *conn, const unsigned char *data, size_t len, struct bolt_err *err)
{
	bolt_cleanup_(bolt_arena_freep) struct bolt_arena *arena = bolt_arena_new();
	int r = 0;

	while (len > 0 && r == 0) {
		struct bolt_conn_event event;
		size_t used;

		r = bolt_conn_feed(conn, data, len, &used, arena, &event, err);
		if (r < 0)
			break;
		data += used;
		len -= used;
		if (event.type != BOLT_CONN_WANTS_INPUT)
			r = on_event(conn, &event, err);
	}
	return r;
}

static int run(struct bolt_conn *conn, int fd, struct bolt_err *err)
{
	unsigned char data[4096];
	int r = 0;

	while (r == 0) {
		struct pollfd item = {.fd = fd, .events = POLLIN};
		ssize_t n;

		if (conn->output.len && write(fd, conn->output.data, conn->output.len) < 0)
			return bolt_err_set(err, BOLT_ERR_IO, "cannot write");
		bolt_buf_clear(&conn->output);
		if (poll(&item, 1, 10000) <= 0)
			return bolt_err_set(err, BOLT_ERR_TIMEOUT, "no answer in time");
		n = read(fd, data, sizeof(data));
		if (n <= 0)
			return bolt_err_set(err, BOLT_ERR_IO, "the server closed the connection");
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
	bolt_cleanup_close_ int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct bolt_err err = BOLT_ERR_INIT;
	struct bolt_conn conn;
	int r;

	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		perror("connect");
		return 1;
	}
	bolt_conn_init(&conn);
	r = run(&conn, fd, &err);
	if (r < 0)
		fprintf(stderr, "%s %s\n", err.code, err.text);
	bolt_conn_deinit(&conn);
	return r < 0;
}
