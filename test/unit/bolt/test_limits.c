// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E4: what a server's answers may cost. Memory is looked at where it is counted, in the arenas and the budget, and never by the
// clock or the process's size.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "bolt/driver.h"
#include "bolt/link.h"
#include "test/unit/peer.h"

#define LIMIT 20000
#define KIB ((size_t)1024)
#define MIB (1024 * KIB)
#define MILLION 1000000

// The server's messages once it has let the client in.
struct script {
	size_t server;	  // bytes of the name that it gives itself; 0: an ordinary one
	const struct bolt_value *row;
	unsigned n_rows;
	unsigned keepalives; // before each row
	bool endless;	     // keep-alives are all that comes, as fast as they are read
};

static void flood(struct peer *peer)
{
	static const char empty[64 * 1024];

	while (peer_send(peer, empty, sizeof(empty)))
		;
}

static bool send_rows(struct peer *peer, const struct script *script)
{
	if (script->endless)
		flood(peer);
	for (unsigned i = 0; i < script->n_rows; i++) {
		for (unsigned k = 0; k < script->keepalives; k++)
			(void)peer_noop(peer);
		if (!peer_record(peer, script->row, 1))
			return false;
	}
	return peer_success(peer, NULL, 0);
}

static void act(struct peer *peer, void *user)
{
	const struct script *script = user;
	const char *name = script->server ? memset(arena_alloc(peer_arena(peer), script->server + 1), 'n', script->server) : "Neo4j/5.26.0";
	const struct bolt_value fields = bolt_string("x");
	const struct bolt_entry run = {"fields", bolt_list(&fields, 1)}, hello = {"server", bolt_string(name)};
	struct bolt_value said;
	bool goes_on = peer_handshake(peer, 5, 8) && peer_expect(peer, PEER_HELLO, NULL) && peer_success(peer, &hello, 1);

	while (goes_on && peer_read(peer, &said)) {
		if (said.tag == PEER_PULL)
			goes_on = send_rows(peer, script);
		else
			goes_on = peer_success(peer, &run, said.tag == PEER_RUN ? 1 : 0);
	}
}

struct client {
	struct peer_server *server;
	struct bolt_link *link;
	struct arena *arena;
	struct bolt_table table;
	struct err err;
};

static int client_open(struct client *client, struct script *script, const struct bolt_limits *limits)
{
	const struct bolt_auth auth = {.user = "neo4j", .password = "secret"};

	*client = (struct client){.server = peer_server_start(act, script, NULL), .arena = arena_new(), .err = ERR_INIT};
	const struct bolt_target target = {
		.host = "127.0.0.1", .port = peer_server_port(client->server), .user_agent = "test/1", .limits = limits};

	return bolt_link_open(&target, &auth, deadline_in_ms(LIMIT), &client->link, &client->err);
}

static int client_query(struct client *client)
{
	err_clear(&client->err);
	return bolt_link_query(client->link, &(struct bolt_query){.text = "RETURN 1"}, deadline_in_ms(LIMIT), client->arena, &client->table,
			       &client->err);
}

static void client_close(struct client *client)
{
	bolt_link_close(client->link);
	arena_free(client->arena);
	peer_server_stop(client->server, 1);
}

static struct bolt_value nulls(uint32_t n)
{
	struct bolt_value *items = calloc(n, sizeof(*items));

	assert_non_null(items);
	return bolt_list(items, n);
}

static void nulls_free(struct bolt_value *list)
{
	free((void *)(uintptr_t)list->items);
}

// Three rows that are 3 MB on the wire and 72 MB in memory: the third is refused before it is made.
static void test_rows_of_a_million_nulls(void **state)
{
	struct bolt_value row = nulls(MILLION);
	struct script script = {.row = &row, .n_rows = 3};
	struct client client;

	(void)state;
	assert_int_equal(client_open(&client, &script, NULL), 0);
	assert_int_equal(client_query(&client), ERR_TOO_LARGE);
	assert_non_null(strstr(client.err.text, "the values need more memory than is allowed"));
	assert_true(bolt_link_is_dead(client.link));
	assert_true(arena_used(client.arena) <= 64 * MIB);
	client_close(&client);
	nulls_free(&row);
}

// The same with small limits: whichever is reached first.
static void test_small_limits(void **state)
{
	static const struct {
		struct bolt_limits limits;
		const char *text;
	} cases[] = {
		{{.message = 128 * KIB}, "a Bolt message is larger than 131072 bytes"},
		{{.message = 2 * MIB, .result = 256 * KIB}, "the values need more memory than is allowed"},
	};
	struct bolt_value row = nulls(MILLION);
	struct script script = {.row = &row, .n_rows = 1};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct client client;

		assert_int_equal(client_open(&client, &script, &cases[i].limits), 0);
		assert_int_equal(client_query(&client), ERR_TOO_LARGE);
		assert_non_null(strstr(client.err.text, cases[i].text));
		assert_true(arena_used(client.arena) < 16 * KIB);
		client_close(&client);
	}
	nulls_free(&row);
}

// Many rows, none of them large.
static void test_a_whole_result(void **state)
{
	const struct bolt_limits limits = {.result = 256 * KIB};
	struct bolt_value row = nulls(100);
	struct script script = {.row = &row, .n_rows = 60};
	struct client client;

	(void)state;
	assert_int_equal(client_open(&client, &script, &limits), 0);
	assert_int_equal(client_query(&client), 0); // 60 * 2400 bytes, and a little
	assert_int_equal(client.table.n_rows, 60);
	script.n_rows = 200;
	assert_int_equal(client_query(&client), ERR_TOO_LARGE);
	assert_true(arena_used(client.arena) < 2 * 256 * KIB);
	client_close(&client);
	nulls_free(&row);
}

// Before the login: a name of 16 MB, and one that is just long.
static void test_before_the_login(void **state)
{
	const struct bolt_limits small = {.opening = 16 * KIB};
	struct script script = {.server = 15 * MIB};
	struct client client;

	(void)state;
	assert_int_equal(client_open(&client, &script, NULL), ERR_TOO_LARGE);
	assert_non_null(strstr(client.err.text, "a Bolt message is larger than 65536 bytes"));
	client_close(&client);
	script.server = 20 * KIB;
	assert_int_equal(client_open(&client, &script, &small), ERR_TOO_LARGE);
	assert_non_null(strstr(client.err.text, "a Bolt message is larger than 16384 bytes"));
	client_close(&client);
	script.server = 10 * KIB;
	assert_int_equal(client_open(&client, &script, &small), 0);
	assert_int_equal(strlen(bolt_link_server(client.link)), 10 * KIB);
	client_close(&client);
}

// One budget for all: whoever comes late is told so, small answers need nobody's leave, and what is freed is there again.
static void test_one_budget(void **state)
{
	struct budget budget = BUDGET_INIT(3 * MIB / 2);
	const struct bolt_limits limits = {.result = 2 * MIB, .budget = &budget, .own = 64 * KIB};
	struct bolt_value large = nulls(30000), small = nulls(1000); // 703 and 23 KiB
	struct script script[] = {{.row = &large, .n_rows = 1}, {.row = &large, .n_rows = 1}, {.row = &small, .n_rows = 1}};
	struct client client[3];

	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(client_open(&client[i], &script[i], &limits), 0);
	assert_int_equal(client_query(&client[0]), 0);
	assert_true(budget_taken(&budget) >= 600 * KIB);
	assert_int_equal(client_query(&client[1]), ERR_TOO_MANY);
	assert_non_null(strstr(client[1].err.text, "the memory for all answers is used up; try again later"));
	assert_true(bolt_link_is_dead(client[1].link));
	assert_int_equal(client_query(&client[2]), 0);
	for (int i = 0; i < 2; i++)
		client_close(&client[i]);
	assert_int_equal(budget_taken(&budget), 0);
	assert_int_equal(client_open(&client[1], &script[1], &limits), 0);
	assert_int_equal(client_query(&client[1]), 0);
	for (int i = 1; i < 3; i++)
		client_close(&client[i]);
	assert_int_equal(budget_taken(&budget), 0);
	nulls_free(&large);
	nulls_free(&small);
}

// Nothing but empty chunks, without an end: an error at once, and not at the deadline.
static void test_endless_keepalives(void **state)
{
	struct script script = {.endless = true};
	struct client client;

	(void)state;
	assert_int_equal(client_open(&client, &script, NULL), 0);
	assert_int_equal(client_query(&client), ERR_PROTOCOL);
	assert_string_equal(client.err.text, "the server sends nothing but keep-alives, more than 1000 a second");
	assert_true(bolt_link_is_dead(client.link));
	client_close(&client);
}

// Keep-alives that a server may send during a slow query, and too many of them.
static void test_keepalives(void **state)
{
	const struct bolt_value row = bolt_int(1);
	struct script script = {.row = &row, .n_rows = 20, .keepalives = 50};
	struct client client;

	(void)state;
	assert_int_equal(client_open(&client, &script, NULL), 0);
	assert_int_equal(client_query(&client), 0);
	assert_int_equal(client.table.n_rows, 20);
	client_close(&client);
}

// A driver has them, too: for a message, for rows that are kept, and from a budget.
static void test_a_driver(void **state)
{
	struct budget budget = BUDGET_INIT(64 * KIB);
	const struct {
		struct bolt_limits limits;
		int r;
	} cases[] = {
		{{0}, 0},
		{{.message = 1 * KIB}, ERR_TOO_LARGE},
		{{.result = 128 * KIB}, ERR_TOO_LARGE},
		{{.budget = &budget}, ERR_TOO_MANY},
	};
	struct bolt_value row = nulls(3000);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct script script = {.row = &row, .n_rows = 6};
		struct peer_server *server = peer_server_start(act, &script, NULL);
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct bolt_driver_options options = {
			.auth = bolt_auth_basic("neo4j", "secret"), .retry_ms = -1, .limits = &cases[i].limits};
		struct bolt_driver *driver;
		struct bolt_answer answer;
		struct err err = ERR_INIT;

		options.uri = arena_printf(arena, "bolt://127.0.0.1:%u", peer_server_port(server));
		assert_int_equal(bolt_driver_new(&options, &driver, &err), 0);
		assert_int_equal(bolt_driver_query(driver, &(struct bolt_call){.text = "RETURN 1"}, deadline_in_ms(LIMIT), arena, &answer, &err),
				 cases[i].r);
		assert_true(err_is_set(&err) || answer.n_rows == 6);
		bolt_driver_free(driver);
		peer_server_stop(server, 1);
	}
	assert_int_equal(budget_taken(&budget), 0);
	nulls_free(&row);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_of_a_million_nulls),
		cmocka_unit_test(test_small_limits),
		cmocka_unit_test(test_a_whole_result),
		cmocka_unit_test(test_before_the_login),
		cmocka_unit_test(test_one_budget),
		cmocka_unit_test(test_a_driver),
		cmocka_unit_test(test_endless_keepalives),
		cmocka_unit_test(test_keepalives),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
