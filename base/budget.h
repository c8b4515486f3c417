// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// An amount of memory that several share: each user takes from it before it uses memory, and gives back afterwards. It only counts; it allocates
// nothing. Any thread.

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

// Takes n. False when less than n is left; then it takes nothing.
bool budget_take(struct budget *budget, size_t n);

// For memory that is in use already: the sum may exceed the maximum, and then nobody else gets any.
void budget_charge(struct budget *budget, size_t n);

void budget_give(struct budget *budget, size_t n);
size_t budget_taken(const struct budget *budget);
