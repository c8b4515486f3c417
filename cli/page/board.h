// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// What the page shows, as JSON texts by id, and who views it. One side puts and removes texts; viewers ask for the changes since they last
// asked. The board keeps only the newest text of each id, so a slow viewer misses only what was in between. Any thread.

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

// Something has changed that belongs to the entry but is not in its text. Does nothing for an unknown id.
void board_touch(struct board *board, const char *id);

// Sets the state of the whole board: an object's text. The same text again is no change.
void board_set_state(struct board *board, const char *json);

// Wakes all waiting viewers, and lets no later one wait.
void board_close(struct board *board);

// Appends one change after *seen as a server-sent event, waiting at most wait_ms for it, and moves *seen on; of many changes it takes the first
// ones. Appends a comment when nothing happens. *seen is 0 at first: then the whole board comes. False: the board is closed.
bool board_next(struct board *board, uint64_t *seen, int wait_ms, struct buf *out);
