// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/memory.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "operator/survey.h"

struct slot {
	struct memory memory;
	UT_hash_handle hh;
	char key[];
};

struct memory_table {
	pthread_mutex_t lock;
	struct slot *slots;
};

struct memory_table *memory_table_new(void)
{
	struct memory_table *table = calloc(1, sizeof(*table));

	if (!table)
		abort();
	(void)pthread_mutex_init(&table->lock, NULL);
	return table;
}

static void slot_free(struct slot *slot)
{
	survey_free(slot->memory.survey.last);
	free(slot);
}

void memory_table_free(struct memory_table *table)
{
	struct slot *slot, *next;

	if (!table)
		return;
	HASH_ITER(hh, table->slots, slot, next)
	{
		HASH_DEL(table->slots, slot);
		slot_free(slot);
	}
	(void)pthread_mutex_destroy(&table->lock);
	free(table);
}

static struct slot *slot_new(const char *key)
{
	size_t size = strlen(key) + 1;
	struct slot *slot = calloc(1, sizeof(*slot) + size);

	if (!slot)
		abort();
	memcpy(slot->key, key, size);
	slot->memory.connection.connected = -1;
	return slot;
}

struct memory *memory_of(struct memory_table *table, const char *key)
{
	struct slot *slot;

	(void)pthread_mutex_lock(&table->lock);
	HASH_FIND_STR(table->slots, key, slot);
	if (!slot) {
		slot = slot_new(key);
		HASH_ADD_STR(table->slots, key, slot);
	}
	(void)pthread_mutex_unlock(&table->lock);
	return &slot->memory;
}

void memory_forget(struct memory_table *table, const char *key)
{
	struct slot *slot;

	(void)pthread_mutex_lock(&table->lock);
	HASH_FIND_STR(table->slots, key, slot);
	if (slot) {
		HASH_DEL(table->slots, slot);
		slot_free(slot);
	}
	(void)pthread_mutex_unlock(&table->lock);
}

void memory_copy(char *field, size_t size, const char *text)
{
	(void)snprintf(field, size, "%s", text ? text : "");
}
