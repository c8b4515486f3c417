// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Lets the volumes of a deployment grow when spec.storage.size does. The StatefulSet's template cannot be changed and keeps
// its size; a claim that it makes smaller is made to grow as the others.

#include "base/err.h"
#include "operator/context.h"
#include "operator/object/kept.h"
#include "operator/object/deployment.h"

// A claim that was not allowed to grow: not asked again before.
struct volume_growth_memory {
	int64_t next_ms; // monotonic
	char size[KEPT_VERSION_SIZE]; // that was refused; "": none was
	char message[KEPT_TEXT_SIZE];
};

struct volume_growth_result {
	const char *note;	// why a claim does not grow, and the cure, in the memory; NULL: none was refused
	int64_t again_after_ms; // when it is asked again; 0: no need
};

// Of the first so many servers. A refusal (most storage classes do not allow it) is an outcome; an API that cannot be asked is an error.
int volume_growth_run(const struct context *context, struct volume_growth_memory *memory, const struct deployment *deployment, int servers,
		      struct volume_growth_result *ret, struct err *err);
