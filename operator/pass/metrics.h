// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The figures of /metrics, in the Prometheus text format. Any thread.

#include "base/buf.h"
#include "kube/runner.h"
#include "operator/context.h"

// runner: NULL while none works.
void metrics_write(const struct context *context, const struct runner *runner, struct buf *out);
