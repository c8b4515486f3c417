// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a resource remembers of the deployment that the operator makes for it in Aura (F4): one annotation, written before the call that makes
// the deployment and again when its id is known. It bears the resource's uid, so that a copy of the resource has no part in it. Pure.

#include <stdbool.h>
#include <stdint.h>

#include <yyjson.h>

#include "api/dbms.h"
#include "base/arena.h"
#include "operator/object/names.h"

// On the resource: the record; and the finalizer of deletionPolicy Delete.
#define PROVISION_ANNOTATION "neofleet.neo4j.com/fleet-deployment"
#define PROVISION_FINALIZER "neofleet.neo4j.com/fleet-deployment"

// On the Secret with the token: for which deployment in Aura, and after which registration, the token was made.
#define PROVISION_TOKEN_ANNOTATION "neofleet.neo4j.com/fleet-token-of"

// A call begins within so long after the record was written that tells of it, and has come to its end after as long again, whatever became of its
// caller.
#define PROVISION_USABLE_MS INT64_C(30000)
#define PROVISION_SETTLED_MS (2 * PROVISION_USABLE_MS)

struct provision_record {
	const char *credentials; // the Secret
	const char *organization, *project;
	const char *name, *connection_url;
	const char *at; // RFC 3339: when the operator last set out to make it
	int64_t tries;	// to make it, the one of at included
	const char *id; // NULL: it is not known to be made
	int64_t token_tries;  // the number of the last try to have a token made
	const char *token_at; // RFC 3339: when it last did; NULL: never
};

// False: the object has none, or one that came with a copy or cannot be read.
bool provision_record_read(yyjson_val *root, struct arena *arena, struct provision_record *ret);

// The record of a first try, by the spec.
void provision_record_begin(const struct dbms *dbms, const struct names *names, int64_t now_ms, struct arena *arena, struct provision_record *ret);

// The same deployment, tried once more.
struct provision_record provision_record_again(const struct provision_record *record, int64_t now_ms, struct arena *arena);

// The same deployment, for which another token is about to be made. Its number is higher than those of the record and of the Secret (kept_try).
struct provision_record provision_record_token_again(const struct provision_record *record, int64_t kept_try, int64_t now_ms, struct arena *arena);

// The record's text on a root object; NULL: there is none.
const char *provision_record_annotation(yyjson_val *root);

const char *provision_record_text(const struct provision_record *record, const char *uid, struct arena *arena);

// Whether the spec still asks for this deployment.
bool provision_record_fits(const struct provision_record *record, const struct dbms *dbms);

// How long until a try that was under way is surely over; 0: it is.
int64_t provision_record_left_ms(const struct provision_record *record, int64_t now_ms);

// The same of a call for a token.
int64_t provision_record_token_left_ms(const struct provision_record *record, int64_t now_ms);

// The value of PROVISION_TOKEN_ANNOTATION for a token that shall serve the next registration: it is used up when lastRegistrationTime moves, and
// of no use when somebody has set out to have another one made. And the try by which the token of such a value was made; 0: it does not tell.
const char *provision_token_mark(const struct provision_record *record, const char *last_registration, struct arena *arena);
int64_t provision_token_try(const char *mark);

bool provision_has_finalizer(yyjson_val *root);

// A merge patch of the resource over the version that was read: the record (NULL: none) and whether the finalizer is there.
struct provision_write {
	const char *record; // text; NULL: take it away
	bool keep_record;   // say nothing of the record
	bool finalizer;
};
const char *provision_patch(yyjson_val *root, const struct provision_write *write, struct arena *arena);
