// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whether this process is the one that opened a connection. After fork() both would read and write the same stream, and each would get what the
// other has asked for. How often the process and those before it have forked is counted, at no cost for a call but a comparison.

#include "base/err.h"

// To be asked when something is opened, and kept: counting begins with the first call.
unsigned forks_begin(void);

// ERR_INVALID with BOLT_FORKED: what was opened is the parent's.
int forks_check(unsigned begun, const char *what, struct err *err);
