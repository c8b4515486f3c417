// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The addresses of a host by the system's resolver, with a deadline. getaddrinfo() has none, and cannot be ended: so a thread asks
// it, and is left behind with its question when the caller has waited long enough; whatever it is told then is thrown away. An
// address needs no thread. Any thread may call.

#include <netdb.h>

#include "base/err.h"
#include "bolt/wait.h"

// Threads that are left behind at most; while there are as many, a name cannot be looked up.
#define RESOLVE_LEFT_MAX 32

// *ret is for freeaddrinfo(). ERR_IO: the name is not known; ERR_TIMEOUT, also while RESOLVE_LEFT_MAX look-ups hang; ERR_CANCELLED.
// wait->doing is not used.
int resolve(const char *host, const char *service, const struct wait *wait, struct addrinfo **ret, struct err *err);
