// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Why a pod of the StatefulSet is missing, where the API server does not let the controller make it: a quota, a LimitRange, Pod Security, a
// webhook, a policy. Only an event tells it. The operator does not watch events: it asks for them, and only while a pod is missing for longer
// than making one takes.

#include <stdint.h>

#include "operator/context.h"
#include "operator/object/basis.h"
#include "operator/object/deployment.h"
#include "operator/object/kept.h"

struct creation_memory {
	struct basis basis; // the present StatefulSet and the missing pod
	unsigned looks;
	int64_t next_ms;  // monotonic; do not look before
	int64_t whole_ms; // wall clock, when all pods were last there; 0: not since the start
	char message[KEPT_TEXT_SIZE];
};

struct creation_told {
	const char *message;	// which pod cannot be made, why, and the cure, in the memory; NULL: we do not know
	int64_t again_after_ms; // 0: no need
};

// Looks for the first so many servers. It is no error when the API server does not answer, or does not allow to read events: there is no message
// then.
void creation_look(const struct context *context, struct creation_memory *memory, const struct deployment *deployment, int servers,
		   struct creation_told *ret);
