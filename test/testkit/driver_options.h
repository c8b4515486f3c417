// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A driver's options, from testkit's request, and its resolvers, which ask testkit.

#include "test/testkit/serve.h"

// Fills the object's resolvers, too, which must stay where they are as long as the driver.
int driver_options_read(struct driver_object *object, yyjson_val *data, struct arena *arena, struct bolt_driver_options *ret, struct err *err);

// "host:port", both ways.
struct bolt_address address_split(const char *text, struct arena *arena);
const char *address_join(const struct bolt_address *address, struct arena *arena);
