// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet.h"

static void decide(struct fleet_decision *ret, enum fleet_step step, const char *reason, const char *message)
{
	*ret = (struct fleet_decision){.step = step, .reason = reason, .message = message};
}

void fleet_decide(const struct fleet_facts *facts, struct arena *arena, struct fleet_decision *ret)
{
	if (!facts->enabled && !facts->seen)
		decide(ret, FLEET_REST, NULL, NULL);
	else if (!facts->enabled)
		decide(ret, FLEET_OFF, FLEET_DISABLED, "Fleet management is disabled in the spec");
	else if (facts->registered)
		decide(ret, FLEET_LATCHED, "Registered", "Registered with Aura Fleet Management");
	else if (facts->unsupported)
		decide(ret, FLEET_WAIT, FLEET_VERSION_UNSUPPORTED, facts->unsupported);
	else if (!facts->has_token_source)
		decide(ret, FLEET_WAIT, FLEET_TOKEN_DEFERRED,
		       "Plugin installed; registration deferred until tokenSecretRef is set");
	else if (!facts->ready)
		decide(ret, FLEET_WAIT, FLEET_WAITING_FOR_READY,
		       arena_printf(arena, "Waiting for phase Ready: %s", facts->phase_message));
	else if (facts->unknown_version)
		decide(ret, FLEET_WAIT, FLEET_VERSION_UNKNOWN, facts->unknown_version);
	else
		decide(ret, FLEET_REGISTER, NULL, NULL);
}
