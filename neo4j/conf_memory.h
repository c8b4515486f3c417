// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// How a container's memory is shared between heap, page cache and the rest of the process. Pure.

#include <stdint.h>

#include "base/err.h"
#include "neo4j/conf_model.h"

// Fills in server.memory.heap.initial_size, heap.max_size and pagecache.size around the user's values. limit is in bytes, 0 for none.
// ERR_INVALID: the user's values do not fit the limit or each other.
int conf_memory(struct conf_model *model, uint64_t limit, struct err *err);
