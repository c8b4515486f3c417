// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whose a pod's address is. Without TLS only the address says who answers, and the store may know an old state of the pod; so the API server must
// confirm it right before a password goes there (B9). With TLS the certificate is the proof, and nobody is asked.

#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "operator/context.h"
#include "operator/object/pod.h"
#include "operator/server/login_memory.h"

// The code of an error of confirmation_check().
#define CONFIRMATION_FAILED "neofleet.unconfirmed"

// Of a deployment's pods, and what one list said of all of them, which counts for a second. With servers alone, each pod is read by itself.
struct confirmation {
	const struct access_servers *servers;
	int64_t asked_ms;     // monotonic; 0: no list was asked for, or the API server did not tell
	const char **changes; // of servers->pods, as pod_change(); NULL: the address is still the pod's
};

// Asks for all of them by one call, where at least two are without TLS. Without an answer each is asked for by itself later.
void confirmation_ask(const struct context *context, const struct access_servers *servers, int64_t deadline, struct arena *arena, struct confirmation *ret);

// Call it right before each login, with the login's deadline; after confirmation_ask() pod is one of servers->pods. ERR_IO with code
// CONFIRMATION_FAILED when the pod has changed, or the API server does not tell.
int confirmation_check(const struct context *context, const struct confirmation *confirmation, const struct pod *pod, int64_t deadline, struct err *err);
