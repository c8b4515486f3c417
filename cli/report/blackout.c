// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Each value is known in the forms in which it may stand in a text: plain, in base64, escaped as in JSON, and as a terminal is shown it. Lists
// hold them by their first byte. One walk over a text removes the longest value at each place. A tree is searched string by string before it is
// written, since a writer may escape, fold or indent.

#include "cli/report/blackout.h"

#include <stdint.h>
#include <string.h>

#include "base/base64.h"
#include "base/buf.h"
#include "base/json.h"
#include "cli/rendering.h"

#define SHORTEST 4
#define TEXT_MAX ((size_t)64 * 1024 * 1024)
#define OURS "neofleet.neo4j.com/"
#define PAIR "neo4j/" // followed by a password, as in NEO4J_AUTH
#define DEPTH_MAX 64

static bool is_secret_name(const char *key)
{
	static const char *const words[] = {"password", "passwd", "secret", "token", "credential", "private", "apikey", "api_key"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcasestr(key, words[i]))
			return true;
	}
	return false;
}

static void add(struct blackout *scrub, const char *text, size_t len)
{
	struct blackout_value **first, *value;

	if (len < SHORTEST)
		return;
	first = &scrub->values[(unsigned char)*text];
	// Many deployments often share one Secret.
	for (value = *first; value; value = value->next) {
		if (value->len == len && memcmp(value->text, text, len) == 0)
			return;
	}
	value = arena_new_array(scrub->arena, struct blackout_value, 1);
	*value = (struct blackout_value){arena_memdup0(scrub->arena, text, len), len, *first};
	*first = value;
}

// Without the padding, which others may leave out.
static void add_base64(struct blackout *scrub, const char *value, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	char *text = arena_alloc(scrub->arena, (len + 2) / 3 * 4);
	uint32_t group = 0;
	unsigned bits = 0;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		group = group << 8 | (unsigned char)value[i];
		for (bits += 8; bits >= 6; bits -= 6)
			text[n++] = digits[group >> (bits - 6) & 63];
	}
	if (bits)
		text[n++] = digits[group << (6 - bits) & 63];
	add(scrub, text, n);
}

// As it stands in a JSON text, such as a line of a log.
static void add_escaped(struct blackout *scrub, const char *value, size_t len, yyjson_write_flag how)
{
	const yyjson_alc alc = json_alc(scrub->arena);
	yyjson_mut_val *val = yyjson_mut_strn(json_doc_new(scrub->arena), value, len);
	size_t n;
	const char *text = yyjson_mut_val_write_opts(val, how, &alc, &n, NULL);

	if (text)
		add(scrub, text + 1, n - 2);
}

// A file in a Secret mostly ends with a newline, which is not part of the value in use.
static size_t without_end(const char *value, size_t len)
{
	while (len && (value[len - 1] == '\n' || value[len - 1] == '\r'))
		len--;
	return len;
}

// A report is unreadable without these: the first user's name is also the database's.
static bool is_common(const char *value, size_t len)
{
	static const char *const words[] = {"neo4j", "true", "false"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strlen(words[i]) == len && memcmp(words[i], value, len) == 0)
			return true;
	}
	return false;
}

static void add_forms(struct blackout *scrub, const char *value, size_t len)
{
	const char *shown;

	if (len < SHORTEST || is_common(value, len))
		return;
	add(scrub, value, len);
	// doctor and status show no newline.
	shown = rendering_shown(scrub->arena, arena_memdup0(scrub->arena, value, len), "");
	add(scrub, shown, strlen(shown));
	add_base64(scrub, value, len);
	add_escaped(scrub, value, len, YYJSON_WRITE_NOFLAG);
	add_escaped(scrub, value, len, YYJSON_WRITE_ESCAPE_UNICODE);
}

void blackout_add(struct blackout *scrub, const char *value, size_t len)
{
	len = without_end(value, len);
	add_forms(scrub, value, len);
	if (len > strlen(PAIR) && memcmp(value, PAIR, strlen(PAIR)) == 0)
		add_forms(scrub, value + strlen(PAIR), len - strlen(PAIR));
}

static void add_members(struct blackout *scrub, yyjson_val *node, unsigned depth)
{
	size_t index, max;
	yyjson_val *key, *val;

	if (!yyjson_is_obj(node) || depth > DEPTH_MAX)
		return;
	yyjson_obj_foreach(node, index, max, key, val) {
		const char *name = yyjson_get_str(key);

		if (yyjson_is_str(val) && (is_secret_name(name) || strcmp(name, "auth") == 0))
			blackout_add(scrub, yyjson_get_str(val), yyjson_get_len(val));
		add_members(scrub, val, depth + 1);
	}
}

// A registration token is base64 of JSON that holds a key; a registry's login is JSON that holds a password.
static void add_inner(struct blackout *scrub, const char *value, size_t len)
{
	size_t n;
	const char *text = base64_decode_unpadded(scrub->arena, value, len, &n);

	add_members(scrub, json_parse(scrub->arena, value, len), 0);
	if (text)
		add_members(scrub, json_parse(scrub->arena, text, n), 0);
}

void blackout_add_secret(struct blackout *scrub, yyjson_val *data)
{
	size_t index, max, len;
	yyjson_val *key, *val;

	yyjson_obj_foreach(json_members(data), index, max, key, val) {
		const char *encoded = yyjson_get_str(val), *value = encoded ? base64_decode(scrub->arena, encoded, strlen(encoded), &len) : NULL;

		if (!value || yyjson_equals_str(key, "username") || is_common(value, without_end(value, len)))
			continue;
		add(scrub, encoded, strcspn(encoded, "="));
		blackout_add(scrub, value, len);
		add_inner(scrub, value, without_end(value, len));
	}
}

// The longest value that begins here: one value may begin another.
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

// Nothing that nests deeper than the search goes is handed on.
static bool left_out_deep(yyjson_mut_val *node, unsigned depth)
{
	if (depth <= DEPTH_MAX)
		return false;
	yyjson_mut_set_str(node, BLACKOUT_LEFT_OUT);
	return true;
}

static void scrub_string(const struct blackout *scrub, struct arena *arena, yyjson_mut_val *val)
{
	const char *text = yyjson_mut_get_str(val);
	size_t len = yyjson_mut_get_len(val);

	if (text) {
		text = blackout_text(scrub, arena, text, len, &len);
		yyjson_mut_set_strn(val, text, len);
	}
}

static void scrub_tree(const struct blackout *scrub, struct arena *arena, yyjson_mut_val *node, unsigned depth)
{
	yyjson_mut_val *key, *val;
	size_t index, max;

	if (left_out_deep(node, depth))
		return;
	scrub_string(scrub, arena, node);
	yyjson_mut_arr_foreach(node, index, max, val)
		scrub_tree(scrub, arena, val, depth + 1);
	if (!yyjson_mut_is_obj(node))
		return;
	yyjson_mut_obj_foreach(node, index, max, key, val) {
		scrub_string(scrub, arena, key);
		scrub_tree(scrub, arena, val, depth + 1);
	}
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

void blackout_tree(const struct blackout *scrub, struct arena *arena, yyjson_mut_val *node)
{
	scrub_tree(scrub, arena, node, 0);
}

// Hides values in a map of settings, by their names or by names inside them (-Dx.password=y).
static void blackout_settings(yyjson_mut_val *settings)
{
	yyjson_mut_val *key, *val;
	size_t index, max;

	yyjson_mut_obj_foreach(settings, index, max, key, val) {
		if (yyjson_mut_is_str(val) && (is_secret_name(yyjson_mut_get_str(key)) || is_secret_name(yyjson_mut_get_str(val))))
			yyjson_mut_set_str(val, BLACKOUT_LEFT_OUT);
	}
}

// Words of a command: "--password=x", or "--password" followed by "x".
static void blackout_words(yyjson_mut_val *words)
{
	yyjson_mut_val *val;
	size_t index, max;
	bool follows = false;

	yyjson_mut_arr_foreach(words, index, max, val) {
		const char *text = yyjson_mut_get_str(val);
		bool names = text && is_secret_name(text), takes_next = names && *text == '-' && !strchr(text, '=');

		if (text && (names || follows))
			yyjson_mut_set_str(val, BLACKOUT_LEFT_OUT);
		follows = takes_next;
	}
}

static void blackout_member(const char *name, yyjson_mut_val *val)
{
	if (strcmp(name, "metadata") == 0)
		blackout_metadata(val);
	else if ((strcmp(name, "config") == 0 || strcmp(name, "podAnnotations") == 0) && yyjson_mut_is_obj(val))
		blackout_settings(val);
	else if (strcmp(name, "args") == 0 || strcmp(name, "command") == 0)
		blackout_words(val);
}

static void walk(yyjson_mut_val *node, unsigned depth)
{
	yyjson_mut_val *key, *val;
	size_t index, max;

	if (left_out_deep(node, depth))
		return;
	yyjson_mut_arr_foreach(node, index, max, val)
		walk(val, depth + 1);
	if (!yyjson_mut_is_obj(node))
		return;
	yyjson_mut_obj_foreach(node, index, max, key, val) {
		blackout_member(yyjson_mut_get_str(key), val);
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
