// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A tree for people: a line a node, its children below it.

#include <stdio.h>

#include "base/arena.h"
#include "cli/text_table.h"

struct tree;

// parent NULL: the root. The texts must be safe to show and live as long as the arena. head is in its colour, text follows it; either may be "".
struct tree *tree_add(struct tree *parent, struct arena *arena, enum colour colour, const char *head, const char *text);
void tree_write(const struct tree *root, FILE *out, bool colours);
