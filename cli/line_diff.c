// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The common beginning and end of both texts are set aside. For the rest a table tells how many lines two tails have in common at most; a walk
// through it from the start gives the shortest list of edits. Where the table would be too large, the rest counts as replaced.

#include "cli/line_diff.h"

#include <string.h>

#define CONTEXT 3
#define TABLE_MAX ((size_t)4 * 1024 * 1024)

struct text {
	const char **lines;
	size_t n;
};

struct edit {
	char mark; // ' ', '-' or '+'
	const char *line;
};

struct script {
	struct edit *edits;
	size_t n;
};

static struct text split(const char *text, struct arena *arena)
{
	struct text ret = {0};
	char *copy = arena_strdup(arena, text ? text : ""), *line;
	size_t room = 0;

	while ((line = strsep(&copy, "\n"))) {
		// Nothing follows the last line.
		if (!copy && !*line)
			break;
		ret.lines = arena_grow(arena, ret.lines, ret.n, &room);
		ret.lines[ret.n++] = line;
	}
	return ret;
}

static struct text slice(const struct text *text, size_t from, size_t to)
{
	return (struct text){text->n ? text->lines + from : NULL, to - from};
}

static void put(struct script *script, char mark, const char *line)
{
	script->edits[script->n++] = (struct edit){mark, line};
}

static void put_all(struct script *script, char mark, const struct text *text)
{
	for (size_t i = 0; i < text->n; i++)
		put(script, mark, text->lines[i]);
}

// common[i * width + j]: of the lines from i and from j on.
static unsigned *count_common(const struct text *from, const struct text *to, struct arena *arena)
{
	size_t width = to->n + 1;
	unsigned *common = arena_new_array(arena, unsigned, (from->n + 1) * width);

	memset(common, 0, (from->n + 1) * width * sizeof(*common));
	for (size_t i = from->n; i-- > 0;) {
		for (size_t j = to->n; j-- > 0;) {
			unsigned down = common[(i + 1) * width + j], right = common[i * width + j + 1];
			bool same = strcmp(from->lines[i], to->lines[j]) == 0;

			common[i * width + j] = same ? common[(i + 1) * width + j + 1] + 1 : down > right ? down : right;
		}
	}
	return common;
}

static void compare(const struct text *from, const struct text *to, struct arena *arena, struct script *script)
{
	size_t width = to->n + 1, i = 0, j = 0;
	const unsigned *common = (from->n + 1) * width > TABLE_MAX ? NULL : count_common(from, to, arena);

	while (common && i < from->n && j < to->n) {
		if (strcmp(from->lines[i], to->lines[j]) == 0) {
			put(script, ' ', from->lines[i++]);
			j++;
		} else if (common[(i + 1) * width + j] >= common[i * width + j + 1]) {
			put(script, '-', from->lines[i++]);
		} else {
			put(script, '+', to->lines[j++]);
		}
	}
	while (i < from->n)
		put(script, '-', from->lines[i++]);
	while (j < to->n)
		put(script, '+', to->lines[j++]);
}

static struct script script_of(const struct text *from, const struct text *to, struct arena *arena)
{
	struct script script = {.edits = arena_new_array(arena, struct edit, from->n + to->n + 1)};
	size_t head = 0, tail = 0, least = from->n < to->n ? from->n : to->n;
	struct text part, other;

	while (head < least && strcmp(from->lines[head], to->lines[head]) == 0)
		head++;
	while (tail < least - head && strcmp(from->lines[from->n - tail - 1], to->lines[to->n - tail - 1]) == 0)
		tail++;
	part = slice(from, 0, head);
	put_all(&script, ' ', &part);
	part = slice(from, head, from->n - tail);
	other = slice(to, head, to->n - tail);
	compare(&part, &other, arena, &script);
	part = slice(from, from->n - tail, from->n);
	put_all(&script, ' ', &part);
	return script;
}

// The end of the hunk whose first change is at an edit: changes with at most two contexts between them are one hunk.
static size_t hunk_end(const struct script *script, size_t first)
{
	size_t last = first;

	for (size_t i = first; i < script->n && i <= last + 2 * CONTEXT + 1; i++) {
		if (script->edits[i].mark != ' ')
			last = i;
	}
	return last + 1 + CONTEXT < script->n ? last + 1 + CONTEXT : script->n;
}

// How many of the edits before an end are lines of one of the texts.
static size_t count(const struct script *script, size_t begin, size_t end, char other)
{
	size_t n = 0;

	for (size_t i = begin; i < end; i++)
		n += script->edits[i].mark != other;
	return n;
}

static void write_range(const struct script *script, size_t begin, size_t end, char other, FILE *out)
{
	size_t before = count(script, 0, begin, other), n = count(script, begin, end, other);

	// diff names the line before an empty range.
	(void)fprintf(out, "%zu", n ? before + 1 : before);
	if (n != 1)
		(void)fprintf(out, ",%zu", n);
}

static void write_hunk(const struct script *script, size_t begin, size_t end, FILE *out)
{
	(void)fputs("@@ -", out);
	write_range(script, begin, end, '+', out);
	(void)fputs(" +", out);
	write_range(script, begin, end, '-', out);
	(void)fputs(" @@\n", out);
	for (size_t i = begin; i < end; i++)
		(void)fprintf(out, "%c%s\n", script->edits[i].mark, script->edits[i].line);
}

bool line_diff_write(const struct line_diff *diff, struct arena *arena, FILE *out)
{
	struct text from = split(diff->from, arena), to = split(diff->to, arena);
	struct script script = script_of(&from, &to, arena);
	bool differs = false;

	for (size_t i = 0; i < script.n; i++) {
		size_t begin = i > CONTEXT ? i - CONTEXT : 0, end;

		if (script.edits[i].mark == ' ')
			continue;
		if (!differs)
			(void)fprintf(out, "--- %s\n+++ %s\n", diff->from_name, diff->to_name);
		differs = true;
		end = hunk_end(&script, i);
		write_hunk(&script, begin, end, out);
		i = end - 1;
	}
	return differs;
}
