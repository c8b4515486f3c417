// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/renewal.h"

static int run(struct program *program, struct err *err)
{
	struct dbms dbms;
	int r;

	if ((r = program_connect(program, err)) < 0 || (r = renewal_request(program, program->call.args[0], &dbms, err)) < 0)
		return r;
	(void)fprintf(program->streams.out, "%s %s/%s will be registered with the token in Secret '%s'; see %s status %s\n", dbms.api_kind,
		      dbms.metadata.namespace, dbms.metadata.name, dbms.fleet.token_secret, program->name, dbms.metadata.name);
	return EXIT_FINE;
}

static const struct flag *const flags[] = {FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {
	{"get", "neo4jenterpriseclusters.neo4j.neo4j.com", "to find it", true},
	{"get", "neo4jenterprisestandalones.neo4j.neo4j.com", "to find it", true},
	{"patch", "neo4jenterpriseclusters/status, neo4jenterprisestandalones/status", "to have it registered", true},
	{0},
};

const struct command command_register = {
	.name = "register",
	.args = "NAME",
	.summary = "has a deployment registered anew, with the token that its Secret holds now",
	.text = "For a token that was made by hand: put it into the Secret first. A server that holds a newer token of the same project keeps it. The operator does the rest "
		"when the deployment is Ready.",
	.example = "register orders -n shop",
	.flags = flags,
	.rights = rights,
	.min_args = 1,
	.max_args = 1,
	.run = run,
};
