// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "members.h"
#include "operator/cluster/phase.h"
#include "operator/object/own_domain.h"
#include "operator/object/reason.h"

static struct pod ready_pod(const char *revision)
{
	return (struct pod){.name = "n-0", .uid = "u", .revision = revision, .ready = true};
}

static struct phase_facts standalone(const struct pod *pod)
{
	return (struct phase_facts){
		.workload_exists = true,
		.workload_current = true,
		.update_revision = "r2",
		.pods = pod,
		.n_pods = pod ? 1 : 0,
		.servers = 1,
	};
}

static enum phase judge(const struct phase_facts *facts, const char *message)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct phase_verdict verdict;

	phase_judge(facts, arena, &verdict);
	if (message)
		assert_string_equal(verdict.message, message);
	assert_int_not_equal(verdict.reason, REASON_NONE);
	return verdict.phase;
}

// B7: Ready only when all pods are of the update revision and ready.
static void test_ready(void **state)
{
	struct pod pod = ready_pod("r2");
	struct phase_facts facts = standalone(&pod);

	(void)state;
	assert_int_equal(judge(&facts, "The server is ready"), PHASE_READY);
	pod.revision = "r1";
	assert_int_equal(judge(&facts, NULL), PHASE_FORMING);
	facts.formed = true;
	assert_int_equal(judge(&facts, NULL), PHASE_UPDATING);
	pod.revision = "r2";
	facts.workload_current = false;
	assert_int_equal(judge(&facts, NULL), PHASE_UPDATING);
}

static void test_terminating_pod_does_not_count(void **state)
{
	struct pod pod = ready_pod("r2");
	struct phase_facts facts = standalone(&pod);

	(void)state;
	pod.terminating = true;
	assert_int_equal(judge(&facts, NULL), PHASE_FORMING);
}

static void test_problem_is_named(void **state)
{
	struct pod pod = ready_pod("r2");
	struct phase_facts facts = standalone(&pod);

	(void)state;
	pod.ready = false;
	pod.problem = "not scheduled: no room";
	assert_int_equal(judge(&facts, "0 of 1 servers ready; n-0: not scheduled: no room"), PHASE_FORMING);
	facts.formed = true;
	assert_int_equal(judge(&facts, "0 of 1 servers ready; n-0: not scheduled: no room"), PHASE_DEGRADED);
	facts.rolling = true;
	assert_int_equal(judge(&facts, NULL), PHASE_UPDATING);
}

// G2 B7: a deployment of which a server is offline is never Ready, says which, and is not stuck.
static void test_offline(void **state)
{
	struct pod pod = ready_pod("r1");
	struct phase_facts facts = standalone(&pod);

	(void)state;
	facts.offline = "n-0";
	facts.formed = true;
	assert_int_equal(judge(&facts, "n-0 is going offline for maintenance: 0 of 1 servers ready"), PHASE_DEGRADED);
	pod.revision = "r2";
	pod.ready = false;
	pod.started_at = "2026-01-31T12:00:00Z";
	assert_int_equal(judge(&facts, "n-0 is offline for maintenance: its pod runs without a server until annotation neofleet.neo4j.com/offline is "
				       "removed"),
			 PHASE_DEGRADED);
	assert_int_equal(phase_stuck(&facts), REASON_NONE);
	// Before its first start, to load a dump.
	facts.formed = false;
	assert_int_equal(judge(&facts, NULL), PHASE_FORMING);
	// Somebody cannot have made the pod ready.
	pod.ready = true;
	assert_int_equal(judge(&facts, NULL), PHASE_FORMING);
	facts.refused = "spec.image.tag: too old";
	facts.refused_reason = REASON_INVALID_SPEC;
	assert_int_equal(judge(&facts, NULL), PHASE_FAILED);
}

static void test_refusal_and_waiting(void **state)
{
	struct phase_facts facts = {.refused = "spec.image.tag: too old", .refused_reason = REASON_INVALID_SPEC, .servers = 1};

	(void)state;
	assert_int_equal(judge(&facts, "spec.image.tag: too old"), PHASE_FAILED);
	facts = (struct phase_facts){.waiting_for = "Secret 'x' not found", .waiting_reason = REASON_WAITING_FOR_SECRET, .servers = 1};
	assert_int_equal(judge(&facts, "Secret 'x' not found"), PHASE_PENDING);
}

// B7: Ready does not vouch for a change that waits; without one, a missing Secret changes nothing.
static void test_change_waits(void **state)
{
	struct pod pod = ready_pod("r2");
	struct phase_facts facts = standalone(&pod);

	(void)state;
	facts.formed = true;
	facts.waiting_for = "Secret 'x' not found";
	facts.waiting_reason = REASON_WAITING_FOR_SECRET;
	assert_int_equal(judge(&facts, "The server is ready"), PHASE_READY);
	assert_int_equal(phase_stuck(&facts), REASON_NONE);
	facts.behind = true;
	assert_int_equal(judge(&facts, "The last change of the spec waits: Secret 'x' not found; until then the servers stay as they are: The server is "
				       "ready"),
			 PHASE_UPDATING);
	assert_int_equal(phase_stuck(&facts), REASON_WAITING_FOR_SECRET);
	pod.ready = false;
	assert_int_equal(judge(&facts, NULL), PHASE_DEGRADED);
	facts.formed = false;
	pod.ready = true;
	assert_int_equal(judge(&facts, NULL), PHASE_FORMING);
	// A roll that the Secret stops in its middle.
	facts.formed = true;
	facts.behind = false;
	facts.roll_waiting = facts.waiting_for;
	pod.revision = "r1";
	assert_int_equal(judge(&facts, "1 of 1 servers still to be replaced; Secret 'x' not found"), PHASE_UPDATING);
	assert_int_equal(phase_stuck(&facts), REASON_WAITING_FOR_SECRET);
}

static struct phase_facts cluster(struct members *m)
{
	return (struct phase_facts){
		.workload_exists = true,
		.workload_current = true,
		.update_revision = "r1",
		.pods = m->pods,
		.n_pods = 3,
		.servers = 3,
		.cluster = true,
		.survey = &m->survey,
		.names = &m->names,
	};
}

// B7: for a cluster SHOW SERVERS has to agree.
static void test_cluster_ready(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = cluster(&m);
	assert_int_equal(judge(&facts, "All servers are ready"), PHASE_READY);
	facts.growth_refused = "claim 'x' is not allowed to grow";
	assert_int_equal(judge(&facts, "All servers are ready; claim 'x' is not allowed to grow"), PHASE_UPDATING);
	facts.growth_refused = NULL;
	facts.survey = NULL;
	assert_int_equal(judge(&facts, "the servers have not been asked yet"), PHASE_FORMING);
	facts.survey = &m.survey;
	m.servers[2].state = "Free";
	assert_int_equal(judge(&facts, "n-server-2: its server is Free"), PHASE_FORMING);
	facts.formed = true;
	assert_int_equal(judge(&facts, "n-server-2: its server is Free"), PHASE_DEGRADED);
	facts.rolling = true;
	assert_int_equal(judge(&facts, "n-server-2: its server is Free"), PHASE_UPDATING);
	m.servers[2].state = "Enabled";
	m.pods[1].ready = false;
	facts.rolling = false;
	assert_int_equal(judge(&facts, "2 of 3 servers ready"), PHASE_DEGRADED);
}

// B7 F5: a database that was stopped in the database (by Fleet Manager, for a migration) or is broken is said, and moves no phase.
static void test_database_stopped(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = cluster(&m);
	facts.formed = true;
	for (int i = 0; i < 3; i++)
		m.copies[i].requested = m.copies[i].current = "offline";
	assert_int_equal(judge(&facts, "All servers are ready; database 'neo4j' is offline, as somebody has asked in the database"), PHASE_READY);
	for (int i = 0; i < 3; i++)
		m.copies[i].requested = "online";
	m.copies[1].current = "online";
	assert_int_equal(judge(&facts, "All servers are ready; database 'neo4j' is offline on 2 of 3 servers"), PHASE_READY);
}

// B7: servers that cannot be asked are an outcome with a reason of its own.
static void test_cluster_not_asked(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct phase_verdict verdict;
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = cluster(&m);
	m.survey.problem = "The server refused user 'neo4j'";
	m.survey.reason = REASON_CREDENTIALS_REFUSED;
	phase_judge(&facts, arena, &verdict);
	assert_int_equal(verdict.phase, PHASE_FORMING);
	assert_int_equal(verdict.reason, REASON_CREDENTIALS_REFUSED);
	assert_string_equal(verdict.message, m.survey.problem);
	facts.formed = true;
	phase_judge(&facts, arena, &verdict);
	assert_int_equal(verdict.phase, PHASE_DEGRADED);
	assert_int_equal(verdict.reason, REASON_CREDENTIALS_REFUSED);
}

// B6, B8: what a roll waits for, and how far servers are on their way out.
static void test_cluster_changes(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = cluster(&m);
	facts.formed = true;
	facts.update_revision = "r2";
	facts.roll_waiting = "n-server-0 does not come back: x";
	assert_int_equal(judge(&facts, "3 of 3 servers still to be replaced; n-server-0 does not come back: x"), PHASE_UPDATING);
	facts.update_revision = "r1";
	facts.removing = "draining n-server-2";
	assert_int_equal(judge(&facts, "Removing servers: draining n-server-2"), PHASE_UPDATING);
	facts.removing = NULL;
	facts.unscalable = "database 'neo4j' has 3 copies";
	assert_int_equal(judge(&facts, "database 'neo4j' has 3 copies"), PHASE_FAILED);
}

// B7: a wait that only a person can end, once it has lasted, is Stalled; what the message says and the phase stay.
static void test_stalled(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct phase_verdict verdict;
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 3);
	facts = cluster(&m);
	facts.formed = true;
	facts.removing = "n-server-2 is ready, but SHOW SERVERS does not list its server";
	facts.stuck = REASON_SCALE_IN_STOPPED;
	phase_judge(&facts, arena, &verdict);
	assert_false(verdict.stalled);
	assert_int_equal(verdict.reason, REASON_REMOVING_SERVERS);
	facts.stalled = true;
	phase_judge(&facts, arena, &verdict);
	assert_true(verdict.stalled);
	assert_int_equal(verdict.phase, PHASE_UPDATING);
	assert_int_equal(verdict.reason, REASON_SCALE_IN_STOPPED);
	assert_string_equal(verdict.message, "Removing servers: n-server-2 is ready, but SHOW SERVERS does not list its server");
	facts.removing = NULL;
	phase_judge(&facts, arena, &verdict);
	assert_false(verdict.stalled);
	assert_int_equal(verdict.phase, PHASE_READY);
	facts.leftovers = "claim 'data-n-server-3' is kept";
	assert_int_equal(judge(&facts, "All servers are ready; claim 'data-n-server-3' is kept"), PHASE_READY);
}

// B7: Ready only when all servers that are listed are Available: one whose volume is gone is named, with the cure.
static void test_lost_server(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 4);
	m.servers[3].address = m.servers[1].address;
	m.survey.copies.n = 0;
	facts = cluster(&m);
	facts.n_pods = 3;
	facts.servers = 3;
	facts.formed = true;
	m.servers[1].health = "Unavailable";
	assert_int_equal(judge(&facts, "n-server-1 has a new volume, and the server of the one before is still a member: id-1, which is Enabled and "
				       "Unavailable"),
			 PHASE_DEGRADED);
	assert_int_equal(phase_stuck(&facts), REASON_SERVER_LOST);
	// Nobody has to do anything about a server that the operator replaces.
	facts.lost = "dropping it";
	facts.mending = true;
	assert_int_equal(judge(&facts, "n-server-1 has a new volume, and the server of the one before is still a member: id-1, which is Enabled and "
				       "Unavailable; dropping it"),
			 PHASE_DEGRADED);
	assert_int_equal(phase_stuck(&facts), REASON_NONE);
	facts.lost = NULL;
	facts.mending = false;
	m.servers[3].health = "Unavailable";
	assert_int_equal(phase_stuck(&facts), REASON_NONE);
	assert_int_equal(judge(&facts, "n-server-1: its server is Unavailable"), PHASE_DEGRADED);
	m.servers[3].health = "Available";
	m.servers[1].state = "Dropped";
	assert_int_equal(judge(&facts, "All servers are ready"), PHASE_READY);
}

// B7: what only a person can end: a Secret that is missing, a container that does not get ready.
static void test_stuck(void **state)
{
	struct pod pod = ready_pod("r2");
	struct phase_facts facts = {.waiting_for = "Secret 'x' not found", .waiting_reason = REASON_WAITING_FOR_SECRET, .servers = 1};

	(void)state;
	assert_int_equal(phase_stuck(&facts), REASON_WAITING_FOR_SECRET);
	facts.stalled = true;
	facts.stuck = phase_stuck(&facts);
	assert_int_equal(judge(&facts, "Secret 'x' not found"), PHASE_PENDING);
	facts.stuck = REASON_NONE;
	// Somebody else's finalizer may keep an object for ever.
	facts.waiting_reason = REASON_WAITING_FOR_DELETION;
	assert_int_equal(phase_stuck(&facts), REASON_WAITING_FOR_DELETION);
	facts = standalone(&pod);
	pod.ends = 3;
	assert_int_equal(phase_stuck(&facts), REASON_NONE);
	pod.ready = false;
	assert_int_equal(phase_stuck(&facts), REASON_SERVER_FAILS);
	facts.stuck = REASON_ROLL_STOPPED;
	assert_int_equal(phase_stuck(&facts), REASON_ROLL_STOPPED);
	facts.stuck = REASON_NONE;
	pod.ends = 2;
	assert_int_equal(phase_stuck(&facts), REASON_NONE);
	// An image that is not there, no node that fits, a container beside the server's; not an init container that works on.
	pod.problem = "ImagePullBackOff";
	assert_int_equal(phase_stuck(&facts), REASON_POD_STUCK);
	pod.passing = true;
	assert_int_equal(phase_stuck(&facts), REASON_NONE);
	pod.unstarted = true;
	assert_int_equal(phase_stuck(&facts), REASON_POD_STUCK);
	pod.ready = true;
	assert_int_equal(phase_stuck(&facts), REASON_NONE);
}

// B7: the judgement of a pod that is ready in between is that of one that is not.
static void test_unsteady(void **state)
{
	struct pod pod = ready_pod("r2");
	struct phase_facts facts = standalone(&pod);

	(void)state;
	facts.formed = true;
	for (int i = 0; i < 2; i++) {
		pod.ready = i == 0;
		pod.unsteady = i == 0;
		pod.beside = true;
		pod.ends = 0;
		pod.problem = "container shipper ended with exit code 7";
		assert_int_equal(judge(&facts, "0 of 1 servers ready; n-0: container shipper ended with exit code 7"), PHASE_DEGRADED);
		assert_int_equal(phase_stuck(&facts), REASON_POD_STUCK);
		pod.beside = false;
		pod.ends = 3;
		assert_int_equal(phase_stuck(&facts), REASON_SERVER_FAILS);
	}
}

// A3 B7: the storage class is named, where the claim is what the pod waits for.
static void test_unbound_claim(void **state)
{
	struct names names = {.workload = "n", .domain = MEMBERS_DOMAIN};
	struct data_volume volume = {.name = "data-n-0", .class = "none", .ordinal = 0, .pending = true};
	struct pod pod = ready_pod("r2");
	struct phase_facts facts = standalone(&pod);

	(void)state;
	facts.names = &names;
	facts.volumes = &volume;
	facts.n_volumes = 1;
	pod.name = "n-0";
	pod.ready = false;
	pod.problem = "not scheduled: no node has room";
	assert_int_equal(judge(&facts, "0 of 1 servers ready; n-0: not scheduled: no node has room"), PHASE_FORMING);
	pod.problem = "not scheduled: unbound PersistentVolumeClaims";
	assert_int_equal(judge(&facts, "0 of 1 servers ready; n-0: not scheduled: unbound PersistentVolumeClaims; claim 'data-n-0' has no volume yet, of "
				       "storage class 'none': see whether there is such a class (kubectl get storageclass), and the claim's events"),
			 PHASE_FORMING);
	volume.pending = false;
	assert_int_equal(judge(&facts, "0 of 1 servers ready; n-0: not scheduled: unbound PersistentVolumeClaims"), PHASE_FORMING);
}

// B3 B7: Ready does not vouch for a volume that has not yet grown, although the server serves; it may have to wait for a person.
static void test_growing_claim(void **state)
{
	struct data_volume volume = {.name = "data-n-0", .size = "2Gi", .capacity = "1Gi"};
	struct pod pod = ready_pod("r2");
	struct phase_facts facts = standalone(&pod);

	(void)state;
	facts.volumes = &volume;
	facts.n_volumes = 1;
	assert_int_equal(judge(&facts, "The server is ready; claim 'data-n-0' still has 1Gi and waits for the storage to make it 2Gi: kubectl describe pvc "
				       "data-n-0 shows how far it is"),
			 PHASE_UPDATING);
	assert_int_equal(phase_stuck(&facts), REASON_STORAGE_GROWING);
	// A refusal is told instead, and of a claim without a volume there is nothing to tell yet.
	facts.growth_refused = "refused";
	assert_int_equal(judge(&facts, "The server is ready; refused"), PHASE_UPDATING);
	assert_int_equal(phase_stuck(&facts), REASON_STORAGE_GROWTH_REFUSED);
	facts.growth_refused = NULL;
	volume.pending = true;
	assert_int_equal(phase_stuck(&facts), REASON_NONE);
	assert_int_equal(judge(&facts, "The server is ready"), PHASE_READY);
	volume.pending = false;
	volume.capacity = "2Gi";
	assert_int_equal(judge(&facts, "The server is ready"), PHASE_READY);
	// What was asked just now is not yet seen at the claim.
	facts.growth_asked = true;
	assert_int_equal(judge(&facts, "The server is ready; its volumes are asked to grow"), PHASE_UPDATING);
}

// B7: the wait for the storage is told as Stalled only while nothing else is the matter.
static void test_growth_stalls(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct data_volume volume = {.name = "data-n-0", .size = "2Gi", .capacity = "1Gi"};
	struct pod pod = ready_pod("r2");
	struct phase_facts facts = standalone(&pod);
	struct phase_verdict verdict;

	(void)state;
	facts.volumes = &volume;
	facts.n_volumes = 1;
	facts.formed = true;
	facts.stuck = REASON_STORAGE_GROWING;
	facts.stalled = true;
	phase_judge(&facts, arena, &verdict);
	assert_true(verdict.stalled && verdict.serving);
	assert_int_equal(verdict.reason, REASON_STORAGE_GROWING);
	pod.ready = false;
	phase_judge(&facts, arena, &verdict);
	assert_false(verdict.stalled || verdict.serving);
	assert_int_equal(verdict.phase, PHASE_DEGRADED);
	facts.stuck = REASON_NONE;
	assert_int_equal(phase_stuck(&facts), REASON_NONE);
}

// B7: a domain that is perhaps wrong is told while the servers look for each other, and never again.
static void test_domain_hint(void **state)
{
	struct members m;
	struct phase_facts facts;

	(void)state;
	members_init(&m, 2);
	m.servers[1].health = "Unavailable";
	facts = cluster(&m);
	facts.n_pods = 2;
	facts.servers = 2;
	facts.hint = "spec.clusterDomain is 'a'";
	assert_int_equal(judge(&facts, "n-server-1: its server is Unavailable; spec.clusterDomain is 'a'"), PHASE_FORMING);
	assert_int_equal(phase_stuck(&facts), REASON_DOMAIN_DIFFERS);
	m.pods[1].ready = false;
	assert_int_equal(judge(&facts, "1 of 2 servers ready; spec.clusterDomain is 'a'"), PHASE_FORMING);
	facts.formed = true;
	assert_int_equal(judge(&facts, "1 of 2 servers ready"), PHASE_DEGRADED);
	assert_int_equal(phase_stuck(&facts), REASON_NONE);
}

static void test_own_domain(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(own_domain_of("nameserver 10.96.0.10\nsearch x.svc.cluster.local svc.cluster.local cluster.local\n", arena), "cluster.local");
	assert_null(own_domain_of("search example.com svc.\noptions ndots:5\n# ssvc.x\n", arena));
	assert_null(own_domain_of("", arena));
	assert_null(own_domain_hint(NULL, "a", arena));
	assert_null(own_domain_hint("Cluster.local.", "cluster.local", arena));
	assert_string_equal(own_domain_hint("cluster.local", "a", arena), "spec.clusterDomain is 'a', but the operator's own pod is in 'cluster.local': where the "
									    "first is wrong, servers do not find each other; set it to the second");
}

// A3: a pod that the API server does not let be made, beside what else there is to say.
static void test_uncreated(void **state)
{
	struct pod pod = ready_pod("r2");
	struct phase_facts facts = standalone(&pod);

	(void)state;
	facts.servers = 2;
	facts.uncreated = "n-1 cannot be made: no; mend it";
	assert_int_equal(judge(&facts, "1 of 2 servers ready; n-1 cannot be made: no; mend it"), PHASE_FORMING);
	assert_int_equal(phase_stuck(&facts), REASON_POD_NOT_CREATED);
	pod.ready = false;
	pod.problem = "ended with exit code 1";
	assert_int_equal(judge(&facts, "0 of 2 servers ready; n-0: ended with exit code 1; n-1 cannot be made: no; mend it"), PHASE_FORMING);
	pod.ends = 3;
	assert_int_equal(phase_stuck(&facts), REASON_SERVER_FAILS);
	// In a roll it is what the others wait for.
	facts.formed = true;
	facts.roll_waiting = "waiting for n-1";
	pod = ready_pod("r1");
	assert_int_equal(judge(&facts, "1 of 2 servers still to be replaced; 0 of 2 servers ready; n-1 cannot be made: no; mend it"), PHASE_UPDATING);
	facts.uncreated = NULL;
	assert_int_equal(judge(&facts, "1 of 2 servers still to be replaced; waiting for n-1"), PHASE_UPDATING);
	assert_int_equal(phase_stuck(&facts), REASON_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offline),
		cmocka_unit_test(test_ready),
		cmocka_unit_test(test_terminating_pod_does_not_count),
		cmocka_unit_test(test_problem_is_named),
		cmocka_unit_test(test_unbound_claim), cmocka_unit_test(test_growing_claim), cmocka_unit_test(test_growth_stalls), cmocka_unit_test(test_domain_hint), cmocka_unit_test(test_own_domain),
		cmocka_unit_test(test_refusal_and_waiting),
		cmocka_unit_test(test_change_waits),
		cmocka_unit_test(test_cluster_ready),
		cmocka_unit_test(test_database_stopped),
		cmocka_unit_test(test_cluster_not_asked),
		cmocka_unit_test(test_cluster_changes),
		cmocka_unit_test(test_stalled),
		cmocka_unit_test(test_lost_server),
		cmocka_unit_test(test_stuck),
		cmocka_unit_test(test_unsteady),
		cmocka_unit_test(test_uncreated),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
