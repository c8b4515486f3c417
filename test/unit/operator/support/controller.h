// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Does the work of StatefulSet controller and kubelet for a standalone: it sees the template as it is now, and where there is no pod, one of it is
// made and is ready. Nothing, where there is no StatefulSet.

#include "support/kubernetes.h"

void controller_run(struct kubernetes *kubernetes, const char *namespace, const char *name, const char *address);
