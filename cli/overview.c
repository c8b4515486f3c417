// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/overview.h"

#include <stdlib.h>
#include <string.h>

#include "api/dbms.h"
#include "base/json.h"
#include "cli/kinds.h"
#include "cli/rendering.h"
#include "cli/timespan.h"
#include "kube/client.h"
#include "operator/object/condition.h"
#include "operator/object/labels.h"
#include "operator/object/reason.h"

// From when on an expiry catches the eye.
#define SOON_MS (INT64_C(14) * 86400 * 1000)

static const char *text_at(struct arena *arena, yyjson_val *root, const char *pointer)
{
	return rendering_shown(arena, yyjson_get_str(yyjson_ptr_get(root, pointer)), "");
}

static yyjson_val *condition(yyjson_val *root, const char *type)
{
	return json_item(yyjson_ptr_get(root, "/status/conditions"), "type", type);
}

static bool is_status(yyjson_val *condition, const char *status)
{
	return yyjson_equals_str(yyjson_obj_get(condition, "status"), status);
}

// A reason that passes by itself is no trouble.
static bool is_waiting(enum reason reason)
{
	return reason == REASON_WAITING_FOR_READY || reason == REASON_TOKEN_DEFERRED || reason == REASON_VERSION_UNKNOWN || reason == REASON_CONNECTING || reason == REASON_PROVISIONING ||
	       reason == REASON_NO_LEADER;
}

static void read_fleet(struct program *program, yyjson_val *root, struct overview_row *row)
{
	yyjson_val *registered = condition(root, "FleetRegistered"), *connected = condition(root, "FleetConnected");
	const char *reason = text_at(program->arena, registered, "/reason");

	row->fleet_message = text_at(program->arena, root, "/status/auraFleetManagement/message");
	row->connected_message = text_at(program->arena, connected, "/message");
	row->connected = !connected ? "-" : is_status(connected, "True") ? "yes" : is_status(connected, "False") ? "no" : "unknown";
	if (!yyjson_is_true(yyjson_ptr_get(root, "/spec/auraFleetManagement/enabled"))) {
		row->fleet = "off";
		row->connected = "-";
		row->fleet_colour = COLOUR_FAINT;
	} else if (yyjson_is_true(yyjson_ptr_get(root, "/status/auraFleetManagement/registered"))) {
		row->fleet = "registered";
		row->fleet_colour = COLOUR_GOOD;
	} else {
		row->fleet = *reason ? reason : "waiting";
		row->fleet_colour = !*reason || is_waiting(reason_of(reason)) ? COLOUR_BUSY : COLOUR_BAD;
	}
}

// What keeps the operator from working with the servers, while the phase may be Ready; the token's end comes last.
static void read_problem(struct program *program, yyjson_val *root, struct overview_row *row)
{
	static const char *const bad[] = {CONDITION_CREDENTIALS_REFUSED, CONDITION_CERTIFICATE_UNUSABLE, CONDITION_PLUGINS_MALFORMED, CONDITION_FLEET_TWINS,
					  CONDITION_FLEET_TOKEN_EXPIRING};
	const size_t n = sizeof(bad) / sizeof(bad[0]);

	row->problem = "";
	for (size_t i = 0; i < n && !*row->problem; i++) {
		yyjson_val *found = condition(root, bad[i]);

		if (!is_status(found, "True"))
			continue;
		row->problem = arena_printf(program->arena, "%s: %s", bad[i], text_at(program->arena, found, "/message"));
		row->problem_to_come = i == n - 1;
	}
}

void overview_read_object(struct program *program, yyjson_val *root, struct overview_row *ret)
{
	struct arena *arena = program->arena;
	yyjson_val *servers = yyjson_ptr_get(root, "/spec/topology/servers");
	const char *created = text_at(arena, root, "/metadata/creationTimestamp"), *tag = text_at(arena, root, "/spec/image/tag");
	struct dbms_metadata metadata;
	int64_t created_ms;

	dbms_decode_metadata(root, &metadata);

	*ret = (struct overview_row){
		.namespace = text_at(arena, root, "/metadata/namespace"),
		.name = text_at(arena, root, "/metadata/name"),
		.phase = text_at(arena, root, "/status/phase"),
		.message = text_at(arena, root, "/status/message"),
		.version = text_at(arena, root, "/status/version"),
		.expires = text_at(arena, root, "/status/fleetTokenExpires"),
		.project = text_at(arena, root, "/status/fleetProject"),
		.ready = -1,
		.wanted = yyjson_is_int(servers) ? yyjson_get_int(servers) : 1,
		.stalled = is_status(condition(root, "Stalled"), "True"),
		.hold = metadata.paused ? "paused" : metadata.offline && *metadata.offline ? "offline" : "",
		.plugin = "",
	};
	ret->image = arena_printf(arena, "%s%s%s", text_at(arena, root, "/spec/image/repo"), strncmp(tag, "sha256:", 7) == 0 ? "@" : ":", tag);
	if (time_parse_rfc3339(created, &created_ms) == 0)
		ret->age_ms = clock_wall_ms(program->clock) - created_ms;
	read_fleet(program, root, ret);
	read_problem(program, root, ret);
}

void overview_read_workload(yyjson_val *root, struct overview_row *row)
{
	row->ready = yyjson_get_int(yyjson_ptr_get(root, "/status/readyReplicas"));
	row->replicas = yyjson_get_int(yyjson_ptr_get(root, "/spec/replicas"));
	row->updated = yyjson_get_int(yyjson_ptr_get(root, "/status/updatedReplicas"));
}

static void add(struct overview *overview, yyjson_val *root, bool cluster)
{
	overview->rows = arena_grow(overview->program->arena, overview->rows, overview->n, &overview->room);
	overview_read_object(overview->program, root, &overview->rows[overview->n]);
	overview->rows[overview->n].cluster = cluster;
	overview->rows[overview->n].kind = cluster ? API_KIND_CLUSTER : API_KIND_STANDALONE;
	overview->n++;
}

static void add_cluster(void *user, yyjson_val *root)
{
	add(user, root, true);
}

static void add_standalone(void *user, yyjson_val *root)
{
	add(user, root, false);
}

static int compare(const void *a, const void *b)
{
	const struct overview_row *one = a, *other = b;
	int order = strcmp(one->namespace, other->namespace);

	order = order ? order : strcmp(one->name, other->name);
	return order ? order : (int)other->cluster - (int)one->cluster;
}

// Uses the owner, since anybody may choose a StatefulSet's name.
static void add_workload(void *user, yyjson_val *root)
{
	struct overview *overview = user;
	yyjson_val *owner = kube_controller_of(root);
	const char *kind = yyjson_get_str(yyjson_obj_get(owner, "kind")), *name = yyjson_get_str(yyjson_obj_get(owner, "name"));
	const char *namespace = yyjson_get_str(yyjson_ptr_get(root, "/metadata/namespace"));
	struct overview_row key = {.namespace = namespace, .name = name, .cluster = kind && strcmp(kind, API_KIND_CLUSTER) == 0}, *row;

	if (!kind || !name || !namespace || (!key.cluster && strcmp(kind, API_KIND_STANDALONE) != 0))
		return;
	row = bsearch(&key, overview->rows, overview->n, sizeof(key), compare);
	if (row)
		overview_read_workload(root, row);
}

void overview_read_plugin(struct arena *arena, yyjson_val *root, struct overview_row *row)
{
	if (yyjson_equals_str(yyjson_ptr_get(root, "/status/phase"), "Failed"))
		row->plugin = arena_printf(arena, "plugin %s failed: %s", text_at(arena, root, "/metadata/name"), text_at(arena, root, "/status/message"));
}

static void add_plugin(void *user, yyjson_val *root)
{
	struct overview *overview = user;
	struct arena *arena = overview->program->arena;
	struct overview_row key = {.namespace = text_at(arena, root, "/metadata/namespace"), .name = text_at(arena, root, "/spec/clusterRef")};

	for (int cluster = 0; cluster < 2; cluster++) {
		struct overview_row *row;

		key.cluster = cluster;
		row = bsearch(&key, overview->rows, overview->n, sizeof(key), compare);
		if (row)
			overview_read_plugin(arena, root, row);
	}
}

static void read_plugins(struct overview *overview)
{
	const struct kube_selection selection = {.namespace = program_namespace(overview->program)};
	struct err fault = ERR_INIT;

	if (kube_list(overview->program->client, &kinds_plugins, &selection, &(struct kube_reader){add_plugin, overview}, &fault) < 0)
		program_note(overview->program, "plugins that failed are not shown: %s", fault.text);
}

int overview_read(struct program *program, struct overview *ret, struct err *err)
{
	struct kube_selection selection = {.namespace = program_namespace(program), .labels = invocation_value(&program->call, &flag_selector, NULL)};
	struct err fault = ERR_INIT;
	int r;

	*ret = (struct overview){.program = program};
	r = kube_list(program->client, &kinds_clusters, &selection, &(struct kube_reader){add_cluster, ret}, err);
	if (r == 0)
		r = kube_list(program->client, &kinds_standalones, &selection, &(struct kube_reader){add_standalone, ret}, err);
	if (r < 0)
		return r == ERR_NOT_FOUND ? err_wrap(err, KINDS_MISSING) : r;
	if (ret->n > 1)
		qsort(ret->rows, ret->n, sizeof(*ret->rows), compare);
	if (ret->n == 0)
		return 0;
	selection.labels = LABEL_MANAGED_BY "=" LABEL_MANAGED_BY_VALUE;
	if (kube_list(program->client, &kube_statefulsets, &selection, &(struct kube_reader){add_workload, ret}, &fault) < 0)
		program_note(program, "how many servers are ready is not shown: %s", fault.text);
	for (size_t i = 0; !err_is_set(&fault) && i < ret->n; i++)
		ret->rows[i].ready = ret->rows[i].ready < 0 ? 0 : ret->rows[i].ready;
	read_plugins(ret);
	return 0;
}

enum colour overview_phase_colour(const struct overview_row *row)
{
	if (row->stalled || strcmp(row->phase, "Failed") == 0 || strcmp(row->phase, "Degraded") == 0)
		return COLOUR_BAD;
	return strcmp(row->phase, "Ready") == 0 ? COLOUR_GOOD : COLOUR_BUSY;
}

const char *overview_servers(const struct overview_row *row, struct arena *arena)
{
	return row->ready < 0 ? arena_printf(arena, "?/%d", row->wanted) : arena_printf(arena, "%d/%d", row->ready, row->wanted);
}

const char *overview_roll(const struct overview_row *row, struct arena *arena)
{
	if (row->ready < 0 || row->replicas == 0 || row->updated >= row->replicas)
		return "-";
	return arena_printf(arena, "%d/%d", row->updated, row->replicas);
}

const char *overview_expiry(const struct overview_row *row, const struct clock *clock, struct arena *arena, enum colour *ret_colour)
{
	int64_t at, left;

	*ret_colour = COLOUR_NONE;
	if (time_parse_rfc3339(row->expires, &at) < 0)
		return "-";
	left = at - clock_wall_ms(clock);
	*ret_colour = left <= 0 ? COLOUR_BAD : left < SOON_MS ? COLOUR_BUSY : COLOUR_NONE;
	return left <= 0 ? "expired" : timespan_short(left, arena);
}

const char *overview_trouble(const struct overview_row *row, struct arena *arena, enum colour *ret_colour)
{
	*ret_colour = COLOUR_BAD;
	if (overview_phase_colour(row) == COLOUR_BAD || (strcmp(row->phase, "Pending") == 0 && *row->message))
		return arena_printf(arena, "%s: %s", row->phase, *row->message ? row->message : "the operator gives no reason");
	if (row->fleet_colour == COLOUR_BAD)
		return arena_printf(arena, "%s: %s", row->fleet, row->fleet_message);
	if (strcmp(row->connected, "no") == 0)
		return arena_printf(arena, "not connected to Aura: %s", row->connected_message);
	if (!*row->phase && row->age_ms > 60000)
		return "the operator has said nothing of it; does it run, and look after this namespace?";
	if (*row->plugin)
		return row->plugin;
	*ret_colour = *row->problem && !row->problem_to_come ? COLOUR_BAD : COLOUR_BUSY;
	return *row->problem ? row->problem : NULL;
}
