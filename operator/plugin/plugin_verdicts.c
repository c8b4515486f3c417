// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/plugin/plugin_verdicts.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/must.h"
#include "operator/object/kept.h"

// Larger verdicts are made again each time and not kept.
#define KEPT_MAX_BYTES ((size_t)4 * 1024 * 1024)

struct plugin_verdicts_table {
	pthread_mutex_t lock;
	struct plugin_verdicts *last;
};

struct plugin_verdicts_table *plugin_verdicts_table_new(void)
{
	struct plugin_verdicts_table *table = must(calloc(1, sizeof(*table)));

	(void)pthread_mutex_init(&table->lock, NULL);
	return table;
}

void plugin_verdicts_table_free(struct plugin_verdicts_table *table)
{
	if (!table)
		return;
	plugin_verdicts_unref(table->last);
	(void)pthread_mutex_destroy(&table->lock);
	free(table);
}

static struct plugin_verdicts *ref(struct plugin_verdicts *verdicts)
{
	atomic_fetch_add(&verdicts->refs, 1);
	return verdicts;
}

void plugin_verdicts_unref(struct plugin_verdicts *verdicts)
{
	if (!verdicts || atomic_fetch_sub(&verdicts->refs, 1) != 1)
		return;
	arena_free(verdicts->arena);
	free(verdicts->basis);
	free(verdicts);
}

struct plugin_verdicts *plugin_verdicts_find(struct plugin_verdicts_table *table, const char *basis)
{
	struct plugin_verdicts *found = NULL;

	(void)pthread_mutex_lock(&table->lock);
	if (table->last && strcmp(table->last->basis, basis) == 0)
		found = ref(table->last);
	(void)pthread_mutex_unlock(&table->lock);
	return found;
}

struct plugin_verdicts *plugin_verdicts_keep(struct plugin_verdicts_table *table, const char *basis, struct arena *arena, const struct plugin_claims *claims)
{
	struct plugin_verdicts *verdicts = must(calloc(1, sizeof(*verdicts))), *before;

	*verdicts = (struct plugin_verdicts){.claims = *claims, .arena = arena, .basis = must(strdup(basis)), .refs = 1};
	if (!table || arena_used(arena) > KEPT_MAX_BYTES)
		return verdicts;
	(void)pthread_mutex_lock(&table->lock);
	before = table->last;
	table->last = ref(verdicts);
	(void)pthread_mutex_unlock(&table->lock);
	plugin_verdicts_unref(before);
	return verdicts;
}
