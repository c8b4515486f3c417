// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// What is refused does not happen: each kind of statement, tried so many times with credentials that must be changed, that are wrong, or that
// were right until the password was changed. Each must be refused, and how many were carried out the server is asked, which counts what each
// would have left behind. The server's limit of failed logins is off (test/interop/run), or it would refuse the most by that.

#include <stdlib.h>

#include "bolt/link.h"
#include "test/interop/interop.h"

#define OLD "first-password"
#define NEW "second-password"

enum credentials { EXPIRED, WRONG, ROTATED, N_CREDENTIALS };
static const char *const credentials_names[N_CREDENTIALS] = {"expired", "wrong", "rotated"};

// One try of one kind: what the call returned.
struct attempt {
	struct test *test;
	struct bolt_auth auth;
	const char *create; // leaves a node behind
	const char *database;
	struct err *err;
};

static int consumed(struct bolt_result *result, struct err *err)
{
	const struct bolt_summary *summary;

	return bolt_result_consume(result, limit(), &summary, err);
}

static struct bolt_driver *driver_for(const struct attempt *attempt)
{
	struct bolt_driver_options options = plain();
	struct test *test = attempt->test;
	struct bolt_driver *driver;

	options.auth = attempt->auth;
	options.retry_ms = -1;
	MUST(bolt_driver_new(&options, &driver, &test->err));
	return driver;
}

static int auto_commit_in(struct bolt_driver *driver, const struct bolt_auth *auth, const struct attempt *attempt)
{
	const struct bolt_session_options options = {.database = attempt->database, .auth = auth};
	const struct bolt_statement statement = {.text = attempt->create};
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	int r = bolt_session_new(driver, &options, &session, attempt->err);

	if (r == 0)
		r = bolt_session_run(session, &statement, limit(), &result, attempt->err);
	return r == 0 ? consumed(result, attempt->err) : r;
}

static int try_auto_commit(const struct attempt *attempt)
{
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = driver_for(attempt);

	return auto_commit_in(driver, NULL, attempt);
}

// A connection of the pool that somebody else is logged on to changes hands.
static int try_session(const struct attempt *attempt)
{
	return auto_commit_in(attempt->test->driver, &attempt->auth, attempt);
}

static int try_transaction(const struct attempt *attempt)
{
	const struct bolt_session_options options = {.database = attempt->database};
	const struct bolt_statement statement = {.text = attempt->create};
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = driver_for(attempt);
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	_cleanup_(bolt_tx_freep) struct bolt_tx *tx = NULL;
	int r = bolt_session_new(driver, &options, &session, attempt->err);

	if (r == 0)
		r = bolt_session_begin(session, NULL, limit(), &tx, attempt->err);
	if (r == 0)
		r = bolt_tx_run(tx, &statement, limit(), &result, attempt->err);
	return r == 0 ? bolt_tx_commit(tx, limit(), attempt->err) : r;
}

static int work(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	const struct bolt_statement statement = {.text = user};
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	int r = bolt_tx_run(tx, &statement, deadline, &result, err);

	return r == 0 ? consumed(result, err) : r;
}

static int try_managed(const struct attempt *attempt)
{
	const struct bolt_session_options options = {.database = attempt->database};
	const struct bolt_job job = {.work = work, .user = (void *)(uintptr_t)attempt->create};
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = driver_for(attempt);
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	int r = bolt_session_new(driver, &options, &session, attempt->err);

	return r == 0 ? bolt_session_execute(session, &job, limit(), attempt->err) : r;
}

static int try_query(const struct attempt *attempt)
{
	const struct bolt_call call = {.text = attempt->create, .database = attempt->database};
	_cleanup_(bolt_driver_freep) struct bolt_driver *driver = driver_for(attempt);
	struct bolt_answer answer;

	return bolt_driver_query(driver, &call, limit(), attempt->test->arena, &answer, attempt->err);
}

static int try_link(const struct attempt *attempt)
{
	const struct bolt_target target = {.host = "127.0.0.1", .port = server.port, .user_agent = "interop/1"};
	const struct bolt_query query = {.text = attempt->create, .database = attempt->database};
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	struct bolt_table table;
	int r = bolt_link_begin(&target, &attempt->auth, limit(), &link, attempt->err);

	return r == 0 ? bolt_link_query(link, &query, limit(), attempt->test->arena, &table, attempt->err) : r;
}

#define CHANGE "ALTER CURRENT USER SET PASSWORD FROM '" OLD "' TO 'third-password'"

static const struct kind {
	const char *name;
	int (*attempt)(const struct attempt *attempt);
	const char *text; // NULL: it makes a node
	bool needs_logon; // sessions with credentials of their own came with 5.1
} kinds[] = {
	{"auto-commit", try_auto_commit, NULL, false},
	{"auto-commit, session's own credentials", try_session, NULL, true},
	{"transaction", try_transaction, NULL, false},
	{"managed transaction", try_managed, NULL, false},
	{"bolt_driver_query()", try_query, NULL, false},
	{"bolt_link_query()", try_link, NULL, false},
	{"change of the password, by a link", try_link, CHANGE, false},
};
#define N_KINDS (sizeof(kinds) / sizeof(kinds[0]))

static void admin(struct test *test, const char *text, struct bolt_answer *ret)
{
	struct bolt_answer unused;

	MUST(bolt_driver_query(test->driver, &(struct bolt_call){.text = text, .database = "system"}, limit(), test->arena,
			       ret ? ret : &unused, &test->err));
}

// A user of its own for each, so that what one did is not taken for another's.
static void make_user(struct test *test, enum credentials credentials)
{
	const char *name = credentials_names[credentials];

	admin(test, arena_printf(test->arena, "CREATE OR REPLACE USER %s SET PASSWORD '" OLD "' CHANGE %s", name,
				 credentials == EXPIRED ? "REQUIRED" : "NOT REQUIRED"), NULL);
	if (credentials != ROTATED)
		return;
	// It was right: whoever has it came in.
	{
		_cleanup_(bolt_driver_freep) struct bolt_driver *driver =
			driver_for(&(struct attempt){.test = test, .auth = bolt_auth_basic(name, OLD)});

		MUST(bolt_driver_verify(driver, NULL, limit(), test->arena, NULL, &test->err));
	}
	admin(test, arena_printf(test->arena, "ALTER USER %s SET PASSWORD '" NEW "' CHANGE NOT REQUIRED", name), NULL);
}

// How many of them the server has carried out: of nodes it has the number; of a password whether it is still the one that was set.
static int64_t carried_out(struct test *test, const struct kind *kind, enum credentials credentials)
{
	const char *name = credentials_names[credentials];
	const struct bolt_auth kept = bolt_auth_basic(name, credentials == ROTATED ? NEW : OLD);
	const struct bolt_target target = {.host = "127.0.0.1", .port = server.port, .user_agent = "interop/1", .expired_ok = true};
	struct bolt_link *link;
	struct bolt_answer answer;
	int r;

	if (!kind->text) {
		MUST(bolt_driver_query(test->driver, &(struct bolt_call){.text = arena_printf(test->arena,
					"MATCH (n:Refused {kind: \"%s\", of: '%s'}) RETURN count(n) AS n", kind->name, name)},
				       limit(), test->arena, &answer, &test->err));
		return bolt_as_int(bolt_answer_get(&answer, 0, "n"), -1);
	}
	r = bolt_link_open(&target, &kept, limit(), &link, &test->err);
	err_clear(&test->err);
	if (r == 0)
		bolt_link_close(link);
	return r < 0;
}

static const char *node_of(struct test *test, const struct kind *kind, const char *user)
{
	return arena_printf(test->arena, "CREATE (:Refused {kind: \"%s\", of: '%s'})", kind->name, user);
}

struct tally {
	long refused, otherwise;
	int64_t done;
};

static struct tally try_all(struct test *test, const struct kind *kind, enum credentials credentials)
{
	const char *name = credentials_names[credentials];
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct test passing = *test;
	const struct attempt attempt = {
		.test = &passing,
		.auth = bolt_auth_basic(name, credentials == WRONG ? "no-such-password" : OLD),
		.create = kind->text ? kind->text : node_of(test, kind, name),
		.database = kind->text ? "system" : "neo4j",
		.err = &err,
	};
	struct tally tally = {0};

	passing.arena = arena;
	for (long i = 0; i < server.tries; i++) {
		int r = kind->attempt(&attempt);
		bool ours = strcmp(err.code, credentials == EXPIRED ? BOLT_CREDENTIALS_EXPIRED : "Neo.ClientError.Security.Unauthorized") == 0;

		tally.refused += r == ERR_FORBIDDEN && ours;
		tally.otherwise += r != ERR_FORBIDDEN || !ours;
		if ((r != ERR_FORBIDDEN || !ours) && tally.otherwise <= 3)
			print_error("%s, %s: %d [%s] %s\n", kind->name, name, r, err.code, err.text);
		err_clear(&err);
		arena_reset(arena);
	}
	tally.done = carried_out(test, kind, credentials);
	return tally;
}

static void test_refused(void **state)
{
	struct test *test = *state;
	long otherwise = 0, done = 0;

	print_message("| %-40s | %-8s | %8s | %8s | %9s | %11s |\n", "statement", "login", "tries", "refused", "otherwise", "carried out");
	for (size_t i = 0; i < N_KINDS; i++) {
		for (enum credentials credentials = 0; credentials < N_CREDENTIALS; credentials++) {
			struct tally tally;

			if (kinds[i].needs_logon && !speaks(5, 1))
				continue;
			make_user(test, credentials);
			tally = try_all(test, &kinds[i], credentials);
			print_message("| %-40s | %-8s | %8ld | %8ld | %9ld | %11lld |\n", kinds[i].name, credentials_names[credentials], server.tries,
				      tally.refused, tally.otherwise, (long long)tally.done);
			otherwise += tally.otherwise;
			done += (long)tally.done;
		}
	}
	assert_int_equal(otherwise, 0);
	assert_int_equal(done, 0);
}

// The count that says none says some where there are some.
static void test_the_count_counts(void **state)
{
	struct test *test = *state;

	for (size_t i = 0; i < N_KINDS; i++) {
		const struct kind *kind = &kinds[i];
		const struct attempt attempt = {
			.test = test,
			.auth = bolt_auth_basic("wrong", OLD),
			.create = kind->text ? kind->text : node_of(test, kind, "wrong"),
			.database = kind->text ? "system" : "neo4j",
			.err = &test->err,
		};

		if (kind->needs_logon && !speaks(5, 1))
			continue;
		make_user(test, WRONG);
		MUST(kind->attempt(&attempt));
		assert_int_equal(carried_out(test, kind, WRONG), 1);
	}
	(void)run(test, "MATCH (n:Refused) DELETE n", NULL);
}

TESTS(tests_refused, TEST(test_the_count_counts), TEST(test_refused));
