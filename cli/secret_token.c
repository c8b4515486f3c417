// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/secret_token.h"

#include <string.h>

#include "base/base64.h"
#include "base/json.h"
#include "kube/client.h"

static const char *keys_of(yyjson_val *data, struct arena *arena)
{
	const char *keys = "";
	size_t index, max;
	yyjson_val *key, *val;

	yyjson_obj_foreach(json_members(data), index, max, key, val) {
		keys = arena_printf(arena, "%s%s%s", keys, index ? ", " : "", yyjson_get_str(key));
	}
	return *keys ? keys : "none";
}

int secret_token_read(struct program *program, struct kube_name name, const char *key, enum token_verdict *ret_verdict, struct token *ret, struct err *err)
{
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;
	const char *text;
	yyjson_val *data;
	char *decoded;
	size_t len;
	int r = kube_get_secret(program->client, name, &secret, err);

	if (r == ERR_NOT_FOUND) {
		err_clear(err);
		return err_set(err, ERR_NOT_FOUND, "there is no Secret '%s' in namespace '%s'", name.name, name.namespace);
	}
	if (r < 0)
		return r;
	data = kube_object_get(secret, "/data");
	text = yyjson_get_str(yyjson_obj_get(data, key));
	if (!text)
		return err_set(err, ERR_NOT_FOUND, "Secret '%s' of namespace '%s' has no key '%s' (its keys are: %s)", name.name, name.namespace, key,
			       keys_of(data, program->arena));
	decoded = base64_decode(program->arena, text, strlen(text), &len);
	if (!decoded)
		return err_set(err, ERR_PROTOCOL, "the API server sent a Secret that is not base64");
	*ret_verdict = token_check(decoded, len, clock_wall_ms(program->clock), program->arena, ret);
	return 0;
}
