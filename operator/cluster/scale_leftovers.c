// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/cluster/scale_leftovers.h"

#include "base/buf.h"
#include "operator/cluster/scale_lineup.h"

// People read a status: it names only so many.
#define NAMES_SHOWN 10

// Claims that no server of ours has or will have: their server left without being seen Deallocated, or they belong to an earlier deployment.
static const char *kept_claims(const struct scale_facts *facts, int replicas, struct arena *arena)
{
	_cleanup_buf_ struct buf text = BUF_INIT((size_t)NAMES_SHOWN * 260 + 300);
	size_t n = 0;

	for (size_t i = 0; i < facts->n_volumes; i++) {
		const struct data_volume *volume = &facts->volumes[i];

		if (volume->ordinal < replicas || volume->ordinal < facts->wanted || volume->deallocated || volume->deleting)
			continue;
		if (++n <= NAMES_SHOWN)
			buf_addf(&text, "%s'%s'", n > 1 ? ", " : "", volume->name);
	}
	if (n == 0)
		return NULL;
	if (n > NAMES_SHOWN)
		buf_addf(&text, " and %zu more", n - NAMES_SHOWN);
	return arena_printf(arena,
			    "claim %s %s kept: no server on it was seen Deallocated; delete it if nothing on it is needed, since a new server "
			    "of its number would start from it",
			    buf_str(&text), n > 1 ? "are" : "is");
}

static const char *strangers(const struct scale_facts *facts, struct arena *arena)
{
	const struct topology_server *server =
		scale_has_survey(facts) ? survey_stranger(facts->survey, facts->names, facts->pods, facts->n_pods) : NULL;

	if (!server)
		return NULL;
	return arena_printf(arena,
			    "SHOW SERVERS lists server '%.100s' (%s, %s) at %.200s, which is the server of no pod; if it is gone for good, "
			    "remove it with DEALLOCATE DATABASES FROM SERVER and DROP SERVER",
			    server_name(server), server->state, server->health, server->address ? server->address : "no address");
}

const char *scale_leftovers(const struct scale_facts *facts, int replicas, struct arena *arena)
{
	const char *claims = kept_claims(facts, replicas, arena), *servers = strangers(facts, arena);

	if (claims && servers)
		return arena_printf(arena, "%s; %s", servers, claims);
	return claims ? claims : servers;
}
