// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The pods, the servers and the claims of a cluster by their ordinals: each step of scaling needs all of them. Pure.

#include <string.h>

#include "base/arena.h"
#include "operator/cluster/scale_facts.h"

struct scale_lineup {
	const struct scale_facts *facts;
	struct arena *arena;
	const struct pod **pods;		// by ordinal, NULL: none
	const struct topology_server **servers; // the same
	int n_found; // of both; those beyond are looked up when asked for
};

void scale_lineup_make(const struct scale_facts *facts, struct arena *arena, struct scale_lineup *ret);

// NULL: there is none.
const struct pod *lineup_pod(const struct scale_lineup *lineup, int ordinal);
const struct topology_server *lineup_server(const struct scale_lineup *lineup, int ordinal);
const struct data_volume *lineup_volume(const struct scale_facts *facts, int ordinal);

// The server with an id that is not dropped; NULL: there is none.
const struct topology_server *lineup_server_with(const struct scale_facts *facts, const char *id);

// One past the highest ordinal that a server may have: somebody may have scaled the StatefulSet beyond the spec's limit.
int lineup_ordinals(const struct scale_facts *facts);

static inline bool server_is(const struct topology_server *server, const char *state)
{
	return strcmp(server->state, state) == 0;
}

static inline const char *server_name(const struct topology_server *server)
{
	return server->name ? server->name : server->id;
}
