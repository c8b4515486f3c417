// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "neo4j/conf.h"
#include "neo4j/conf_check.h"

#define GIB (UINT64_C(1) << 30)
#define MIB (UINT64_C(1) << 20)

static const char *const endpoints[] = {"a:6000", "b:6000", "c:6000", "d:6000", "e:6000"};

static struct conf_request request_of(const char *tag)
{
	return (struct conf_request){
		.version = version_of_tag(tag),
		.servers = 3,
		.endpoints = endpoints,
		.domain = "cluster.local",
		.mode_constraint = "NONE",
	};
}

static struct conf build(const struct conf_request *request, struct arena *arena)
{
	struct err err = ERR_INIT;
	struct conf conf;

	if (conf_build(request, arena, &conf, &err) < 0)
		fail_msg("%s", err.text);
	return conf;
}

static void expect_error(const struct conf_request *request, const char *text)
{
	struct arena *arena = arena_new();
	struct err err = ERR_INIT;
	struct conf conf;

	if (conf_build(request, arena, &conf, &err) != ERR_INVALID || !strstr(err.text, text))
		fail_msg("wanted '%s', got '%s'", text, err.text);
	arena_free(arena);
}

// How many lines begin with name=; *ret_value is the last one's value, in the arena.
static int count(const char *conf, const char *name, struct arena *arena, const char **ret_value)
{
	size_t len = strlen(name);
	int n = 0;

	*ret_value = "";
	for (const char *line = conf; *line; line += strcspn(line, "\n") + 1) {
		if (strncmp(line, name, len) != 0 || line[len] != '=')
			continue;
		*ret_value = arena_memdup0(arena, line + len + 1, strcspn(line + len + 1, "\n"));
		n++;
	}
	return n;
}

static void expect(const char *conf, const char *name, const char *value)
{
	struct arena *arena = arena_new();
	const char *found;
	int n = count(conf, name, arena, &found);

	if (value ? n != 1 || strcmp(found, value) != 0 : n != 0)
		fail_msg("%s: wanted %s, found %d times '%s' in\n%s", name, value ? value : "(none)", n, found, conf);
	arena_free(arena);
}

// B4: sorted, each name once but server.jvm.additional.
static void expect_sorted(const char *conf)
{
	const char *before = "";
	size_t before_len = 0;

	assert_true(conf[strlen(conf) - 1] == '\n');
	for (const char *line = conf; *line; line += strcspn(line, "\n") + 1) {
		size_t len = strcspn(line, "=");
		int order;

		if (*line == '#')
			continue;
		order = strncmp(before, line, len < before_len ? len : before_len);
		if (order == 0)
			order = (before_len > len) - (before_len < len);
		if (order > 0 || (order == 0 && strncmp(line, "server.jvm.additional", len) != 0))
			fail_msg("%.*s after %.*s", (int)len, line, (int)before_len, before);
		before = line;
		before_len = len;
	}
}

static void test_families(void **state)
{
	struct arena *arena = arena_new();
	struct conf_request request = request_of("5.26-enterprise");
	struct conf conf;
	const char *flag;

	(void)state;
	request.cluster = true;
	conf = build(&request, arena);
	expect(conf.neo4j_conf, "dbms.cluster.discovery.version", "V2_ONLY");
	expect(conf.neo4j_conf, "dbms.cluster.discovery.v2.endpoints", "a:6000,b:6000,c:6000");
	expect(conf.neo4j_conf, "dbms.cluster.endpoints", NULL);
	expect(conf.neo4j_conf, "dbms.cluster.discovery.resolver_type", "LIST");
	assert_true(count(conf.neo4j_conf, "server.jvm.additional", arena, &flag) > 10);
	assert_null(strstr(conf.neo4j_conf, "--enable-native-access"));
	expect_sorted(conf.neo4j_conf);

	request.version = version_of_tag("2025.12");
	conf = build(&request, arena);
	expect(conf.neo4j_conf, "dbms.cluster.discovery.version", NULL);
	expect(conf.neo4j_conf, "dbms.cluster.discovery.v2.endpoints", NULL);
	expect(conf.neo4j_conf, "dbms.cluster.endpoints", "a:6000,b:6000,c:6000");
	assert_non_null(strstr(conf.neo4j_conf, "--enable-native-access"));

	request.cluster = false;
	conf = build(&request, arena);
	assert_null(strstr(conf.neo4j_conf, "cluster"));
	assert_null(strstr(conf.neo4j_conf, "initial."));
	assert_null(conf.apoc_conf);
	arena_free(arena);
}

static void test_cluster_sizes(void **state)
{
	struct arena *arena = arena_new();
	struct conf_request request = request_of("2025.12");
	struct conf two, three, five;

	(void)state;
	request.cluster = true;
	request.servers = 2;
	two = build(&request, arena);
	expect(two.neo4j_conf, "dbms.cluster.minimum_initial_system_primaries_count", "2");
	expect(two.neo4j_conf, "initial.dbms.default_primaries_count", "2");
	request.servers = 3;
	three = build(&request, arena);
	request.servers = 5;
	five = build(&request, arena);
	expect(five.neo4j_conf, "dbms.cluster.minimum_initial_system_primaries_count", "3");
	// B4: a scale-out rolls nothing.
	assert_string_not_equal(three.neo4j_conf, five.neo4j_conf);
	assert_string_equal(three.lasting, five.lasting);
	assert_string_equal(two.lasting, five.lasting);
	assert_null(strstr(five.lasting, "initial."));
	assert_null(strstr(five.lasting, "a:6000"));
	request.mode_constraint = "PRIMARY";
	expect(build(&request, arena).neo4j_conf, "initial.server.mode_constraint", "PRIMARY");
	arena_free(arena);
}

static const struct {
	const char *tag;
	bool fleet, in_list;
	const char *users;    // dbms.fleet_manager.enabled as the user has it; NULL: not set
	const char *expected; // NULL: not there
} fleet_cases[] = {
	{"2025.12", true, true, NULL, NULL},
	{"2025.12", true, true, "true", NULL}, // the built-in form beside the plugin would stop the server
	{"2025.12", false, false, "true", "true"},
	{"2026.02.3", true, false, NULL, "true"},
	{"2026.02.3", true, false, "false", "true"},
	{"2026.02.3", false, false, NULL, NULL},
	{"2026.03", true, false, NULL, NULL},
	{"2026.05", true, false, "false", "true"},
	{"2026.05", false, false, "false", "false"},
	{"5.26.5", true, false, NULL, NULL},
	{"latest", true, false, NULL, NULL},
};

// C4.
static void test_fleet_setting(void **state)
{
	static const char *const fleet[] = {"fleet-management"};

	(void)state;
	for (size_t i = 0; i < sizeof(fleet_cases) / sizeof(fleet_cases[0]); i++) {
		struct arena *arena = arena_new();
		struct conf_request request = request_of(fleet_cases[i].tag);
		const struct conf_setting setting = {"dbms.fleet_manager.enabled", fleet_cases[i].users, "spec.config"};

		request.fleet = fleet_cases[i].fleet;
		request.list = (struct plugin_list){fleet, fleet_cases[i].in_list};
		request.config = &setting;
		request.n_config = fleet_cases[i].users != NULL;
		expect(build(&request, arena).neo4j_conf, "dbms.fleet_manager.enabled", fleet_cases[i].expected);
		if (!fleet_cases[i].in_list)
			expect(build(&request, arena).neo4j_conf, "dbms.security.procedures.allowlist", NULL);
		arena_free(arena);
	}
}

#define UNRESTRICTED "dbms.security.procedures.unrestricted"
#define ALLOWLIST "dbms.security.procedures.allowlist"

static void expect_lists(const struct conf_request *request, const char *unrestricted, const char *allowlist)
{
	struct arena *arena = arena_new();
	struct conf conf = build(request, arena);

	expect(conf.neo4j_conf, UNRESTRICTED, unrestricted);
	expect(conf.neo4j_conf, ALLOWLIST, allowlist);
	arena_free(arena);
}

// C5.
static void test_procedure_lists(void **state)
{
	static const char *const names[] = {"apoc", "genai", "unheard-of", "fleet-management"};
	static const char *const one[] = {"mine.*"};
	const struct conf_setting users[] = {{UNRESTRICTED, "my.*, apoc.*", "f"}, {ALLOWLIST, "my.*,,apoc.coll.*", "f"}};
	struct conf_plugin plugin = {.name = "apoc", .unrestricted = one, .n_unrestricted = 1};
	struct conf_request request = request_of("2025.12");

	(void)state;
	expect_lists(&request, NULL, NULL);
	request.list = (struct plugin_list){names + 3, 1};
	expect_lists(&request, "fleetManagement.*", "fleetManagement.*,*");
	request.list = (struct plugin_list){names, 4};
	expect_lists(&request, "apoc.*,genai.*,ai.*,fleetManagement.*", "fleetManagement.*,*");
	request.list.n = 3; // without the fleet plugin: nothing is narrowed, what the entrypoint adds is there
	expect_lists(&request, "apoc.*,genai.*,ai.*", NULL);
	request.list.n = 4;
	request.config = users;
	request.n_config = 2;
	expect_lists(&request, "my.*,apoc.*,genai.*,ai.*,fleetManagement.*", "my.*,apoc.coll.*,fleetManagement.*");
	request.n_config = 0;
	request.plugins = &plugin;
	request.n_plugins = 1;
	expect_lists(&request, "mine.*,apoc.*,genai.*,ai.*,fleetManagement.*", "fleetManagement.*,*");
	plugin.allowed = one;
	plugin.n_allowed = 1; // narrows apoc, not genai
	expect_lists(&request, "mine.*,apoc.*,genai.*,ai.*,fleetManagement.*", "mine.*,genai.*,ai.*,fleetManagement.*");
	request.config = users + 1;
	request.n_config = 1;
	expect_lists(&request, "mine.*,apoc.*,genai.*,ai.*,fleetManagement.*", "my.*,apoc.coll.*,mine.*,fleetManagement.*");
}

static void test_precedence(void **state)
{
	const struct conf_setting old[] = {{"a.b", "oldest", "f"}, {"c.d", "plugin", "f"}, {"apoc.x", "1", "f"}};
	const struct conf_setting young[] = {{"a.b", "youngest", "f"}, {"e.f", "young", "f"}};
	const struct conf_setting config[] = {{"c.d", "config", "f"}, {"server.jvm.additional", "-Dx=1", "f"}};
	const struct conf_setting env[] = {{"e.f", "env", "f"}, {"apoc.y", "2", "f"}, {"server.jvm.additional", "-XX:+UseG1GC", "f"}};
	const struct conf_plugin plugins[] = {
		{.name = "old", .settings = old, .n_settings = 3},
		{.name = "young", .settings = young, .n_settings = 2},
	};
	struct arena *arena = arena_new();
	struct conf_request request = request_of("2025.12");
	const char *flag;
	struct conf conf;

	(void)state;
	request.plugins = plugins;
	request.n_plugins = 2;
	request.config = config;
	request.n_config = 2;
	request.env = env;
	request.n_env = 3;
	conf = build(&request, arena);
	expect(conf.neo4j_conf, "a.b", "oldest");
	expect(conf.neo4j_conf, "c.d", "config");
	expect(conf.neo4j_conf, "e.f", "env");
	assert_string_equal(conf.apoc_conf, "apoc.x=1\napoc.y=2\n");
	assert_null(strstr(conf.neo4j_conf, "apoc."));
	assert_non_null(strstr(conf.lasting, "apoc.y=2"));
	(void)count(conf.neo4j_conf, "server.jvm.additional", arena, &flag);
	assert_string_equal(flag, "-Dx=1"); // last, and UseG1GC is not there twice
	assert_null(strstr(strstr(conf.neo4j_conf, "UseG1GC") + 1, "UseG1GC"));
	expect_sorted(conf.neo4j_conf);
	arena_free(arena);
}

#define NOUGHTS "00000000000000000000000000000000" // 10 to the power of 128 is a multiple of 2 to that power

static const struct {
	uint64_t limit;
	const char *heap, *initial, *cache; // as the user has them; NULL: not set
	const char *expect_heap, *expect_initial, *expect_cache;
	const char *error; // NULL: none
} memory_cases[] = {
	{0, NULL, NULL, NULL, "512m", "512m", "512m", NULL},
	{0, "2g", NULL, NULL, "2g", "2g", "512m", NULL},
	{0, NULL, "1g", NULL, "1024m", "1g", "512m", NULL},
	{512 * MIB, NULL, NULL, NULL, "128m", "128m", "64m", NULL},
	{GIB, NULL, NULL, NULL, "469m", "469m", "234m", NULL},
	{2 * GIB, NULL, NULL, NULL, "1024m", "1024m", "512m", NULL},
	{4 * GIB, NULL, NULL, NULL, "2048m", "2048m", "1024m", NULL},
	{16 * GIB, NULL, NULL, NULL, "9557m", "9557m", "4778m", NULL},
	{64 * GIB, NULL, NULL, NULL, "31744m", "31744m", "25600m", NULL},
	{4 * GIB, "1g", NULL, NULL, "1g", "1g", "2048m", NULL},
	{4 * GIB, NULL, NULL, "1g", "2048m", "2048m", "1g", NULL},
	{4 * GIB, NULL, NULL, "2.5g", "512m", "512m", "2.5g", NULL},
	{4 * GIB, "1G", "512M", "512MiB", "1G", "512M", "512MiB", NULL},
	{4 * GIB, "3500m", NULL, NULL, "3500m", "3500m", "32m", NULL},
	{4 * GIB, "5g", NULL, NULL, NULL, NULL, NULL, "heap.max_size]: heap (5120 MiB) and page cache (32 MiB) exceed"},
	{4 * GIB, "2g", NULL, "3g", NULL, NULL, NULL, "exceed spec.resources.limits.memory (4096 MiB)"},
	{4 * GIB, NULL, NULL, "5g", NULL, NULL, NULL, "pagecache.size]: heap (64 MiB) and page cache (5120 MiB) exceed"},
	{4 * GIB, "1g", "2g", NULL, NULL, NULL, NULL, "heap.initial_size]: is more than"},
	{0, "1g", "2g", NULL, NULL, NULL, NULL, "heap.initial_size]: is more than"},
	{0, "lots", NULL, NULL, NULL, NULL, NULL, "heap.max_size]: 'lots' is not a size for Neo4j; write one such as 512m or 2g"},
	{0, NULL, NULL, "12x", NULL, NULL, NULL, "pagecache.size]: '12x' is not a size"},
	{0, NULL, NULL, "0", NULL, NULL, NULL, "pagecache.size]: '0' is not enough"},
	// M1: what Kubernetes users type, with what to write instead.
	{4 * GIB, "512Mi", NULL, NULL, NULL, NULL, NULL, "heap.max_size]: '512Mi' is not a size for Neo4j, which has units of its own; write 512m"},
	{4 * GIB, NULL, "1.5Gi", NULL, NULL, NULL, NULL, "write 1.5g"},
	{4 * GIB, NULL, NULL, "1Gb", NULL, NULL, NULL, "write 1g"},
	{0, "1t", NULL, NULL, NULL, NULL, NULL, "write 1TiB"},
	{0, "1gib", NULL, NULL, NULL, NULL, NULL, "write 1g"},
	{0, "1b", NULL, NULL, NULL, NULL, NULL, "'1b' is not a size for Neo4j; write one such as"},
	{0, "0." NOUGHTS NOUGHTS NOUGHTS NOUGHTS, NULL, NULL, NULL, NULL, NULL, "is not a size"},
	{0, "99999999999999999999g", NULL, NULL, NULL, NULL, NULL, "is not a size"},
};

static size_t add(struct conf_setting *settings, size_t n, const char *name, const char *field, const char *value)
{
	if (value)
		settings[n++] = (struct conf_setting){name, value, field};
	return n;
}

static void test_memory(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(memory_cases) / sizeof(memory_cases[0]); i++) {
		struct arena *arena = arena_new();
		struct conf_request request = request_of("2025.12");
		struct conf_setting settings[3];
		struct conf conf;
		size_t n = 0;

		n = add(settings, n, "server.memory.heap.max_size", "[heap.max_size]", memory_cases[i].heap);
		n = add(settings, n, "server.memory.heap.initial_size", "[heap.initial_size]", memory_cases[i].initial);
		n = add(settings, n, "server.memory.pagecache.size", "[pagecache.size]", memory_cases[i].cache);
		request.memory_limit = memory_cases[i].limit;
		request.config = settings;
		request.n_config = n;
		if (memory_cases[i].error) {
			expect_error(&request, memory_cases[i].error);
		} else {
			conf = build(&request, arena);
			expect(conf.neo4j_conf, "server.memory.heap.max_size", memory_cases[i].expect_heap);
			expect(conf.neo4j_conf, "server.memory.heap.initial_size", memory_cases[i].expect_initial);
			expect(conf.neo4j_conf, "server.memory.pagecache.size", memory_cases[i].expect_cache);
		}
		arena_free(arena);
	}
}

// The sum never exceeds the limit, whatever the limit.
static void test_memory_sums(void **state)
{
	(void)state;
	for (uint64_t limit = 512 * MIB; limit < 300 * GIB; limit += limit / 7 + 12345) {
		struct arena *arena = arena_new();
		struct conf_request request = request_of("2025.12");
		const char *heap, *cache;
		struct conf conf;

		request.memory_limit = limit;
		conf = build(&request, arena);
		(void)count(conf.neo4j_conf, "server.memory.heap.max_size", arena, &heap);
		(void)count(conf.neo4j_conf, "server.memory.pagecache.size", arena, &cache);
		assert_true((strtoull(heap, NULL, 10) + strtoull(cache, NULL, 10)) * MIB + 300 * MIB <= limit);
		arena_free(arena);
	}
}

static const struct {
	const char *name, *value, *error;
	bool cluster;
} refused[] = {
	{"a.b", "x\ny", "must not hold control characters", false},
	{"a.b", "x\r", "must not hold control characters", false},
	{"a.b", "x\ty", "must not hold control characters", false},
	{"a.b", "\x7f", "must not hold control characters", false},
	{"a.b", "x\\", "must not end in a backslash", false},
	{"a.b", "x\\\\\\", "must not end in a backslash", false},
	{"a.b", "C:\\users", "must not hold '\\u' without four digits", false},
	// Values that the server refuses at its start, with what to write instead.
	{"db.transaction.timeout", "1.5s", "'1.5s' is not a duration for Neo4j; write one such as", false},
	{"dbms.transaction.timeout", "5 min", "'5 min' is not a duration for Neo4j", false}, // an old name
	{"server.http.enabled", "yes", "'yes' is neither true nor false", false},
	{"db.transaction.concurrent.maximum", "1e3", "'1e3' is not a whole number from", false},
	{"db.tx_log.buffer.size", "1m", "'1m' is not a whole number", false},
	{"db.memory.transaction.max", "2Gi", "write 2g", false},
	{"dbms.security.auth_minimum_password_length", "0", "'0' is not a whole number from 1", false},
	{"server.bolt.advertised_address", "bolt://db:7687", "is not an address; write HOST:PORT, HOST or :PORT", false},
	{"server.bolt.advertised_address", "[2001:db8::1]", "leave the brackets out", false},
	// M5: what cannot reach Java.
	{"server.jvm.additional", "-Da=\"b", "a quote is not closed", false},
	{"server.jvm.additional", "-XX:OnOutOfMemoryError=kill -9 %p", "'%p' is no flag of the JVM", false},
	{"server.jvm.additional", "-Da='b \"c\"'", "must not hold both kinds of quotes", false},
	{"a b", "x", "is not the name of a setting", false},
	{"a=b", "x", "is not the name of a setting", false},
	{"#a", "x", "is not the name of a setting", false},
	{"a\nb", "x", "is not the name of a setting", false},
	{"", "x", "is not the name of a setting", false},
	{"server.bolt.listen_address", ":1", "must not be set: ", false},
	{"server.bolt.tls_level", "DISABLED", "use spec.tls", false},
	{"dbms.ssl.policy.bolt.enabled", "true", "use spec.tls", false},
	{"dbms.cluster.discovery.version", "V1_ONLY", "must not be set: ", false},
	{"dbms.kubernetes.label_selector", "a=b", "must not be set: ", true},
	{"server.discovery.listen_address", ":5000", "must not be set: ", true},
	{"dbms.security.auth_enabled", "false", "spec.auth.adminSecret", false},
	{"server.directories.data", "/x", "volume at /data", false},
	{"server.directories.transaction.logs.root", " /database/tx", "name a folder below /data", false},
	{"server.directories.transaction.logs.root", "/data/../tx", "name a folder below /data", false},
	{"server.directories.transaction.logs.root", "\\u002e\\u002e/tx", "name a folder below /data", false},
	{"server.directories.cluster_state", "../state", "name a folder below /data", true},
	{"initial.server.mode_constraint", "NONE", "spec.topology.serverModeConstraint", true},
	{"server.bolt.advertised_address", "x:7687", "for each pod", true},
};

static void test_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct conf_request request = request_of("2025.12");
		const struct conf_setting setting = {refused[i].name, refused[i].value, "spec.config[x]"};

		request.cluster = refused[i].cluster;
		request.config = &setting;
		request.n_config = 1;
		expect_error(&request, refused[i].error);
		expect_error(&request, "spec.config[x]: ");
	}
}

static void test_taken(void **state)
{
	const struct conf_setting settings[] = {
		{"server.bolt.advertised_address", "db.example.com:7687", "f"}, // a standalone behind a load balancer
		{"dbms.security.oidc.my-provider.client_id", "x=y", "f"},
		{"a.path", "C:\\\\", "f"},
		{"dbms.ssl.policy.cluster.enabled", "false", "f"},
		{"server.directories.cluster_state", "states", "f"}, // on the volume: without it, the server would look elsewhere
		{"server.directories.transaction.logs.root", "/data/tx", "f"},
	};
	struct arena *arena = arena_new();
	struct conf_request request = request_of("2025.12");
	struct conf conf;

	(void)state;
	request.config = settings;
	request.n_config = 6;
	conf = build(&request, arena);
	for (size_t i = 0; i < 6; i++)
		expect(conf.neo4j_conf, settings[i].name, settings[i].value);
	arena_free(arena);
}

// M5: what the shell of the image's entrypoint would take is kept from it, and M12: letters beyond ASCII are the same for all releases.
static void test_written(void **state)
{
	static const struct {
		const char *name, *value, *line;
	} cases[] = {
		{"server.jvm.additional", "-Dhttp.nonProxyHosts=localhost|*.svc",
		 "\nserver.jvm.additional=-Dhttp.nonProxyHosts=localhost\\\\|*.svc\n"},
		{"server.jvm.additional", "-Dhttp.nonProxyHosts=localhost\\\\|*.svc", // somebody has seen to it
		 "\nserver.jvm.additional=-Dhttp.nonProxyHosts=localhost\\\\|*.svc\n"},
		{"dbms.jvm.additional", "\"-Da=$HOME b\"  -Dc=1", "\nserver.jvm.additional=\"-Da=\\\\$HOME b\" -Dc=1\n"},
		{"server.jvm.additional", "-Da=1  -Db=2", "\nserver.jvm.additional=-Da=1  -Db=2\n"},
		{"server.jvm.additional", "-Da=\xc3\xa9|", "\nserver.jvm.additional=-Da=\\u00e9\\\\|\n"},
		{"dbms.x", "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80.", "\ndbms.x=\\u00e9\\u20ac\\ud83d\\ude00.\n"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct conf_setting setting = {cases[i].name, cases[i].value, "f"};
		struct conf_request request = request_of("5.26");
		struct arena *arena = arena_new();
		struct conf conf;

		request.config = &setting;
		request.n_config = 1;
		conf = build(&request, arena);
		if (!strstr(conf.neo4j_conf, cases[i].line))
			fail_msg("no '%s' in\n%s", cases[i].line, conf.neo4j_conf);
		arena_free(arena);
	}
}

static void test_too_long(void **state)
{
	static char value[CONF_MAX_BYTES];
	const struct conf_setting setting = {"a.b", value, "f"};
	struct conf_request request = request_of("2025.12");

	(void)state;
	memset(value, 'x', sizeof(value) - 1);
	request.config = &setting;
	request.n_config = 1;
	expect_error(&request, "spec.config: is too long; all settings together may have at most 512 KiB");
}

static void test_tls(void **state)
{
	const struct conf_setting http = {"server.http.enabled", "true", "f"};
	struct arena *arena = arena_new();
	struct conf_request request = request_of("2025.12");
	struct conf conf;

	(void)state;
	expect(build(&request, arena).neo4j_conf, "server.bolt.tls_level", NULL);
	request.tls = true;
	conf = build(&request, arena);
	expect(conf.neo4j_conf, "server.bolt.tls_level", "REQUIRED");
	expect(conf.neo4j_conf, "dbms.ssl.policy.bolt.base_directory", "/tls");
	expect(conf.neo4j_conf, "server.http.enabled", "false");
	expect_sorted(conf.neo4j_conf);
	request.config = &http;
	request.n_config = 1;
	expect(build(&request, arena).neo4j_conf, "server.http.enabled", "true");
	arena_free(arena);
}

static void test_bloom(void **state)
{
	static const char *const bloom[] = {"bloom"};
	const struct conf_setting extension = {"server.unmanaged_extension_classes", "org.example=/x", "f"};
	struct arena *arena = arena_new();
	struct conf_request request = request_of("2025.12");

	(void)state;
	request.list = (struct plugin_list){bloom, 1};
	expect(build(&request, arena).neo4j_conf, extension.name, NULL); // the entrypoint adds it
	request.config = &extension;
	request.n_config = 1;
	expect(build(&request, arena).neo4j_conf, extension.name, "org.example=/x,com.neo4j.bloom.server=/browser/bloom");
	arena_free(arena);
}

static const struct {
	const char *variable, *setting;
} env_cases[] = {
	{"NEO4J_server_memory_heap_max__size", "server.memory.heap.max_size"},
	{"NEO4J_dbms_security_procedures_unrestricted", "dbms.security.procedures.unrestricted"},
	{"NEO4J_apoc_export_file_enabled", "apoc.export.file.enabled"},
	{"NEO4J_a___b", "a_.b"},
	{"NEO4J_FOO", "FOO"},
	{"NEO4J_", NULL},
	{"NEO4J_AUTH", NULL},
	{"NEO4J_AUTH_PATH", NULL},
	{"NEO4J_PLUGINS", NULL},
	{"NEO4J_DEBUG", NULL},
	{"NEO4J_ACCEPT_LICENSE_AGREEMENT", NULL},
	{"NEO4J_server_x_FILE", NULL},
	{"JAVA_HOME", NULL},
	{"neo4j_server_x", NULL},
};

static void test_env(void **state)
{
	struct arena *arena = arena_new();
	const char *cure = NULL;

	(void)state;
	for (size_t i = 0; i < sizeof(env_cases) / sizeof(env_cases[0]); i++) {
		const char *setting = conf_setting_of_env(env_cases[i].variable, arena);

		if (!!setting != !!env_cases[i].setting || (setting && strcmp(setting, env_cases[i].setting) != 0))
			fail_msg("%s: %s", env_cases[i].variable, setting ? setting : "(none)");
	}
	assert_true(conf_is_reserved("dbms.security.procedures.unrestricted", false, &cure));
	assert_non_null(strstr(cure, "as a value"));
	assert_true(conf_is_reserved("server.bolt.tls_level", false, &cure));
	assert_false(conf_is_reserved("db.logs.query.enabled", true, &cure));
	arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families),      cmocka_unit_test(test_cluster_sizes), cmocka_unit_test(test_fleet_setting),
		cmocka_unit_test(test_procedure_lists), cmocka_unit_test(test_precedence),  cmocka_unit_test(test_memory),
		cmocka_unit_test(test_memory_sums),   cmocka_unit_test(test_refused),	    cmocka_unit_test(test_taken),
		cmocka_unit_test(test_written),
		cmocka_unit_test(test_too_long),      cmocka_unit_test(test_tls),	    cmocka_unit_test(test_bloom),
		cmocka_unit_test(test_env),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
