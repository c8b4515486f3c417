// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the operator remembers of a deployment between two reconciles, and may forget at any moment: everything here is
// either a saved look-up or the pace of retries. A deployment's memory is used by the worker that holds its key (there is
// one run per key at a time); only the table itself is shared.

#include <stdbool.h>
#include <stdint.h>

#include "base/cleanup.h"
#include "operator/cluster/stall.h"
#include "operator/fleet/connection_watch.h"
#include "operator/object/reason.h"
#include "operator/server/retry.h"

struct arena;
struct survey;

#define MEMORY_VERSION_SIZE 40
#define MEMORY_BASIS_SIZE 640 // holds the pods of twenty servers
#define MEMORY_TEXT_SIZE 768

enum memory_child { CHILD_ACCOUNT, CHILD_HEADLESS, CHILD_CLIENT, CHILD_CONFIG, CHILD_BUDGET, CHILD_WORKLOAD, CHILD_COUNT };

struct memory {
	bool seen;   // a reconcile has looked at it since the start
	bool told;   // and has told what there was to tell of it
	bool formed; // it has been Ready once
	bool rolling; // a change of ours is being carried out, and it was not Ready since

	// Versions of the deployment that the API server has no more, the newest first: it was written since (twice in a pass), or is
	// gone. Whoever began with one would lose against a conflict, or build what goes at once; so nobody does, until the watch
	// tells more or the time is over.
	struct {
		char versions[2][MEMORY_VERSION_SIZE];
		int64_t until_ms; // monotonic
		bool gone;
	} outdated;

	// A wait that only a person can end.
	struct stall stall;

	// A child that stood as wanted at this resource version needs no second look.
	struct {
		char version[MEMORY_VERSION_SIZE];
		char digest[65];
	} child[CHILD_COUNT];

	// The verdict on the admin Secret at this resource version, for a password of at least so many characters.
	char admin_version[MEMORY_VERSION_SIZE];
	int admin_least;
	bool admin_usable;
	char admin_problem[MEMORY_TEXT_SIZE];

	// The verdict on the TLS Secret at this version of it, for these servers.
	struct {
		char basis[MEMORY_BASIS_SIZE];
		int64_t turns_ms;  // wall clock; the verdict is to be made anew then; 0: never
		char mark[96];	   // certificate.mark; "" where it cannot be used
		char problem[MEMORY_TEXT_SIZE];
	} certificate;

	// The last login with the admin Secret of this version to these servers.
	struct {
		char basis[MEMORY_BASIS_SIZE];
		bool known;	 // the server took the password, or refused it
		bool refused;
		bool limited; // refused without a look at the password, since somebody tries wrong ones
		int64_t next_ms; // monotonic; no other login before, unless the server takes the password
		int64_t taken_ms; // monotonic; when a server took it last
		char version[MEMORY_VERSION_SIZE]; // that a server said it is, last
		char message[MEMORY_TEXT_SIZE];
	} login;

	// Asking a server for its version, where the tag does not tell it; and, in a Neo4jPlugin's memory, for its procedures.
	struct retry version, procedures;

	// Asking a server when its token expires.
	struct retry expiry;
	int64_t expiry_due_ms; // monotonic; when one that has answered is asked again

	// Of a Neo4jPlugin: the spec, the deployment and the image with which its procedures were seen last.
	char seen_with[MEMORY_BASIS_SIZE];

	// Telling a server to forget its token, for a deployment whose Fleet Manager is switched off.
	struct {
		int64_t since_ms; // monotonic, of the first attempt; 0: none yet
		bool done;
	} disable;

	// How often a pass found a child's name taken, one after the other.
	unsigned name_taken;

	// What the servers of a cluster said last, and when they are asked again.
	struct {
		struct survey *last; // owned; NULL: none yet
		char basis[65];	     // digest of the pods as they were
		bool fresh;	     // not judged yet
		bool acted;	     // a step was taken on it: only the next one shows what came of it
		bool settled;	     // all was as it should be
		unsigned unsettled;  // surveys since something was on its way
		unsigned refusals;   // steps that the servers refused, one after the other
		int64_t taken_ms, next_ms; // monotonic
		int64_t outsiders_ms; // monotonic; servers that are not listed are not asked before: one has refused the password
		char refused[MEMORY_TEXT_SIZE]; // what the servers said to the step
	} survey;

	// A claim that was not allowed to grow: not asked again before.
	struct {
		int64_t next_ms; // monotonic
		char size[MEMORY_VERSION_SIZE]; // that was refused
		char message[MEMORY_TEXT_SIZE];
	} growth;

	// The registration attempts since something that they depend on has changed.
	struct {
		char basis[MEMORY_BASIS_SIZE];
		unsigned failures;
		int64_t next_ms; // monotonic; no attempt before
		int64_t connecting_ms; // monotonic; a server that is connecting is waited for until then; 0: none was seen
		enum reason reason;
		char message[MEMORY_TEXT_SIZE];
	} attempt;

	// The looks at the connection after a registration or a restart of the pods.
	struct {
		char basis[MEMORY_BASIS_SIZE];
		struct connection_watch looks;
		int connected;	  // 1, 0, -1 unknown
		bool token_gone;  // the one that is not connected holds no token
		char message[MEMORY_TEXT_SIZE];
	} connection;
};

struct memory_table;

struct memory_table *memory_table_new(void);
void memory_table_free(struct memory_table *table);
DEFINE_CLEANUP(struct memory_table *, memory_table_free);

// The memory of a key, made when there is none; valid until memory_rest() or memory_forget(). Any thread, one at a time for a key.
struct memory *memory_of(struct memory_table *table, const char *key);

// The run is over: what is remembered is kept squeezed until memory_of() is called again. Nothing happens after memory_forget().
void memory_rest(struct memory_table *table, const char *key);
void memory_forget(struct memory_table *table, const char *key);

// When the token expires that the deployment's servers hold, by the wall clock; 0: not known. Any thread.
void memory_set_expiry(struct memory_table *table, const char *key, int64_t expires_ms);
int64_t memory_expiry(struct memory_table *table, const char *key);

// A digest of what the deployment's servers are in Aura (their DBMS and its token); "" or NULL: not known. Any thread.
#define MEMORY_IDENTITY_SIZE 65
void memory_set_identity(struct memory_table *table, const char *key, const char *identity);

// The keys of other deployments with this identity, at most MEMORY_TWINS_MAX of them; none where it is "" or NULL. Any thread.
#define MEMORY_TWINS_MAX 8
size_t memory_twins(struct memory_table *table, const char *key, const char *identity, struct arena *arena,
		    const char *ret[MEMORY_TWINS_MAX]);

// The identity that is known of a key, a copy; "" when none is. Any thread.
const char *memory_identity(struct memory_table *table, const char *key, struct arena *arena);

// Tells each key whose expiry is known, in no order; under the table's lock, so that fn must not block.
void memory_each_expiry(struct memory_table *table, void (*fn)(void *user, const char *key, int64_t expires_ms), void *user);

// Copies a text into one of the fields above, cut at its size.
#define memory_set(field, text) memory_copy((field), sizeof(field), (text))
void memory_copy(char *field, size_t size, const char *text);
