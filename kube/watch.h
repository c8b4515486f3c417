// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// List and watch as a pure step machine: it says what to ask for next, takes the answer, and says what that means. No I/O, no clock. Resource
// versions are opaque: kept and sent back, never compared as numbers. Source: Kubernetes API concepts, "Efficient detection of changes".

#include <stdbool.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/buf.h"
#include "base/err.h"

enum watch_phase { WATCH_LISTING, WATCH_WATCHING };

struct watch {
	enum watch_phase phase;
	struct buf version;	   // where to watch from
	struct buf continue_token; // of the next page; empty for the first one
	struct buf line;	   // of a stream: the unfinished line
	unsigned failures;	   // in a row
	unsigned gone;		   // how often ERR_GONE came since the last event, whatever lists came between
	int64_t first_delay_ms;	   // after a failure, doubled each time; 500
	bool secret;		   // the line's memory is wiped
};

void watch_init(struct watch *watch, bool secret);
void watch_deinit(struct watch *watch);

// Appends the query of the next request to a collection's path. timeout_s bounds a watch on the server's side.
void watch_query(const struct watch *watch, struct buf *path, unsigned timeout_s);

// A page of a list. Sets *ret_complete for the last page: then the machine watches. ERR_PROTOCOL when it is no list.
int watch_page(struct watch *watch, yyjson_val *list, bool *ret_complete, struct err *err);

enum watch_change { WATCH_NOTHING, WATCH_PUT, WATCH_REMOVE };

// Takes bytes of a stream and calls on_line for each whole line. Stops at a negative result of on_line and returns it. ERR_TOO_LARGE when a line
// is longer than 16 MiB.
int watch_feed(struct watch *watch, const char *data, size_t len, int (*on_line)(void *user, const char *line, size_t len, struct err *err),
	       void *user, struct err *err);

// One event of a stream. ERR_GONE when the version is too old, other classes from the server's Status; ERR_PROTOCOL.
int watch_event(struct watch *watch, yyjson_val *event, enum watch_change *ret_change, yyjson_val **ret_object, struct err *err);

// Tell how long the request lasted, before watch_ended(): a watch of half a minute was no failure, even if nothing happened and however it
// ended.
void watch_lasted(struct watch *watch, int64_t ms);

// The request ended (err not set: in order). Returns the milliseconds to wait before the next request; watch->phase tells its kind. random is
// any number, for the jitter.
int64_t watch_ended(struct watch *watch, const struct err *err, unsigned random);
