// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

#include "base/err.h"

// The err.code of what went wrong in the backend itself or in what testkit sent.
#define BACKEND_FAULT "backend"
#define backend_fault(err, ...) (err_set((err), ERR_PROTOCOL, __VA_ARGS__), err_set_code((err), BACKEND_FAULT), ERR_PROTOCOL)
