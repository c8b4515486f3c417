// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/hash_table.h"

#include <assert.h>
#include <stdlib.h>

#include "base/must.h"

// FNV-1a.
uint32_t hash_of_key(const char *key)
{
	uint32_t hash = UINT32_C(2166136261);

	for (; *key; key++)
		hash = (hash ^ (unsigned char)*key) * UINT32_C(16777619);
	return hash;
}

struct hash_link **hash_table_bucket(const struct hash_table *table, uint32_t hash)
{
	assert(table->size > 0);
	return &table->buckets[hash & (table->size - 1)];
}

static void hash_table_grow(struct hash_table *table)
{
	struct hash_table grown = {.size = table->size ? table->size * 2 : 16, .n = table->n};

	grown.buckets = must(calloc(grown.size, sizeof(struct hash_link *)));
	for (size_t i = 0; i < table->size; i++) {
		struct hash_link *next;

		for (struct hash_link *link = table->buckets[i]; link; link = next) {
			next = link->next;
			link->next = *hash_table_bucket(&grown, link->hash);
			*hash_table_bucket(&grown, link->hash) = link;
		}
	}
	free(table->buckets);
	*table = grown;
}

void hash_table_add(struct hash_table *table, struct hash_link *link)
{
	if (table->n == table->size)
		hash_table_grow(table);
	link->next = *hash_table_bucket(table, link->hash);
	*hash_table_bucket(table, link->hash) = link;
	table->n++;
}

void hash_table_remove(struct hash_table *table, struct hash_link **place)
{
	assert(table->n > 0);
	*place = (*place)->next;
	table->n--;
}

void hash_table_release(struct hash_table *table, void (*give)(void *user, struct hash_link *link), void *user)
{
	for (size_t i = 0; i < table->size; i++) {
		while (table->buckets[i]) {
			struct hash_link *link = table->buckets[i];

			table->buckets[i] = link->next;
			give(user, link);
		}
	}
	free(table->buckets);
	*table = (struct hash_table){0};
}
