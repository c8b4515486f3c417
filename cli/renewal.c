// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/renewal.h"

#include "cli/kinds.h"
#include "cli/portrait.h"
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

int renewal_request(struct program *program, const char *reference, struct dbms *ret, struct err *err)
{
	struct err invalid = ERR_INIT;
	yyjson_val *object;
	int r = portrait_find(program, reference, &object, err);

	if (r < 0)
		return r;
	// The operator itself reports a spec that is invalid elsewhere.
	(void)dbms_decode(object, program->arena, ret, &invalid);
	r = check(ret, err);
	if (r < 0)
		return r;
	return kube_patch(program->client, ret->kind == DBMS_CLUSTER ? &kinds_clusters : &kinds_standalones,
			  (struct kube_name){ret->metadata.namespace, ret->metadata.name}, "status", KUBE_PATCH_MERGE, PATCH, NULL, err);
}
