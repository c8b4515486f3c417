// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The result of a function of the library's caller: 0, or the class of an error. A careless function must not turn a failure into a success:
// anything but 0 is an error, and so is an error that is set.

#include "base/err.h"

// 0, or the class, which is less than 0.
int callback_result(int r, struct err *err);

// The same, but an error without a code of its own gets BOLT_CALLBACK.
int callback_coded(int r, struct err *err);
