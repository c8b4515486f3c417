// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A healthy deployment costs nothing here. A deployment in trouble is kept by its key below its namespace, so that the number told for a
// namespace can be bounded by itself. Others write to a status, too: a reason is one of ours or "Other".

#include "operator/pass/troubles.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/must.h"
#include "operator/object/condition.h"

// The status that makes each condition a trouble, and a value of the object that must be true besides.
static const struct {
	const char *type, *status, *counts_while;
} conditions[] = {
	{CONDITION_READY, "False", NULL},
	{CONDITION_STALLED, "True", NULL},
	{CONDITION_FLEET_REGISTERED, "False", "/spec/auraFleetManagement/enabled"},
	{CONDITION_FLEET_CONNECTED, "False", "/status/auraFleetManagement/registered"},
	{CONDITION_FLEET_TWINS, "True", NULL},
	{CONDITION_FLEET_TOKEN_EXPIRING, "True", NULL},
	{CONDITION_CREDENTIALS_REFUSED, "True", NULL},
	{CONDITION_CERTIFICATE_UNUSABLE, "True", NULL},
	{CONDITION_PLUGINS_MALFORMED, "True", NULL},
};
#define CONDITIONS (sizeof(conditions) / sizeof(conditions[0]))

struct trouble {
	UT_hash_handle hh;
	uint8_t reasons[CONDITIONS]; // enum reason
	char key[];
};

struct space {
	UT_hash_handle hh;
	struct trouble *troubles;
	char name[];
};

struct troubles {
	struct space *spaces; // none is empty
};

static_assert(REASONS <= UINT8_MAX, "a reason is kept in a byte");

struct troubles *troubles_new(void)
{
	return must(calloc(1, sizeof(struct troubles)));
}

static void remove_trouble(struct troubles *troubles, struct space *space, struct trouble *trouble)
{
	HASH_DEL(space->troubles, trouble);
	free(trouble);
	if (space->troubles)
		return;
	HASH_DEL(troubles->spaces, space);
	free(space);
}

void troubles_free(struct troubles *troubles)
{
	struct space *space, *next_space;
	struct trouble *trouble, *next;

	if (!troubles)
		return;
	HASH_ITER(hh, troubles->spaces, space, next_space)
	{
		HASH_ITER(hh, space->troubles, trouble, next)
		{
			remove_trouble(troubles, space, trouble);
		}
	}
	free(troubles);
}

static struct space *space_for(struct troubles *troubles, const char *name)
{
	size_t size = strlen(name) + 1;
	struct space *space;

	HASH_FIND_STR(troubles->spaces, name, space);
	if (space)
		return space;
	space = must(calloc(1, sizeof(*space) + size));
	memcpy(space->name, name, size);
	HASH_ADD_STR(troubles->spaces, name, space);
	return space;
}

static struct trouble *trouble_for(struct space *space, const char *key)
{
	size_t size = strlen(key) + 1;
	struct trouble *trouble;

	HASH_FIND_STR(space->troubles, key, trouble);
	if (trouble)
		return trouble;
	trouble = must(calloc(1, sizeof(*trouble) + size));
	memcpy(trouble->key, key, size);
	HASH_ADD_STR(space->troubles, key, trouble);
	return trouble;
}

static void forget(struct troubles *troubles, const char *namespace, const char *key)
{
	struct trouble *trouble = NULL;
	struct space *space;

	HASH_FIND_STR(troubles->spaces, namespace, space);
	if (space)
		HASH_FIND_STR(space->troubles, key, trouble);
	if (trouble)
		remove_trouble(troubles, space, trouble);
}

// REASON_NONE where the condition is as it should be.
static enum reason trouble_of(const struct kube_object *object, size_t i)
{
	yyjson_val *condition = kube_object_condition(object, conditions[i].type);
	const char *reason = yyjson_get_str(yyjson_obj_get(condition, "reason"));

	if (!yyjson_equals_str(yyjson_obj_get(condition, "status"), conditions[i].status))
		return REASON_NONE;
	if (conditions[i].counts_while && !yyjson_is_true(kube_object_get(object, conditions[i].counts_while)))
		return REASON_NONE;
	return reason ? reason_of(reason) : REASON_OTHER;
}

void troubles_change(struct troubles *troubles, const char *key, const struct kube_object *object)
{
	uint8_t reasons[CONDITIONS] = {0};
	char namespace[QUEUE_GROUP_SIZE];
	bool any = false;

	for (size_t i = 0; object && i < CONDITIONS; i++) {
		reasons[i] = (uint8_t)trouble_of(object, i);
		any = any || reasons[i] != REASON_NONE;
	}
	key_group(key, namespace);
	if (any)
		memcpy(trouble_for(space_for(troubles, namespace), key)->reasons, reasons, sizeof(reasons));
	else
		forget(troubles, namespace, key);
}

void troubles_each(const struct troubles *troubles, void (*fn)(void *user, const char *key, const char *condition, enum reason reason), void *user)
{
	const struct trouble *trouble;
	const struct space *space;

	for (space = troubles->spaces; space; space = space->hh.next) {
		size_t n = 0;

		for (trouble = space->troubles; trouble && n < TROUBLES_OF_A_NAMESPACE; trouble = trouble->hh.next, n++) {
			for (size_t i = 0; i < CONDITIONS; i++) {
				if (trouble->reasons[i] != REASON_NONE)
					fn(user, trouble->key, conditions[i].type, (enum reason)trouble->reasons[i]);
			}
		}
	}
}
