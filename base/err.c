// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/err.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

_printf_(2, 0) static void text_set(struct err *err, const char *fmt, va_list args)
{
	if (fmt)
		(void)vsnprintf(err->text, sizeof(err->text), fmt, args);
}

int err_set(struct err *err, enum err_class class, const char *fmt, ...)
{
	va_list args;

	// A program may have a class of its own making.
	if (class >= 0)
		class = ERR_INTERNAL;
	if (!err)
		return class;
	assert(!err_is_set(err));
	*err = (struct err){.class = class};
	va_start(args, fmt);
	text_set(err, fmt, args);
	va_end(args);
	return class;
}

int err_errno(struct err *err, int errnum, const char *fmt, ...)
{
	va_list args;
	size_t used;

	if (!err)
		return ERR_INTERNAL;
	assert(!err_is_set(err));
	*err = (struct err){.class = ERR_INTERNAL, .status = errnum};
	va_start(args, fmt);
	text_set(err, fmt, args);
	va_end(args);
	used = strlen(err->text);
	(void)snprintf(err->text + used, sizeof(err->text) - used, ": %s", strerror(errnum));
	return err->class;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char old[sizeof(err->text)];
	va_list args;
	size_t used;

	if (!err || !fmt)
		return err ? (int)err->class : ERR_INTERNAL;
	assert(err_is_set(err));
	memcpy(old, err->text, sizeof(old));
	va_start(args, fmt);
	text_set(err, fmt, args);
	va_end(args);
	used = strlen(err->text);
	(void)snprintf(err->text + used, sizeof(err->text) - used, ": %s", old);
	return err->class;
}

void err_set_code(struct err *err, const char *code)
{
	if (!err || !code)
		return;
	assert(err_is_set(err));
	(void)snprintf(err->code, sizeof(err->code), "%s", code);
}

void err_clear(struct err *err)
{
	if (err)
		*err = ERR_INIT;
}

const char *err_class_name(enum err_class class)
{
	switch (class) {
	case ERR_NONE:
		return "none";
	case ERR_NOT_FOUND:
		return "not-found";
	case ERR_CONFLICT:
		return "conflict";
	case ERR_GONE:
		return "gone";
	case ERR_FORBIDDEN:
		return "forbidden";
	case ERR_INVALID:
		return "invalid";
	case ERR_TIMEOUT:
		return "timeout";
	case ERR_IO:
		return "io";
	case ERR_PROTOCOL:
		return "protocol";
	case ERR_SERVER:
		return "server";
	case ERR_TOO_LARGE:
		return "too-large";
	case ERR_TOO_MANY:
		return "too-many";
	case ERR_CANCELLED:
		return "cancelled";
	case ERR_INTERNAL:
		return "internal";
	}
	return "unknown";
}
