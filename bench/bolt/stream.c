// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// What the client costs, over a socket: stream PORT WORK N. Prints microseconds of this process's CPU and of the clock for each, and
// the most memory it ever had. The works are rows of one result, small queries, and connections with one query each; by a link
// (bolt/link.h), or by a driver with its sessions and results.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#include "base/clock.h"
#include "bench/bolt/cost.h"
#include "bolt/driver.h"
#include "bolt/link.h"
#include "bolt/session.h"

#define LIMIT_MS 600000

static const struct bolt_auth auth = {.user = "neo4j", .password = "password"};

static void must(int r, const struct err *err)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "stream: %s\n", err->text);
	exit(1);
}

static struct bolt_link *open_link(uint16_t port)
{
	const struct bolt_target target = {.host = "127.0.0.1", .port = port, .user_agent = "bench/1"};
	struct err err = ERR_INIT;
	struct bolt_link *link;

	must(bolt_link_open(&target, &auth, deadline_in_ms(LIMIT_MS), &link, &err), &err);
	return link;
}

// One result, row by row; each row is looked at.
static long stream_rows(uint16_t port, long n)
{
	_cleanup_(bolt_link_closep) struct bolt_link *link = open_link(port);
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	int64_t deadline = deadline_in_ms(LIMIT_MS);
	struct err err = ERR_INIT;
	struct conn_event event;
	long rows = 0;
	int64_t sum = 0;

	must(conn_run(bolt_link_conn(link), &(struct conn_run){.text = "MATCH (n) RETURN n.id, n.name, n.score"}, &err), &err);
	must(conn_pull(bolt_link_conn(link), CONN_ALL, CONN_LAST, &err), &err);
	do {
		arena_reset(arena);
		must(bolt_link_next(link, deadline, arena, &event, &err), &err);
		if (event.type != CONN_RECORD)
			continue;
		rows++;
		sum += event.value.items[0].integer + event.value.items[1].size + (int64_t)event.value.items[2].number;
	} while (event.type == CONN_RECORD || event.request == CONN_RUN);
	must(rows == n && sum != 0 ? 0 : err_set(&err, ERR_PROTOCOL, "%ld rows came where %ld were expected", rows, n), &err);
	return rows;
}

static void query(struct bolt_link *link)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct bolt_table table;

	must(bolt_link_query(link, &(struct bolt_query){.text = "RETURN 1 AS x", .read = true}, deadline_in_ms(LIMIT_MS), arena, &table,
			     &err),
	     &err);
}

static long run_queries(uint16_t port, long n)
{
	_cleanup_(bolt_link_closep) struct bolt_link *link = open_link(port);

	for (long i = 0; i < n; i++)
		query(link);
	return n;
}

static long run_connects(uint16_t port, long n)
{
	for (long i = 0; i < n; i++) {
		const struct bolt_target target = {.host = "127.0.0.1", .port = port, .user_agent = "bench/1"};
		struct bolt_link *link;
		struct err err = ERR_INIT;

		must(bolt_link_begin(&target, &auth, deadline_in_ms(LIMIT_MS), &link, &err), &err);
		query(link);
		bolt_link_close(link);
	}
	return n;
}

static struct bolt_driver *open_driver(uint16_t port)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct bolt_driver_options options = {.uri = arena_printf(arena, "bolt://127.0.0.1:%u", port), .auth = auth, .user_agent = "bench/1"};
	struct bolt_driver *driver;
	struct err err = ERR_INIT;

	must(bolt_driver_new(&options, &driver, &err), &err);
	return driver;
}

static struct bolt_result *run_statement(struct bolt_session *session, const char *text)
{
	struct bolt_result *result;
	struct err err = ERR_INIT;

	must(bolt_session_run(session, &(struct bolt_statement){.text = text}, deadline_in_ms(LIMIT_MS), &result, &err), &err);
	return result;
}

static long drive_rows(uint16_t port, long n)
{
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = open_driver(port);
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	int64_t deadline = deadline_in_ms(LIMIT_MS), sum = 0;
	const struct bolt_value *row;
	struct err err = ERR_INIT;
	long rows = 0;
	int r;

	must(bolt_session_new(driver, NULL, &session, &err), &err);
	result = run_statement(session, "MATCH (n) RETURN n.id, n.name, n.score");
	while ((r = bolt_result_next(result, deadline, &row, &err)) > 0) {
		rows++;
		sum += row->items[0].integer + row->items[1].size + (int64_t)row->items[2].number;
	}
	must(r, &err);
	must(rows == n && sum != 0 ? 0 : err_set(&err, ERR_PROTOCOL, "%ld rows came where %ld were expected", rows, n), &err);
	return rows;
}

static void drive_query(struct bolt_driver *driver)
{
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_summary *summary;
	struct err err = ERR_INIT;

	must(bolt_session_new(driver, NULL, &session, &err), &err);
	result = run_statement(session, "RETURN 1 AS x");
	must(bolt_result_consume(result, deadline_in_ms(LIMIT_MS), &summary, &err), &err);
}

static long drive_queries(uint16_t port, long n)
{
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = open_driver(port);

	for (long i = 0; i < n; i++)
		drive_query(driver);
	return n;
}

static long drive_connects(uint16_t port, long n)
{
	for (long i = 0; i < n; i++) {
		_cleanup_(bolt_driver_freep) struct bolt_driver *driver = open_driver(port);

		drive_query(driver);
	}
	return n;
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		long (*run)(uint16_t port, long n);
	} kinds[] = {{"rows", stream_rows},	     {"queries", run_queries},		 {"connects", run_connects},
		     {"driver-rows", drive_rows}, {"driver-queries", drive_queries}, {"driver-connects", drive_connects}};
	for (size_t i = 0; argc == 4 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct cost cost = cost_begin();
		long n;

		if (strcmp(argv[2], kinds[i].name) != 0)
			continue;
		n = kinds[i].run((uint16_t)strtol(argv[1], NULL, 10), strtol(argv[3], NULL, 10));
		cost_print(&cost, argv[2], n);
		return 0;
	}
	(void)fputs("usage: stream PORT [driver-]rows|queries|connects N\n", stderr);
	return 2;
}
