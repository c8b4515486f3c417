// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Why a server ended, where the kubelet has kept only the end of a stack trace: the log of the ended container has its beginning. The operator
// asks for that log once for each end, and never while the server is ready.

#include "operator/context.h"
#include "operator/object/basis.h"
#include "operator/object/deployment.h"

// So many ends of a deployment are looked up at the same time; of others the operator says what was kept.
#define END_LOGS 4

struct end_log_memory {
	struct end_log {
		struct basis end; // the pod and its container
		char words[320];  // "": the log did not tell
	} logs[END_LOGS];
};

// The deployment's pods, some of which may tell more of their end. It is no error when the API server does not answer, or does not allow to read
// logs.
const struct pod *end_log_look(const struct context *context, struct end_log_memory *memory, const struct deployment *deployment, struct arena *arena);
