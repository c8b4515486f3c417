// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// kubectl-neofleet, also called neofleet-cli. docs/man/kubectl-neofleet.1 is its manual.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/program.h"

static bool has_colours(void)
{
	const char *off = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(STDOUT_FILENO) && !(off && *off) && term && strcmp(term, "dumb") != 0;
}

int main(int argc, char **argv)
{
	const struct program_streams streams = {.in = stdin, .out = stdout, .notes = stderr, .colours = has_colours()};

	// Tokens pass through this process: nobody may dump or trace its memory.
	(void)setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	return program_run(argc, argv, &streams);
}
