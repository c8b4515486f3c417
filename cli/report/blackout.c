// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/report/blackout.h"

#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/json.h"

#define SHORTEST 4
#define TEXT_MAX ((size_t)64 * 1024 * 1024)
#define OURS "neofleet.neo4j.com/"
#define DEPTH_MAX 64

static void add(struct blackout *scrub, const char *text, size_t len)
{
	struct blackout_value **first = &scrub->values[(unsigned char)*text], *value;

	// One Secret mostly serves many deployments.
	for (value = *first; value; value = value->next) {
		if (value->len == len && memcmp(value->text, text, len) == 0)
			return;
	}
	value = arena_new_array(scrub->arena, struct blackout_value, 1);
	*value = (struct blackout_value){arena_memdup0(scrub->arena, text, len), len, *first};
	*first = value;
}

void blackout_add(struct blackout *scrub, const char *value, size_t len)
{
	// A file that was put into a Secret mostly ends with a line's end, which is no part of what is used.
	while (len && (value[len - 1] == '\n' || value[len - 1] == '\r'))
		len--;
	if (len >= SHORTEST)
		add(scrub, value, len);
}

// A registration token is base64 of JSON with a key in it.
static void add_key(struct blackout *scrub, const char *value, size_t len)
{
	size_t n;
	const char *text = base64_decode_unpadded(scrub->arena, value, len, &n);
	yyjson_val *root = text ? json_parse(scrub->arena, text, n) : NULL, *key = yyjson_obj_get(root, "private_key");

	if (yyjson_is_str(key))
		blackout_add(scrub, yyjson_get_str(key), yyjson_get_len(key));
}

void blackout_add_secret(struct blackout *scrub, yyjson_val *data)
{
	size_t index, max, len;
	yyjson_val *key, *val;

	yyjson_obj_foreach(json_members(data), index, max, key, val) {
		const char *encoded = yyjson_get_str(val), *value = encoded ? base64_decode(scrub->arena, encoded, strlen(encoded), &len) : NULL;

		if (!value)
			continue;
		blackout_add(scrub, encoded, strcspn(encoded, "="));
		blackout_add(scrub, value, len);
		add_key(scrub, value, len);
	}
}

// The longest that stands at a place: one value may begin another.
static size_t known_at(const struct blackout *scrub, const char *text, size_t len)
{
	size_t longest = 0;

	for (const struct blackout_value *value = scrub->values[(unsigned char)*text]; value; value = value->next) {
		if (value->len > longest && value->len <= len && memcmp(text, value->text, value->len) == 0)
			longest = value->len;
	}
	return longest;
}

const char *blackout_text(const struct blackout *scrub, struct arena *arena, const char *text, size_t len, size_t *ret_len)
{
	_cleanup_buf_ struct buf out = BUF_INIT_SECRET(TEXT_MAX);
	size_t kept = 0;

	*ret_len = len;
	for (size_t i = 0; i < len;) {
		size_t n = known_at(scrub, text + i, len - i);

		if (n) {
			buf_append(&out, text + kept, i - kept);
			buf_add(&out, BLACKOUT_LEFT_OUT);
			kept = i + n;
		}
		i += n ? n : 1;
	}
	if (kept == 0)
		return text;
	buf_append(&out, text + kept, len - kept);
	*ret_len = out.len;
	return arena_memdup0(arena, buf_str(&out), out.len);
}

static bool is_secret_name(const char *key)
{
	static const char *const words[] = {"password", "passwd", "secret", "token", "credential", "private", "apikey", "api_key"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasestr(key, words[i]))
			return true;
	}
	return false;
}

static void blackout_metadata(yyjson_mut_val *metadata)
{
	yyjson_mut_val *annotations = yyjson_mut_obj_get(metadata, "annotations"), *key;
	yyjson_mut_obj_iter iter;

	yyjson_mut_obj_remove_key(metadata, "managedFields");
	if (!yyjson_mut_obj_iter_init(annotations, &iter))
		return;
	while ((key = yyjson_mut_obj_iter_next(&iter))) {
		if (strncmp(yyjson_mut_get_str(key), OURS, strlen(OURS)) != 0)
			yyjson_mut_obj_iter_remove(&iter);
	}
}

// Values of a map of settings, by their names.
static void blackout_settings(yyjson_mut_val *settings)
{
	yyjson_mut_val *key, *val;
	size_t index, max;

	yyjson_mut_obj_foreach(settings, index, max, key, val) {
		if (yyjson_mut_is_str(val) && is_secret_name(yyjson_mut_get_str(key)))
			yyjson_mut_set_str(val, BLACKOUT_LEFT_OUT);
	}
}

static void walk(yyjson_mut_val *node, unsigned depth)
{
	yyjson_mut_val *key, *val;
	size_t index, max;

	if (depth > DEPTH_MAX)
		return;
	yyjson_mut_arr_foreach(node, index, max, val)
		walk(val, depth + 1);
	if (!yyjson_mut_is_obj(node))
		return;
	yyjson_mut_obj_foreach(node, index, max, key, val) {
		const char *name = yyjson_mut_get_str(key);

		if (strcmp(name, "metadata") == 0)
			blackout_metadata(val);
		else if ((strcmp(name, "config") == 0 || strcmp(name, "podAnnotations") == 0) && yyjson_mut_is_obj(val))
			blackout_settings(val);
		walk(val, depth + 1);
	}
	// An environment variable, or what looks like one.
	val = yyjson_mut_obj_get(node, "value");
	if (yyjson_mut_is_str(val) && yyjson_mut_is_str(yyjson_mut_obj_get(node, "name")))
		yyjson_mut_set_str(val, BLACKOUT_LEFT_OUT);
}

void blackout_object(yyjson_mut_val *object)
{
	walk(object, 0);
}
