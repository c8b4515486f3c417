// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A deployment under examination, and the list of findings.

#include <stdbool.h>
#include <stddef.h>

#include <yyjson.h>

#include "api/dbms.h"
#include "cli/program.h"

struct diagnosis_finding {
	bool error; // something does not work; else it soon will not, or may not
	const char *subject; // "shop/orders"; "operator"
	const char *cause, *cure;
	const char *command; // NULL: no command cures it
};

struct diagnosis {
	struct program *program;
	struct diagnosis_finding *findings;
	size_t n, room;
	size_t looked_at; // deployments
	const char *unread[32]; // each thing that could not be read, once
	size_t n_unread;
};

void diagnosis_add(struct diagnosis *diagnosis, const struct diagnosis_finding *finding);
void diagnosis_unread(struct diagnosis *diagnosis, const char *what, const struct err *err);

// One deployment under examination.
struct patient {
	struct diagnosis *diagnosis;
	struct arena *arena;
	yyjson_val *root;
	struct dbms dbms;
	const char *subject; // "shop/orders"
	const char *kind;    // "n4jc"
	bool secret_told, token_told, pods_told; // already reported, so the status's words would repeat it
};

// Adds a finding about a patient; command may be empty.
void patient_add(const struct patient *patient, bool error, const char *cause, const char *cure, const char *command);
