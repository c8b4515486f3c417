// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/credentials.h"

#include <ctype.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"

#define KEYS_SHOWN 10

const char *secret_value(yyjson_val *secret, const char *key, struct arena *arena, size_t *ret_len)
{
	yyjson_val *value = yyjson_obj_get(yyjson_obj_get(secret, "data"), key);

	arena_wipe_on_free(arena);
	if (!yyjson_is_str(value))
		return NULL;
	return base64_decode(arena, yyjson_get_str(value), yyjson_get_len(value), ret_len);
}

const char *secret_keys(yyjson_val *secret, struct arena *arena)
{
	_cleanup_buf_ struct buf out = BUF_INIT(4096);
	yyjson_val *key;
	yyjson_obj_iter iter = yyjson_obj_iter_with(yyjson_obj_get(secret, "data"));
	int n = 0;

	while ((key = yyjson_obj_iter_next(&iter))) {
		if (n++ == KEYS_SHOWN) {
			buf_add(&out, ", ...");
			break;
		}
		buf_addf(&out, "%s'%s'", n > 1 ? ", " : "", yyjson_get_str(key));
	}
	return n ? arena_strdup(arena, buf_str(&out)) : "none";
}

// What keeps the image from starting with this password; NULL when nothing does.
static const char *password_problem(const char *password, size_t len)
{
	if (strlen(password) != len)
		return "holds a NUL character";
	if (len < 8)
		return "is shorter than 8 characters";
	if (password[0] == '-')
		return "begins with '-', which the server's set-initial-password takes for an option";
	if (strchr(password, '/'))
		return "holds '/', which separates the fields of NEO4J_AUTH";
	for (size_t i = 0; i < len; i++) {
		if (iscntrl((unsigned char)password[i]))
			return "holds a control character, perhaps a newline at its end (use printf or "
			       "--from-literal, not echo)";
	}
	return NULL;
}

static bool read_pair(yyjson_val *secret, struct arena *arena, struct credentials *ret, const char **ret_problem)
{
	size_t len;
	const char *pair = secret_value(secret, "NEO4J_AUTH", arena, &len);
	const char *problem;

	ret->form = CREDENTIALS_NEO4J_AUTH;
	if (strncmp(pair, "neo4j/", 6) != 0) {
		*ret_problem = "key 'NEO4J_AUTH' must be neo4j/<password>";
		return false;
	}
	ret->password = pair + 6;
	problem = password_problem(pair + 6, len - 6);
	if (problem)
		*ret_problem = arena_printf(arena, "the password in key 'NEO4J_AUTH' %s; choose another one", problem);
	return !problem;
}

bool credentials_read(yyjson_val *secret, struct arena *arena, struct credentials *ret, const char **ret_problem)
{
	size_t len;
	const char *username, *problem;

	*ret = (struct credentials){.user = "neo4j"};
	ret->password = secret_value(secret, "password", arena, &len);
	if (!ret->password) {
		if (secret_value(secret, "NEO4J_AUTH", arena, &len))
			return read_pair(secret, arena, ret, ret_problem);
		*ret_problem = arena_printf(arena, "key 'password' not found (the keys are: %s)", secret_keys(secret, arena));
		return false;
	}
	problem = password_problem(ret->password, len);
	if (problem) {
		*ret_problem = arena_printf(arena, "the password in key 'password' %s; choose another one", problem);
		return false;
	}
	username = secret_value(secret, "username", arena, &len);
	ret->has_username = username != NULL;
	if (username && strcmp(username, "neo4j") != 0) {
		*ret_problem = "key 'username' must be neo4j: the image knows no other first user";
		return false;
	}
	return true;
}
