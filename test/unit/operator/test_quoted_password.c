// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// D8: a server may quote the password that it was sent, in whatever it says. Here is every way but the registration's
// (test_registration_exchange.c) in which its words get into a status.

#include "base/log.h"
#include "lone_server.h"
#include "operator/cluster/cluster_steps.h"

#define QUOTE "Neo.ClientError.Statement." LONE_PASSWORD
#define FAILING(text) {.statement = (text), .code = QUOTE, .message = "user neo4j with " LONE_PASSWORD " may not do that"}

static void assert_hidden(const char *text)
{
	assert_non_null(text);
	assert_null(strstr(text, LONE_PASSWORD));
	assert_non_null(strstr(text, "[redacted]"));
}

static void test_a_question(void **state)
{
	static const struct peer_reply replies[] = {FAILING("SHOW PROCEDURES"), FAILING("CALL fleetManagement.inspectToken()")};
	struct access_problem problem;
	struct lone_server world;
	struct query_token token;
	bool present;

	(void)state;
	lone_begin(&world, replies, 2);
	assert_false(query_procedures(&world.query, &world.pod, "apoc.", &present, &problem));
	assert_hidden(problem.message);
	assert_false(query_token(&world.query, &world.pod, &token, &problem));
	assert_hidden(problem.message);
	lone_end(&world, 2);
}

static void test_a_refused_login(void **state)
{
	struct access_problem problem;
	struct lone_server world;
	const char *version;

	(void)state;
	lone_begin(&world, NULL, 0);
	world.book.refuse_code = "Neo.ClientError.Security." LONE_PASSWORD;
	assert_false(query_version(&world.query, &world.pod, &version, &problem));
	assert_hidden(problem.message);
	lone_end(&world, 1);
}

static struct deployment cluster_of(struct lone_server *world)
{
	static const char json[] = "{\"metadata\":{\"name\":\"a\"}}";

	world->dbms.kind = DBMS_CLUSTER;
	world->names = (struct names){.workload = "a", .domain = "a-headless.ns.svc.cluster.local"};
	return (struct deployment){
		.keyring = &world->keyring, .login = &world->memory->login,
		.dbms = world->dbms,
		.names = world->names,
		.workload = kube_object_parse(json, strlen(json)),
		.live = {.replicas = 1},
		.pods = &world->pod,
		.n_pods = 1,
	};
}

static void test_a_survey(void **state)
{
	static const struct peer_reply replies[] = {FAILING("SHOW SERVERS")};
	const struct survey *survey;
	struct err err = ERR_INIT;
	struct lone_server world;
	struct deployment deployment;

	(void)state;
	lone_begin(&world, replies, 1);
	deployment = cluster_of(&world);
	assert_int_equal(cluster_survey(&world.context, &world.memory->cluster, &deployment, true, &survey, &err), 0);
	assert_hidden(survey->problem);
	kube_object_unref(deployment.workload);
	lone_end(&world, 1);
}

// The operator keeps a server's answer to a step for the status, until the next survey.
static void test_a_step(void **state)
{
	static const struct peer_reply replies[] = {FAILING("ENABLE SERVER")};
	const struct scale_decision decision = {.action = SCALE_ENABLE, .message = "enabling", .servers = {"id-0"}, .n_servers = 1};
	struct topology_copy copy = {.database = "system",
				     .address = "a-0.a-headless.ns.svc.cluster.local:7687",
				     .writer = true,
				     .requested = "online",
				     .current = "online"};
	struct err err = ERR_INIT;
	struct lone_server world;
	struct deployment deployment;

	(void)state;
	lone_begin(&world, replies, 1);
	deployment = cluster_of(&world);
	world.memory->cluster.last = survey_new();
	world.memory->cluster.last->copies = (struct topology_copies){.items = &copy, .n = 1};
	assert_int_equal(cluster_act(&world.context, &world.memory->cluster, &deployment, &decision, &err), 0);
	assert_hidden(world.memory->cluster.refused);
	kube_object_unref(deployment.workload);
	lone_end(&world, 1);
}

static int quiet(void **state)
{
	(void)state;
	log_set_level(LOG_ERROR + 1);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_question),
		cmocka_unit_test(test_a_refused_login),
		cmocka_unit_test(test_a_survey),
		cmocka_unit_test(test_a_step),
	};

	return cmocka_run_group_tests(tests, quiet, NULL);
}
