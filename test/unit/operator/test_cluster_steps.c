// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B8: a ready pod that the others do not list is asked itself what it belongs to. Both pods have the address of one scripted server, which
// answers for one after the other.

#include "lone_server.h"
#include "operator/cluster/cluster_steps.h"

#define STRING(text) {.type = BOLT_STRING, .size = sizeof(text) - 1, .string = (text)}
#define HOST(pod) pod ".a-headless.ns.svc.cluster.local:7687"
#define SERVER(id, pod)                                                                                                            \
	{                                                                                                                          \
		{"serverId", STRING(id)}, {"name", STRING(id)}, {"address", STRING(HOST(pod))}, {"state", STRING("Enabled")},        \
			{"health", STRING("Available")},                                                                            \
	}
#define ROW(of) {.statement = "SHOW SERVERS", .row = (of), .n = sizeof(of) / sizeof((of)[0])}
#define DATABASES {.statement = "SHOW DATABASES"}

static const struct bolt_entry first[] = SERVER("id-0", "a-0");
static const struct bolt_entry second[] = SERVER("id-1", "a-1");

static struct deployment two_pods(struct lone_server *world, struct pod pods[2])
{
	static const char workload[] = "{\"metadata\":{\"name\":\"a\"}}";

	// The Secret is told by no path, and answers for the second pod, too.
	(void)snprintf(world->secret, sizeof(world->secret),
		       "{\"data\":{\"password\":\"dmVyeS1zZWNyZXQ=\"},\"metadata\":{\"name\":\"a-1\",\"uid\":\"u\"},\"status\":{\"podIP\":\"%s\","
		       "\"conditions\":[{\"type\":\"Ready\",\"status\":\"True\"}]}}",
		       world->address);
	pods[0] = pods[1] = world->pod;
	pods[1].name = "a-1";
	world->dbms.kind = DBMS_CLUSTER;
	world->dbms.servers = 1; // the second is to leave
	world->names = (struct names){.workload = "a", .domain = "a-headless.ns.svc.cluster.local"};
	return (struct deployment){
		.keyring = &world->keyring, .login = &world->memory->login,
		.dbms = world->dbms,
		.names = world->names,
		.workload = kube_object_parse(workload, strlen(workload)),
		.live = {.replicas = 2},
		.pods = pods,
		.n_pods = 2,
	};
}

static void test_an_outsider_is_asked_itself(void **state)
{
	static const struct peer_reply apart[] = {ROW(first), DATABASES, ROW(second)}, known[] = {ROW(first), DATABASES, ROW(first)};
	static const struct peer_reply silent[] = {ROW(first), DATABASES, {.statement = "SHOW SERVERS", .drop = true}};
	static const struct {
		const struct peer_reply *replies;
		const char *says;
	} cases[] = {
		{apart, "it is in another cluster, which lists 1 server"},
		{known, "it lists 1 server, of which they know 1"},
		{silent, "it does not tell ("},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct survey *survey;
		struct err err = ERR_INIT;
		struct lone_server world;
		struct deployment deployment;
		struct pod pods[2];
		const char *says;

		lone_begin(&world, cases[i].replies, 3);
		deployment = two_pods(&world, pods);
		assert_int_equal(cluster_survey(&world.context, &world.memory->cluster, &deployment, true, &survey, &err), 0);
		assert_null(survey->problem);
		assert_string_equal(survey->asked, "a-0");
		says = survey_outsider_says(survey, "a-1");
		assert_non_null(says);
		assert_int_equal(strncmp(says, cases[i].says, strlen(cases[i].says)), 0);
		kube_object_unref(deployment.workload);
		lone_end(&world, 2);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_an_outsider_is_asked_itself)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
