// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whether a pod was rolled only for our Fleet Manager entry, and what follows when the pod does not come up with it: the operator withdraws the
// entry until the image or the spec changes (C8). The StatefulSet keeps both records, so they survive restarts of the operator. Pure.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "operator/manifest/workload.h"
#include "operator/object/pod.h"

// The record of the entry: "absent BASE", "trial BASE" or "passed BASE". BASE is the digest of the template without the entry: while it stays
// the same, only the entry has changed.
struct entry_trial_facts {
	const char *record; // the present one; NULL: none
	const char *base;
	bool entry;   // the template shall have it
	bool settled; // every pod runs the present template, and is ready
};

const char *entry_trial_record(const struct entry_trial_facts *facts, struct arena *arena);

// Sets base and entry from the two forms of the template.
void entry_trial_compare(const struct workload_inputs *with, const struct workload_inputs *without, struct arena *arena,
			 struct entry_trial_facts *facts);

// Whether a record says that the entry is in the template; and that it is on trial there.
bool entry_trial_has_entry(const char *record);
bool entry_trial_is_running(const char *record);

// The pod of that revision that has failed the trial: its container ended three times before it was ready. NULL: none.
const struct pod *entry_trial_failure(const char *record, const char *revision, const struct pod *pods, size_t n);

// The record of a withdrawal: a JSON text bound to an image and to a generation of the spec.
struct entry_trial_withdrawal {
	const char *image;
	int64_t generation;
	const char *words; // the container's last words
};

const char *entry_trial_withdrawal_print(const struct entry_trial_withdrawal *withdrawal, struct arena *arena);

// False when text (NULL: none) is no record, or a record of another image or generation. On success ret->words lives in the arena.
bool entry_trial_withdrawal_holds(const char *text, const char *image, int64_t generation, struct arena *arena,
				  struct entry_trial_withdrawal *ret);
