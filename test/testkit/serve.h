// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The objects behind testkit's ids, as the files that serve requests share them. What testkit has closed stays, empty.

#include <stdbool.h>
#include <stdint.h>

#include "bolt/bookmarks.h"
#include "bolt/driver.h"
#include "bolt/session.h"
#include "test/testkit/report.h"
#include "test/testkit/talk.h"

// More than testkit waits for anything: a call that takes as long is a failed test.
#define CALL_MS 60000
#define MANAGED_MS 180000

struct driver_object {
	struct talk *talk;
	struct bolt_driver *driver; // NULL: closed
	struct bolt_resolver resolver, names;
};

struct managed;

struct session_object {
	struct driver_object *driver;
	struct bolt_session *session; // NULL: closed
	struct managed *managed;      // the managed transaction under way
};

struct tx_object {
	struct session_object *session;
	struct bolt_tx *tx; // NULL: freed, or no longer ours
	bool managed;	    // the library's
};

// The objects of ids in a request; errors as talk_find(), and ERR_INVALID for what was closed.
int find_driver(const struct talk *talk, yyjson_val *data, struct driver_object **ret, struct err *err);
int find_session(const struct talk *talk, yyjson_val *data, struct session_object **ret, struct err *err);

// Remembers what the server said of the failure for the report; passes r on.
int session_failed(struct talk *talk, const struct session_object *session, int r);

// Everything of a driver that is open still, so that it may be freed.
void close_sessions(struct talk *talk, const struct driver_object *driver);

// Keeps a result and answers with it.
struct result_source {
	struct session_object *session;
	struct bolt_result *result;
	const char *text;
	const struct bolt_value *params;
};
void reply_result(struct talk *talk, const struct result_source *source, struct reply *reply);

// {"values": [...]} of a row.
int write_row(yyjson_mut_doc *doc, const struct bolt_value *row, yyjson_mut_val **ret, struct err *err);
yyjson_mut_val *write_keys(yyjson_mut_doc *doc, const char *const *keys, uint32_t n);

// A list of texts in a request; none gives an empty one.
struct bolt_bookmark_list read_texts(yyjson_val *list, struct arena *arena);
const char *read_text(yyjson_val *data, const char *key);
int64_t read_whole(yyjson_val *data, const char *key, int64_t otherwise);

// The query and what goes with it: cypher, params, txMeta, timeout.
int read_statement(yyjson_val *data, struct arena *arena, struct bolt_statement *ret, struct err *err);
int read_tx_options(yyjson_val *data, struct arena *arena, struct bolt_tx_options *ret, struct err *err);

// Notification filters of a driver or a session, in the arena; NULL where the request names none.
const struct bolt_notifications *read_notifications(yyjson_val *data, struct arena *arena);

// The bookmarks that a manager of testkit's is.
int find_bookmarks(const struct talk *talk, yyjson_val *id, struct bolt_bookmarks **ret, struct err *err);
