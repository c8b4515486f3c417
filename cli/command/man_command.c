// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/help.h"
#include "cli/program.h"

static int run(struct program *program, struct err *err)
{
	(void)err;
	help_write_man(program->streams.out);
	return EXIT_FINE;
}

static const struct flag *const flags[] = {NULL};

const struct command command_man = {
	.name = "man",
	.summary = "writes the manual page",
	.text = "It is made from the same descriptors as the help. Where the package installed it, man kubectl-neofleet shows it.",
	.example = "man | man -l -",
	.flags = flags,
	.run = run,
};
