// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/draft.h"

#include <string.h>

#include "base/json.h"
#include "operator/fleet/entry_trial.h"
#include "operator/object/known_version.h"
#include "operator/object/live_set.h"

static const struct live_set nothing;

// The records and the certificate's mark stay as they are on the StatefulSet: only the operator's own looks could change them.
static struct workload_inputs workload_of(const struct draft *draft, const struct plugin_plan *plan)
{
	const struct live_set *live = draft->live;

	return (struct workload_inputs){
		.dbms = &draft->dbms,
		.names = &draft->names,
		.digest = plan->settings.digest,
		.plugins = plan->merge.value,
		.declared = plan->merge.declared,
		.plugins_ref = live->plugins_ref,
		.server_version = draft->told,
		.fleet_entry = draft->fleet_entry,
		.withdrawn = live->withdrawn,
		.unready = live->unready,
		.certificate = draft->dbms.tls_secret ? draft->certificate : NULL,
		.volume_size = live->volume_size,
		.restarted = live->restarted,
		.replicas = draft->dbms.servers,
	};
}

// The operator notes the digest of the template without its Fleet Manager entry on the StatefulSet.
static int record_entry(struct draft *draft, const struct plugin_plan_inputs *inputs, struct arena *arena, struct err *err)
{
	struct plugin_plan_inputs other = *inputs;
	struct entry_trial_facts facts = {0};
	struct workload_inputs with, without;
	struct plugin_plan plan;
	int r;

	other.fleet = false;
	r = plugin_plan_make(&other, arena, &plan, err);
	if (r < 0)
		return r;
	with = workload_of(draft, &draft->plan);
	without = workload_of(draft, &plan);
	entry_trial_compare(&with, &without, arena, &facts);
	draft->fleet_entry = entry_trial_record(&facts, arena);
	return 0;
}

int draft_make(const struct draft_source *source, struct arena *arena, struct draft *ret, struct err *err)
{
	struct plugin_claims_target target;
	struct plugin_plan_inputs inputs = {.dbms = &ret->dbms, .names = &ret->names, .claims = &ret->claims};
	struct known_version known;
	int r;

	*ret = (struct draft){.live = source->live ? source->live : &nothing, .certificate = source->certificate};
	r = dbms_decode(source->root, arena, &ret->dbms, err);
	if (r < 0)
		return r;
	if (!*ret->dbms.metadata.namespace)
		ret->dbms.metadata.namespace = source->namespace;
	known = known_version_of(&ret->dbms, ret->live, arena);
	ret->version = known.version;
	ret->told = known.told;
	ret->form = known.fleet_form;
	if (ret->form == FLEET_FORM_REFUSED)
		return err_set(err, ERR_INVALID, "%s", version_refusal(ret->dbms.image.tag, NULL, arena));
	names_of(&ret->dbms, arena, &ret->names);
	target = (struct plugin_claims_target){ret->dbms.metadata.name, ret->dbms.kind == DBMS_CLUSTER, ret->version};
	plugin_claims_judge(source->plugins, source->n_plugins, &target, arena, &ret->claims);
	inputs.servers = ret->dbms.servers;
	inputs.version = ret->version;
	inputs.live = ret->live;
	inputs.fleet = ret->dbms.fleet.enabled && !ret->live->withdrawn;
	r = plugin_plan_make(&inputs, arena, &ret->plan, err);
	if (r < 0)
		return r;
	ret->fleet_entry = ret->live->fleet_entry;
	return source->live ? 0 : record_entry(ret, &inputs, arena, err);
}

// The API server refuses an owner without a uid, so it is left out.
static const char *without_owner(const char *child, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *copy = yyjson_val_mut_copy(doc, json_parse(arena, child, strlen(child)));

	(void)yyjson_mut_obj_remove_key(yyjson_mut_obj_get(copy, "metadata"), "ownerReferences");
	yyjson_mut_doc_set_root(doc, copy);
	return json_text(arena, doc);
}

size_t draft_children(const struct draft *draft, struct arena *arena, const char *ret[CHILD_COUNT])
{
	const struct workload_inputs workload = workload_of(draft, &draft->plan);
	struct manifest manifests[CHILD_COUNT];
	size_t n = manifests_of(&workload, draft->plan.settings.config_map, arena, manifests);

	for (size_t i = 0; i < n; i++)
		ret[i] = *draft->dbms.metadata.uid ? manifests[i].json : without_owner(manifests[i].json, arena);
	return n;
}
