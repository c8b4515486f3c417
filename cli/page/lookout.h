// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Watches the deployments and what belongs to them, and keeps the board. It reads only from the API server: it does not matter whether the
// operator runs.

#include "cli/page/board.h"
#include "cli/program.h"

struct lookout;

// Begins to watch what the user may watch. The program frees it when its loop has ended; the board must outlive it. ERR_FORBIDDEN: the user may
// watch neither kind of deployment.
int lookout_start(struct program *program, struct board *board, struct lookout **ret, struct err *err);
void lookout_free(struct lookout *lookout); // NULL is allowed

// Puts the state of the whole on the board: whether the lists are there, whether the API server answers, the operator, and what the user may not
// read. Waits for the API server. True once the lists are there. One thread.
bool lookout_check(struct lookout *lookout);
