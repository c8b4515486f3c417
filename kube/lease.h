// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Leader election by a Lease (coordination.k8s.io/v1), by the rules of client-go, so that both may contend for one.
//
// Every write is conditional on the resourceVersion that was read: of two contenders one wins. The times written in a
// Lease are for people; whether another's has run out is judged by our own monotonic clock alone, since the moment at
// which we saw it change last. Our own lasts from before its last successful renewal was sent: never longer than any
// contender believes. It is renewed often, given up when a third of it is left, and released at an orderly stop,
// so that the next need not wait. Once lost, it is not sought again: the process is to exit. Time in which the machine sleeps counts.
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
	const char *identity; // of this process, or of a line of processes of which one runs at a time: it goes on with a lease that is
			      // held in this name; NULL: the host's name and a random number
	int duration_s;	      // 0: 30
	int renew_ms;	      // from one renewal to the next; 0: 5000
	int retry_ms;	      // from one look at another's, or failed try, to the next; 0: 2000
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

// Makes the thread that seeks and keeps it.
int lease_start(struct lease *lease, struct err *err);

// Ends the thread, waiting for one call at most, and releases the lease when it is held. NULL is allowed.
void lease_stop(struct lease *lease);

// How much of it is surely left, by the monotonic clock; 0 when it is not held. Any thread.
int64_t lease_left_ms(const struct lease *lease);

bool lease_is_held(const struct lease *lease); // any thread
bool lease_is_lost(const struct lease *lease); // it was held and is no more, or has run out; any thread

// How long it has been waited for while another holds it; 0 when it is held or nobody has it. Any thread. The log says by whom it is held: when
// the wait begins, when the holder changes, and every five minutes.
int64_t lease_waits_ms(const struct lease *lease);

const char *lease_name(const struct lease *lease);
const char *lease_identity(const struct lease *lease);

// Of its own client, for metrics. Any thread.
const struct traffic *lease_traffic(const struct lease *lease);

// What the thread does again and again: one look or write. Returns the milliseconds until the next is due; -1 once it
// is lost. For tests, without lease_start().
int64_t lease_step(struct lease *lease);
