// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Flags of the JVM, on their way through neo4j.conf, the server's bootloader and the shell of the image's entrypoint. Pure.

#include "base/arena.h"

// The value for server.jvm.additional with which Java gets each flag as the user wrote it, whatever the shell does: a backslash, written twice,
// before each character that the shell would interpret. A value with its own backslash stays unchanged: its author has seen to that.
// ret_problem, where the result is NULL: why Java does not start with these flags, and the cure.
const char *conf_flags_written(const char *value, struct arena *arena, const char **ret_problem);
