// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// How much of the process's memory large objects may take: in all, and for one namespace. One allowance for all stores; only the loop's thread
// uses it, which alone writes stores.

#include <stdbool.h>
#include <stddef.h>

#include "base/cleanup.h"

struct allowance;

struct allowance *allowance_new(size_t of_all, size_t of_namespace);
void allowance_free(struct allowance *allowance); // NULL is allowed
DEFINE_CLEANUP(struct allowance *, allowance_free);

// Takes so many bytes for a namespace. False when that is too much; then it takes nothing.
bool allowance_take(struct allowance *allowance, const char *namespace, size_t bytes);
void allowance_give(struct allowance *allowance, const char *namespace, size_t bytes);

size_t allowance_taken(const struct allowance *allowance);
