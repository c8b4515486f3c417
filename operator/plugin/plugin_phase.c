// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/plugin/plugin_phase.h"

#include <assert.h>

#include "operator/object/reason.h"

// A ready server has loaded its plugins, but the first look may come a moment too early.
#define CONNECTION_WATCH_THAT_FAIL 3

const char *plugin_phase_name(enum plugin_phase phase)
{
	static const char *const names[] = {"Waiting", "Installing", "Ready", "Disabled", "Failed"};

	return names[phase];
}

static void settle(struct plugin_verdict *ret, enum plugin_phase phase, enum reason reason, const char *message)
{
	*ret = (struct plugin_verdict){.phase = phase, .reason = reason, .message = message};
}

// What we can tell without asking the target's servers; false when that is not enough.
static bool judge_claim(const struct plugin_facts *facts, struct arena *arena, struct plugin_verdict *ret)
{
	const struct plugin_claim *claim = facts->claim;

	if (claim->verdict == CLAIM_REFUSED && !claim->name)
		settle(ret, PLUGIN_FAILED, claim->reason, claim->message);
	else if (claim->verdict == CLAIM_DISABLED)
		settle(ret, PLUGIN_DISABLED, REASON_DISABLED, "Disabled in the spec: nothing in NEO4J_PLUGINS is because of it");
	else if (!facts->target)
		settle(ret, PLUGIN_WAITING, REASON_TARGET_NOT_FOUND,
		       arena_printf(arena,
				    "Waiting for a Neo4jEnterpriseCluster or a Neo4jEnterpriseStandalone named '%s' in this namespace",
				    claim->plugin.cluster_ref));
	else if (claim->verdict == CLAIM_REFUSED)
		settle(ret, PLUGIN_FAILED, claim->reason, claim->message);
	else if (claim->verdict == CLAIM_WAITING)
		settle(ret, PLUGIN_WAITING, claim->reason, claim->message);
	else
		return false;
	return true;
}

static bool judge_template(const struct plugin_facts *facts, struct arena *arena, struct plugin_verdict *ret)
{
	if (facts->target_problem)
		settle(ret, PLUGIN_WAITING, REASON_TARGET_NOT_READY,
		       arena_printf(arena, "Waiting for %s: %s", facts->target, facts->target_problem));
	else if (facts->malformed)
		settle(ret, PLUGIN_FAILED, REASON_PLUGINS_MALFORMED, facts->malformed);
	else if (!facts->planned && !facts->seen_before)
		settle(ret, PLUGIN_INSTALLING, REASON_INSTALLING, arena_printf(arena, "The plugin is being added to %s", facts->target));
	else if (facts->current < facts->servers && !facts->seen_before)
		settle(ret, PLUGIN_INSTALLING, REASON_INSTALLING,
		       arena_printf(arena, "%zu of %zu servers run with the plugin", facts->current, facts->servers));
	else
		return false;
	return true;
}

bool plugin_phase_needs_sight(const struct plugin_facts *facts)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct plugin_verdict verdict;

	return !judge_claim(facts, arena, &verdict) && !judge_template(facts, arena, &verdict) && facts->procedures &&
	       facts->planned && facts->current >= facts->servers;
}

static void judge_sight(const struct plugin_facts *facts, struct arena *arena, struct plugin_verdict *ret)
{
	const char *name = facts->claim->name;

	if (!facts->procedures)
		settle(ret, PLUGIN_READY, REASON_READY,
		       arena_printf(arena, "The servers were started with '%s'; its procedures are not known here, so they were not looked for",
				    name));
	else if (facts->sight == PLUGIN_SEEN ||
		 (facts->sight != PLUGIN_NOT_SEEN && facts->seen_before && facts->failures < CONNECTION_WATCH_THAT_FAIL))
		settle(ret, PLUGIN_READY, REASON_READY, arena_printf(arena, "The procedures of '%s' are there", name));
	else if (facts->sight == PLUGIN_NOT_ANSWERED)
		settle(ret, PLUGIN_INSTALLING, facts->problem_reason, facts->problem);
	else if (facts->sight == PLUGIN_NOT_ASKED || facts->failures < CONNECTION_WATCH_THAT_FAIL)
		settle(ret, PLUGIN_INSTALLING, REASON_INSTALLING,
		       arena_printf(arena, "Waiting for procedures or functions %s to be there", facts->procedures));
	else
		settle(ret, PLUGIN_FAILED, REASON_PROCEDURES_MISSING,
		       arena_printf(arena,
				    "The servers were started with '%s', but have no procedure or function %s: check that the image "
				    "brings the plugin, or can download it, and that dbms.security.procedures.allowlist lets it load",
				    name, facts->procedures));
}

void plugin_phase_judge(const struct plugin_facts *facts, struct arena *arena, struct plugin_verdict *ret)
{
	if (!judge_claim(facts, arena, ret) && !judge_template(facts, arena, ret))
		judge_sight(facts, arena, ret);
	assert(ret->reason && ret->message);
}
