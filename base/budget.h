// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// An amount of memory that several share: each takes from it before it uses memory, and gives back afterwards. It counts, and
// allocates nothing. Any thread.

#include <stdbool.h>
#include <stddef.h>

struct budget {
	size_t max;
#ifdef __cplusplus
	size_t taken; // of the library alone
#else
	_Atomic size_t taken;
#endif
};

#define BUDGET_INIT(bytes) {(bytes), 0}

// False, and nothing is taken, when less than n is left.
bool budget_take(struct budget *budget, size_t n);

// For memory that is in use already: what is taken may exceed the maximum, and then nobody else gets any.
void budget_charge(struct budget *budget, size_t n);

void budget_give(struct budget *budget, size_t n);
size_t budget_taken(const struct budget *budget);
