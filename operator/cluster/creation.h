// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Why a pod of the StatefulSet is not there, where the API server does not let it be made: a quota, a LimitRange, Pod Security, a webhook, a
// policy. Only an event tells it. Events are not watched: they are asked for, and only while a pod is missing for longer than making one takes.

#include <stdint.h>

#include "operator/context.h"
#include "operator/object/basis.h"
#include "operator/object/deployment.h"
#include "operator/object/kept.h"

struct creation_memory {
	struct basis basis; // the StatefulSet as it is, and the pod that is missing
	unsigned looks;
	int64_t next_ms;  // monotonic; not before
	int64_t whole_ms; // wall clock, when no pod was missing last; 0: not since the start
	char message[KEPT_TEXT_SIZE];
};

struct creation_told {
	const char *message;	// which pod cannot be made, why, and the cure, in the memory; NULL: nothing is known
	int64_t again_after_ms; // 0: no need
};

// Of the first so many servers. An API server that does not answer, or does not let events be read, is no error: nothing is said.
void creation_look(const struct context *context, struct creation_memory *memory, const struct deployment *deployment, int servers,
		   struct creation_told *ret);
