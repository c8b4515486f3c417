// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/plugin_entry.h"

#include <assert.h>
#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "operator/fleet/gates.h"
#include "operator/fleet/registration_exchange.h"
#include "operator/object/condition.h"
#include "operator/object/live_set.h"
#include "operator/object/reason.h"
#include "operator/server/query.h"

// Switching Fleet Manager off may take half a minute; an attempt that begins within this time ends within that.
#define DISABLE_MS INT64_C(18000)
#define DISABLE_RETRY_MS INT64_C(2000)

struct step {
	const struct query *query; // to the servers of the deployment
	struct plugin_entry_memory *memory;
	const struct deployment *deployment;
	struct plugin_entry *entry;
};

static void again(struct step *step, int64_t ms)
{
	if (ms > 0 && (step->entry->again_after_ms == 0 || ms < step->entry->again_after_ms))
		step->entry->again_after_ms = ms;
}

static bool runs_wanted_image(const struct deployment *deployment)
{
	return deployment->live.image && strcmp(deployment->live.image, deployment->dbms.image.reference) == 0;
}

// C8: the roll was for the entry alone, and a server does not come up with it.
static void withdraw(struct step *step)
{
	const struct deployment *deployment = step->deployment;
	struct plugin_entry *entry = step->entry;
	struct arena *arena = step->query->arena;
	const struct pod *pod;

	if (!entry->fleet || !runs_wanted_image(deployment))
		return;
	pod = entry_trial_failure(deployment->live.fleet_entry, live_set_revision(&deployment->live), deployment->pods, deployment->n_pods);
	if (!pod)
		return;
	entry->withdrawal = (struct entry_trial_withdrawal){
		.image = deployment->dbms.image.reference,
		.generation = deployment->dbms.metadata.generation,
		.words = pod->last_words ? arena_printf(arena, "%s: %s", pod->name, pod->last_words) : pod->name,
	};
	entry->withdrawn = entry_trial_withdrawal_print(&entry->withdrawal, arena);
	entry->fleet = false;
	entry->withdrew = true;
}

static void ask_for_version(struct step *step, const struct pod *pod, const char *basis)
{
	struct retry *retry = &step->memory->version;
	struct access_problem problem;
	const char *version;
	bool refused;

	if (query_version(step->query, pod, &version, &problem)) {
		retry_succeed(retry, basis);
		step->entry->version = known_version_told(&step->deployment->dbms, version, step->query->arena);
		return;
	}
	refused = problem.reason == REASON_CREDENTIALS_REFUSED;
	again(step, retry_fail(retry, basis, problem.reason, problem.message, refused ? ACCESS_REFUSED_MS : 0));
	step->entry->not_asked = problem.message;
}

// C4: asks once for each run of a server of this image, and records the answer on the StatefulSet.
static void learn_version(struct step *step, bool plugins)
{
	const struct deployment *deployment = step->deployment;
	const struct live_set *live = &deployment->live;
	struct version tag = version_of_tag(deployment->dbms.image.tag);
	const struct pod *pod;
	const char *basis;
	int64_t left;

	if (tag.family != VERSION_UNDECIDABLE || (!deployment->dbms.fleet.enabled && !plugins))
		return;
	if (!step->entry->version.told)
		step->entry->not_asked = "no server runs yet";
	pod = runs_wanted_image(deployment) && live_set_revision(live) ? ask_whom(&step->query->servers, live_set_revision(live)) : NULL;
	if (!pod)
		return;
	basis = arena_printf(step->query->arena, "%s %s/%lld", deployment->dbms.image.reference, pod->uid, (long long)pod->restarts);
	switch (retry_step(&step->memory->version, basis, &left)) {
	case RETRY_ANSWERED:
		if (step->entry->version.told)
			break;
		// The answer did not reach the record.
		// fall through
	case RETRY_ASK:
		step->entry->not_asked = NULL;
		ask_for_version(step, pod, basis);
		break;
	case RETRY_WAIT:
		again(step, left);
		step->entry->not_asked = step->memory->version.message;
		break;
	}
	if (step->entry->version.told)
		step->entry->not_asked = NULL;
}

// The status says so once a server was told, or the time for telling was over.
static bool is_off_already(const struct deployment *deployment)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(deployment->dbms.status.conditions);
	yyjson_val *item;

	while ((item = yyjson_arr_iter_next(&iter))) {
		if (yyjson_equals_str(yyjson_obj_get(item, "type"), CONDITION_FLEET_REGISTERED))
			return reason_of(yyjson_get_str(yyjson_obj_get(item, "reason"))) == REASON_DISABLED;
	}
	return false;
}

static bool tell_server(struct step *step)
{
	struct plugin_entry_memory *memory = step->memory;
	struct access_problem problem;

	if (memory->disable.done)
		return true;
	if (!memory->disable.since_ms)
		memory->disable.since_ms = clock_monotonic_ms(&clock_system);
	fault_point("before-disable");
	if (query_disable(step->query, &problem)) {
		fault_point("after-disable");
		memory->disable.done = true;
		return true;
	}
	step->entry->untold = problem.message;
	return false;
}

// C7: the entry stays until a server was told, but only for some time. If this operator is killed in between, the next one begins anew.
static void switch_off(struct step *step)
{
	const struct deployment *deployment = step->deployment;
	struct plugin_entry_memory *memory = step->memory;
	const struct dbms *dbms = &deployment->dbms;

	step->entry->was_off = is_off_already(deployment);
	if (dbms->fleet.enabled || !dbms->status.last_registration || !deployment->workload || step->entry->was_off) {
		memset(&memory->disable, 0, sizeof(memory->disable));
		return;
	}
	if (tell_server(step) || clock_monotonic_ms(&clock_system) - memory->disable.since_ms >= DISABLE_MS)
		return;
	step->entry->disabling = true;
	step->entry->fleet = entry_trial_has_entry(deployment->live.fleet_entry);
	again(step, DISABLE_RETRY_MS);
}

// The state before this pass changes anything.
static struct plugin_entry begin(const struct deployment *deployment, struct arena *arena)
{
	const struct dbms *dbms = &deployment->dbms;
	struct plugin_entry entry = {.version = deployment->version, .own = dbms_brings_fleet(dbms)};

	if (entry_trial_withdrawal_holds(deployment->live.withdrawn, dbms->image.reference, dbms->metadata.generation, arena, &entry.withdrawal))
		entry.withdrawn = deployment->live.withdrawn;
	entry.fleet = dbms->fleet.enabled && !entry.withdrawn;
	return entry;
}

void plugin_entry_decide(const struct query *query, struct plugin_entry_memory *memory, const struct deployment *deployment, bool plugins,
			 struct plugin_entry *ret)
{
	struct step step = {.query = query, .memory = memory, .deployment = deployment, .entry = ret};

	*ret = begin(deployment, query->arena);
	learn_version(&step, plugins);
	withdraw(&step);
	switch_off(&step);
	// A withdrawn entry stays only while the operator must still tell a server.
	assert(!ret->withdrawn || !ret->fleet || ret->disabling);
}

const char *plugin_entry_obstacle(const struct plugin_entry *entry, const char *malformed, struct arena *arena, enum reason *ret_reason)
{
	if (entry->version.fleet_form == FLEET_FORM_NONE && !entry->own) {
		*ret_reason = REASON_VERSION_UNSUPPORTED;
		return arena_printf(arena,
				    "Neo4j %s brings no fleet-management plugin; use 5.26.12 or newer, or 2025.08 or newer, or bring the plugin's jar and "
				    "name " DBMS_OWN_FLEET_PATTERN " in spec.config's " DBMS_OWN_FLEET_SETTING,
				    version_text(&entry->version.version, arena));
	}
	if (entry->withdrawn) {
		*ret_reason = REASON_FLEET_PLUGIN_WITHDRAWN;
		return arena_printf(arena,
				    "The entry fleet-management was withdrawn, because a server did not come up with it (%.400s); it is "
				    "tried again when the image or the spec changes",
				    entry->withdrawal.words);
	}
	if (malformed && entry->version.fleet_form == FLEET_FORM_PLUGIN) {
		*ret_reason = REASON_PLUGINS_MALFORMED;
		return malformed;
	}
	return NULL;
}
