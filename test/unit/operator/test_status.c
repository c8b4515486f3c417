// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <regex.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/json.h"
#include "operator/object/reason.h"
#include "operator/pass/status.h"

#define NOW INT64_C(1764583200000) // 2025-12-01T10:00:00Z

static const struct status_wanted registered = {
	.generation = 3,
	.verdict = {.phase = PHASE_READY, .reason = REASON_READY, .message = "The server is ready"},
	.fleet = {.publish = true,
		  .registered = true,
		  .last_registration = "2025-12-01T10:00:00Z",
		  .reason = REASON_REGISTERED,
		  .message = "Registered with Aura Fleet Management"},
};

static yyjson_val *parse(struct arena *arena, const char *text)
{
	yyjson_val *val = json_parse(arena, text, strlen(text));

	assert_non_null(val);
	return val;
}

// The object as the API server has it after the patch.
static yyjson_val *patched(struct arena *arena, const char *patch)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_val_mut_copy(doc, parse(arena, patch));

	yyjson_mut_doc_set_root(doc, root);
	return parse(arena, json_text(arena, doc));
}

static const char *message_of(yyjson_val *object, const char *type, const char *member)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(yyjson_ptr_get(object, "/status/conditions"));
	yyjson_val *item;

	while ((item = yyjson_arr_iter_next(&iter))) {
		if (yyjson_equals_str(yyjson_obj_get(item, "type"), type))
			return yyjson_get_str(yyjson_obj_get(item, member));
	}
	return NULL;
}

// D3: exactly three keys.
static void test_the_map(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *object = parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}");
	const char *patch = status_patch(object, &registered, NOW, arena);
	yyjson_val *root;

	(void)state;
	assert_non_null(patch);
	root = parse(arena, patch);
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(root, "/metadata/resourceVersion")), "7");
	assert_string_equal(json_val_text(arena, yyjson_ptr_get(root, "/status/auraFleetManagement")),
			    "{\"registered\":true,\"lastRegistrationTime\":\"2025-12-01T10:00:00Z\","
			    "\"message\":\"Registered with Aura Fleet Management\"}");
	assert_string_equal(message_of(root, "Ready", "status"), "True");
	assert_string_equal(message_of(root, "Reconciling", "status"), "False");
	assert_string_equal(message_of(root, "FleetRegistered", "status"), "True");
	assert_null(message_of(root, "FleetConnected", "status"));
}

// A3: a deployment whose spec is refused keeps what its status says of the registration, of the servers' version, and of what nobody looked at.
static void test_refused_spec(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct status_wanted refused = {.generation = 4, .verdict = {.phase = PHASE_FAILED, .reason = REASON_INVALID_SPEC, .message = "spec.env[0]"}};
	yyjson_val *before = patched(arena, status_patch(parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}"), &registered, NOW, arena));
	yyjson_val *root = parse(arena, status_patch(before, &refused, NOW + 60000, arena));

	(void)state;
	assert_null(yyjson_ptr_get(root, "/status/auraFleetManagement"));
	assert_null(yyjson_ptr_get(root, "/status/version"));
	assert_string_equal(message_of(root, "Ready", "status"), "False");
	assert_string_equal(message_of(root, "Stalled", "message"), "spec.env[0]");
	assert_string_equal(message_of(root, "FleetRegistered", "status"), "True");
	assert_string_equal(message_of(root, "FleetRegistered", "lastTransitionTime"), "2025-12-01T10:00:00Z");
}

// E4: a status that was written by hand to the brim blocks no write of ours: ours come first, of the others as many stay as there is room for, and
// none that the API server would refuse.
static void test_conditions_by_hand(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf text = BUF_INIT(16384);
	yyjson_val *conditions;

	(void)state;
	buf_addf(&text, "{\"metadata\":{\"resourceVersion\":\"7\"},\"status\":{\"conditions\":[");
	for (int i = 0; i < 32; i++)
		buf_addf(&text, "%s{\"type\":\"Hand%d\",\"status\":\"True\",\"reason\":\"%s\"}", i ? "," : "", i, i == 3 ? "a\\\"}\\nline 1" : "Why");
	buf_add(&text, "]}}");
	conditions = yyjson_ptr_get(parse(arena, status_patch(parse(arena, buf_str(&text)), &registered, NOW, arena)), "/status/conditions");
	assert_int_equal(yyjson_arr_size(conditions), 32);
	assert_true(yyjson_equals_str(yyjson_obj_get(yyjson_arr_get(conditions, 0), "type"), "Ready"));
	assert_true(yyjson_equals_str(yyjson_obj_get(yyjson_arr_get(conditions, 3), "type"), "FleetRegistered"));
	assert_true(yyjson_equals_str(yyjson_obj_get(yyjson_arr_get(conditions, 4), "type"), "Hand0"));
	assert_true(yyjson_equals_str(yyjson_obj_get(yyjson_arr_get(conditions, 7), "type"), "Hand4"));
}

// Whether the kind's definition takes a reason.
static bool is_taken(const char *kind, const char *reason)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	FILE *file = fopen(arena_printf(arena, NEOFLEET_SOURCE_DIR "/deploy/crds/%s.yaml", kind), "re");
	char line[4096], pattern[4096] = "";
	bool inside = false, taken;
	regex_t compiled;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file) && !*pattern) {
		if (strstr(line, " reason:\n") || strstr(line, " message:\n"))
			inside = strstr(line, " reason:\n") != NULL;
		if (inside)
			(void)sscanf(line, " pattern: \"%4095[^\"]", pattern);
	}
	assert_int_equal(fclose(file), 0);
	if (!*pattern)
		fail_msg("%s.yaml takes any reason", kind);
	assert_int_equal(regcomp(&compiled, pattern, REG_EXTENDED | REG_NOSUB), 0);
	taken = regexec(&compiled, reason, 0, NULL, 0) == 0;
	regfree(&compiled);
	return taken;
}

// E4: no definition takes a reason that would make lines of its own in /metrics, and of old ones exactly those are kept that the
// definitions take: any other would have every write refused.
static void test_reasons_as_the_definitions_want_them(void **state)
{
	static const struct {
		const char *reason; // as in JSON
		bool taken;
	} cases[] = {
		{"Why", true},	   {"W", true},		{"Why_2,of:it_", true},	     {"", false}, {"2", false}, {"Two words", false},
		{"Why:", false}, {"a\\\"} 1\\nx 99", false}, {"a\\nx 99", false}, {"W\u00e9", false},
	};
	static const char *const kinds[] = {"neo4jenterprisestandalones", "neo4jenterpriseclusters", "neo4jplugins"};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		_cleanup_(arena_freep) struct arena *arena = arena_new();
		yyjson_val *old = parse(arena, arena_printf(arena,
							    "{\"metadata\":{\"resourceVersion\":\"7\"},\"status\":{\"conditions\":[{\"type\":\"Hand\","
							    "\"status\":\"True\",\"reason\":\"%s\"}]}}",
							    cases[i].reason));
		const char *reason = yyjson_get_str(yyjson_ptr_get(old, "/status/conditions/0/reason"));

		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++)
			assert_int_equal(is_taken(kinds[k], reason), cases[i].taken);
		assert_int_equal(strstr(status_patch(old, &registered, NOW, arena), "\"Hand\"") != NULL, cases[i].taken);
	}
}

// E1: a status is written only when it differs.
static void test_equal_is_not_written(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *object = parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}");
	struct status_wanted other = registered;

	(void)state;
	object = patched(arena, status_patch(object, &registered, NOW, arena));
	assert_null(status_patch(object, &registered, NOW + 60000, arena));
	other.fleet.message = "something else";
	assert_non_null(status_patch(object, &other, NOW, arena));
	other = registered;
	other.generation++;
	assert_non_null(status_patch(object, &other, NOW, arena));
	other = registered;
	other.fleet.registered = false;
	assert_non_null(status_patch(object, &other, NOW, arena));
}

static void test_transition_time_moves_with_the_status_only(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *object = parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}");
	struct status_wanted other = registered;

	(void)state;
	object = patched(arena, status_patch(object, &registered, NOW, arena));
	other.verdict.message = "All is well";
	object = patched(arena, status_patch(object, &other, NOW + 60000, arena));
	assert_string_equal(message_of(object, "Ready", "message"), "All is well");
	assert_string_equal(message_of(object, "Ready", "lastTransitionTime"), "2025-12-01T10:00:00Z");
	other.verdict.phase = PHASE_DEGRADED;
	object = patched(arena, status_patch(object, &other, NOW + 60000, arena));
	assert_string_equal(message_of(object, "Ready", "lastTransitionTime"), "2025-12-01T10:01:00Z");
	assert_string_equal(message_of(object, "Stalled", "lastTransitionTime"), "2025-12-01T10:00:00Z");
}

// B7: what waits for a person is Stalled as what has failed is, and reconciles no more.
static void test_stalled(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *object = parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}");
	struct status_wanted wanted = registered;

	(void)state;
	wanted.verdict = (struct phase_verdict){.phase = PHASE_UPDATING, .reason = REASON_UPDATING, .message = "n-server-1 does not come back"};
	object = patched(arena, status_patch(object, &wanted, NOW, arena));
	assert_string_equal(message_of(object, "Reconciling", "status"), "True");
	assert_string_equal(message_of(object, "Stalled", "status"), "False");
	wanted.verdict.stalled = true;
	wanted.verdict.reason = REASON_ROLL_STOPPED;
	object = patched(arena, status_patch(object, &wanted, NOW, arena));
	assert_string_equal(message_of(object, "Reconciling", "status"), "False");
	assert_string_equal(message_of(object, "Stalled", "status"), "True");
	assert_string_equal(message_of(object, "Stalled", "reason"), "RollStopped");
	assert_string_equal(message_of(object, "Stalled", "message"), "n-server-1 does not come back");
	assert_string_equal(message_of(object, "Ready", "status"), "False");
}

static void test_conditions_of_others_stay(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *object = parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"},\"status\":{\"conditions\":[{\"type\":"
					  "\"Theirs\",\"status\":\"True\",\"reason\":\"R\",\"message\":\"m\"}]}}");

	(void)state;
	object = patched(arena, status_patch(object, &registered, NOW, arena));
	assert_string_equal(message_of(object, "Theirs", "message"), "m");
	assert_null(status_patch(object, &registered, NOW, arena));
}

// The servers' last answers stay while nobody can ask them.
static void test_version_stays(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *object = parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}");
	struct status_wanted wanted = registered;

	(void)state;
	wanted.version = "2025.12.1";
	object = patched(arena, status_patch(object, &wanted, NOW, arena));
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(object, "/status/version")), "2025.12.1");
	assert_null(status_patch(object, &wanted, NOW, arena));
	wanted.version = NULL;
	assert_null(status_patch(object, &wanted, NOW, arena));
	wanted.version = "2026.02.2";
	assert_non_null(status_patch(object, &wanted, NOW, arena));
}

static const char *text_at(struct arena *arena, yyjson_val *object, const char *pointer)
{
	return json_val_text(arena, yyjson_ptr_get(object, pointer));
}

// F5: what the servers said stays while nobody can ask them, and is written when it differs: another state, one server fewer, a member that went.
static void test_servers_and_databases(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct inventory inventory = {
		.servers = {{.name = "one", .pod = "n-server-0", .state = "Enabled", .health = "Available", .version = "5.26.12"},
			    {.name = "two", .address = "a:7687", .state = "Free", .health = "Unavailable"}},
		.databases = {{.name = "neo4j", .requested = "online", .current = "starting", .copies = 2, .online = 1}},
		.n_servers = 2,
		.n_databases = 1,
		.databases_left_out = 3,
	};
	yyjson_val *object = parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}");
	struct status_wanted wanted = registered;

	(void)state;
	wanted.inventory = &inventory;
	object = patched(arena, status_patch(object, &wanted, NOW, arena));
	assert_string_equal(text_at(arena, object, "/status/servers"),
			    "[{\"name\":\"one\",\"pod\":\"n-server-0\",\"state\":\"Enabled\",\"health\":\"Available\",\"version\":\"5.26.12\"},"
			    "{\"name\":\"two\",\"address\":\"a:7687\",\"state\":\"Free\",\"health\":\"Unavailable\"}]");
	assert_string_equal(text_at(arena, object, "/status/databases"),
			    "[{\"name\":\"neo4j\",\"requestedStatus\":\"online\",\"currentStatus\":\"starting\",\"copies\":2,\"online\":1}]");
	assert_string_equal(text_at(arena, object, "/status/databasesLeftOut"), "3");
	assert_null(yyjson_ptr_get(object, "/status/serversLeftOut"));
	assert_null(status_patch(object, &wanted, NOW, arena));
	wanted.inventory = NULL;
	assert_null(status_patch(object, &wanted, NOW, arena));
	wanted.inventory = &inventory;
	inventory.n_servers = 1;
	assert_non_null(status_patch(object, &wanted, NOW, arena));
	inventory.n_servers = 2;
	inventory.servers[0].version = NULL;
	assert_non_null(status_patch(object, &wanted, NOW, arena));
	inventory.servers[0].version = "5.26.12";
	inventory.databases_left_out = 0;
	assert_string_equal(text_at(arena, parse(arena, status_patch(object, &wanted, NOW, arena)), "/status/databasesLeftOut"), "null");
}

// E4 F5: a name that a server chose is cut where the definition of the kind ends.
static void test_a_long_name(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	char *name = arena_alloc(arena, 513);
	struct inventory inventory = {.servers = {{.name = name, .state = "Enabled", .health = "Available"}}, .n_servers = 1};
	struct status_wanted wanted = registered;
	yyjson_val *object = parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}");

	(void)state;
	memset(name, 'x', 512);
	wanted.inventory = &inventory;
	object = patched(arena, status_patch(object, &wanted, NOW, arena));
	assert_int_equal(yyjson_get_len(yyjson_ptr_get(object, "/status/servers/0/name")), 128);
	assert_null(status_patch(object, &wanted, NOW, arena));
}

// B5 D1: a problem shows in any phase while it holds, and leaves no trace where there never was one.
static void test_problems_show(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct status_wanted wanted = registered;
	struct status_problem *problem = &wanted.problems[0];
	yyjson_val *object = parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}"), *root;

	(void)state;
	*problem = (struct status_problem){"CredentialsRefused", 0, REASON_ACCEPTED, NULL};
	root = parse(arena, status_patch(object, &wanted, NOW, arena));
	assert_null(message_of(root, "CredentialsRefused", "status"));
	*problem = (struct status_problem){"CredentialsRefused", 1, REASON_REFUSED, "use ALTER USER"};
	root = patched(arena, status_patch(object, &wanted, NOW, arena));
	assert_string_equal(message_of(root, "CredentialsRefused", "status"), "True");
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(root, "/status/message")), "The server is ready; use ALTER USER");
	problem->holds = -1; // nobody could be asked: it stays
	root = patched(arena, status_patch(root, &wanted, NOW, arena));
	assert_string_equal(message_of(root, "CredentialsRefused", "status"), "True");
	*problem = (struct status_problem){"CredentialsRefused", 0, REASON_ACCEPTED, NULL};
	root = patched(arena, status_patch(root, &wanted, NOW, arena));
	assert_string_equal(message_of(root, "CredentialsRefused", "status"), "False");
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(root, "/status/message")), "The server is ready");
}

// E4: whatever a message quotes, the status can be written: it is cut where a letter ends, and says so.
static void test_a_long_message(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *object = parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}"), *root;
	struct status_wanted wanted = registered;
	const size_t letters = 40000;
	char *text = arena_alloc(arena, 1 + 2 * letters + 1);
	const char *message;

	(void)state;
	text[0] = 'a';
	for (size_t i = 0; i < letters; i++)
		memcpy(text + 1 + 2 * i, "\xC3\xA9", 2);
	wanted.verdict.message = wanted.fleet.message = text;
	root = parse(arena, status_patch(object, &wanted, NOW, arena));
	message = yyjson_get_str(yyjson_ptr_get(root, "/status/message"));
	assert_in_range(strlen(message), 32764, 32768);
	assert_memory_equal(message, text, strlen(message) - 3);
	assert_string_equal(message + strlen(message) - 5, "\xC3\xA9\xE2\x80\xA6");
	assert_string_equal(message_of(root, "Ready", "message"), message);
	assert_string_equal(message_of(root, "FleetRegistered", "message"), message);
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(root, "/status/auraFleetManagement/message")), message);
	// The status as written is the status as wanted.
	assert_null(status_patch(patched(arena, status_patch(object, &wanted, NOW, arena)), &wanted, NOW, arena));
}

// C6, E1: a Neo4jPlugin's status, by the same rules.
static void test_plugin(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct status_plugin_wanted wanted = {
		.generation = 2, .verdict = {.phase = PLUGIN_INSTALLING, .reason = REASON_INSTALLING, .message = "0 of 1 servers"}};
	yyjson_val *object = parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}");
	const char *patch = status_plugin_patch(object, &wanted, NOW, arena);

	(void)state;
	assert_non_null(patch);
	object = patched(arena, patch);
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(object, "/status/phase")), "Installing");
	assert_string_equal(message_of(object, "Ready", "status"), "False");
	assert_string_equal(message_of(object, "Reconciling", "message"), "0 of 1 servers");
	assert_null(status_plugin_patch(object, &wanted, NOW + 60000, arena));
	wanted.verdict = (struct plugin_verdict){PLUGIN_FAILED, REASON_UNKNOWN_PLUGIN, "choose one of apoc"};
	object = patched(arena, status_plugin_patch(object, &wanted, NOW + 60000, arena));
	assert_string_equal(message_of(object, "Stalled", "reason"), "UnknownPlugin");
	assert_string_equal(message_of(object, "Stalled", "lastTransitionTime"), "2025-12-01T10:01:00Z");
	assert_string_equal(message_of(object, "Ready", "lastTransitionTime"), "2025-12-01T10:00:00Z");
}

// G2: while paused, what was said before stays, and the generation that was observed; the way back is told in the same condition.
static void test_paused(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_val *fresh = parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\",\"generation\":9}}"), *object, *root;
	struct status_wanted wanted = registered;

	(void)state;
	root = parse(arena, status_paused_patch(fresh, NOW, arena));
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(root, "/status/phase")), "Pending");
	object = patched(arena, status_patch(fresh, &wanted, NOW, arena));
	root = parse(arena, status_paused_patch(object, NOW + 60000, arena));
	assert_null(yyjson_ptr_get(root, "/status/phase"));
	assert_null(yyjson_ptr_get(root, "/status/observedGeneration"));
	assert_string_equal(message_of(root, "Paused", "status"), "True");
	assert_string_equal(message_of(root, "Ready", "status"), "True");
	assert_string_equal(message_of(root, "FleetRegistered", "lastTransitionTime"), "2025-12-01T10:00:00Z");
	object = patched(arena, arena_printf(arena, "{\"metadata\":{\"resourceVersion\":\"8\"},\"status\":%s}",
					     json_val_text(arena, yyjson_obj_get(root, "status"))));
	assert_null(status_paused_patch(parse(arena, arena_printf(arena, "{\"metadata\":{},\"status\":{\"phase\":\"Ready\",\"conditions\":%s}}",
								  json_val_text(arena, yyjson_ptr_get(object, "/status/conditions")))),
					NOW + 90000, arena));
	root = parse(arena, status_patch(object, &wanted, NOW + 60000, arena));
	assert_string_equal(message_of(root, "Paused", "status"), "False");
	assert_string_equal(message_of(root, "Paused", "reason"), "Resumed");
}

// The path behind a key of the cluster's definition, as a JSON pointer; "" where it has no such key.
static const char *scale_path(const char *key, struct arena *arena)
{
	FILE *file = fopen(NEOFLEET_SOURCE_DIR "/deploy/crds/neo4jenterpriseclusters.yaml", "re");
	char line[4096], *path = arena_alloc(arena, 256);

	assert_non_null(file);
	for (*path = '\0'; !*path && fgets(line, sizeof(line), file);) {
		const char *found = strstr(line, key);

		if (found)
			(void)sscanf(found + strlen(key), ": %255s", path);
	}
	assert_int_equal(fclose(file), 0);
	for (char *c = path; *c; c++)
		*c = *c == '.' ? '/' : *c;
	return path;
}

// G2 (M14): kubectl scale writes how many servers there shall be, and reads how many there are and which, where the definition says; the operator
// reads and writes the same.
static void test_scale(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct status_wanted wanted = registered;
	yyjson_val *root;

	(void)state;
	wanted.replicas = 3;
	wanted.selector = "a=b";
	root = parse(arena, status_patch(parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}"), &wanted, NOW, arena));
	assert_int_equal(yyjson_get_int(yyjson_ptr_get(root, scale_path("statusReplicasPath", arena))), 3);
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(root, scale_path("labelSelectorPath", arena))), "a=b");
	assert_string_equal(scale_path("specReplicasPath", arena), "/spec/topology/servers");
}

// A4: each column of kubectl get is one member; one that is true no more is taken away, and of what is not known nothing is said.
static void test_columns(void **state)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct status_wanted wanted = registered;
	yyjson_val *object = parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}"), *root;

	(void)state;
	wanted.ready_servers = "2/3";
	wanted.updated_servers = "1/3";
	wanted.fleet.expires = "2027-01-31T00:00:00Z";
	wanted.fleet.project = "p-1";
	object = patched(arena, status_patch(object, &wanted, NOW, arena));
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(object, "/status/readyServers")), "2/3");
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(object, "/status/updatedServers")), "1/3");
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(object, "/status/fleetTokenExpires")), "2027-01-31T00:00:00Z");
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(object, "/status/fleetProject")), "p-1");
	wanted.ready_servers = wanted.updated_servers = wanted.fleet.expires = wanted.fleet.project = NULL;
	assert_null(status_patch(object, &wanted, NOW, arena));
	wanted.updated_servers = wanted.fleet.expires = wanted.fleet.project = "";
	root = parse(arena, status_patch(object, &wanted, NOW, arena));
	assert_null(yyjson_ptr_get(root, "/status/readyServers"));
	assert_true(yyjson_is_null(yyjson_ptr_get(root, "/status/updatedServers")));
	assert_true(yyjson_is_null(yyjson_ptr_get(root, "/status/fleetTokenExpires")));
	assert_true(yyjson_is_null(yyjson_ptr_get(root, "/status/fleetProject")));
	object = patched(arena, status_patch(parse(arena, "{\"metadata\":{\"resourceVersion\":\"7\"}}"), &wanted, NOW, arena));
	assert_null(yyjson_ptr_get(object, "/status/updatedServers"));
	assert_null(status_patch(object, &wanted, NOW, arena));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_map),
		cmocka_unit_test(test_refused_spec),
		cmocka_unit_test(test_conditions_by_hand),
		cmocka_unit_test(test_reasons_as_the_definitions_want_them),
		cmocka_unit_test(test_equal_is_not_written),
		cmocka_unit_test(test_transition_time_moves_with_the_status_only),
		cmocka_unit_test(test_conditions_of_others_stay),
		cmocka_unit_test(test_stalled),
		cmocka_unit_test(test_version_stays),
		cmocka_unit_test(test_servers_and_databases),
		cmocka_unit_test(test_a_long_name),
		cmocka_unit_test(test_problems_show),
		cmocka_unit_test(test_a_long_message),
		cmocka_unit_test(test_plugin),
		cmocka_unit_test(test_paused),
		cmocka_unit_test(test_scale),
		cmocka_unit_test(test_columns),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
