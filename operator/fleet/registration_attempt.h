// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Carries out the step that fleet_decide() chose: reads the Secrets at the moment of use, checks the token, speaks to the
// server, and keeps the pace of retries: 1 s to 5 min with jitter, one login a minute where credentials were refused (see
// operator/server/server_login.h), and at once when the Secrets, the spec or the pods have changed.

#include "base/arena.h"
#include "base/err.h"
#include "operator/context.h"
#include "operator/fleet/connection_watch.h"
#include "operator/fleet/registration_exchange.h"
#include "operator/object/basis.h"
#include "operator/object/kept.h"
#include "operator/object/reason.h"
#include "operator/server/server_login.h"

// What is remembered of the attempts since something that they depend on has changed.
struct attempt_memory {
	struct basis basis;
	unsigned failures;
	int64_t next_ms; // monotonic; no attempt before
	int64_t connecting_ms; // monotonic; a server that is connecting is waited for until then; 0: none was seen
	enum reason reason;
	char message[KEPT_TEXT_SIZE];
};

// Of the looks at the connection after a registration or a restart of the pods.
struct connection_memory {
	struct basis basis;
	struct connection_watch looks;
	int connected;	  // 1, 0, -1 unknown
	bool token_gone;  // the one that is not connected holds no token
	char message[KEPT_TEXT_SIZE];
};

struct attempt_inputs {
	const struct kube_resource *resource; // of the root object
	struct access_servers servers;
	const struct pod *server; // the one that can write database system; NULL: none does now
	bool last_try; // a server that leads no more is a failure as any other, and not to be called again at once
	bool registered_before; // lastRegistrationTime is set, by a registration of this very resource
	bool follow; // it is registered, and only a token of the Secret's that is to take the place of the servers' is registered
	bool holds_token; // follow: as far as is known, the servers hold one
	bool fresh; // this pass has just written the object, on the condition that it was still what it has read
};

struct attempt_result {
	bool attempted;	     // the server or a Secret was asked in this pass
	bool stale;	     // the object in the store is older than what the API server has: look again
	bool not_leader;     // the server cannot write database system any more: find the one that can, and call again
	bool lease_short;    // too little of the lease is left to start an exchange: look again
	bool registered;
	bool called;	     // the Secret's token was given to a server in this pass
	const char *held;    // which token the servers hold now (struct registration_result); NULL: not known
	bool outlived;	     // the Secret's token has expired, and the servers hold one: theirs stays, and nothing is wrong
	bool waiting;	     // nothing is wrong: the server is given time
	enum reason reason;
	const char *message;
	int64_t again_after_ms; // 0: no need
};

// Whether the servers hold no token, as the last looks have found.
bool attempt_misses_token(const struct connection_memory *memory);

// Which Secret the token is read from, and which version of it is known.
const char *attempt_token_source(const struct context *context, const struct dbms *dbms, struct arena *arena);

void attempt_register(const struct context *context, struct attempt_memory *memory, const struct attempt_inputs *inputs,
		      struct arena *arena, struct attempt_result *ret);

struct attempt_connection {
	bool known;	     // one of the looks was taken
	int connected;	     // 1, 0, -1 unknown; where known
	bool token_gone;     // not connected, since the server holds no token; not before the second look, for it may be starting
	const char *message;
	const char *held; // which token the first server that was asked in this pass holds, with FollowSecret; NULL: none was, or it did not tell
	int64_t again_after_ms; // when the next look is due; 0: none
};

// The looks at fleetManagement.status() on each server (operator/fleet/connection_watch.h).
void attempt_watch_connection(const struct context *context, struct connection_memory *memory, const struct attempt_inputs *inputs,
			      const char *registered_at, struct arena *arena, struct attempt_connection *ret);
