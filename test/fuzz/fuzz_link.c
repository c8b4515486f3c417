// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A whole connection against a scripted peer: the input is the peer's script and what the client does. What the peer says is all
// in the socket before the client looks, and then the end, so nothing ever has to wait.

#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "bolt/link.h"
#include "bolt/pack.h"
#include "test/fuzz/fuzz.h"

#define SAID_MAX ((size_t)48 * 1024)
#define STEPS_MAX 12
#define LIMIT_MS 5000

struct script {
	const uint8_t *data;
	size_t size;
};

static unsigned take(struct script *script)
{
	if (script->size == 0)
		return 0;
	script->size--;
	return *script->data++;
}

static void add_message(struct buf *out, uint8_t tag, const struct bolt_value *field)
{
	size_t start = chunk_begin(out);

	pack_struct(out, tag, field ? 1 : 0);
	if (field)
		pack_value(out, field);
	chunk_end(out, start);
}

static void add_success(struct buf *out, unsigned kind)
{
	const struct bolt_value names[] = {bolt_string("x"), bolt_string("y")}, patch = bolt_string("utc");
	const struct bolt_entry hints[] = {{"connection.recv_timeout_seconds", bolt_int(1000)}, {"telemetry.enabled", bolt_bool(true)}};
	const struct bolt_entry metas[] = {{"fields", bolt_list(names, kind / 8 % 3)}, {"has_more", bolt_bool(true)},
					   {"hints", bolt_map(hints, 2)}, {"patch_bolt", bolt_list(&patch, 1)},
					   {"credentials_expired", bolt_bool(true)}, {"qid", bolt_int(3)}};
	const struct bolt_value map = kind % 8 < 6 ? bolt_map(&metas[kind % 8], 1) : bolt_map(NULL, 0);

	add_message(out, 0x70, &map);
}

static void add_record(struct buf *out, unsigned kind)
{
	const struct bolt_value fields[] = {bolt_int(1), bolt_int(2), bolt_int(3)};
	const struct bolt_value values[] = {{.type = BOLT_STRUCT, .tag = (uint8_t)kind, .size = 3, .items = fields}, bolt_string("a text")};
	const struct bolt_value row = bolt_list(values, kind % 3);

	add_message(out, 0x71, &row);
}

static void add_failure(struct buf *out, unsigned kind)
{
	static const char *const codes[] = {"Neo.ClientError.Security.Unauthorized", "Neo.TransientError.General.Busy", "\n", ""};
	const struct bolt_entry inner = {"message", bolt_string("inner")};
	const struct bolt_entry entries[] = {{kind & 4 ? "code" : "neo4j_code", bolt_string(codes[kind % 4])}, {"message", bolt_string("bad")},
					     {"cause", bolt_map(&inner, 1)}, {"diagnostic_record", bolt_map(&inner, 1)}};
	const struct bolt_value map = bolt_map(entries, kind / 8 % 5);

	add_message(out, 0x7F, &map);
}

static void add_raw(struct buf *out, struct script *script, unsigned n)
{
	while (n-- > 0)
		buf_addc(out, (char)take(script));
}

// The peer's words, from its answer to the handshake on.
static void write_script(struct script *script, struct buf *out)
{
	static const unsigned char versions[][4] = {{0, 0, 4, 4}, {0, 0, 0, 5}, {0, 0, 2, 5}, {0, 0, 4, 5}, {0, 0, 8, 5}};
	unsigned n = take(script) % 24, version = take(script) % 7;

	if (version < 5)
		buf_append(out, versions[version], 4);
	else if (version == 5)
		buf_append(out, "\x00\x00\x01\xFF\x01\x00\x00\x00\x06\x00", 10);
	else
		add_raw(out, script, 12);
	while (n-- > 0) {
		unsigned kind = take(script);

		switch (take(script) % 8) {
		case 0:
			add_record(out, kind);
			break;
		case 1:
			add_failure(out, kind);
			break;
		case 2:
			add_message(out, 0x7E, NULL);
			break;
		case 3:
			buf_append(out, "\0\0", 2);
			break;
		case 4:
			add_raw(out, script, kind % 32);
			break;
		default:
			add_success(out, kind);
		}
	}
}

// One request by the machine; a refusal is what the version lacks.
static int request(struct conn *conn, unsigned what, struct err *err)
{
	static const struct bolt_auth auth = {.scheme = "bearer", .password = "t"};
	static const struct conn_tx tx = {.database = "system", .timeout_ms = 100, .read = true};
	static const struct conn_run run = {.text = "RETURN 1", .tx = &tx};

	switch (what % 11) {
	case 0:
		return conn_begin(conn, &tx, err);
	case 1:
		return conn_commit(conn, err);
	case 2:
		return conn_rollback(conn, err);
	case 3:
		return conn_route(conn, &(struct conn_route){.database = "system"}, err);
	case 4:
		return conn_discard(conn, CONN_ALL, 1, err);
	case 5:
		return conn_logoff(conn, err);
	case 6:
		return conn_logon(conn, &auth, err);
	case 7:
		return conn_telemetry(conn, CONN_API_MANAGED, err);
	case 8:
		return conn_reset(conn, err);
	case 9:
		return conn_pull(conn, 2, CONN_LAST, err);
	default:
		return conn_run(conn, &run, err);
	}
}

static int step(struct bolt_link *link, struct script *script, struct arena *arena, struct err *err)
{
	int64_t deadline = deadline_in_ms(LIMIT_MS);
	unsigned what = take(script);
	struct bolt_table table;
	struct conn_event event;

	switch (what % 6) {
	case 0:
		return bolt_link_query(link, &(struct bolt_query){.text = "RETURN 1", .max_rows = what / 6}, deadline, arena, &table, err);
	case 1:
		return bolt_link_reset(link, deadline, err);
	case 2:
		return bolt_link_settle(link, deadline, err);
	case 3:
		return bolt_link_next(link, deadline, arena, &event, err);
	default:
		return request(bolt_link_conn(link), what / 6, err);
	}
}

static void talk(int fd, struct script *script)
{
	static const struct bolt_target target = {.user_agent = "fuzz/1"};
	static const struct bolt_auth auth = {.user = "neo4j", .password = "password"};
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	int r = bolt_link_adopt(fd, &target, &auth, deadline_in_ms(LIMIT_MS), &link, &err);

	must(r == (int)err.class && (r == 0) == (link != NULL));
	for (int i = 0; i < STEPS_MAX && link; i++) {
		bool dead = bolt_link_is_dead(link);

		err_clear(&err);
		r = step(link, script, arena, &err);
		must(r == (int)err.class && (r == 0) == (err.text[0] == '\0' && err.class == ERR_NONE));
		must(r != ERR_TIMEOUT && r != ERR_INTERNAL);
		must(!dead || bolt_link_is_dead(link)); // no way back
		must(!strpbrk(err.code, "\r\n") && !strpbrk(err.text, "\r\n"));
		must(bolt_link_conn(link)->n_pending <= CONN_PENDING_MAX);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_buf_ struct buf said = BUF_INIT(SAID_MAX);
	struct script script = {data, size};
	int fds[2];

	write_script(&script, &said);
	must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
	must(said.overflow || write(fds[1], said.data, said.len) == (ssize_t)said.len);
	must(shutdown(fds[1], SHUT_WR) == 0);
	talk(fds[0], &script);
	(void)close(fds[1]);
	return 0;
}
