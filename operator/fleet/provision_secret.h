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

// The token's Secret, as it was read. Lives in the arena of the texts.
struct provision_kept {
	enum provision_secret state;
	const char *uid, *version; // NULL: there is none
	int64_t token_try;	   // provision_token_try() of its mark
};

// Whether the token's Secret is there, is the deployment's (owner: its uid), and is made for the next registration (mark; NULL: there is none
// to come). Errors are those of kube_get_secret() but ERR_NOT_FOUND.
int provision_look_at_secret(const struct provision_reader *reader, const char *owner, const char *mark, struct provision_kept *ret, struct err *err);

// What the token's Secret shall say.
struct provision_token {
	const char *mark;
	const char *text; // NULL: only ask whether the Secret may be written
	const struct provision_kept *over; // what was read
};

// ERR_FORBIDDEN: the right is missing. ERR_CONFLICT: the Secret is another than the one that was read; nothing is written.
int provision_write_secret(const struct context *context, const struct dbms *dbms, const struct provision_token *token, struct err *err);
