// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The registration token in a Secret, as far as it may be shown. The Secret and what is made of it are wiped.

#include "cli/program.h"
#include "kube/resource.h"
#include "neo4j/token.h"

// What of it may be printed: verdict, and of a token that is good or expired project and expiry. ret->text is the secret itself: it lives in the program's
// arena, which is wiped. ERR_NOT_FOUND: there is no such Secret, or no such key in it; the text says which.
int secret_token_read(struct program *program, struct kube_name name, const char *key, enum token_verdict *ret_verdict, struct token *ret, struct err *err);
