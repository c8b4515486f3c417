// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A connection to a server that does what is asked for: the one server there is, or one that the routing table of the database
// names, which is read first where it is missing or its time is over.

#include <stdint.h>

#include "base/err.h"
#include "bolt/acquire.h"

// Errors: those of acquire_from(); ERR_IO with BOLT_NO_SERVERS: no router answered, or there is no server for this work; ERR_SERVER
// and ERR_FORBIDDEN of a router that knows the database not to be there or the credentials to be wrong.
int discover_place(struct acquire *acquire, int64_t deadline, struct pool_place **ret, struct err *err);

// Reads the table anew.
int discover_table(struct acquire *acquire, int64_t deadline, struct routing_table *ret, struct err *err);
