// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "scale_cluster.h"

static void test_rests(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 3, 3, arena);
	expect(&c, SCALE_REST, 3, NULL);
	c.facts.survey = NULL;
	expect(&c, SCALE_REST, 3, NULL);
	c.facts.replicas = 0; // not made yet; claims of an earlier deployment bear no mark of this one
	expect(&c, SCALE_REST, 3, NULL);
}

// More servers come at once; new ones are enabled.
static void test_scale_out(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 3, 5, arena);
	expect(&c, SCALE_REST, 5, NULL);
	cluster_init(&c, 5, 5, arena);
	c.members.servers[4].state = "Free";
	expect(&c, SCALE_ENABLE, 5, "enabling new servers");
	assert_int_equal(c.decision.n_servers, 1);
	assert_string_equal(c.decision.servers[0], "id-4");
	assert_false(scale_is_removing(&c.decision));
	c.members.servers[4].health = "Unavailable";
	expect(&c, SCALE_REST, 5, NULL);
}

static void condemned(struct cluster *c, int i)
{
	c->volumes[i].leaving = true;
	c->volumes[i].deallocated = c->members.servers[i].id;
}

// B8: drained and dropped by Cypher first, then the pod, then its claim; from the highest ordinal, one by one.
static void test_scale_in(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 5, 3, arena);
	keep_on(&c, 3);
	expect(&c, SCALE_MARK, 5, "marking claim 'data-n-server-4'");
	assert_true(scale_is_removing(&c.decision));
	assert_true(scale_is_grave(&c.facts, &c.decision));
	c.volumes[4].leaving = true;
	expect(&c, SCALE_MARK, 5, "marking claim 'data-n-server-3'");
	c.volumes[3].leaving = true;
	expect(&c, SCALE_DRAIN, 5, "draining 2 servers");
	assert_int_equal(c.decision.n_servers, 2);
	assert_string_equal(c.decision.servers[0], "id-3");
	assert_string_equal(c.decision.servers[1], "id-4");

	c.members.servers[3].state = c.members.servers[4].state = "Deallocating";
	expect(&c, SCALE_WAIT, 5, "draining n-server-4, which still has 'neo4j'");
	assert_false(scale_is_grave(&c.facts, &c.decision));
	c.members.servers[4].state = "Deallocated";
	expect(&c, SCALE_CONDEMN, 5, "marking claim 'data-n-server-4', whose server is Deallocated");
	assert_string_equal(c.decision.volume->name, "data-n-server-4");
	assert_string_equal(c.decision.servers[0], "id-4");
	condemned(&c, 4);
	expect(&c, SCALE_DROP, 5, "dropping the server of n-server-4");
	assert_string_equal(c.decision.servers[0], "id-4");
	c.members.servers[4].state = "Dropped";
	expect(&c, SCALE_WAIT, 4, "removing n-server-4");
	assert_true(scale_is_grave(&c.facts, &c.decision));

	c.facts.replicas = 4;
	expect(&c, SCALE_WAIT, 4, "waiting for n-server-4 to end");
	c.facts.n_pods = 4;
	expect(&c, SCALE_DISCARD, 4, "deleting claim 'data-n-server-4'");
	assert_string_equal(c.decision.volume->name, "data-n-server-4");
	assert_true(scale_is_grave(&c.facts, &c.decision));
	c.volumes[4].deleting = true;
	expect(&c, SCALE_WAIT, 4, "waiting for claim 'data-n-server-4' to go");
	c.facts.n_volumes = 4;
	c.members.servers[3].state = "Deallocated";
	expect(&c, SCALE_CONDEMN, 4, NULL);
	condemned(&c, 3);
	expect(&c, SCALE_DROP, 4, "dropping the server of n-server-3");
	c.members.survey.servers.n = 3;
	expect(&c, SCALE_WAIT, 3, "removing n-server-3");
	c.facts.replicas = c.facts.n_pods = 3;
	expect(&c, SCALE_DISCARD, 3, "deleting claim 'data-n-server-3'");
	c.facts.n_volumes = 3;
	expect(&c, SCALE_REST, 3, NULL);
	assert_null(c.decision.note);
}

// B8: the volumes of 0 and 1 are lost, and the two empty servers have formed a cluster of their own. Server 2 is ready and holds the only
// good copies, in the cluster that was: nothing is done to it, whatever the spec says.
static void test_outsider_keeps_its_volume(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 3, 2, arena);
	c.members.survey.servers.n = 2;
	c.members.copies[2].address = c.members.copies[5].address = NULL;
	expect(&c, SCALE_STOPPED, 3,
	       "n-server-2 is ready, but SHOW SERVERS of n-server-0 does not list its server; its volume may hold what no other has: set "
	       "spec.topology.servers to 3, or, if nothing on it is needed, delete claim 'data-n-server-2' and then the pod");
	assert_true(scale_is_removing(&c.decision));
	assert_false(scale_is_grave(&c.facts, &c.decision));
	c.members.survey.outsiders[0] = (struct survey_outsider){"n-server-2", "it is in another cluster, which lists 3 servers"};
	c.members.survey.n_outsiders = 1;
	expect(&c, SCALE_STOPPED, 3, NULL);
	assert_non_null(strstr(c.decision.message, "its server; asked itself, it is in another cluster, which lists 3 servers; its volume"));
	// Listed as dropped is not listed.
	c.members.survey.servers.n = 3;
	c.members.servers[2].state = "Dropped";
	expect(&c, SCALE_STOPPED, 3, NULL);
	// It is evicted from its node, and comes back in a moment.
	c.facts.n_pods = 2;
	expect(&c, SCALE_WAIT, 3, "waiting for n-server-2 to tell what it holds");
	// Somebody has deleted its claim: it comes back with a new one, and leaves with that.
	c.volumes[2].deleting = true;
	expect(&c, SCALE_WAIT, 3, "waiting for n-server-2 to tell what it holds");
	c.facts.n_pods = 3;
	c.members.pods[2].ready = false;
	c.members.pods[2].problem = "not scheduled: persistentvolumeclaim is being deleted";
	expect(&c, SCALE_WAIT, 3, "waiting for n-server-2 to tell what it holds");
	c.facts.n_volumes = 2;
	expect(&c, SCALE_WAIT, 3, "waiting for n-server-2 to tell what it holds");
	c.facts.n_volumes = 3;
	c.members.pods[2].problem = NULL;
	c.volumes[2].deleting = false;
	// Not ready, it may come to itself; with the first mark of an older operator nothing is proved.
	c.members.pods[2].ready = false;
	c.volumes[2].leaving = true;
	expect(&c, SCALE_WAIT, 3, "waiting for n-server-2 to tell what it holds");
	// It does not: it leaves, and the claim stays.
	c.members.pods[2].problem = "not scheduled: no room";
	expect(&c, SCALE_WAIT, 3, "waiting for n-server-2 to tell what it holds");
	c.members.pods[2].ends = 1;
	c.members.pods[2].problem = "container neo4j ended with exit code 1";
	expect(&c, SCALE_WAIT, 2, "removing n-server-2; claim 'data-n-server-2' is kept, since its server was not seen Deallocated");
	c.facts.replicas = c.facts.n_pods = 2;
	expect(&c, SCALE_REST, 2, NULL);
	assert_string_equal(c.decision.note, "claim 'data-n-server-2' is kept: no server on it was seen Deallocated; delete it if nothing on "
					     "it is needed, since a new server of its number would start from it");
}

// B8: the other half of a split, asked first, has no say about those that stay.
static void test_only_those_that_stay_are_believed(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 4, 3, arena);
	keep_on(&c, 3);
	c.members.survey.asked = "n-server-3";
	expect(&c, SCALE_WAIT, 4, "waiting for one of the servers that stay to answer where the databases are");
	c.members.survey.asked = NULL;
	expect(&c, SCALE_WAIT, 4, NULL);
	condemned(&c, 3);
	c.facts.replicas = c.facts.n_pods = 3;
	c.members.survey.servers.n = 3;
	expect(&c, SCALE_WAIT, 3, NULL);
	c.members.survey.asked = "n-server-2";
	expect(&c, SCALE_DISCARD, 3, NULL);
}

// B8: a server of a host that is none of ours, or of a pod in which another one runs, may be what is missing elsewhere.
static void test_strangers_stop_it(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 4, 3, arena);
	keep_on(&c, 3);
	c.members.survey.servers.n = 5;
	c.members.servers[4] = c.members.servers[3];
	c.members.servers[4].id = c.members.servers[4].name = "id-other";
	c.members.servers[4].address = "graph.example.com:7687";
	expect(&c, SCALE_STOPPED, 4,
	       "SHOW SERVERS lists server 'id-other' (Enabled, Available) at graph.example.com:7687, where no pod of this deployment is; wait "
	       "until it is back, or remove it with DEALLOCATE DATABASES FROM SERVER and DROP SERVER");
	c.members.servers[4].address = c.members.servers[1].address;
	c.members.servers[4].health = "Unavailable";
	c.members.copies[1].writer = false;
	expect(&c, SCALE_STOPPED, 4, NULL);
	assert_non_null(strstr(c.decision.message, "where a pod is ready whose server is another one"));
	c.members.servers[4].state = "Dropped";
	expect(&c, SCALE_MARK, 4, NULL);
	// Nothing is to be removed: it is told.
	c.members.servers[4].state = "Enabled";
	c.facts.wanted = 4;
	expect(&c, SCALE_REST, 4, NULL);
	assert_non_null(strstr(c.decision.note, "which is the server of no pod"));
}

// B8: of a server that does not come back nobody can tell whether it was that of the claim: it is drained and dropped, the claim stays.
static void test_dead_server_keeps_its_claim(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 4, 3, arena);
	keep_on(&c, 3);
	c.members.pods[3].ready = false;
	c.members.servers[3].health = "Unavailable";
	c.volumes[3].leaving = true;
	expect(&c, SCALE_DRAIN, 4, NULL);
	c.members.servers[3].state = "Deallocated";
	expect(&c, SCALE_WAIT, 4, "waiting for n-server-3 to be ready, so that its claim can go with its server");
	c.members.pods[3].problem = "container neo4j ended with exit code 1";
	c.members.pods[3].ends = 1;
	expect(&c, SCALE_DROP, 4, NULL);
	c.members.servers[3].state = "Dropped";
	expect(&c, SCALE_WAIT, 3, "removing n-server-3; claim 'data-n-server-3' is kept, since its server was not seen Deallocated");
	c.facts.replicas = c.facts.n_pods = 3;
	expect(&c, SCALE_REST, 3, NULL);
	assert_non_null(strstr(c.decision.note, "claim 'data-n-server-3' is kept"));
}

// B8: made anew with fewer servers over the kept claims of a cluster: the others are brought back, and then leave as they should.
static void test_made_anew_over_kept_claims(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 5, 3, arena);
	keep_on(&c, 3);
	c.facts.replicas = c.facts.n_pods = 3;
	c.members.servers[3].health = c.members.servers[4].health = "Unavailable";
	expect(&c, SCALE_WAIT, 5, NULL);
	assert_non_null(strstr(c.decision.message, "which was taken away before its server was dropped"));
	c.facts.survey = NULL;
	expect(&c, SCALE_REST, 3, NULL);
}

// B8, E2: the number is raised again after the claims were marked. What was not told to leave stays; what was, leaves.
static void test_second_edit(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 4, 4, arena);
	c.volumes[3].leaving = true;
	expect(&c, SCALE_REST, 4, NULL);
	c.members.servers[3].state = "Deallocating";
	expect(&c, SCALE_WAIT, 4, NULL);
	assert_true(scale_is_removing(&c.decision));
	c.volumes[3].leaving = false; // by somebody else, who may let it end
	expect(&c, SCALE_REST, 4, NULL);
}

// B8: servers that joined a moment before they are to leave are enabled first, since what was not drained keeps its claim.
static void test_free_server_is_drained(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 4, 3, arena);
	keep_on(&c, 3);
	c.members.servers[3].state = "Free";
	expect(&c, SCALE_ENABLE, 4, NULL);
	assert_string_equal(c.decision.servers[0], "id-3");
}

// B8: somebody scales the StatefulSet while servers are drained. What is on a volume may be all that there is of a database, until its
// server is gone.
static void test_taken_away_by_hand(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 5, 3, arena);
	c.members.servers[3].state = c.members.servers[4].state = "Deallocating";
	condemned(&c, 3);
	condemned(&c, 4);
	c.facts.replicas = 3;
	assert_true(scale_needs_survey(&c.facts));
	expect(&c, SCALE_WAIT, 5, "bringing n-server-4 back, which was taken away before its server was dropped");
	c.facts.n_pods = 3;
	expect(&c, SCALE_WAIT, 5, NULL);
	assert_true(scale_is_removing(&c.decision));
	c.facts.survey = NULL;
	expect(&c, SCALE_WAIT, 3, "waiting for servers that can be asked where the databases are");
	c.facts.survey = &c.members.survey;
	c.members.survey.problem = "The servers cannot be asked: broken";
	expect(&c, SCALE_WAIT, 3, "The servers cannot be asked: broken");
	c.members.survey.problem = NULL;
	// Nobody stops what deletes a claim already.
	c.volumes[4].deleting = true;
	expect(&c, SCALE_WAIT, 4, "bringing n-server-3 back, which was taken away before its server was dropped");
	c.volumes[4].deleting = false;
	c.members.servers[4].state = "Dropped";
	expect(&c, SCALE_WAIT, 4, NULL);
	c.members.servers[3].state = "Dropped";
	expect(&c, SCALE_DISCARD, 3, "deleting claim 'data-n-server-3'");
	// It is listed still, wherever.
	c.members.servers[3].state = "Deallocated";
	c.members.servers[3].address = NULL;
	expect(&c, SCALE_DROP, 3, NULL);
	assert_string_equal(c.decision.servers[0], "id-3");
	c.members.servers[3].state = "Enabled";
	expect(&c, SCALE_STOPPED, 3, NULL);
	assert_non_null(strstr(c.decision.message, "the server of claim 'data-n-server-3' is Enabled again"));
}

// More than the spec allows, by hand: drained like any other, before its claim is marked.
static void test_scaled_beyond(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 4, 3, arena);
	keep_on(&c, 3);
	c.members.pods[3].name = "n-server-22";
	c.members.servers[3].address = MEMBERS_HOST(22);
	c.volumes[3].name = "data-n-server-22";
	c.volumes[3].ordinal = 22;
	c.facts.replicas = 23;
	expect(&c, SCALE_MARK, 23, "marking claim 'data-n-server-22'");
	c.volumes[3].leaving = true;
	expect(&c, SCALE_DRAIN, 23, "draining 1 server");
	assert_string_equal(c.decision.servers[0], "id-3");
	c.members.servers[3].state = "Deallocated";
	expect(&c, SCALE_CONDEMN, 23, NULL);
	condemned(&c, 3);
	expect(&c, SCALE_DROP, 23, "dropping the server of n-server-22");
	c.members.servers[3].state = "Dropped";
	expect(&c, SCALE_WAIT, 22, "removing n-server-22");
}

// A server that has begun to leave leaves, and comes back as a new server with a new volume.
static void test_change_of_mind(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 4, 4, arena);
	condemned(&c, 3);
	c.members.servers[3].state = "Deallocated";
	expect(&c, SCALE_DROP, 4, NULL);
	c.members.survey.servers.n = 3;
	expect(&c, SCALE_WAIT, 3, "removing n-server-3");
	c.facts.replicas = c.facts.n_pods = 3;
	expect(&c, SCALE_DISCARD, 3, NULL);
	c.facts.n_volumes = 3;
	expect(&c, SCALE_REST, 4, NULL);
}

// B8: refused, with the reason and the cure, before anything is touched.
static void test_refusals(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 3, 2, arena);
	expect(&c, SCALE_REFUSED, 3,
	       "database 'neo4j' has 3 copies (3 primaries, 0 secondaries), but only 2 servers would be left; give it fewer first "
	       "(ALTER DATABASE ... SET TOPOLOGY ...), or leave spec.topology.servers at 3");
	assert_false(scale_is_removing(&c.decision));
	// Its only copy is on a server that is gone, or it is stopped and so cannot move.
	cluster_init(&c, 3, 2, arena);
	c.members.copies[0].address = c.members.copies[1].address = NULL;
	c.members.copies[2].current = "unknown";
	expect(&c, SCALE_REFUSED, 3, NULL);
	assert_non_null(strstr(c.decision.message, "'neo4j' would lose its last copy"));
	assert_non_null(strstr(c.decision.message, "bring one of them back"));
	c.members.copies[2].requested = c.members.copies[2].current = "offline";
	expect(&c, SCALE_REFUSED, 3, NULL);
	assert_non_null(strstr(c.decision.message, "START DATABASE"));
	// An online database moves; a composite database has no data.
	c.members.copies[2].requested = c.members.copies[2].current = "online";
	expect(&c, SCALE_MARK, 3, NULL);
	cluster_init(&c, 3, 2, arena);
	for (int i = 0; i < 3; i++)
		c.members.copies[i].type = "composite";
	expect(&c, SCALE_MARK, 3, NULL);
}

// Those that stay must be well, and all servers known, before a claim is condemned.
static void test_waits(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 4, 3, arena);
	keep_on(&c, 3);
	c.facts.survey = NULL;
	expect(&c, SCALE_WAIT, 4, "waiting for servers that can be asked where the databases are");
	c.facts.survey = &c.members.survey;
	c.members.pods[1].ready = false;
	expect(&c, SCALE_WAIT, 4, "waiting for n-server-1, which stays, to be ready");
	c.members.pods[1].ready = true;
	c.members.servers[1].health = "Unavailable";
	expect(&c, SCALE_WAIT, 4, "waiting for the servers that stay; n-server-1: its server is Unavailable");
	c.members.servers[1].health = "Available";
	c.members.servers[1].state = "Dropped";
	expect(&c, SCALE_STOPPED, 4, "waiting for the servers that stay; n-server-1: SHOW SERVERS does not list its server");
	c.members.servers[1].state = "Enabled";
	c.members.survey.problem = "The servers cannot be asked: x";
	expect(&c, SCALE_WAIT, 4, "The servers cannot be asked: x");
	c.members.survey.problem = NULL;
	// The server of n-server-3 seems to be gone, but it may be the one whose address is unknown: nothing is touched.
	c.members.servers[3].address = NULL;
	c.members.servers[3].health = "Unavailable";
	expect(&c, SCALE_STOPPED, 4, NULL);
	assert_non_null(strstr(c.decision.message, "knows no address of server 'id-3' (Enabled, Unavailable)"));
}

// A server that joined after its pod had been taken away is not left behind.
static void test_stray_server(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct cluster c;

	(void)state;
	cluster_init(&c, 4, 3, arena);
	keep_on(&c, 3);
	c.facts.replicas = c.facts.n_pods = 3;
	c.facts.n_volumes = 3;
	c.members.servers[3].state = "Free";
	c.members.servers[3].health = "Unavailable";
	expect(&c, SCALE_DROP, 3, "dropping the server of n-server-3");
}

static yyjson_val *parse(struct arena *arena, const char *text)
{
	return json_parse(arena, text, strlen(text));
}

// B3: a claim that waits for its volume is of the template's size, and grows when it is bound: it is not refused before.
static void test_pending_claim(void **state)
{
	static const struct {
		const char *status;
		bool grows;
	} cases[] = {{"{\"phase\":\"Pending\"}", false}, {"{\"phase\":\"Bound\"}", true}, {"{}", true}};
	struct dbms dbms = {.metadata = {.uid = "u-1"}, .storage = {.size = "2Gi"}};
	struct names names = {.workload = "n-server"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		const char *text = arena_printf(arena,
						"{\"metadata\":{\"name\":\"data-n-server-3\",\"uid\":\"c\"},\"spec\":{\"resources\":{"
						"\"requests\":{\"storage\":\"1Gi\"}}},\"status\":%s}",
						cases[i].status);
		struct data_volume volume;

		assert_true(data_volume_read(parse(arena, text), &dbms, &names, &volume));
		assert_int_equal(data_volume_must_grow(&volume, &dbms), cases[i].grows);
	}
}

#define MARKED                                                                                                                    \
	"{\"metadata\":{\"name\":\"data-n-server-3\",\"uid\":\"c\",\"annotations\":{\"" DATA_VOLUME_LEAVING_ANNOTATION                  \
	"\":\"u-1\",\"" DATA_VOLUME_DEALLOCATED_ANNOTATION "\":\"id-3\"}}}"

// B8: a claim is ours to delete only with the marks of this very deployment.
static void test_claims(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct names names = {.workload = "n-server"};
	struct dbms dbms = {.metadata = {.uid = "u-1"}, .storage = {.size = "2Gi"}};
	struct data_volume volume;

	(void)state;
	assert_true(data_volume_read(parse(arena, "{\"metadata\":{\"name\":\"data-n-server-3\",\"uid\":\"c\",\"annotations\":{\""
					    DATA_VOLUME_LEAVING_ANNOTATION "\":\"u-1\"}},\"spec\":{\"resources\":{\"requests\":{\"storage\":"
					    "\"1Gi\"}}}}"),
			       &dbms, &names, &volume));
	assert_true(volume.leaving);
	assert_null(volume.deallocated);
	assert_int_equal(volume.ordinal, 3);
	assert_true(data_volume_must_grow(&volume, &dbms));
	volume.deallocated = "id-3";
	assert_false(data_volume_must_grow(&volume, &dbms));
	volume.deallocated = NULL;
	assert_true(data_volume_must_grow(&volume, &dbms));
	assert_string_equal(data_volume_growth_patch(&volume, &dbms, arena),
			    "{\"metadata\":{\"uid\":\"c\"},\"spec\":{\"resources\":{\"requests\":{\"storage\":\"2Gi\"}}}}");
	assert_string_equal(data_volume_leaving_patch(&volume, &dbms, arena),
			    "{\"metadata\":{\"uid\":\"c\",\"annotations\":{\"" DATA_VOLUME_DEALLOCATED_ANNOTATION
			    "\":null,\"" DATA_VOLUME_LEAVING_ANNOTATION "\":\"u-1\"}}}");
	assert_string_equal(data_volume_deallocated_patch(&volume, &dbms, "id-3", arena),
			    "{\"metadata\":{\"uid\":\"c\",\"annotations\":{\"" DATA_VOLUME_DEALLOCATED_ANNOTATION
			    "\":\"id-3\",\"" DATA_VOLUME_LEAVING_ANNOTATION "\":\"u-1\"}}}");
	volume.size = "2048Mi";
	assert_false(data_volume_must_grow(&volume, &dbms));
	volume.size = "3Gi";
	assert_false(data_volume_must_grow(&volume, &dbms));
	assert_true(data_volume_read(parse(arena, MARKED), &dbms, &names, &volume));
	assert_string_equal(volume.deallocated, "id-3");
	dbms.metadata.uid = "u-2";
	assert_true(data_volume_read(parse(arena, MARKED), &dbms, &names, &volume));
	assert_null(volume.deallocated);
	assert_true(data_volume_read(parse(arena, "{\"metadata\":{\"name\":\"data-n-server-3\",\"uid\":\"c\",\"annotations\":{\""
					    DATA_VOLUME_LEAVING_ANNOTATION "\":\"u-1\"}}}"),
			       &dbms, &names, &volume));
	assert_false(volume.leaving);
	// A mark without an id tells of no server.
	assert_true(data_volume_read(parse(arena, "{\"metadata\":{\"name\":\"data-n-server-3\",\"annotations\":{\"" DATA_VOLUME_LEAVING_ANNOTATION
					     "\":\"u-2\",\"" DATA_VOLUME_DEALLOCATED_ANNOTATION "\":\"\"}}}"),
				     &dbms, &names, &volume));
	assert_true(volume.leaving);
	assert_null(volume.deallocated);
	assert_false(data_volume_read(parse(arena, "{\"metadata\":{\"name\":\"data-other-0\"}}"), &dbms, &names, &volume));
	assert_false(data_volume_read(parse(arena, "{\"metadata\":{\"name\":\"n-server-0\"}}"), &dbms, &names, &volume));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rests),	 cmocka_unit_test(test_scale_out),	cmocka_unit_test(test_scale_in),
		cmocka_unit_test(test_change_of_mind), cmocka_unit_test(test_refusals), cmocka_unit_test(test_waits),
		cmocka_unit_test(test_stray_server), cmocka_unit_test(test_claims), cmocka_unit_test(test_pending_claim),
		cmocka_unit_test(test_taken_away_by_hand), cmocka_unit_test(test_scaled_beyond),
		cmocka_unit_test(test_outsider_keeps_its_volume), cmocka_unit_test(test_only_those_that_stay_are_believed),
		cmocka_unit_test(test_strangers_stop_it), cmocka_unit_test(test_dead_server_keeps_its_claim),
		cmocka_unit_test(test_made_anew_over_kept_claims), cmocka_unit_test(test_second_edit),
		cmocka_unit_test(test_free_server_is_drained),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
