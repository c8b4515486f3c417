// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The records that a StatefulSet bears, and NEO4J_PLUGINS, as anybody may have written them, beside Neo4jPlugins that claim anything:
// the children that are built of them are built alike again when they are live (C1, C2, E2), in whatever order the Neo4jPlugins come.
// Input: a byte of switches, the records, spec.env's value, then Neo4jPlugins, each up to a NUL.

#include <stdbool.h>
#include <string.h>

#include "base/json.h"
#include "operator/object/live_set.h"
#include "operator/pass/children.h"
#include "test/fuzz/fuzz.h"

#define PLUGIN_CLAIMS_MAX 6

struct world {
	struct arena *arena;
	struct deployment deployment;
	struct plugin_entry entry;
	struct plugin_claims judged;
	yyjson_val *claims[PLUGIN_CLAIMS_MAX];
	size_t n_claims;
};

static yyjson_val *read_back(yyjson_mut_doc *doc, struct arena *arena)
{
	const char *text = json_text(arena, doc);

	return json_parse(arena, text, strlen(text));
}

// "NAME AGE SETTING=VALUE": a Neo4jPlugin with a name of its own, as the API server sees to.
static yyjson_val *make_claim(const char *text, size_t number, struct arena *arena)
{
	const char *age = strchr(text, ' '), *setting = age ? strchr(age + 1, ' ') : NULL, *value = setting ? strchr(setting, '=') : NULL;
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *metadata, *spec, *config;

	yyjson_mut_doc_set_root(doc, root);
	metadata = yyjson_mut_obj_add_obj(doc, root, "metadata");
	yyjson_mut_obj_add_str(doc, metadata, "name", arena_printf(arena, "p%zu", number));
	yyjson_mut_obj_add_str(doc, metadata, "creationTimestamp", arena_printf(arena, "2025-12-01T10:00:0%dZ", age ? age[1] & 3 : 0));
	spec = yyjson_mut_obj_add_obj(doc, root, "spec");
	yyjson_mut_obj_add_str(doc, spec, "clusterRef", "n");
	yyjson_mut_obj_add_str(doc, spec, "name", age ? arena_memdup0(arena, text, (size_t)(age - text)) : text);
	yyjson_mut_obj_add_bool(doc, spec, "enabled", !age || !(age[1] & 4));
	config = yyjson_mut_obj_add_obj(doc, spec, "config");
	if (value)
		yyjson_mut_obj_add_str(doc, config, arena_memdup0(arena, setting + 1, (size_t)(value - setting) - 1), value + 1);
	return read_back(doc, arena);
}

// A text as it is in an object of the API server: UTF-8.
static const char *clean(const char *text, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);

	if (!text)
		return NULL;
	yyjson_mut_doc_set_root(doc, yyjson_mut_str(doc, text));
	return yyjson_get_str(read_back(doc, arena));
}

static void take_dbms(struct world *world, uint8_t switches)
{
	static const char *const tags[] = {"5.26-enterprise", "2025.12-enterprise", "2026.02.3-enterprise", "latest"};
	const char *text = arena_printf(world->arena,
					"{\"kind\":\"%s\",\"metadata\":{\"namespace\":\"x\",\"name\":\"n\",\"uid\":\"u\",\"generation\":2},"
					"\"spec\":{\"image\":{\"repo\":\"neo4j\",\"tag\":\"%s\"},\"storage\":{\"size\":\"1Gi\"},\"topology\":{\"servers\":3},"
					"\"auth\":{\"adminSecret\":\"s\"},\"auraFleetManagement\":{\"enabled\":%s}}}",
					switches & 1 ? API_KIND_CLUSTER : API_KIND_STANDALONE, tags[switches >> 1 & 3],
					switches & 8 ? "true" : "false");
	struct err err = ERR_INIT;

	must(dbms_decode(json_parse(world->arena, text, strlen(text)), world->arena, &world->deployment.dbms, &err) == 0);
	names_of(&world->deployment.dbms, world->arena, &world->deployment.names);
}

// A pass reads the records (operator/pass/gather.h, operator/fleet/plugin_entry.h).
static void understand(struct world *world)
{
	const struct dbms *dbms = &world->deployment.dbms;
	const struct live_set *live = &world->deployment.live;
	struct plugin_claims_target target = {.name = "n", .cluster = dbms->kind == DBMS_CLUSTER};
	struct plugin_entry *entry = &world->entry;

	entry->version = known_version_of(dbms, live, world->arena);
	target.version = entry->version.version;
	plugin_claims_judge(world->claims, world->n_claims, &target, world->arena, &world->judged);
	entry->withdrawn = entry_trial_withdrawal_holds(live->withdrawn, dbms->image.reference, dbms->metadata.generation, world->arena,
							&entry->withdrawal)
				   ? live->withdrawn
				   : NULL;
	entry->fleet = dbms->fleet.enabled && !entry->withdrawn;
}

static void check_claims(const struct plugin_claims *claims, struct arena *arena)
{
	struct plugin_list names = plugin_claims_names(claims, arena);

	for (size_t i = 0; i < claims->n; i++) {
		const struct plugin_claim *claim = &claims->items[i];
		bool told = claim->verdict == CLAIM_WAITING || claim->verdict == CLAIM_REFUSED;

		must(told == (claim->reason != REASON_NONE) && told == (claim->message && *claim->message));
		must(claim->verdict != CLAIM_ACCEPTED || pluginlist_contains(&names, claim->name));
		must(plugin_claims_find(claims, claim->plugin.metadata.name) == claim);
	}
	for (size_t i = 1; i < names.n; i++)
		must(strcmp(names.names[i - 1], names.names[i]) < 0);
}

static void check_trial(bool entry, const char *record)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct entry_trial_facts facts = {.record = record, .base = "b", .entry = entry};
	const char *first = entry_trial_record(&facts, arena);
	struct entry_trial_withdrawal withdrawal = {.image = "i", .generation = 7, .words = record ? record : ""}, again;
	const char *text = entry_trial_withdrawal_print(&withdrawal, arena);

	must(entry_trial_has_entry(first) == facts.entry);
	must(!entry_trial_is_running(first) || entry_trial_has_entry(first));
	facts.record = first;
	must(strcmp(entry_trial_record(&facts, arena), first) == 0);
	must(entry_trial_withdrawal_holds(text, "i", 7, arena, &again) && strcmp(again.words, withdrawal.words) == 0);
	must(!entry_trial_withdrawal_holds(text, "j", 7, arena, &again) && !entry_trial_withdrawal_holds(text, "i", 8, arena, &again));
}

static bool build(struct world *world, struct children *ret)
{
	static const struct context context;
	struct children_inputs inputs = {.deployment = &world->deployment,
					 .entry = &world->entry,
					 .claims = &world->judged,
					 .replicas = world->deployment.dbms.servers};
	struct err err = ERR_INIT;

	understand(world);
	check_claims(&world->judged, world->arena);
	if (children_build(&context, &inputs, world->arena, ret, &err) == 0)
		return true;
	must(err.class == ERR_INVALID && err.text[0]);
	return false;
}

static void check_equal(const struct children *a, const struct children *b)
{
	must(a->n == b->n && !a->plugins_malformed == !b->plugins_malformed);
	for (size_t i = 0; i < a->n; i++)
		must(strcmp(a->items[i].json, b->items[i].json) == 0);
}

// As if the StatefulSet had been applied.
static void make_live(struct world *world, const struct children *children)
{
	const char *text = children->items[children->n - 1].json;

	live_set_read(json_parse(world->arena, text, strlen(text)), &world->deployment.live);
	must(world->deployment.live.replicas == world->deployment.dbms.servers);
}

static void turn_claims_round(struct world *world)
{
	for (size_t i = 0; i < world->n_claims / 2; i++) {
		yyjson_val *claim = world->claims[i];

		world->claims[i] = world->claims[world->n_claims - 1 - i];
		world->claims[world->n_claims - 1 - i] = claim;
	}
}

static void take_records(struct world *world, const uint8_t **data, size_t *size)
{
	struct live_set *live = &world->deployment.live;
	const char **const records[] = {&live->plugins, &live->declared, &live->fleet_entry, &live->withdrawn, &live->server_version};
	struct plugin_list list;
	struct err err = ERR_INIT;
	const char *env;

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		const char *text = clean(take_text(data, size, world->arena), world->arena);

		*records[i] = text && *text ? text : NULL;
	}
	live->image = world->deployment.dbms.image.reference;
	env = clean(take_text(data, size, world->arena), world->arena);
	// Another is refused before.
	if (env && pluginlist_parse(env, world->arena, &list, &err) == 0)
		world->deployment.dbms.plugins_env = env;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct world world = {.arena = arena};
	struct children first, turned, second;
	const char *text;

	if (size == 0)
		return 0;
	take_dbms(&world, *data);
	data++, size--;
	take_records(&world, &data, &size);
	while (world.n_claims < PLUGIN_CLAIMS_MAX && (text = take_text(&data, &size, arena))) {
		world.claims[world.n_claims] = make_claim(text, world.n_claims, arena);
		world.n_claims++;
	}
	understand(&world);
	check_trial(world.entry.fleet, world.deployment.live.fleet_entry);
	if (!build(&world, &first))
		return 0;
	turn_claims_round(&world);
	must(build(&world, &turned));
	check_equal(&first, &turned);
	make_live(&world, &first);
	must(build(&world, &second));
	check_equal(&first, &second);
	return 0;
}
