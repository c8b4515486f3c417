// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The script that the start-up and readiness probes run in the container (B5). Pure.

#include <stdbool.h>

#include "base/arena.h"

// The key in the ConfigMap, and the path in the container.
#define PROBE_KEY "bolt-probe.sh"
#define PROBE_FOLDER "/neofleet"

// For bash with coreutils: exit status 0 when the server answers on its Bolt port. With tls it must answer as a TLS server.
// Its one argument, for tests, is the port.
const char *probe_script(bool tls, struct arena *arena);
