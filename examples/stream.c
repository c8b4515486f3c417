// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A session: work that is tried again when the cluster changes its leader, and a result of any size in bounded memory: stream URI.

#include <stdio.h>
#include <stdlib.h>

#include <bolt/session.h>

// Any number of times, until it is committed.
static int add_person(struct bolt_tx *tx, void *user, int64_t deadline, struct bolt_err *err)
{
	const struct bolt_entry params[] = {{"name", bolt_string(user)}};
	const struct bolt_value map = bolt_map(params, 1);
	const struct bolt_statement statement = {.text = "MERGE (:Person {name: $name})", .params = &map};
	bolt_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	const struct bolt_summary *summary;

	if (bolt_tx_run(tx, &statement, deadline, &result, err) < 0 || bolt_result_consume(result, deadline, &summary, err) < 0)
		return err->kind;
	printf("%lld nodes created\n", (long long)summary->counters.nodes_created);
	return 0;
}

static int count(struct bolt_session *session, struct bolt_err *err)
{
	const struct bolt_statement statement = {.text = "UNWIND range(1, 1000000) AS n RETURN n"};
	bolt_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	int64_t deadline = bolt_deadline_in_ms(60000), sum = 0;
	const struct bolt_value *row;
	int r = bolt_session_run(session, &statement, deadline, &result, err);

	while (r >= 0 && (r = bolt_result_next(result, deadline, &row, err)) > 0)
		sum += bolt_as_int(bolt_result_get(result, row, "n"), 0);
	if (r == 0)
		printf("the sum is %lld\n", (long long)sum);
	return r;
}

int main(int argc, char **argv)
{
	const char *password = getenv("NEO4J_PASSWORD");
	struct bolt_driver_options options = {.uri = argc > 1 ? argv[1] : "neo4j://localhost"};
	bolt_cleanup_(bolt_driver_freep) struct bolt_driver *driver = NULL;
	bolt_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	char name[] = "Eva";
	const struct bolt_job job = {.work = add_person, .user = name};
	struct bolt_err err = BOLT_ERR_INIT;

	if (password)
		options.auth = bolt_auth_basic("neo4j", password);
	if (bolt_driver_new(&options, &driver, &err) < 0 || bolt_session_new(driver, NULL, &session, &err) < 0 ||
	    bolt_session_execute(session, &job, bolt_deadline_in_ms(10000), &err) < 0 || count(session, &err) < 0) {
		fprintf(stderr, "%s %s\n", err.code, err.text);
		return 1;
	}
	return 0;
}
