// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// How many deployments and plugins each phase has, which deployments are in trouble, and other numbers for metrics: updated with each change, so
// that a scrape need not look through a store. Any thread.

#include <stddef.h>

#include "kube/object.h"
#include "operator/cluster/phase.h"
#include "operator/fleet/gates.h"
#include "operator/object/key.h"
#include "operator/object/reason.h"
#include "operator/plugin/plugin_phase.h"

// Why a deployment is not registered: our own reasons, and one for all others.
#define TALLY_REASONS 32

struct tally_counts {
	size_t phases[2][PHASE_FAILED + 1]; // by enum key_kind
	size_t plugin_phases[PLUGIN_FAILED + 1];
	size_t enabled, registered;
	size_t disconnected; // registered, and its servers do not talk to Aura
	size_t token_gone;   // of these, since they hold no token
	size_t reasons[TALLY_REASONS];
};

struct tally;

struct tally *tally_new(void);
void tally_free(struct tally *tally); // NULL is allowed

// An object of the kind has come (previous NULL), changed, or gone (object NULL).
void tally_change(struct tally *tally, enum key_kind kind, const struct kube_object *object, const struct kube_object *previous);

void tally_read(struct tally *tally, struct tally_counts *ret);

// The name of a reason; NULL: there are no more.
const char *tally_reason(size_t i);

// Tells each condition of a deployment that is not as it should be (pass/troubles); under the lock, so that fn must not block.
void tally_each_trouble(struct tally *tally, void (*fn)(void *user, const char *key, const char *condition, enum reason reason), void *user);
