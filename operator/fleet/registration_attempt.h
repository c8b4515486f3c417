// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Carries out the step that fleet_decide() chose: reads the Secrets at the moment of use, checks the token and speaks to the server. It keeps
// the pace of retries: 1 s to 5 min with jitter, one login a minute after refused credentials (operator/server/server_login.h), and at once when
// the Secrets, the spec or the pods have changed.

#include "base/arena.h"
#include "base/err.h"
#include "operator/context.h"
#include "operator/fleet/connection_watch.h"
#include "operator/fleet/registration_exchange.h"
#include "operator/object/basis.h"
#include "operator/object/kept.h"
#include "operator/object/reason.h"
#include "operator/server/server_login.h"

// The attempts since their basis changed.
struct attempt_memory {
	struct basis basis;
	unsigned failures;
	int64_t next_ms; // monotonic; no attempt before
	int64_t connecting_ms; // monotonic; wait for a connecting server until then; 0: none was seen
	enum reason reason;
	char message[KEPT_TEXT_SIZE];
};

// The looks at the connection after a registration or a restart of the pods.
struct connection_memory {
	struct basis basis;
	struct connection_watch looks;
	int connected;	  // 1, 0, -1 unknown
	bool token_gone;  // the server that is not connected holds no token
	char message[KEPT_TEXT_SIZE];
};

struct attempt_inputs {
	const struct kube_resource *resource; // of the root object
	struct access_servers servers;
	const struct pod *server; // the server that can write database system; NULL: none can now
	bool last_try; // a server that lost the lead is a failure like any other: do not call again at once
	bool registered_before; // this very resource has been registered, so lastRegistrationTime is set
	bool follow; // it is registered: register only a token of the Secret that shall replace the servers'
	bool holds_token; // follow: as far as we know, the servers hold a token
	bool own_token; // the token was made for this deployment: another one that a server holds does not do
	bool fresh; // this pass has just written the object, on condition that nobody had changed it
};

struct attempt_result {
	bool attempted;	     // the server or a Secret was asked in this pass
	bool stale;	     // the API server has a newer object than the store: look again
	bool not_leader;     // the server can no longer write database system: find the one that can, and call again
	bool lease_short;    // the lease is too short to start an exchange: look again
	bool registered;
	bool called;	     // the Secret's token was given to a server in this pass
	const char *held;    // which token the servers hold now (struct registration_result); NULL: not known
	bool outlived;	     // the Secret's token has expired, and the servers hold one: theirs stays, and all is well
	bool waiting;	     // all is well: the server gets time
	enum reason reason;
	const char *message;
	int64_t again_after_ms; // 0: no need
};

// Whether the last looks have found that the servers hold no token.
bool attempt_misses_token(const struct connection_memory *memory);

// The Secret with the token, and its version as far as we know.
const char *attempt_token_source(const struct context *context, const struct dbms *dbms, struct arena *arena);

void attempt_register(const struct context *context, struct attempt_memory *memory, const struct attempt_inputs *inputs,
		      struct arena *arena, struct attempt_result *ret);

struct attempt_connection {
	bool known;	     // a look was taken
	int connected;	     // 1, 0, -1 unknown; where known
	bool token_gone;     // not connected, since the server holds no token; true only from the second look on, since it may be starting
	const char *message;
	const struct topology *topology; // of a standalone whose server was asked in this pass; NULL: nothing new is known
	const char *held; // with FollowSecret, the token of the first server asked in this pass; NULL: none was asked, or it did not tell
	int64_t again_after_ms; // when the next look is due; 0: none
};

// The looks at fleetManagement.status() on each server (operator/fleet/connection_watch.h).
void attempt_watch_connection(const struct context *context, struct connection_memory *memory, const struct attempt_inputs *inputs,
			      const char *registered_at, struct arena *arena, struct attempt_connection *ret);
