// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the table of misuse is played with: one of everything that a function may want, alive (test/unit/bolt/misuse_table.py).

#include "base/arena.h"
#include "base/budget.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "bolt/calendar.h"
#include "bolt/conn.h"
#include "bolt/link.h"
#include "bolt/logging.h"
#include "bolt/session.h"
#include "bolt/structure.h"
#include "bolt/text.h"
#include "bolt/uri.h"

// More than any number of items that a case tells of.
#define SCENE_MEMORY 256

enum scene_need { SCENE_ALWAYS = 0, SCENE_DRIVER = 1, SCENE_TX = 2, SCENE_RESULT = 4, SCENE_LINK = 8 };

struct scene {
	char uri[64];
	uint16_t port;
	int64_t deadline;
	unsigned char memory[SCENE_MEMORY];
	struct arena *arena;
	struct budget budget;
	struct buf buf;
	struct err err;
	struct conn conn; // which has agreed on a version
	struct handshake handshake;
	struct dechunker dechunker;
	struct bolt_bookmarks *bookmarks;
	struct bolt_cancel *cancel;
	struct bolt_driver *driver;
	struct bolt_session *session; // of the driver
	struct bolt_tx *tx; // of the session
	struct bolt_result *result; // of the session
	struct bolt_link *link;
	int returned; // what the function returned, if that is an int
};

struct scene_case {
	const char *what;
	void (*call)(struct scene *scene);
	unsigned needs;
	bool errors; // it returns what the error says
};

extern const struct scene_case scene_cases[];
extern const size_t n_scene_cases, n_scene_functions;

int scene_work(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err);
