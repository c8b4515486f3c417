// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A table like all others, whose first column draws the tree. Columns that no step has a value for are left out: EXPLAIN counts nothing, and
// not every runtime counts all.

#include "cmd/plan.h"

#include <math.h>
#include <string.h>

#include "cmd/output.h"

enum { STEP, DETAILS, ESTIMATED, ROWS, HITS, MEMORY, CACHE_HITS, CACHE_MISSES, TIME, N_COLUMNS };

static const char *const columns[N_COLUMNS] = {"plan", "details",  "estimated rows", "rows", "db hits", "memory (bytes)", "page cache hits",
					       "page cache misses", "time (ns)"};
// Where a value is: in the step itself, or else in its arguments.
static const char *const words[N_COLUMNS][2] = {
	[DETAILS] = {NULL, "Details"},		     [ESTIMATED] = {NULL, "EstimatedRows"},	    [ROWS] = {"rows", "Rows"},
	[HITS] = {"dbHits", "DbHits"},		     [MEMORY] = {NULL, "Memory"},		    [CACHE_HITS] = {"pageCacheHits", "PageCacheHits"},
	[CACHE_MISSES] = {"pageCacheMisses", "PageCacheMisses"}, [TIME] = {"time", "Time"},
};

struct tree {
	struct arena *arena;
	struct bolt_value *cells; // N_COLUMNS a line
	size_t n, room;
	bool used[N_COLUMNS];
};

static const struct bolt_value *member(const struct bolt_value *map, const char *key)
{
	return map && key && map->type == BOLT_MAP ? bolt_map_get(map, key) : NULL;
}

static struct bolt_value cell_of(const struct bolt_value *node, int column)
{
	const struct bolt_value *value = member(node, words[column][0]);

	if (!value)
		value = member(member(node, "args"), words[column][1]);
	if (!value)
		return bolt_null();
	if (value->type == BOLT_FLOAT && fabs(value->number) < 1e15)
		return bolt_int(llround(value->number));
	return *value;
}

// "ProduceResults@neo4j": after the @ stands the database.
static const char *name_of(const struct bolt_value *node, struct arena *arena)
{
	const char *name = bolt_as_string(member(node, "operatorType"));

	return name ? arena_memdup0(arena, name, strcspn(name, "@")) : "?";
}

static struct bolt_value *new_line(struct tree *tree, const char *first)
{
	struct bolt_value *line;

	for (int i = 0; i < N_COLUMNS; i++) {
		tree->cells = arena_grow(tree->arena, tree->cells, tree->n, &tree->room);
		tree->cells[tree->n++] = bolt_null();
	}
	line = tree->cells + tree->n - N_COLUMNS;
	line[STEP] = bolt_string(first);
	tree->used[STEP] = true;
	return line;
}

// The last feeder comes first, set in, as the step asks it for each row of the first; plans are deep, so the first is not set in.
static void add_node(struct tree *tree, const struct bolt_value *node, const char *before)
{
	const struct bolt_value *children = member(node, "children");
	uint32_t n = children && children->type == BOLT_LIST ? children->size : 0;
	struct bolt_value *line = new_line(tree, arena_printf(tree->arena, "%s+ %s", before, name_of(node, tree->arena)));

	for (int i = DETAILS; i < N_COLUMNS; i++) {
		line[i] = cell_of(node, i);
		tree->used[i] |= line[i].type != BOLT_NULL;
	}
	for (uint32_t i = n; i-- > 1;) {
		(void)new_line(tree, arena_printf(tree->arena, "%s|\\", before));
		add_node(tree, &children->items[i], arena_printf(tree->arena, "%s| ", before));
	}
	if (n)
		add_node(tree, &children->items[0], before);
}

static int print_tree(const struct tree *tree, FILE *file, struct err *err)
{
	_cleanup_(output_freep) struct output *output = NULL;
	const char *keys[N_COLUMNS];
	struct bolt_value row[N_COLUMNS];
	uint32_t n_keys = 0;

	for (int i = 0; i < N_COLUMNS; i++) {
		if (tree->used[i])
			keys[n_keys++] = columns[i];
	}
	output = output_new(file, OUTPUT_TABLE, keys, n_keys);
	for (size_t line = 0; line < tree->n; line += N_COLUMNS) {
		const struct bolt_value whole = bolt_list(row, n_keys);
		uint32_t n = 0;

		for (int i = 0; i < N_COLUMNS; i++) {
			if (tree->used[i])
				row[n++] = tree->cells[line + (size_t)i];
		}
		if (output_row(output, &whole, err) < 0)
			return err->class;
	}
	return output_end(output, err);
}

int plan_print(const struct bolt_summary *summary, FILE *file, struct arena *arena, struct err *err)
{
	const struct bolt_value *root = summary->profile.type == BOLT_MAP ? &summary->profile : &summary->plan;
	const char *planner = bolt_as_string(member(member(root, "args"), "planner"));
	const char *runtime = bolt_as_string(member(member(root, "args"), "runtime"));
	struct tree tree = {.arena = arena};

	if (root->type != BOLT_MAP)
		return 0;
	add_node(&tree, root, "");
	if (planner && runtime)
		(void)fprintf(file, "planner %s, runtime %s\n", planner, runtime);
	return print_tree(&tree, file, err);
}
