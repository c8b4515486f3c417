// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "test/testkit/authorization.h"

#include <stdlib.h>
#include <string.h>

#include "test/testkit/backend_fault.h"
#include "test/testkit/cypher.h"
#include "test/testkit/named.h"
#include "test/testkit/report.h"

#define NEVER INT64_MAX

// Three kinds: one whose every question goes to testkit, and two that keep what they were given until it is refused or expires.
enum manager_kind { MANAGER_ALL, MANAGER_BASIC, MANAGER_BEARER };

struct manager {
	struct bolt_auth_provider provider;
	struct talk *talk;
	enum manager_kind kind;
	char id[24];
	struct arena *arena; // of what is kept
	bool kept;
	struct bolt_auth auth;
	int64_t expires; // by the conversation's clock
};

// Each question has an id that the answer repeats; there is one at a time.
#define QUESTION "1"

static int read_plain(yyjson_val *json, struct arena *arena, struct bolt_value *ret)
{
	size_t i, n;
	yyjson_val *key, *item;

	*ret = yyjson_is_str(json)    ? bolt_string(yyjson_get_str(json))
	       : yyjson_is_bool(json) ? bolt_bool(yyjson_get_bool(json))
	       : yyjson_is_int(json)  ? bolt_int(yyjson_get_sint(json))
	       : yyjson_is_real(json) ? bolt_float(yyjson_get_real(json))
				      : bolt_null();
	if (yyjson_is_obj(json)) {
		struct bolt_entry *entries = arena_new_array(arena, struct bolt_entry, yyjson_obj_size(json));

		yyjson_obj_foreach(json, i, n, key, item)
		{
			entries[i].key = yyjson_get_str(key);
			(void)read_plain(item, arena, &entries[i].value);
		}
		*ret = bolt_map(entries, (uint32_t)yyjson_obj_size(json));
	} else if (yyjson_is_arr(json)) {
		struct bolt_value *items = arena_new_array(arena, struct bolt_value, yyjson_arr_size(json));

		yyjson_arr_foreach(json, i, n, item)(void) read_plain(item, arena, &items[i]);
		*ret = bolt_list(items, (uint32_t)yyjson_arr_size(json));
	}
	return 0;
}

static const char *copied(yyjson_val *data, const char *key, struct arena *arena)
{
	const char *text = yyjson_get_str(yyjson_obj_get(data, key));

	return text ? arena_strdup(arena, text) : NULL;
}

int authorization_read(yyjson_val *json, struct arena *arena, struct bolt_auth *ret, struct err *err)
{
	yyjson_val *data = yyjson_obj_get(json, "data"), *parameters = yyjson_obj_get(data, "parameters");

	*ret = (struct bolt_auth){0};
	if (!json || yyjson_is_null(json))
		return 0;
	const char *scheme = copied(data, "scheme", arena), *user = copied(data, "principal", arena);
	const char *password = copied(data, "credentials", arena);

	if (!scheme)
		return backend_fault(err, "credentials have no scheme");
	if (!strcmp(scheme, "basic"))
		*ret = bolt_auth_basic(user, password);
	else if (!strcmp(scheme, "bearer"))
		*ret = bolt_auth_bearer(password);
	else if (!strcmp(scheme, "kerberos"))
		*ret = bolt_auth_kerberos(password);
	else
		*ret = (struct bolt_auth){.user = user, .password = password};
	ret->scheme = scheme;
	ret->realm = copied(data, "realm", arena);
	if (yyjson_is_obj(parameters)) {
		struct bolt_value *map = arena_new_array(arena, struct bolt_value, 1);

		ret->parameters = map;
		return read_plain(parameters, arena, map);
	}
	return 0;
}

static yyjson_mut_val *write_auth(yyjson_mut_doc *doc, const struct bolt_auth *auth)
{
	yyjson_mut_val *data = yyjson_mut_obj(doc);

	yyjson_mut_obj_add_strcpy(doc, data, "scheme", auth->scheme ? auth->scheme : "basic");
	if (auth->user)
		yyjson_mut_obj_add_strcpy(doc, data, "principal", auth->user);
	if (auth->password)
		yyjson_mut_obj_add_strcpy(doc, data, "credentials", auth->password);
	if (auth->realm)
		yyjson_mut_obj_add_strcpy(doc, data, "realm", auth->realm);
	return named_wrap(doc, "AuthorizationToken", data);
}

static const struct {
	const char *question, *id_member, *answer;
} getters[] = {
	[MANAGER_ALL] = {"AuthTokenManagerGetAuthRequest", "authTokenManagerId", "AuthTokenManagerGetAuthCompleted"},
	[MANAGER_BASIC] = {"BasicAuthTokenProviderRequest", "basicAuthTokenManagerId", "BasicAuthTokenProviderCompleted"},
	[MANAGER_BEARER] = {"BearerAuthTokenProviderRequest", "bearerAuthTokenManagerId", "BearerAuthTokenProviderCompleted"},
};

static void begin_question(struct reply *question, struct arena *arena, const char *name)
{
	reply_init(question, arena, name);
	yyjson_mut_obj_add_str(question->doc, question->data, "id", QUESTION);
}

static int ask_get(struct manager *manager, struct arena *arena, yyjson_val **ret, struct err *err)
{
	struct reply question;

	begin_question(&question, arena, getters[manager->kind].question);
	yyjson_mut_obj_add_strcpy(question.doc, question.data, getters[manager->kind].id_member, manager->id);
	return talk_ask(manager->talk, &question, getters[manager->kind].answer, ret, err);
}

static int renew(struct manager *manager, struct err *err)
{
	yyjson_val *answer, *auth, *expiry = NULL;

	arena_free(manager->arena);
	manager->arena = arena_new();
	int r = ask_get(manager, manager->arena, &answer, err);

	if (r < 0)
		return r;
	auth = yyjson_obj_get(answer, "auth");
	if (manager->kind == MANAGER_BEARER) {
		expiry = yyjson_obj_get(yyjson_obj_get(auth, "data"), "expiresInMs");
		auth = yyjson_obj_get(yyjson_obj_get(auth, "data"), "auth");
	}
	manager->expires = yyjson_is_int(expiry) ? clock_monotonic_ms(&manager->talk->clock) + yyjson_get_sint(expiry) : NEVER;
	r = authorization_read(auth, manager->arena, &manager->auth, err);
	manager->kept = r == 0;
	return r;
}

static int get_kept(void *user, struct arena *arena, struct bolt_auth *ret, struct err *err)
{
	struct manager *manager = user;

	(void)arena; // what is kept lives until it is renewed, which happens in no other thread
	if (!manager->kept || clock_monotonic_ms(&manager->talk->clock) >= manager->expires) {
		const int r = renew(manager, err);

		if (r < 0)
			return r;
	}
	*ret = manager->auth;
	return 0;
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

static bool refused_kept(void *user, const struct bolt_auth *auth, const char *code)
{
	struct manager *manager = user;

	if (strcmp(code, "Neo.ClientError.Security.Unauthorized") != 0 &&
	    (manager->kind == MANAGER_BASIC || strcmp(code, "Neo.ClientError.Security.TokenExpired") != 0))
		return false;
	if (same(auth->user, manager->auth.user) && same(auth->password, manager->auth.password))
		manager->kept = false;
	return true;
}

static int get_asked(void *user, struct arena *arena, struct bolt_auth *ret, struct err *err)
{
	yyjson_val *answer;
	const int r = ask_get(user, arena, &answer, err);

	return r < 0 ? r : authorization_read(yyjson_obj_get(answer, "auth"), arena, ret, err);
}

static bool refused_asked(void *user, const struct bolt_auth *auth, const char *code)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct manager *manager = user;
	struct err err = ERR_INIT;
	struct reply question;
	yyjson_val *answer;

	begin_question(&question, arena, "AuthTokenManagerHandleSecurityExceptionRequest");
	yyjson_mut_obj_add_strcpy(question.doc, question.data, "authTokenManagerId", manager->id);
	yyjson_mut_obj_add_val(question.doc, question.data, "auth", write_auth(question.doc, auth));
	yyjson_mut_obj_add_strcpy(question.doc, question.data, "errorCode", code);
	if (talk_ask(manager->talk, &question, "AuthTokenManagerHandleSecurityExceptionCompleted", &answer, &err) < 0)
		return false;
	return yyjson_get_bool(yyjson_obj_get(answer, "handled"));
}

static void manager_free(void *self)
{
	struct manager *manager = self;

	arena_free(manager->arena);
	free(manager);
}

static int new_manager(struct talk *talk, enum manager_kind kind, struct reply *reply)
{
	static const char *const names[] = {"AuthTokenManager", "BasicAuthTokenManager", "BearerAuthTokenManager"};
	struct manager *manager = calloc(1, sizeof(*manager));

	if (!manager)
		abort();
	manager->talk = talk;
	manager->kind = kind;
	manager->provider = (struct bolt_auth_provider){.get = kind == MANAGER_ALL ? get_asked : get_kept,
							.refused = kind == MANAGER_ALL ? refused_asked : refused_kept,
							.user = manager};
	const struct object object = {.kind = OBJECT_AUTH_MANAGER, .free = manager_free, .self = manager};
	const char *id = talk_keep(talk, object, reply->arena);

	(void)snprintf(manager->id, sizeof(manager->id), "%s", id);
	reply_id(reply, names[kind], id);
	return 0;
}

static int new_all(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	(void)data;
	(void)err;
	return new_manager(talk, MANAGER_ALL, reply);
}

static int new_basic(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	(void)data;
	(void)err;
	return new_manager(talk, MANAGER_BASIC, reply);
}

static int new_bearer(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	(void)data;
	(void)err;
	return new_manager(talk, MANAGER_BEARER, reply);
}

// A driver may use it still: it ends with the conversation.
static int close_manager(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	void *self;
	const int r = talk_find(talk, OBJECT_AUTH_MANAGER, yyjson_obj_get(data, "id"), &self, err);

	if (r == 0)
		reply_id(reply, "AuthTokenManager", yyjson_get_str(yyjson_obj_get(data, "id")));
	return r;
}

int authorization_provider(const struct talk *talk, yyjson_val *id, const struct bolt_auth_provider **ret, struct err *err)
{
	void *self;
	const int r = talk_find(talk, OBJECT_AUTH_MANAGER, id, &self, err);

	if (r == 0)
		*ret = &((struct manager *)self)->provider;
	return r;
}

const struct request_kind requests_auth[] = {
	{"NewAuthTokenManager", new_all},
	{"NewBasicAuthTokenManager", new_basic},
	{"NewBearerAuthTokenManager", new_bearer},
	{"AuthTokenManagerClose", close_manager},
	{NULL, NULL},
};
