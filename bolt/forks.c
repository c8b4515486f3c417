// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/forks.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/exhausted.h"
#include "bolt/codes.h"

atomic_uint forks_count;
static pthread_once_t watching = PTHREAD_ONCE_INIT;

static void count(void)
{
	(void)atomic_fetch_add(&forks_count, 1);
}

static void watch(void)
{
	// No memory.
	if (pthread_atfork(NULL, NULL, count) != 0)
		memory_is_exhausted();
}

unsigned forks_begin(void)
{
	(void)pthread_once(&watching, watch);
	return atomic_load_explicit(&forks_count, memory_order_relaxed);
}

int forks_refuse(const char *what, struct err *err)
{
	(void)err_set(err, ERR_INVALID, "the %s was opened before fork() and is the parent's; the child opens its own", what);
	err_set_code(err, BOLT_FORKED);
	return ERR_INVALID;
}
