// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The meaning of each field of a kind, from the definitions that are part of the program.

#include <stdbool.h>

#include "base/buf.h"

// Appends a JSON object: a field's path ("spec.storage.size", without the places in lists) and its description.
void glossary_write(bool cluster, struct buf *out);
