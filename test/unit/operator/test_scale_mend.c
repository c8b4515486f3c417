// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scale_cluster.h"

// B7 B8: a lost volume took a server with it, and nothing else: the cluster makes its copies anew, then forgets it. A pod that is away, a second
// loss, or a database that nobody leads leaves it to a person.
static void test_lost_server_is_replaced(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;
	struct topology_server *lost;

	(void)state;
	cluster_init(&c, 3, 3, arena);
	lost = &c.members.servers[3];
	*lost = c.members.servers[2];
	lost->id = lost->name = "id-old";
	lost->health = "Unavailable";
	c.members.survey.servers.n = 4;
	c.members.servers[2].state = "Free";
	expect(&c, SCALE_ENABLE, 3, NULL);
	c.members.servers[2].state = "Enabled";
	expect(&c, SCALE_RELIEVE, 3, "telling the cluster to make its copies anew on the other servers");
	assert_string_equal(c.decision.servers[0], "id-old");
	assert_true(scale_is_grave(&c.facts, &c.decision) && c.decision.mending && !scale_is_removing(&c.decision));
	lost->state = "Deallocating";
	expect(&c, SCALE_RELIEVED, 3, "the cluster makes its copies anew on the other servers");
	lost->state = "Deallocated";
	expect(&c, SCALE_FORGET, 3, "dropping it, since its copies are on the other servers");
	assert_string_equal(c.decision.servers[0], "id-old");
	assert_true(scale_is_grave(&c.facts, &c.decision));
	lost->state = "Dropped";
	expect(&c, SCALE_REST, 3, NULL);
	assert_null(c.decision.lost);
}

static void test_lost_server_wants_a_word(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;
	struct topology_server *lost;

	(void)state;
	cluster_init(&c, 5, 5, arena);
	lost = &c.members.servers[5];
	*lost = c.members.servers[4];
	lost->id = lost->name = "id-old";
	lost->health = "Unavailable";
	c.members.survey.servers.n = 6;
	expect(&c, SCALE_RELIEVE, 5, NULL);
	// No leader: its other copies may be behind the lost one, or there are none.
	c.members.copies[1].writer = false;
	expect(&c, SCALE_REST, 5, NULL);
	assert_string_equal(c.decision.lost, "the operator does not drop it, since database 'neo4j' has no leader, so its last good copy may have been "
					     "there. Where its volume is gone for good and nothing on it is needed: DEALLOCATE DATABASES FROM SERVER "
					     "'id-old', then DROP SERVER 'id-old'");
	assert_false(c.decision.mending);
	for (int i = 0; i < 5; i++)
		c.members.copies[i].requested = c.members.copies[i].current = "offline";
	expect(&c, SCALE_REST, 5, NULL);
	assert_non_null(strstr(c.decision.lost, "database 'neo4j', which is stopped, has its only copy there (START DATABASE shows it)"));
	for (int i = 0; i < 5; i++)
		c.members.copies[i].requested = c.members.copies[i].current = "online";
	c.members.copies[1].writer = true;
	// Away for a moment, or the next loss.
	c.members.pods[3].ready = false;
	expect(&c, SCALE_REST, 5, NULL);
	assert_non_null(strstr(c.decision.lost, "since n-server-3 is not ready. Where"));
	c.members.pods[3].ready = true;
	c.members.servers[3].health = "Unavailable";
	expect(&c, SCALE_REST, 5, NULL);
	assert_non_null(strstr(c.decision.lost, "since the server of n-server-3 is not Enabled and Available"));
	c.members.servers[3].health = "Available";
	c.facts.n_pods = 4; // the last one is missing, with the lost server's address
	expect(&c, SCALE_REST, 5, NULL);
	assert_null(c.decision.lost);
	c.facts.n_pods = 5;
	lost->health = "Available";
	c.members.servers[4].health = "Available";
	expect(&c, SCALE_REST, 5, NULL);
	assert_non_null(strstr(c.decision.lost, "since it is not Unavailable"));
}

// B8: a removal waits until the lost server is replaced.
static void test_removal_waits_for_lost_server(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;
	struct topology_server *lost;

	(void)state;
	cluster_init(&c, 4, 3, arena);
	keep_on(&c, 3);
	lost = &c.members.servers[4];
	*lost = c.members.servers[1];
	lost->id = lost->name = "id-old";
	lost->health = "Unavailable";
	c.members.survey.servers.n = 5;
	expect(&c, SCALE_RELIEVE, 4, NULL);
	lost->state = "Dropped";
	expect(&c, SCALE_MARK, 4, NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lost_server_is_replaced),
		cmocka_unit_test(test_lost_server_wants_a_word),
		cmocka_unit_test(test_removal_waits_for_lost_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
