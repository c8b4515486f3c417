// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The process ends when an allocation fails: nothing here can go on without memory, and the next process starts from what is in the cluster.

#include "base/exhausted.h"

// Returns p, which is not NULL.
static inline void *must(void *p)
{
	if (!p)
		memory_is_exhausted();
	return p;
}
