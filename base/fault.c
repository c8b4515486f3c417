// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/fault.h"

#ifdef NEOFLEET_FAULTS

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KILLED 137 // as a shell tells of SIGKILL

void fault_point(const char *step)
{
	const char *wanted = getenv("NEOFLEET_FAULT");

	if (wanted && strcmp(wanted, step) == 0)
		_exit(KILLED);
}

#endif
