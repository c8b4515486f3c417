// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A Bolt server on loopback that takes any number of connections, each with a thread of its own, and answers by rules, as a
// server of Neo4j would where no rule fits. For tests of what has several connections, or several servers. What it was told is
// kept as text, a message a line: NAME and the fields as JSON, e.g. RUN "RETURN 1" {} {"mode":"r"}.
//
// Replies, a line each: SUCCESS {...}, RECORD [...], FAILURE CODE MESSAGE, IGNORED, CLOSE, HANG (until the client closes). After a
// FAILURE everything but RESET is IGNORED. A %P in a reply is the server's own port, %Q that of the stage which it was given.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stage_rule {
	const char *message; // how the message begins
	unsigned times;	     // how often it applies; 0: always
	const char *replies;
};

struct stage;

// major.minor: of the one version that it speaks.
struct stage *stage_start(unsigned major, unsigned minor);
uint16_t stage_port(const struct stage *stage);

// Rules that come before all others, and the stage that %Q means. They are not copied.
void stage_play(struct stage *stage, const struct stage_rule *rules, size_t n, const struct stage *other);
#define STAGE_PLAY(stage, other, ...)                                                                              \
	do {                                                                                                       \
		static const struct stage_rule played_[] = {__VA_ARGS__};                                          \
		stage_play((stage), played_, sizeof(played_) / sizeof(played_[0]), (other));                       \
	} while (0)

// Connections so far, and those that are open.
unsigned stage_connections(struct stage *stage);
unsigned stage_open(struct stage *stage);

// How many messages began so.
unsigned stage_count(struct stage *stage, const char *message);

// Waits until as many did: a fault when they do not.
void stage_wait(struct stage *stage, const char *message, unsigned n);

// Asserts that this is what was told since the last call, each line the beginning of a message.
void stage_assert_told(struct stage *stage, const char *lines);

// Closes all connections, now.
void stage_cut(struct stage *stage);

// Takes no connection from now on; those that are open are cut.
void stage_down(struct stage *stage);

void stage_stop(struct stage *stage);
