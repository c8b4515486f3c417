// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>

#include <openssl/evp.h>

#include "base/clock.h"
#include "neo4j/admin.h"
#include "operator/fleet.h"
#include "operator/registration.h"
#include "test/unit/peer.h"

// The exchange against a scripted server. The script is strict: a query that it does not expect is a fault, so each test
// pins which calls are made, in which order, and which are not.

#define LIMIT 10000
#define PRIVATE_KEY "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg"
#define PASSWORD "very-secret"
#define SUCCESS "Token registered successfully to monitor this deployment for Project with ID: p-1"

#define SHOW "SHOW PROCEDURES"
#define STATUS "CALL fleetManagement.status()"
#define STORED "CALL fleetManagement.inspectToken()"
#define INSPECT "CALL fleetManagement.inspectToken($token)"
#define REGISTER "CALL fleetManagement.registerToken($token)"

// Rows.
static const struct bolt_entry present[] = {{"n", {.type = BOLT_INT, .integer = 3}}};
static const struct bolt_entry missing[] = {{"n", {.type = BOLT_INT, .integer = 0}}};

#define STRING(text) {.type = BOLT_STRING, .size = sizeof(text) - 1, .string = (text)}
#define BOOL(value) {.type = BOLT_BOOL, .boolean = (value)}

static const struct bolt_entry connected[] = {{"active", BOOL(true)}, {"connected", BOOL(true)}, {"statusMessage", STRING("fine")}};
static const struct bolt_entry connecting[] = {{"active", BOOL(true)}, {"connected", BOOL(false)}, {"statusMessage", STRING("wait")}};
static const struct bolt_entry inactive[] = {{"active", BOOL(false)}, {"connected", BOOL(false)}, {"statusMessage", STRING("off")}};
static const struct bolt_entry good[] = {
	{"projectId", STRING("p-1")}, {"tokenExpires", STRING("2999-01-01T00:00:00Z")}, {"errorMessage", {.type = BOLT_NULL}}};
static const struct bolt_entry expired[] = {
	{"projectId", STRING("p-1")}, {"tokenExpires", STRING("2020-01-01T00:00:00Z")}, {"errorMessage", {.type = BOLT_NULL}}};
static const struct bolt_entry other[] = {
	{"projectId", STRING("p-2")}, {"tokenExpires", STRING("2999-01-01T00:00:00Z")}, {"errorMessage", {.type = BOLT_NULL}}};
static const struct bolt_entry none[] = {
	{"projectId", {.type = BOLT_NULL}}, {"tokenExpires", {.type = BOLT_NULL}}, {"errorMessage", STRING("No token is stored")}};
static const struct bolt_entry refused[] = {
	{"projectId", {.type = BOLT_NULL}}, {"tokenExpires", {.type = BOLT_NULL}}, {"errorMessage", STRING("Unknown key")}};
static const struct bolt_entry success[] = {{"result", STRING(SUCCESS)}};
static const struct bolt_entry error[] = {
	{"result", STRING("An error occurred while registering the token: the database is read only")}};
static const struct bolt_entry garbage[] = {{"result", STRING("\x01\xC3\xA4 ??? \n 42")}};
static const struct bolt_entry number[] = {{"result", {.type = BOLT_INT, .integer = 1}}};

// The replies.
#define ROW(text, of) {.statement = (text), .row = (of), .n = sizeof(of) / sizeof((of)[0])}
#define FAILURE(text, with) {.statement = (text), .code = (with), .message = "the server's own words"}

struct exchange {
	struct arena *arena;
	struct token token;
	struct registration_result result;
	struct peer_book book;
};

static void make_token(struct exchange *x, const char *expiry)
{
	const char *json = arena_printf(x->arena,
					"{\"project_id\":\"p-1\",\"private_key\":\"" PRIVATE_KEY "\",\"kid\":\"key-identifier-1\","
					"\"expiry_time\":\"%s\"}",
					expiry);
	unsigned char *text = arena_alloc(x->arena, strlen(json) * 2);

	(void)EVP_EncodeBlock(text, (const unsigned char *)json, (int)strlen(json));
	assert_int_equal(token_check((const char *)text, strlen((const char *)text), 0, x->arena, &x->token), TOKEN_GOOD);
}

static struct registration_request request_to(const struct exchange *x, const struct peer_server *server)
{
	return (struct registration_request){
		.target = {.host = "127.0.0.1", .port = peer_server_port(server), .user_agent = "test/1"},
		.auth = {.user = "neo4j", .password = PASSWORD},
		.server = "n-server-0",
		.admin_secret = "admin",
		.token = &x->token,
		.may_adopt = true,
		.deadline = deadline_in_ms(LIMIT),
	};
}

// D8: not in a message, not in a code, not even a piece of it, whatever the server makes of it.
static void assert_no_secret(const struct exchange *x, const char *text)
{
	const char *const secrets[] = {x->token.text, PRIVATE_KEY, "key-identifier-1", PASSWORD};

	for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		char piece[13] = "";

		assert_null(strstr(text, secrets[i]));
		for (const char *c = secrets[i]; strlen(c) >= 12; c++) {
			memcpy(piece, c, 12);
			assert_null(strstr(text, piece));
		}
	}
}

struct options {
	bool never_adopt;
	bool may_wait;
	const char *refuse_code;
	const char *expiry;
};

static void run_with(struct exchange *x, const struct peer_reply *replies, size_t n, struct options options)
{
	struct registration_request request;
	struct peer_server *server;

	*x = (struct exchange){.arena = arena_new(), .book = {.replies = replies, .n = n, .refuse_code = options.refuse_code}};
	make_token(x, options.expiry ? options.expiry : "2999-01-01T00:00:00Z");
	server = peer_server_start(peer_play_book, &x->book, NULL);
	request = request_to(x, server);
	request.may_adopt = !options.never_adopt;
	request.may_wait = options.may_wait;
	registration_run(&request, x->arena, &x->result);
	peer_server_stop(server, 1);
	// All of the script was played.
	assert_int_equal(x->book.next, n);
	assert_non_null(x->result.reason);
	assert_no_secret(x, x->result.message);
	assert_no_secret(x, x->result.code);
}

#define RUN(x, replies, ...) run_with((x), (replies), sizeof(replies) / sizeof((replies)[0]), (struct options){__VA_ARGS__})

static void end(struct exchange *x)
{
	buf_release(&x->book.log);
	arena_free(x->arena);
}

static void assert_failed(const struct exchange *x, bool called, const char *reason, const char *message)
{
	assert_false(x->result.registered);
	assert_int_equal(x->result.called, called);
	assert_string_equal(x->result.reason, reason);
	assert_string_equal(x->result.message, message);
}

static void assert_registered(const struct exchange *x, bool called)
{
	assert_string_equal(x->result.message, "Registered with Aura Fleet Management");
	assert_string_equal(x->result.reason, FLEET_REGISTERED);
	assert_true(x->result.registered);
	assert_int_equal(x->result.called, called);
	assert_true(x->result.answered);
}

// D2, D3: the token is inspected, registered as a parameter on system, and what is stored is looked at again.
static void test_success(void **state)
{
	static const struct peer_reply replies[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good),
						    ROW(REGISTER, success), ROW(STORED, good)};
	const char *line;
	struct exchange x;

	(void)state;
	RUN(&x, replies, 0);
	assert_registered(&x, true);
	line = arena_printf(x.arena, "\nsystem %s %s\nsystem %s %s\nsystem %s -\n", INSPECT, x.token.text, REGISTER, x.token.text,
			    STORED);
	assert_non_null(strstr(buf_str(&x.book.log), line));
	end(&x);
}

// D3: the error of registerToken is an ordinary row. Nothing is confirmed after it.
static void test_error_row(void **state)
{
	static const struct peer_reply replies[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good), ROW(REGISTER, error)};
	struct exchange x;

	(void)state;
	RUN(&x, replies, 0);
	assert_failed(&x, true, FLEET_TOKEN_REFUSED,
		      "The server refused the token: An error occurred while registering the token: the database is read only");
	end(&x);
}

static void test_garbage_row(void **state)
{
	static const struct peer_reply text[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good), ROW(REGISTER, garbage)};
	static const struct peer_reply type[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good), ROW(REGISTER, number)};
	static const struct peer_reply no_row[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good),
						   {.statement = REGISTER}};
	struct exchange x;

	(void)state;
	RUN(&x, text, 0);
	assert_failed(&x, true, FLEET_TOKEN_REFUSED, "The server refused the token:  \xC3\xA4 ???   42");
	end(&x);
	RUN(&x, type, 0);
	assert_failed(&x, true, FLEET_SERVER_ERROR,
		      "Server 'n-server-0' answered with a failure (the answer of fleetManagement.registerToken has no row with "
		      "column 'result'); it is tried again");
	end(&x);
	RUN(&x, no_row, 0);
	assert_string_equal(x.result.reason, FLEET_SERVER_ERROR);
	end(&x);
}

// D3: the row alone is not success.
static void test_success_row_but_not_stored(void **state)
{
	static const struct {
		struct peer_reply replies[5];
		const char *message;
	} cases[] = {
		{{ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good), ROW(REGISTER, success), ROW(STORED, other)},
		 "The server answered success, but does not hold a token of the token's project; it is tried again"},
		{{ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good), ROW(REGISTER, success), ROW(STORED, none)},
		 "The server answered success, but does not hold a token of the token's project; it is tried again"},
		{{ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good), ROW(REGISTER, success), ROW(STORED, expired)},
		 "The server answered success, but holds a token that has expired; it is tried again"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exchange x;

		RUN(&x, cases[i].replies, 0);
		assert_failed(&x, true, FLEET_SERVER_ERROR, cases[i].message);
		end(&x);
	}
}

// D2: a token that expired since it was checked is no success, although the server takes it.
static void test_token_expired_meanwhile(void **state)
{
	static const struct peer_reply replies[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good),
						    ROW(REGISTER, success), ROW(STORED, expired)};
	struct exchange x;

	(void)state;
	RUN(&x, replies, .expiry = "2020-01-01T00:00:00Z");
	assert_false(x.result.registered);
	assert_string_equal(x.result.reason, FLEET_TOKEN_EXPIRED);
	end(&x);
}

// D2: registerToken stores whatever it gets, so a token that the server does not accept never reaches it.
static void test_inspection_refuses(void **state)
{
	static const struct peer_reply replies[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, refused)};
	struct exchange x;

	(void)state;
	RUN(&x, replies, 0);
	assert_failed(&x, false, FLEET_TOKEN_REFUSED,
		      "The server does not accept the token (Unknown key); generate a new one in the Aura console and update the "
		      "Secret");
	end(&x);
}

// D2: active and connected for the token's project: success without a call, and the rotated token on the volume stays.
static void test_adoption(void **state)
{
	static const struct peer_reply replies[] = {ROW(SHOW, present), ROW(STATUS, connected), ROW(STORED, good)};
	struct exchange x;

	(void)state;
	RUN(&x, replies, 0);
	assert_registered(&x, false);
	assert_null(strstr(buf_str(&x.book.log), "registerToken($token)"));
	end(&x);
}

// Whatever lacks one of these is registered; lastRegistrationTime (may_adopt false) rules the question out (D5).
static void test_no_adoption(void **state)
{
	static const struct peer_reply of_other[] = {ROW(SHOW, present),     ROW(STATUS, connected),  ROW(STORED, other),
						     ROW(INSPECT, good),     ROW(REGISTER, success),  ROW(STORED, good)};
	static const struct peer_reply of_expired[] = {ROW(SHOW, present),   ROW(STATUS, connected),  ROW(STORED, expired),
						       ROW(INSPECT, good),   ROW(REGISTER, success),  ROW(STORED, good)};
	static const struct peer_reply unconnected[] = {ROW(SHOW, present), ROW(STATUS, connecting), ROW(INSPECT, good),
							ROW(REGISTER, success), ROW(STORED, good)};
	static const struct peer_reply again[] = {ROW(SHOW, present), ROW(INSPECT, good), ROW(REGISTER, success), ROW(STORED, good)};
	struct exchange x;

	(void)state;
	RUN(&x, of_other, 0);
	assert_registered(&x, true);
	end(&x);
	RUN(&x, of_expired, 0);
	assert_registered(&x, true);
	end(&x);
	RUN(&x, unconnected, 0);
	assert_registered(&x, true);
	end(&x);
	RUN(&x, again, .never_adopt = true);
	assert_registered(&x, true);
	end(&x);
}

// A server that has just started gets time to connect with the token that it holds, if that one can connect.
static void test_waiting_for_the_connection(void **state)
{
	static const struct peer_reply waits[] = {ROW(SHOW, present), ROW(STATUS, connecting), ROW(STORED, good)};
	static const struct peer_reply cannot[] = {ROW(SHOW, present),	ROW(STATUS, connecting), ROW(STORED, expired),
						   ROW(INSPECT, good),	ROW(REGISTER, success),	 ROW(STORED, good)};
	struct exchange x;

	(void)state;
	RUN(&x, waits, .may_wait = true);
	assert_failed(&x, false, FLEET_CONNECTING,
		      "The server holds a token of this project already and is connecting; it is asked again");
	end(&x);
	RUN(&x, cannot, .may_wait = true);
	assert_registered(&x, true);
	end(&x);
}

// D1, D4: no procedures yet, or gone in the middle.
static void test_procedure_missing(void **state)
{
	static const struct peer_reply absent[] = {ROW(SHOW, missing)};
	static const struct peer_reply gone[] = {ROW(SHOW, present), FAILURE(STATUS, ADMIN_PROCEDURE_NOT_FOUND)};
	static const struct peer_reply late[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good),
						 FAILURE(REGISTER, ADMIN_PROCEDURE_NOT_FOUND)};
	struct exchange x;

	(void)state;
	RUN(&x, absent, 0);
	assert_failed(&x, false, FLEET_PROCEDURE_MISSING,
		      "Waiting for the fleetManagement procedures: the server has not loaded the plugin; check that its image "
		      "brings it");
	end(&x);
	RUN(&x, gone, 0);
	assert_string_equal(x.result.reason, FLEET_PROCEDURE_MISSING);
	assert_false(x.result.called);
	end(&x);
	RUN(&x, late, 0);
	assert_string_equal(x.result.reason, FLEET_PROCEDURE_MISSING);
	assert_false(x.result.registered);
	end(&x);
}

// D4, B5: the message names the Secret and the cure; the code is kept for the pace of the next login.
static void test_wrong_credentials(void **state)
{
	struct exchange x;

	(void)state;
	run_with(&x, NULL, 0, (struct options){.refuse_code = "Neo.ClientError.Security.Unauthorized"});
	assert_failed(&x, false, FLEET_CREDENTIALS_REFUSED,
		      "The server refused user 'neo4j' with the password of Secret 'admin' (Neo.ClientError.Security.Unauthorized); "
		      "put the password that Neo4j has into the Secret, or change it in Neo4j with ALTER USER neo4j SET PASSWORD (the "
		      "Secret counts only at the first start)");
	assert_true(x.result.answered);
	assert_string_equal(x.result.code, "Neo.ClientError.Security.Unauthorized");
	end(&x);
}

static void test_failure(void **state)
{
	static const struct peer_reply replies[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good),
						    FAILURE(REGISTER, "Neo.ClientError.Procedure.ProcedureCallFailed")};
	struct exchange x;

	(void)state;
	RUN(&x, replies, 0);
	assert_failed(&x, true, FLEET_SERVER_ERROR,
		      "Server 'n-server-0' answered with a failure (Neo.ClientError.Procedure.ProcedureCallFailed: the server's own "
		      "words); it is tried again");
	end(&x);
}

// The leader moved: no failure of the token's, and another server is asked. Told by a code or by the row.
static void test_not_the_leader(void **state)
{
	static const struct bolt_entry quoted[] = {
		{"result", STRING("An error occurred while registering the token: No write operations are allowed directly on this "
				  "database. Writes must pass through the leader.")}};
	static const struct peer_reply row[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good), ROW(REGISTER, quoted)};
	static const struct peer_reply code[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good),
						 FAILURE(REGISTER, "Neo.ClientError.Cluster.NotALeader")};
	struct exchange x;

	(void)state;
	RUN(&x, row, 0);
	assert_true(x.result.not_leader);
	assert_string_equal(x.result.reason, FLEET_NO_LEADER);
	assert_false(x.result.registered);
	end(&x);
	RUN(&x, code, 0);
	assert_true(x.result.not_leader);
	assert_string_equal(x.result.reason, FLEET_NO_LEADER);
	end(&x);
}

// D7: whether the token was stored is not known; the next attempt finds out or does it again, and both end well.
static void test_dropped_behind_the_call(void **state)
{
	static const struct peer_reply replies[] = {
		ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good), {.statement = REGISTER, .drop = true},
		// The next attempt: it was stored, and the server has connected.
		ROW(SHOW, present), ROW(STATUS, connected), ROW(STORED, good),
		// Or it was not.
		ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good), ROW(REGISTER, success), ROW(STORED, good)};
	struct registration_request request;
	struct peer_server *server;
	struct exchange x = {.arena = arena_new(), .book = {.replies = replies, .n = sizeof(replies) / sizeof(replies[0])}};

	(void)state;
	make_token(&x, "2999-01-01T00:00:00Z");
	server = peer_server_start(peer_play_book, &x.book, NULL);
	request = request_to(&x, server);
	registration_run(&request, x.arena, &x.result);
	assert_false(x.result.registered);
	assert_true(x.result.called);
	assert_string_equal(x.result.reason, FLEET_UNREACHABLE);
	assert_non_null(strstr(x.result.message, "Server 'n-server-0' cannot be reached over Bolt"));
	registration_run(&request, x.arena, &x.result);
	assert_registered(&x, false);
	registration_run(&request, x.arena, &x.result);
	assert_registered(&x, true);
	peer_server_stop(server, 3);
	end(&x);
}

// Dropped at any other query: nothing was registered, and the reason is the connection.
static void test_dropped_at_each_query(void **state)
{
	static const struct peer_reply all[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good), ROW(REGISTER, success),
						ROW(STORED, good)};

	(void)state;
	for (size_t n = 0; n < sizeof(all) / sizeof(all[0]); n++) {
		struct peer_reply replies[sizeof(all) / sizeof(all[0])];
		struct exchange x;

		memcpy(replies, all, sizeof(all));
		replies[n].drop = true;
		run_with(&x, replies, n + 1, (struct options){0});
		assert_false(x.result.registered);
		assert_int_equal(x.result.called, n >= 3);
		assert_string_equal(x.result.reason, FLEET_UNREACHABLE);
		end(&x);
	}
}

// D8: a server that quotes the token, in a row, in a failure's message or in its code.
static void test_echo(void **state)
{
	static const struct peer_reply row[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good),
						{.statement = REGISTER, .row = error, .n = 1, .echo = true}};
	static const struct peer_reply message[] = {
		ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good),
		{.statement = REGISTER, .code = "Neo.ClientError.Procedure.ProcedureCallFailed", .echo = true}};
	static const struct peer_reply inspected[] = {
		ROW(SHOW, present), ROW(STATUS, inactive),
		{.statement = INSPECT, .code = "Neo.ClientError.Security.Forbidden", .echo = true}};
	struct exchange x;

	(void)state;
	RUN(&x, row, 0);
	assert_failed(&x, true, FLEET_TOKEN_REFUSED, "The server refused the token: [redacted]");
	end(&x);
	RUN(&x, message, 0);
	assert_failed(&x, true, FLEET_SERVER_ERROR,
		      "Server 'n-server-0' answered with a failure (Neo.ClientError.Procedure.ProcedureCallFailed: [redacted]); it is "
		      "tried again");
	end(&x);
	RUN(&x, inspected, 0); // a right that the user lacks: the password was taken
	assert_failed(&x, false, FLEET_SERVER_ERROR,
		      "Server 'n-server-0' answered with a failure (Neo.ClientError.Security.Forbidden: [redacted]); it is tried again");
	end(&x);
}

static void test_echo_of_the_private_key(void **state)
{
	static const struct bolt_entry quoted[] = {
		{"result", STRING("An error occurred while registering the token: bad key " PRIVATE_KEY " of key-identifier-1")}};
	static const struct bolt_entry inspected[] = {
		{"projectId", {.type = BOLT_NULL}}, {"tokenExpires", {.type = BOLT_NULL}}, {"errorMessage", STRING("bad " PRIVATE_KEY)}};
	static const struct peer_reply row[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good), ROW(REGISTER, quoted)};
	static const struct peer_reply code[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good),
						 FAILURE(REGISTER, "Neo." PRIVATE_KEY)};
	static const struct peer_reply refused_code[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good),
							 FAILURE(REGISTER, "Neo.ClientError.Security." PRIVATE_KEY)};
	static const struct peer_reply inspection[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, inspected)};
	static const struct {
		const struct peer_reply *replies;
		size_t n;
	} cases[] = {{row, 4}, {code, 4}, {refused_code, 4}, {inspection, 3}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exchange x;

		// run_with() looks for the pieces.
		run_with(&x, cases[i].replies, cases[i].n, (struct options){0});
		assert_false(x.result.registered);
		assert_non_null(strstr(x.result.message, "[redacted]"));
		end(&x);
	}
}

// D6: what one server says about its connection; it never registers.
static void check_connection(const struct peer_reply *reply, const char *refuse_code, struct connection_result *ret, struct exchange *x)
{
	struct registration_request request;
	struct peer_server *server;

	*x = (struct exchange){.arena = arena_new(), .book = {.replies = reply, .n = 1, .refuse_code = refuse_code}};
	server = peer_server_start(peer_play_book, &x->book, NULL);
	request = request_to(x, server);
	request.token = NULL;
	registration_check_connected(&request, x->arena, ret);
	peer_server_stop(server, 1);
}

static void test_connection(void **state)
{
	static const struct bolt_entry lines[] = {
		{"active", BOOL(true)}, {"connected", BOOL(false)}, {"statusMessage", STRING("not\nallowed")}};
	static const struct {
		struct peer_reply reply;
		int connected;
		const char *message;
	} cases[] = {
		{ROW(STATUS, connected), 1, "fine"},
		{ROW(STATUS, connecting), 0, "wait"},
		{ROW(STATUS, inactive), 0, "off"},
		{ROW(STATUS, lines), 0, "not allowed"},
		{ROW(STATUS, present), -1, "fleetManagement.status"},
		{FAILURE(STATUS, ADMIN_PROCEDURE_NOT_FOUND), -1, "no fleetManagement procedures"},
		{{.statement = STATUS, .drop = true}, -1, "cannot be reached"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct connection_result result;
		struct exchange x;

		check_connection(&cases[i].reply, NULL, &result, &x);
		assert_int_equal(result.connected, cases[i].connected);
		assert_non_null(strstr(result.message, cases[i].message));
		assert_false(result.refused);
		end(&x);
	}
}

static void test_connection_refused(void **state)
{
	static const struct peer_reply unused = {.statement = STATUS};
	struct connection_result result;
	struct exchange x;

	(void)state;
	check_connection(&unused, "Neo.ClientError.Security.Unauthorized", &result, &x);
	assert_int_equal(result.connected, -1);
	assert_true(result.refused);
	assert_string_equal(result.code, "Neo.ClientError.Security.Unauthorized");
	end(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_success),
		cmocka_unit_test(test_error_row),
		cmocka_unit_test(test_garbage_row),
		cmocka_unit_test(test_success_row_but_not_stored),
		cmocka_unit_test(test_token_expired_meanwhile),
		cmocka_unit_test(test_inspection_refuses),
		cmocka_unit_test(test_adoption),
		cmocka_unit_test(test_no_adoption),
		cmocka_unit_test(test_waiting_for_the_connection),
		cmocka_unit_test(test_procedure_missing),
		cmocka_unit_test(test_wrong_credentials),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_not_the_leader),
		cmocka_unit_test(test_dropped_behind_the_call),
		cmocka_unit_test(test_dropped_at_each_query),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_echo_of_the_private_key),
		cmocka_unit_test(test_connection),
		cmocka_unit_test(test_connection_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
