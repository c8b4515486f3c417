// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/pass/memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/budget.h"
#include "base/must.h"
#include "base/squeeze.h"
#include "operator/cluster/survey.h"

#define NOTHING ((struct squeeze_text){"", 0})

// How much the surveys of all deployments may take at rest; small ones do not count. A survey that finds no room is forgotten, and the servers
// are asked anew when somebody needs it.
#define SURVEYS_MAX ((size_t)8 * 1024 * 1024)
#define SURVEY_SMALL ((size_t)16 * 1024)

struct slot {
	UT_hash_handle hh;
	struct memory *awake; // NULL: at rest, or nothing is remembered yet
	void *squeezed;	      // the bytes of struct memory, followed by the survey's text
	size_t squeezed_len, survey_len;
	size_t taken; // of the table's budget
	char key[];
};

struct memory_table {
	pthread_mutex_t lock;
	struct slot *slots;
	struct budget surveys;
};

struct memory_table *memory_table_new(void)
{
	struct memory_table *table = must(calloc(1, sizeof(*table)));

	(void)pthread_mutex_init(&table->lock, NULL);
	table->surveys.max = SURVEYS_MAX;
	return table;
}

static void memory_free(struct memory *memory)
{
	if (!memory)
		return;
	survey_free(memory->cluster.last);
	free(memory);
}

static void slot_free(struct slot *slot)
{
	memory_free(slot->awake);
	free(slot->squeezed);
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
	struct slot *slot = must(calloc(1, sizeof(*slot) + size));

	memcpy(slot->key, key, size);
	return slot;
}

static void wake(struct slot *slot)
{
	size_t len = sizeof(struct memory) + slot->survey_len;
	char *bytes;

	assert(!slot->awake);
	slot->awake = must(calloc(1, sizeof(*slot->awake)));
	if (!slot->squeezed) {
		slot->awake->connection.connected = -1;
		return;
	}
	bytes = must(malloc(len));
	if (!unsqueeze(NOTHING, (struct squeeze_text){slot->squeezed, slot->squeezed_len}, bytes, len))
		abort();
	memcpy(slot->awake, bytes, sizeof(*slot->awake));
	if (slot->survey_len)
		slot->awake->cluster.last = survey_read(bytes + sizeof(struct memory), slot->survey_len);
	free(bytes);
}

// Squeezes the memory, followed by the survey's text.
static void keep(struct slot *slot, const char *survey_text, struct arena *arena)
{
	size_t survey_len = strlen(survey_text), len = sizeof(struct memory) + survey_len;
	char *bytes = arena_alloc(arena, len);

	memcpy(bytes, slot->awake, sizeof(struct memory));
	memcpy(bytes + sizeof(struct memory), survey_text, survey_len);
	free(slot->squeezed);
	slot->squeezed = must(malloc(squeeze_bound(len)));
	slot->squeezed_len = squeeze(NOTHING, (struct squeeze_text){bytes, len}, slot->squeezed);
	slot->squeezed = must(realloc(slot->squeezed, slot->squeezed_len));
	slot->survey_len = survey_len;
}

static void rest(struct slot *slot, struct budget *surveys)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct survey *survey = slot->awake->cluster.last;

	slot->awake->cluster.last = NULL;
	keep(slot, survey ? survey_text(survey, arena) : "", arena);
	budget_give(surveys, slot->taken);
	slot->taken = slot->squeezed_len > SURVEY_SMALL ? slot->squeezed_len : 0;
	if (slot->taken && !budget_take(surveys, slot->taken)) {
		slot->taken = 0;
		keep(slot, "", arena);
	}
	survey_free(survey);
	memory_free(slot->awake);
	slot->awake = NULL;
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
	if (!slot->awake)
		wake(slot);
	return slot->awake;
}

void memory_rest(struct memory_table *table, const char *key)
{
	struct slot *slot;

	(void)pthread_mutex_lock(&table->lock);
	HASH_FIND_STR(table->slots, key, slot);
	(void)pthread_mutex_unlock(&table->lock);
	if (slot && slot->awake)
		rest(slot, &table->surveys);
}

void memory_forget(struct memory_table *table, const char *key)
{
	struct slot *slot;

	(void)pthread_mutex_lock(&table->lock);
	HASH_FIND_STR(table->slots, key, slot);
	if (slot) {
		HASH_DEL(table->slots, slot);
		budget_give(&table->surveys, slot->taken);
		slot_free(slot);
	}
	(void)pthread_mutex_unlock(&table->lock);
}
