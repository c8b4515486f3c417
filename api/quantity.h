// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Kubernetes quantities as far as the operator reads them: "10Gi", "1500M", "1e9", "2". Pure. Source: Kubernetes API, resource.Quantity.

#include <stdbool.h>
#include <stdint.h>

// Whole bytes, a fraction rounded down. False when text is no quantity, is negative or does not fit.
bool quantity_parse(const char *text, uint64_t *ret);
