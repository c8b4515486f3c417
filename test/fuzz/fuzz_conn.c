// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes as everything a server says in a link, against the whole client machine: the same events in one piece and
// byte by byte, and only such events as the requests allow.

#include <stdio.h>
#include <string.h>

#include "bolt/conn.h"
#include "test/fuzz/fuzz.h"

static void ask(struct conn *conn)
{
	const struct conn_tx tx = {.database = "system", .timeout_ms = 1000, .read = true};
	struct err err = ERR_INIT;

	must(conn_run(conn, &(struct conn_run){.text = "RETURN 1", .tx = &tx}, &err) == 0);
	must(conn_pull(conn, 100, CONN_LAST, &err) == 0);
}

// What bolt/link.h does about an event.
static void react(struct conn *conn, const struct conn_event *event)
{
	if (event->type == CONN_AGREED)
		conn_hello(conn, "fuzz/1", "neo4j", "password");
	else if (event->type == CONN_FAILURE)
		conn_reset(conn);
	else if (conn->n_pending == 0)
		ask(conn);
	must(!conn->output.overflow);
	buf_clear(&conn->output);
}

static void check(const struct conn_event *event)
{
	switch (event->type) {
	case CONN_RECORD:
		must(event->request == CONN_PULL && event->value.type == BOLT_LIST);
		return;
	case CONN_SUCCESS:
		must(event->value.type == BOLT_MAP);
		return;
	case CONN_FAILURE:
		must(event->code && event->message && !strpbrk(event->code, "\r\n\t") && !strpbrk(event->message, "\r\n\t"));
		return;
	default:
		return;
	}
}

static void run(const uint8_t *data, size_t size, size_t piece, struct buf *log)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct conn_event event;
	struct err err = ERR_INIT;
	struct conn conn;
	size_t pos = 0, used;

	conn_init(&conn);
	buf_clear(&conn.output);
	while (pos < size) {
		size_t n = size - pos < piece ? size - pos : piece;

		if (conn_feed(&conn, data + pos, n, &used, arena, &event, &err) < 0) {
			must(err_is_set(&err));
			buf_addf(log, "%d %s", err.class, err.text);
			break;
		}
		must(!err_is_set(&err) && used > 0 && used <= n);
		pos += used;
		if (event.type == CONN_WANTS_INPUT)
			continue;
		check(&event);
		buf_addf(log, "%d/%d/%zu ", event.type, event.request, conn.n_pending);
		react(&conn, &event);
	}
	conn_deinit(&conn);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf whole = BUF_INIT(SIZE_MAX / 4), bytes = BUF_INIT(SIZE_MAX / 4);

	run(data, size, size ? size : 1, &whole);
	run(data, size, 1, &bytes);
	must(strcmp(buf_str(&whole), buf_str(&bytes)) == 0);
	return 0;
}
