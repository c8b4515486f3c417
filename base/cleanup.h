// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Scope-bound release. `_cleanup_(foo_freep) struct foo *f = NULL;` frees f on every way out of the
// scope; steal_ptr() hands it over in the last lines of a constructor. There is no goto in this tree.

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define _cleanup_(f) __attribute__((cleanup(f)))
#define _printf_(fmt, args) __attribute__((format(printf, fmt, args)))

// Defines name##p(T *) for use with _cleanup_, calling name() on a non-NULL value.
#define DEFINE_CLEANUP(type, name)                                                                 \
	static inline void name##p(type *p)                                                        \
	{                                                                                          \
		if (p && *p)                                                                       \
			name(*p);                                                                  \
	}                                                                                          \
	struct cleanup_swallows_semicolon

static inline void freep(void *p)
{
	if (p)
		free(*(void **)p);
}

static inline void fclosep(FILE **p)
{
	if (p && *p)
		(void)fclose(*p);
}

static inline void closep(int *fd)
{
	if (fd && *fd >= 0)
		(void)close(*fd);
}

#define _cleanup_free_ _cleanup_(freep)
#define _cleanup_close_ _cleanup_(closep)

#define steal_ptr(p)                                                                               \
	({                                                                                         \
		__typeof__(p) _stolen = (p);                                                       \
		(p) = NULL;                                                                        \
		_stolen;                                                                           \
	})

static inline int steal_fd(int *fd)
{
	int stolen = fd ? *fd : -1;

	if (fd)
		*fd = -1;
	return stolen;
}
