// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Finds out whose object stands under a name that a deployment needs, and makes the patch that turns an orphan into the deployment's. Pure.
// Objects lose their owner by kubectl delete --cascade=orphan, and by a restore from a backup.

#include <stdbool.h>
#include <stddef.h>

#include <yyjson.h>

#include "api/dbms.h"
#include "base/arena.h"

// The user's word that an object without an owner becomes the deployment's: the value is the deployment's "KIND/NAME".
#define ADOPT_ANNOTATION "neofleet.neo4j.com/adopt"

// On each child: the digest of the last apply (operator/pass/apply.h).
#define DIGEST_ANNOTATION "neofleet.neo4j.com/applied"

enum adoption {
	ADOPTION_OURS,	    // the deployment controls it
	ADOPTION_LEAVING,   // it is being deleted, or its owner is a deleted deployment of the same kind and name: it goes by itself
	ADOPTION_ORPHAN,    // nobody controls it, and it has the marks of this very deployment, or the user's word
	ADOPTION_UNCLAIMED, // nobody owns it, and nothing says that it was the deployment's: the user must say so
	ADOPTION_FOREIGN,   // somebody else owns it, or it was made for another deployment
};

enum adoption adoption_judge(yyjson_val *object, const struct dbms *dbms);

// A merge patch that makes an orphan the deployment's and removes the user's word. It applies only to the version that was read.
const char *adoption_patch(yyjson_val *object, const struct dbms *dbms, struct arena *arena);

struct adoption_case {
	const char *kind, *name;
	enum adoption adoption;
	yyjson_val *object;
};

// Says in one sentence which names are taken, by whom, and the cure, which never deletes anything. NULL: none is UNCLAIMED or FOREIGN.
const char *adoption_refusal(const struct adoption_case *cases, size_t n, const struct dbms *dbms, struct arena *arena);

// "Service 'n-client', StatefulSet 'n'": the objects with this verdict; of one that is being deleted, also who holds it. NULL: none.
const char *adoption_list(const struct adoption_case *cases, size_t n, enum adoption adoption, struct arena *arena);
