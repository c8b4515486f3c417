// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E4: what a listing of servers and databases costs in memory, at the documented limits and from a server that lies.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "neo4j/admin.h"
#include "test/unit/peer.h"

#define LIMIT 30000
#define SERVERS 20
#define DATABASES 500
#define MIB ((size_t)1024 * 1024)

struct script {
	const char *pad; // behind each name
	unsigned rows;
};

static const char *const names[] = {"name", "type", "address", "role", "writer", "requestedStatus", "currentStatus"};
#define COLUMNS (sizeof(names) / sizeof(names[0]))

static bool send_row(struct peer *peer, const struct script *script, unsigned i)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *name = arena_printf(arena, "database-with-a-name-of-sixty-three-letters-%019u%s", i % DATABASES, script->pad);
	const char *address = arena_printf(arena, "n-server-%u.n-headless.x.svc.cluster.local:7687", i / DATABASES);
	const struct bolt_value values[COLUMNS] = {bolt_string(name), bolt_string("standard"), bolt_string(address), bolt_string("primary"),
						   bolt_bool(i < DATABASES), bolt_string("online"), bolt_string("online")};

	return peer_record(peer, values, COLUMNS);
}

static void act(struct peer *peer, void *user)
{
	const struct script *script = user;
	struct bolt_value fields[COLUMNS] = {0}, said;
	const struct bolt_entry run = {"fields", bolt_list(fields, COLUMNS)};

	for (size_t i = 0; i < COLUMNS; i++)
		fields[i] = bolt_string(names[i]);
	if (!peer_welcome(peer) || !peer_read(peer, &said) || !peer_success(peer, &run, 1) || !peer_read(peer, &said))
		return;
	peer_cork(peer, true);
	for (unsigned i = 0; i < script->rows; i++) {
		if (!send_row(peer, script, i))
			return;
	}
	peer_cork(peer, false);
	if (peer_success(peer, NULL, 0))
		peer_wait_end(peer);
}

static int list(struct script *script, struct arena *arena, struct topology_copies *ret, struct err *err)
{
	struct peer_server *server = peer_server_start(act, script, NULL);
	const struct bolt_auth auth = {.user = "neo4j", .password = "secret"};
	const struct bolt_target target = {.host = "127.0.0.1", .port = peer_server_port(server), .user_agent = "test/1"};
	_cleanup_(bolt_link_closep) struct bolt_link *link = NULL;
	int r;

	assert_int_equal(bolt_link_open(&target, &auth, deadline_in_ms(LIMIT), &link, err), 0);
	r = admin_databases(&(struct admin){.link = link, .deadline = deadline_in_ms(LIMIT), .arena = arena}, ret, err);
	bolt_link_close(steal_ptr(link));
	peer_server_stop(server, 1);
	return r;
}

static void test_the_documented_limit(void **state)
{
	struct script script = {.pad = "", .rows = SERVERS * DATABASES};
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct topology_copies copies;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(list(&script, arena, &copies, &err), 0);
	assert_int_equal(copies.n, SERVERS * DATABASES);
	assert_true(arena_used(arena) < MIB);
	for (size_t i = 0; i < copies.n; i++) {
		assert_ptr_equal(copies.items[i].database, copies.items[i % DATABASES].database);
		assert_ptr_equal(copies.items[i].current, copies.items[0].requested);
		assert_int_equal(copies.items[i].writer, i < DATABASES);
	}
	assert_string_equal(copies.items[copies.n - 1].address, "n-server-19.n-headless.x.svc.cluster.local:7687");
	assert_string_equal(copies.items[7].database, "database-with-a-name-of-sixty-three-letters-0000000000000000007");
	assert_string_equal(copies.items[7].type, "standard");
	assert_string_equal(copies.items[7].role, "primary");
}

// One row more than a cluster of twenty servers can have; too much text; what is no name.
static void test_lies(void **state)
{
	char pad[500];
	struct script scripts[] = {
		{.pad = "", .rows = SERVERS * DATABASES + 1},
		{.pad = memset(pad, 'x', sizeof(pad)), .rows = 1},
		{.pad = pad + 100, .rows = SERVERS * DATABASES},
		{.pad = "\n", .rows = 1},
	};
	static const struct {
		enum err_class r;
		const char *text;
	} wanted[] = {
		{ERR_PROTOCOL, "more rows than the 10000"},
		{ERR_PROTOCOL, "SHOW DATABASES: a text of 562 bytes is no name"},
		{ERR_TOO_LARGE, "SHOW DATABASES: the rows have more than 4194304 bytes of text"},
		{ERR_PROTOCOL, "SHOW DATABASES: a text with control characters is no name"},
	};

	(void)state;
	pad[sizeof(pad) - 1] = '\0';
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		struct topology_copies copies;
		struct err err = ERR_INIT;

		assert_int_equal(list(&scripts[i], arena, &copies, &err), wanted[i].r);
		assert_non_null(strstr(err.text, wanted[i].text));
		assert_int_equal(copies.n, 0);
		assert_true(arena_used(arena) < MIB);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_documented_limit),
		cmocka_unit_test(test_lies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
