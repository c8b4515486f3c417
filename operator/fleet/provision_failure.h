// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What a refused or lost call on the way to a deployment in Aura means, in the words of the status (F4). Pure.

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "operator/fleet/provision_record.h"
#include "operator/object/reason.h"

struct provision_failure {
	enum reason reason;
	const char *message; // cause and cure
	bool waiting;	     // all is well: it is not its turn yet
	bool server_fault;   // the service's own failure, which must not be called forth without end
	int64_t at_least_ms; // no other try before
};

// Of a call to the Aura API. subject: what cannot be done, such as "Deployment 'a' cannot be made in Aura".
void provision_failure_of_aura(const struct provision_record *record, const char *subject, const struct err *err, struct arena *arena,
			       struct provision_failure *ret);

// Of a write of the resource or of the token's Secret; what names it.
void provision_failure_of_write(const char *what, const struct err *err, struct arena *arena, struct provision_failure *ret);

// Whether a call that ended so was surely not carried out.
bool provision_was_refused(const struct err *err);
