// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define LINE_MAX_BYTES ((size_t)16 * 1024)

static _Atomic int current_level = LOG_INFO;
static bool as_json;

static const char *const level_names[] = {"debug", "info", "warning", "error"};

void log_set_level(enum log_level level)
{
	atomic_store(&current_level, level);
}

void log_set_json(bool json)
{
	as_json = json;
}

bool log_enabled(enum log_level level)
{
	return (int)level >= atomic_load(&current_level);
}

int log_level_parse(const char *text, enum log_level *ret_level)
{
	for (size_t i = 0; i < sizeof(level_names) / sizeof(level_names[0]); i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	}
	return -1;
}

static bool is_plain(const char *value)
{
	if (*value == '\0')
		return false;
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c <= ' ' || c == '"' || c == '=' || c == '\\' || c == 0x7f)
			return false;
	}
	return true;
}

static void add_value(struct buf *line, const char *value)
{
	if (is_plain(value)) {
		buf_add(line, value);
		return;
	}
	buf_addc(line, '"');
	for (; *value; value++) {
		unsigned char c = (unsigned char)*value;

		if (c == '"' || c == '\\')
			buf_addc(line, '\\');
		if (c == '\n')
			buf_add(line, "\\n");
		else if (c < ' ' || c == 0x7f)
			buf_addf(line, "\\x%02x", c);
		else
			buf_addc(line, (char)c);
	}
	buf_addc(line, '"');
}

// A JSON string. Bytes beyond ASCII pass as they are; control characters are escaped.
static void add_string(struct buf *line, const char *text)
{
	buf_addc(line, '"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			buf_addf(line, "\\%c", c);
		else if (c < ' ' || c == 0x7f)
			buf_addf(line, "\\u%04x", c);
		else
			buf_addc(line, (char)c);
	}
	buf_addc(line, '"');
}

static void add_pair(struct buf *line, const char *key, const char *value)
{
	if (as_json) {
		buf_addf(line, "%s\"%s\":", line->len ? "," : "{", key);
		add_string(line, value);
		return;
	}
	buf_addf(line, "%s%s=", line->len ? " " : "", key);
	add_value(line, value);
}

void log_write(enum log_level level, const char *message, ...)
{
	_cleanup_buf_ struct buf line = BUF_INIT(LINE_MAX_BYTES);
	char now[TIME_TEXT_SIZE];
	const char *key, *value;
	va_list args;

	if (!log_enabled(level))
		return;
	time_format_rfc3339(clock_wall_ms(&clock_system), now, sizeof(now));
	add_pair(&line, "time", now);
	add_pair(&line, "level", level_names[level]);
	add_pair(&line, "msg", message);
	va_start(args, message);
	while ((key = va_arg(args, const char *))) {
		value = va_arg(args, const char *);
		if (value)
			add_pair(&line, key, value);
	}
	va_end(args);
	// A line over the limit is cut, never lost, and its end always fits.
	line.overflow = false;
	line.max += 4;
	buf_add(&line, as_json ? (line.len == LINE_MAX_BYTES ? "\"}\n" : "}\n") : "\n");
	if (write(STDERR_FILENO, line.data, line.len) < 0) {
		// Nobody is left to tell.
	}
}
