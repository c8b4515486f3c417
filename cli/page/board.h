// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the page shows, as JSON texts by id, and who looks at it. One side puts and removes, the others ask for what has changed since they last
// asked. Only the newest of each is kept: who is slow misses what was in between, and nothing else. Any thread.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

struct board;

struct board *board_new(void);
void board_free(struct board *board);

// json: an object's text. The same text again is no change.
void board_put(struct board *board, const char *id, const char *json);
void board_remove(struct board *board, const char *id);

// Something that belongs to it, and is not in its text, has changed. Of one that is not there: nothing.
void board_touch(struct board *board, const char *id);

// What is said of the whole: an object's text. The same text again is no change.
void board_set_state(struct board *board, const char *json);

// Nobody waits any more, and nobody who comes.
void board_close(struct board *board);

// Appends one change after *seen as a server-sent event, waiting for it for wait_ms at most, and moves *seen on: of many changes the first ones.
// When nothing happens it appends a comment. *seen is 0 at first: then all there is comes. False: the board is closed.
bool board_next(struct board *board, uint64_t *seen, int wait_ms, struct buf *out);
