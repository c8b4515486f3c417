// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/misuse.h"

bool misuse_found(struct err *err, const struct misuse_need *needs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!needs[i].pointer)
			return err_set(err, ERR_INVALID, "%s is NULL", needs[i].name);
	}
	return false;
}

bool misuse_is_newer(struct err *err, const void *const *reserved, const char *name)
{
	for (size_t i = 0; i < BOLT_RESERVED; i++) {
		if (reserved[i])
			return err_set(err, ERR_INVALID, "%s.reserved is not 0: the program was built for a newer library, or did not clear it", name);
	}
	return false;
}
