// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// All deployments in Aura by their keys in the work queue: what their servers are there, and when their tokens expire. Servers tell it, and it
// may be lost at any moment. Any thread.

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct roster;

struct roster *roster_new(void);
void roster_free(struct roster *roster); // NULL is allowed

// Forgets all that is known of a deployment.
void roster_forget(struct roster *roster, const char *key);

// When the token of the deployment's servers expires, by the wall clock; 0: not known. Any thread.
void roster_set_expiry(struct roster *roster, const char *key, int64_t expires_ms);
int64_t roster_expiry(struct roster *roster, const char *key);

// The signs of twins: a digest of what the servers are in Aura (their DBMS and its token), and one of the token in the deployment's Secret.
enum roster_mark { ROSTER_IDENTITY, ROSTER_TOKEN, ROSTER_MARKS };
struct roster_sign {
	enum roster_mark mark;
	const char *digest; // "" or NULL: not known
};
#define ROSTER_DIGEST_SIZE 65
#define ROSTER_NO_TOKEN "none" // known to have no token, and so nobody's twin

// Any thread.
void roster_set(struct roster *roster, const char *key, struct roster_sign sign);

// A copy of a key's digest; "" when none is known. Any thread.
const char *roster_digest(struct roster *roster, const char *key, enum roster_mark mark, struct arena *arena);

// The keys of other deployments with this sign, at most ROSTER_TWINS_MAX of them; none when the sign is not known. Any thread.
#define ROSTER_TWINS_MAX 8
size_t roster_twins(struct roster *roster, const char *key, struct roster_sign sign, struct arena *arena, const char *ret[ROSTER_TWINS_MAX]);

// Tells each key whose expiry is known, in no order, but of one namespace no more than this, so that no tenant's deployments take the room
// of another's. fn is called under the table's lock and must not block.
#define ROSTER_OF_A_NAMESPACE 100
void roster_each_expiry(struct roster *roster, void (*fn)(void *user, const char *key, int64_t expires_ms), void *user);
