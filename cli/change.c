// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/change.h"

#include <stdlib.h>
#include <string.h>

#include "api/dbms.h"
#include "base/clock.h"
#include "base/json.h"
#include "cli/rendering.h"
#include "operator/object/condition.h"
#include "operator/object/labels.h"
#include "operator/object/names.h"
#include "operator/object/pod.h"

// An event comes a little after the status that it is about.
#define MOMENT_MS (INT64_C(10) * 1000)

static const char *text_of(const struct changes *changes, yyjson_val *val)
{
	return rendering_shown(changes->arena, yyjson_get_str(val), "");
}

static void add(struct changes *changes, const char *time, struct change change)
{
	if (!time || time_parse_rfc3339(time, &change.at_ms) < 0 || change.at_ms < changes->since_ms)
		return;
	if (changes->only && strcmp(changes->only, change.name) != 0)
		return;
	changes->items = arena_grow(changes->arena, changes->items, changes->n, &changes->room);
	changes->items[changes->n++] = change;
}

static struct change of_object(const struct changes *changes, yyjson_val *root, const char *what, enum colour colour)
{
	return (struct change){.namespace = text_of(changes, yyjson_ptr_get(root, "/metadata/namespace")), .name = text_of(changes, yyjson_ptr_get(root, "/metadata/name")), .what = what, .colour = colour};
}

// By the conventions of Kubernetes: most conditions are good when true; these are a trouble then, or only a sign of work.
static enum colour condition_colour(const char *type, const char *status)
{
	static const char *const troubles[] = {"Stalled", "CredentialsRefused", "CertificateUnusable", "PluginsMalformed", "FleetTwins", "FleetTokenExpiring"};
	bool is_true = strcmp(status, "True") == 0;

	if (strcmp(status, "Unknown") == 0 || strcmp(type, "Reconciling") == 0 || strcmp(type, "Paused") == 0)
		return is_true ? COLOUR_BUSY : COLOUR_FAINT;
	for (size_t i = 0; i < sizeof(troubles) / sizeof(troubles[0]); i++) {
		if (strcmp(type, troubles[i]) == 0)
			return is_true ? COLOUR_BAD : COLOUR_FAINT;
	}
	return is_true ? COLOUR_GOOD : COLOUR_BAD;
}

static void read_conditions(struct changes *changes, yyjson_val *root)
{
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(yyjson_ptr_get(root, "/status/conditions"), index, max, item) {
		const char *type = text_of(changes, yyjson_obj_get(item, "type")), *status = text_of(changes, yyjson_obj_get(item, "status"));
		const char *reason = text_of(changes, yyjson_obj_get(item, "reason")), *message = text_of(changes, yyjson_obj_get(item, "message"));
		const char *why = strcmp(reason, type) == 0 ? "" : arena_printf(changes->arena, " (%s)", reason);
		const char *what = arena_printf(changes->arena, "%s became %s%s%s%s", type, status, why, *message ? ": " : "", message);
		struct change change = of_object(changes, root, what, condition_colour(type, status));

		// Ready tells a person the same as these.
		if (strcmp(type, "Reconciling") == 0 || (strcmp(type, CONDITION_STALLED) == 0 && strcmp(status, "True") != 0))
			continue;
		change.message = message;
		add(changes, yyjson_get_str(yyjson_obj_get(item, "lastTransitionTime")), change);
	}
}

static bool is_of_spec(yyjson_val *manager)
{
	return !yyjson_obj_get(manager, "subresource") && yyjson_obj_get(yyjson_obj_get(manager, "fieldsV1"), "f:spec");
}

static void read_creation(struct changes *changes, yyjson_val *root)
{
	const char *created = yyjson_get_str(yyjson_ptr_get(root, "/metadata/creationTimestamp")), *maker = NULL;
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(yyjson_ptr_get(root, "/metadata/managedFields"), index, max, item) {
		if (!maker && created && is_of_spec(item) && yyjson_equals_str(yyjson_obj_get(item, "time"), created))
			maker = text_of(changes, yyjson_obj_get(item, "manager"));
	}
	add(changes, created, of_object(changes, root, maker ? arena_printf(changes->arena, "'%s' made it", maker) : "it was made", COLOUR_NONE));
}

// Who wrote last what a user writes. The operator writes neither.
static void read_writers(struct changes *changes, yyjson_val *root)
{
	yyjson_val *created = yyjson_ptr_get(root, "/metadata/creationTimestamp");
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(yyjson_ptr_get(root, "/metadata/managedFields"), index, max, item) {
		yyjson_val *fields = yyjson_obj_get(item, "fieldsV1");
		bool spec = is_of_spec(item), metadata = yyjson_obj_get(fields, "f:metadata");

		if (yyjson_obj_get(item, "subresource") || (!spec && !metadata) || (spec && yyjson_equals(yyjson_obj_get(item, "time"), created)))
			continue;
		add(changes, yyjson_get_str(yyjson_obj_get(item, "time")),
		    of_object(changes, root, arena_printf(changes->arena, "'%s' changed its %s", text_of(changes, yyjson_obj_get(item, "manager")), spec ? "spec" : "metadata"), COLOUR_NONE));
	}
}

void changes_read_deployment(struct changes *changes, yyjson_val *root)
{
	struct change registered = of_object(changes, root, "it was registered with Aura Fleet Management", COLOUR_GOOD);

	registered.message = text_of(changes, yyjson_ptr_get(root, "/status/auraFleetManagement/message"));
	registered.source = CHANGE_OF_STATUS;
	read_creation(changes, root);
	add(changes, yyjson_get_str(yyjson_ptr_get(root, "/metadata/deletionTimestamp")), of_object(changes, root, "it is being deleted", COLOUR_BUSY));
	add(changes, yyjson_get_str(yyjson_ptr_get(root, "/status/auraFleetManagement/lastRegistrationTime")), registered);
	read_writers(changes, root);
	read_conditions(changes, root);
}

void changes_read_pod(struct changes *changes, yyjson_val *root)
{
	yyjson_val *container = json_item(yyjson_ptr_get(root, "/status/containerStatuses"), "name", CONTAINER_NAME);
	struct pod pod;
	struct change change = of_object(changes, root, NULL, COLOUR_NONE);

	pod_read(root, changes->arena, &pod);
	change.name = text_of(changes, yyjson_obj_get(yyjson_ptr_get(root, "/metadata/labels"), LABEL_INSTANCE));
	if (!pod.name || !*change.name)
		return;
	change.what = arena_printf(changes->arena, "server %s started", pod.name);
	add(changes, yyjson_get_str(yyjson_ptr_get(container, "/state/running/startedAt")), change);
	change.what = arena_printf(changes->arena, "server %s ended%s%s", pod.name, pod.last_words ? ": " : "", pod.last_words ? rendering_shown(changes->arena, pod.last_words, "") : "");
	change.colour = COLOUR_BAD;
	add(changes, yyjson_get_str(yyjson_ptr_get(container, "/lastState/terminated/finishedAt")), change);
	change.what = arena_printf(changes->arena, "server %s is being stopped", pod.name);
	change.colour = COLOUR_BUSY;
	add(changes, yyjson_get_str(yyjson_ptr_get(root, "/metadata/deletionTimestamp")), change);
}

static const char *event_time(yyjson_val *root)
{
	static const char *const places[] = {"/series/lastObservedTime", "/lastTimestamp", "/eventTime", "/metadata/creationTimestamp"};
	const char *time = NULL;

	for (size_t i = 0; !time && i < sizeof(places) / sizeof(places[0]); i++)
		time = yyjson_get_str(yyjson_ptr_get(root, places[i]));
	return time;
}

void changes_read_event(struct changes *changes, yyjson_val *root)
{
	yyjson_val *object = yyjson_obj_get(root, "involvedObject"), *kind = yyjson_obj_get(object, "kind");
	bool warning = yyjson_equals_str(yyjson_obj_get(root, "type"), "Warning");
	struct change change = {.namespace = text_of(changes, yyjson_ptr_get(root, "/metadata/namespace")), .name = text_of(changes, yyjson_obj_get(object, "name"))};

	if (!yyjson_equals_str(kind, API_KIND_CLUSTER) && !yyjson_equals_str(kind, API_KIND_STANDALONE))
		return;
	change.colour = warning ? COLOUR_BAD : COLOUR_NONE;
	change.message = text_of(changes, yyjson_obj_get(root, "message"));
	change.source = CHANGE_OF_EVENT;
	change.what = arena_printf(changes->arena, "event %s: %s", text_of(changes, yyjson_obj_get(root, "reason")), change.message);
	add(changes, event_time(root), change);
}

static int compare(const void *a, const void *b)
{
	const struct change *one = a, *other = b;
	int names;

	if (one->at_ms != other->at_ms)
		return one->at_ms < other->at_ms ? 1 : -1;
	names = strcmp(one->name, other->name);
	return names ? names : strcmp(one->what, other->what);
}

// Whether one tells what another tells, too.
static bool repeats(const struct change *change, const struct change *other)
{
	return change->source > other->source && change->message && *change->message && other->message && strcmp(change->message, other->message) == 0 &&
	       strcmp(change->name, other->name) == 0 && strcmp(change->namespace, other->namespace) == 0;
}

static bool is_told(const struct changes *changes, size_t at)
{
	const struct change *items = changes->items, *change = &items[at];
	bool told = false;

	for (size_t i = at; !told && i > 0 && items[i - 1].at_ms - change->at_ms <= MOMENT_MS; i--)
		told = repeats(change, &items[i - 1]);
	for (size_t i = at + 1; !told && i < changes->n && change->at_ms - items[i].at_ms <= MOMENT_MS; i++)
		told = repeats(change, &items[i]);
	return told;
}

void changes_sort(struct changes *changes)
{
	bool *told = arena_new_array(changes->arena, bool, changes->n);
	size_t n = 0;

	if (changes->n == 0)
		return;
	qsort(changes->items, changes->n, sizeof(*changes->items), compare);
	for (size_t i = 0; i < changes->n; i++)
		told[i] = is_told(changes, i);
	for (size_t i = 0; i < changes->n; i++) {
		if (!told[i])
			changes->items[n++] = changes->items[i];
	}
	changes->n = n;
}
