// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/admin_secret.h"

#include <stdint.h>
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

// The length of a character of UTF-8; 0 where there is none. A surrogate or an overlong form would come back as another text.
static size_t character(const unsigned char *c, size_t left)
{
	static const struct {
		unsigned char mask, head;
		uint32_t least;
	} forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};

	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]) && i < left; i++) {
		uint32_t value = c[0] & (uint32_t)(unsigned char)~forms[i].mask;

		if ((c[0] & forms[i].mask) != forms[i].head)
			continue;
		for (size_t j = 1; j <= i; j++) {
			if ((c[j] & 0xc0) != 0x80)
				return 0;
			value = value << 6 | (c[j] & 0x3fU);
		}
		return value < forms[i].least || value > 0x10ffff || (value >= 0xd800 && value < 0xe000) ? 0 : i + 1;
	}
	return 0;
}

// -1 where the text is not UTF-8.
static long count_characters(const char *text, size_t len)
{
	long n = 0;
	size_t one;

	for (size_t i = 0; i < len; i += one, n++) {
		one = character((const unsigned char *)text + i, len - i);
		if (!one)
			return -1;
	}
	return n;
}

// Why the server does not take this password; NULL when it does.
static const char *password_problem(const char *password, size_t len, int least, struct arena *arena)
{
	long n = count_characters(password, len);

	if (strlen(password) != len)
		return "holds a NUL character, which cannot be passed on";
	if (n < 0)
		return "is not text in UTF-8";
	if (n < least)
		return arena_printf(arena, "is shorter than %d characters (dbms.security.auth_minimum_password_length)", least);
	return strcmp(password, "neo4j") == 0 ? "is 'neo4j', the default that the server wants changed" : NULL;
}

static bool take(const char *key, const char *problem, struct arena *arena, const char **ret_problem)
{
	if (problem)
		*ret_problem = arena_printf(arena, "the password in key '%s' %s; choose another one", key, problem);
	return !problem;
}

static bool read_pair(yyjson_val *secret, int least, struct arena *arena, struct admin_secret *ret, const char **ret_problem)
{
	size_t len;
	const char *pair = secret_value(secret, "NEO4J_AUTH", arena, &len);

	if (strncmp(pair, "neo4j/", 6) != 0) {
		*ret_problem = "key 'NEO4J_AUTH' must be neo4j/<password>";
		return false;
	}
	ret->password = pair + 6;
	return take("NEO4J_AUTH", password_problem(ret->password, len - 6, least, arena), arena, ret_problem);
}

bool admin_secret_read(yyjson_val *secret, int least_characters, struct arena *arena, struct admin_secret *ret,
		       const char **ret_problem)
{
	size_t len;
	const char *username;

	*ret = (struct admin_secret){.user = "neo4j"};
	ret->password = secret_value(secret, "password", arena, &len);
	if (!ret->password) {
		if (secret_value(secret, "NEO4J_AUTH", arena, &len))
			return read_pair(secret, least_characters, arena, ret, ret_problem);
		*ret_problem = arena_printf(arena, "key 'password' not found (the keys are: %s)", secret_keys(secret, arena));
		return false;
	}
	if (!take("password", password_problem(ret->password, len, least_characters, arena), arena, ret_problem))
		return false;
	username = secret_value(secret, "username", arena, &len);
	if (username && strcmp(username, "neo4j") != 0) {
		*ret_problem = "key 'username' must be neo4j: the server knows no other first user";
		return false;
	}
	return true;
}
