// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The help of the program and of a command, and the man page, made from the descriptors.

#include <stdio.h>

#include "cli/command.h"

// command NULL: the program's help. name: as the program was started.
void help_write(const struct command *command, const char *name, FILE *out);

// The man page of all commands, for man(1).
void help_write_man(FILE *out);
