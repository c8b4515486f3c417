// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/fleet/provision_plan.h"

enum provision_step provision_next(const struct provision_facts *facts)
{
	if (!facts->recorded)
		return facts->secret == PROVISION_SECRET_FOREIGN ? PROVISION_OBSTRUCTED : PROVISION_LOOK;
	if (!facts->made && (!facts->fresh || !facts->fits))
		return PROVISION_LOOK;
	if (!facts->made)
		return facts->usable ? PROVISION_MAKE : PROVISION_RENEW;
	if (!facts->fits)
		return PROVISION_CHANGED;
	if (facts->secret == PROVISION_SECRET_FOREIGN)
		return PROVISION_OBSTRUCTED;
	if (facts->secret == PROVISION_SECRET_FRESH)
		return PROVISION_READY;
	if (facts->doubted)
		return PROVISION_CONFIRM;
	if (facts->fresh)
		return facts->usable ? PROVISION_MINT : PROVISION_INTEND;
	return facts->settled ? PROVISION_INTEND : PROVISION_SETTLE;
}

enum provision_finding provision_after_look(const struct provision_facts *facts, enum provision_match match, bool settled)
{
	if (!facts->recorded)
		return match == PROVISION_MATCH_NONE ? PROVISION_SET_OUT : PROVISION_TAKEN;
	if (match == PROVISION_MATCH_WHOLE)
		return PROVISION_KEEP;
	if (match == PROVISION_MATCH_NAME)
		return PROVISION_TAKEN;
	if (!settled)
		return PROVISION_WAIT;
	return facts->fits ? PROVISION_SET_OUT : PROVISION_DROP;
}

bool provision_is_refuted(int64_t tries, bool name_taken)
{
	return name_taken && tries <= 1;
}
