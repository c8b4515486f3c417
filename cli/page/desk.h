// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Answers the browser: the page's files, the stream of changes, a deployment's dossier, and the page's few deeds. A visitor whom the gate does
// not know gets an empty answer. Several threads may run it at once.

#include "cli/page/board.h"
#include "cli/page/gate.h"
#include "cli/program.h"
#include "net/site.h"

struct desk {
	const struct program *program;
	struct gate *gate;
	struct board *board;
};

// A site_handler; user is the desk.
void desk_answer(void *user, const struct site_request *request, struct site_answer *answer);
