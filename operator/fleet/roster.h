// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What is known of all deployments in Aura, by their keys in the work queue: what their servers are there, and when their token expires. It is
// told by servers and may be lost at any moment. Any thread.

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct roster;

struct roster *roster_new(void);
void roster_free(struct roster *roster); // NULL is allowed

// Nothing is known of a deployment any more.
void roster_forget(struct roster *roster, const char *key);

// When the token expires that the deployment's servers hold, by the wall clock; 0: not known. Any thread.
void roster_set_expiry(struct roster *roster, const char *key, int64_t expires_ms);
int64_t roster_expiry(struct roster *roster, const char *key);

// A digest of what the deployment's servers are in Aura (their DBMS and its token); "" or NULL: not known. Any thread.
#define ROSTER_IDENTITY_SIZE 65
void roster_set_identity(struct roster *roster, const char *key, const char *identity);

// The keys of other deployments with this identity, at most ROSTER_TWINS_MAX of them; none where it is "" or NULL. Any thread.
#define ROSTER_TWINS_MAX 8
size_t roster_twins(struct roster *roster, const char *key, const char *identity, struct arena *arena,
		    const char *ret[ROSTER_TWINS_MAX]);

// The identity that is known of a key, a copy; "" when none is. Any thread.
const char *roster_identity(struct roster *roster, const char *key, struct arena *arena);

// Tells each key whose expiry is known, in no order, but of one namespace no more than this, so that no tenant's deployments take the room
// of another's. fn is called under the table's lock and must not block.
#define ROSTER_OF_A_NAMESPACE 100
void roster_each_expiry(struct roster *roster, void (*fn)(void *user, const char *key, int64_t expires_ms), void *user);
