// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Memory that is not there ends the process: nothing here can go on without, and the next process begins from what is in the cluster.

#include "base/exhausted.h"

// p, which is not NULL.
static inline void *must(void *p)
{
	if (!p)
		memory_is_exhausted();
	return p;
}
