// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the StatefulSet controller and the kubelet do for a standalone: the template is seen as it is now, and where there is no pod, one of it is
// made and is ready. Nothing, where there is no StatefulSet.

#include "support/kubernetes.h"

void controller_run(struct kubernetes *kubernetes, const char *namespace, const char *name, const char *address);
