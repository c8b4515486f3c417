// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B7 B8: what the status says of servers that have lost their volumes and cannot tell it themselves.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/json.h"
#include "members.h"
#include "operator/cluster/volume_loss.h"
#include "operator/object/deployment.h"

#define SERVER(i) "{\"name\":\"id-" #i "\",\"pod\":\"n-server-" #i "\",\"volume\":\"pv-" #i "\"}"
#define ALL "[" SERVER(0) "," SERVER(1) "," SERVER(2) "]"

struct cluster {
	struct members members;
	struct data_volume volumes[3];
	struct deployment deployment;
};

static void cluster_init(struct cluster *c)
{
	static const char *const volumes[] = {"pv-0", "pv-1", "pv-2"};

	members_init(&c->members, 3);
	for (int i = 0; i < 3; i++)
		c->volumes[i] = (struct data_volume){.ordinal = i, .volume = volumes[i]};
	c->deployment = (struct deployment){.names = c->members.names, .pods = c->members.pods, .n_pods = 3, .volumes = c->volumes, .n_volumes = 3};
	c->deployment.dbms.servers = 3;
}

static const char *judge(const struct cluster *c, const char *servers, bool *ret_majority, struct arena *arena)
{
	struct volume_loss loss;

	volume_loss_judge(servers ? json_parse(arena, servers, strlen(servers)) : NULL, &c->deployment, arena, &loss);
	*ret_majority = loss.majority;
	return loss.words;
}

static void test_one(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;
	bool majority;

	(void)state;
	cluster_init(&c);
	assert_null(judge(&c, ALL, &majority, arena));
	// A pod that is away keeps its volume.
	c.members.pods[1].ready = false;
	assert_null(judge(&c, ALL, &majority, arena));
	c.volumes[1].volume = "pv-9";
	assert_string_equal(judge(&c, ALL, &majority, arena), "lost with what was on it: n-server-1 (volume 'pv-1')");
	assert_false(majority);
	// Not bound yet, and not made yet.
	c.volumes[1].volume = NULL;
	assert_non_null(judge(&c, ALL, &majority, arena));
	c.volumes[1].ordinal = 4;
	assert_non_null(judge(&c, ALL, &majority, arena));
	c.deployment.n_pods = 1;
	assert_non_null(judge(&c, ALL, &majority, arena));
	// An older operator has noted no volume; the servers tell it themselves; it is to leave.
	assert_null(judge(&c, NULL, &majority, arena));
	assert_null(judge(&c, "[{\"name\":\"id-1\",\"pod\":\"n-server-1\"},{\"name\":\"x\",\"volume\":\"pv-1\"}]", &majority, arena));
	c.deployment.dbms.servers = 1;
	assert_null(judge(&c, ALL, &majority, arena));
	c.deployment.dbms.servers = c.deployment.n_pods = 3;
	c.members.pods[1].ready = true;
	assert_null(judge(&c, ALL, &majority, arena));
}

static void test_majority(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;
	bool majority;

	(void)state;
	cluster_init(&c);
	for (int i = 0; i < 2; i++) {
		c.members.pods[i].ready = false;
		c.volumes[i].volume = NULL;
	}
	assert_string_equal(judge(&c, ALL, &majority, arena),
			    "lost with what was on it: n-server-0 (volume 'pv-0'), n-server-1 (volume 'pv-1'). That is too many of 3 servers: the others "
			    "(n-server-2) can neither write nor take new servers. The operator deletes nothing; bind the lost volumes to their claims "
			    "again, or dump the databases of the others and load them into a new cluster");
	assert_true(majority);
	c.members.pods[2].ready = false;
	c.volumes[2].volume = NULL;
	assert_non_null(strstr(judge(&c, ALL, &majority, arena), "Those are all servers: bind the lost volumes to their claims again, or restore"));
	assert_true(majority);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_one), cmocka_unit_test(test_majority)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
