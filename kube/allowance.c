// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/allowance.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

// A namespace that has taken something.
struct share {
	char namespace[64];
	size_t bytes;
	UT_hash_handle hh;
};

struct allowance {
	size_t of_all, of_namespace, taken;
	struct share *shares;
};

struct allowance *allowance_new(size_t of_all, size_t of_namespace)
{
	struct allowance *allowance = calloc(1, sizeof(*allowance));

	if (!allowance)
		abort();
	*allowance = (struct allowance){.of_all = of_all, .of_namespace = of_namespace};
	return allowance;
}

static void drop(struct allowance *allowance, struct share *share)
{
	HASH_DEL(allowance->shares, share);
	free(share);
}

void allowance_free(struct allowance *allowance)
{
	struct share *share, *next;

	if (!allowance)
		return;
	HASH_ITER(hh, allowance->shares, share, next)
		drop(allowance, share);
	free(allowance);
}

static struct share *find(const struct allowance *allowance, const char *namespace)
{
	struct share *share;

	HASH_FIND_STR(allowance->shares, namespace, share);
	return share;
}

bool allowance_take(struct allowance *allowance, const char *namespace, size_t bytes)
{
	struct share *share = find(allowance, namespace);

	// The API has no such name; cut, it would be another namespace's.
	if (strlen(namespace) >= sizeof(share->namespace))
		return false;
	if (bytes > allowance->of_all - allowance->taken || bytes > allowance->of_namespace - (share ? share->bytes : 0))
		return false;
	if (!share) {
		share = calloc(1, sizeof(*share));
		if (!share)
			abort();
		(void)snprintf(share->namespace, sizeof(share->namespace), "%s", namespace);
		HASH_ADD_STR(allowance->shares, namespace, share);
	}
	share->bytes += bytes;
	allowance->taken += bytes;
	return true;
}

void allowance_give(struct allowance *allowance, const char *namespace, size_t bytes)
{
	struct share *share = find(allowance, namespace);

	assert(share && share->bytes >= bytes && allowance->taken >= bytes);
	share->bytes -= bytes;
	allowance->taken -= bytes;
	if (!share->bytes)
		drop(allowance, share);
}

size_t allowance_taken(const struct allowance *allowance)
{
	return allowance->taken;
}
