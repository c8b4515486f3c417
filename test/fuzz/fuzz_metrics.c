// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// /metrics of deployments and Neo4jPlugins that come, change and go, whose names and statuses hold anything: what is written is
// Prometheus' text form, read here as strictly as it is defined, with no series twice; and what was counted change by change is what is there
// (D8, E4). Input: changes, each a byte of place and kind, a byte of switches and four texts up to a NUL.
// Source: Prometheus, "Exposition formats", text-based format.

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/json.h"
#include "operator/fleet/roster.h"
#include "operator/object/key.h"
#include "operator/pass/metrics.h"
#include "operator/pass/tally.h"
#include "test/fuzz/fuzz.h"

#define CHANGES_MAX 40
#define PLACES 8
#define NAME_MAX_BYTES 200
#define SERIES_MAX 2000

// --- a strict reader

struct family {
	char name[128];
	bool histogram;
};

struct text {
	const char *at;
	struct family family;
	const char *families[100], *series[SERIES_MAX];
	size_t n_families, n_series;
	struct arena *arena;
	unsigned long long unregistered;
};

static void skip(struct text *text, const char *wanted)
{
	must(strncmp(text->at, wanted, strlen(wanted)) == 0);
	text->at += strlen(wanted);
}

static const char *read_name(struct text *text, bool colons)
{
	const char *from = text->at;

	must(isalpha((unsigned char)*from) || *from == '_' || (colons && *from == ':'));
	while (isalnum((unsigned char)*text->at) || *text->at == '_' || (colons && *text->at == ':'))
		text->at++;
	return arena_memdup0(text->arena, from, (size_t)(text->at - from));
}

// Behind the opening quote: up to the closing one, with the three escapes that there are.
static void read_value(struct text *text)
{
	while (*text->at != '"') {
		must(*text->at != '\0' && *text->at != '\n');
		if (*text->at == '\\') {
			text->at++;
			must(*text->at && strchr("\\\"n", *text->at) != NULL);
		}
		text->at++;
	}
	text->at++;
}

static void read_labels(struct text *text)
{
	skip(text, "{");
	while (*text->at != '}') {
		(void)read_name(text, false);
		skip(text, "=\"");
		read_value(text);
		if (*text->at != '}')
			skip(text, ",");
	}
	skip(text, "}");
}

static void check_family(const struct text *text, const char *name)
{
	static const char *const endings[] = {"_bucket", "_sum", "_count"};
	size_t len = strlen(text->family.name);

	must(len > 0 && strncmp(name, text->family.name, len) == 0);
	if (!text->family.histogram) {
		must(name[len] == '\0');
		return;
	}
	for (size_t i = 0; i < 3; i++) {
		if (strcmp(name + len, endings[i]) == 0)
			return;
	}
	must(false);
}

static void add_once(const char **list, size_t *n, size_t max, const char *item)
{
	for (size_t i = 0; i < *n; i++)
		must(strcmp(list[i], item) != 0);
	must(*n < max);
	list[(*n)++] = item;
}

static void read_sample(struct text *text)
{
	const char *from = text->at, *name = read_name(text, true), *series;
	char *end;
	double value;

	check_family(text, name);
	if (*text->at == '{')
		read_labels(text);
	series = arena_memdup0(text->arena, from, (size_t)(text->at - from));
	add_once(text->series, &text->n_series, SERIES_MAX, series);
	skip(text, " ");
	must(isdigit((unsigned char)*text->at) || *text->at == '-');
	value = strtod(text->at, &end);
	text->at = end;
	if (strcmp(name, "neofleet_fleet_unregistered") == 0)
		text->unregistered += (unsigned long long)value;
}

// HELP and, on the next line, TYPE of one family that was not there before.
static void read_head(struct text *text)
{
	const char *name, *type;

	skip(text, "# HELP ");
	name = read_name(text, true);
	add_once(text->families, &text->n_families, 100, name);
	skip(text, " ");
	text->at += strcspn(text->at, "\n");
	skip(text, "\n# TYPE ");
	must(strcmp(read_name(text, true), name) == 0);
	skip(text, " ");
	type = read_name(text, false);
	must(strcmp(type, "gauge") == 0 || strcmp(type, "counter") == 0 || strcmp(type, "histogram") == 0);
	text->family.histogram = *type == 'h';
	(void)snprintf(text->family.name, sizeof(text->family.name), "%s", name);
}

// A text is written as JSON only if it is UTF-8.
static bool is_utf8(const char *said, size_t len, struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_alc alc = json_alc(arena);

	yyjson_mut_doc_set_root(doc, yyjson_mut_strn(doc, said, len));
	return yyjson_mut_write_opts(doc, 0, &alc, NULL, NULL) != NULL;
}

static unsigned long long check_text(const char *said)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct text *text = arena_alloc(arena, sizeof(*text));

	text->arena = arena;
	text->at = said;
	while (*text->at) {
		if (*text->at == '#')
			read_head(text);
		else
			read_sample(text);
		skip(text, "\n");
	}
	return text->unregistered;
}

// --- the world

static struct context context;
static struct histogram logins;

// A client that nobody asks anything.
static struct kube_client *make_client(void)
{
	char path[] = "/tmp/neofleet-fuzz-XXXXXX";
	struct kube_config *config = NULL;
	struct kube_client *client = NULL;
	struct loop *loop = NULL;
	struct err err = ERR_INIT;
	int fd = mkstemp(path);

	must(fd >= 0 && dprintf(fd, "apiVersion: v1\nkind: Config\ncurrent-context: t\ncontexts: [{name: t, context: {cluster: t, user: t}}]\n"
				    "clusters: [{name: t, cluster: {server: 'http://127.0.0.1:1/'}}]\nusers: [{name: t, user: {token: t}}]\n") > 0);
	(void)close(fd);
	must(kube_config_load(path, NULL, &config, &err) == 0 && loop_new(&loop, &err) == 0);
	(void)unlink(path);
	must(kube_client_new(config, loop, &client, &err) == 0);
	return client;
}

struct world {
	struct kube_object *objects[KEY_KINDS][PLACES];
};

static void begin(void)
{
	if (!context.client) {
		context.client = make_client();
		context.queue = queue_new(&(struct queue_options){0});
		context.logins = &logins;
	}
	context.roster = roster_new();
	context.tally = tally_new();
}

static void end(struct world *world)
{
	for (size_t i = 0; i < sizeof(world->objects) / sizeof(world->objects[0][0]); i++)
		kube_object_unref(world->objects[i / PLACES][i % PLACES]);
	tally_free(context.tally);
	roster_free(context.roster);
}

// The members that take the four texts.
static const char *object_of(unsigned switches, const char *const texts[4], struct arena *arena)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *metadata, *status, *condition, *fleet;

	yyjson_mut_doc_set_root(doc, root);
	metadata = yyjson_mut_obj_add_obj(doc, root, "metadata");
	yyjson_mut_obj_add_str(doc, metadata, "namespace", texts[0]);
	yyjson_mut_obj_add_str(doc, metadata, "name", texts[1]);
	yyjson_mut_obj_add_str(doc, metadata, "resourceVersion", "1");
	fleet = yyjson_mut_obj_add_obj(doc, yyjson_mut_obj_add_obj(doc, root, "spec"), "auraFleetManagement");
	yyjson_mut_obj_add_bool(doc, fleet, "enabled", true);
	status = yyjson_mut_obj_add_obj(doc, root, "status");
	yyjson_mut_obj_add_str(doc, status, "phase", switches & 4 ? "Ready" : texts[3]);
	fleet = yyjson_mut_obj_add_obj(doc, status, "auraFleetManagement");
	yyjson_mut_obj_add_bool(doc, fleet, "registered", switches & 8);
	yyjson_mut_obj_add_str(doc, fleet, "message", texts[3]);
	condition = yyjson_mut_arr_add_obj(doc, yyjson_mut_obj_add_arr(doc, status, "conditions"));
	yyjson_mut_obj_add_str(doc, condition, "type", "FleetRegistered");
	yyjson_mut_obj_add_str(doc, condition, "status", switches & 16 ? "True" : "False");
	yyjson_mut_obj_add_str(doc, condition, "reason", texts[2]);
	return json_text(arena, doc);
}

static const char *take_short(const uint8_t **data, size_t *size, size_t max, struct arena *arena)
{
	const char *text = take_text(data, size, arena);

	return text ? arena_memdup0(arena, text, strnlen(text, max)) : "";
}

static void remember(enum key_kind kind, const struct kube_object *object)
{
	char key[QUEUE_KEY_SIZE];

	key_format(kind, kube_object_namespace(object), kube_object_name(object), key);
	roster_set_expiry(context.roster, key, INT64_C(1764583200000));
}

// An object comes, or takes the place of another one, or goes.
static void take_change(const uint8_t **data, size_t *size, struct world *world, struct arena *arena)
{
	unsigned where = (*data)[0], switches = (*data)[1];
	enum key_kind kind = where / PLACES % KEY_KINDS;
	struct kube_object **place = &world->objects[kind][where % PLACES], *before = *place;
	const char *texts[4], *text;

	*data += 2;
	*size -= 2;
	for (int i = 0; i < 4; i++)
		texts[i] = take_short(data, size, i < 2 ? NAME_MAX_BYTES : 4096, arena);
	text = object_of(switches, texts, arena);
	*place = switches & 1 ? NULL : kube_object_parse(text, strlen(text));
	if (!*place && !before)
		return;
	tally_change(context.tally, kind, *place, before);
	if (*place && kind != KEY_PLUGIN)
		remember(kind, *place);
	kube_object_unref(before);
}

static void check_counts(const struct world *world)
{
	struct tally *tally = tally_new();
	struct tally_counts kept, counted;

	for (int kind = 0; kind < KEY_KINDS; kind++) {
		for (int i = 0; i < PLACES; i++) {
			if (world->objects[kind][i])
				tally_change(tally, (enum key_kind)kind, world->objects[kind][i], NULL);
		}
	}
	tally_read(context.tally, &kept);
	tally_read(tally, &counted);
	must(memcmp(&kept, &counted, sizeof(kept)) == 0);
	tally_free(tally);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf out = BUF_INIT(16 * 1024 * 1024);
	struct world world = {0};

	begin();
	for (int i = 0; i < CHANGES_MAX && size >= 2; i++)
		take_change(&data, &size, &world, arena);
	metrics_write(&context, NULL, &out);
	must(!out.overflow && strlen(buf_str(&out)) == out.len);
	must(is_utf8(out.data, out.len, arena));
	must(check_text(buf_str(&out)) <= 2 * PLACES);
	check_counts(&world);
	end(&world);
	return 0;
}
