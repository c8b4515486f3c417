// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/budget.h"

#include <assert.h>
#include <stdatomic.h>

bool budget_take(struct budget *budget, size_t n)
{
	size_t taken;

	if (!budget)
		return false;
	taken = atomic_load(&budget->taken);
	do {
		if (taken > budget->max || n > budget->max - taken)
			return false;
	} while (!atomic_compare_exchange_weak(&budget->taken, &taken, taken + n));
	return true;
}

void budget_charge(struct budget *budget, size_t n)
{
	if (budget)
		(void)atomic_fetch_add(&budget->taken, n);
}

void budget_give(struct budget *budget, size_t n)
{
	size_t before;

	if (!budget)
		return;
	before = atomic_fetch_sub(&budget->taken, n);
	assert(before >= n);
	(void)before;
}

size_t budget_taken(const struct budget *budget)
{
	return budget ? atomic_load(&budget->taken) : 0;
}
