// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The tests against a real server share this. Each gets a session of a driver that is logged on; its state is a struct test.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "bolt/driver.h"
#include "bolt/failure.h"
#include "bolt/session.h"
#include "test/interop/samples.h"

#define USER "neo4j"
#define PASSWORD "interop-password"
// For everything that is expected to go well, on a machine that has other things to do.
#define LIMIT_MS 120000

struct server {
	char uri[64]; // plain Bolt
	uint16_t port;
	const char *release; // "5.26.12"
	const char *dir;     // the certificates, and where what was read goes
	unsigned major, minor; // of the Bolt that is expected
	int pid;
	long tries;	       // of each kind of statement that the server is to refuse
	const char *doing; // with which sample, for the report of a failure; NULL: none
};

extern struct server server;

struct test {
	struct bolt_driver *driver;
	struct bolt_session *session;
	struct arena *arena;
	struct err err;
};

int test_begin(void **state);
int test_end(void **state);

// Whether the server's Bolt is this or newer.
bool speaks(unsigned major, unsigned minor);

// Those that this server's Bolt can carry.
struct samples samples_of(struct test *test);

int64_t limit(void);

struct here {
	const char *what, *file;
	int line;
};
#define HERE(what) ((struct here){(what), __FILE__, __LINE__})

void must_(int r, const struct err *err, struct here here);
#define MUST(call) must_((call), &test->err, HERE(#call))

// The call fails with this class; the error is cleared and left in *test->err by then.
void fails_(int r, int class, const char *code, struct here here, struct err *err);
#define FAILS(class, code, call) fails_((call), (class), (code), HERE(#call), &test->err)

// The plain options of this server.
struct bolt_driver_options plain(void);

// One query in the test's session, all rows; params NULL: none. The rows live in the test's arena.
struct bolt_value run(struct test *test, const char *text, const struct bolt_value *params);
const struct bolt_value *cell(const struct bolt_value *rows, uint32_t row, uint32_t column);

// The same, and the summary, which lives in *ret_result until that is freed.
const struct bolt_summary *run_summary(struct test *test, const char *text, struct bolt_result **ret_result);

// Appends a value as JSON that loses nothing: ["int","5"], ["float",BITS], ["datetime",...]; test/interop/table.py writes the same.
void dump(struct buf *out, const struct bolt_value *v);
void dump_string(struct buf *out, const char *s, size_t size);

// So many transactions with this in their metadata are under way on the server; asked with a driver of its own.
void await_running(struct test *test, const char *mark, int64_t n);

// A map {mark: ...} for a transaction that others are to find.
struct bolt_value marked(struct test *test, const char *mark);

// Whether the server notices in the middle of a computation that it is to stop: Community before Bolt 5.5 does not always, 5.20 for one.
bool stops(void);

// Work that lasts until it is stopped, or long enough where it is not.
const char *lasting(void);

// The tests, by file.
extern const struct CMUnitTest tests_values[], tests_literals[], tests_work[], tests_waits[], tests_words[], tests_logon[], tests_tls[], tests_last[],
	tests_refused[];
extern const size_t n_tests_values, n_tests_literals, n_tests_work, n_tests_waits, n_tests_words, n_tests_logon, n_tests_tls, n_tests_last, n_tests_refused;

#define TEST(name) cmocka_unit_test_setup_teardown(name, test_begin, test_end)
#define TESTS(group, ...)                                                                                          \
	const struct CMUnitTest group[] = {__VA_ARGS__};                                                           \
	const size_t n_##group = sizeof(group) / sizeof(group[0])
