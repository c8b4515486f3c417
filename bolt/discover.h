// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A connection to a server that does the wanted work: the only server, or one in the database's routing table, which is read first where it is
// missing or out of date.

#include <stdint.h>

#include "base/err.h"
#include "bolt/acquire.h"

// Errors: those of acquire_from(); ERR_IO with BOLT_NO_SERVERS: no router answered, or no server does this work; ERR_SERVER and ERR_FORBIDDEN of
// a router that says that the database does not exist or the credentials are wrong.
int discover_place(struct acquire *acquire, int64_t deadline, struct pool_place **ret, struct err *err);

// Reads the table anew.
int discover_table(struct acquire *acquire, int64_t deadline, struct routing_table *ret, struct err *err);
