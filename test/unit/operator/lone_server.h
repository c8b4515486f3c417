// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A standalone with one pod, whose server acts out a script, and an API server that has the Secret and the pod.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <openssl/evp.h>

#include "operator/fleet/roster.h"
#include "operator/pass/memory.h"
#include "operator/server/query.h"
#include "operator/server/secret_cache.h"
#include "reach.h"
#include "test/unit/peer.h"

#define LONE_KEY "standalone/ns/a"
#define LONE_PASSWORD "very-secret"
#define LONE_POD "/api/v1/namespaces/ns/pods/a-0"

struct lone_server {
	struct reach reach;
	struct context context;
	struct histogram logins;
	struct dbms dbms;
	struct names names;
	struct pod pod; // as it is known
	struct secret_cache keyring;
	struct arena *arena;
	char address[32]; // of this process alone: the port is the product's
	char secret[2048], live[1024]; // the Secret and the pod, as the API server has them
	int status; // of the API server's answer about the pod; 0: it is silent
	int secret_status; // and about everything else
	struct peer_book book;
	struct peer_server *server;
	struct memory *memory;
	struct query query;
};

static void lone_play(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	const struct lone_server *world = actor_user(actor);

	(void)number;
	if (strcmp(call->target, LONE_POD) != 0)
		actor_answer(conn, world->secret_status, NULL, world->secret);
	else if (world->status)
		actor_answer(conn, world->status, NULL, world->live);
	else
		actor_silence(actor);
}

static inline void lone_pod(struct lone_server *world, const char *metadata, const char *address, const char *ready)
{
	(void)snprintf(world->live, sizeof(world->live),
		       "{\"metadata\":{\"name\":\"a-0\",%s},\"status\":{\"podIP\":\"%s\",\"conditions\":[{\"type\":\"Ready\",\"status\":\"%s\"}]}}",
		       metadata, address, ready);
}

static inline void lone_begin(struct lone_server *world, const struct peer_reply *replies, size_t n)
{
	static unsigned n_worlds; // one that a failed test has left keeps its address
	unsigned id = (unsigned)getpid();

	memset(world, 0, sizeof(*world));
	world->arena = arena_new();
	world->status = world->secret_status = 200;
	(void)snprintf(world->secret, sizeof(world->secret), "{\"data\":{\"password\":\"dmVyeS1zZWNyZXQ=\"}}");
	(void)snprintf(world->address, sizeof(world->address), "127.%u.%u.%u", 1 + ((id >> 16) + 37 * n_worlds++) % 254, (id >> 8) % 256, id % 256);
	lone_pod(world, "\"uid\":\"u\"", world->address, "True");
	reach_begin(&world->reach, lone_play, world);
	world->book = (struct peer_book){.replies = replies, .n = n, .log = BUF_INIT(65536)};
	world->server = peer_server_start_at(world->address, 7687, peer_play_book, &world->book, NULL);
	world->context.client = world->reach.client;
	world->context.memories = memory_table_new();
	world->context.roster = roster_new();
	world->context.logins = &world->logins;
	world->context.stores.secrets = kube_store_new(NULL);
	world->dbms = (struct dbms){.metadata = {.namespace = "ns", .name = "a", .uid = ""}, .admin_secret = "admin", .servers = 1};
	world->pod = (struct pod){.name = "a-0", .uid = "u", .address = world->address, .ready = true};
	world->memory = memory_of(world->context.memories, LONE_KEY);
	world->query = (struct query){
		.context = &world->context,
		.memory = &world->memory->login,
		.servers = {.dbms = &world->dbms, .names = &world->names, .pods = &world->pod, .n_pods = 1, .keyring = &world->keyring, .memory = &world->memory->login},
		.arena = world->arena,
	};
}

// A token in the Secret, and a spec that names it.
static inline void lone_token(struct lone_server *world)
{
	static const char json[] = "{\"project_id\":\"p-1\",\"private_key\":\"MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg\",\"kid\":\"k\","
				   "\"expiry_time\":\"2999-01-01T00:00:00Z\"}";
	unsigned char once[512], twice[1024];

	(void)EVP_EncodeBlock(once, (const unsigned char *)json, (int)strlen(json));
	(void)EVP_EncodeBlock(twice, once, (int)strlen((const char *)once));
	(void)snprintf(world->secret, sizeof(world->secret), "{\"data\":{\"password\":\"dmVyeS1zZWNyZXQ=\",\"token\":\"%s\"}}", (const char *)twice);
	world->dbms.fleet.token_secret = "token";
	world->dbms.fleet.token_key = "token";
}

static inline void lone_end(struct lone_server *world, unsigned connections)
{
	peer_server_stop(world->server, connections);
	secret_cache_release(&world->keyring);
	buf_release(&world->book.log);
	kube_store_free(world->context.stores.secrets);
	memory_table_free(world->context.memories);
	roster_free(world->context.roster);
	arena_free(world->arena);
	reach_end(&world->reach);
}
