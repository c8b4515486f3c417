// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "neo4j/token.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "neo4j/instant.h"

static enum token_verdict malformed(struct token *token, const char *problem)
{
	token->problem = problem;
	return TOKEN_MALFORMED;
}

// When a name stands twice, the server takes the last one.
static const char *member(yyjson_val *root, const char *name)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(root);
	yyjson_val *key;
	const char *text = NULL;

	while ((key = yyjson_obj_iter_next(&iter)))
		if (yyjson_equals_str(key, name))
			text = yyjson_get_str(yyjson_obj_iter_get_val(key));
	return text && *text ? text : NULL;
}

static void trim(const char **data, size_t *len)
{
	while (*len > 0 && isspace((unsigned char)(*data)[*len - 1]))
		(*len)--;
	while (*len > 0 && isspace((unsigned char)**data))
		(*data)++, (*len)--;
}

enum token_verdict token_check(const char *data, size_t len, int64_t now_ms, struct arena *arena, struct token *ret)
{
	const char *expiry;
	size_t json_len;
	yyjson_val *root;
	char *json;

	arena_wipe_on_free(arena);
	*ret = (struct token){0};
	trim(&data, &len);
	ret->text = arena_memdup0(arena, data, len < TOKEN_MAX_BYTES ? len : 0);
	if (len == 0)
		return TOKEN_EMPTY;
	if (len >= TOKEN_MAX_BYTES)
		return malformed(ret, "it is longer than 16 KiB");
	json = base64_decode_unpadded(arena, ret->text, len, &json_len);
	if (!json)
		return malformed(ret, "it is not base64");
	root = json_parse(arena, json, json_len);
	if (!yyjson_is_obj(root))
		return malformed(ret, "its content is not a JSON object");
	if (!member(root, "private_key"))
		return malformed(ret, "it has no private_key");
	if (!member(root, "kid"))
		return malformed(ret, "it has no kid");
	ret->project = member(root, "project_id");
	if (!ret->project)
		return malformed(ret, "it has no project_id");
	expiry = member(root, "expiry_time");
	if (!expiry || instant_parse(expiry, &ret->expires_ms) < 0)
		return malformed(ret, "its expiry_time is missing or not an ISO 8601 time");
	return ret->expires_ms <= now_ms ? TOKEN_EXPIRED : TOKEN_GOOD;
}
