// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a pass remembers of logins to a deployment's servers, and the bar after a refused one: at most one login a minute, whichever pass wants
// it (B5).

#include <stdbool.h>
#include <stdint.h>

#include "api/dbms.h"
#include "base/arena.h"
#include "base/err.h"
#include "neo4j/topology.h"
#include "operator/context.h"
#include "operator/object/basis.h"
#include "operator/object/deployment.h"
#include "operator/object/kept.h"
#include "operator/object/names.h"
#include "operator/object/pod.h"
#include "operator/object/reason.h"

// How often a refused password is tried again. All that wait for a login wait as long after a refusal.
#define ACCESS_REFUSED_MS INT64_C(60000)

// A deployment and its pods, borrowed.
struct access_servers {
	const struct dbms *dbms;
	const struct names *names;
	const struct pod *pods;
	size_t n_pods;
	struct secret_cache *keyring;
	struct access_memory *memory; // of logins to them
};

struct access_servers access_servers(const struct deployment *deployment);

// The last login with the admin Secret of one version to these servers.
struct access_memory {
	struct basis basis;
	bool known;	 // the server took the password, or refused it
	bool refused;
	bool limited; // refused without a look at the password, since somebody tries wrong ones
	int64_t next_ms; // monotonic; no other login before, unless the server takes the password
	int64_t taken_ms; // monotonic; when a server last took it
	unsigned moving;     // so many times in a row a standalone's databases were not as requested
	int64_t topology_ms; // monotonic; when they are asked again then
	char version[KEPT_VERSION_SIZE]; // the version that a server last said it is
	char message[KEPT_TEXT_SIZE];
};

// The resourceVersion of a Secret of the deployment's namespace as the store knows it; "absent" when there is none, "" without a name.
const char *access_secret_version(const struct context *context, const struct dbms *dbms, const char *name, struct arena *arena);

// What the outcome of a login depends on: the Secret and the runs of the servers.
const char *access_basis(const struct context *context, const struct access_servers *servers, struct arena *arena);

// The words for a refused login, with the cure. err is what bolt_link_open() said.
const char *access_refusal(const char *admin_secret, const struct err *err, struct arena *arena);

// The reason for a refused login with this code; and the reason for a refusal of access_barred() or access_log_in().
enum reason access_refusal_reason(const char *code);
enum reason access_barred_reason(const struct access_memory *memory);

// Why no login may be tried now: the message of the last refusal, which may have come to the pass of the deployment or of one of its plugins.
// NULL: it may. *ret_left_ms: until it may.
const char *access_barred(const struct context *context, struct access_memory *memory, const struct access_servers *servers,
			  struct arena *arena, int64_t *ret_left_ms);

// Copies the refusal of another pass into memory while its bar holds.
void access_heed_others(const struct context *context, struct access_memory *memory, const struct access_servers *servers, const char *basis);

// Call access_enter() right before a login; ERR_FORBIDDEN: another pass has just been refused, or tries the refused password again at this
// moment; memory->message has the words. After the login comes access_note() or, where no server answered, access_leave().
int access_enter(const struct context *context, struct access_memory *memory, const struct access_servers *servers, struct err *err);
void access_leave(const struct context *context, const struct access_servers *servers);

// Call it after each answer of a standalone's server: databases that are on their way are asked again, ever more seldom.
void access_note_topology(struct access_memory *memory, const struct topology *topology);

// Call it after every login that the server answered: refusal NULL where it took the password, else the message, with Neo4j's own code in
// code.
void access_note(const struct context *context, struct access_memory *memory, const struct access_servers *servers,
		 const char *refusal, const char *code);
