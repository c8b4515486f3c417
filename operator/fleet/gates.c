// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/gates.h"

#include "base/clock.h"
#include "operator/object/reason.h"

static void decide(struct fleet_decision *ret, enum fleet_step step, enum reason reason, const char *message)
{
	*ret = (struct fleet_decision){.step = step, .reason = reason, .message = message};
}

// The words from the switch-off stay: nobody asks again whether a server could be told.
static const char *off_message(const struct fleet_facts *facts, struct arena *arena)
{
	if (facts->off_message)
		return facts->off_message;
	if (facts->untold)
		return arena_printf(arena,
				    "Fleet management is disabled in the spec; no server could be told to forget its token (%s), so it may "
				    "still be there if the plugin comes back",
				    facts->untold);
	return "Fleet management is disabled in the spec";
}

const char *fleet_register_command(const struct dbms *dbms, struct arena *arena)
{
	return arena_printf(arena,
			    "kubectl patch %s %s --namespace %s --type=merge --subresource=status -p "
			    "'{\"status\":{\"auraFleetManagement\":{\"registered\":false}}}'",
			    dbms->kind == DBMS_CLUSTER ? "neo4jenterprisecluster" : "neo4jenterprisestandalone", dbms->metadata.name,
			    dbms->metadata.namespace);
}

bool fleet_is_copied(const char *created, const char *last_registration)
{
	int64_t made_ms, registered_ms;

	return created && last_registration && time_parse_rfc3339(created, &made_ms) == 0 &&
	       time_parse_rfc3339(last_registration, &registered_ms) == 0 && made_ms > registered_ms;
}

bool fleet_is_outdated(const char *since, const char *last_registration, int64_t now_ms, int64_t *ret_wait_ms)
{
	int64_t since_ms, registered_ms;

	*ret_wait_ms = 0;
	if (!since || time_parse_rfc3339(since, &since_ms) < 0)
		return false;
	since_ms -= since_ms % 1000;
	if (since_ms > now_ms) {
		*ret_wait_ms = since_ms - now_ms;
		return false;
	}
	return !last_registration || time_parse_rfc3339(last_registration, &registered_ms) < 0 || registered_ms < since_ms;
}

static bool follows(const struct fleet_facts *facts)
{
	return facts->follow_secret && facts->ready && !facts->obstacle && !facts->unknown_version;
}

void fleet_decide(const struct fleet_facts *facts, struct arena *arena, struct fleet_decision *ret)
{
	if (!facts->enabled && !facts->seen)
		decide(ret, FLEET_REST, REASON_NONE, NULL);
	else if (!facts->enabled)
		decide(ret, FLEET_OFF, REASON_DISABLED, off_message(facts, arena));
	else if (facts->registered)
		decide(ret, follows(facts) ? FLEET_FOLLOW : FLEET_LATCHED, REASON_REGISTERED, "Registered with Aura Fleet Management");
	else if (facts->obstacle)
		decide(ret, FLEET_WAIT, facts->obstacle_reason, facts->obstacle);
	else if (facts->unknown_version)
		decide(ret, FLEET_WAIT, REASON_VERSION_UNKNOWN, facts->unknown_version);
	else if (!facts->has_token_source)
		decide(ret, FLEET_WAIT, REASON_TOKEN_DEFERRED,
		       "Plugin installed; registration deferred until tokenSecretRef is set");
	else if (!facts->ready)
		decide(ret, FLEET_WAIT, REASON_WAITING_FOR_READY,
		       arena_printf(arena, "Waiting for phase Ready: %s", facts->phase_message));
	else
		decide(ret, FLEET_REGISTER, REASON_NONE, NULL);
}
