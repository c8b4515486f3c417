// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The events of a pass. Each is told once: because the status did not say it before, or because this pass did it.

#include <string.h>

#include "base/fault.h"
#include "operator/cluster/roll_cause.h"
#include "operator/fleet/gates.h"
#include "operator/object/condition.h"
#include "operator/object/reason.h"
#include "operator/pass/pass.h"

// The status tells of another resource's registration, so the operator does not believe it.
static void tell_of_copy(const struct publisher *publisher, const struct dbms *dbms, const struct kube_object *before)
{
	const char *last = kube_object_str(before, "/status/auraFleetManagement/lastRegistrationTime");
	const char *created = dbms->metadata.created;
	struct event_text copied = {EVENT_NORMAL, reason_name(REASON_FLEET_STATUS_RESTORED), NULL};

	if (!yyjson_is_true(kube_object_get(before, "/status/auraFleetManagement/registered")) || !fleet_is_copied(created, last))
		return;
	copied.message = arena_printf(publisher->arena,
				      "The status said registered since %.32s, and this resource was made at %s: that status came from a copy. "
				      "The server is asked; unless it holds a good token, the Secret's is registered",
				      last, created);
	publish_event(publisher, before, &copied);
}

// Once each time the token goes.
static void tell_of_connection(const struct publisher *publisher, const struct status_fleet *fleet, const struct kube_object *before)
{
	yyjson_val *old = kube_object_condition(before, CONDITION_FLEET_CONNECTED);
	struct event_text gone = {EVENT_WARNING, reason_name(REASON_AURA_DISCONNECTED), fleet->connected_message};

	if (fleet->publish_connected && fleet->connected_reason == REASON_TOKEN_GONE &&
	    reason_of(yyjson_get_str(yyjson_obj_get(old, "reason"))) != REASON_TOKEN_GONE)
		publish_event(publisher, before, &gone);
}

static void tell_of_fleet(const struct publisher *publisher, const struct found *found, const struct kube_object *before)
{
	const struct status_fleet *fleet = &found->fleet.status;
	struct event_text registered = {EVENT_NORMAL, reason_name(REASON_AURA_REGISTERED), fleet->message};
	struct event_text warning = {EVENT_WARNING, reason_name(found->fleet.warning), fleet->message};
	struct event_text off = {EVENT_NORMAL, reason_name(REASON_AURA_DISABLED), fleet->message};

	if (fleet->publish && !fleet->registered && fleet->reason == REASON_DISABLED &&
	    yyjson_is_true(kube_object_get(before, "/status/auraFleetManagement/registered")))
		publish_event(publisher, before, &off);
	tell_of_copy(publisher, &found->deployment->dbms, before);
	tell_of_connection(publisher, fleet, before);
	if (found->fleet.just_registered) {
		fault_point("before-event");
		publish_event(publisher, before, &registered);
		fault_point("after-event");
	} else if (fleet->publish && fleet->registered && !found->fleet.warning) {
		publish_past(publisher, before, &registered, fleet->last_registration);
	}
	if (found->fleet.warning) {
		fault_point("before-warning");
		publish_warning(publisher, before, "/status/auraFleetManagement/message", &warning);
	}
}

// An older pod of a formed deployment, other than those that stay as they are while one is offline.
static const struct kube_object *older_pod(const struct found *found)
{
	const struct gathered *gathered = found->deployment == &found->after.deployment ? &found->after : &found->gathered;
	const struct live_set *live = &found->deployment->live;

	for (size_t i = 0; i < gathered->n_pods && live->current && live->update_revision && !found->deployment->dbms.metadata.offline; i++) {
		const char *revision = kube_object_str(gathered->pods[i], "/metadata/labels/controller-revision-hash");

		if (revision && strcmp(revision, live->update_revision) != 0)
			return gathered->pods[i];
	}
	return NULL;
}

void pass_notice_roll(const struct pass *pass, struct found *found)
{
	const struct kube_object *older = pass->memory->formed ? older_pod(found) : NULL;
	// The process that told of the beginning may be gone.
	bool told = pass->memory->roll_begun || kube_object_str(pass->object, "/status/updatedServers");

	if (older && !told)
		found->judged.roll_cause = roll_cause(kube_object_root(older), kube_object_root(found->deployment->workload), pass->arena);
	pass->memory->roll_begun = told || older;
	if (!found->judged.verdict.serving)
		return;
	found->judged.roll_ended = pass->memory->roll_begun;
	pass->memory->roll_begun = false;
}

static void tell_of_roll(const struct publisher *publisher, const struct judged *judged, const struct kube_object *before)
{
	struct event_text begun = {EVENT_NORMAL, reason_name(REASON_ROLL_BEGUN), NULL};
	struct event_text ended = {EVENT_NORMAL, reason_name(REASON_ROLL_ENDED), "All servers are replaced, and ready"};

	if (judged->roll_cause) {
		begun.message = arena_printf(publisher->arena, "The servers are replaced one by one: %s", judged->roll_cause);
		publish_event(publisher, before, &begun);
	}
	if (judged->roll_ended)
		publish_event(publisher, before, &ended);
}

static void tell_of_offline(const struct publisher *publisher, const struct phase_verdict *verdict, const struct kube_object *before)
{
	bool was = reason_of(yyjson_get_str(yyjson_obj_get(kube_object_condition(before, CONDITION_READY), "reason"))) == REASON_OFFLINE;
	struct event_text offline = {EVENT_NORMAL, reason_name(REASON_OFFLINE), verdict->message};
	struct event_text online = {EVENT_NORMAL, reason_name(REASON_ONLINE), "No server is to stay offline any more"};

	if (verdict->reason == REASON_OFFLINE && !was)
		publish_event(publisher, before, &offline);
	else if (was && verdict->reason != REASON_OFFLINE)
		publish_event(publisher, before, &online);
}

// The reason of the Warning event for the new status.
static enum reason warning_of(const struct found *found)
{
	if (found->judged.warning)
		return found->judged.warning;
	return found->refusal.message ? found->refusal.reason : found->shape.warning;
}

void pass_tell_events(const struct publisher *publisher, const struct found *found, const struct status_wanted *wanted,
			const struct kube_object *before)
{
	const struct dbms *dbms = &found->deployment->dbms;
	const struct phase_verdict *verdict = &wanted->verdict;
	const char *agreement =
		arena_printf(publisher->arena, "Neo4j is started with acceptLicenseAgreement '%s'", dbms->license ? dbms->license : "");
	struct event_text license = {EVENT_NORMAL, reason_name(REASON_LICENSE_AGREEMENT), agreement};
	struct event_text warning = {EVENT_WARNING, reason_name(warning_of(found)), verdict->message};

	publish_resumed(publisher, before);
	tell_of_roll(publisher, &found->judged, before);
	tell_of_offline(publisher, verdict, before);
	if (verdict->stalled)
		publish_stall(publisher, before, verdict->reason, verdict->message);
	if (warning_of(found))
		publish_warning(publisher, before, "/status/message", &warning);
	publish_problems(publisher, before, wanted);
	tell_of_fleet(publisher, found, before);
	if (found->shape.created)
		publish_event(publisher, before, &license);
	else if (found_is_built(found))
		publish_past(publisher, before, &license, dbms->metadata.created);
}
