// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which deployments have a condition that is not as it should be, and with which reason: alerts name them. The caller holds a lock.

#include <stddef.h>

#include "kube/object.h"
#include "operator/object/key.h"
#include "operator/object/reason.h"

// At most so many deployments of a namespace are told, so that no tenant's deployments take the room of another's.
#define TROUBLES_OF_A_NAMESPACE 100

struct troubles;

struct troubles *troubles_new(void);
void troubles_free(struct troubles *troubles); // NULL is allowed

// A deployment has come, has changed, or has gone (object NULL).
void troubles_change(struct troubles *troubles, const char *key, const struct kube_object *object);

// Tells each condition with its reason, by the deployment's key in the work queue, in no order.
void troubles_each(const struct troubles *troubles, void (*fn)(void *user, const char *key, const char *condition, enum reason reason), void *user);
