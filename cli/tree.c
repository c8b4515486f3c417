// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/tree.h"

#include <string.h>

#define PREFIX_MAX 128

struct tree {
	enum colour colour;
	const char *head, *text;
	struct tree *first, *last, *next;
};

struct tree *tree_add(struct tree *parent, struct arena *arena, enum colour colour, const char *head, const char *text)
{
	struct tree *node = arena_alloc(arena, sizeof(*node));

	node->colour = colour;
	node->head = head;
	node->text = text;
	if (parent && parent->last)
		parent->last->next = node;
	else if (parent)
		parent->first = node;
	if (parent)
		parent->last = node;
	return node;
}

static void write_line(const struct tree *node, FILE *out, bool colours)
{
	colour_write(out, colours, node->colour, node->head);
	(void)fprintf(out, "%s%s\n", *node->head && *node->text ? "  " : "", node->text);
}

static void write_children(const struct tree *node, const char *prefix, FILE *out, bool colours)
{
	for (const struct tree *child = node->first; child; child = child->next) {
		char below[PREFIX_MAX];

		(void)fprintf(out, "%s%s ", prefix, child->next ? "├─" : "└─");
		write_line(child, out, colours);
		(void)snprintf(below, sizeof(below), "%s%s ", prefix, child->next ? "│ " : "  ");
		write_children(child, below, out, colours);
	}
}

void tree_write(const struct tree *root, FILE *out, bool colours)
{
	write_line(root, out, colours);
	write_children(root, "", out, colours);
}
