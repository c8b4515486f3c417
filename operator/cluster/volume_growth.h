// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Lets the volumes of a deployment grow when spec.storage.size grows. The StatefulSet's template cannot change and keeps its size; a smaller
// claim that it makes must grow like the others.

#include <stdbool.h>

#include "base/err.h"
#include "operator/context.h"
#include "operator/object/kept.h"
#include "operator/object/deployment.h"

// A claim that was not allowed to grow is not asked again before next_ms.
struct volume_growth_memory {
	int64_t next_ms; // monotonic
	char size[KEPT_VERSION_SIZE]; // the refused size; "": none was
	char message[KEPT_TEXT_SIZE];
};

struct volume_growth_result {
	const char *note;	// why a claim does not grow, and the cure, in the memory; NULL: no refusal
	bool asked;		// a claim was asked to grow just now
	int64_t again_after_ms; // when to ask again; 0: no need
};

// For the first so many servers. A refusal (most storage classes do not allow growth) is an outcome; an API server that does not answer is an
// error.
int volume_growth_run(const struct context *context, struct volume_growth_memory *memory, const struct deployment *deployment, int servers,
		      struct volume_growth_result *ret, struct err *err);
