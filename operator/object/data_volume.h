// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The PersistentVolumeClaims of a deployment's pods. They outlive their pods and even the deployment, so one counts as
// leaving only when it bears our own marks, for this very deployment. Pure.

#include <stdbool.h>
#include <stddef.h>

#include <yyjson.h>

#include "api/dbms.h"
#include "base/arena.h"
#include "operator/object/names.h"

// On a claim whose server is to be told to give its databases away: the uid of the deployment. Older operators wrote it later, and also
// on claims whose server nobody had seen: by itself it proves nothing of a server.
#define DATA_VOLUME_LEAVING_ANNOTATION "neofleet.neo4j.com/leaving"

// Beside it, on a claim whose own server was seen Deallocated: the server's id. From then on there is no way back: the server leaves, and
// the claim after it.
#define DATA_VOLUME_DEALLOCATED_ANNOTATION "neofleet.neo4j.com/deallocated"

struct data_volume {
	const char *name;
	const char *uid;
	const char *size; // that was asked for; NULL: none
	int ordinal;	  // of its pod
	bool leaving;		 // it bears the first mark
	const char *deallocated; // the second: the id of the server that was on it; NULL: without both marks
	bool deleting;
	bool pending; // no volume is bound to it yet, and until then the API server lets it not grow
};

// Reads a claim; false when it is none of this deployment's data volumes. Strings belong to root.
bool data_volume_read(yyjson_val *root, const struct dbms *dbms, const struct names *names, struct data_volume *ret);

// Whether a claim is to grow to what the spec says now.
bool data_volume_must_grow(const struct data_volume *volume, const struct dbms *dbms);

// Merge patches: the wish to grow, and the marks.
const char *data_volume_growth_patch(const struct data_volume *volume, const struct dbms *dbms, struct arena *arena);
const char *data_volume_leaving_patch(const struct data_volume *volume, const struct dbms *dbms, struct arena *arena);
const char *data_volume_deallocated_patch(const struct data_volume *volume, const struct dbms *dbms, const char *server_id, struct arena *arena);
