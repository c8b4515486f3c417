// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// B1-B5, B9, C1-C5: what the builders make of whole resources. Each folder of test/golden holds in.json (the resource, the
// Neo4jPlugins that claim something of it, and what is live) and the files expected of it. With
// NEOFLEET_GOLDEN_UPDATE=1 the expected files are written instead of compared; look at the difference before committing it.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/dbms.h"
#include "base/json.h"
#include "operator/manifest/workload.h"
#include "operator/object/live_set.h"
#include "operator/object/names.h"
#include "operator/plugin/plugin_claims.h"
#include "operator/plugin/plugin_plan.h"

#define GOLDEN NEOFLEET_SOURCE_DIR "/test/golden"
#define MAX_PLUGINS 8

struct golden {
	struct arena *arena;
	const char *folder;
	yyjson_val *in;
	struct dbms dbms;
	struct names names;
	struct live_set live;
	struct version version;
	struct plugin_claims claims;
	struct plugin_plan plan;
};

static char *read_file(struct arena *arena, const char *path, size_t *ret_len)
{
	FILE *file = fopen(path, "r");
	char *text;
	struct stat st;

	if (!file)
		return NULL;
	assert_int_equal(fstat(fileno(file), &st), 0);
	text = arena_alloc(arena, (size_t)st.st_size + 1);
	*ret_len = fread(text, 1, (size_t)st.st_size, file);
	(void)fclose(file);
	return text;
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void show_difference(const char *path, const char *text)
{
	char command[1024];
	FILE *diff;

	(void)snprintf(command, sizeof(command), "diff -u '%s' - >&2", path);
	diff = popen(command, "w");
	assert_non_null(diff);
	(void)fputs(text, diff);
	(void)pclose(diff);
}

// text NULL: the file must not be there.
static void expect(struct golden *golden, const char *name, const char *text)
{
	const char *path = arena_printf(golden->arena, "%s/%s", golden->folder, name);
	size_t len = 0;
	const char *expected;

	if (getenv("NEOFLEET_GOLDEN_UPDATE")) {
		if (text)
			write_file(path, text);
		else
			(void)unlink(path);
		return;
	}
	expected = read_file(golden->arena, path, &len);
	if (!text && !expected)
		return;
	if (text && expected && strlen(text) == len && !memcmp(text, expected, len))
		return;
	show_difference(expected ? path : "/dev/null", text ? text : "");
	fail_msg("%s is not as expected; NEOFLEET_GOLDEN_UPDATE=1 writes it anew", path);
}

static const char *pretty(struct arena *arena, const char *json)
{
	yyjson_alc alc = json_alc(arena);
	const char *text =
		yyjson_val_write_opts(json_parse(arena, json, strlen(json)), YYJSON_WRITE_PRETTY_TWO_SPACES, &alc, NULL, NULL);

	return arena_printf(arena, "%s\n", text);
}

static int decode(struct golden *golden, struct err *err)
{
	yyjson_val *plugins = yyjson_obj_get(golden->in, "plugins"), *objects[MAX_PLUGINS], *val;
	const char *told = yyjson_get_str(yyjson_obj_get(golden->in, "serverVersion"));
	size_t index, max;
	int r = dbms_decode(yyjson_obj_get(golden->in, "object"), golden->arena, &golden->dbms, err);
	struct plugin_claims_target target = {.name = golden->dbms.metadata.name, .cluster = golden->dbms.kind == DBMS_CLUSTER};

	assert_true(yyjson_arr_size(plugins) <= MAX_PLUGINS);
	yyjson_arr_foreach(plugins, index, max, val) {
		objects[index] = val;
	}
	golden->version = told ? version_of_server(told) : version_of_tag(golden->dbms.image.tag ? golden->dbms.image.tag : "");
	target.version = golden->version;
	plugin_claims_judge(objects, yyjson_arr_size(plugins), &target, golden->arena, &golden->claims);
	for (size_t i = 0; i < golden->claims.n; i++)
		assert_int_not_equal(golden->claims.items[i].verdict, CLAIM_REFUSED);
	return r;
}

static int build(struct golden *golden, struct err *err)
{
	struct plugin_plan_inputs inputs = {
		.dbms = &golden->dbms, .names = &golden->names, .claims = &golden->claims, .live = &golden->live};
	int r = decode(golden, err);

	if (r < 0)
		return r;
	live_set_read(yyjson_obj_get(golden->in, "live"), &golden->live);
	names_of(&golden->dbms, golden->arena, &golden->names);
	inputs.version = golden->version;
	inputs.fleet = golden->dbms.fleet.enabled;
	return plugin_plan_make(&inputs, golden->arena, &golden->plan, err);
}

static const char *objects(struct golden *golden)
{
	const struct dbms *dbms = &golden->dbms;
	const struct workload_inputs inputs = {
		.dbms = dbms,
		.names = &golden->names,
		.digest = golden->plan.settings.digest,
		.plugins = golden->plan.merge.value,
		.plugins_ref = golden->live.plugins_ref,
		.declared = golden->plan.merge.declared,
		.certificate = yyjson_get_str(yyjson_obj_get(golden->in, "certificate")),
		.volume_size = golden->live.volume_size,
		.restarted = golden->live.restarted,
		.replicas = dbms->servers,
	};
	const char *budget = workload_budget(dbms, &golden->names, golden->arena);

	return arena_printf(golden->arena, "[%s,%s,%s,%s,%s%s%s]", golden->plan.settings.config_map,
			    workload_account(dbms, &golden->names, golden->arena),
			    workload_headless(dbms, &golden->names, golden->arena),
			    workload_client(dbms, &golden->names, golden->arena), budget ? budget : "", budget ? "," : "",
			    workload_statefulset(&inputs, golden->arena));
}

static void test_case(void **state)
{
	struct golden golden = {.folder = *state};
	struct err err = ERR_INIT;
	size_t len = 0;
	char *text;

	golden.arena = arena_new();
	text = read_file(golden.arena, arena_printf(golden.arena, "%s/in.json", golden.folder), &len);
	assert_non_null(text);
	golden.in = json_parse(golden.arena, text, len);
	assert_non_null(golden.in);
	if (build(&golden, &err) < 0) {
		assert_int_equal(err.class, ERR_INVALID);
		expect(&golden, "error.txt", arena_printf(golden.arena, "%s\n", err.text));
		expect(&golden, "neo4j.conf", NULL);
		expect(&golden, "objects.json", NULL);
	} else {
		expect(&golden, "error.txt", NULL);
		expect(&golden, "neo4j.conf", golden.plan.settings.neo4j_conf);
		expect(&golden, "objects.json", pretty(golden.arena, objects(&golden)));
	}
	arena_free(golden.arena);
}

static int is_case(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(void)
{
	struct dirent **entries;
	struct CMUnitTest *tests;
	int n = scandir(GOLDEN, &entries, is_case, alphasort), r;

	if (n <= 0) {
		(void)fprintf(stderr, "no cases in %s\n", GOLDEN);
		return 1;
	}
	tests = calloc((size_t)n, sizeof(*tests));
	for (int i = 0; i < n; i++) {
		char *folder;

		if (asprintf(&folder, "%s/%s", GOLDEN, entries[i]->d_name) < 0)
			return 1;
		tests[i] = (struct CMUnitTest){.name = entries[i]->d_name, .test_func = test_case, .initial_state = folder};
	}
	r = _cmocka_run_group_tests("golden", tests, (size_t)n, NULL, NULL);
	for (int i = 0; i < n; i++) {
		free(tests[i].initial_state);
		free(entries[i]);
	}
	free(tests);
	free(entries);
	return r;
}
