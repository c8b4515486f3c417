// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A host's addresses from the system's resolver, with a deadline. getaddrinfo() has none and cannot be ended, so a thread calls it. When the
// caller has waited long enough it leaves the thread behind, and the late answer is thrown away. An IP address needs no thread. Any thread may
// call.

#include <netdb.h>

#include "base/err.h"
#include "bolt/wait.h"

// The most threads left behind; while there are so many, no name can be looked up.
#define RESOLVE_LEFT_MAX 32

// *ret is for freeaddrinfo(). ERR_IO: the name is not known; ERR_TIMEOUT, also while RESOLVE_LEFT_MAX look-ups hang; ERR_CANCELLED.
// wait->doing is not used.
int resolve(const char *host, const char *service, const struct wait *wait, struct addrinfo **ret, struct err *err);
