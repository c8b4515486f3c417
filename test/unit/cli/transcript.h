// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Command lines and what came of them, as a text: "$ kubectl neofleet ..." (or "$ neofleet-cli ...", with "< FILE" for standard input; "> /dev/null" drops its output), then what
// it wrote to standard output, then to standard error, "[status N]" where it did not end with 0, and a line for
// each thing that it wrote to the API server. Words may stand in single quotes. The program
// runs within this process, at 2026-11-29T12:00:00Z, in the folder test/unit/cli/files.

#include "base/arena.h"
#include "apiserver.h"

// Runs each command line of the text and writes the text anew. apiserver NULL: there is no API server.
const char *transcript_replay(struct arena *arena, const char *text, struct apiserver *apiserver);

// Compares; shows the difference and fails. what: for the message.
void transcript_same(const char *what, const char *expected, const char *found);
