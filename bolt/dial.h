// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A TCP connection to a host that may have several addresses: it tries the next one as soon as the one before fails or is silent for a quarter
// of a second, and takes the first that answers. The system's resolver looks names up (bolt/resolve.h). Source: RFC 8305, section 5.

#include <stdint.h>

#include "base/err.h"
#include "bolt/wait.h"

// Non-blocking, without Nagle's delay. ERR_IO: the name is unknown, or no address answers (the last one's error); ERR_TIMEOUT, also of the
// look-up; ERR_CANCELLED. wait->doing is not used.
int dial(const char *host, uint16_t port, const struct wait *wait, int *ret_fd, struct err *err);
