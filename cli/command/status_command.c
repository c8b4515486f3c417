// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <string.h>

#include "api/dbms.h"
#include "base/json.h"
#include "base/plural.h"
#include "cli/kinds.h"
#include "cli/overview.h"
#include "cli/portrait.h"
#include "cli/portrait_tree.h"
#include "cli/program.h"
#include "cli/rendering.h"
#include "cli/timespan.h"
#include "cli/watcher.h"
#include "operator/object/labels.h"
#include "operator/object/reason.h"

#define TROUBLES_SHOWN 20

#define EXPIRING_MS (INT64_C(30) * 86400 * 1000)

static const struct flag flag_watch = {"watch", 'w', NULL, NULL, "show it anew after each change, until Ctrl-C"};
static const struct flag flag_only = {"only", 0, "WHICH", "trouble unconnected expiring rolling", "those that need a look, are not connected to Aura, have a token that has ended or ends within 30 days, or are being rolled"};
static const struct flag flag_output = {"output", 'o', "FORMAT", "wide json yaml name", "how"};

static bool is_format(const struct program *program, const char *format)
{
	return strcmp(invocation_value(&program->call, &flag_output, ""), format) == 0;
}

static enum colour connected_colour(const struct overview_row *row)
{
	if (strcmp(row->connected, "yes") == 0)
		return COLOUR_GOOD;
	return strcmp(row->connected, "no") == 0 ? COLOUR_BAD : COLOUR_FAINT;
}

// With what somebody has asked for, without which "Ready" and "Forming" would mislead.
static const char *phase_of(const struct overview_row *row, struct arena *arena)
{
	const char *phase = *row->phase ? row->phase : "-";

	return *row->hold ? arena_printf(arena, "%s, %s", phase, row->hold) : phase;
}

static void fill_row(struct table *table, const struct overview_row *row, const struct clock *clock, bool all, bool wide)
{
	struct arena *arena = table->arena;
	enum colour colour;
	const char *expiry;
	size_t i = 0;

	table_row(table);
	if (all)
		table_cell(table, i++, row->namespace, COLOUR_NONE);
	table_cell(table, i++, row->name, COLOUR_NONE);
	table_cell(table, i++, row->cluster ? "cluster" : "standalone", COLOUR_NONE);
	table_cell(table, i++, phase_of(row, arena), overview_phase_colour(row));
	table_cell(table, i++, overview_servers(row, arena), row->ready >= 0 && row->ready < row->wanted ? COLOUR_BUSY : COLOUR_NONE);
	table_cell(table, i++, overview_roll(row, arena), COLOUR_NONE);
	table_cell(table, i++, row->fleet, row->fleet_colour);
	table_cell(table, i++, row->connected, connected_colour(row));
	expiry = overview_expiry(row, clock, arena, &colour);
	table_cell(table, i++, expiry, colour);
	table_cell(table, i++, timespan_short(row->age_ms, arena), COLOUR_NONE);
	if (!wide)
		return;
	table_cell(table, i++, *row->project ? row->project : "-", COLOUR_NONE);
	table_cell(table, i++, *row->version ? row->version : "-", COLOUR_NONE);
	table_cell(table, i++, row->image, COLOUR_NONE);
	table_cell(table, i++, *row->message ? row->message : "-", COLOUR_NONE);
}

static void write_table(struct program *program, const struct overview *overview)
{
	static const char *const heads[] = {"NAME", "KIND", "PHASE", "SERVERS", "ROLL", "FLEET", "CONNECTED", "EXPIRES", "AGE"};
	static const char *const more[] = {"PROJECT", "VERSION", "IMAGE", "MESSAGE"};
	struct table table = {.arena = program->arena};
	bool all = !program_namespace(program), wide = is_format(program, "wide");

	if (all)
		table_column(&table, "NAMESPACE");
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		table_column(&table, heads[i]);
	for (size_t i = 0; wide && i < sizeof(more) / sizeof(more[0]); i++)
		table_column(&table, more[i]);
	for (size_t i = 0; i < overview->n; i++)
		fill_row(&table, &overview->rows[i], program->clock, all, wide);
	table_write(&table, program->streams.out, program->streams.colours);
}

static void write_totals(struct program *program, const struct overview *overview)
{
	static const char *const phases[] = {"Ready", "Updating", "Forming", "Pending", "Degraded", "Failed"};
	size_t enabled = 0, registered = 0, connected = 0, unknown = overview->n, counts[sizeof(phases) / sizeof(phases[0])] = {0};
	const char *separator = ": ";
	FILE *out = program->streams.out;

	for (size_t i = 0; i < overview->n; i++) {
		const struct overview_row *row = &overview->rows[i];

		for (size_t phase = 0; phase < sizeof(phases) / sizeof(phases[0]); phase++)
			counts[phase] += strcmp(row->phase, phases[phase]) == 0;
		enabled += strcmp(row->fleet, "off") != 0;
		registered += strcmp(row->fleet, "registered") == 0;
		connected += strcmp(row->connected, "yes") == 0;
	}
	(void)fprintf(out, "\n%zu deployment%s", overview->n, plural(overview->n));
	for (size_t phase = 0; phase < sizeof(phases) / sizeof(phases[0]); phase++) {
		if (!counts[phase])
			continue;
		(void)fprintf(out, "%s%zu %s", separator, counts[phase], phases[phase]);
		separator = ", ";
		unknown -= counts[phase];
	}
	// The operator has said nothing of these.
	if (unknown)
		(void)fprintf(out, "%s%zu unknown", separator, unknown);
	(void)fprintf(out, "; of %zu with Fleet Management %zu registered, %zu connected\n", enabled, registered, connected);
}

static void write_troubles(struct program *program, const struct overview *overview)
{
	FILE *out = program->streams.out;
	size_t n = 0;

	for (size_t i = 0; i < overview->n; i++) {
		const struct overview_row *row = &overview->rows[i];
		enum colour colour;
		const char *trouble = overview_trouble(row, program->arena, &colour);

		if (!trouble || n++ >= TROUBLES_SHOWN)
			continue;
		if (n == 1)
			(void)fputs("To be looked at:\n", out);
		(void)fprintf(out, "  %s/%s  %s\n", row->namespace, row->name, trouble);
	}
	if (n > TROUBLES_SHOWN)
		(void)fprintf(out, "  and %zu more\n", n - TROUBLES_SHOWN);
}

static void write_names(struct program *program, const struct overview *overview)
{
	for (size_t i = 0; i < overview->n; i++)
		(void)fprintf(program->streams.out, "%s." API_GROUP "/%s\n", overview->rows[i].cluster ? "neo4jenterprisecluster" : "neo4jenterprisestandalone",
			      overview->rows[i].name);
}

static void put_row(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct overview_row *row)
{
	yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, list);

	yyjson_mut_obj_add_str(doc, item, "kind", row->kind);
	yyjson_mut_obj_add_str(doc, item, "namespace", row->namespace);
	yyjson_mut_obj_add_str(doc, item, "name", row->name);
	yyjson_mut_obj_add_str(doc, item, "phase", row->phase);
	yyjson_mut_obj_add_str(doc, item, "message", row->message);
	if (*row->hold)
		yyjson_mut_obj_add_str(doc, item, "hold", row->hold);
	yyjson_mut_obj_add_int(doc, item, "serversWanted", row->wanted);
	if (row->ready >= 0) {
		yyjson_mut_obj_add_int(doc, item, "serversReady", row->ready);
		yyjson_mut_obj_add_int(doc, item, "serversNewest", row->updated);
	}
	yyjson_mut_obj_add_str(doc, item, "version", row->version);
	yyjson_mut_obj_add_str(doc, item, "image", row->image);
	yyjson_mut_obj_add_str(doc, item, "fleet", row->fleet);
	if (*row->expires)
		yyjson_mut_obj_add_str(doc, item, "fleetTokenExpires", row->expires);
	if (*row->project)
		yyjson_mut_obj_add_str(doc, item, "fleetProject", row->project);
	yyjson_mut_obj_add_str(doc, item, "fleetMessage", row->fleet_message);
	yyjson_mut_obj_add_str(doc, item, "connected", row->connected);
}

static yyjson_mut_doc *document(struct program *program, const struct overview *overview)
{
	yyjson_mut_doc *doc = json_doc_new(program->arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *list;

	yyjson_mut_doc_set_root(doc, root);
	list = yyjson_mut_obj_add_arr(doc, root, "deployments");
	for (size_t i = 0; i < overview->n; i++)
		put_row(doc, list, &overview->rows[i]);
	return doc;
}

static bool is_expiring(const struct program *program, const struct overview_row *row)
{
	int64_t at;

	// Nobody holds that one yet, since it had ended before.
	if (reason_of(row->fleet) == REASON_TOKEN_EXPIRED)
		return true;
	return time_parse_rfc3339(row->expires, &at) == 0 && at - clock_wall_ms(program->clock) < EXPIRING_MS;
}

static bool is_wanted(struct program *program, const struct overview_row *row, const char *only)
{
	enum colour colour;

	if (!only)
		return true;
	if (strcmp(only, "unconnected") == 0)
		return strcmp(row->fleet, "off") != 0 && strcmp(row->connected, "yes") != 0;
	if (strcmp(only, "expiring") == 0)
		return is_expiring(program, row);
	if (strcmp(only, "rolling") == 0)
		return strcmp(overview_roll(row, program->arena), "-") != 0;
	return overview_trouble(row, program->arena, &colour) != NULL;
}

// Leaves only those that --only names.
static void sift(struct program *program, struct overview *overview)
{
	const char *only = invocation_value(&program->call, &flag_only, NULL);
	size_t n = 0;

	for (size_t i = 0; i < overview->n; i++) {
		if (is_wanted(program, &overview->rows[i], only))
			overview->rows[n++] = overview->rows[i];
	}
	overview->n = n;
}

static int show_all(struct program *program, struct err *err)
{
	struct overview overview;
	int r = overview_read(program, &overview, err);

	if (r < 0)
		return r;
	sift(program, &overview);
	if (is_format(program, "name")) {
		write_names(program, &overview);
	} else if (rendering_write(program, invocation_value(&program->call, &flag_output, NULL), document(program, &overview))) {
		return EXIT_FINE;
	} else if (overview.n == 0) {
		program_note(program, program_namespace(program) ? "there is no %sdeployment in namespace '%s'" : "there is no %sdeployment%s",
			     invocation_has(&program->call, &flag_only) ? "such " : "", program_namespace(program) ? program_namespace(program) : "");
	} else {
		write_table(program, &overview);
		write_totals(program, &overview);
		write_troubles(program, &overview);
	}
	return EXIT_FINE;
}

static int show_one(struct program *program, const char *reference, struct err *err)
{
	const char *format = invocation_value(&program->call, &flag_output, NULL);
	yyjson_mut_doc *doc;
	yyjson_val *object;
	int r = portrait_find(program, reference, &object, err);

	if (r < 0)
		return r;
	doc = portrait_make(program, object);
	if (!rendering_write(program, format, doc))
		portrait_tree_write(program, doc);
	return EXIT_FINE;
}

static int show(struct program *program, struct err *err)
{
	return program->call.n_args ? show_one(program, program->call.args[0], err) : show_all(program, err);
}

// Each picture has memory of its own, so that a watch of days needs no more than a watch of a minute.
static int show_apart(struct program *program, struct err *err)
{
	struct arena *kept = program->arena;
	int r;

	program->arena = arena_new();
	arena_wipe_on_free(program->arena);
	r = show(program, err);
	arena_free(program->arena);
	program->arena = kept;
	return r;
}

// Until the user ends it, or nobody reads the output.
static int watch(struct program *program, struct err *err)
{
	static const struct watcher_resource resources[] = {
		{&kinds_clusters, NULL, true},
		{&kinds_standalones, NULL, true},
		{&kube_statefulsets, LABEL_MANAGED_BY "=" LABEL_MANAGED_BY_VALUE, false},
		{&kube_pods, LABEL_NAME "=" LABEL_NAME_VALUE, false},
		{&kinds_plugins, NULL, false},
		{0},
	};
	FILE *out = program->streams.out;
	struct watcher *watcher;
	int r = watcher_start(program, resources, &watcher, err);

	while (r == 0) {
		// A terminal shows one picture in place of the last; other outputs get one after the other.
		if (program->streams.colours)
			(void)fputs("\033[H\033[2J", out);
		r = show_apart(program, err);
		if (r == 0 && (fflush(out) != 0 || ferror(out)))
			return EXIT_UNABLE;
		if (r == 0)
			watcher_wait(watcher);
		if (r == 0 && !program->streams.colours)
			(void)fputc('\n', out);
	}
	return r;
}

static int run(struct program *program, struct err *err)
{
	const struct invocation *call = &program->call;
	int r;

	if (call->n_args && (invocation_has(call, &flag_all_namespaces) || invocation_has(call, &flag_selector) || invocation_has(call, &flag_only)))
		return err_set(err, ERR_INVALID, "a NAME is of one namespace: --all-namespaces, --selector and --only are for lists");
	r = program_connect(program, err);
	if (r < 0)
		return r;
	return invocation_has(call, &flag_watch) ? watch(program, err) : show(program, err);
}

static const struct flag *const flags[] = {&flag_all_namespaces, &flag_selector, &flag_only, &flag_watch, &flag_output, FLAGS_OF_SERVER, NULL};
static const struct right rights[] = {
	{"list", "neo4jenterpriseclusters.neo4j.neo4j.com", "the clusters", true},
	{"list", "neo4jenterprisestandalones.neo4j.neo4j.com", "the standalones", true},
	{"list", "statefulsets.apps", "how many servers are ready, and of the newest template", false},
	{"get", "neo4jenterpriseclusters.neo4j.neo4j.com", "with NAME, instead of list", true},
	{"get", "neo4jenterprisestandalones.neo4j.neo4j.com", "with NAME, instead of list", true},
	{"get", "statefulsets.apps", "with NAME: as above", false},
	{"list", "pods", "with NAME: the servers", false},
	{"get", "pods/log", "with NAME: why a server ended, where the pod has only the end of a stack trace", false},
	{"list", "persistentvolumeclaims", "with NAME: the volumes", false},
	{"list", "neo4jplugins.neo4j.neo4j.com", "the plugins: those that failed, or, with NAME, all", false},
	{"list", "events", "with NAME: what happened last", false},
	{"get", "secrets", "with NAME: when the token expires", false},
	{"watch", "neo4jenterpriseclusters.neo4j.neo4j.com", "with --watch", true},
	{"watch", "neo4jenterprisestandalones.neo4j.neo4j.com", "with --watch", true},
	{"watch", "statefulsets.apps, pods, neo4jplugins", "with --watch: to see their changes at once", false},
	{0},
};

const struct command command_status = {
	.name = "status",
	.args = "[NAME]",
	.summary = "shows the fleet at a glance, or one deployment as a tree",
	.text = "Without NAME: a line for each deployment, the totals, and what is to be looked at. With NAME (or n4jc/NAME, n4js/NAME): servers, roll, volumes, plugins, "
		"registration, token, conditions and the last events of one.\n\n"
		"PHASE also says \"paused\" and \"offline\", where somebody asked for that; SERVERS is ready/wanted; ROLL is how many servers run the newest template, while not all do; FLEET is \"registered\", \"off\", or the reason why not; "
		"CONNECTED is whether the servers talk to Aura; EXPIRES is how long the token that they hold is still good, as one of them said last. What you may not read is left out and named.",
	.example = "status -A\nstatus orders -n shop -w\nstatus -A --only unconnected -o name",
	.flags = flags,
	.rights = rights,
	.max_args = 1,
	.run = run,
};
