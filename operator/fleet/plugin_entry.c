// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/plugin_entry.h"

#include <string.h>

#include "base/clock.h"
#include "base/fault.h"
#include "operator/fleet/gates.h"
#include "operator/fleet/registration_exchange.h"
#include "operator/object/condition.h"
#include "operator/object/live_set.h"
#include "operator/object/reason.h"
#include "operator/server/query.h"

// An attempt that begins within this time ends within the half minute that a switched off Fleet Manager may take.
#define DISABLE_MS INT64_C(18000)
#define DISABLE_RETRY_MS INT64_C(2000)
#define REFUSED_RETRY_MS INT64_C(60000)

struct step {
	const struct context *context;
	struct plugin_entry_memory *memory;
	struct inputs *inputs;
	struct arena *arena;
	struct plugin_entry *entry;
};

static struct query query_of(const struct step *step)
{
	return (struct query){
		.context = step->context,
		.memory = step->inputs->login,
		.servers = access_servers(step->inputs),
		.arena = step->arena,
	};
}

static void again(struct step *step, int64_t ms)
{
	if (ms > 0 && (step->entry->again_after_ms == 0 || ms < step->entry->again_after_ms))
		step->entry->again_after_ms = ms;
}

static bool runs_wanted_image(const struct inputs *inputs)
{
	return inputs->live.image && strcmp(inputs->live.image, inputs->dbms.image.reference) == 0;
}

// C8: the roll was for the entry alone, and a server does not come up with it.
static void withdraw(struct step *step)
{
	struct inputs *inputs = step->inputs;
	const struct pod *pod;

	if (!inputs->fleet || !runs_wanted_image(inputs))
		return;
	pod = entry_trial_failure(inputs->live.fleet_entry, live_set_revision(&inputs->live), inputs->pods, inputs->n_pods);
	if (!pod)
		return;
	inputs->withdrawal = (struct entry_trial_withdrawal){
		.image = inputs->dbms.image.reference,
		.generation = inputs->dbms.metadata.generation,
		.words = pod->last_words ? arena_printf(step->arena, "%s: %s", pod->name, pod->last_words)
					 : arena_strdup(step->arena, pod->name), // the pods are gathered anew before it is told
	};
	inputs->withdrawn = entry_trial_withdrawal_print(&inputs->withdrawal, step->arena);
	inputs->fleet = false;
	step->entry->withdrew = true;
}

static void ask_for_version(struct step *step, const struct pod *pod, const char *basis)
{
	struct query query = query_of(step);
	struct retry *retry = &step->memory->version;
	struct access_problem problem;
	const char *version;
	bool refused;

	if (query_version(&query, pod, &version, &problem)) {
		retry_succeed(retry, basis);
		gather_told(version, step->arena, step->inputs);
		return;
	}
	refused = problem.reason == REASON_CREDENTIALS_REFUSED;
	again(step, retry_fail(retry, basis, problem.reason, problem.message, refused ? REFUSED_RETRY_MS : 0));
	step->entry->not_asked = problem.message;
}

// C4: asked once for each run of a server of this image; the answer is recorded on the StatefulSet.
static void learn_version(struct step *step)
{
	struct inputs *inputs = step->inputs;
	struct version tag = version_of_tag(inputs->dbms.image.tag);
	struct query query = query_of(step);
	const struct pod *pod;
	const char *basis;
	int64_t left;

	if (tag.family != VERSION_UNDECIDABLE || (!inputs->dbms.fleet.enabled && !inputs->plugin_claims.n))
		return;
	if (!inputs->told)
		step->entry->not_asked = "no server runs yet";
	pod = runs_wanted_image(inputs) && live_set_revision(&inputs->live) ? ask_whom(&query.servers, live_set_revision(&inputs->live)) : NULL;
	if (!pod)
		return;
	basis = arena_printf(step->arena, "%s %s/%lld", inputs->dbms.image.reference, pod->uid, (long long)pod->restarts);
	switch (retry_step(&step->memory->version, basis, &left)) {
	case RETRY_ANSWERED:
		if (inputs->told)
			break;
		// The answer was not recorded, after all.
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
	if (inputs->told)
		step->entry->not_asked = NULL;
}

// The status says so once a server was told, or could not be told in time.
static bool is_off_already(const struct inputs *inputs)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(inputs->dbms.status.conditions);
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
	struct query query = query_of(step);
	struct access_problem problem;

	if (memory->disable.done)
		return true;
	if (!memory->disable.since_ms)
		memory->disable.since_ms = clock_monotonic_ms(&clock_system);
	fault_point("before-disable");
	if (query_disable(&query, &problem)) {
		fault_point("after-disable");
		memory->disable.done = true;
		return true;
	}
	step->entry->untold = problem.message;
	return false;
}

// C7: the entry stays until a server was told, for some time at most. Killed in between, the next operator begins anew.
static void switch_off(struct step *step)
{
	struct inputs *inputs = step->inputs;
	struct plugin_entry_memory *memory = step->memory;
	const struct dbms *dbms = &inputs->dbms;

	step->entry->was_off = is_off_already(inputs);
	if (dbms->fleet.enabled || !dbms->status.last_registration || !inputs->workload || step->entry->was_off) {
		memset(&memory->disable, 0, sizeof(memory->disable));
		return;
	}
	if (tell_server(step) || clock_monotonic_ms(&clock_system) - memory->disable.since_ms >= DISABLE_MS)
		return;
	step->entry->disabling = true;
	inputs->fleet = entry_trial_has_entry(inputs->live.fleet_entry);
	again(step, DISABLE_RETRY_MS);
}

void plugin_entry_decide(const struct context *context, struct plugin_entry_memory *memory, struct inputs *inputs, struct arena *arena,
			 struct plugin_entry *ret)
{
	struct step step = {.context = context, .memory = memory, .inputs = inputs, .arena = arena, .entry = ret};

	*ret = (struct plugin_entry){0};
	learn_version(&step);
	withdraw(&step);
	switch_off(&step);
}

const char *plugin_entry_obstacle(const struct inputs *inputs, const char *malformed, struct arena *arena, enum reason *ret_reason)
{
	if (inputs->fleet_form == FLEET_FORM_NONE) {
		*ret_reason = REASON_VERSION_UNSUPPORTED;
		return arena_printf(arena, "Neo4j %s brings no fleet-management plugin; use 5.26.12 or newer, or 2025.08 or newer",
				    version_text(&inputs->version, arena));
	}
	if (inputs->withdrawn) {
		*ret_reason = REASON_FLEET_PLUGIN_WITHDRAWN;
		return arena_printf(arena,
				    "The entry fleet-management was withdrawn, because a server did not come up with it (%.400s); it is "
				    "tried again when the image or the spec changes",
				    inputs->withdrawal.words);
	}
	if (malformed && inputs->fleet_form == FLEET_FORM_PLUGIN) {
		*ret_reason = REASON_PLUGINS_MALFORMED;
		return malformed;
	}
	return NULL;
}
