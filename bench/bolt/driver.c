// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// What bench/bolt/official does, with ours: driver URI rows|queries|runs|connects|writes|mixed N. Rows are streamed in the driver's own
// batches; a query is the driver's one call (a managed transaction), a run an auto-commit query of a session. writes are rows that go to the server, a
// thousand maps of five members in each query. mixed are runs by 64 sessions on 4 threads, of which each fourth writes; it also prints the time that
// 99 of 100 do not exceed. erase, which is not measured, takes away what these two have written: a small server has no room for many rounds.

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pthread.h>

#include "base/clock.h"
#include "bench/bolt/cost.h"
#include "bolt/driver.h"
#include "bolt/session.h"

#define LIMIT_MS 600000
#define ROWS_TEXT "UNWIND range(1, $n) AS i RETURN i AS id, 'name-' + i AS name, i * 0.5 AS score"
#define ONE_TEXT "RETURN $x AS x"
#define WRITE_TEXT "UNWIND $rows AS row CREATE (n:Bench) SET n = row"
#define MIXED_WRITE_TEXT "CREATE (n:Mixed {id: $x}) RETURN n.id AS x"
#define ERASE_TEXT "MATCH (n) CALL { WITH n DELETE n } IN TRANSACTIONS OF 10000 ROWS"
#define WRITE_BATCH 1000
#define THREADS 4
#define SESSIONS 16 // of each thread

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

static void run(struct bolt_session *session, const char *text, int64_t x)
{
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_entry entry = {"x", bolt_int(x)};
	const struct bolt_value params = bolt_map(&entry, 1), *row;
	struct err err = ERR_INIT;

	must(bolt_session_run(session, &(struct bolt_statement){.text = text, .params = &params}, limit(), &result, &err), &err);
	must(bolt_result_single(result, limit(), &row, &err), &err);
}

static void runs(struct bolt_driver *driver, const char *uri, int64_t n)
{
	_cleanup_(bolt_session_freep) struct bolt_session *session = open_session(driver);

	(void)uri;
	for (int64_t i = 0; i < n; i++)
		run(session, ONE_TEXT, i);
}

static void consume(struct bolt_session *session, const char *text, const struct bolt_value *params)
{
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_summary *summary;
	struct err err = ERR_INIT;

	must(bolt_session_run(session, &(struct bolt_statement){.text = text, .params = params}, limit(), &result, &err), &err);
	must(bolt_result_consume(result, limit(), &summary, &err), &err);
}

static void erase(struct bolt_driver *driver, const char *uri, int64_t n)
{
	_cleanup_(bolt_session_freep) struct bolt_session *session = open_session(driver);

	(void)uri;
	(void)n;
	consume(session, ERASE_TEXT, NULL);
}

static void write_batch(struct bolt_session *session, const struct bolt_value *rows)
{
	const struct bolt_entry entry = {"rows", *rows};
	const struct bolt_value params = bolt_map(&entry, 1);

	consume(session, WRITE_TEXT, &params);
}

static void writes(struct bolt_driver *driver, const char *uri, int64_t n)
{
	_cleanup_(bolt_session_freep) struct bolt_session *session = open_session(driver);
	static struct bolt_entry entries[WRITE_BATCH][5];
	static struct bolt_value maps[WRITE_BATCH];
	static char names[WRITE_BATCH][16];
	const struct bolt_value rows = bolt_list(maps, WRITE_BATCH);

	(void)uri;
	for (int i = 0; i < WRITE_BATCH; i++)
		(void)snprintf(names[i], sizeof(names[i]), "name-%08d", i);
	for (int64_t done = 0; done < n; done += WRITE_BATCH) {
		for (int i = 0; i < WRITE_BATCH; i++) {
			struct bolt_entry *entry = entries[i];

			entry[0] = (struct bolt_entry){"id", bolt_int(done + i)};
			entry[1] = (struct bolt_entry){"name", bolt_string(names[i])};
			entry[2] = (struct bolt_entry){"score", bolt_float((double)i * 0.5)};
			entry[3] = (struct bolt_entry){"active", bolt_bool(i % 2 == 0)};
			entry[4] = (struct bolt_entry){"city", bolt_string("Malm\xC3\xB6")};
			maps[i] = bolt_map(entry, 5);
		}
		write_batch(session, &rows);
	}
}

struct mixer {
	struct bolt_driver *driver;
	int64_t n;
	int64_t *ns; // of each run
	pthread_t thread;
};

static int64_t now_ns(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void *mix(void *arg)
{
	struct bolt_session *sessions[SESSIONS];
	struct mixer *mixer = arg;

	for (int i = 0; i < SESSIONS; i++)
		sessions[i] = open_session(mixer->driver);
	for (int64_t i = 0; i < mixer->n; i++) {
		int64_t begun = now_ns();

		run(sessions[i % SESSIONS], i % 4 == 3 ? MIXED_WRITE_TEXT : ONE_TEXT, i);
		mixer->ns[i] = now_ns() - begun;
	}
	for (int i = 0; i < SESSIONS; i++)
		bolt_session_free(sessions[i]);
	return NULL;
}

static int compare_ns(const void *a, const void *b)
{
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static void mixed(struct bolt_driver *driver, const char *uri, int64_t n)
{
	_cleanup_free_ int64_t *ns = calloc((size_t)n, sizeof(*ns));
	struct mixer mixers[THREADS];

	(void)uri;
	must_hold(ns && n % THREADS == 0, "a number of runs that the threads can share is needed");
	for (int i = 0; i < THREADS; i++) {
		mixers[i] = (struct mixer){.driver = driver, .n = n / THREADS, .ns = ns + i * (n / THREADS)};
		must_hold(pthread_create(&mixers[i].thread, NULL, mix, &mixers[i]) == 0, "no thread");
	}
	for (int i = 0; i < THREADS; i++)
		(void)pthread_join(mixers[i].thread, NULL);
	qsort(ns, (size_t)n, sizeof(*ns), compare_ns);
	(void)printf("p99_us %.1f\n", (double)ns[n * 99 / 100] / 1000);
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
	} kinds[] = {{"rows", rows, false},	    {"queries", queries, true}, {"runs", runs, true},
		     {"connects", connects, false}, {"writes", writes, true},	{"mixed", mixed, true},
		     {"erase", erase, false}};

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
	(void)fputs("usage: driver URI rows|queries|runs|connects|writes|mixed|erase N\n", stderr);
	return 2;
}
