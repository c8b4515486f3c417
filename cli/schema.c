// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The definitions are the files that are installed in a cluster, read like any manifest. Most of their rules are written in the part of CEL that
// cli/cel.h knows. Each of the others has its function here, found by its text, and a test fails when a definition has an unknown rule.

#include "cli/schema.h"

#include <assert.h>
#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "api/pod_shape.h"
#include "api/quantity.h"
#include "base/json.h"
#include "cli/cel.h"
#include "cli/manifest.h"

// Assembled into the program; ends with NUL.
#define EMBED(symbol, file)                                                                                                                  \
	extern const char symbol[];                                                                                                          \
	__asm__(".pushsection .rodata\n.global " #symbol "\n" #symbol ":\n.incbin \"" file "\"\n.byte 0\n.popsection\n")

EMBED(schema_clusters, CRD_FOLDER "/neo4jenterpriseclusters.yaml");
EMBED(schema_standalones, CRD_FOLDER "/neo4jenterprisestandalones.yaml");
EMBED(schema_plugins, CRD_FOLDER "/neo4jplugins.yaml");
// What Kubernetes 1.36 knows of a pod's template; script/pod-types makes it.
EMBED(schema_pods, POD_TYPES);

#define POD_SPEC "api.core.v1.PodSpec"
#define FOREIGN "Of the Go operator" // MARK in deploy/crds/go_operator.py

static const struct {
	const char *kind, *text;
} definitions[SCHEMA_KINDS] = {
	{"Neo4jEnterpriseCluster", schema_clusters},
	{"Neo4jEnterpriseStandalone", schema_standalones},
	{"Neo4jPlugin", schema_plugins},
};

void schemas_load(struct arena *arena, struct schemas *ret)
{
	for (size_t i = 0; i < SCHEMA_KINDS; i++) {
		_cleanup_(manifest_freep) struct manifest *manifest = manifest_new(arena);
		const char *text = definitions[i].text;
		struct err err = ERR_INIT;
		size_t n;
		int line;

		if (manifest_read(manifest, definitions[i].kind, text, strlen(text), &line, &err) < 0)
			abort();
		ret->kinds[i] = definitions[i].kind;
		ret->roots[i] = yyjson_ptr_get(manifest_objects(manifest, &n)->root, "/spec/versions/0/schema/openAPIV3Schema");
	}
}

yyjson_val *schemas_find(const struct schemas *schemas, const char *kind)
{
	for (size_t i = 0; i < SCHEMA_KINDS; i++) {
		if (strcmp(schemas->kinds[i], kind) == 0)
			return schemas->roots[i];
	}
	return NULL;
}

bool schema_is_foreign(yyjson_val *schema)
{
	const char *description = yyjson_get_str(yyjson_obj_get(schema, "description"));

	return description && strncmp(description, FOREIGN, strlen(FOREIGN)) == 0;
}

struct check {
	struct arena *arena;
	schema_report report;
	void *user;
	yyjson_val *types; // that a "$ref" names; NULL: there are none
};

static void complain(const struct check *check, const char *path, const char *fmt, ...) _printf_(3, 4);

static void complain(const struct check *check, const char *path, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	check->report(check->user, path, arena_vprintf(check->arena, fmt, args));
	va_end(args);
}

static const char *join(const struct check *check, const char *path, const char *key)
{
	assert(key);
	return *path ? arena_printf(check->arena, "%s.%s", path, key) : key;
}

static bool is_absent(yyjson_val *val)
{
	return !val || yyjson_is_null(val);
}

// Each rule returns true when it holds.
static bool is_positive_quantity(yyjson_val *val)
{
	uint64_t bytes;

	return quantity_parse(yyjson_get_str(val), &bytes) && bytes > 0;
}

// Rules on the image's name and tag: dbms_decode(), which runs later, has the same rules in the same words.
static bool is_checked_later(yyjson_val *val)
{
	(void)val;
	return true;
}

static const struct {
	const char *rule;
	bool (*holds)(yyjson_val *val);
} rules[] = {
	{"!self.contains('://')", is_checked_later},
	{"self.contains('://') || self.matches('^([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?([.][a-zA-Z0-9]([a-zA-Z0-9-]*[a-"
	 "zA-Z0-9])?)*(:[0-9]+)?/)?[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+(([.]|_|__|-+)[a-z0-9]+)*)*$')",
	 is_checked_later},
	{"self.contains('enterprise') || !self.matches('(^|[-_.])community([-_.@]|$)')", is_checked_later},
	{"!(self.repo in ['neo4j', 'library/neo4j', 'docker.io/neo4j', 'docker.io/library/neo4j', 'index.docke"
	 "r.io/library/neo4j']) || !self.tag.matches('^[0-9]+([.][0-9]+)*(-(bullseye|bookworm|trixie|ubi[0-9]+))?$')",
	 is_checked_later},
	{"isQuantity(self) && quantity(self).isGreaterThan(quantity('0'))", is_positive_quantity},
};

static bool (*rule_find(const char *rule))(yyjson_val *val)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		if (strcmp(rules[i].rule, rule) == 0)
			return rules[i].holds;
	}
	return NULL;
}

static bool is_of_change(const char *rule)
{
	return strstr(rule, "oldSelf") != NULL;
}

bool schema_knows_rule(const char *rule)
{
	return is_of_change(rule) || rule_find(rule) || cel_evaluate(rule, NULL, NULL);
}

static bool keeps_rule(yyjson_val *val, const char *rule)
{
	bool (*function)(yyjson_val *) = rule_find(rule), holds;

	if (function)
		return function(val);
	return is_of_change(rule) || !cel_evaluate(rule, val, &holds) || holds;
}

static void check_rules(const struct check *check, yyjson_val *schema, yyjson_val *val, const char *path)
{
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(yyjson_obj_get(schema, "x-kubernetes-validations"), index, max, item) {
		const char *rule = yyjson_get_str(yyjson_obj_get(item, "rule")), *field = yyjson_get_str(yyjson_obj_get(item, "fieldPath"));

		if (!keeps_rule(val, rule))
			complain(check, field ? join(check, path, field + 1) : path, "%s", yyjson_get_str(yyjson_obj_get(item, "message")));
	}
}

static const char *type_name(yyjson_val *val)
{
	if (yyjson_is_obj(val))
		return "object";
	if (yyjson_is_arr(val))
		return "array";
	if (yyjson_is_bool(val))
		return "boolean";
	// 3.0 counts as 3.
	if (yyjson_is_int(val) || (yyjson_is_real(val) && yyjson_get_real(val) == (double)(int64_t)yyjson_get_real(val)))
		return "integer";
	return yyjson_is_num(val) ? "number" : yyjson_is_str(val) ? "string" : "null";
}

static const char *type_article(const char *type)
{
	static const char *const words[][2] = {{"object", "an object"}, {"array", "a list"}, {"boolean", "true or false"}, {"integer", "a whole number"},
					       {"string", "a string"}, {"number", "a number"}, {"scalar", "a string or a number"}, {"null", "empty"}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(words[i][0], type) == 0)
			return words[i][1];
	}
	return type;
}

static bool is_of_type(const struct check *check, yyjson_val *schema, yyjson_val *val, const char *path)
{
	const char *type = yyjson_get_str(yyjson_obj_get(schema, "type")), *is = type_name(val);

	if (yyjson_is_true(yyjson_obj_get(schema, "x-kubernetes-int-or-string"))) {
		if (strcmp(is, "string") == 0 || strcmp(is, "integer") == 0)
			return true;
		complain(check, path, "must be a string or a whole number, and is %s", type_article(is));
		return false;
	}
	if (type && strcmp(type, "scalar") == 0 && !yyjson_is_ctn(val))
		return true;
	if (!type || strcmp(type, is) == 0 || (strcmp(type, "number") == 0 && yyjson_is_num(val)))
		return true;
	complain(check, path, "must be %s, and is %s%s", type_article(type), type_article(is),
		 strcmp(type, "string") == 0 && !yyjson_is_ctn(val) ? "; put quotes around it" : "");
	return false;
}

static void check_enum(const struct check *check, yyjson_val *schema, yyjson_val *val, const char *path)
{
	yyjson_val *choices = yyjson_obj_get(schema, "enum"), *choice;
	const char *list = "";
	size_t index, max;

	if (!choices)
		return;
	yyjson_arr_foreach(choices, index, max, choice) {
		if (yyjson_equals(choice, val))
			return;
		list = arena_printf(check->arena, "%s%s%s", list, index ? ", " : "", yyjson_get_str(choice));
	}
	complain(check, path, "must be one of %s", list);
}

// Characters, not bytes.
static size_t characters(yyjson_val *val)
{
	const char *text = yyjson_get_str(val);
	size_t n = 0;

	for (size_t i = 0; i < yyjson_get_len(val); i++)
		n += ((unsigned char)text[i] & 0xC0) != 0x80;
	return n;
}

// In the schemas \xNN means a byte, which POSIX expressions take as it is; a string with a NUL ends there.
static const char *posix(const struct check *check, const char *pattern)
{
	char *copy = arena_strdup(check->arena, pattern), *to = copy;

	while (*pattern) {
		if (pattern[0] == '\\' && pattern[1] == 'x') {
			char code[3] = {pattern[2], pattern[3], '\0'};
			unsigned long byte = strtoul(code, NULL, 16);

			*to++ = byte ? (char)byte : '\x01';
			pattern += 4;
		} else {
			*to++ = *pattern++;
		}
	}
	*to = '\0';
	return copy;
}

static bool fits(const struct check *check, const char *pattern, yyjson_val *val)
{
	const char *text = yyjson_get_str(val);
	bool found;
	regex_t compiled;

	if (strlen(text) != yyjson_get_len(val))
		return false;
	if (regcomp(&compiled, posix(check, pattern), REG_EXTENDED | REG_NOSUB) != 0)
		abort();
	found = regexec(&compiled, text, 0, NULL, 0) == 0;
	regfree(&compiled);
	return found;
}

static void check_string(const struct check *check, yyjson_val *schema, yyjson_val *val, const char *path)
{
	yyjson_val *min = yyjson_obj_get(schema, "minLength"), *max = yyjson_obj_get(schema, "maxLength");
	const char *pattern = yyjson_get_str(yyjson_obj_get(schema, "pattern"));
	size_t n = characters(val);

	if (min && n < yyjson_get_uint(min))
		complain(check, path, n ? "must have at least %llu characters" : "must not be empty", (unsigned long long)yyjson_get_uint(min));
	else if (max && n > yyjson_get_uint(max))
		complain(check, path, "must have at most %llu characters, and has %zu", (unsigned long long)yyjson_get_uint(max), n);
	else if (pattern && !fits(check, pattern, val))
		complain(check, path, "'%.60s' does not fit the pattern %s", yyjson_get_str(val), pattern);
}

static void check_number(const struct check *check, yyjson_val *schema, yyjson_val *val, const char *path)
{
	yyjson_val *min = yyjson_obj_get(schema, "minimum"), *max = yyjson_obj_get(schema, "maximum");
	double number = yyjson_get_num(val);

	if (min && number < yyjson_get_num(min))
		complain(check, path, "must be at least %lld", (long long)yyjson_get_num(min));
	if (max && number > yyjson_get_num(max))
		complain(check, path, "must be at most %lld", (long long)yyjson_get_num(max));
}

static void check_value(const struct check *check, yyjson_val *schema, yyjson_val *val, const char *path);

// The items of a set must differ; those of a map must have different keys.
static bool is_same_item(yyjson_val *schema, yyjson_val *a, yyjson_val *b)
{
	yyjson_val *keys = yyjson_obj_get(schema, "x-kubernetes-list-map-keys"), *key;
	const char *type = yyjson_get_str(yyjson_obj_get(schema, "x-kubernetes-list-type"));
	size_t index, max;

	if (!type || strcmp(type, "atomic") == 0)
		return false;
	if (strcmp(type, "set") == 0)
		return yyjson_equals(a, b);
	yyjson_arr_foreach(keys, index, max, key) {
		if (!yyjson_equals(yyjson_obj_get(a, yyjson_get_str(key)), yyjson_obj_get(b, yyjson_get_str(key))))
			return false;
	}
	return true;
}

static void check_list(const struct check *check, yyjson_val *schema, yyjson_val *val, const char *path)
{
	yyjson_val *max_items = yyjson_obj_get(schema, "maxItems"), *min_items = yyjson_obj_get(schema, "minItems"), *item;
	size_t index, max;

	if (max_items && yyjson_arr_size(val) > yyjson_get_uint(max_items)) {
		complain(check, path, "must have at most %llu items", (unsigned long long)yyjson_get_uint(max_items));
		return;
	}
	if (min_items && yyjson_arr_size(val) < yyjson_get_uint(min_items))
		complain(check, path, "must have at least %llu items", (unsigned long long)yyjson_get_uint(min_items));
	yyjson_arr_foreach(val, index, max, item) {
		const char *here = arena_printf(check->arena, "%s[%zu]", path, index);

		check_value(check, yyjson_obj_get(schema, "items"), item, here);
		for (size_t before = 0; before < index; before++) {
			if (is_same_item(schema, item, yyjson_arr_get(val, before))) {
				complain(check, here, "is there twice");
				break;
			}
		}
	}
}

// The operator's own word in a pod's template, which never reaches the API server.
static bool is_directive(const struct check *check, const char *name, yyjson_val *member)
{
	return check->types && strcmp(name, POD_SHAPE_DIRECTIVE) == 0 && yyjson_equals_str(member, POD_SHAPE_REPLACE);
}

static void check_members(const struct check *check, yyjson_val *schema, yyjson_val *val, const char *path)
{
	yyjson_val *properties = yyjson_obj_get(schema, "properties"), *more = yyjson_obj_get(schema, "additionalProperties"), *key, *member;
	bool any = yyjson_is_true(yyjson_obj_get(schema, "x-kubernetes-preserve-unknown-fields")) || yyjson_is_true(more);
	size_t index, max;

	yyjson_obj_foreach(json_members(val), index, max, key, member) {
		const char *name = yyjson_get_str(key), *here = join(check, path, name);
		yyjson_val *known = yyjson_obj_getn(properties, name, yyjson_get_len(key));

		if (!known && yyjson_is_obj(more))
			known = more;
		if (is_directive(check, name, member))
			continue;
		if (!known && !any)
			complain(check, here, "there is no such field");
		else if (known && !is_absent(member))
			check_value(check, known, member, here);
	}
}

static void check_map(const struct check *check, yyjson_val *schema, yyjson_val *val, const char *path)
{
	yyjson_val *limit = yyjson_obj_get(schema, "maxProperties"), *name;
	size_t index, max;

	if (limit && yyjson_obj_size(val) > yyjson_get_uint(limit)) {
		complain(check, path, "must have at most %llu entries", (unsigned long long)yyjson_get_uint(limit));
		return;
	}
	yyjson_arr_foreach(yyjson_obj_get(schema, "required"), index, max, name) {
		if (is_absent(yyjson_obj_get(val, yyjson_get_str(name))))
			complain(check, join(check, path, yyjson_get_str(name)), "is required");
	}
	check_members(check, schema, val, path);
}

static void check_value(const struct check *check, yyjson_val *schema, yyjson_val *val, const char *path)
{
	const char *reference = yyjson_get_str(yyjson_obj_get(schema, "$ref"));

	if (reference)
		schema = yyjson_obj_get(check->types, reference);
	if (!is_of_type(check, schema, val, path))
		return;
	check_enum(check, schema, val, path);
	if (yyjson_is_str(val))
		check_string(check, schema, val, path);
	else if (yyjson_is_num(val))
		check_number(check, schema, val, path);
	else if (yyjson_is_arr(val))
		check_list(check, schema, val, path);
	else if (yyjson_is_obj(val))
		check_map(check, schema, val, path);
	check_rules(check, schema, val, path);
}

void schema_check_pod(yyjson_val *val, const char *path, struct arena *arena, schema_report report, void *user)
{
	yyjson_val *root = json_parse(arena, schema_pods, strlen(schema_pods));
	const struct check check = {.arena = arena, .report = report, .user = user, .types = yyjson_obj_get(root, "types")};

	assert(check.types);
	if (!is_absent(val))
		check_value(&check, yyjson_obj_get(check.types, POD_SPEC), val, path);
}

void schema_check(yyjson_val *schema, yyjson_val *val, struct arena *arena, schema_report report, void *user)
{
	const struct check check = {.arena = arena, .report = report, .user = user};

	check_value(&check, schema, val, "");
}
