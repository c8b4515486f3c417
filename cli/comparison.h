// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the operator would change of the children of a deployment, were a manifest applied. Nothing is written: the API server is asked by a dry run what
// would come of each child, and where it does not say, what the operator writes is held against what is live.

#include "cli/draft.h"
#include "cli/program.h"

struct comparison {
	struct program *program;
	bool by_fields; // it was said that there is no dry run
	size_t differing; // children
	yyjson_val *object; // the deployment that is live; NULL: none
	struct live_set live; // of its StatefulSet
};

// Before the draft is made: completes the source with what is live. dbms: as the manifest has it.
int comparison_begin(struct comparison *comparison, const struct dbms *dbms, struct draft_source *source, struct err *err);

// Writes what would change of each child of the draft, as diff -u does.
int comparison_run(struct comparison *comparison, const struct draft *draft, struct err *err);
