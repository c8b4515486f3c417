// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The two Secrets of a deployment that is made in Aura (F4): the client credentials, which are the user's, and the token, which is ours.

#include <stdbool.h>

#include "aura/aura_client.h"
#include "base/arena.h"
#include "base/err.h"
#include "operator/context.h"
#include "operator/fleet/provision_plan.h"
#include "operator/fleet/provision_record.h"
#include "operator/object/reason.h"
#include "operator/server/secret_cache.h"

struct provision_problem {
	enum reason reason;
	const char *message; // for the status: cause and cure
};

// Where credentials are read: the Secret, the pass's cache, and the two arenas: secrets is wiped and gets the credentials, texts gets the words of
// a problem.
struct provision_reader {
	const struct context *context;
	struct secret_cache *keyring;
	struct kube_name name;
	struct arena *secrets, *texts;
};

// False with a problem.
bool provision_read_credentials(const struct provision_reader *reader, struct aura_credential *ret, struct provision_problem *ret_problem);

// Whether the token's Secret is there, ours, and made for the next registration (mark). Errors are those of kube_get_secret() but ERR_NOT_FOUND.
int provision_look_at_secret(const struct context *context, struct secret_cache *keyring, const struct dbms *dbms, const char *mark,
			     enum provision_secret *ret, struct err *err);

// What the token's Secret shall say.
struct provision_token {
	const char *mark;
	const char *text; // NULL: only ask whether the Secret may be written
	bool replaces;	  // there is one of ours
};

// ERR_FORBIDDEN: the right is missing. ERR_CONFLICT: somebody else has made a Secret of this name.
int provision_write_secret(const struct context *context, const struct dbms *dbms, const struct provision_token *token, struct err *err);
