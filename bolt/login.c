// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/login.h"

#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/buf.h"
#include "base/exhausted.h"
#include "bolt/pack.h"

// More than this in parameters is compared as different.
#define PARAMETERS_MAX ((size_t)1024 * 1024)

static char *copy(struct arena *arena, const char *text)
{
	return text ? arena_strdup(arena, text) : NULL;
}

static char *copy_unless_empty(struct arena *arena, const char *text)
{
	return text && *text ? arena_strdup(arena, text) : NULL;
}

struct login *login_new(const struct bolt_auth *auth)
{
	struct login *login = calloc(1, sizeof(*login));
	bool basic = !auth->scheme || strcmp(auth->scheme, "basic") == 0;
	struct bolt_value *parameters;

	if (!login)
		memory_is_exhausted();
	login->arena = arena_new();
	arena_wipe_on_free(login->arena);
	login->auth = (struct bolt_auth){
		.scheme = copy(login->arena, auth->scheme),
		.user = copy(login->arena, auth->user),
		.password = basic ? copy(login->arena, auth->password) : copy_unless_empty(login->arena, auth->password),
		.realm = copy_unless_empty(login->arena, auth->realm),
	};
	if (auth->parameters && auth->parameters->size > 0) {
		parameters = arena_alloc(login->arena, sizeof(*parameters));
		*parameters = bolt_copy(auth->parameters, login->arena);
		login->auth.parameters = parameters;
	}
	return login;
}

void login_free(struct login *login)
{
	if (!login)
		return;
	arena_free(login->arena);
	free(login);
}

static bool same(const char *a, const char *b)
{
	size_t len = a ? strlen(a) : 0;

	if (!a || !b)
		return a == b;
	return strlen(b) == len && CRYPTO_memcmp(a, b, len) == 0;
}

static bool same_values(const struct bolt_value *a, const struct bolt_value *b)
{
	_cleanup_buf_ struct buf left = BUF_INIT_SECRET(PARAMETERS_MAX), right = BUF_INIT_SECRET(PARAMETERS_MAX);

	if (!a || !b)
		return a == b;
	pack_value(&left, a);
	pack_value(&right, b);
	return !left.overflow && !right.overflow && left.len == right.len && CRYPTO_memcmp(left.data, right.data, left.len) == 0;
}

bool login_equal(const struct bolt_auth *a, const struct bolt_auth *b)
{
	return same(a->scheme ? a->scheme : "basic", b->scheme ? b->scheme : "basic") && same(a->user, b->user) &&
	       same(a->password, b->password) && same(a->realm, b->realm) && same_values(a->parameters, b->parameters);
}
