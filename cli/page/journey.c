// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The operator's reason tells the present step (docs/registration.md): the earlier steps are done, since the operator asks its gates and
// questions in order.

#include "cli/page/journey.h"

#include <string.h>

#include "base/json.h"
#include "operator/object/reason.h"

enum { WANTED, PLUGIN, TOKEN_NAMED, SERVERS_READY, TOKEN_READ, REGISTERED, CONNECTED };

static const char *const names[JOURNEY_STEPS] = {
	[WANTED] = "Wanted", [PLUGIN] = "Plugin", [TOKEN_NAMED] = "Token named", [SERVERS_READY] = "Servers ready",
	[TOKEN_READ] = "Token read", [REGISTERED] = "Registered", [CONNECTED] = "Connected",
};

static const struct {
	enum reason reason;
	int step;
	bool waits;
} places[] = {
	{REASON_VERSION_UNSUPPORTED, PLUGIN, false},
	{REASON_FLEET_PLUGIN_WITHDRAWN, PLUGIN, false},
	{REASON_PLUGINS_MALFORMED, PLUGIN, false},
	{REASON_VERSION_UNKNOWN, PLUGIN, true},
	{REASON_TOKEN_DEFERRED, TOKEN_NAMED, true},
	{REASON_WAITING_FOR_READY, SERVERS_READY, true},
	{REASON_PROVISIONING, TOKEN_READ, true},
	{REASON_PROVISION_CHANGED, TOKEN_READ, false},
	{REASON_AURA_NAME_TAKEN, TOKEN_READ, false},
	{REASON_AURA_REFUSED, TOKEN_READ, false},
	{REASON_AURA_UNAVAILABLE, TOKEN_READ, false},
	{REASON_RIGHTS_MISSING, TOKEN_READ, false},
	{REASON_SECRET_UNUSABLE, TOKEN_READ, false},
	{REASON_SECRET_NOT_FOUND, TOKEN_READ, false},
	{REASON_SECRET_UNREADABLE, TOKEN_READ, false},
	{REASON_SECRET_KEY_NOT_FOUND, TOKEN_READ, false},
	{REASON_TOKEN_EMPTY, TOKEN_READ, false},
	{REASON_TOKEN_MALFORMED, TOKEN_READ, false},
	{REASON_TOKEN_EXPIRED, TOKEN_READ, false},
	{REASON_NO_LEADER, REGISTERED, true},
	{REASON_LOGINS_LIMITED, REGISTERED, true},
	{REASON_API_UNAVAILABLE, REGISTERED, true},
};

static yyjson_val *condition(yyjson_val *object, const char *type)
{
	return json_item(yyjson_ptr_get(object, "/status/conditions"), "type", type);
}

static const char *text_of(yyjson_val *object, const char *key)
{
	const char *text = yyjson_get_str(yyjson_obj_get(object, key));

	return text ? text : "";
}

static void stand_at(struct journey *journey, int step, enum journey_state state, const char *message)
{
	for (int i = 0; i < JOURNEY_STEPS; i++)
		journey->steps[i] = (struct journey_step){names[i], i < step ? JOURNEY_DONE : JOURNEY_AHEAD, ""};
	if (step < JOURNEY_STEPS)
		journey->steps[step] = (struct journey_step){names[step], state, message};
}

static void read_registration(struct journey *journey, yyjson_val *object)
{
	yyjson_val *registered = condition(object, "FleetRegistered");
	enum reason reason = reason_of(yyjson_get_str(yyjson_obj_get(registered, "reason")));
	const char *message = text_of(registered, "message");

	if (!registered) {
		stand_at(journey, PLUGIN, JOURNEY_WAITS, "The operator has not said anything of it");
		return;
	}
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		if (places[i].reason == reason) {
			stand_at(journey, places[i].step, places[i].waits ? JOURNEY_WAITS : JOURNEY_STOPS, message);
			return;
		}
	}
	// The end of the exchange with the server.
	stand_at(journey, REGISTERED, JOURNEY_STOPS, message);
}

static void read_connection(struct journey *journey, yyjson_val *object)
{
	yyjson_val *connected = condition(object, "FleetConnected");
	const char *status = text_of(connected, "status"), *message = text_of(connected, "message");

	if (strcmp(status, "True") == 0)
		stand_at(journey, JOURNEY_STEPS, JOURNEY_DONE, "");
	else
		stand_at(journey, CONNECTED, strcmp(status, "False") == 0 ? JOURNEY_STOPS : JOURNEY_WAITS, message);
}

void journey_read(yyjson_val *object, struct journey *ret)
{
	*ret = (struct journey){.off = !yyjson_is_true(yyjson_ptr_get(object, "/spec/auraFleetManagement/enabled"))};
	if (ret->off)
		stand_at(ret, WANTED, JOURNEY_AHEAD, "");
	else if (yyjson_is_true(yyjson_ptr_get(object, "/status/auraFleetManagement/registered")))
		read_connection(ret, object);
	else
		read_registration(ret, object);
}

const char *journey_state_name(enum journey_state state)
{
	static const char *const words[] = {
		[JOURNEY_DONE] = "done", [JOURNEY_WAITS] = "waits", [JOURNEY_STOPS] = "stops", [JOURNEY_AHEAD] = "ahead"};

	return words[state];
}
