// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "base/exhausted.h"

#include <stdlib.h>
#include <unistd.h>

void memory_is_exhausted(void)
{
	static const char text[] = "out of memory: the program ends\n";

	(void)!write(STDERR_FILENO, text, sizeof(text) - 1);
	abort();
}
