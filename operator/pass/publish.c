// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/pass/publish.h"

#include <string.h>

#include "api/dbms.h"
#include "base/log.h"
#include "base/clock.h"
#include "operator/fleet/provision_record.h"
#include "operator/object/condition.h"
#include "operator/object/reason.h"

#define STATUS_TRIES 5
#define EVENTS_LIVE_MS INT64_C(3600000) // the API server's default

static struct kube_name name_of(const struct kube_object *object)
{
	return (struct kube_name){.namespace = kube_object_namespace(object), .name = kube_object_name(object)};
}

static bool differ(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") != 0;
}

static const char *registration_of(const struct kube_object *object)
{
	return kube_object_str(object, "/status/auraFleetManagement/lastRegistrationTime");
}

// Whether what was found out about an object does not hold for what stands under its name now: it is another one, or another operator has
// registered it since, or has set out to have another token made for it.
static int check_overtaken(const struct kube_object *known, const struct kube_object *fresh, struct err *err)
{
	if (strcmp(kube_object_uid(fresh), kube_object_uid(known)) != 0)
		return err_set(err, ERR_NOT_FOUND, "it was deleted and made anew");
	if (differ(registration_of(known), registration_of(fresh)) ||
	    differ(provision_record_annotation(kube_object_root(known)), provision_record_annotation(kube_object_root(fresh))))
		return err_set(err, ERR_CONFLICT, "another operator has gone on meanwhile");
	return 0;
}

int publish_status(const struct publisher *publisher, struct kube_object **object, const struct status_wanted *wanted, bool insist,
		   bool *ret_written, struct err *err)
{
	struct kube_client *client = publisher->context->client;
	const struct kube_resource *resource = publisher->resource;

	*ret_written = false;
	for (int i = 0;; i++) {
		const char *patch =
			status_patch(kube_object_root(*object), wanted, clock_wall_ms(&clock_system), publisher->arena);
		struct kube_object *fresh = NULL;
		int r;

		if (!patch)
			return 0;
		r = kube_patch(client, resource, name_of(*object), "status", KUBE_PATCH_MERGE, patch, &fresh, err);
		*ret_written = r == 0;
		if (r < 0 && (r != ERR_CONFLICT || !insist || i == STATUS_TRIES))
			return err_wrap(err, "cannot write the status");
		if (r < 0) {
			err_clear(err);
			r = kube_get(client, resource, name_of(*object), &fresh, err);
			r = r < 0 ? r : check_overtaken(*object, fresh, err);
			if (r < 0)
				kube_object_unref(fresh);
		}
		if (r < 0)
			return err_wrap(err, "cannot read the object again to write its status");
		kube_object_unref(*object);
		*object = fresh;
		if (*ret_written)
			return 0;
	}
}

static struct event_about about(const struct publisher *publisher, const struct kube_object *object)
{
	return (struct event_about){
		.api_version = *publisher->resource->group
				       ? arena_printf(publisher->arena, "%s/%s", publisher->resource->group, publisher->resource->version)
				       : publisher->resource->version,
		.kind = publisher->resource->kind,
		.namespace = kube_object_namespace(object),
		.name = kube_object_name(object),
		.uid = kube_object_uid(object),
		.resource_version = kube_object_resource_version(object),
	};
}

// Each deed is one event and one line.
static void log_event(const struct publisher *publisher, const struct kube_object *object, const struct event_text *text)
{
	log_info("event", "kind", publisher->resource->kind, "namespace", kube_object_namespace(object), "name", kube_object_name(object), "reason",
		 text->reason, "message", text->message);
}

void publish_event(const struct publisher *publisher, const struct kube_object *object, const struct event_text *text)
{
	struct event_about subject = about(publisher, object);

	log_event(publisher, object, text);
	event_record(publisher->context->events, &subject, text);
}

static bool says_paused(const struct kube_object *object)
{
	return yyjson_equals_str(yyjson_obj_get(kube_object_condition(object, CONDITION_PAUSED), "status"), "True");
}

int publish_paused(const struct publisher *publisher, const struct kube_object *object, struct err *err)
{
	const char *patch = status_paused_patch(kube_object_root(object), clock_wall_ms(&clock_system), publisher->arena);
	struct event_text paused = {EVENT_NORMAL, reason_name(REASON_PAUSED), "Nothing is written until " PAUSED_ANNOTATION " is removed"};

	if (!patch)
		return 0;
	if (kube_patch(publisher->context->client, publisher->resource, name_of(object), "status", KUBE_PATCH_MERGE, patch, NULL, err) < 0)
		return err_wrap(err, "cannot write the status");
	if (!says_paused(object))
		publish_event(publisher, object, &paused);
	return 0;
}

void publish_resumed(const struct publisher *publisher, const struct kube_object *before)
{
	struct event_text resumed = {EVENT_NORMAL, reason_name(REASON_RESUMED), "The spec is carried out again"};

	if (says_paused(before))
		publish_event(publisher, before, &resumed);
}

void publish_past(const struct publisher *publisher, const struct kube_object *object, const struct event_text *text, const char *at)
{
	struct event_about subject = about(publisher, object);
	int64_t at_ms;

	if (publisher->unsure && at && time_parse_rfc3339(at, &at_ms) == 0 && clock_wall_ms(&clock_system) - at_ms < EVENTS_LIVE_MS)
		event_make_sure(publisher->context->events, &subject, text, at);
}

void publish_once(const struct publisher *publisher, const struct kube_object *object, const struct event_text *text)
{
	struct event_about subject = about(publisher, object);

	event_make_sure(publisher->context->events, &subject, text, NULL);
}

// The event was told when the text was written, unless that process died before it could.
static void warn(const struct publisher *publisher, const struct kube_object *before, bool said, const struct event_text *text)
{
	struct event_about subject = about(publisher, before);

	if (!said) {
		log_event(publisher, before, text);
		event_record(publisher->context->events, &subject, text);
	} else if (publisher->unsure) {
		event_make_sure(publisher->context->events, &subject, text, NULL);
	}
}

void publish_warning(const struct publisher *publisher, const struct kube_object *before, const char *pointer,
		     const struct event_text *text)
{
	warn(publisher, before, publish_says(before, pointer, text->message), text);
}

bool publish_says(const struct kube_object *object, const char *pointer, const char *text)
{
	const char *old = kube_object_str(object, pointer);

	return old && strcmp(old, text) == 0;
}

bool publish_says_stalled(const struct kube_object *object, enum reason reason)
{
	yyjson_val *stalled = kube_object_condition(object, CONDITION_STALLED);

	return reason && yyjson_equals_str(yyjson_obj_get(stalled, "status"), "True") &&
	       reason_of(yyjson_get_str(yyjson_obj_get(stalled, "reason"))) == reason;
}

void publish_stall(const struct publisher *publisher, const struct kube_object *before, enum reason reason, const char *message)
{
	struct event_text text = {EVENT_WARNING, reason_name(reason), message};

	warn(publisher, before, publish_says_stalled(before, reason), &text);
}

void publish_problems(const struct publisher *publisher, const struct kube_object *before, const struct status_wanted *wanted)
{
	for (size_t i = 0; i < STATUS_PROBLEMS; i++) {
		const struct status_problem *problem = &wanted->problems[i];

		struct event_text text = {EVENT_WARNING, problem->type, problem->message};

		if (problem->type && problem->holds > 0)
			warn(publisher, before,
			     yyjson_equals_str(yyjson_obj_get(kube_object_condition(before, problem->type), "message"), problem->message),
			     &text);
	}
}
