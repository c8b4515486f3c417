// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// The bootloader splits the value at blanks outside of quotes, and removes quotes around a whole flag. It prints a command: a flag with a blank
// or a single quote stands between double quotes, a flag with a double quote between single quotes, any other bare. The entrypoint evaluates
// that command, so a bare "|" ends it, and "$" is replaced even between double quotes. test/neo4j/verdicts.tsv has what the real ones make of
// some sixty values.

#include "neo4j/conf_flags.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/buf.h"

#define FLAGS_MAX ((size_t)512 * 1024)

struct flag {
	const char *text; // without quotes around the whole
	size_t len;
};

// Reads the next flag and moves *text behind it; false: there is none. *ret_open: a quote is not closed.
static bool next_flag(const char **text, struct flag *ret, bool *ret_open)
{
	char quote = 0;
	const char *c = *text;

	while (isspace((unsigned char)*c))
		c++;
	ret->text = c;
	for (; *c && (quote || !isspace((unsigned char)*c)); c++) {
		if (*c == quote)
			quote = 0;
		else if (!quote && (*c == '"' || *c == '\''))
			quote = *c;
	}
	ret->len = (size_t)(c - ret->text);
	*ret_open = quote != 0;
	*text = c;
	return ret->len > 0;
}

static void peel(struct flag *flag)
{
	while (flag->len > 2 && (*flag->text == '"' || *flag->text == '\'') && flag->text[flag->len - 1] == *flag->text) {
		flag->text++;
		flag->len -= 2;
		while (flag->len && isspace((unsigned char)*flag->text))
			flag->text++, flag->len--;
		while (flag->len && isspace((unsigned char)flag->text[flag->len - 1]))
			flag->len--;
	}
}

static bool holds(const struct flag *flag, const char *set)
{
	for (size_t i = 0; i < flag->len; i++)
		if (strchr(set, flag->text[i]))
			return true;
	return false;
}

// The characters that the shell would interpret in the form in which the bootloader prints the flag.
static const char *special(const struct flag *flag)
{
	if (holds(flag, "\""))
		return "";
	return holds(flag, " \t'") ? "$`" : "|&;()<>$`{}";
}

// Returns whether the written form differs.
static bool write_flag(const struct flag *whole, const struct flag *flag, struct buf *out)
{
	const char *set = special(flag);
	bool any = *set && holds(flag, set);
	const struct flag *written = any && !holds(flag, " \t") ? flag : whole; // quotes are needed to hold blanks

	for (size_t i = 0; i < written->len; i++) {
		if (any && strchr(set, written->text[i]))
			buf_add(out, "\\\\");
		buf_addc(out, written->text[i]);
	}
	return any;
}

static const char *flag_problem(const struct flag *flag, bool open, struct arena *arena)
{
	if (open)
		return "a quote is not closed";
	if (holds(flag, "\"") && holds(flag, "'"))
		return "a flag must not hold both kinds of quotes, of which Neo4j can print but one";
	if (*flag->text != '-' && *flag->text != '@')
		return arena_printf(arena,
				    "'%.*s' is no flag of the JVM, which must begin with '-'; put quotes around a whole flag that holds "
				    "blanks",
				    (int)(flag->len < 40 ? flag->len : 40), flag->text);
	return NULL;
}

const char *conf_flags_written(const char *value, struct arena *arena, const char **ret_problem)
{
	_cleanup_buf_ struct buf out = BUF_INIT(FLAGS_MAX);
	const char *rest = value;
	struct flag whole, flag;
	bool open, changed = false;

	*ret_problem = NULL;
	if (strchr(value, '\\'))
		return value;
	while (next_flag(&rest, &whole, &open)) {
		flag = whole;
		peel(&flag);
		*ret_problem = flag_problem(&flag, open, arena);
		if (*ret_problem)
			return NULL;
		if (out.len)
			buf_addc(&out, ' ');
		changed |= write_flag(&whole, &flag, &out);
	}
	if (out.overflow)
		*ret_problem = "is too long";
	return out.overflow ? NULL : changed ? arena_strdup(arena, buf_str(&out)) : value;
}
