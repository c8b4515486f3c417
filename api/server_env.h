// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Which environment variables of the server only the operator or the image may set. Pure.

#include <stdbool.h>

#include "api/field.h"

// Raises an error at the item's name, with what to do instead, unless the variable may be set.
void server_env_check_name(struct field_reader *reader, struct field item, const char *name);

// Whether variables whose names begin so may be reserved ones, or settings of neo4j.conf; "" may be any.
bool server_env_prefix_is_reserved(const char *prefix);
