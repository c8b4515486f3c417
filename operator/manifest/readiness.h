// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The script that the start-up and readiness probes run in the container (B5). Pure.

// The key in the ConfigMap, and the path in the container.
#define READINESS_KEY "bolt-probe.sh"
#define READINESS_FOLDER "/neofleet"

// For bash with coreutils: exit status 0 when the server answers on its Bolt port; in a container that was started with a certificate, it must
// answer over TLS. The text is always the same, so that a change of spec.tls changes nothing under running pods. Its arguments, for tests, are
// the port and the certificate's folder.
const char *readiness_script(void);
