// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// One test's conversation: its connection, the objects that its requests made, and its idea of time. A thread of its own; objects
// are not shared between conversations. Requests may come while another is under way: inside a managed transaction, and as
// the answer to a callback.

#include <stdbool.h>
#include <stdint.h>

#include <yyjson.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/err.h"
#include "bolt/driver.h"
#include "bolt/failure.h"
#include "bolt/session.h"
#include "test/testkit/channel.h"

enum object_kind {
	OBJECT_DRIVER,
	OBJECT_SESSION,
	OBJECT_TX,
	OBJECT_RESULT,
	OBJECT_ERROR,
	OBJECT_AUTH_MANAGER,
	OBJECT_BOOKMARKS,
	OBJECT_KINDS,
};

// The object behind an id of testkit's. It is freed with its conversation: testkit may use an object that it has closed.
struct object {
	enum object_kind kind;
	void (*free)(void *self);
	void *self;
};

struct talk {
	struct channel channel;
	struct object *objects; // an id is an index and one
	size_t n_objects;
	struct clock clock; // real, or stopped by testkit
	bool stopped;
	int64_t stopped_monotonic_ms, stopped_wall_ms;
	const char *ca_dir; // where the test's own authorities lie
	const struct bolt_failure *failure; // of the handler that failed, until it is told
	bool client_failed; // testkit's own code failed in a managed transaction
	bool over;	    // testkit has closed
};

void talk_init(struct talk *talk, int fd, const char *ca_dir);
void talk_deinit(struct talk *talk);

// Reads and answers requests until testkit closes. Errors are those of the connection.
int talk_run(struct talk *talk, struct err *err);

// Reads and answers one.
int talk_step(struct talk *talk, struct err *err);

// A handler's answer.
struct reply {
	struct arena *arena; // of this request
	yyjson_mut_doc *doc;
	const char *name;     // NULL: nothing is to be sent
	yyjson_mut_val *data; // may be NULL
};

// Sends what asks testkit something, and reads its answer, whose name must be the given one. The answer's data live in the arena.
int talk_ask(struct talk *talk, struct reply *question, const char *answer, yyjson_val **ret, struct err *err);
void reply_init(struct reply *reply, struct arena *arena, const char *name);

// Keeps an object; the id as text, in the reply's arena.
const char *talk_keep(struct talk *talk, struct object object, struct arena *arena);

// The object of an id in a request. ERR_PROTOCOL when there is none of the kind.
int talk_find(const struct talk *talk, enum object_kind kind, yyjson_val *id, void **ret, struct err *err);

// Answers {"id": ...}.
void reply_id(struct reply *reply, const char *name, const char *id);

typedef int (*request_handler)(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err);

struct request_kind {
	const char *name;
	request_handler handle;
};

// The requests of each file, each list ended by a NULL name.
extern const struct request_kind requests_test[], requests_driver[], requests_session[], requests_result[], requests_auth[],
	requests_bookmarks[];
