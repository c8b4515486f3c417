// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Whether this process opened a connection. After fork() parent and child would read and write the same stream, and each would get the other's
// answers. This counts the forks of this process and of those before it; a call pays only a comparison.

#include <stdatomic.h>
#include <stdbool.h>

#include "base/err.h"

extern atomic_uint forks_count;

// Call it when something is opened, and keep the result: counting begins with the first call.
unsigned forks_begin(void);

int forks_refuse(const char *what, struct err *err);

// ERR_INVALID with BOLT_FORKED: the parent opened it.
static inline int forks_check(unsigned begun, const char *what, struct err *err)
{
	bool same = begun == atomic_load_explicit(&forks_count, memory_order_relaxed);

	return __builtin_expect(same, 1) ? 0 : forks_refuse(what, err);
}
