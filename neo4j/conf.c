// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Sources are laid over each other in order: the defaults, then the users' settings, then what the operator must decide. Every user setting
// passes conf_check_setting() first.
//
// The image's entrypoint leaves a setting alone that is already in neo4j.conf, so our lists must hold everything that it would have added for a
// plugin (procedure lists, Bloom's extension).

#include "neo4j/conf.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "neo4j/conf_check.h"
#include "neo4j/conf_flags.h"
#include "neo4j/conf_memory.h"
#include "neo4j/conf_model.h"
#include "neo4j/conf_names.h"

#define UNRESTRICTED "dbms.security.procedures.unrestricted"
#define ALLOWLIST "dbms.security.procedures.allowlist"
#define EXTENSIONS "server.unmanaged_extension_classes"
#define FLEET_ENABLED "dbms.fleet_manager.enabled"
#define JVM "server.jvm.additional"
#define FLEET_PROCEDURES "fleetManagement.*"

struct build {
	const struct conf_request *request;
	struct arena *arena;
	struct conf_model neo4j, apoc;
	const char **jvm; // flags, in the order of their sources
	size_t n_jvm, jvm_room;
	struct err *err;
};

// Flags that the distribution's neo4j.conf carries: a user who sets server.jvm.additional would otherwise lose them.
static const char *const jvm_common[] = {
	"-XX:+UseG1GC",
	"-XX:-OmitStackTraceInFastThrow",
	"-XX:+AlwaysPreTouch",
	"-XX:+UnlockExperimentalVMOptions",
	"-XX:+TrustFinalNonStaticFields",
	"-XX:+DisableExplicitGC",
	"-Djdk.nio.maxCachedBufferSize=1024",
	"-Dio.netty.tryReflectionSetAccessible=true",
	"-Djdk.tls.ephemeralDHKeySize=2048",
	"-Djdk.tls.rejectClientInitiatedRenegotiation=true",
	"-XX:FlightRecorderOptions=stackdepth=256",
	"-XX:+UnlockDiagnosticVMOptions",
	"-XX:+DebugNonSafepoints",
	"--add-opens=java.base/java.nio=ALL-UNNAMED",
	"--add-opens=java.base/java.io=ALL-UNNAMED",
	"--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
	"-Dlog4j2.disable.jmx=true",
	"-Dlog4j.layout.jsonTemplate.maxStringLength=32768",
};

static const char *const jvm_calendar[] = {
	"--enable-native-access=ALL-UNNAMED",
};

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static bool is_5_26(const struct conf_request *request)
{
	return request->version.family == VERSION_5_26;
}

static void add_jvm(struct build *build, const char *flag)
{
	for (size_t i = 0; i < build->n_jvm; i++)
		if (!strcmp(build->jvm[i], flag))
			return;
	// An earlier pass over the same sources has counted them.
	assert(build->n_jvm < build->jvm_room);
	build->jvm[build->n_jvm++] = flag;
}

static void add_jvm_defaults(struct build *build)
{
	const struct conf_request *request = build->request;
	size_t capacity = LENGTH(jvm_common) + LENGTH(jvm_calendar) + request->n_config + request->n_env + request->n_sharding_config;

	for (size_t i = 0; i < request->n_plugins; i++)
		capacity += request->plugins[i].n_settings;
	build->jvm = arena_new_array(build->arena, const char *, capacity);
	build->jvm_room = capacity;
	for (size_t i = 0; i < LENGTH(jvm_common); i++)
		add_jvm(build, jvm_common[i]);
	for (size_t i = 0; i < LENGTH(jvm_calendar) && !is_5_26(request); i++)
		add_jvm(build, jvm_calendar[i]);
}

static const char *number(struct build *build, int value)
{
	return arena_printf(build->arena, "%d", value);
}

static void set(struct build *build, const char *name, const char *value)
{
	conf_model_set(&build->neo4j, name, value, NULL);
}

// A user may change these.
static void set_defaults(struct build *build)
{
	const struct conf_request *request = build->request;
	int servers = request->servers;

	add_jvm_defaults(build);
	// Otherwise file URLs of LOAD CSV would reach every file that the server can read.
	set(build, "server.directories.import", "import");
	// The image sets it, too: otherwise 5.26 keeps two days of transaction logs, however large.
	set(build, "db.tx_log.rotation.retention_policy", "2 days 2G");
	// It counts for databases that are made later, and it is bound to the image's version: an operator's release changes nobody's language.
	// A tag that moves does not count: the server's word would come after its first start and cost a roll.
	if (!request->told && request->version.family == VERSION_CALENDAR && version_compare(&request->version, 2026, 2, 0) >= 0)
		set(build, "db.query.default_language", "CYPHER_25");
	if (build->request->tls)
		set(build, "server.http.enabled", "false");
	if (!build->request->cluster)
		return;
	// Clients outside the Kubernetes cluster cannot reach the servers by their names; those inside can.
	set(build, "dbms.routing.client_side.enforce_for_domains", arena_printf(build->arena, "*.%s", build->request->domain));
	set(build, "dbms.routing.default_router", "SERVER");
	set(build, "initial.dbms.default_primaries_count", number(build, servers < 3 ? servers : 3));
	set(build, "server.backup.listen_address", "0.0.0.0:6362");
}

static int add_flags(struct build *build, const struct conf_setting *setting)
{
	const char *problem, *written = conf_flags_written(setting->value, build->arena, &problem);

	if (problem)
		return err_set(build->err, ERR_INVALID, "%s: %s", setting->field, problem);
	add_jvm(build, written);
	return 0;
}

static int add_setting(struct build *build, const struct conf_setting *setting, const char *name)
{
	int r = conf_check_setting(setting, build->request->cluster, &build->request->version, build->err);

	if (r < 0)
		return r;
	if (!strncmp(name, "apoc.", strlen("apoc.")))
		conf_model_set(&build->apoc, name, setting->value, setting->field);
	else if (!strcmp(name, JVM))
		return add_flags(build, setting);
	else if (conf_is_list(name))
		conf_model_join(&build->neo4j, name, setting->value, setting->field);
	else
		conf_model_set(&build->neo4j, name, setting->value, setting->field);
	return 0;
}

static bool holds(const struct conf_setting *settings, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(settings[i].name, name))
			return true;
	return false;
}

// Each under its present name. As at the server, an old name does not count without a value, or beside the present one.
static int add_settings(struct build *build, const struct conf_setting *settings, size_t n)
{
	char buffer[CONF_NAME_MAX];
	int r = 0;

	for (size_t i = 0; i < n && r >= 0; i++) {
		const char *name = conf_present_name(settings[i].name, buffer);
		bool old = strcmp(name, settings[i].name) != 0;

		if (old && !settings[i].value[strspn(settings[i].value, " \t")])
			continue;
		if (old && holds(settings, n, name))
			r = conf_check_setting(&settings[i], build->request->cluster, &build->request->version, build->err);
		else
			r = add_setting(build, &settings[i], old ? arena_strdup(build->arena, name) : name);
	}
	return r;
}

// The oldest claim comes last, so that it wins where two plugins set the same.
static int add_users_settings(struct build *build)
{
	const struct conf_request *request = build->request;
	int r = 0;

	for (size_t i = request->n_plugins; i > 0 && r >= 0; i--)
		r = add_settings(build, request->plugins[i - 1].settings, request->plugins[i - 1].n_settings);
	if (r >= 0)
		r = add_settings(build, request->config, request->n_config);
	if (r >= 0)
		r = add_settings(build, request->env, request->n_env);
	return r < 0 ? r : add_settings(build, request->sharding_config, request->n_sharding_config);
}

static const struct conf_plugin *plugin_named(const struct conf_request *request, const char *name)
{
	for (size_t i = 0; i < request->n_plugins; i++)
		if (!strcmp(request->plugins[i].name, name))
			return &request->plugins[i];
	return NULL;
}

static int by_name(const void *a, const void *b)
{
	const struct conf_plugin *const *x = a, *const *y = b;

	return strcmp((*x)->name, (*y)->name);
}

// Lists are joined in a fixed order: the order of the claims would change with their age.
static const struct conf_plugin **sorted(const struct build *build)
{
	const struct conf_request *request = build->request;
	const struct conf_plugin **plugins = arena_new_array(build->neo4j.arena, const struct conf_plugin *, request->n_plugins);

	for (size_t i = 0; i < request->n_plugins; i++)
		plugins[i] = &request->plugins[i];
	if (request->n_plugins)
		qsort(plugins, request->n_plugins, sizeof(*plugins), by_name);
	return plugins;
}

static void set_unrestricted(struct build *build)
{
	const struct conf_request *request = build->request;
	const struct conf_plugin **plugins = sorted(build);

	for (size_t i = 0; i < request->n_plugins; i++)
		for (size_t j = 0; j < plugins[i]->n_unrestricted; j++)
			conf_model_join(&build->neo4j, UNRESTRICTED, plugins[i]->unrestricted[j], NULL);
	for (size_t i = 0; i < request->list.n; i++) {
		const char *procedures = pluginlist_procedures(request->list.names[i]);

		if (procedures)
			conf_model_join(&build->neo4j, UNRESTRICTED, procedures, NULL);
	}
}

// Whether there was anything to join.
static bool join_allowed(struct build *build)
{
	const struct conf_plugin **plugins = sorted(build);
	bool any = false;

	for (size_t i = 0; i < build->request->n_plugins; i++)
		for (size_t j = 0; j < plugins[i]->n_allowed; j++, any = true)
			conf_model_join(&build->neo4j, ALLOWLIST, plugins[i]->allowed[j], NULL);
	return any;
}

// A plugin that names which of its procedures may be loaded narrows itself, not the others.
static bool add_plugins_allowed(struct build *build)
{
	const struct conf_request *request = build->request;
	bool any = join_allowed(build);

	for (size_t i = 0; i < request->list.n && any; i++) {
		const struct conf_plugin *plugin = plugin_named(request, request->list.names[i]);
		const char *procedures = pluginlist_procedures(request->list.names[i]);

		if (procedures && (!plugin || !plugin->n_allowed))
			conf_model_join(&build->neo4j, ALLOWLIST, procedures, NULL);
	}
	return any;
}

static void add_to_allowlist(struct build *build, const char *procedures)
{
	conf_model_join(&build->neo4j, ALLOWLIST, procedures, NULL);
}

// The allowlist decides which procedures of any jar are loaded. The default is "*"; the entrypoint's default for the fleet plugin alone would
// shut out all others.
static void set_allowlist(struct build *build)
{
	const struct conf_request *request = build->request;
	bool users = conf_model_get(&build->neo4j, ALLOWLIST) != NULL;
	bool plugins = false;

	if (users)
		(void)join_allowed(build);
	else
		plugins = add_plugins_allowed(build);
	if (!pluginlist_contains(&request->list, PLUGIN_FLEET))
		return;
	add_to_allowlist(build, FLEET_PROCEDURES);
	if (!users && !plugins)
		add_to_allowlist(build, "*");
}

static void set_fleet(struct build *build)
{
	const struct conf_request *request = build->request;
	enum fleet_form form = version_fleet_form(&request->version);
	bool users = conf_model_get(&build->neo4j, FLEET_ENABLED) != NULL;

	if (pluginlist_contains(&request->list, PLUGIN_FLEET) && form == FLEET_FORM_PLUGIN)
		// The built-in form would register the same procedures a second time, which stops the server.
		conf_model_remove(&build->neo4j, FLEET_ENABLED);
	else if (request->fleet && (form == FLEET_FORM_BUILT_IN || (form == FLEET_FORM_BUILT_IN_ALWAYS && users)))
		set(build, FLEET_ENABLED, "true");
}

static void set_bloom(struct build *build)
{
	if (pluginlist_contains(&build->request->list, "bloom") && conf_model_get(&build->neo4j, EXTENSIONS))
		conf_model_join(&build->neo4j, EXTENSIONS, "com.neo4j.bloom.server=/browser/bloom", NULL);
}

static void set_discovery(struct build *build)
{
	const struct conf_request *request = build->request;
	const char *endpoints = "";

	for (int i = 0; i < request->servers; i++)
		endpoints = arena_printf(build->arena, "%s%s%s", endpoints, i ? "," : "", request->endpoints[i]);
	set(build, "dbms.cluster.discovery.resolver_type", "LIST");
	if (is_5_26(request)) {
		set(build, "dbms.cluster.discovery.version", "V2_ONLY");
		set(build, "dbms.cluster.discovery.v2.endpoints", endpoints);
	} else {
		set(build, "dbms.cluster.endpoints", endpoints);
	}
	set(build, "dbms.cluster.minimum_initial_system_primaries_count",
	    number(build, request->servers < 3 ? request->servers : 3));
	set(build, "initial.dbms.automatically_enable_free_servers", "true");
	if (strcmp(request->mode_constraint, "NONE") != 0)
		set(build, "initial.server.mode_constraint", request->mode_constraint);
}

static void set_tls(struct build *build)
{
	static const char *const connectors[] = {"bolt", "https"};

	if (!build->request->tls)
		return;
	for (size_t i = 0; i < LENGTH(connectors); i++) {
		const char *policy = arena_printf(build->arena, "dbms.ssl.policy.%s.", connectors[i]);
		const char *const settings[][2] = {
			{"base_directory", CONF_TLS_FOLDER}, {"client_auth", "NONE"},	  {"enabled", "true"},
			{"private_key", "tls.key"},	     {"public_certificate", "tls.crt"},
		};

		for (size_t j = 0; j < LENGTH(settings); j++)
			set(build, arena_printf(build->arena, "%s%s", policy, settings[j][0]), settings[j][1]);
	}
	set(build, "server.bolt.tls_level", "REQUIRED");
	set(build, "server.https.enabled", "true");
}

// What a field of the spec decides. A user's other value contradicts it.
static int set_by_field(struct build *build, const char *field, const char *name, const char *value)
{
	const struct conf_entry *users = conf_model_get(&build->neo4j, name);

	if (users && users->field && strcmp(users->value, value) != 0)
		return err_set(build->err, ERR_INVALID, "%s: %s sets it to %s; leave out one of the two", users->field, field, value);
	set(build, name, value);
	return 0;
}

// The pods' port is fixed, so another endpoint, or none, would contradict it.
static int set_metrics(struct build *build)
{
	static const char field[] = "spec.metrics.enabled";
	int r;

	if (!build->request->metrics)
		return 0;
	r = set_by_field(build, field, "server.metrics.prometheus.enabled", "true");
	return r < 0 ? r : set_by_field(build, field, "server.metrics.prometheus.endpoint", arena_printf(build->arena, "0.0.0.0:%d", CONF_METRICS_PORT));
}

static int set_sharding(struct build *build)
{
	static const char field[] = "spec.propertySharding.enabled";
	static const char *const settings[][2] = {
		{"db.query.default_language", "CYPHER_25"},
		{"internal.dbms.sharded_property_database.allow_external_shard_access", "false"},
		{"internal.dbms.sharded_property_database.enabled", "true"},
	};
	const struct version *version = &build->request->version;
	int r = 0;

	if (!build->request->sharding)
		return 0;
	if (is_5_26(build->request) || (version->family == VERSION_CALENDAR && version_compare(version, 2025, 12, 0) < 0))
		return err_set(build->err, ERR_INVALID, "%s: Neo4j %s has no sharded property databases, which came with 2025.12; choose a newer spec.image.tag", field,
			       version_text(version, build->arena));
	for (size_t i = 0; i < LENGTH(settings) && r >= 0; i++)
		r = set_by_field(build, field, settings[i][0], settings[i][1]);
	return r;
}

// The settings that the operator decides.
static void set_owned(struct build *build)
{
	set(build, "server.default_listen_address", "0.0.0.0");
	if (build->request->cluster)
		set_discovery(build);
	set_tls(build);
	set_unrestricted(build);
	set_allowlist(build);
	set_bloom(build);
	set_fleet(build);
}

static bool is_lasting(const char *name)
{
	return !conf_is_initial(name);
}

// The settings sorted by name, with server.jvm.additional in the order of its flags.
static void print_neo4j(struct build *build, bool (*filter)(const char *), struct buf *out)
{
	struct conf_model before = build->neo4j, after = build->neo4j;
	size_t i = 0;

	while (i < build->neo4j.n && strcmp(build->neo4j.items[i].name, JVM) < 0)
		i++;
	before.n = i;
	after.items += i;
	after.n -= i;
	conf_model_print(&before, filter, out);
	for (size_t j = 0; j < build->n_jvm; j++) {
		buf_add(out, JVM "=");
		conf_model_print_value(build->jvm[j], out);
		buf_addc(out, '\n');
	}
	conf_model_print(&after, filter, out);
}

static int print(struct build *build, struct conf *ret)
{
	_cleanup_buf_ struct buf neo4j = BUF_INIT(CONF_MAX_BYTES);
	_cleanup_buf_ struct buf apoc = BUF_INIT(CONF_MAX_BYTES);
	_cleanup_buf_ struct buf lasting = BUF_INIT((size_t)2 * CONF_MAX_BYTES);

	buf_add(&neo4j, "# Kept by neofleet: made from the resource's spec, changes here are put back.\n");
	print_neo4j(build, NULL, &neo4j);
	conf_model_print(&build->apoc, NULL, &apoc);
	print_neo4j(build, is_lasting, &lasting);
	buf_add(&lasting, "\n");
	conf_model_print(&build->apoc, NULL, &lasting);
	if (neo4j.overflow || apoc.overflow)
		return err_set(build->err, ERR_INVALID, "spec.config: is too long; all settings together may have at most %d KiB",
			       CONF_MAX_BYTES / 1024);
	ret->neo4j_conf = arena_strdup(build->arena, buf_str(&neo4j));
	ret->apoc_conf = apoc.len ? arena_strdup(build->arena, buf_str(&apoc)) : NULL;
	ret->lasting = arena_strdup(build->arena, buf_str(&lasting));
	return 0;
}

int conf_build(const struct conf_request *request, struct arena *arena, struct conf *ret, struct err *err)
{
	struct build build = {
		.request = request,
		.arena = arena,
		.neo4j = {.arena = arena},
		.apoc = {.arena = arena},
		.err = err,
	};
	int r;

	assert(!request->cluster || (request->servers > 0 && request->endpoints && request->domain && request->mode_constraint));
	set_defaults(&build);
	if ((r = add_users_settings(&build)) < 0 || (r = conf_memory(&build.neo4j, request->memory_limit, err)) < 0 ||
	    (r = set_metrics(&build)) < 0 || (r = set_sharding(&build)) < 0)
		return r;
	set_owned(&build);
	return print(&build, ret);
}
