// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The inputs of the StatefulSet and its pod template.

#include <yyjson.h>

#include "api/dbms.h"
#include "operator/object/live_set.h"
#include "operator/object/names.h"

struct workload_inputs {
	const struct dbms *dbms;
	const struct names *names;
	const char *digest;	 // settings.digest
	const char *plugins;	 // value of NEO4J_PLUGINS; NULL: none
	yyjson_val *plugins_ref; // its valueFrom instead; NULL: none
	const char *declared;	 // value of DECLARED_PLUGINS_ANNOTATION
	const char *server_version, *fleet_entry, *withdrawn, *unready; // values of the other records; NULL: none
	const char *certificate; // changes with the TLS certificate; NULL without TLS
	const char *volume_size;	 // live_set.volume_size; NULL: as the spec says
	const char *restarted;	 // live_set.restarted: a resource that says nothing keeps it, since removing it would roll the pods; NULL: none
	int replicas;		 // may lag behind dbms.servers while servers are drained
};
