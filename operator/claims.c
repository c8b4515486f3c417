// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/claims.h"

#include <stdlib.h>
#include <string.h>

#include "neo4j/conf_check.h"

// All settings of all claims together: far more than plugins have, and well below what neo4j.conf may be.
#define MAX_SETTINGS_BYTES (128 * 1024)

static void decide(struct plugin_claim *claim, enum claim_verdict verdict, const char *reason, const char *message)
{
	claim->verdict = verdict;
	claim->reason = reason;
	claim->message = message;
}

static int by_age(const void *a, const void *b)
{
	const struct dbms_metadata *x = &((const struct plugin_claim *)a)->plugin.metadata;
	const struct dbms_metadata *y = &((const struct plugin_claim *)b)->plugin.metadata;
	int order = strcmp(x->created, y->created);

	return order ? order : strcmp(x->name, y->name);
}

static const char *why_unknown(const struct plugin_claim *claim, const struct claims_target *target, struct arena *arena)
{
	enum fleet_form form = version_fleet_form(&target->version);
	const char *version = version_text(&target->version, arena);

	if (!strcmp(claim->name, PLUGIN_FLEET) && (form == FLEET_FORM_BUILT_IN || form == FLEET_FORM_BUILT_IN_ALWAYS))
		return arena_printf(arena,
				    "Neo4j %s has Fleet Manager built in and takes no plugin for it; delete this resource, and use "
				    "spec.auraFleetManagement of the deployment",
				    version);
	return arena_printf(arena, "spec.name: the image of Neo4j %s does not know the plugin '%s'; choose one of %s", version,
			    claim->name, pluginlist_choices(&target->version, arena));
}

static bool judge_name(struct plugin_claim *claim, const struct claims_target *target, struct arena *arena)
{
	if (version_fleet_form(&target->version) == FLEET_FORM_UNDECIDABLE && !strcmp(claim->name, PLUGIN_FLEET)) {
		decide(claim, CLAIM_WAITING, "VersionUnknown",
		       "Waiting for the server to tell its version: the image's tag does not, and not every image has this plugin");
		return false;
	}
	if (pluginlist_known(&target->version, claim->name))
		return true;
	decide(claim, CLAIM_REFUSED, "UnknownPlugin", why_unknown(claim, target, arena));
	return false;
}

// A plugin's settings may not break the deployment that they are for.
static bool judge_settings(struct plugin_claim *claim, const struct claims_target *target, size_t *bytes, struct arena *arena)
{
	const struct field_pairs *config = &claim->plugin.config;
	size_t sum = *bytes;
	struct err err = ERR_INIT;

	for (size_t i = 0; i < config->n && !err_is_set(&err); i++) {
		const char *name = config->items[i].name;
		struct conf_setting setting = {
			.name = name,
			.value = config->items[i].value,
			.field = arena_printf(arena, "spec.config[%.200s]", name),
		};

		sum += strlen(name) + strlen(setting.value);
		if (!strncmp(name, "server.memory.", strlen("server.memory.")))
			(void)err_set(&err, ERR_INVALID, "%s: must not be set by a plugin: memory belongs to the deployment; use "
							 "its spec.config",
				      setting.field);
		else if (sum > MAX_SETTINGS_BYTES)
			(void)err_set(&err, ERR_INVALID, "spec.config: is too long; the settings of all plugins of a deployment "
							 "may have at most %d KiB",
				      MAX_SETTINGS_BYTES / 1024);
		else
			(void)conf_check_setting(&setting, target->cluster, &err);
	}
	if (err_is_set(&err))
		decide(claim, CLAIM_REFUSED, "InvalidSpec", arena_strdup(arena, err.text));
	else
		*bytes = sum;
	return !err_is_set(&err);
}

static bool holds(struct field_strings list, const char *item)
{
	for (size_t i = 0; i < list.n; i++)
		if (!strcmp(list.items[i], item))
			return true;
	return false;
}

static bool same_set(struct field_strings a, struct field_strings b)
{
	for (size_t i = 0; i < a.n; i++)
		if (!holds(b, a.items[i]))
			return false;
	for (size_t i = 0; i < b.n; i++)
		if (!holds(a, b.items[i]))
			return false;
	return true;
}

static bool same_settings(struct field_pairs a, struct field_pairs b)
{
	for (size_t i = 0; i < a.n && a.n == b.n; i++)
		if (strcmp(a.items[i].name, b.items[i].name) != 0 || strcmp(a.items[i].value, b.items[i].value) != 0)
			return false;
	return a.n == b.n;
}

static bool want_the_same(const struct plugin *a, const struct plugin *b)
{
	return same_settings(a->config, b->config) && same_set(a->unrestricted, b->unrestricted) &&
	       same_set(a->allowed, b->allowed);
}

// The oldest accepted claim on the same name, among the first n.
static const struct plugin_claim *find_older(const struct plugin_claims *claims, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (claims->items[i].verdict == CLAIM_ACCEPTED && !strcmp(claims->items[i].name, name))
			return &claims->items[i];
	return NULL;
}

static void judge(struct plugin_claims *claims, size_t i, const struct claims_target *target, size_t *bytes, struct arena *arena)
{
	struct plugin_claim *claim = &claims->items[i];
	const struct plugin_claim *older;
	size_t none = 0;

	if (claim->plugin.metadata.deleting || (claim->name && !claim->plugin.enabled))
		decide(claim, CLAIM_DISABLED, NULL, NULL);
	if (claim->verdict != CLAIM_ACCEPTED || !judge_name(claim, target, arena))
		return;
	older = find_older(claims, i, claim->name);
	// One that wants the same as an older one takes no room of its own.
	if (!judge_settings(claim, target, older ? &none : bytes, arena))
		return;
	if (older && !want_the_same(&older->plugin, &claim->plugin))
		decide(claim, CLAIM_REFUSED, "ClaimedTwice",
		       arena_printf(arena,
				    "Neo4jPlugin '%s' is older and wants other settings for the plugin '%s'; make both say the same, "
				    "or delete one of them",
				    older->plugin.metadata.name, claim->name));
}

static void read_claim(yyjson_val *object, struct arena *arena, struct plugin_claim *ret)
{
	struct err err = ERR_INIT;

	*ret = (struct plugin_claim){0};
	if (plugin_decode(object, arena, &ret->plugin, &err) < 0)
		decide(ret, CLAIM_REFUSED, "InvalidSpec", arena_strdup(arena, err.text));
	else
		ret->name = pluginlist_mapped_name(ret->plugin.name);
}

void claims_judge(yyjson_val *const *objects, size_t n, const struct claims_target *target, struct arena *arena,
		  struct plugin_claims *ret)
{
	size_t bytes = 0;

	*ret = (struct plugin_claims){.items = arena_new_array(arena, struct plugin_claim, n)};
	for (size_t i = 0; i < n; i++) {
		if (yyjson_equals_str(yyjson_ptr_get(objects[i], "/spec/clusterRef"), target->name))
			read_claim(objects[i], arena, &ret->items[ret->n++]);
	}
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), by_age);
	for (size_t i = 0; i < ret->n; i++)
		judge(ret, i, target, &bytes, arena);
}

const struct plugin_claim *claims_find(const struct plugin_claims *claims, const char *name)
{
	for (size_t i = 0; i < claims->n; i++)
		if (!strcmp(claims->items[i].plugin.metadata.name, name))
			return &claims->items[i];
	return NULL;
}

const struct plugin *const *claims_plugins(const struct plugin_claims *claims, struct arena *arena, size_t *ret_n)
{
	const struct plugin **plugins = arena_new_array(arena, const struct plugin *, claims->n);

	*ret_n = 0;
	for (size_t i = 0; i < claims->n; i++) {
		const struct plugin_claim *claim = &claims->items[i];

		if (claim->verdict == CLAIM_ACCEPTED && !find_older(claims, i, claim->name))
			plugins[(*ret_n)++] = &claim->plugin;
	}
	return plugins;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Not by age: a claim that is made anew would else replace every pod for the same plugins.
struct plugin_list claims_names(const struct plugin_claims *claims, struct arena *arena)
{
	const char **names;
	size_t n;
	const struct plugin *const *plugins = claims_plugins(claims, arena, &n);

	names = arena_new_array(arena, const char *, n);
	for (size_t i = 0; i < n; i++)
		names[i] = pluginlist_mapped_name(plugins[i]->name);
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	return (struct plugin_list){.names = names, .n = n};
}
