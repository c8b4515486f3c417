// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// One line an event, key=value or a JSON object: time, level, message, then the pairs. Library code never logs above debug; the runner and main
// decide what to log, and log it once. Callable from any thread; a line is one write().
//
//   log_info("reconciled", "key", key, "outcome", outcome);
//
// Keys and values alternate, and the macro ends the list. A NULL value leaves its pair out. Values with a space, a quote or a control character
// are quoted. Never pass a secret.

#include <stdbool.h>

enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARNING, LOG_ERROR };

// Default LOG_INFO. May be changed while running.
void log_set_level(enum log_level level);
bool log_enabled(enum log_level level);

// Logs JSON objects instead of key=value. Call it before there are threads.
void log_set_json(bool json);

// "debug", "info", "warning", "error"; -1 for anything else.
int log_level_parse(const char *text, enum log_level *ret_level);

void log_write(enum log_level level, const char *message, ...) __attribute__((sentinel));

#define log_debug(...) log_write(LOG_DEBUG, __VA_ARGS__, (char *)0)
#define log_info(...) log_write(LOG_INFO, __VA_ARGS__, (char *)0)
#define log_warning(...) log_write(LOG_WARNING, __VA_ARGS__, (char *)0)
#define log_error(...) log_write(LOG_ERROR, __VA_ARGS__, (char *)0)
