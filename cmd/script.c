// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A machine that takes a byte at a time and looks at no byte twice, so that a statement may come in pieces of any size. What was read and not
// handed out yet is kept; a statement that was handed out leaves it with the next call.

#include "cmd/script.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

#define PIECE ((size_t)64 * 1024)

enum where { PLAIN, SINGLE, DOUBLE, BACKQUOTE, LINE_COMMENT, BLOCK_COMMENT };

struct script {
	int fd;		  // -1: all is there
	const char *name; // of the file
	struct buf text;
	size_t begin, at; // of the statement; what is looked at next
	enum where where;
	char before;  // the byte before, where two of them mean something; else 0
	bool content; // the statement has more than white space and comments
	bool ended;   // nothing is left to read
	unsigned number, line, begin_line;
};

static struct script *script_new(void)
{
	struct script *script = calloc(1, sizeof(*script));

	if (!script)
		abort();
	script->fd = -1;
	script->line = 1;
	// A statement, its semicolon and what was read beyond it.
	script->text = BUF_INIT_SECRET(SCRIPT_STATEMENT_MAX + 2 * PIECE);
	return script;
}

static void skip_mark(struct script *script)
{
	if (script->text.len >= 3 && memcmp(script->text.data, "\xEF\xBB\xBF", 3) == 0)
		buf_consume(&script->text, 3);
}

struct script *script_of_text(const char *text)
{
	struct script *script = script_new();

	script->text.max = strlen(text);
	buf_add(&script->text, text);
	skip_mark(script);
	script->ended = true;
	return script;
}

struct script *script_of_fd(int fd, const char *name)
{
	struct script *script = script_new();

	script->fd = fd;
	script->name = name;
	return script;
}

void script_free(struct script *script)
{
	if (!script)
		return;
	if (script->fd >= 0)
		(void)close(script->fd);
	buf_release(&script->text);
	free(script);
}

static void take_plain(struct script *script, char c)
{
	bool comment = script->before == '/' && (c == '/' || c == '*');

	if (script->before == '/' && !comment)
		script->content = true;
	script->before = 0;
	if (comment)
		script->where = c == '/' ? LINE_COMMENT : BLOCK_COMMENT;
	else if (c == '/')
		script->before = c;
	else if (c == '\'' || c == '"' || c == '`')
		script->where = c == '\'' ? SINGLE : c == '"' ? DOUBLE : BACKQUOTE;
	if (!comment && !strchr("/; \t\r\n\f\v", c))
		script->content = true;
}

// A backslash takes the next byte with it. A name's backquote that is doubled ends the name and begins it again.
static void take_quoted(struct script *script, char c)
{
	static const char quotes[] = {[SINGLE] = '\'', [DOUBLE] = '"', [BACKQUOTE] = '`'};
	bool escaped = script->before == '\\';

	script->before = 0;
	if (escaped)
		return;
	if (c == '\\' && script->where != BACKQUOTE)
		script->before = c;
	else if (c == quotes[script->where])
		script->where = PLAIN;
}

static void take_comment(struct script *script, char c)
{
	bool over = script->where == LINE_COMMENT ? c == '\n' : script->before == '*' && c == '/';

	script->before = over ? 0 : c;
	if (over)
		script->where = PLAIN;
}

// Whether this byte ends the statement.
static bool take(struct script *script, char c)
{
	bool end = script->where == PLAIN && c == ';';

	if (script->where == PLAIN)
		take_plain(script, c);
	else if (script->where == LINE_COMMENT || script->where == BLOCK_COMMENT)
		take_comment(script, c);
	else
		take_quoted(script, c);
	if (c == '\n')
		script->line++;
	return end;
}

static int refuse(struct script *script, struct err *err, int class)
{
	script->ended = true;
	script->begin = script->at = script->text.len;
	script->content = false;
	err->class = (enum err_class)class;
	return class;
}

static int read_more(struct script *script, struct err *err)
{
	char piece[PIECE];
	ssize_t n;

	buf_consume(&script->text, script->begin);
	script->at -= script->begin;
	script->begin = 0;
	do {
		n = read(script->fd, piece, sizeof(piece));
	} while (n < 0 && errno == EINTR);
	if (n < 0) {
		(void)err_errno(err, errno, "%s cannot be read", script->name);
		return refuse(script, err, ERR_INVALID);
	}
	script->ended = n == 0;
	buf_append(&script->text, piece, (size_t)n);
	explicit_bzero(piece, sizeof(piece));
	if (script->line == 1 && script->at == 0 && script->number == 0)
		skip_mark(script);
	if (memchr(buf_str(&script->text) + script->at, '\0', script->text.len - script->at)) {
		(void)err_set(err, ERR_INVALID, "%s is no text", script->name);
		return refuse(script, err, ERR_INVALID);
	}
	return 0;
}

static void skip_space(struct script *script)
{
	for (; script->begin < script->at && strchr(" \t\r\n\f\v", script->text.data[script->begin]); script->begin++)
		script->begin_line += script->text.data[script->begin] == '\n';
}

// The bytes from begin to the place of the semicolon, or to the end of all.
static void hand_out(struct script *script, size_t end, struct script_statement *ret)
{
	char *text = script->text.data;

	skip_space(script);
	while (end > script->begin && strchr(" \t\r\n\f\v", text[end - 1]))
		end--;
	text[end] = '\0';
	*ret = (struct script_statement){.text = text + script->begin, .number = ++script->number, .line = script->begin_line};
	script->content = false;
}

// 1: a semicolon has been passed; 0: what is there has none.
static int look(struct script *script)
{
	while (script->at < script->text.len) {
		if (take(script, script->text.data[script->at++]))
			return 1;
	}
	return 0;
}

static void begin_next(struct script *script)
{
	script->begin = script->at;
	script->begin_line = script->line;
	script->before = 0;
}

static int too_large(struct script *script, struct err *err)
{
	(void)err_set(err, ERR_INVALID, "the statement at line %u is larger than %zu bytes", script->begin_line, SCRIPT_STATEMENT_MAX);
	return refuse(script, err, ERR_INVALID);
}

int script_next(struct script *script, struct script_statement *ret, struct err *err)
{
	begin_next(script);
	for (;;) {
		bool whole = look(script) > 0;

		if (script->at - script->begin > SCRIPT_STATEMENT_MAX)
			return too_large(script, err);
		if (whole && script->content) {
			hand_out(script, script->at - 1, ret);
			return 1;
		}
		if (whole) {
			begin_next(script);
		} else if (script->ended) {
			// A comment without an end is the server's to refuse.
			script->content |= script->where == BLOCK_COMMENT || (script->where == PLAIN && script->before == '/');
			if (!script->content || script->at == script->begin)
				return 0;
			hand_out(script, script->at, ret);
			return 1;
		} else if (read_more(script, err) < 0) {
			return err->class;
		}
	}
}
