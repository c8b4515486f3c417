// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/object/kept.h"

#include <stdio.h>

void kept_copy(char *field, size_t size, const char *text)
{
	(void)snprintf(field, size, "%s", text ? text : "");
}
