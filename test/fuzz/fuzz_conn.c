// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Any bytes as everything a server says in a link, against the whole client machine: the same events in one piece and
// byte by byte, and only such events as the requests allow.

#include <stdio.h>
#include <string.h>

#include "bolt/conn.h"
#include "test/fuzz/fuzz.h"

static const struct bolt_auth auth = {.user = "neo4j", .password = "password"};

// Every request has its turn.
static void ask(struct conn *conn, unsigned turn)
{
	static const char *const bookmarks[] = {"bm:1"};
	const struct conn_tx tx = {.database = "system", .timeout_ms = 1000, .read = true, .bookmarks = bookmarks, .n_bookmarks = 1};
	const struct conn_run run = {.text = "RETURN 1", .tx = &tx}, inner = {.text = "RETURN 2"};
	struct err err = ERR_INIT;
	int r = 0;

	switch (turn % 4) {
	case 0:
		r = conn_run(conn, &run, &err) | conn_pull(conn, 100, CONN_LAST, &err);
		break;
	case 1:
		r = conn_begin(conn, &tx, &err) | conn_run(conn, &inner, &err) | conn_pull(conn, CONN_ALL, 1, &err) |
		    conn_discard(conn, CONN_ALL, CONN_LAST, &err) | conn_commit(conn, &err);
		break;
	case 2:
		r = conn_route(conn, &(struct conn_route){.database = "system"}, &err) | conn_rollback(conn, &err);
		break;
	default:
		r = conn_telemetry(conn, CONN_API_MANAGED, &err) | conn_reset(conn, &err);
		if (bolt_version_has(conn->version, BOLT_HAS_LOGON))
			r |= conn_logoff(conn, &err) | conn_logon(conn, &auth, &err);
	}
	must(r == 0);
}

// Does what bolt/link.h does about an event.
static void react(struct conn *conn, const struct conn_event *event, unsigned turn)
{
	const struct conn_hello hello = {.user_agent = "fuzz/1", .auth = &auth};
	struct err err = ERR_INIT;

	if (event->type == CONN_AGREED)
		must(conn_hello(conn, &hello, &err) == 0);
	else if (event->type == CONN_FAILURE && !conn->broken)
		must(conn_reset(conn, &err) == 0);
	else if (conn->n_pending == 0 && !conn->broken)
		ask(conn, turn);
	must(!conn->output.overflow);
	buf_clear(&conn->output);
}

static void check(const struct conn_event *event)
{
	struct err err = ERR_INIT;

	switch (event->type) {
	case CONN_RECORD:
		must(event->request == CONN_PULL && event->value.type == BOLT_LIST);
		return;
	case CONN_SUCCESS:
		must(event->value.type == BOLT_MAP);
		return;
	case CONN_FAILURE:
		must(event->failure && failure_to_err(event->failure, &err) < 0 && !strpbrk(err.code, "\r\n\t") &&
		     !strpbrk(err.text, "\r\n\t"));
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
	unsigned turn = 0;

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
		buf_addf(log, "%d/%d/%u ", event.type, event.request, conn.n_pending);
		react(&conn, &event, turn++);
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
