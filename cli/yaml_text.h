// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// JSON as YAML for people: block style, members in their order, texts of several lines as blocks. Every YAML reader, of version 1.1, too, reads
// the output back as the same JSON.

#include <stdio.h>

#include <yyjson.h>

// A whole document, without a "---" before it.
void yaml_text_write(yyjson_val *val, FILE *out);
