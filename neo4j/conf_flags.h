// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Flags of the JVM, on their way through neo4j.conf, the server's bootloader and the shell of the image's entrypoint. Pure.

#include "base/arena.h"

// What has to stand in server.jvm.additional so that Java gets each flag of the value as it is written, whatever the shell would make of
// it: a backslash, written twice, before what the shell would take. A value with a backslash of its own is left as it is: whoever wrote it has
// seen to that. ret_problem, where the result is NULL: why Java does not start with these flags, and the cure.
const char *conf_flags_written(const char *value, struct arena *arena, const char **ret_problem);
