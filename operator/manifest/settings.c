// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/manifest/settings.h"

#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "neo4j/conf.h"
#include "neo4j/conf_check.h"
#include "neo4j/conf_value.h"
#include "operator/manifest/first_password.h"
#include "operator/manifest/readiness.h"
#include "operator/object/admin_secret.h"
#include "operator/object/digest.h"
#include "operator/object/labels.h"

// The port of the discovery service and of transactions between servers.
#define CLUSTER_PORT 6000

static const char *env_string(yyjson_val *entry, const char *key)
{
	return yyjson_get_str(yyjson_obj_get(entry, key));
}

// A value that refers to another variable is known only in the container.
static bool is_literal(yyjson_val *entry)
{
	const char *value = env_string(entry, "value");

	return value && *value && !strstr(value, "$(");
}

bool settings_folds_env(yyjson_val *entry, struct arena *arena)
{
	const char *name = env_string(entry, "name");

	if (!name)
		return false;
	return !strcmp(name, "NEO4J_PLUGINS") || (is_literal(entry) && conf_setting_of_env(name, arena));
}

// The entrypoint skips these.
static bool is_empty(yyjson_val *entry)
{
	const char *value = env_string(entry, "value");

	return value && !*value && !yyjson_obj_get(entry, "valueFrom");
}

bool settings_ignores_env(yyjson_val *entry, struct arena *arena)
{
	const char *name = env_string(entry, "name");

	return name && (!strcmp(name, DBMS_LICENSE_VARIABLE) || (is_empty(entry) && conf_setting_of_env(name, arena)));
}

// A setting that stays a variable overrides neo4j.conf in the container, unseen by us: refuse it where that would lose something.
static int check_unseen(yyjson_val *entry, size_t index, bool cluster, struct arena *arena, struct err *err)
{
	static const char file[] = "_FILE";
	char *name = arena_strdup(arena, env_string(entry, "name") ? env_string(entry, "name") : "");
	size_t len = strlen(name);
	const char *setting, *cure;

	if (len > strlen(file) && !strcmp(name + len - strlen(file), file))
		name[len - strlen(file)] = '\0';
	setting = conf_setting_of_env(name, arena);
	if (!setting || is_empty(entry) || !conf_is_reserved(setting, cluster, &cure))
		return 0;
	return err_set(err, ERR_INVALID, "spec.env[%zu].name: '%.100s' must not be set from elsewhere: %s", index,
		       env_string(entry, "name"), cure);
}

static int fold_env(const struct dbms *dbms, struct arena *arena, struct conf_request *request, struct err *err)
{
	struct conf_setting *settings = arena_new_array(arena, struct conf_setting, yyjson_arr_size(dbms->core.env));
	size_t index, max;
	yyjson_val *entry;

	request->env = settings;
	yyjson_arr_foreach(dbms->core.env, index, max, entry) {
		const char *name = env_string(entry, "name");

		if (!settings_folds_env(entry, arena)) {
			int r = check_unseen(entry, index, dbms->kind == DBMS_CLUSTER, arena, err);

			if (r < 0)
				return r;
		} else if (strcmp(name, "NEO4J_PLUGINS") != 0) {
			settings[request->n_env++] = (struct conf_setting){
				.name = conf_setting_of_env(name, arena),
				.value = env_string(entry, "value"),
				.field = arena_printf(arena, "spec.env[%zu] (%.100s)", index, name),
			};
		}
	}
	return 0;
}

int settings_password_length(const struct dbms *dbms, struct arena *arena)
{
	const char *value = NULL;
	size_t index, max;
	yyjson_val *entry;
	int64_t length;

	for (size_t i = 0; i < dbms->config.n; i++)
		if (!strcmp(dbms->config.items[i].name, CONF_PASSWORD_LENGTH))
			value = dbms->config.items[i].value;
	yyjson_arr_foreach(dbms->core.env, index, max, entry) {
		const char *name = env_string(entry, "name"), *setting = name ? conf_setting_of_env(name, arena) : NULL;

		if (setting && !strcmp(setting, CONF_PASSWORD_LENGTH) && is_literal(entry))
			value = env_string(entry, "value");
	}
	// The settings' own check refuses a value that is no length.
	return value && conf_value_integer(value, 1, CONF_MAX_BYTES, &length) ? (int)length : ADMIN_SECRET_LEAST_CHARACTERS;
}

static const struct conf_setting *settings_of(struct field_pairs pairs, const char *where, struct arena *arena)
{
	struct conf_setting *settings = arena_new_array(arena, struct conf_setting, pairs.n);

	for (size_t i = 0; i < pairs.n; i++)
		settings[i] = (struct conf_setting){
			.name = pairs.items[i].name,
			.value = pairs.items[i].value,
			.field = arena_printf(arena, "%s[%.200s]", where, pairs.items[i].name),
		};
	return settings;
}

static const struct conf_plugin *plugins_of(const struct settings_inputs *inputs, struct arena *arena)
{
	struct conf_plugin *plugins = arena_new_array(arena, struct conf_plugin, inputs->n_plugins);

	for (size_t i = 0; i < inputs->n_plugins; i++) {
		const struct plugin *plugin = inputs->plugins[i];
		const char *where = arena_printf(arena, "Neo4jPlugin '%s' spec.config", plugin->metadata.name);

		plugins[i] = (struct conf_plugin){
			.name = pluginlist_mapped_name(plugin->name),
			.settings = settings_of(plugin->config, where, arena),
			.n_settings = plugin->config.n,
			.unrestricted = plugin->unrestricted.items,
			.n_unrestricted = plugin->unrestricted.n,
			.allowed = plugin->allowed.items,
			.n_allowed = plugin->allowed.n,
		};
	}
	return plugins;
}

static int servers_of(const struct settings_inputs *inputs)
{
	return inputs->servers ? inputs->servers : inputs->dbms->servers;
}

static const char *const *endpoints_of(const struct settings_inputs *inputs, struct arena *arena)
{
	const char **endpoints = arena_new_array(arena, const char *, (size_t)servers_of(inputs));

	for (int i = 0; i < servers_of(inputs); i++)
		endpoints[i] = arena_printf(arena, "%s:%d", names_pod_host(inputs->names, i, arena), CLUSTER_PORT);
	return endpoints;
}

static int make_conf(const struct settings_inputs *inputs, struct arena *arena, struct conf *ret, struct err *err)
{
	const struct dbms *dbms = inputs->dbms;
	struct conf_request request = {
		.version = inputs->version,
		.told = version_of_tag(dbms->image.tag).family == VERSION_UNDECIDABLE,
		.cluster = dbms->kind == DBMS_CLUSTER,
		.servers = servers_of(inputs),
		.endpoints = endpoints_of(inputs, arena),
		.domain = dbms->cluster_domain,
		.mode_constraint = dbms->mode_constraint,
		.memory_limit = dbms->memory_limit,
		.tls = dbms->tls_secret != NULL,
		.fleet = inputs->fleet,
		.metrics = dbms->metrics,
		.list = inputs->list,
		.plugins = plugins_of(inputs, arena),
		.n_plugins = inputs->n_plugins,
		.config = settings_of(dbms->config, "spec.config", arena),
		.n_config = dbms->config.n,
		.sharding = dbms->sharding,
		.sharding_config = settings_of(dbms->sharding_config, "spec.propertySharding.config", arena),
		.n_sharding_config = dbms->sharding_config.n,
	};
	int r = fold_env(dbms, arena, &request, err);

	return r < 0 ? r : conf_build(&request, arena, ret, err);
}

static const char *config_map(const struct settings_inputs *inputs, const struct conf *conf, struct arena *arena)
{
	static const char *const type[2] = {"v1", "ConfigMap"};
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = labels_object(doc, inputs->dbms, type, inputs->names->config, NULL);
	yyjson_mut_val *data = yyjson_mut_obj_add_obj(doc, root, "data");

	// Always there, so that the pod's list of files does not change when the first setting comes.
	yyjson_mut_obj_add_str(doc, data, "apoc.conf", conf->apoc_conf ? conf->apoc_conf : "# No settings.\n");
	yyjson_mut_obj_add_str(doc, data, READINESS_KEY, readiness_script());
	yyjson_mut_obj_add_str(doc, data, FIRST_PASSWORD_KEY, first_password_script(settings_password_length(inputs->dbms, arena), arena));
	yyjson_mut_obj_add_str(doc, data, "neo4j.conf", conf->neo4j_conf);
	return json_text(arena, doc);
}

int settings_build(const struct settings_inputs *inputs, struct arena *arena, struct settings *ret, struct err *err)
{
	struct conf conf;
	int r = make_conf(inputs, arena, &conf, err);

	if (r < 0)
		return r;
	*ret = (struct settings){
		.neo4j_conf = conf.neo4j_conf,
		.apoc_conf = conf.apoc_conf,
		.digest = digest_of(conf.lasting, arena),
		.config_map = config_map(inputs, &conf, arena),
	};
	return 0;
}
