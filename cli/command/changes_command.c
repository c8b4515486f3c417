// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "cli/change.h"
#include "cli/kinds.h"
#include "cli/permission.h"
#include "cli/program.h"
#include "cli/rendering.h"
#include "cli/timespan.h"
#include "kube/client.h"
#include "operator/object/labels.h"

#define SINCE_DEFAULT "24h"
#define SINCE_MAX 100000

static const struct flag flag_since = {"since", 0, "TIME", NULL, "how far back: so many minutes (30m), hours (24h) or days (7d); default: 24h"};
static const struct flag flag_output = {"output", 'o', "FORMAT", "json yaml", "how"};

static int read_since(const struct program *program, int64_t *ret_ms, struct err *err)
{
	const char *text = invocation_value(&program->call, &flag_since, SINCE_DEFAULT);
	char *unit;
	unsigned long n;
	int64_t minutes;

	errno = 0;
	n = strtoul(text, &unit, 10);
	minutes = strcmp(unit, "m") == 0 ? 1 : strcmp(unit, "h") == 0 ? 60 : strcmp(unit, "d") == 0 ? 24 * 60 : 0;
	if (errno || unit == text || !minutes || n < 1 || n > SINCE_MAX)
		return err_set(err, ERR_INVALID, "--since: '%.32s' is no time such as 30m, 24h or 7d", text);
	*ret_ms = (int64_t)n * minutes * 60000;
	return 0;
}

static void take_deployment(void *user, yyjson_val *item)
{
	changes_read_deployment(user, item);
}

static void take_pod(void *user, yyjson_val *item)
{
	changes_read_pod(user, item);
}

static void take_event(void *user, yyjson_val *item)
{
	changes_read_event(user, item);
}

static const struct source {
	const struct kube_resource *resource;
	const char *labels;
	void (*take)(void *user, yyjson_val *item);
	bool required;
} sources[] = {
	{&kinds_clusters, NULL, take_deployment, true},
	{&kinds_standalones, NULL, take_deployment, true},
	{&kube_pods, LABEL_NAME "=" LABEL_NAME_VALUE, take_pod, false},
	{&kube_events, NULL, take_event, false},
};

static int read_all(struct program *program, struct changes *changes, struct err *err)
{
	for (size_t i = 0; i < sizeof(sources) / sizeof(sources[0]); i++) {
		const struct kube_selection selection = {.namespace = program_namespace(program), .labels = sources[i].labels};
		const struct kube_reader reader = {sources[i].take, changes};
		struct err fault = ERR_INIT;

		if (kube_list(program->client, sources[i].resource, &selection, &reader, &fault) == 0)
			continue;
		if (sources[i].required && fault.class == ERR_NOT_FOUND)
			return err_set(err, ERR_NOT_FOUND, KINDS_MISSING);
		if (sources[i].required) {
			*err = fault;
			return err->class;
		}
		program_note(program, "not shown: changes of %s: %s", sources[i].resource->plural, fault.text);
	}
	changes_sort(changes);
	return 0;
}

static void write_table(struct program *program, const struct changes *changes)
{
	struct table table = {.arena = program->arena};
	int64_t now = clock_wall_ms(program->clock);

	table_column(&table, "AGO");
	table_column(&table, "DEPLOYMENT");
	table_column(&table, "CHANGE");
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *change = &changes->items[i];

		table_row(&table);
		table_cell(&table, 0, timespan_short(now - change->at_ms, program->arena), COLOUR_NONE);
		table_cell(&table, 1, program_namespace(program) ? change->name : arena_printf(program->arena, "%s/%s", change->namespace, change->name), COLOUR_NONE);
		table_cell(&table, 2, change->what, change->colour);
	}
	table_write(&table, program->streams.out, program->streams.colours);
}

static yyjson_mut_doc *document(struct program *program, const struct changes *changes)
{
	yyjson_mut_doc *doc = json_doc_new(program->arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *list;

	yyjson_mut_doc_set_root(doc, root);
	list = yyjson_mut_obj_add_arr(doc, root, "changes");
	for (size_t i = 0; i < changes->n; i++) {
		const struct change *change = &changes->items[i];
		yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);
		char time[TIME_TEXT_SIZE];

		time_format_rfc3339(change->at_ms, time, sizeof(time));
		yyjson_mut_obj_add_strcpy(doc, item, "time", time);
		yyjson_mut_obj_add_str(doc, item, "namespace", change->namespace);
		yyjson_mut_obj_add_str(doc, item, "name", change->name);
		yyjson_mut_obj_add_str(doc, item, "change", change->what);
	}
	return doc;
}

static int run(struct program *program, struct err *err)
{
	struct changes changes = {.arena = program->arena, .only = program->call.n_args ? program->call.args[0] : NULL};
	int64_t since = 0;
	int r;

	if (changes.only && invocation_has(&program->call, &flag_all_namespaces))
		return err_set(err, ERR_INVALID, "a NAME is of one namespace: --all-namespaces is for lists");
	if ((r = read_since(program, &since, err)) < 0 || (r = program_connect(program, err)) < 0)
		return r;
	changes.since_ms = clock_wall_ms(program->clock) - since;
	r = read_all(program, &changes, err);
	if (r < 0)
		return r;
	if (rendering_write(program, invocation_value(&program->call, &flag_output, NULL), document(program, &changes)))
		return EXIT_FINE;
	if (changes.n)
		write_table(program, &changes);
	else
		program_note(program, "nothing has changed in the last %s", timespan_short(since, program->arena));
	return EXIT_FINE;
}

static const struct flag *const flags[] = {&flag_all_namespaces, &flag_since, &flag_output, FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {
	{"list", "neo4jenterpriseclusters.neo4j.neo4j.com", "the clusters", true},
	{"list", "neo4jenterprisestandalones.neo4j.neo4j.com", "the standalones", true},
	{"list", "pods", "when servers started and ended", false},
	{"list", "events", "the last hour in more words", false},
	{0},
};

const struct command command_changes = {
	.name = "changes",
	.args = "[NAME]",
	.summary = "shows what has changed, the newest first",
	.text = "Who changed a spec, when conditions turned, when servers started and ended, registrations, events. It is what the objects of the cluster tell now: a condition remembers its last turn alone, and Kubernetes forgets events after an hour.",
	.example = "changes -A --since 24h\nchanges orders --since 7d",
	.flags = flags,
	.rights = rights,
	.max_args = 1,
	.run = run,
};
