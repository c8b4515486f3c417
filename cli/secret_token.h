// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Reads the registration token in a Secret, as far as it may be shown. The Secret and everything made of it are wiped.

#include "cli/program.h"
#include "kube/resource.h"
#include "neo4j/token.h"

// The printable parts of the token: the verdict, and for a good or expired token project and expiry. ret->text is the secret itself: it lives in
// the program's arena, which is wiped. ERR_NOT_FOUND: the Secret does not exist, or lacks the key; the text says which.
int secret_token_read(struct program *program, struct kube_name name, const char *key, enum token_verdict *ret_verdict, struct token *ret, struct err *err);
