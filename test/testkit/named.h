// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// {"name": ..., "data": ...}, in which testkit wraps whatever has a type.

#include <yyjson.h>

yyjson_mut_val *named_wrap(yyjson_mut_doc *doc, const char *name, yyjson_mut_val *data);
