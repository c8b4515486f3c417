// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "neo4j/admin.h"
#include "test/unit/peer.h"

// Each statement against a scripted server: what is sent, and what is made of the answer (D2, D3).

#define LIMIT 10000
#define TOKEN "eyJwcm9qZWN0X2lkIjoicC0xIn0="

struct talk {
	struct peer_book book;
	struct peer_server *server;
	struct bolt_link *link;
	struct admin admin;
	struct err err;
};

static void start(struct talk *talk, const struct peer_reply *reply)
{
	const struct bolt_auth auth = {.user = "neo4j", .password = "secret"};
	struct bolt_target target = {.host = "127.0.0.1", .user_agent = "test/1"};

	*talk = (struct talk){.book = {.replies = reply, .n = 1}, .err = ERR_INIT};
	talk->server = peer_server_start(peer_play_book, &talk->book, NULL);
	target.port = peer_server_port(talk->server);
	assert_int_equal(bolt_link_open(&target, &auth, deadline_in_ms(LIMIT), &talk->link, &talk->err), 0);
	talk->admin = (struct admin){.link = talk->link, .deadline = deadline_in_ms(LIMIT), .arena = arena_new()};
}

// The one query must have been this: database, text, parameter.
static void end(struct talk *talk, const char *expected_log)
{
	bolt_link_close(talk->link);
	peer_server_stop(talk->server, 1);
	assert_string_equal(buf_str(&talk->book.log), expected_log);
	buf_release(&talk->book.log);
	arena_free(talk->admin.arena);
}

#define SHOW                                                                                                                   \
	"SHOW PROCEDURES YIELD name WHERE name IN ['fleetManagement.registerToken', 'fleetManagement.inspectToken', "          \
	"'fleetManagement.status'] RETURN count(name) AS n"

static void test_present(void **state)
{
	const struct {
		struct bolt_entry row;
		uint32_t n;
		int r;
		bool present;
	} cases[] = {
		{{"n", bolt_int(3)}, 1, 0, true},
		{{"n", bolt_int(2)}, 1, 0, false},
		{{"n", bolt_int(0)}, 1, 0, false},
		{{"n", bolt_string("3")}, 1, ERR_PROTOCOL, false},
		{{"m", bolt_int(3)}, 1, ERR_PROTOCOL, false},
		{{"n", bolt_int(3)}, 0, ERR_PROTOCOL, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct peer_reply reply = {.statement = SHOW, .row = &cases[i].row, .n = cases[i].n};
		struct talk talk;
		bool present = false;

		start(&talk, &reply);
		assert_int_equal(admin_fleet_present(&talk.admin, &present, &talk.err), cases[i].r);
		assert_int_equal(present, cases[i].present);
		if (cases[i].r < 0)
			assert_string_equal(talk.err.text, "the answer of SHOW PROCEDURES has no row with column 'n'");
		end(&talk, "system " SHOW " -\n");
	}
}

static void test_status(void **state)
{
	const struct bolt_entry rows[][3] = {
		{{"active", bolt_bool(true)}, {"connected", bolt_bool(false)}, {"statusMessage", bolt_string("waiting")}},
		{{"active", bolt_bool(false)}, {"connected", bolt_bool(true)}, {"statusMessage", bolt_null()}},
		{{"active", bolt_null()}, {"connected", bolt_bool(true)}, {"statusMessage", bolt_null()}},
		{{"active", bolt_bool(true)}, {"connected", bolt_string("true")}, {"statusMessage", bolt_null()}},
	};

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		const struct peer_reply reply = {.statement = "CALL fleetManagement.status()", .row = rows[i], .n = 3};
		struct fleet_state fleet = {0};
		struct talk talk;

		start(&talk, &reply);
		assert_int_equal(admin_fleet_status(&talk.admin, &fleet, &talk.err), i < 2 ? 0 : ERR_PROTOCOL);
		assert_int_equal(fleet.active, i == 0);
		assert_int_equal(fleet.connected, i == 1);
		if (i == 0)
			assert_string_equal(fleet.message, "waiting");
		else
			assert_null(fleet.message);
		if (i >= 2)
			assert_non_null(strstr(talk.err.text, i == 2 ? "column 'active'" : "column 'connected'"));
		end(&talk, "system CALL fleetManagement.status() -\n");
	}
}

static void test_inspect(void **state)
{
	const struct bolt_entry good[] = {
		{"projectId", bolt_string("p-1")}, {"tokenExpires", bolt_string("2030-01-01T00:00:00Z")}, {"errorMessage", bolt_null()}};
	const struct bolt_entry bad[] = {
		{"projectId", bolt_null()}, {"tokenExpires", bolt_null()}, {"errorMessage", bolt_string("Invalid token")}};
	const struct bolt_entry empty[] = {
		{"projectId", bolt_string("p-1")}, {"tokenExpires", bolt_null()}, {"errorMessage", bolt_string("")}};
	const struct bolt_entry other[] = {{"project", bolt_string("p-1")}};
	const struct {
		const char *token;
		struct peer_reply reply;
		int r;
		const char *project, *expires, *error;
	} cases[] = {
		{TOKEN, {.row = good, .n = 3}, 0, "p-1", "2030-01-01T00:00:00Z", NULL},
		{NULL, {.row = good, .n = 3}, 0, "p-1", "2030-01-01T00:00:00Z", NULL},
		{TOKEN, {.row = bad, .n = 3}, 0, NULL, NULL, "Invalid token"},
		{NULL, {.row = empty, .n = 3}, 0, "p-1", NULL, NULL},
		{NULL, {.row = other, .n = 1}, ERR_PROTOCOL, NULL, NULL, NULL},
		{NULL, {.row = good, .n = 0}, ERR_PROTOCOL, NULL, NULL, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct peer_reply reply = cases[i].reply;
		struct token_info info = {0};
		struct talk talk;

		reply.statement = cases[i].token ? "CALL fleetManagement.inspectToken($token)" : "CALL fleetManagement.inspectToken()";
		start(&talk, &reply);
		assert_int_equal(admin_fleet_inspect(&talk.admin, cases[i].token, &info, &talk.err), cases[i].r);
		assert_string_equal(info.project ? info.project : "-", cases[i].project ? cases[i].project : "-");
		assert_string_equal(info.expires ? info.expires : "-", cases[i].expires ? cases[i].expires : "-");
		assert_string_equal(info.error ? info.error : "-", cases[i].error ? cases[i].error : "-");
		end(&talk, cases[i].token ? "system CALL fleetManagement.inspectToken($token) " TOKEN "\n"
					  : "system CALL fleetManagement.inspectToken() -\n");
	}
}

// D3: only the row that says so is success; any other text is not, nor is a row that lacks it.
static void test_register(void **state)
{
	static const struct {
		const char *text;
		bool registered;
	} texts[] = {
		{"Token registered successfully to monitor this deployment for Project with ID: p-1", true},
		{"An error occurred while registering the token: java.lang.IllegalArgumentException", false},
		{"Not: Token registered successfully", false},
		{"token registered successfully", false},
		{"", false},
	};
	const struct bolt_entry others[][1] = {{{"result", bolt_null()}}, {{"result", bolt_bool(true)}}, {{"answer", bolt_string("ok")}}};
	const char *text;

	(void)state;
	for (size_t i = 0; i < 8; i++) {
		const struct bolt_entry row = {"result", bolt_string(i < 5 ? texts[i].text : NULL)};
		const struct peer_reply reply = {
			.statement = "CALL fleetManagement.registerToken($token)", .row = i < 5 ? &row : others[i - 5], .n = 1};
		bool registered = false;
		struct talk talk;

		start(&talk, &reply);
		assert_int_equal(admin_fleet_register(&talk.admin, TOKEN, &registered, &text, &talk.err), i < 5 ? 0 : ERR_PROTOCOL);
		assert_int_equal(registered, i < 5 && texts[i].registered);
		if (i < 5)
			assert_string_equal(text, texts[i].text);
		end(&talk, "system CALL fleetManagement.registerToken($token) " TOKEN "\n");
	}
}

static void test_disable(void **state)
{
	const struct bolt_entry row = {"result", bolt_string("Fleet Manager has been disabled")};
	const struct peer_reply reply = {.statement = "CALL fleetManagement.disable()", .row = &row, .n = 1};
	struct talk talk;

	(void)state;
	start(&talk, &reply);
	assert_int_equal(admin_fleet_disable(&talk.admin, &talk.err), 0);
	end(&talk, "system CALL fleetManagement.disable() -\n");
}

// A failure is passed on with Neo4j's code, which is how a missing procedure is told from others.
static void test_failures(void **state)
{
	const struct peer_reply replies[] = {
		{.statement = "CALL", .code = ADMIN_PROCEDURE_NOT_FOUND, .message = "There is no procedure with the name"},
		{.statement = "CALL", .code = "Neo.ClientError.Security.Forbidden", .message = "not allowed"},
		{.statement = "CALL", .drop = true},
	};
	static const enum err_class classes[] = {ERR_SERVER, ERR_FORBIDDEN, ERR_IO};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct fleet_state fleet;
		struct talk talk;

		start(&talk, &replies[i]);
		assert_int_equal(admin_fleet_status(&talk.admin, &fleet, &talk.err), classes[i]);
		assert_string_equal(talk.err.code, replies[i].code ? replies[i].code : "");
		end(&talk, "system CALL fleetManagement.status() -\n");
	}
}

#define SERVERS "SHOW SERVERS YIELD serverId, name, address, state, health, version, hosting"
#define DATABASES "SHOW DATABASES YIELD name, type, address, role, writer, requestedStatus, currentStatus"

static void test_servers(void **state)
{
	const struct bolt_value hosting[] = {bolt_string("system"), bolt_int(7), bolt_string("neo4j")};
	const struct bolt_entry row[] = {{"serverId", bolt_string("id-0")}, {"name", bolt_null()}, {"address", bolt_string("a:7687")},
					 {"state", bolt_string("Enabled")}, {"health", bolt_string("Available")},
					 {"version", bolt_string("5.26.12")}, {"hosting", bolt_list(hosting, 3)}};
	const struct bolt_entry lacking[] = {{"serverId", bolt_string("id-0")}, {"state", bolt_null()}, {"health", bolt_string("Available")}};
	const struct peer_reply reply = {.statement = SERVERS, .row = row, .n = 7}, bad = {.statement = SERVERS, .row = lacking, .n = 3};
	struct topology_servers servers;
	struct talk talk;

	(void)state;
	start(&talk, &reply);
	assert_int_equal(admin_servers(&talk.admin, &servers, &talk.err), 0);
	assert_int_equal(servers.n, 1);
	assert_string_equal(servers.items[0].id, "id-0");
	assert_null(servers.items[0].name);
	assert_string_equal(servers.items[0].address, "a:7687");
	assert_string_equal(servers.items[0].state, "Enabled");
	assert_string_equal(servers.items[0].health, "Available");
	assert_string_equal(servers.items[0].version, "5.26.12");
	assert_int_equal(servers.items[0].n_hosting, 2); // what is no name is left out
	assert_string_equal(servers.items[0].hosting[1], "neo4j");
	end(&talk, "system " SERVERS " -\n");
	start(&talk, &bad);
	assert_int_equal(admin_servers(&talk.admin, &servers, &talk.err), ERR_PROTOCOL);
	end(&talk, "system " SERVERS " -\n");
}

static void test_databases(void **state)
{
	const struct bolt_entry row[] = {{"name", bolt_string("neo4j")}, {"type", bolt_string("standard")}, {"address", bolt_null()},
					 {"role", bolt_string("primary")}, {"writer", bolt_bool(true)},
					 {"requestedStatus", bolt_string("online")}, {"currentStatus", bolt_string("starting")}};
	const struct peer_reply reply = {.statement = DATABASES, .row = row, .n = 7}, bad = {.statement = DATABASES, .row = row, .n = 6};
	struct topology_copies copies;
	struct talk talk;

	(void)state;
	start(&talk, &reply);
	assert_int_equal(admin_databases(&talk.admin, &copies, &talk.err), 0);
	assert_int_equal(copies.n, 1);
	assert_string_equal(copies.items[0].database, "neo4j");
	assert_null(copies.items[0].address);
	assert_true(copies.items[0].writer);
	assert_string_equal(copies.items[0].requested, "online");
	assert_string_equal(copies.items[0].current, "starting");
	end(&talk, "system " DATABASES " -\n");
	start(&talk, &bad);
	assert_int_equal(admin_databases(&talk.admin, &copies, &talk.err), ERR_PROTOCOL);
	end(&talk, "system " DATABASES " -\n");
}

// Servers are named by parameters; more than a cluster can have are not even sent.
static void test_changes(void **state)
{
	static const char *const ids[TOPOLOGY_SERVERS_MAX + 1] = {"id-0", "id'1"};
	const struct peer_reply reply = {.statement = ""};
	struct talk talk;

	(void)state;
	start(&talk, &reply);
	assert_int_equal(admin_enable_server(&talk.admin, ids[0], &talk.err), 0);
	end(&talk, "system ENABLE SERVER $server0 -\n");
	start(&talk, &reply);
	assert_int_equal(admin_drop_server(&talk.admin, ids[1], &talk.err), 0);
	end(&talk, "system DROP SERVER $server0 -\n");
	start(&talk, &reply);
	assert_int_equal(admin_deallocate(&talk.admin, ids, 2, &talk.err), 0);
	end(&talk, "system DEALLOCATE DATABASES FROM SERVERS $server0, $server1 -\n");
	start(&talk, &reply);
	assert_int_equal(admin_deallocate(&talk.admin, ids, TOPOLOGY_SERVERS_MAX + 1, &talk.err), ERR_TOO_LARGE);
	err_clear(&talk.err);
	assert_int_equal(admin_deallocate(&talk.admin, ids, 0, &talk.err), ERR_TOO_LARGE);
	end(&talk, "");
}

static void test_not_the_leader(void **state)
{
	static const struct {
		const char *code;
		bool is;
	} cases[] = {
		{"Neo.ClientError.Cluster.NotALeader", true},
		{"Neo.ClientError.General.ForbiddenOnReadOnlyDatabase", true},
		{"Neo.ClientError.Security.Forbidden", false},
		{"", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;

		(void)err_set(&err, ERR_SERVER, "no");
		err_set_code(&err, cases[i].code);
		assert_int_equal(admin_is_not_leader(&err), cases[i].is);
	}
	assert_true(admin_row_says_not_leader("An error occurred while registering the token: must pass through the leader"));
	assert_false(admin_row_says_not_leader("An error occurred while registering the token: read only"));
}

static void test_unreachable(void **state)
{
	static const struct {
		enum err_class class;
		const char *code;
		bool is;
	} cases[] = {
		{ERR_IO, "", true},
		{ERR_TIMEOUT, "", true},
		{ERR_PROTOCOL, BOLT_CERTIFICATE_REFUSED, true},
		{ERR_PROTOCOL, "", false},
		{ERR_SERVER, "Neo.ClientError.Statement.SyntaxError", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = ERR_INIT;

		(void)err_set(&err, cases[i].class, "no");
		err_set_code(&err, cases[i].code);
		assert_int_equal(admin_is_unreachable(&err), cases[i].is);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_present),	 cmocka_unit_test(test_status),	 cmocka_unit_test(test_inspect),
		cmocka_unit_test(test_register), cmocka_unit_test(test_disable), cmocka_unit_test(test_failures),
		cmocka_unit_test(test_servers),	 cmocka_unit_test(test_databases), cmocka_unit_test(test_changes),
		cmocka_unit_test(test_not_the_leader), cmocka_unit_test(test_unreachable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
