// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "exchange_script.h"
#include "operator/object/reason.h"

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
	assert_failed(&x, true, REASON_TOKEN_REFUSED,
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
	assert_failed(&x, true, REASON_TOKEN_REFUSED, "The server refused the token:  \xC3\xA4 ???   42");
	end(&x);
	RUN(&x, type, 0);
	assert_failed(&x, true, REASON_SERVER_ERROR,
		      "Server 'n-server-0' answered with a failure (the answer of fleetManagement.registerToken has no row with "
		      "column 'result'); it is tried again");
	end(&x);
	RUN(&x, no_row, 0);
	assert_int_equal(x.result.reason, REASON_SERVER_ERROR);
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
		{{ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good), ROW(REGISTER, success), ROW(STORED, expired)},
		 "The server answered success, but holds a token that has expired; it is tried again"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct exchange x;

		RUN(&x, cases[i].replies, 0);
		assert_failed(&x, true, REASON_SERVER_ERROR, cases[i].message);
		end(&x);
	}
}

// D3, D4: the server deletes a token that the service denies, right after its success, and status() has the cause (M15).
static void test_deleted_at_once(void **state)
{
	static const struct bolt_entry denied[] = {{"active", {.type = BOLT_BOOL}},
						   {"connected", {.type = BOLT_BOOL}},
						   {"statusMessage", STRING("Fleet management access denied - check your permissions")}};
	static const struct peer_reply replies[] = {ROW(SHOW, present),	     ROW(STATUS, inactive), ROW(INSPECT, good),
						    ROW(REGISTER, success), ROW(STORED, none),	    ROW(STATUS, denied)};
	static const struct peer_reply mute[] = {ROW(SHOW, present),	  ROW(STATUS, inactive), ROW(INSPECT, good),
						 ROW(REGISTER, success), ROW(STORED, none), FAILURE(STATUS, "Neo.TransientError.A.B")};
	struct exchange x;

	(void)state;
	RUN(&x, replies, 0);
	assert_failed(&x, true, REASON_TOKEN_REFUSED,
		      "The server took the token and has deleted it again: Fleet management access denied - check your permissions; "
		      "generate a new one in the Aura console and update the Secret");
	end(&x);
	RUN(&x, mute, 0);
	assert_failed(&x, true, REASON_SERVER_ERROR,
		      "The server answered success, but does not hold a token of the token's project; it is tried again");
	end(&x);
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
	assert_int_equal(x.result.reason, REASON_TOKEN_EXPIRED);
	end(&x);
}

// D2: registerToken stores whatever it gets, so a token that the server does not accept never reaches it.
static void test_inspection_refuses(void **state)
{
	static const struct peer_reply replies[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, refused)};
	struct exchange x;

	(void)state;
	RUN(&x, replies, 0);
	assert_failed(&x, false, REASON_TOKEN_REFUSED,
		      "The server does not accept the token (Unknown key); generate a new one in the Aura console and update the "
		      "Secret");
	end(&x);
}

// D2, D4: what the server cannot read it raises an error for, such as a member that it does not know (M15).
static void test_inspection_raises(void **state)
{
	static const struct peer_reply replies[] = {ROW(SHOW, present), ROW(STATUS, inactive), FAILURE(INSPECT, ADMIN_PROCEDURE_FAILED)};
	struct exchange x;

	(void)state;
	RUN(&x, replies, 0);
	assert_failed(&x, false, REASON_TOKEN_REFUSED,
		      "The server does not accept the token (the server's own words); generate a new one in the Aura console and update "
		      "the Secret");
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
	assert_failed(&x, false, REASON_PROCEDURE_MISSING,
		      "Waiting for the fleetManagement procedures: the server has not loaded the plugin; check that its image "
		      "brings it, or that your own jar of it is in /plugins");
	end(&x);
	RUN(&x, gone, 0);
	assert_int_equal(x.result.reason, REASON_PROCEDURE_MISSING);
	assert_false(x.result.called);
	end(&x);
	RUN(&x, late, 0);
	assert_int_equal(x.result.reason, REASON_PROCEDURE_MISSING);
	assert_false(x.result.registered);
	end(&x);
}

// D4, B5: the message names the Secret and the cure; the code is kept for the pace of the next login.
static void test_wrong_credentials(void **state)
{
	struct exchange x;

	(void)state;
	run_with(&x, NULL, 0, (struct options){.refuse_code = "Neo.ClientError.Security.Unauthorized"});
	assert_failed(&x, false, REASON_CREDENTIALS_REFUSED,
		      "The server refused user 'neo4j' with the password of Secret 'admin' (Neo.ClientError.Security.Unauthorized); "
		      "put the password that Neo4j has into the Secret, or change it in Neo4j with ALTER USER neo4j SET PASSWORD (the "
		      "Secret counts only at the first start)");
	assert_true(x.result.answered);
	assert_string_equal(x.result.code, "Neo.ClientError.Security.Unauthorized");
	end(&x);
}

// D4: a server that takes no login, since somebody tries wrong passwords, says nothing of the Secret's (M10).
static void test_logins_limited(void **state)
{
	struct exchange x;

	(void)state;
	run_with(&x, NULL, 0, (struct options){.refuse_code = "Neo.ClientError.Security.AuthenticationRateLimit"});
	assert_failed(&x, false, REASON_LOGINS_LIMITED,
		      "Somebody tries wrong passwords for user 'neo4j', so the server takes no login of that user for some seconds "
		      "(Neo.ClientError.Security.AuthenticationRateLimit) and has not looked at the password of Secret 'admin'; find out "
		      "who does, in Neo4j's security.log; it is tried again every few seconds");
	assert_true(x.result.answered);
	end(&x);
}

static void test_failure(void **state)
{
	static const struct peer_reply replies[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good),
						    FAILURE(REGISTER, "Neo.ClientError.Procedure.ProcedureCallFailed")};
	struct exchange x;

	(void)state;
	RUN(&x, replies, 0);
	assert_failed(&x, true, REASON_SERVER_ERROR,
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
	assert_int_equal(x.result.reason, REASON_NO_LEADER);
	assert_false(x.result.registered);
	end(&x);
	RUN(&x, code, 0);
	assert_true(x.result.not_leader);
	assert_int_equal(x.result.reason, REASON_NO_LEADER);
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
	assert_int_equal(x.result.reason, REASON_UNREACHABLE);
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
		assert_int_equal(x.result.reason, REASON_UNREACHABLE);
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
	assert_failed(&x, true, REASON_TOKEN_REFUSED, "The server refused the token: [redacted]");
	end(&x);
	RUN(&x, message, 0);
	assert_failed(&x, true, REASON_SERVER_ERROR,
		      "Server 'n-server-0' answered with a failure (Neo.ClientError.Procedure.ProcedureCallFailed: [redacted]); it is "
		      "tried again");
	end(&x);
	RUN(&x, inspected, 0); // a right that the user lacks: the password was taken
	assert_failed(&x, false, REASON_SERVER_ERROR,
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

// D8: a server may quote the password that it was sent, in an error's code or in any text.
static void test_echo_of_the_password(void **state)
{
	static const struct bolt_entry row[] = {{"result", STRING("An error occurred: user neo4j with " PASSWORD)}};
	static const struct bolt_entry status[] = {
		{"active", BOOL(true)}, {"connected", BOOL(true)}, {"statusMessage", STRING("as neo4j/" PASSWORD)}};
	static const struct peer_reply registering[] = {ROW(SHOW, present), ROW(STATUS, inactive), ROW(INSPECT, good), ROW(REGISTER, row)};
	static const struct peer_reply looking = ROW(STATUS, status);
	static const struct peer_reply failing = FAILURE(STATUS, "Neo." PASSWORD);
	struct connection_result result;
	struct exchange x;

	(void)state;
	RUN(&x, registering, 0);
	assert_failed(&x, true, REASON_TOKEN_REFUSED, "The server refused the token: An error occurred: user neo4j with [redacted]");
	end(&x);
	run_with(&x, NULL, 0, (struct options){.refuse_code = "Neo.ClientError.Security." PASSWORD});
	assert_non_null(strstr(x.result.message, "[redacted]"));
	end(&x);
	check_connection(&looking, NULL, &result, &x);
	assert_string_equal(result.message, "as neo4j/[redacted]");
	end(&x);
	check_connection(&failing, NULL, &result, &x);
	assert_null(strstr(result.message, PASSWORD));
	end(&x);
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
		cmocka_unit_test(test_inspection_raises),
		cmocka_unit_test(test_deleted_at_once),
		cmocka_unit_test(test_procedure_missing),
		cmocka_unit_test(test_wrong_credentials),
		cmocka_unit_test(test_logins_limited),
		cmocka_unit_test(test_failure),
		cmocka_unit_test(test_not_the_leader),
		cmocka_unit_test(test_dropped_behind_the_call),
		cmocka_unit_test(test_dropped_at_each_query),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_echo_of_the_private_key),
		cmocka_unit_test(test_echo_of_the_password),
		cmocka_unit_test(test_connection),
		cmocka_unit_test(test_connection_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
