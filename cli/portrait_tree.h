// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A portrait (cli/portrait.h) as a tree for people.

#include <yyjson.h>

#include "cli/program.h"

void portrait_tree_write(struct program *program, const yyjson_mut_doc *doc);
