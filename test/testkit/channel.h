// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// One connection of testkit: requests in, responses out, each a line of JSON between marks. Source: testkit's nutkit/backend.

#include <stdbool.h>

#include <yyjson.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct channel {
	int fd;
	struct buf input;
};

void channel_init(struct channel *channel, int fd);
void channel_deinit(struct channel *channel); // closes

struct request {
	const char *name;
	yyjson_val *data; // an object, in the arena
};

// The next request. *ret_end: testkit has closed. ERR_IO, ERR_PROTOCOL.
int channel_receive(struct channel *channel, struct arena *arena, struct request *ret, bool *ret_end, struct err *err);

// data: an object of doc.
int channel_send(struct channel *channel, yyjson_mut_doc *doc, const char *name, yyjson_mut_val *data, struct err *err);
