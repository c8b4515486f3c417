// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// C4, C7, D7: the short questions, and what comes of a server that does not answer them as it should.

#include "lone_server.h"
#include "operator/object/reason.h"

#define STRING(text) {.type = BOLT_STRING, .size = sizeof(text) - 1, .string = (text)}
#define BOOL(value) {.type = BOLT_BOOL, .boolean = (value)}
#define INT(value) {.type = BOLT_INT, .integer = (value)}
#define NOTHING {.type = BOLT_NULL}
#define ROW(text, of) {.statement = (text), .row = (of), .n = sizeof(of) / sizeof((of)[0])}
#define FAILURE(text, with) {.statement = (text), .code = (with), .message = "the server's own words"}
#define DROP(text) {.statement = (text), .drop = true}
#define MISSING "Neo.ClientError.Procedure.ProcedureNotFound"
#define TRANSIENT "Neo.TransientError.General.OutOfMemoryError"
#define DISABLE "CALL fleetManagement.disable()"
#define STATUS "CALL fleetManagement.status()"
#define STORED "CALL fleetManagement.inspectToken()"
#define PROCEDURES "SHOW PROCEDURES"
#define FUNCTIONS "SHOW FUNCTIONS"

static const struct bolt_entry active[] = {{"active", BOOL(true)}, {"connected", BOOL(true)}, {"statusMessage", STRING("fine")}};
static const struct bolt_entry inactive[] = {{"active", BOOL(false)}, {"connected", BOOL(false)}, {"statusMessage", STRING("off")}};
static const struct bolt_entry none[] = {{"n", INT(0)}}, some[] = {{"n", INT(2)}}, text[] = {{"n", STRING("2")}};
static const struct bolt_entry dbms_id[] = {{"id", STRING("D1")}};

#define TOKEN(expires) {{"projectId", STRING("p-1")}, {"tokenExpires", expires}, {"errorMessage", NOTHING}}
static const struct bolt_entry good[] = TOKEN(STRING("2999-01-01T00:00:00Z")), timeless[] = TOKEN(NOTHING), odd[] = TOKEN(STRING("soon"));

// A script that is played to its end by one connection, what the question comes to, and how its problem reads.
struct script {
	struct peer_reply replies[4];
	size_t n;
	bool done;
	enum reason reason;
	const char *message;
};

static void finish(const struct script *script, struct lone_server *world, bool done, const struct access_problem *problem)
{
	assert_int_equal(done, script->done);
	if (!done)
		assert_int_equal(problem->reason, script->reason);
	if (!done)
		assert_non_null(strstr(problem->message, script->message));
	lone_end(world, 1);
	assert_int_equal(world->book.next, script->n);
}

// A failure of disable() may come as an ordinary row: what counts is that the token is gone. A server without the procedures holds none.
static void test_disable(void **state)
{
	static const struct script scripts[] = {
		{{{.statement = DISABLE}, ROW(STATUS, inactive)}, 2, true, REASON_NONE, NULL},
		{{FAILURE(DISABLE, MISSING)}, 1, true, REASON_NONE, NULL},
		{{{.statement = DISABLE}, FAILURE(STATUS, MISSING)}, 2, true, REASON_NONE, NULL},
		{{{.statement = DISABLE}, ROW(STATUS, active)}, 2, false, REASON_SERVER_ERROR, "'a-0' still holds a token after disable()"},
		{{FAILURE(DISABLE, TRANSIENT)}, 1, false, REASON_SERVER_ERROR, TRANSIENT ": the server's own words"},
		{{{.statement = DISABLE}, FAILURE(STATUS, TRANSIENT)}, 2, false, REASON_SERVER_ERROR, TRANSIENT},
		{{DROP(DISABLE)}, 1, false, REASON_UNREACHABLE, "cannot be reached over Bolt"},
		{{{.statement = DISABLE}, DROP(STATUS)}, 2, false, REASON_UNREACHABLE, "cannot be reached over Bolt"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		struct access_problem problem = {0};
		struct lone_server world;

		lone_begin(&world, scripts[i].replies, scripts[i].n);
		finish(&scripts[i], &world, query_disable(&world.query, &problem), &problem);
	}
}

// Each ready server is asked until one has done it; the last problem is told. Both pods have one address and one name.
static void test_disable_asks_on(void **state)
{
	static const struct peer_reply second[] = {DROP(DISABLE), {.statement = DISABLE}, ROW(STATUS, inactive)};
	static const struct peer_reply nobody[] = {FAILURE(DISABLE, TRANSIENT), DROP(DISABLE)};
	struct access_problem problem = {0};
	struct lone_server world;
	struct pod pods[3];

	(void)state;
	for (int i = 0; i < 2; i++) {
		lone_begin(&world, i ? nobody : second, i ? 2 : 3);
		pods[0] = pods[1] = pods[2] = world.pod;
		pods[1].ready = false;
		world.query.servers.pods = pods;
		world.query.servers.n_pods = 3;
		assert_int_equal(query_disable(&world.query, &problem), i == 0);
		assert_true(i == 0 || problem.reason == REASON_UNREACHABLE);
		lone_end(&world, 2);
		assert_int_equal(world.book.next, world.book.n);
	}
	lone_begin(&world, NULL, 0);
	world.pod.ready = false;
	assert_false(query_disable(&world.query, &problem));
	assert_string_equal(problem.message, "No server is ready");
	lone_end(&world, 0);
}

static void test_procedures(void **state)
{
	static const struct {
		struct script script;
		bool present;
	} cases[] = {
		{{{ROW(PROCEDURES, some)}, 1, true, REASON_NONE, NULL}, true},
		{{{ROW(PROCEDURES, none), ROW(FUNCTIONS, some)}, 2, true, REASON_NONE, NULL}, true},
		{{{ROW(PROCEDURES, none), ROW(FUNCTIONS, none)}, 2, true, REASON_NONE, NULL}, false},
		{{{ROW(PROCEDURES, text)}, 1, false, REASON_SERVER_ERROR, "has no row with column 'n'"}, false},
		{{{{.statement = PROCEDURES}}, 1, false, REASON_SERVER_ERROR, "has no row with column 'n'"}, false},
		{{{FAILURE(PROCEDURES, TRANSIENT)}, 1, false, REASON_SERVER_ERROR, TRANSIENT}, false},
		{{{ROW(PROCEDURES, none), DROP(FUNCTIONS)}, 2, false, REASON_UNREACHABLE, "cannot be reached"}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct access_problem problem = {0};
		struct lone_server world;
		bool present = false;

		lone_begin(&world, cases[i].script.replies, cases[i].script.n);
		finish(&cases[i].script, &world, query_procedures(&world.query, &world.pod, "apoc.*", &present, &problem), &problem);
		assert_int_equal(present, cases[i].present);
	}
}

#define OF_PROJECT(project) {{"projectId", project}, {"tokenExpires", STRING("2999-01-01T00:00:00Z")}, {"errorMessage", NOTHING}}
#define LONG_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// D8: the status shows the project, so only what looks like an id is taken.
static void test_project(void **state)
{
	static const struct bolt_entry rows[][3] = {
		OF_PROJECT(STRING("p-1")),	    OF_PROJECT(STRING(LONG_ID)),	OF_PROJECT(STRING(LONG_ID "0")), OF_PROJECT(STRING("")),
		OF_PROJECT(STRING("two\nlines")), OF_PROJECT(STRING("very-secret")), OF_PROJECT(STRING("eyJrIjoiLw+/=")), OF_PROJECT(INT(7)),
	};
	static const char *const projects[] = {"p-1", LONG_ID};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct script script = {{ROW(STORED, rows[i]), FAILURE("CALL dbms.info()", MISSING)}, 2, true, REASON_NONE, NULL};
		struct access_problem problem = {0};
		struct query_token token = {0};
		struct lone_server world;

		// The last one is no text, and then nothing more is asked.
		lone_begin(&world, script.replies, script.n);
		assert_true(query_token(&world.query, &world.pod, &token, &problem));
		if (i < sizeof(projects) / sizeof(projects[0]))
			assert_string_equal(token.project, projects[i]);
		else
			assert_null(token.project);
		lone_end(&world, 1);
	}
}

static void test_token(void **state)
{
	static const struct {
		struct script script;
		bool identified;
	} cases[] = {
		{{{ROW(STORED, good), ROW("CALL dbms.info()", dbms_id)}, 2, true, REASON_NONE, NULL}, true},
		// A row about Aura is worth nothing without the rest.
		{{{ROW(STORED, good), FAILURE("CALL dbms.info()", MISSING)}, 2, true, REASON_NONE, NULL}, false},
		{{{ROW(STORED, timeless)}, 1, false, REASON_SERVER_ERROR, "'a-0' does not tell when its token expires"}, false},
		{{{ROW(STORED, odd)}, 1, false, REASON_SERVER_ERROR, "'a-0' does not tell when its token expires"}, false},
		{{{FAILURE(STORED, MISSING)}, 1, false, REASON_SERVER_ERROR, MISSING}, false},
		{{{DROP(STORED)}, 1, false, REASON_UNREACHABLE, "cannot be reached"}, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct access_problem problem = {0};
		struct query_token token = {0};
		struct lone_server world;

		lone_begin(&world, cases[i].script.replies, cases[i].script.n);
		finish(&cases[i].script, &world, query_token(&world.query, &world.pod, &token, &problem), &problem);
		assert_int_equal(token.identity != NULL, cases[i].identified);
	}
}

// Every question, when it must not be asked.
static void assert_not_asked(struct lone_server *world, enum reason reason, const char *message)
{
	struct access_problem problem = {0};
	struct query_token token;
	const char *version;
	bool present, done;

	for (int i = 0; i < 4; i++) {
		if (i == 0)
			done = query_version(&world->query, &world->pod, &version, &problem);
		else if (i == 1)
			done = query_procedures(&world->query, &world->pod, "apoc.*", &present, &problem);
		else if (i == 2)
			done = query_token(&world->query, &world->pod, &token, &problem);
		else
			done = query_disable(&world->query, &problem);
		assert_false(done);
		assert_int_equal(problem.reason, reason);
		assert_non_null(strstr(problem.message, message));
	}
}

static int64_t standing_clock(void *user)
{
	return *(int64_t *)user;
}

// D7: a question takes 8 s at most.
static void test_short_lease(void **state)
{
	int64_t now = 1000;
	const struct clock clock = {.monotonic_ms = standing_clock, .wall_ms = standing_clock, .user = &now};
	const struct lease_options options = {.name = {"ns", "l"}, .identity = "me", .clock = &clock};
	struct access_problem problem;
	struct err err = ERR_INIT;
	struct lone_server world;
	const char *version;

	(void)state;
	lone_begin(&world, NULL, 0);
	(void)snprintf(world.secret, sizeof(world.secret),
		       "{\"metadata\":{\"resourceVersion\":\"1\"},\"spec\":{\"holderIdentity\":\"me\"},\"data\":{\"password\":\"dmVyeS1zZWNyZXQ=\"}}");
	assert_int_equal(lease_new(world.reach.config, world.reach.loop, &options, &world.context.lease, &err), 0);
	assert_true(lease_step(world.context.lease) > 0);
	now += lease_left_ms(world.context.lease) - 8000;
	assert_not_asked(&world, REASON_UNREACHABLE, "Too little of the lease is left to ask a server; it is tried again");
	now--;
	assert_true(query_version(&world.query, &world.pod, &version, &problem));
	lease_free(world.context.lease);
	lone_end(&world, 1);
}

// B5: one login is refused; whoever asks next is told the same without another.
static void test_barred(void **state)
{
	static const struct {
		const char *code;
		enum reason reason;
	} cases[] = {{"Neo.ClientError.Security.Unauthorized", REASON_CREDENTIALS_REFUSED},
		     {"Neo.ClientError.Security.AuthenticationRateLimit", REASON_LOGINS_LIMITED}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lone_server world;

		lone_begin(&world, NULL, 0);
		world.book.refuse_code = cases[i].code;
		assert_not_asked(&world, cases[i].reason, cases[i].code);
		assert_not_asked(&world, cases[i].reason, cases[i].code);
		lone_end(&world, 1);
	}
}

static void test_unreadable_secret(void **state)
{
	static const struct {
		int status;
		enum reason reason;
		const char *message;
	} cases[] = {
		{404, REASON_SECRET_NOT_FOUND, "Secret 'admin' not found in namespace 'ns'; create it there"},
		{403, REASON_SECRET_UNREADABLE, "Secret 'admin' cannot be read (the server's words); it is tried again"},
		{410, REASON_SECRET_UNREADABLE, "Secret 'admin' cannot be read (the server's words); it is tried again"},
		{429, REASON_SECRET_UNREADABLE, "Secret 'admin' cannot be read (the server's words); it is tried again"},
		{500, REASON_SECRET_UNREADABLE, "Secret 'admin' cannot be read (the server's words); it is tried again"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct lone_server world;

		lone_begin(&world, NULL, 0);
		world.secret_status = cases[i].status;
		(void)snprintf(world.secret, sizeof(world.secret), "{\"kind\":\"Status\",\"message\":\"the server's words\"}");
		assert_not_asked(&world, cases[i].reason, cases[i].message);
		lone_end(&world, 0);
	}
	for (int i = 0; i < 2; i++) {
		struct lone_server world;

		lone_begin(&world, NULL, 0);
		(void)snprintf(world.secret, sizeof(world.secret), "%s", i ? "{\"data\":{\"password\":\"\"}}" : "{\"data\":{\"other\":\"eA==\"}}");
		assert_not_asked(&world, REASON_CREDENTIALS_REFUSED, "Secret 'admin' cannot be used: ");
		lone_end(&world, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_disable),
		cmocka_unit_test(test_disable_asks_on),
		cmocka_unit_test(test_procedures),
		cmocka_unit_test(test_token),
		cmocka_unit_test(test_project),
		cmocka_unit_test(test_short_lease),
		cmocka_unit_test(test_barred),
		cmocka_unit_test(test_unreadable_secret),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
