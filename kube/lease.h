// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Leader election by a Lease (coordination.k8s.io/v1), by the rules of client-go, so that both may contend for the same Lease.
//
// Every write is conditional on the resourceVersion that was read: of two contenders one wins. The times in a Lease are for people; only our own
// monotonic clock decides whether another's lease has run out, counted from the moment when we last saw it change. Our own lease counts from
// before its last successful renewal was sent, so we never believe in it longer than any contender does. It is renewed often, given up when a
// third of it is left, and released at an orderly stop, so that the next process need not wait. After a loss we do not seek it again: the
// process must exit. Time in which the machine sleeps counts.
//
//   lease_new(config, loop, &(struct lease_options){.name = name, .on_change = wake}, &lease, &err);
//   lease_start(lease, &err);            // wake() is called from its thread when it is held, and when it is lost
//   if (lease_left_ms(lease) > 15000) ... // may start what ends within 15 s
//   lease_stop(lease);                   // after the work has ended
//   lease_free(lease);

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "kube/client.h"

#define LEASE_IDENTITY_SIZE 128

struct lease_options {
	struct kube_name name;
	const char *identity; // of this process, or of a line of processes that run one at a time: the process goes on with a lease
			      // that has this name; NULL: the host's name and a random number
	int duration_s;	      // 0: 30
	int renew_ms;	      // between two renewals; 0: 5000
	int retry_ms;	      // between two looks at another's lease, or after a failed try; 0: 2000
	const struct clock *clock; // NULL: the system's; another one is for lease_step() only
	void (*on_change)(void *user); // NULL; on the lease's thread
	void *user;
};

struct lease;

// config and loop are kept by reference.
int lease_new(const struct kube_config *config, struct loop *loop, const struct lease_options *options, struct lease **ret,
	      struct err *err);
void lease_free(struct lease *lease); // NULL is allowed
DEFINE_CLEANUP(struct lease *, lease_free);

// Makes the thread that seeks the lease and keeps it.
int lease_start(struct lease *lease, struct err *err);

// Ends the thread, waiting for one call at most, and releases the lease if it is held. NULL is allowed.
void lease_stop(struct lease *lease);

// How long the lease surely lasts, by the monotonic clock; 0 when it is not held. Any thread.
int64_t lease_left_ms(const struct lease *lease);

bool lease_is_held(const struct lease *lease); // any thread
bool lease_is_lost(const struct lease *lease); // it was held and is lost, or has run out; any thread

// How long we have waited while another holds the lease; 0 when we hold it or nobody does. Any thread. The log names the holder when the wait
// begins, when the holder changes, and every five minutes.
int64_t lease_waits_ms(const struct lease *lease);

const char *lease_name(const struct lease *lease);
const char *lease_identity(const struct lease *lease);

// The requests of its own client, for metrics. Any thread.
const struct traffic *lease_traffic(const struct lease *lease);

// One step of the thread: one look or write. Returns the milliseconds until the next step; -1 once the lease is lost. For tests, without
// lease_start().
int64_t lease_step(struct lease *lease);
