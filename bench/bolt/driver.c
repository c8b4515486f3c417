// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// What bench/bolt/official does, with ours: driver URI rows|queries|runs|connects N. Rows are streamed in the driver's own batches; a
// query is the driver's one call (a managed transaction), a run an auto-commit query of a session.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>


#include "base/clock.h"
#include "bench/bolt/cost.h"
#include "bolt/driver.h"
#include "bolt/session.h"

#define LIMIT_MS 600000
#define ROWS_TEXT "UNWIND range(1, $n) AS i RETURN i AS id, 'name-' + i AS name, i * 0.5 AS score"
#define ONE_TEXT "RETURN $x AS x"

static void must(int r, const struct err *err)
{
	if (r >= 0)
		return;
	(void)fprintf(stderr, "driver: %s\n", err->text);
	exit(1);
}

static void must_hold(bool holds, const char *text)
{
	struct err err = ERR_INIT;

	if (!holds)
		must(err_set(&err, ERR_INTERNAL, "%s", text), &err);
}

static int64_t limit(void)
{
	return deadline_in_ms(LIMIT_MS);
}

static struct bolt_driver *open_driver(const char *uri)
{
	struct bolt_driver *driver;
	struct err err = ERR_INIT;

	must(bolt_driver_new(&(struct bolt_driver_options){.uri = uri, .auth = bolt_auth_basic("neo4j", "password")}, &driver, &err), &err);
	return driver;
}

static struct bolt_session *open_session(struct bolt_driver *driver)
{
	struct bolt_session *session;
	struct err err = ERR_INIT;

	must(bolt_session_new(driver, &(struct bolt_session_options){.database = "neo4j"}, &session, &err), &err);
	return session;
}

static void rows(struct bolt_driver *driver, const char *uri, int64_t n)
{
	_cleanup_(bolt_session_freep) struct bolt_session *session = open_session(driver);
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_entry entry = {"n", bolt_int(n)};
	const struct bolt_value params = bolt_map(&entry, 1), *row;
	struct err err = ERR_INIT;
	int64_t count = 0, sum = 0;
	int r;

	(void)uri;
	must(bolt_session_run(session, &(struct bolt_statement){.text = ROWS_TEXT, .params = &params}, limit(), &result, &err), &err);
	while ((r = bolt_result_next(result, DEADLINE_NEVER, &row, &err)) > 0) {
		count++;
		sum += row->items[0].integer + row->items[1].size + (int64_t)row->items[2].number;
	}
	must(r, &err);
	must_hold(count == n && sum != 0, "another number of rows than expected");
}

static void queries(struct bolt_driver *driver, const char *uri, int64_t n)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)uri;
	for (int64_t i = 0; i < n; i++) {
		const struct bolt_entry entry = {"x", bolt_int(i)};
		const struct bolt_value params = bolt_map(&entry, 1);
		struct err err = ERR_INIT;
		struct bolt_answer answer;

		arena_reset(arena);
		must(bolt_driver_query(driver, &(struct bolt_call){.text = ONE_TEXT, .params = &params, .database = "neo4j"}, limit(), arena, &answer,
				       &err), &err);
		must_hold(answer.n_rows == 1, "no row came");
	}
}

static void runs(struct bolt_driver *driver, const char *uri, int64_t n)
{
	_cleanup_(bolt_session_freep) struct bolt_session *session = open_session(driver);

	(void)uri;
	for (int64_t i = 0; i < n; i++) {
		const struct bolt_entry entry = {"x", bolt_int(i)};
		const struct bolt_value params = bolt_map(&entry, 1), *row;
		_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
		struct err err = ERR_INIT;

		must(bolt_session_run(session, &(struct bolt_statement){.text = ONE_TEXT, .params = &params}, limit(), &result, &err), &err);
		must(bolt_result_single(result, limit(), &row, &err), &err);
	}
}

static void connects(struct bolt_driver *driver, const char *uri, int64_t n)
{
	(void)driver;
	for (int64_t i = 0; i < n; i++) {
		_cleanup_(bolt_driver_freep) struct bolt_driver *own = open_driver(uri);

		runs(own, uri, 1);
	}
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		void (*run)(struct bolt_driver *driver, const char *uri, int64_t n);
		bool warm; // what only the first ones cost is left out
	} kinds[] = {{"rows", rows, false}, {"queries", queries, true}, {"runs", runs, true}, {"connects", connects, false}};

	for (size_t i = 0; argc == 4 && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		_cleanup_(bolt_driver_freep) struct bolt_driver *driver = NULL;
		int64_t n = strtol(argv[3], NULL, 10);
		struct cost cost;

		if (strcmp(argv[2], kinds[i].name) != 0)
			continue;
		driver = open_driver(argv[1]);
		if (kinds[i].warm)
			runs(driver, argv[1], 100);
		cost = cost_begin();
		kinds[i].run(driver, argv[1], n);
		cost_print(&cost, argv[2], n);
		return 0;
	}
	(void)fputs("usage: driver URI rows|queries|runs|connects N\n", stderr);
	return 2;
}
