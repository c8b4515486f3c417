// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "bolt/structure.h"
#include "test/unit/bolt/machine.h"

// Conversations as the specification of each version has them: every request that there is, with everything that it may carry,
// written down as text. They are the scripts for 5.8 and 6.0, which the public test suites do not know, and for the others, too.

#define TEXT_MAX ((size_t)16 * 1024)

static void show(struct buf *out, const struct bolt_value *v)
{
	static const char *const brackets[] = {[BOLT_LIST] = "[]", [BOLT_STRUCT] = "()"};

	switch (v->type) {
	case BOLT_NULL:
		buf_add(out, "null");
		return;
	case BOLT_BOOL:
		buf_add(out, v->boolean ? "true" : "false");
		return;
	case BOLT_INT:
		buf_addf(out, "%lld", (long long)v->integer);
		return;
	case BOLT_FLOAT:
		buf_addf(out, "%.1f", v->number);
		return;
	case BOLT_STRING:
		buf_addf(out, "'%s'", v->string);
		return;
	case BOLT_BYTES:
		buf_addf(out, "#%u", v->size);
		return;
	case BOLT_MAP:
		buf_add(out, "{");
		for (uint32_t i = 0; i < v->size; i++) {
			buf_addf(out, "%s%s: ", i ? ", " : "", v->entries[i].key);
			show(out, &v->entries[i].value);
		}
		buf_add(out, "}");
		return;
	default:
		buf_addc(out, brackets[v->type][0]);
		for (uint32_t i = 0; i < v->size; i++) {
			buf_add(out, i ? ", " : "");
			show(out, &v->items[i]);
		}
		buf_addc(out, brackets[v->type][1]);
	}
}

static const char *name_of(uint8_t tag)
{
	static const struct {
		uint8_t tag;
		const char *name;
	} names[] = {{0x01, "HELLO"}, {0x02, "GOODBYE"}, {0x0F, "RESET"}, {0x10, "RUN"}, {0x11, "BEGIN"}, {0x12, "COMMIT"}, {0x13, "ROLLBACK"},
		     {0x2F, "DISCARD"}, {0x3F, "PULL"}, {0x54, "TELEMETRY"}, {0x66, "ROUTE"}, {0x6A, "LOGON"}, {0x6B, "LOGOFF"}};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (names[i].tag == tag)
			return names[i].name;
	}
	return "?";
}

// The client's messages, one a line.
static void take_sent(struct client *client, struct buf *out)
{
	while (client->conn.output.len > 0) {
		struct bolt_value message = sent(client);

		buf_add(out, name_of(message.tag));
		for (uint32_t i = 0; i < message.size; i++) {
			buf_add(out, " ");
			show(out, &message.items[i]);
		}
		buf_add(out, "\n");
	}
}

static const struct bolt_entry region = {"region", {.type = BOLT_STRING, .size = 2, .string = "eu"}};
static const struct bolt_value routing = {.type = BOLT_MAP, .size = 1, .entries = &region};
static const char *const bookmarks[] = {"bm:1", "bm:2"};
static const char *const disabled[] = {"HINT", "GENERIC"};
static const struct bolt_notifications filter = {.minimum_severity = "WARNING", .disabled = disabled, .n_disabled = 2};

static void answer_all(struct client *client, const struct bolt_value *meta)
{
	while (client->conn.n_pending > 0) {
		_cleanup_buf_ struct buf in = BUF_INIT(1000);

		add_message(&in, 0x70, meta);
		say(client, &in);
	}
}

// Everything that may be said, in an order that a server would take.
static void say_everything(struct client *client, struct buf *out)
{
	const struct bolt_entry telemetry = {"telemetry.enabled", bolt_bool(true)}, hints = {"hints", bolt_map(&telemetry, 1)};
	const struct bolt_value meta = bolt_map(&hints, 1);
	struct conn *conn = &client->conn;
	bool filters = bolt_version_has(conn->version, BOLT_HAS_NOTIFICATIONS), logon = bolt_version_has(conn->version, BOLT_HAS_LOGON);
	const char *user = bolt_version_has(conn->version, BOLT_HAS_IMPERSONATION) ? "jane" : NULL;
	const struct conn_hello greeting = {.user_agent = "app/1", .product = "lib/2", .platform = "Linux", .language = "C",
					    .language_details = "17", .routing = &routing, .notifications = filters ? &filter : NULL,
					    .auth = &client_auth};
	const struct conn_tx tx = {.database = "neo4j", .impersonated_user = user, .bookmarks = bookmarks, .n_bookmarks = 2,
				   .timeout_ms = 1500, .metadata = &routing, .read = true, .notifications = filters ? &filter : NULL};
	const struct conn_route route = {.routing = &routing, .bookmarks = bookmarks, .n_bookmarks = 2, .database = "neo4j",
					 .impersonated_user = user};
	struct err *err = &client->err;
	int r = conn_hello(conn, &greeting, err);

	take_sent(client, out);
	answer_all(client, &meta);
	r |= conn_telemetry(conn, CONN_API_EXPLICIT, err) | conn_begin(conn, &tx, err);
	r |= conn_run(conn, &(struct conn_run){.text = "RETURN $region", .params = &routing}, err);
	r |= conn_pull(conn, 2, CONN_LAST, err) | conn_pull(conn, CONN_ALL, 5, err) | conn_discard(conn, CONN_ALL, 0, err);
	r |= conn_commit(conn, err) | conn_rollback(conn, err);
	r |= conn_run(conn, &(struct conn_run){.text = "RETURN 1", .tx = &tx}, err);
	r |= conn_run(conn, &(struct conn_run){.text = "RETURN 2", .tx = &(struct conn_tx){.timeout_ms = CONN_NO_TIMEOUT}}, err);
	r |= conn_route(conn, &route, err) | conn_route(conn, &(struct conn_route){0}, err) | conn_reset(conn, err);
	if (logon)
		r |= conn_logoff(conn, err) | conn_logon(conn, &(struct bolt_auth){.scheme = "bearer", .password = "t"}, err);
	assert_int_equal(r, 0);
	conn_goodbye(conn);
	take_sent(client, out);
}

#define TX_43 "bookmarks: ['bm:1', 'bm:2'], tx_timeout: 1500, tx_metadata: {region: 'eu'}, mode: 'r', db: 'neo4j'"
#define TX_44 TX_43 ", imp_user: 'jane'"
#define CATEGORIES "notifications_minimum_severity: 'WARNING', notifications_disabled_categories: ['HINT', 'GENERIC']"
#define CLASSIFICATIONS "notifications_minimum_severity: 'WARNING', notifications_disabled_classifications: ['HINT', 'GENERIC']"
#define AUTH "scheme: 'basic', principal: 'neo4j', credentials: 'secret'"
#define AGENT "bolt_agent: {product: 'lib/2', platform: 'Linux', language: 'C', language_details: '17'}"
#define LOGON "LOGON {" AUTH "}\n"
#define RELOGON "LOGOFF\nLOGON {scheme: 'bearer', credentials: 't'}\n"
#define HELLO(more) "HELLO {user_agent: 'app/1', " more "}\n"
#define REST(tx) REST_OF(tx, "{db: 'neo4j', imp_user: 'jane'}", "{}")
#define REST_OF(tx, route, default_route)                                                                                      \
	"BEGIN {" tx "}\nRUN 'RETURN $region' {region: 'eu'} {}\nPULL {n: 2}\nPULL {n: -1, qid: 5}\nDISCARD {n: -1, qid: 0}\n"   \
	"COMMIT\nROLLBACK\nRUN 'RETURN 1' {} {" tx "}\nRUN 'RETURN 2' {} {tx_timeout: 0}\n"                                      \
	"ROUTE {region: 'eu'} ['bm:1', 'bm:2'] " route "\nROUTE {} [] " default_route "\nRESET\n"
#define TELEMETRY "TELEMETRY 1\n"
#define GOODBYE "GOODBYE\n"

static void test_every_message_of_each_version(void **state)
{
	static const struct {
		struct spoken spoken;
		const char *text;
	} cases[] = {
		{{4, 3, "\x00\x00\x03\x04", 4},
		 HELLO("routing: {region: 'eu'}, patch_bolt: ['utc'], " AUTH) REST_OF(TX_43, "'neo4j'", "null") GOODBYE},
		{{4, 4, "\x00\x00\x04\x04", 4}, HELLO("routing: {region: 'eu'}, patch_bolt: ['utc'], " AUTH) REST(TX_44) GOODBYE},
		{{5, 0, "\x00\x00\x00\x05", 4}, HELLO("routing: {region: 'eu'}, " AUTH) REST(TX_44) GOODBYE},
		{{5, 1, "\x00\x00\x01\x05", 4}, HELLO("routing: {region: 'eu'}") LOGON REST(TX_44) RELOGON GOODBYE},
		{{5, 2, "\x00\x00\x02\x05", 4},
		 HELLO("routing: {region: 'eu'}, " CATEGORIES) LOGON REST(TX_44 ", " CATEGORIES) RELOGON GOODBYE},
		{{5, 3, "\x00\x00\x03\x05", 4},
		 HELLO(AGENT ", routing: {region: 'eu'}, " CATEGORIES) LOGON REST(TX_44 ", " CATEGORIES) RELOGON GOODBYE},
		{{5, 4, "\x00\x00\x04\x05", 4},
		 HELLO(AGENT ", routing: {region: 'eu'}, " CATEGORIES) LOGON TELEMETRY REST(TX_44 ", " CATEGORIES) RELOGON GOODBYE},
		{{5, 6, "\x00\x00\x06\x05", 4}, HELLO(AGENT ", routing: {region: 'eu'}, " CLASSIFICATIONS)
		 LOGON TELEMETRY REST(TX_44 ", " CLASSIFICATIONS) RELOGON GOODBYE},
		{{5, 8, MANIFEST "\x00\x08\x08\x05\x00", 10}, HELLO(AGENT ", routing: {region: 'eu'}, " CLASSIFICATIONS)
		 LOGON TELEMETRY REST(TX_44 ", " CLASSIFICATIONS) RELOGON GOODBYE},
		{{6, 0, MANIFEST "\x00\x00\x00\x06\x00", 10}, HELLO(AGENT ", routing: {region: 'eu'}, " CLASSIFICATIONS)
		 LOGON TELEMETRY REST(TX_44 ", " CLASSIFICATIONS) RELOGON GOODBYE},
		{{6, 1, MANIFEST "\x00\x01\x01\x06\x00", 10}, HELLO(AGENT ", routing: {region: 'eu'}, " CLASSIFICATIONS)
		 LOGON TELEMETRY REST(TX_44 ", " CLASSIFICATIONS) RELOGON GOODBYE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_buf_ struct buf out = BUF_INIT(TEXT_MAX);
		struct client client;

		setup(&client);
		agree(&client, &cases[i].spoken);
		say_everything(&client, &out);
		assert_string_equal(buf_str(&out), cases[i].text);
		teardown(&client);
	}
}

// A field that a version lacks is refused without a trace, and the text says since which version there is one.
static void test_what_a_version_lacks(void **state)
{
	static const struct spoken old = {5, 0, "\x00\x00\x00\x05", 4};
	const struct conn_hello greeting = {.user_agent = "app/1", .notifications = &filter};
	const struct conn_tx tx = {.notifications = &filter};
	const struct conn_run run = {.text = "RETURN 1", .tx = &tx};
	struct client client;

	(void)state;
	for (int i = 0; i < 5; i++) {
		static const char *const lacks[] = {"filter of notifications; it came with Bolt 5.2", "filter of notifications; it came with Bolt 5.2",
						    "filter of notifications; it came with Bolt 5.2", "LOGON; it came with Bolt 5.1",
						    "LOGOFF; it came with Bolt 5.1"};
		char text[100];
		int r;

		setup(&client);
		agree(&client, &old);
		r = i == 0   ? conn_hello(&client.conn, &greeting, &client.err)
		    : i == 1 ? conn_run(&client.conn, &run, &client.err)
		    : i == 2 ? conn_begin(&client.conn, &tx, &client.err)
		    : i == 3 ? conn_logon(&client.conn, &client_auth, &client.err)
			     : conn_logoff(&client.conn, &client.err);
		assert_int_equal(r, ERR_INVALID);
		(void)snprintf(text, sizeof(text), "the server speaks Bolt 5.0, which has no %s", lacks[i]);
		assert_string_equal(client.err.text, text);
		assert_int_equal(client.conn.output.len, 0);
		assert_int_equal(conn_due(&client.conn), CONN_REQUESTS);
		teardown(&client);
	}
}

static void test_nobody_is_impersonated_in_4_3(void **state)
{
	static const struct spoken old = {4, 3, "\x00\x00\x03\x04", 4};
	const struct conn_tx tx = {.impersonated_user = "jane"};
	struct client client;

	(void)state;
	for (int i = 0; i < 3; i++) {
		int r;

		setup(&client);
		log_on(&client, &old);
		r = i == 0   ? conn_run(&client.conn, &(struct conn_run){.text = "RETURN 1", .tx = &tx}, &client.err)
		    : i == 1 ? conn_begin(&client.conn, &tx, &client.err)
			     : conn_route(&client.conn, &(struct conn_route){.impersonated_user = "jane"}, &client.err);
		assert_int_equal(r, ERR_INVALID);
		assert_string_equal(client.err.text, "the server speaks Bolt 4.3, which has no impersonation; it came with Bolt 4.4");
		assert_int_equal(client.conn.output.len, 0);
		teardown(&client);
	}
}

static void test_parameters_that_cannot_be_sent(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_entry entry = {"v", bolt_from_floats(NULL, 0, arena)};
	const struct bolt_value params = bolt_map(&entry, 1);
	const struct conn_tx tx = {.metadata = &params};
	struct client client;

	(void)state;
	setup(&client);
	log_on(&client, &versions[4]);
	assert_int_equal(conn_run(&client.conn, &(struct conn_run){.text = "RETURN $v", .params = &params}, &client.err), ERR_INVALID);
	err_clear(&client.err);
	assert_int_equal(conn_begin(&client.conn, &tx, &client.err), ERR_INVALID);
	assert_int_equal(client.conn.output.len, 0);
	teardown(&client);
	setup(&client);
	log_on(&client, &versions[5]); // 6.0 can
	assert_int_equal(conn_run(&client.conn, &(struct conn_run){.text = "RETURN $v", .params = &params}, &client.err), 0);
	assert_int_equal(client.conn.n_pending, 1);
	teardown(&client);
}

// No hint, no telemetry; nor before 5.4, whatever the server says.
static void test_telemetry_unasked(void **state)
{
	struct client client;

	(void)state;
	for (size_t i = 0; i < N_VERSIONS; i++) {
		setup(&client);
		log_on(&client, &versions[i]);
		client.conn.hints.telemetry = versions[i].major == 5 && versions[i].minor < 4;
		assert_int_equal(conn_telemetry(&client.conn, CONN_API_DRIVER, &client.err), 0);
		assert_int_equal(client.conn.output.len, 0);
		teardown(&client);
	}
}

static void test_hints(void **state)
{
	const struct bolt_entry hints[] = {{"connection.recv_timeout_seconds", bolt_int(120)}, {"telemetry.enabled", bolt_bool(true)},
					   {"ssr.enabled", bolt_bool(true)}};
	const struct bolt_entry wild[] = {{"connection.recv_timeout_seconds", bolt_int(-1)}, {"telemetry.enabled", bolt_int(1)}};
	const struct bolt_value patches[] = {bolt_int(1), bolt_string("other"), bolt_string("utc")};
	const struct bolt_entry meta[] = {{"hints", bolt_map(hints, 3)}, {"patch_bolt", bolt_list(patches, 3)}},
				odd[] = {{"hints", bolt_map(wild, 2)}, {"patch_bolt", bolt_string("utc")}};
	const struct bolt_value good = bolt_map(meta, 2), strange = bolt_map(odd, 2);

	(void)state;
	for (size_t i = 0; i < N_VERSIONS * 2; i++) {
		bool old = i / 2 == 0;
		struct client client;

		setup(&client);
		agree(&client, &versions[i / 2]);
		assert_int_equal(client.conn.utc, !old);
		assert_int_equal(conn_hello(&client.conn, &client_hello, &client.err), 0);
		answer_all(&client, i % 2 ? &strange : &good);
		assert_int_equal(client.conn.hints.silence_s, i % 2 ? 0 : 120);
		assert_int_equal(client.conn.hints.telemetry, i % 2 == 0);
		assert_int_equal(client.conn.hints.ssr, i % 2 == 0);
		assert_int_equal(client.conn.utc, !old || i % 2 == 0);
		teardown(&client);
	}
}

// A row of 4.4 comes in the form of 5.0.
static void test_rows_of_old_versions(void **state)
{
	const struct bolt_value time[] = {bolt_int(4600), bolt_int(0), bolt_int(3600)}, node[] = {bolt_int(7), bolt_list(NULL, 0), bolt_map(NULL, 0)};
	const struct bolt_value values[] = {{.type = BOLT_STRUCT, .tag = 0x46, .size = 3, .items = time},
					    {.type = BOLT_STRUCT, .tag = 0x4E, .size = 3, .items = node}};
	const struct bolt_value row = bolt_list(values, 2);
	_cleanup_buf_ struct buf in = BUF_INIT(1000);
	struct bolt_date_time date_time;
	struct bolt_node person;
	struct client client;

	(void)state;
	setup(&client);
	log_on(&client, &versions[0]);
	assert_int_equal(conn_pull(&client.conn, 1, CONN_LAST, &client.err), 0);
	add_message(&in, 0x71, &row);
	say(&client, &in);
	assert_true(bolt_as_date_time(&client.events[0].value.items[0], &date_time));
	assert_int_equal(date_time.seconds, 1000);
	assert_true(bolt_as_node(&client.events[0].value.items[1], &person));
	assert_string_equal(person.element_id, "7");
	teardown(&client);
}

// The newest versions alone tell the address and the database that were resolved, vectors, and values that this client does not know.
static void test_answers_of_new_versions(void **state)
{
	static const double numbers[] = {0.5, -1.5};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_entry logon = {"advertised_address", bolt_string("db.example.com:7687")}, run = {"db", bolt_string("movies")};
	const struct bolt_entry message = {"message", bolt_string("update your client")};
	const struct bolt_value unknown[] = {bolt_string("Quaternion"), bolt_int(7), bolt_int(1), bolt_map(&message, 1)};
	const struct bolt_value values[] = {bolt_from_floats(numbers, 2, arena), {.type = BOLT_STRUCT, .tag = 0x3F, .size = 4, .items = unknown}};
	const struct bolt_value answers[] = {bolt_map(NULL, 0), bolt_map(&logon, 1), bolt_map(&run, 1), bolt_list(values, 2)};
	_cleanup_buf_ struct buf in = BUF_INIT(1000);
	struct bolt_unsupported unsupported;
	struct bolt_vector vector;
	struct client client;

	(void)state;
	setup(&client);
	agree(&client, &versions[5]);
	assert_int_equal(conn_hello(&client.conn, &client_hello, &client.err), 0);
	for (int i = 0; i < 2; i++)
		add_message(&in, 0x70, &answers[i]);
	say(&client, &in);
	assert_int_equal(client.n_events, 2);
	assert_string_equal(text_of(&client.events[1].value, "advertised_address"), "db.example.com:7687");
	assert_int_equal(conn_run(&client.conn, &(struct conn_run){.text = "RETURN 1"}, &client.err), 0);
	assert_int_equal(conn_pull(&client.conn, CONN_ALL, CONN_LAST, &client.err), 0);
	buf_clear(&in);
	for (int i = 2; i < 4; i++)
		add_message(&in, i == 3 ? 0x71 : 0x70, &answers[i]);
	say(&client, &in);
	assert_int_equal(client.n_events, 2);
	assert_string_equal(text_of(&client.events[0].value, "db"), "movies");
	assert_true(bolt_as_vector(&client.events[1].value.items[0], &vector));
	assert_true(vector.n == 2 && bolt_vector_float(&vector, 1) == -1.5);
	assert_true(bolt_as_unsupported(&client.events[1].value.items[1], &unsupported));
	assert_string_equal(unsupported.name, "Quaternion");
	teardown(&client);
}

// Failures. Of 5.7 and later with all that there is, and of before, where it is made up as the specification says.
static void test_failure_with_gql_status(void **state)
{
	const struct bolt_entry record[] = {{"OPERATION", bolt_string("MATCH")}, {"_classification", bolt_string("CLIENT_ERROR")}};
	const struct bolt_entry inner[] = {{"message", bolt_string("inner")}, {"gql_status", bolt_string("22N01")},
					   {"description", bolt_string("error: inner")}};
	const struct bolt_entry entries[] = {{"neo4j_code", bolt_string("Neo.ClientError.Statement.TypeError")}, {"message", bolt_string("outer")},
					     {"gql_status", bolt_string("22N00")}, {"description", bolt_string("error: outer")},
					     {"diagnostic_record", bolt_map(record, 2)}, {"cause", bolt_map(inner, 3)}};
	const struct bolt_value map = bolt_map(entries, 6);
	_cleanup_(arena_freep) struct arena *arena = arena_new(), *later = arena_new();
	const struct bolt_failure *failure = bolt_failure_copy(failure_read(&map, arena), later);

	(void)state;
	arena_free(steal_ptr(arena));
	assert_string_equal(failure->code, "Neo.ClientError.Statement.TypeError");
	assert_string_equal(failure->message, "outer");
	assert_string_equal(failure->gql_status, "22N00");
	assert_string_equal(failure->description, "error: outer");
	assert_string_equal(failure->classification, "CLIENT_ERROR");
	assert_string_equal(text_of(failure->diagnostic_record, "OPERATION"), "MATCH");
	assert_string_equal(text_of(failure->diagnostic_record, "OPERATION_CODE"), "0");
	assert_string_equal(text_of(failure->diagnostic_record, "CURRENT_SCHEMA"), "/");
	assert_string_equal(failure->cause->code, "");
	assert_string_equal(failure->cause->gql_status, "22N01");
	assert_null(failure->cause->classification);
	assert_null(failure->cause->cause);
}

static void test_failure_of_old_versions(void **state)
{
	const struct bolt_entry entries[] = {{"code", bolt_string("Neo.TransientError.Transaction.Terminated")}, {"message", bolt_string("over\nand out")}};
	const struct bolt_value map = bolt_map(entries, 2), empty = bolt_map(NULL, 0);
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_failure *failure = failure_read(&map, arena);
	struct err err = ERR_INIT;

	(void)state;
	assert_string_equal(failure->code, "Neo.ClientError.Transaction.Terminated"); // not to be tried again
	assert_string_equal(failure->gql_status, "50N42");
	assert_string_equal(failure->description, "error: general processing exception - unexpected error. over\nand out");
	assert_string_equal(text_of(failure->diagnostic_record, "OPERATION"), "");
	assert_int_equal(failure_to_err(failure, &err), ERR_SERVER);
	assert_string_equal(err.text, "over and out");
	assert_string_equal(err.code, "Neo.ClientError.Transaction.Terminated");
	failure = failure_read(&empty, arena);
	assert_string_equal(failure->description, "error: general processing exception - unexpected error");
}

static void test_failure_nested_without_end(void **state)
{
	struct bolt_entry entries[FAILURE_DEPTH_MAX + 5];
	struct bolt_value map = bolt_map(NULL, 0);
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const struct bolt_failure *failure;
	unsigned depth = 0;

	(void)state;
	for (size_t i = 0; i < FAILURE_DEPTH_MAX + 5; i++) {
		entries[i] = (struct bolt_entry){"cause", map};
		map = bolt_map(&entries[i], 1);
	}
	for (failure = failure_read(&map, arena); failure->cause; failure = failure->cause)
		depth++;
	assert_int_equal(depth, FAILURE_DEPTH_MAX);
}

static void test_code_with_control_characters(void **state)
{
	const struct bolt_entry entries[] = {{"neo4j_code", bolt_string("Neo.ClientError.Security.\x1b[1m")}};
	const struct bolt_value map = bolt_map(entries, 1);
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(failure_to_err(failure_read(&map, arena), &err), ERR_FORBIDDEN);
	assert_string_equal(err.code, "Neo.ClientError.Security. [1m");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_message_of_each_version),
		cmocka_unit_test(test_what_a_version_lacks),
		cmocka_unit_test(test_nobody_is_impersonated_in_4_3),
		cmocka_unit_test(test_parameters_that_cannot_be_sent),
		cmocka_unit_test(test_telemetry_unasked),
		cmocka_unit_test(test_hints),
		cmocka_unit_test(test_rows_of_old_versions),
		cmocka_unit_test(test_answers_of_new_versions),
		cmocka_unit_test(test_failure_with_gql_status),
		cmocka_unit_test(test_failure_of_old_versions),
		cmocka_unit_test(test_failure_nested_without_end),
		cmocka_unit_test(test_code_with_control_characters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
