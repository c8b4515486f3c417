// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A deployment under examination, and where what is found is written down.

#include <stdbool.h>
#include <stddef.h>

#include <yyjson.h>

#include "api/dbms.h"
#include "cli/program.h"

struct diagnosis_finding {
	bool error; // something does not work; else it will not for long, or may not
	const char *subject; // "shop/orders"; "operator"
	const char *cause, *cure;
	const char *command; // NULL: there is none to type
};

struct diagnosis {
	struct program *program;
	struct diagnosis_finding *findings;
	size_t n, room;
	size_t looked_at; // deployments
	const char *unread[32]; // what could not be read, each once
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
	bool secret_told, token_told, pods_told; // what the status says of it would be said twice
};

// Adds a finding of a patient; command may hold nothing.
void patient_add(const struct patient *patient, bool error, const char *cause, const char *cure, const char *command);
