// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/misuse.h"

bool misuse_null(struct err *err, const char *name)
{
	return err_set(err, ERR_INVALID, "%s is NULL", name);
}

bool misuse_newer(struct err *err, const char *name)
{
	return err_set(err, ERR_INVALID, "%s.reserved is not 0: the program was built for a newer library, or did not clear it", name);
}
