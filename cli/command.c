// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/command.h"

#include <string.h>

extern const struct command command_status, command_ui, command_doctor, command_changes, command_logs, command_cypher, command_register, command_token, command_validate, command_render, command_convert, command_report, command_restart,
	command_pause, command_resume, command_version,
	command_completion, command_help, command_man, command_complete;

const struct command *const commands[] = {
	&command_status, &command_ui, &command_doctor, &command_changes, &command_logs, &command_cypher, &command_register, &command_token, &command_validate, &command_render, &command_convert, &command_report,
	&command_restart, &command_pause, &command_resume,
	&command_version, &command_completion, &command_help, &command_man,      &command_complete, NULL,
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++) {
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	}
	return NULL;
}
