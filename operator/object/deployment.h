// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A deployment as a pass found it. Only operator/pass/gather.h fills one; every other step reads it as const and returns a result of its own.
// Everything is borrowed, and lives until the pass ends.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/dbms.h"
#include "operator/object/data_volume.h"
#include "operator/object/known_version.h"
#include "operator/object/live_set.h"
#include "operator/object/names.h"
#include "operator/object/pod.h"

struct access_memory;
struct kube_object;
struct secret_cache;

struct deployment {
	struct dbms dbms;
	struct names names;
	struct known_version version; // before this pass asks a server
	struct kube_object *workload; // the StatefulSet; NULL for none, or for one that is not ours
	bool untouched; // no pass has been here: what the stores lack is taken for absent, and each write finds out whether it is
	struct live_set live;
	const struct pod *pods; // of the StatefulSet, by name
	size_t n_pods;
	const struct data_volume *volumes; // of present pods and of others
	size_t n_volumes;
	const char *admin_problem;	 // why the admin Secret cannot be used; NULL when it can
	const char *certificate_problem; // why the TLS Secret cannot be used; NULL when it can, or without TLS
	const char *certificate;	 // changes with the certificate; NULL without a usable certificate
	int64_t certificate_turns_ms;	 // wall clock, when the verdict changes by itself; 0: never
	struct secret_cache *keyring;	 // of this pass
	struct access_memory *login;	 // of logins to its servers
};
