// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whose an object is that stands under a name which a deployment needs, and the patch that makes an orphan the deployment's. Pure.
// Objects of a deployment lose their owner by kubectl delete --cascade=orphan, and by a restore from a backup.

#include <stdbool.h>
#include <stddef.h>

#include <yyjson.h>

#include "api/dbms.h"
#include "base/arena.h"

// The user's word that an object without an owner becomes the deployment's: "KIND/NAME" of the deployment.
#define ADOPT_ANNOTATION "neofleet.neo4j.com/adopt"

// On each child: the digest of what was applied last (operator/pass/apply.h).
#define DIGEST_ANNOTATION "neofleet.neo4j.com/applied"

enum adoption {
	ADOPTION_OURS,	    // the deployment controls it
	ADOPTION_LEAVING,   // it is on its way out, or its owner is a deleted deployment of the same kind and name: it goes by itself
	ADOPTION_ORPHAN,    // nobody owns it, and it bears the marks of this very deployment, or the user's word
	ADOPTION_UNCLAIMED, // nobody owns it, and nothing says that it was the deployment's: the user's word is wanted
	ADOPTION_FOREIGN,   // somebody else owns it, or it was made for another deployment
};

enum adoption adoption_judge(yyjson_val *object, const struct dbms *dbms);

// A merge patch that makes an orphan the deployment's and takes the user's word off it. It holds for the version that was read.
const char *adoption_patch(yyjson_val *object, const struct dbms *dbms, struct arena *arena);

struct adoption_case {
	const char *kind, *name;
	enum adoption adoption;
	yyjson_val *object;
};

// Which names are taken, by whom, and the cure, in one sentence: never one that deletes anything. NULL: none is UNCLAIMED or FOREIGN.
const char *adoption_refusal(const struct adoption_case *cases, size_t n, const struct dbms *dbms, struct arena *arena);

// "Service 'n-client', StatefulSet 'n'": those that are judged so. NULL: none.
const char *adoption_list(const struct adoption_case *cases, size_t n, enum adoption adoption, struct arena *arena);
