// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Where a literal ends cannot be told without all of Cypher's rules (escapes that the server replaces before it reads, comments, names). Where the
// first may begin can be: so a statement is told up to there, and not a byte further.

#include "bolt/trace.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define LINE_MAX_LEN 400
#define TEXT_MAX_LEN 200

void trace_line(const struct bolt_log *log, const char *fmt, ...)
{
	char line[LINE_MAX_LEN];
	va_list args;

	if (!log || !log->line)
		return;
	va_start(args, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	for (char *c = line; *c; c++) {
		if (iscntrl((unsigned char)*c))
			*c = ' ';
	}
	log->line(log->user, line);
}

// The bytes that hold nothing that a user may have quoted or remarked.
static size_t told(const char *text)
{
	size_t n = strcspn(text, "'\"`\\");

	for (size_t i = 0; i + 1 < n; i++) {
		if (text[i] == '/' && (text[i + 1] == '/' || text[i + 1] == '*'))
			n = i;
	}
	return n < TEXT_MAX_LEN ? n : TEXT_MAX_LEN;
}

void trace_sent(const struct bolt_log *log, const char *name, const char *request, size_t n, const char *text)
{
	size_t shown;

	if (!log)
		return;
	if (!text) {
		trace_line(log, "%s: sent %s, %zu bytes", name, request, n);
		return;
	}
	shown = told(text);
	trace_line(log, "%s: sent %s, %zu bytes: %.*s%s", name, request, n, (int)shown, text, text[shown] ? "..." : "");
}

void trace_received(const struct bolt_log *log, const char *name, const char *answer, const char *request, const char *code)
{
	if (log)
		trace_line(log, "%s: received %s to %s%s%s", name, answer, request, code ? ": " : "", code ? code : "");
}
