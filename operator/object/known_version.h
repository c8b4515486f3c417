// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which Neo4j the image of a deployment holds, as far as we know: the tag tells, or a server of this very image has told before and the
// StatefulSet keeps the answer (C4). Pure.

#include "api/dbms.h"
#include "base/arena.h"
#include "neo4j/version.h"
#include "operator/object/live_set.h"

struct known_version {
	struct version version;
	const char *told; // the record of a server's answer for this image; NULL: no server has told, or the tag tells
	enum fleet_form fleet_form;
};

// By the tag or, where the tag does not tell, by the record.
struct known_version known_version_of(const struct dbms *dbms, const struct live_set *live, struct arena *arena);

// By what a server says it is.
struct known_version known_version_told(const struct dbms *dbms, const char *version, struct arena *arena);
