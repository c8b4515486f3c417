// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the operator would change in the children of a deployment if a manifest were applied. It writes nothing: a dry run asks the API server
// about each child, and where that is impossible, the operator's object is compared with the live one.

#include "cli/draft.h"
#include "cli/program.h"

struct comparison {
	struct program *program;
	bool by_fields; // the missing dry run was already noted
	size_t differing; // children
	yyjson_val *object; // the live deployment; NULL: none
	struct live_set live; // of its StatefulSet
};

// Before the draft is made: completes the source with the live objects. dbms: from the manifest.
int comparison_begin(struct comparison *comparison, const struct dbms *dbms, struct draft_source *source, struct err *err);

// Writes what would change in each child of the draft, as diff -u does.
int comparison_run(struct comparison *comparison, const struct draft *draft, struct err *err);
