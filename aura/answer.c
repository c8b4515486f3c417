// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "aura/answer.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/json.h"

#define MESSAGE_MAX 240
#define FIELD_MAX 64
#define BEARER_MAX ((size_t)16 * 1024)
// Of a bearer whose life the answer does not tell.
#define LIFE_UNSAID_MS INT64_C(600000)
#define LIFE_MOST_MS INT64_C(3600000)

bool aura_is_id(const char *text)
{
	size_t len = strlen(text);

	return len > 0 && len < AURA_ID_SIZE &&
	       strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_") == len;
}

static const char *text_of(yyjson_val *object, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(object, key));

	return text ? text : "";
}

// {errors: [{message, reason, field}]}, {errors: ["..."]}, {error: {message}}, {error, error_description}, {message, reason}.
static const char *message_of(yyjson_val *root, const char **ret_field)
{
	yyjson_val *errors = yyjson_obj_get(root, "errors"), *error = yyjson_obj_get(root, "error");
	yyjson_val *first = yyjson_arr_get_first(errors);
	const char *text = "";

	if (first) {
		*ret_field = text_of(first, "field");
		text = yyjson_is_str(first) ? yyjson_get_str(first) : text_of(first, "message");
		return *text ? text : text_of(first, "reason");
	}
	if (yyjson_is_obj(error))
		return text_of(error, "message");
	text = text_of(root, "error_description");
	if (!*text && error)
		text = text_of(root, "error");
	return *text ? text : text_of(root, "message");
}

// One line of printable ASCII, cut.
static void clean(const char *text, char *ret, size_t size)
{
	size_t n = 0;

	for (; *text && n + 1 < size; text++) {
		unsigned char c = (unsigned char)*text;

		ret[n++] = (char)(c < 0x20 || c >= 0x7f ? (isspace(c) ? ' ' : '?') : c);
	}
	ret[n] = '\0';
}

static enum err_class class_of(int status)
{
	switch (status) {
	case 401:
	case 403:
		return ERR_FORBIDDEN;
	case 404:
		return ERR_NOT_FOUND;
	case 409:
		return ERR_CONFLICT;
	case 429:
		return ERR_TOO_MANY;
	default:
		return status >= 500 ? ERR_SERVER : ERR_INVALID;
	}
}

static bool repeats(const char *text, const char *const *secrets)
{
	for (; *secrets; secrets++) {
		if (**secrets && strstr(text, *secrets))
			return true;
	}
	return false;
}

static int told_by(const struct http_response *response, int r, struct err *err)
{
	char request[sizeof(response->header)];

	clean(response->header, request, sizeof(request));
	err_set_code(err, request);
	err->status = response->status;
	err->retry_after_ms = response->retry_after_ms;
	return r;
}

int answer_error(const struct http_response *response, const char *doing, const char *const *secrets, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *root;
	const char *message, *field = "";
	char words[MESSAGE_MAX], named[FIELD_MAX];
	int r;

	arena_wipe_on_free(arena);
	root = json_parse(arena, buf_str(&response->body), response->body.len);
	message = message_of(root, &field);
	if (repeats(message, secrets) || repeats(field, secrets))
		message = field = "";
	clean(message, words, sizeof(words));
	clean(field, named, sizeof(named));
	r = err_set(err, class_of(response->status), "the Aura API refused to %s: %s%s%s%s (status %d)", doing,
		    *words ? words : "it gave no reason", *named ? " (field '" : "", named, *named ? "')" : "", response->status);
	return told_by(response, r, err);
}

// The object or the list itself.
static yyjson_val *data_of(const struct http_response *response, struct arena *arena)
{
	yyjson_val *root = json_parse(arena, buf_str(&response->body), response->body.len);
	yyjson_val *data = yyjson_obj_get(root, "data");

	return data ? data : root;
}

static int lacks(const struct http_response *response, const char *what, struct err *err)
{
	return told_by(response, err_set(err, ERR_PROTOCOL, "the Aura API answered without %s (status %d)", what, response->status), err);
}

static bool is_printable(const char *text)
{
	for (; *text; text++) {
		if ((unsigned char)*text <= 0x20 || (unsigned char)*text >= 0x7f)
			return false;
	}
	return true;
}

int answer_bearer(const struct http_response *response, struct arena *arena, const char **ret, int64_t *ret_lives_ms, struct err *err)
{
	yyjson_val *data = data_of(response, arena), *expires = yyjson_obj_get(data, "expires_in");
	int64_t seconds = yyjson_get_sint(expires);

	*ret = text_of(data, "access_token");
	if (!**ret || strlen(*ret) > BEARER_MAX || !is_printable(*ret))
		return lacks(response, "a bearer", err);
	*ret_lives_ms = LIFE_UNSAID_MS;
	if (yyjson_is_int(expires) && seconds > 0)
		*ret_lives_ms = seconds < LIFE_MOST_MS / 1000 ? seconds * 1000 : LIFE_MOST_MS;
	return 0;
}

static bool read_deployment(yyjson_val *item, struct aura_deployment *ret)
{
	*ret = (struct aura_deployment){
		.id = text_of(item, "id"),
		.name = text_of(item, "name"),
		.connection_url = text_of(item, "connection_url"),
		.status = text_of(item, "status"),
	};
	return aura_is_id(ret->id);
}

int answer_deployments(const struct http_response *response, struct arena *arena, struct aura_deployments *ret, struct err *err)
{
	yyjson_val *list = data_of(response, arena), *item;
	yyjson_arr_iter iter = yyjson_arr_iter_with(list);
	struct aura_deployment *items;
	size_t n = 0;

	if (!yyjson_is_arr(list))
		return lacks(response, "a list of deployments", err);
	items = arena_new_array(arena, struct aura_deployment, yyjson_arr_size(list));
	while ((item = yyjson_arr_iter_next(&iter))) {
		// A list that is not understood in full must not count as one in which a name is missing.
		if (!read_deployment(item, &items[n++]))
			return lacks(response, "the id of a deployment", err);
	}
	*ret = (struct aura_deployments){items, n};
	return 0;
}

int answer_deployment(const struct http_response *response, struct arena *arena, struct aura_deployment *ret, struct err *err)
{
	return read_deployment(data_of(response, arena), ret) ? 0 : lacks(response, "a deployment", err);
}

int answer_id(const struct http_response *response, char ret[AURA_ID_SIZE], struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *id = text_of(data_of(response, arena), "id");

	if (!aura_is_id(id))
		return lacks(response, "the new deployment's id", err);
	(void)snprintf(ret, AURA_ID_SIZE, "%s", id);
	return 0;
}

int answer_token(const struct http_response *response, struct arena *arena, const char **ret, struct err *err)
{
	*ret = text_of(data_of(response, arena), "token");
	return **ret && is_printable(*ret) ? 0 : lacks(response, "a token", err);
}
