// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The meaning of a plain scalar of YAML in kubectl, which reads YAML 1.1: yes, on and y are true, 0777 is 511, and a date is a time. Pure.

#include <stdbool.h>
#include <stddef.h>

#include <yyjson.h>

// NULL: it has no counterpart in JSON (.nan, .inf).
yyjson_mut_val *yaml_scalar_value(yyjson_mut_doc *doc, const char *text, size_t len);
