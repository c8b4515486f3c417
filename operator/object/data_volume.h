// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The PersistentVolumeClaims of a deployment's pods. They outlive their pods and even the deployment, so a claim counts as leaving only when it
// bears our own marks, for this very deployment. Pure.

#include <stdbool.h>
#include <stddef.h>

#include <yyjson.h>

#include "api/dbms.h"
#include "base/arena.h"
#include "operator/object/names.h"

// On a claim whose server shall give its databases away: the uid of the deployment. Older operators wrote it later, and also on claims whose
// server nobody had seen, so the mark alone proves nothing about a server.
#define DATA_VOLUME_LEAVING_ANNOTATION "neofleet.neo4j.com/leaving"

// Beside it, on a claim whose own server was seen Deallocated: the server's id. From then on there is no way back: the server leaves, and then
// the claim.
#define DATA_VOLUME_DEALLOCATED_ANNOTATION "neofleet.neo4j.com/deallocated"

struct data_volume {
	const char *name;
	const char *uid;
	const char *size; // the size that was asked for; NULL: none
	const char *capacity; // the size that it has; NULL: none yet
	const char *class; // of its storage; NULL: none
	const char *volume; // that it is bound to; NULL: none
	int ordinal;	  // of its pod
	bool leaving;		 // it has the first mark
	const char *deallocated; // the second mark: the id of the server that was on it; NULL unless it has both marks
	bool deleting;
	bool pending; // no volume is bound to it yet; until then the API server does not let it grow
};

// Reads a claim; false when it is no data volume of this deployment. Strings belong to root.
bool data_volume_read(yyjson_val *root, const struct dbms *dbms, const struct names *names, struct data_volume *ret);

// The claim of the pod with this number; NULL: there is none.
const struct data_volume *data_volume_of(const struct data_volume *volumes, size_t n, int ordinal);

// Whether the claim is smaller than the spec says now.
bool data_volume_must_grow(const struct data_volume *volume, const struct dbms *dbms);

// Whether it was asked to grow and has not yet grown.
bool data_volume_is_growing(const struct data_volume *volume);

// Merge patches: one asks for growth, the others set the marks.
const char *data_volume_growth_patch(const struct data_volume *volume, const struct dbms *dbms, struct arena *arena);
const char *data_volume_leaving_patch(const struct data_volume *volume, const struct dbms *dbms, struct arena *arena);
const char *data_volume_deallocated_patch(const struct data_volume *volume, const struct dbms *dbms, const char *server_id, struct arena *arena);
