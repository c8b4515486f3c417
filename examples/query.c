// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// One query with a parameter, all rows at once: query URI. The password is in NEO4J_PASSWORD.

#include <stdio.h>
#include <stdlib.h>

#include <bolt/driver.h>

static int print_names(struct bolt_driver *driver, struct bolt_err *err)
{
	const struct bolt_entry params[] = {{"least", bolt_int(3)}};
	const struct bolt_value map = bolt_map(params, 1);
	const struct bolt_call call = {
		.text = "UNWIND range(1, 5) AS n WITH n WHERE n >= $least RETURN n, 'number ' + n AS name",
		.params = &map,
		.read = true,
	};
	bolt_cleanup_(bolt_arena_freep) struct bolt_arena *arena = bolt_arena_new();
	struct bolt_answer answer;

	if (bolt_driver_query(driver, &call, bolt_deadline_in_ms(10000), arena, &answer, err) < 0)
		return err->kind;
	for (uint32_t row = 0; row < answer.n_rows; row++)
		printf("%lld: %s\n", (long long)bolt_as_int(bolt_answer_get(&answer, row, "n"), 0),
		       bolt_as_string(bolt_answer_get(&answer, row, "name")));
	return 0;
}

int main(int argc, char **argv)
{
	const char *password = getenv("NEO4J_PASSWORD");
	struct bolt_driver_options options = {.uri = argc > 1 ? argv[1] : "bolt://localhost", .retry_ms = -1};
	bolt_cleanup_(bolt_driver_freep) struct bolt_driver *driver = NULL;
	struct bolt_err err = BOLT_ERR_INIT;

	if (password)
		options.auth = bolt_auth_basic("neo4j", password);
	if (bolt_driver_new(&options, &driver, &err) < 0 || print_names(driver, &err) < 0) {
		fprintf(stderr, "%s %s\n", err.code, err.text);
		return 1;
	}
	return 0;
}
