// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/redact.h"

#include <stdbool.h>
#include <string.h>

struct scan {
	char *at, *end;
	unsigned depth;
};

static void skip_space(struct scan *scan)
{
	while (scan->at < scan->end && memchr(" \t\r\n", *scan->at, 4))
		scan->at++;
}

// From a quote past the closing one, or to the end.
static void skip_string(struct scan *scan)
{
	scan->at++;
	while (scan->at < scan->end && *scan->at != '"')
		scan->at += *scan->at == '\\' ? 2 : 1;
	scan->at = scan->at < scan->end ? scan->at + 1 : scan->end;
}

// One single byte, or a string. Counts braces and brackets.
static void step(struct scan *scan)
{
	if (*scan->at == '"') {
		skip_string(scan);
		return;
	}
	if (*scan->at == '{' || *scan->at == '[')
		scan->depth++;
	else if (*scan->at == '}' || *scan->at == ']')
		scan->depth--;
	scan->at++;
}

// To the comma or brace after a value.
static void skip_value(struct scan *scan)
{
	unsigned depth = scan->depth;

	while (scan->at < scan->end) {
		if (scan->depth == depth && memchr(",}]", *scan->at, 3))
			return;
		step(scan);
	}
}

// A key with an escape may be one of them in disguise; no field of Kubernetes needs an escape.
static bool is_dropped(const char *key, size_t len)
{
	return memchr(key, '\\', len) || (len == strlen("annotations") && memcmp(key, "annotations", len) == 0) ||
	       (len == strlen("managedFields") && memcmp(key, "managedFields", len) == 0);
}

static void blank(char *from, const char *to)
{
	size_t len = (size_t)(to - from);

	// "{}" and "[]" hold nothing.
	if (len < 4)
		return;
	memcpy(from, "null", 4);
	memset(from + 4, ' ', len - 4);
}

void redact(char *text, size_t len, unsigned depth)
{
	struct scan scan = {.at = text, .end = text + len};

	while (scan.at < scan.end) {
		char *from = scan.at;
		bool dropped;

		step(&scan);
		if (*from != '"' || scan.depth != depth)
			continue;
		dropped = scan.at - from > 2 && is_dropped(from + 1, (size_t)(scan.at - from) - 2);
		skip_space(&scan);
		if (!dropped || scan.at == scan.end || *scan.at != ':')
			continue;
		scan.at++;
		skip_space(&scan);
		from = scan.at;
		skip_value(&scan);
		blank(from, scan.at);
	}
}
