// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// What the client's machine does for one piece of work, without a socket, so that instructions can be counted: steps NAME N runs the
// work N times. bench/bolt/run takes the difference of two numbers of times, which leaves the start-up out.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bolt/conn.h"
#include "bolt/pack.h"
#include "bolt/structure.h"

#define BYTES_MAX ((size_t)16 * 1024 * 1024)
#define PIECE ((size_t)64 * 1024)
#define BATCH 500

struct bench {
	struct conn conn;
	struct arena *arena;
	struct buf input;
	struct err err;
};

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void feed(struct bench *bench, size_t piece)
{
	const unsigned char *data = (const unsigned char *)bench->input.data;
	size_t pos = 0, used;
	struct conn_event event;

	while (pos < bench->input.len) {
		size_t n = bench->input.len - pos < piece ? bench->input.len - pos : piece;

		arena_reset(bench->arena);
		must(conn_feed(&bench->conn, data + pos, n, &used, bench->arena, &event, &bench->err) == 0);
		pos += used;
	}
}

static void add_message(struct buf *out, uint8_t tag, const struct bolt_value *field)
{
	size_t start = chunk_begin(out);

	pack_struct(out, tag, 1);
	pack_value(out, field);
	chunk_end(out, start);
}

static void set_up(struct bench *bench)
{
	const struct bolt_value map = bolt_map(NULL, 0);
	const struct bolt_auth auth = {.user = "neo4j", .password = "password"};

	*bench = (struct bench){.arena = arena_new(), .input = BUF_INIT(BYTES_MAX), .err = ERR_INIT};
	conn_init(&bench->conn);
	buf_append(&bench->input, "\0\0\x08\x05", 4);
	feed(bench, PIECE);
	must(conn_hello(&bench->conn, &(struct conn_hello){.user_agent = "bench/1", .auth = &auth}, &bench->err) == 0);
	buf_clear(&bench->input);
	add_message(&bench->input, 0x70, &map);
	add_message(&bench->input, 0x70, &map);
	feed(bench, PIECE);
	buf_clear(&bench->input);
	buf_clear(&bench->conn.output);
}

static void add_rows(struct bench *bench, const struct bolt_value *row)
{
	for (unsigned i = 0; i < BATCH; i++)
		add_message(&bench->input, 0x71, row);
	must(conn_pull(&bench->conn, CONN_ALL, CONN_LAST, &bench->err) == 0);
}

// One unit is one row.
static void run_rows(struct bench *bench, long n, size_t piece)
{
	for (long i = 0; i < n / BATCH; i++)
		feed(bench, piece);
}

static void rows(struct bench *bench, long n)
{
	const struct bolt_value values[] = {bolt_int(123456), bolt_string("name-00001234"), bolt_float(0.5)};
	const struct bolt_value row = bolt_list(values, 3);

	add_rows(bench, &row);
	run_rows(bench, n, PIECE);
}

// The same in pieces, so that every row has to be put together.
static void rows_in_pieces(struct bench *bench, long n)
{
	const struct bolt_value values[] = {bolt_int(123456), bolt_string("name-00001234"), bolt_float(0.5)};
	const struct bolt_value row = bolt_list(values, 3);

	add_rows(bench, &row);
	run_rows(bench, n, 11);
}

static void nodes(struct bench *bench, long n)
{
	const struct bolt_value labels[] = {bolt_string("Person"), bolt_string("Employee")};
	const struct bolt_entry properties[] = {
		{"name", bolt_string("Ada Lovelace")}, {"born", bolt_int(1815)}, {"score", bolt_float(9.5)}, {"active", bolt_bool(true)}};
	const struct bolt_value fields[] = {bolt_int(17), bolt_list(labels, 2), bolt_map(properties, 4),
					    bolt_string("4:5e4f6f0e-0001-4d2b-a5c5-0123456789ab:17")};
	const struct bolt_value node = {.type = BOLT_STRUCT, .tag = 0x4E, .size = 4, .items = fields};
	const struct bolt_value row = bolt_list(&node, 1);

	add_rows(bench, &row);
	run_rows(bench, n, PIECE);
}

// RUN and PULL, and their answers with one row.
static void queries(struct bench *bench, long n)
{
	const struct bolt_value name = bolt_string("x"), one = bolt_int(1), row = bolt_list(&one, 1), map = bolt_map(NULL, 0);
	const struct bolt_entry fields = {"fields", bolt_list(&name, 1)}, param = {"x", bolt_int(1)};
	const struct bolt_value meta = bolt_map(&fields, 1), params = bolt_map(&param, 1);
	const struct conn_tx tx = {.database = "neo4j", .read = true};

	add_message(&bench->input, 0x70, &meta);
	add_message(&bench->input, 0x71, &row);
	add_message(&bench->input, 0x70, &map);
	for (long i = 0; i < n; i++) {
		must(conn_run(&bench->conn, &(struct conn_run){.text = "RETURN $x AS x", .params = &params, .tx = &tx}, &bench->err) == 0);
		must(conn_pull(&bench->conn, 1000, CONN_LAST, &bench->err) == 0);
		buf_clear(&bench->conn.output);
		feed(bench, PIECE);
	}
}

// A query whose parameter is a list of a hundred maps.
static void params(struct bench *bench, long n)
{
	const struct bolt_entry entries[] = {{"id", bolt_int(123456)}, {"name", bolt_string("name-00001234")}, {"score", bolt_float(0.5)}};
	struct bolt_value maps[100];
	const struct bolt_entry param = {"rows", bolt_list(maps, 100)};
	const struct bolt_value map = bolt_map(&param, 1);

	for (size_t i = 0; i < 100; i++)
		maps[i] = bolt_map(entries, 3);
	for (long i = 0; i < n; i++) {
		must(conn_run(&bench->conn, &(struct conn_run){.text = "UNWIND $rows AS row CREATE (n) SET n = row", .params = &map},
			      &bench->err) == 0);
		buf_clear(&bench->conn.output);
		bench->conn.n_pending = 0;
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct bench *bench, long n);
	} works[] = {{"rows", rows}, {"rows-in-pieces", rows_in_pieces}, {"nodes", nodes}, {"queries", queries}, {"params", params}};
	static struct bench bench;

	for (size_t i = 0; argc == 3 && i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(argv[1], works[i].name) != 0)
			continue;
		set_up(&bench);
		works[i].run(&bench, strtol(argv[2], NULL, 10));
		conn_deinit(&bench.conn);
		arena_free(bench.arena);
		buf_release(&bench.input);
		return 0;
	}
	for (size_t i = 0; argc == 1 && i < sizeof(works) / sizeof(works[0]); i++)
		(void)puts(works[i].name);
	return argc == 1 ? 0 : 2;
}
