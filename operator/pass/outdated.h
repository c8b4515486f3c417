// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Versions of a deployment that the API server no longer has: the deployment was written since (a few times in a pass), or is gone. A pass that began
// with such a version would run into a conflict, or build children that the garbage collector takes at once, over and over while a watch lags
// behind. So no pass begins with one until the watch brings news or the time is over.

#include <stdbool.h>
#include <stdint.h>

#include "kube/object.h"
#include "operator/object/kept.h"

#define OUTDATED_VERSIONS 3

struct outdated {
	char versions[OUTDATED_VERSIONS][KEPT_VERSION_SIZE]; // the newest first
	int64_t until_ms;		     // monotonic
	bool gone;
};

void outdated_note(struct outdated *outdated, const char *version, bool gone);

bool outdated_is(const struct outdated *outdated, const struct kube_object *object);
