// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The exchange that registers a token with one server (the one that can write database system). It blocks until the deadline at most, and keeps
// nothing between calls. A failure is an outcome with a reason and a message, not an error.

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "bolt/link.h"
#include "neo4j/admin.h"
#include "neo4j/token.h"
#include "operator/object/reason.h"

struct registration_request {
	struct bolt_target target;
	struct bolt_auth auth;
	const char *server;	  // the pod's name, for messages
	const char *admin_secret; // the Secret's name, for messages
	const struct token *token;
	bool may_adopt; // a server that is active and connected for the token's project counts as success, without a call
	bool identify;	// tell what such a server is in Aura: result.identity
	bool follow;	// register only a token that is newer than the server's, or of another project
	bool may_wait;	// give a server time that holds a token of this project but is not connected yet: REASON_CONNECTING
	bool tell_held; // a look also tells which token the server holds
	struct arena *tell_topology; // a look also tells servers and databases, in this arena; NULL: it does not
	int64_t deadline;
};

struct registration_result {
	bool registered;
	bool called;	     // registerToken was called
	bool adopted;	     // the server was registered already, so there was no call
	const char *held;    // the server's present token, as in struct connection_result; NULL: not known
	const char *identity; // of an adopted server, see query_identity(); NULL: not asked for, or not known
	bool not_leader;     // another server can write database system
	enum reason reason;
	const char *message; // for the status: cause and cure, no secret
	bool answered;	     // the server took the password, or refused it
	const char *code;    // Neo4j's own code of a refusal; "" otherwise
};

// The arena is wiped when freed.
void registration_run(const struct registration_request *request, struct arena *arena, struct registration_result *ret);

struct connection_result {
	int connected;	     // 1 true, 0 false, -1 unknown
	bool token_gone;     // the server holds no token
	const char *held;    // project and expiry of its token; NULL: not asked for, or not known
	const struct topology *topology; // NULL: not asked for, or not known
	const char *message; // the server's own words, or why it could not be asked
	bool refused;	     // the server did not take the password
	const char *code;    // Neo4j's own code of a refusal; "" otherwise
};

// Asks one server whether it talks to the service. Never registers.
void registration_check_connected(const struct registration_request *request, struct arena *arena,
				  struct connection_result *ret);
