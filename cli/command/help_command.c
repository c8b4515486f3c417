// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/help.h"
#include "cli/program.h"

static int run(struct program *program, struct err *err)
{
	const struct command *command = NULL;

	if (program->call.n_args > 0) {
		command = command_find(program->call.args[0]);
		if (!command)
			return err_set(err, ERR_INVALID, "there is no command '%.64s'", program->call.args[0]);
	}
	help_write(command, program->name, program->streams.out);
	return EXIT_FINE;
}

static const struct flag *const flags[] = {NULL};

const struct command command_help = {
	.name = "help",
	.args = "[COMMAND]",
	.summary = "shows the commands, or what there is to say of one",
	.text = "The same as --help.",
	.flags = flags,
	.max_args = 1,
	.run = run,
};
