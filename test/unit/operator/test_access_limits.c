// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// E4: a server may be anybody's. What it says to the operator costs little, and what many of them say together, too.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/clock.h"
#include "neo4j/admin.h"
#include "operator/server/server_login.h"
#include "test/unit/peer.h"

#define LIMIT 20000
#define MIB ((size_t)1024 * 1024)
#define SERVERS 24
// Rows that one server may send, and that all together cannot.
#define NULLS 30000
#define ROWS 4

// An answer to SHOW SERVERS with a long list in each row.
static void act(struct peer *peer, void *user)
{
	const struct bolt_value names[] = {bolt_string("serverId"), bolt_string("state"), bolt_string("health"), bolt_string("hosting")};
	const struct bolt_entry run = {"fields", bolt_list(names, 4)};
	const struct bolt_value values[] = {bolt_string("id"), bolt_string("Enabled"), bolt_string("Available"),
					    *(const struct bolt_value *)user};
	struct bolt_value said;

	if (!peer_welcome(peer) || !peer_read(peer, &said) || !peer_success(peer, &run, 1) || !peer_read(peer, &said))
		return;
	for (int i = 0; i < ROWS; i++) {
		if (!peer_record(peer, values, 4))
			return;
	}
	if (peer_success(peer, NULL, 0))
		peer_wait_end(peer);
}

static struct bolt_value nulls(uint32_t n)
{
	struct bolt_value *items = calloc(n, sizeof(*items));

	assert_non_null(items);
	return bolt_list(items, n);
}

// The address that the operator dials is a peer of the test.
static int open_at(const struct peer_server *server, struct bolt_link **ret, struct err *err)
{
	static const struct dbms dbms = {.servers = 1};
	static const struct access_servers servers = {.dbms = &dbms};
	static const struct access access = {.servers = &servers};
	static const struct pod pod = {.name = "n-0", .address = "127.0.0.1"};
	const struct bolt_auth auth = {.user = "neo4j", .password = "secret"};
	struct bolt_target target = access_target(&access, &pod);

	target.port = peer_server_port(server);
	return bolt_link_open(&target, &auth, deadline_in_ms(LIMIT), ret, err);
}

static void test_a_message(void **state)
{
	struct bolt_value list = nulls(5 * NULLS);
	struct peer_server *server = peer_server_start(act, &list, NULL);
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct topology_servers ret;
	struct bolt_link *link;
	struct err err = ERR_INIT;

	(void)state;
	assert_int_equal(open_at(server, &link, &err), 0);
	assert_int_equal(admin_servers(&(struct admin){.link = link, .deadline = deadline_in_ms(LIMIT), .arena = arena}, &ret, &err),
			 ERR_TOO_LARGE);
	assert_true(arena_used(arena) < MIB);
	bolt_link_close(link);
	peer_server_stop(server, 1);
	free((void *)(uintptr_t)list.items);
}

// Servers whose answers would need 23 MiB: all that are held need no more than the budget, and who is refused is told why.
static void test_many_servers(void **state)
{
	struct bolt_value list = nulls(NULLS);
	struct peer_server *servers[SERVERS];
	struct bolt_link *links[SERVERS];
	struct arena *arenas[SERVERS];
	size_t held = 0, refused = 0;

	(void)state;
	for (int i = 0; i < SERVERS; i++) {
		struct topology_servers ret;
		struct err err = ERR_INIT;
		int r;

		servers[i] = peer_server_start(act, &list, NULL);
		arenas[i] = arena_new();
		assert_int_equal(open_at(servers[i], &links[i], &err), 0);
		r = admin_servers(&(struct admin){.link = links[i], .deadline = deadline_in_ms(LIMIT), .arena = arenas[i]}, &ret, &err);
		if (r != 0 && r != ERR_TOO_MANY)
			fail_msg("%d %s", r, err.text);
		if (r == ERR_TOO_MANY)
			assert_non_null(strstr(err.text, "the memory for all answers is used up; try again later"));
		refused += r == ERR_TOO_MANY;
		held += arena_held(arenas[i]);
	}
	assert_true(held <= 20 * MIB);
	assert_true(refused > 0 && refused < SERVERS);
	for (int i = 0; i < SERVERS; i++) {
		bolt_link_close(links[i]);
		arena_free(arenas[i]);
		peer_server_stop(servers[i], 1);
	}
	free((void *)(uintptr_t)list.items);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_message),
		cmocka_unit_test(test_many_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
