// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Resources that are made in Aura, and the API server that has them: a table behind the functions of kube/client.h. Tests that use it are linked
// with --wrap for these, for http_perform() and for clock_gettime(), whose time is the test's. Each call may be the operator's last, before it is
// carried out or after.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "operator/fleet/provision.h"
#include "operator/fleet/provision_end.h"
#include "support/aura_service.h"

#define CROWD 50
#define CROWD_BEGIN_MS INT64_C(1800000000000)

// A resource, its Secret and its server.
struct crowd_resource {
	char name[32];
	int version;
	char *record; // of its annotation; NULL: none
	bool finalizer, deletes, gone;
	char deleted_at[TIME_TEXT_SIZE];
	unsigned registrations;
	bool registered;
	char mark[96], token[64]; // of the Secret; mark "": there is none
	int secret_version;
	char server_token[64];
	struct provision_memory memory;
	struct provision_end_memory ending;
	int64_t next_ms; // INT64_MAX: only a change wakes it
	char said[800];	 // the last failure
	unsigned told;	 // failures, each with another text than the one before
	unsigned flips;	 // how often something else was said while a failure was not cured
};

struct crowd {
	struct crowd_resource resources[CROWD];
	size_t n;
	int64_t now_ms;
	unsigned seed;
	unsigned calls_left; // until the operator is killed; 0: it is not
	bool dead;
	unsigned kills;
	bool loses;	// answers of the service
	bool no_rights; // to write Secrets
	struct context context;
	struct arena *arena;
};

extern struct crowd crowd;


unsigned crowd_chance(unsigned of);
int64_t crowd_now_ms(void);

// What becomes of the next call that does something.
enum crowd_fate { CROWD_RUNS, CROWD_DIES_BEFORE, CROWD_DIES_AFTER, CROWD_IS_DEAD };
enum crowd_fate crowd_fate(void);
enum aura_service_fate crowd_service_fate(void);

// The resource as the API server has it; the caller unrefs it.
struct kube_object *crowd_object(const struct crowd_resource *resource);

// The watch will bring a change of it.
void crowd_wake(struct crowd_resource *resource);
