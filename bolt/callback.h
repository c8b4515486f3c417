// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What functions of the library's caller return: 0, or the class of an error. Whoever is careless there must not make a success of a failure:
// anything but 0 is an error, and so is an error that is set.

#include "base/err.h"

// 0, or the class, which is less than 0.
int callback_result(int r, struct err *err);

// The same of one whose errors have the code BOLT_CALLBACK where they have none of their own.
int callback_coded(int r, struct err *err);
