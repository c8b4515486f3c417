// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Texts of a fixed size, for what is remembered between two passes. Pure.

#include <stddef.h>

#define KEPT_VERSION_SIZE 40
#define KEPT_PROJECT_SIZE 65
#define KEPT_TEXT_SIZE 768

// Copies a text into a field, cut at its size; NULL empties it.
#define kept_set(field, text) kept_copy((field), sizeof(field), (text))
void kept_copy(char *field, size_t size, const char *text);
