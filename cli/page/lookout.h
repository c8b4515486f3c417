// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Watches the deployments and what belongs to them, and keeps the board. It reads the API server alone: whether the operator runs makes no difference.

#include "cli/page/board.h"
#include "cli/program.h"

struct lookout;

// Begins to watch what the user may watch. The program frees it when its loop has ended; the board must outlive it. ERR_FORBIDDEN: neither kind of
// deployment may be watched.
int lookout_start(struct program *program, struct board *board, struct lookout **ret, struct err *err);
void lookout_free(struct lookout *lookout); // NULL is allowed

// Says on the board what is true of the whole: whether the lists are there, whether the API server answers, the operator, what may not be read. Waits
// for the API server. True once the lists are there. Of one thread.
bool lookout_check(struct lookout *lookout);
