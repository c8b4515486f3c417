// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A lease on a scripted API server that checks resource versions as a real one does.

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <yyjson.h>

#include "kube/lease.h"
#include "reach.h"

enum fault { NO_FAULT, ANSWER_500, ANSWER_403, LOSE_ANSWER, STAY_SILENT, RIVAL_IS_FASTER };

// The lease as the server has it; under actor_lock().
struct world {
	_Atomic int64_t now_ms;
	bool exists;
	int version;
	char holder[LEASE_IDENTITY_SIZE];
	int seconds, transitions;
	enum fault fault;      // of writes; of everything for the 500 and the 403
	int64_t slowness_ms;   // how far the clock moves while the server thinks
	struct reach reach;
	struct clock clock;
};

static inline int64_t world_now(void *user)
{
	return atomic_load(&((struct world *)user)->now_ms);
}

static inline int64_t world_wall(void *user)
{
	(void)user;
	return INT64_C(1764583200123);
}

static inline void change(struct world *world, const char *holder, int seconds)
{
	world->exists = true;
	world->version++;
	world->seconds = seconds;
	(void)snprintf(world->holder, sizeof(world->holder), "%s", holder ? holder : "");
}

static inline void answer_lease(const struct world *world, struct actor_conn *conn)
{
	char text[1024];

	// The times in the Lease must not matter.
	(void)snprintf(text, sizeof(text),
		       "{\"apiVersion\":\"coordination.k8s.io/v1\",\"kind\":\"Lease\",\"metadata\":{\"name\":\"n\",\"namespace\":\"here\","
		       "\"resourceVersion\":\"v%d\"},\"spec\":{\"holderIdentity\":\"%s\",\"leaseDurationSeconds\":%d,"
		       "\"renewTime\":\"%d-01-01T00:00:00.000000Z\",\"leaseTransitions\":%d}}",
		       world->version, world->holder, world->seconds, world->version % 2 ? 1999 : 2999, world->transitions);
	actor_answer(conn, 200, NULL, text);
}

static inline bool matches(const struct world *world, yyjson_val *root)
{
	const char *version = yyjson_get_str(yyjson_ptr_get(root, "/metadata/resourceVersion"));
	char wanted[32];

	(void)snprintf(wanted, sizeof(wanted), "v%d", world->version);
	return version && strcmp(version, wanted) == 0;
}

static inline void take_write(struct world *world, const struct actor_call *call)
{
	yyjson_doc *doc = yyjson_read(call->body, strlen(call->body), 0);
	yyjson_val *spec = yyjson_ptr_get(yyjson_doc_get_root(doc), "/spec");
	yyjson_val *transitions = yyjson_obj_get(spec, "leaseTransitions");

	change(world, yyjson_get_str(yyjson_obj_get(spec, "holderIdentity")),
	       yyjson_get_int(yyjson_obj_get(spec, "leaseDurationSeconds")));
	if (transitions)
		world->transitions = yyjson_get_int(transitions);
	yyjson_doc_free(doc);
}

// Whether a write may be done: there is none yet for POST, and the version is the present one for PATCH.
static inline bool may_write(const struct world *world, const struct actor_call *call)
{
	yyjson_doc *doc = yyjson_read(call->body, strlen(call->body), 0);
	bool good = strcmp(call->method, "POST") == 0 ? !world->exists
						      : world->exists && matches(world, yyjson_doc_get_root(doc));

	yyjson_doc_free(doc);
	return good;
}

static inline void serve_locked(struct world *world, struct actor_conn *conn, const struct actor_call *call)
{
	bool write = strcmp(call->method, "GET") != 0;

	atomic_fetch_add(&world->now_ms, world->slowness_ms);
	if (world->fault == ANSWER_500 || world->fault == ANSWER_403) {
		actor_answer(conn, world->fault == ANSWER_500 ? 500 : 403, NULL, "{\"message\":\"no\"}");
		return;
	}
	if (write && world->fault == RIVAL_IS_FASTER)
		change(world, "rival", 30);
	if (!write && !world->exists) {
		actor_answer(conn, 404, NULL, "{\"message\":\"none\"}");
		return;
	}
	if (write && !may_write(world, call)) {
		actor_answer(conn, strcmp(call->method, "PATCH") == 0 && !world->exists ? 404 : 409, NULL, "{\"message\":\"no\"}");
		return;
	}
	if (write)
		take_write(world, call);
	if (write && world->fault == LOSE_ANSWER)
		actor_break(conn);
	else
		answer_lease(world, conn);
}

static inline void serve(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	struct world *world = actor_user(actor);
	bool silent;

	(void)number;
	actor_lock(actor);
	silent = world->fault == STAY_SILENT;
	if (!silent)
		serve_locked(world, conn, call);
	actor_changed(actor);
	actor_unlock(actor);
	if (silent)
		actor_silence(actor);
}

static inline void begin(struct world *world)
{
	*world = (struct world){.now_ms = 1000000};
	world->clock = (struct clock){.monotonic_ms = world_now, .wall_ms = world_wall, .user = world};
	reach_begin(&world->reach, serve, world);
}

static inline void end(struct world *world)
{
	reach_end(&world->reach);
}

static inline struct lease *make(struct world *world, const struct lease_options *options)
{
	struct lease_options all = *options;
	struct lease *lease = NULL;
	struct err err = ERR_INIT;

	all.name = (struct kube_name){.namespace = "here", .name = "n"};
	assert_int_equal(lease_new(world->reach.config, world->reach.loop, &all, &lease, &err), 0);
	return lease;
}

static inline struct lease *make_mine(struct world *world)
{
	return make(world, &(struct lease_options){.identity = "me", .clock = &world->clock});
}

static inline void set(struct world *world, enum fault fault, const char *holder)
{
	actor_lock(world->reach.actor);
	world->fault = fault;
	if (holder)
		change(world, holder, 30);
	actor_unlock(world->reach.actor);
}

static inline const struct actor_call *last_call(struct world *world)
{
	return actor_wait_call(world->reach.actor, actor_calls(world->reach.actor) - 1);
}

static inline void assert_body_has(struct world *world, const char *text)
{
	assert_non_null(strstr(last_call(world)->body, text));
}
