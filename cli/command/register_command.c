// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The one status field that the operator reads as an input is set to false, as the page on Fleet Management says it: it registers anew then, with the
// token that the Secret holds.

#include "api/dbms.h"
#include "cli/kinds.h"
#include "cli/portrait.h"
#include "cli/program.h"
#include "kube/client.h"

#define PATCH "{\"status\":{\"auraFleetManagement\":{\"registered\":false}}}"

static int check(const struct dbms *dbms, struct err *err)
{
	if (!dbms->fleet.enabled)
		return err_set(err, ERR_INVALID, "%s '%s' takes no part in Fleet Management; set spec.auraFleetManagement.enabled to true", dbms->api_kind,
			       dbms->metadata.name);
	if (!dbms->fleet.token_secret)
		return err_set(err, ERR_INVALID, "%s '%s' has no token; set spec.auraFleetManagement.tokenSecretRef", dbms->api_kind, dbms->metadata.name);
	return 0;
}

static int run(struct program *program, struct err *err)
{
	struct err invalid = ERR_INIT;
	struct dbms dbms;
	yyjson_val *object;
	int r;

	if ((r = program_connect(program, err)) < 0 || (r = portrait_find(program, program->call.args[0], &object, err)) < 0)
		return r;
	// Of a spec that is invalid elsewhere the operator says so itself.
	(void)dbms_decode(object, program->arena, &dbms, &invalid);
	r = check(&dbms, err);
	if (r < 0)
		return r;
	r = kube_patch(program->client, dbms.kind == DBMS_CLUSTER ? &kinds_clusters : &kinds_standalones,
		       (struct kube_name){dbms.metadata.namespace, dbms.metadata.name}, "status", KUBE_PATCH_MERGE, PATCH, NULL, err);
	if (r < 0)
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
