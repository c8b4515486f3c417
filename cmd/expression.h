// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Values as expressions of Cypher that the server reads back as the same value. Nodes, relationships and paths, which no expression makes,
// become maps of what is in them. Pure.

#include "base/buf.h"
#include "base/err.h"
#include "bolt/value.h"

// ERR_INVALID: a value has no expression in Cypher (bytes, and what the server itself could not send), or the buffer's maximum is passed.
int expression_add(struct buf *out, const struct bolt_value *value, struct err *err);

// A name as Cypher takes any: in backquotes.
void expression_add_name(struct buf *out, const char *name);
