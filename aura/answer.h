// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the Aura API answers, read into structs and errors. Its answers are wrapped in "data" and, by its own description, sometimes not; its
// errors come in five shapes. Pure.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "net/http.h"

#define AURA_ID_SIZE 65
#define AURA_NAME_MAX 30

struct aura_deployment {
	const char *id, *name;
	const char *connection_url; // "": none
	const char *status;	    // "": none is said
};

struct aura_deployments {
	const struct aura_deployment *items;
	size_t n;
};

// Whether a text may stand in a path of the API: letters, digits, '-' and '_', at most 64.
bool aura_is_id(const char *text);

// The error of an answer that is no 2xx. doing completes "the Aura API refused to ..."; none of the secrets, a list that ends with NULL, comes
// back in the text. err.code is the request's id, which is another one each time. ERR_FORBIDDEN 401 and 403, ERR_NOT_FOUND 404, ERR_CONFLICT 409, ERR_TOO_MANY 429, ERR_SERVER 5xx, ERR_INVALID all others.
int answer_error(const struct http_response *response, const char *doing, const char *const *secrets, struct err *err);

// Each reads the body of a 2xx answer. ERR_PROTOCOL: it is not what was asked for.
int answer_bearer(const struct http_response *response, struct arena *arena, const char **ret, int64_t *ret_lives_ms, struct err *err);
int answer_deployments(const struct http_response *response, struct arena *arena, struct aura_deployments *ret, struct err *err);
int answer_deployment(const struct http_response *response, struct arena *arena, struct aura_deployment *ret, struct err *err);
int answer_id(const struct http_response *response, char ret[AURA_ID_SIZE], struct err *err);
int answer_token(const struct http_response *response, struct arena *arena, const char **ret, struct err *err);
