// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A cluster whose servers are all well, and what scale_decide() makes of it: each test changes what it is about. Include cmocka.h first.

#include <string.h>

#include "base/json.h"
#include "members.h"
#include "operator/cluster/scale.h"

struct cluster {
	struct members members;
	struct data_volume volumes[MEMBERS_MAX];
	struct scale_facts facts;
	struct scale_decision decision;
	struct arena *arena;
};

static inline void cluster_init(struct cluster *c, int replicas, int wanted, struct arena *arena)
{
	members_init(&c->members, replicas);
	for (int i = 0; i < replicas; i++)
		c->volumes[i] = (struct data_volume){
			.name = arena_printf(arena, "data-n-server-%d", i), .uid = "u", .size = "1Gi", .ordinal = i};
	c->facts = (struct scale_facts){
		.names = &c->members.names,
		.survey = &c->members.survey,
		.pods = c->members.pods,
		.n_pods = (size_t)replicas,
		.volumes = c->volumes,
		.n_volumes = (size_t)replicas,
		.wanted = wanted,
		.replicas = replicas,
		.update_revision = "r1",
	};
	c->arena = arena;
}

static inline void expect(struct cluster *c, enum scale_action action, int replicas, const char *message)
{
	scale_decide(&c->facts, c->arena, &c->decision);
	if (message) {
		assert_non_null(c->decision.message);
		assert_string_equal(c->decision.message, message);
	}
	assert_int_equal(c->decision.action, action);
	assert_int_equal(c->decision.replicas, replicas);
}

// neo4j keeps to the first n servers.
static inline void keep_on(struct cluster *c, int n)
{
	for (int i = n; i < MEMBERS_MAX; i++)
		c->members.copies[i].address = NULL;
}
