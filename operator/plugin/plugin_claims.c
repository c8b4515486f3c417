// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/plugin/plugin_claims.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "neo4j/conf_check.h"
#include "neo4j/conf_names.h"
#include "operator/object/reason.h"

// All settings of all claims together: far more than plugins have, and well below the limit of neo4j.conf.
#define MAX_SETTINGS_BYTES (128 * 1024)

static void decide(struct plugin_claim *claim, enum claim_verdict verdict, enum reason reason, const char *message)
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

static const char *why_unknown(const struct plugin_claim *claim, const struct plugin_claims_target *target, struct arena *arena)
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

static bool judge_name(struct plugin_claim *claim, const struct plugin_claims_target *target, struct arena *arena)
{
	if (version_fleet_form(&target->version) == FLEET_FORM_UNDECIDABLE && !strcmp(claim->name, PLUGIN_FLEET)) {
		decide(claim, CLAIM_WAITING, REASON_VERSION_UNKNOWN,
		       "Waiting for the server to tell its version: the image's tag does not, and not every image has this plugin");
		return false;
	}
	if (pluginlist_known(&target->version, claim->name))
		return true;
	decide(claim, CLAIM_REFUSED, REASON_UNKNOWN_PLUGIN, why_unknown(claim, target, arena));
	return false;
}

// A plugin that the image does not know would end the container.
static bool judge_dependencies(struct plugin_claim *claim, const struct plugin_claims_target *target, bool oldest, struct arena *arena)
{
	const struct plugin *plugin = &claim->plugin;
	const char **brings = oldest ? arena_new_array(arena, const char *, plugin->dependencies.n) : NULL;

	for (size_t i = 0; i < plugin->dependencies.n; i++) {
		const char *name = pluginlist_mapped_name(plugin->dependencies.items[i]);

		if (!pluginlist_known(&target->version, name) && !plugin->optional[i]) {
			decide(claim, CLAIM_REFUSED, REASON_UNKNOWN_PLUGIN,
			       arena_printf(arena, "spec.dependencies[%zu].name: the image of Neo4j %s does not know the plugin '%.63s'; choose one of %s", i,
					    version_text(&target->version, arena), name, pluginlist_choices(&target->version, arena)));
			return false;
		}
		if (oldest && pluginlist_known(&target->version, name))
			brings[claim->n_brings++] = arena_strdup(arena, name);
	}
	claim->brings = brings;
	return true;
}

// What a plugin's settings must not decide: the deployment shares out its memory, JVM flags run code, and only people who may write the
// deployment may open its security or the pod's files. A name that ends in '.' stands for all names that begin so. A value that is the default
// (NULL: none) decides nothing.
static const struct {
	const char *name, *why, *usual;
} not_for_plugins[] = {
	{"server.memory.", "memory belongs to the deployment", NULL},
	{"server.jvm.additional", "flags of the JVM can run code in the pods", NULL},
	{"server.directories.", "folders belong to the deployment", NULL},
	{"dbms.security.", "security belongs to the deployment", NULL},
	{"apoc.import.file.use_neo4j_config", "it opens the pods' files to APOC", "true"},
};

// Lists that name only what a plugin brings.
static const char *const for_plugins[] = {"dbms.security.procedures.", "dbms.security.http_auth_allowlist"};

static bool begins_with(const char *name, const char *pattern)
{
	size_t len = strlen(pattern);

	return pattern[len - 1] == '.' ? strncmp(name, pattern, len) == 0 : strcmp(name, pattern) == 0;
}

static int check_right(const struct conf_setting *setting, struct err *err)
{
	char buffer[CONF_NAME_MAX];
	const char *name = conf_present_name(setting->name, buffer);

	for (size_t i = 0; i < sizeof(for_plugins) / sizeof(for_plugins[0]); i++)
		if (begins_with(name, for_plugins[i]))
			return 0;
	for (size_t i = 0; i < sizeof(not_for_plugins) / sizeof(not_for_plugins[0]); i++)
		if (begins_with(name, not_for_plugins[i].name) && !(not_for_plugins[i].usual && !strcmp(setting->value, not_for_plugins[i].usual)))
			return err_set(err, ERR_INVALID, "%s: must not be set by a plugin: %s; use the spec.config of the deployment", setting->field,
				       not_for_plugins[i].why);
	return 0;
}

// A plugin's settings must not break its deployment.
static bool judge_settings(struct plugin_claim *claim, const struct plugin_claims_target *target, size_t *bytes, struct arena *arena)
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
		if (check_right(&setting, &err) < 0)
			break;
		if (sum > MAX_SETTINGS_BYTES)
			(void)err_set(&err, ERR_INVALID, "spec.config: is too long; the settings of all plugins of a deployment "
							 "may have at most %d KiB",
				      MAX_SETTINGS_BYTES / 1024);
		else
			(void)conf_check_setting(&setting, target->cluster, &target->version, &err);
	}
	if (err_is_set(&err))
		decide(claim, CLAIM_REFUSED, REASON_INVALID_SPEC, arena_strdup(arena, err.text));
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
	return same_settings(a->config, b->config) && same_set(a->unrestricted, b->unrestricted) && same_set(a->allowed, b->allowed) &&
	       same_set(a->dependencies, b->dependencies);
}

// The oldest accepted claim on the same name among those judged so far.
static const struct plugin_claim *find_older(const struct plugin_claims *claims, const char *name)
{
	for (size_t i = 0; i < claims->n_met; i++)
		if (!strcmp(claims->met[i]->name, name))
			return claims->met[i];
	return NULL;
}

static void judge(const struct plugin_claims *claims, struct plugin_claim *claim, const struct plugin_claims_target *target, size_t *bytes,
		  struct arena *arena)
{
	const struct plugin_claim *older;
	size_t none = 0;

	if (claim->plugin.metadata.deleting || (claim->name && !claim->plugin.enabled))
		decide(claim, CLAIM_DISABLED, REASON_NONE, NULL);
	if (claim->verdict != CLAIM_ACCEPTED || !judge_name(claim, target, arena))
		return;
	older = find_older(claims, claim->name);
	// A claim that wants the same as an older one takes no further room.
	if (!judge_dependencies(claim, target, !older, arena) || !judge_settings(claim, target, older ? &none : bytes, arena))
		return;
	if (older && !want_the_same(&older->plugin, &claim->plugin))
		decide(claim, CLAIM_REFUSED, REASON_CLAIMED_TWICE,
		       arena_printf(arena,
				    "Neo4jPlugin '%s' is older and wants other settings for the plugin '%s'; make both say the same, "
				    "or delete one of them",
				    older->plugin.metadata.name, claim->name));
}

// The claim's own words go into arena, the parts of the object into scratch.
static void read_claim(yyjson_val *object, struct arena *scratch, struct arena *arena, struct plugin_claim *ret)
{
	struct err err = ERR_INIT;

	*ret = (struct plugin_claim){0};
	if (plugin_decode(object, scratch, &ret->plugin, &err) < 0)
		decide(ret, CLAIM_REFUSED, REASON_INVALID_SPEC, arena_strdup(arena, err.text));
	else
		ret->name = arena_strdup(arena, pluginlist_mapped_name(ret->plugin.name));
}

// Copies what later steps ask of a judged claim into arena.
static void keep(struct plugin_claims *claims, yyjson_val *object, struct arena *arena, const struct plugin_claim *judged,
		 struct plugin_claim *ret)
{
	const struct plugin identity = ret->plugin; // in arena already
	struct err err = ERR_INIT;
	const char *text;

	*ret = *judged;
	ret->oldest = ret->verdict == CLAIM_ACCEPTED && !find_older(claims, ret->name);
	if (ret->oldest) {
		text = json_val_text(arena, object);
		(void)plugin_decode(json_parse(arena, text, strlen(text)), arena, &ret->plugin, &err);
		claims->met[claims->n_met++] = ret;
		return;
	}
	ret->plugin = identity;
	ret->plugin.metadata.generation = judged->plugin.metadata.generation;
	ret->plugin.metadata.deleting = judged->plugin.metadata.deleting;
	ret->plugin.enabled = judged->plugin.enabled;
}

static int by_resource(const void *a, const void *b)
{
	const struct plugin_claim *const *x = a, *const *y = b;

	return strcmp((*x)->plugin.metadata.name, (*y)->plugin.metadata.name);
}

static void sort_names(struct plugin_claims *claims, struct arena *arena)
{
	claims->by_name = arena_new_array(arena, struct plugin_claim *, claims->n);
	for (size_t i = 0; i < claims->n; i++)
		claims->by_name[i] = &claims->items[i];
	if (claims->n)
		qsort(claims->by_name, claims->n, sizeof(struct plugin_claim *), by_resource);
}

// The claims on the target, by age; index says where each is in the source.
static void line_up(const struct plugin_claims_source *source, const struct plugin_claims_target *target, struct arena *arena,
		    struct plugin_claims *ret)
{
	*ret = (struct plugin_claims){.items = arena_new_array(arena, struct plugin_claim, source->n)};
	for (size_t i = 0; i < source->n; i++) {
		yyjson_val *object = source->open(source->user, i);
		struct plugin_claim *claim = &ret->items[ret->n];
		struct dbms_metadata metadata;

		if (!yyjson_equals_str(yyjson_ptr_get(object, "/spec/clusterRef"), target->name))
			continue;
		dbms_decode_metadata(object, &metadata);
		*claim = (struct plugin_claim){.index = i};
		claim->plugin.cluster_ref = target->name;
		claim->plugin.metadata.name = arena_strdup(arena, metadata.name);
		claim->plugin.metadata.created = arena_strdup(arena, metadata.created);
		ret->n++;
	}
	if (ret->n)
		qsort(ret->items, ret->n, sizeof(*ret->items), by_age);
}

void plugin_claims_judge_each(const struct plugin_claims_source *source, const struct plugin_claims_target *target, struct arena *arena,
			      struct plugin_claims *ret)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	size_t bytes = 0;

	line_up(source, target, arena, ret);
	ret->met = arena_new_array(arena, struct plugin_claim *, ret->n);
	for (size_t i = 0; i < ret->n; i++) {
		yyjson_val *object = source->open(source->user, ret->items[i].index);
		struct plugin_claim claim;

		arena_reset(scratch);
		// A claim that has gone meanwhile counts as being deleted.
		if (!object) {
			decide(&ret->items[i], CLAIM_DISABLED, REASON_NONE, NULL);
			continue;
		}
		read_claim(object, scratch, arena, &claim);
		judge(ret, &claim, target, &bytes, arena);
		keep(ret, object, arena, &claim, &ret->items[i]);
	}
	sort_names(ret, arena);
}

static yyjson_val *open_item(void *user, size_t i)
{
	return ((yyjson_val *const *)user)[i];
}

void plugin_claims_judge(yyjson_val *const *objects, size_t n, const struct plugin_claims_target *target, struct arena *arena,
			 struct plugin_claims *ret)
{
	struct plugin_claims_source source = {.n = n, .open = open_item};

	memcpy(&source.user, &objects, sizeof(source.user)); // only open_item() uses it, and only reads
	plugin_claims_judge_each(&source, target, arena, ret);
}

const struct plugin_claim *plugin_claims_find(const struct plugin_claims *claims, const char *name)
{
	const struct plugin_claim key = {.plugin = {.metadata = {.name = name}}}, *wanted = &key;
	struct plugin_claim *const *found =
		claims->n ? bsearch(&wanted, claims->by_name, claims->n, sizeof(struct plugin_claim *), by_resource) : NULL;

	return found ? *found : NULL;
}

const struct plugin *const *plugin_claims_plugins(const struct plugin_claims *claims, struct arena *arena, size_t *ret_n)
{
	const struct plugin **plugins = arena_new_array(arena, const struct plugin *, claims->n_met);

	for (*ret_n = 0; *ret_n < claims->n_met; ++*ret_n)
		plugins[*ret_n] = &claims->met[*ret_n]->plugin;
	return plugins;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

// Not by age: otherwise a claim that is deleted and made again would replace every pod for the same plugins.
struct plugin_list plugin_claims_names(const struct plugin_claims *claims, struct arena *arena)
{
	size_t room = claims->n_met, n = 0, kept = 0;
	const char **names;

	for (size_t i = 0; i < claims->n_met; i++)
		room += claims->met[i]->n_brings;
	names = arena_new_array(arena, const char *, room);
	for (size_t i = 0; i < claims->n_met; i++) {
		names[n++] = pluginlist_mapped_name(claims->met[i]->plugin.name);
		for (size_t j = 0; j < claims->met[i]->n_brings; j++)
			names[n++] = claims->met[i]->brings[j];
	}
	if (n)
		qsort(names, n, sizeof(*names), by_name);
	for (size_t i = 0; i < n; i++)
		if (!kept || strcmp(names[kept - 1], names[i]) != 0)
			names[kept++] = names[i];
	return (struct plugin_list){.names = names, .n = kept};
}
