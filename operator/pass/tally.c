// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// An object is counted by its state in the store, and subtracted by the same state: so one thread must change the store and the tally, the
// loop's.

#include "operator/pass/tally.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "operator/fleet/registration_exchange.h"
#include "operator/object/condition.h"
#include "operator/object/reason.h"
#include "operator/pass/troubles.h"
#include "operator/server/server_login.h"

// Others write to a status, too: an unknown reason there counts as the last of these.
static const enum reason reasons[] = {
	REASON_DISABLED, REASON_VERSION_UNSUPPORTED, REASON_FLEET_PLUGIN_WITHDRAWN, REASON_PLUGINS_MALFORMED, REASON_VERSION_UNKNOWN, REASON_TOKEN_DEFERRED,
	REASON_WAITING_FOR_READY, REASON_SECRET_NOT_FOUND, REASON_SECRET_KEY_NOT_FOUND, REASON_TOKEN_EMPTY, REASON_TOKEN_MALFORMED,
	REASON_TOKEN_EXPIRED, REASON_CREDENTIALS_REFUSED, REASON_LOGINS_LIMITED, REASON_PROCEDURE_MISSING, REASON_UNREACHABLE, REASON_SERVER_ERROR, REASON_TOKEN_REFUSED,
	REASON_CONNECTING, REASON_NO_LEADER, REASON_SECRET_UNREADABLE, REASON_CERTIFICATE_UNUSABLE,
	REASON_PROVISIONING, REASON_PROVISION_CHANGED, REASON_AURA_NAME_TAKEN, REASON_AURA_REFUSED, REASON_AURA_UNAVAILABLE, REASON_RIGHTS_MISSING,
	REASON_SECRET_UNUSABLE, REASON_OTHER,
};
#define N_REASONS (sizeof(reasons) / sizeof(reasons[0]))
static_assert(N_REASONS <= TALLY_REASONS, "each has a counter");

struct tally {
	pthread_mutex_t lock;
	struct tally_counts counts;
	struct troubles *troubles;
};

struct tally *tally_new(void)
{
	struct tally *tally = calloc(1, sizeof(*tally));

	if (!tally)
		abort();
	(void)pthread_mutex_init(&tally->lock, NULL);
	tally->troubles = troubles_new();
	return tally;
}

void tally_free(struct tally *tally)
{
	if (!tally)
		return;
	(void)pthread_mutex_destroy(&tally->lock);
	troubles_free(tally->troubles);
	free(tally);
}

const char *tally_reason(size_t i)
{
	return i < N_REASONS ? reason_name(reasons[i]) : NULL;
}

static size_t place_of(enum reason reason)
{
	size_t i = 0;

	while (i < N_REASONS - 1 && reasons[i] != reason)
		i++;
	return i;
}

// The reason of condition FleetRegistered where it is False.
static enum reason unregistered_reason(const struct kube_object *root)
{
	yyjson_val *condition = kube_object_condition(root, CONDITION_FLEET_REGISTERED);
	bool unregistered = yyjson_equals_str(yyjson_obj_get(condition, "status"), "False");

	return unregistered ? reason_of(yyjson_get_str(yyjson_obj_get(condition, "reason"))) : REASON_NONE;
}

static void count_root(struct tally_counts *counts, enum key_kind kind, const struct kube_object *root, size_t one)
{
	const char *phase = kube_object_str(root, "/status/phase");
	enum reason reason = unregistered_reason(root);
	bool enabled = yyjson_is_true(kube_object_get(root, "/spec/auraFleetManagement/enabled"));
	bool registered = yyjson_is_true(kube_object_get(root, "/status/auraFleetManagement/registered"));
	yyjson_val *connected = kube_object_condition(root, CONDITION_FLEET_CONNECTED);

	for (int p = 0; phase && p <= PHASE_FAILED; p++)
		counts->phases[kind][p] += strcmp(phase, phase_name((enum phase)p)) == 0 ? one : 0;
	counts->enabled += enabled ? one : 0;
	counts->registered += registered ? one : 0;
	if (registered && yyjson_equals_str(yyjson_obj_get(connected, "status"), "False")) {
		counts->disconnected += one;
		counts->token_gone += reason_of(yyjson_get_str(yyjson_obj_get(connected, "reason"))) == REASON_TOKEN_GONE ? one : 0;
	}
	if (enabled && reason)
		counts->reasons[place_of(reason)] += one;
}

static void count_plugin(struct tally_counts *counts, const struct kube_object *plugin, size_t one)
{
	const char *phase = kube_object_str(plugin, "/status/phase");

	for (int p = 0; phase && p <= PLUGIN_FAILED; p++)
		counts->plugin_phases[p] += strcmp(phase, plugin_phase_name((enum plugin_phase)p)) == 0 ? one : 0;
}

// one is 1 to add, or the number that subtracts 1.
static void count(struct tally_counts *counts, enum key_kind kind, const struct kube_object *object, size_t one)
{
	if (object && kind == KEY_PLUGIN)
		count_plugin(counts, object, one);
	else if (object)
		count_root(counts, kind, object, one);
}

void tally_change(struct tally *tally, enum key_kind kind, const struct kube_object *object, const struct kube_object *previous)
{
	const struct kube_object *known = object ? object : previous;
	char key[QUEUE_KEY_SIZE];

	key_format(kind, kube_object_namespace(known), kube_object_name(known), key);
	(void)pthread_mutex_lock(&tally->lock);
	count(&tally->counts, kind, previous, (size_t)-1);
	count(&tally->counts, kind, object, 1);
	// Subtracting uses the state that was added.
	assert(tally->counts.token_gone <= tally->counts.disconnected && tally->counts.disconnected <= tally->counts.registered);
	if (kind != KEY_PLUGIN)
		troubles_change(tally->troubles, key, object);
	(void)pthread_mutex_unlock(&tally->lock);
}

void tally_read(struct tally *tally, struct tally_counts *ret)
{
	(void)pthread_mutex_lock(&tally->lock);
	*ret = tally->counts;
	(void)pthread_mutex_unlock(&tally->lock);
}

void tally_each_trouble(struct tally *tally, void (*fn)(void *user, const char *key, const char *condition, enum reason reason), void *user)
{
	(void)pthread_mutex_lock(&tally->lock);
	troubles_each(tally->troubles, fn, user);
	(void)pthread_mutex_unlock(&tally->lock);
}
