// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A memory at rest is one squeezed text. Blocks at rest lie on a shelf of their own: in the heap, each would keep a page of it from going back to the system
// after a burst of passes (docs/decisions/0056).

#include "operator/pass/memory.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/budget.h"
#include "base/must.h"
#include "base/squeeze.h"
#include "kube/shelf.h"
#include "operator/cluster/survey.h"

// Parts of what a cluster of three says of itself (survey_text()). Memories are squeezed against it: most are small, and repeat little of themselves.
static const char TYPICAL[] =
	"{\"outsiders\":{},\"servers\":[[0,1,2,3,4,5,6,7],[8,9,10,3,4,5,6,7],[11,12,13,3,4,5,6,7]],\"copies\":[[6,14,2,15,16,16,true],"
	"[6,14,10,15,16,16,false],[6,14,13,15,16,16,false],[7,14,2,15,16,16,true],[7,14,10,15,16,16,false],[7,14,13,15,16,16,false]],"
	"\"texts\":[\"server-0.headless.svc.cluster.local:7687\",\"Enabled\",\"Available\",\"5.26.12\",\"neo4j\",\"system\",\"-server-1.\",\"-server-2.\","
	"\"standard\",\"primary\",\"online\"]}";

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
	struct shelf *shelf; // slots and what is squeezed; under the lock
	struct budget surveys;
};

struct memory_table *memory_table_new(void)
{
	struct memory_table *table = must(calloc(1, sizeof(*table)));

	(void)pthread_mutex_init(&table->lock, NULL);
	table->shelf = shelf_new();
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

static size_t slot_size(const char *key)
{
	return sizeof(struct slot) + strlen(key) + 1;
}

// Under the lock.
static void forget_squeezed(struct memory_table *table, struct slot *slot)
{
	if (slot->squeezed)
		shelf_give(table->shelf, slot->squeezed, slot->squeezed_len);
	slot->squeezed = NULL;
}

// Under the lock.
static void slot_free(struct memory_table *table, struct slot *slot)
{
	memory_free(slot->awake);
	forget_squeezed(table, slot);
	shelf_give(table->shelf, slot, slot_size(slot->key));
}

void memory_table_free(struct memory_table *table)
{
	struct slot *slot, *next;

	if (!table)
		return;
	HASH_ITER(hh, table->slots, slot, next)
	{
		HASH_DEL(table->slots, slot);
		slot_free(table, slot);
	}
	shelf_free(table->shelf);
	(void)pthread_mutex_destroy(&table->lock);
	free(table);
}

// Under the lock.
static struct slot *slot_new(struct memory_table *table, const char *key)
{
	struct slot *slot = shelf_take(table->shelf, slot_size(key));

	*slot = (struct slot){0};
	memcpy(slot->key, key, strlen(key) + 1);
	return slot;
}

static struct squeeze_text typical(void)
{
	return (struct squeeze_text){TYPICAL, sizeof(TYPICAL) - 1};
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
	if (!unsqueeze(typical(), (struct squeeze_text){slot->squeezed, slot->squeezed_len}, bytes, len))
		abort();
	memcpy(slot->awake, bytes, sizeof(*slot->awake));
	if (slot->survey_len)
		slot->awake->cluster.last = survey_read(bytes + sizeof(struct memory), slot->survey_len);
	free(bytes);
}

// Squeezes the memory, followed by the survey's text.
static void keep(struct memory_table *table, struct slot *slot, const char *survey_text, struct arena *arena)
{
	size_t survey_len = strlen(survey_text), len = sizeof(struct memory) + survey_len;
	char *bytes = arena_alloc(arena, len), *squeezed = arena_alloc(arena, squeeze_bound(len));

	memcpy(bytes, slot->awake, sizeof(struct memory));
	memcpy(bytes + sizeof(struct memory), survey_text, survey_len);
	len = squeeze(typical(), (struct squeeze_text){bytes, len}, squeezed);
	(void)pthread_mutex_lock(&table->lock);
	forget_squeezed(table, slot);
	slot->squeezed = shelf_take(table->shelf, len);
	slot->squeezed_len = len;
	(void)pthread_mutex_unlock(&table->lock);
	memcpy(slot->squeezed, squeezed, len);
	slot->survey_len = survey_len;
}

static void rest(struct memory_table *table, struct slot *slot)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct survey *survey = slot->awake->cluster.last;

	slot->awake->cluster.last = NULL;
	keep(table, slot, survey ? survey_text(survey, arena) : "", arena);
	budget_give(&table->surveys, slot->taken);
	slot->taken = slot->squeezed_len > SURVEY_SMALL ? slot->squeezed_len : 0;
	if (slot->taken && !budget_take(&table->surveys, slot->taken)) {
		slot->taken = 0;
		keep(table, slot, "", arena);
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
		slot = slot_new(table, key);
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
		rest(table, slot);
}

void memory_forget(struct memory_table *table, const char *key)
{
	struct slot *slot;

	(void)pthread_mutex_lock(&table->lock);
	HASH_FIND_STR(table->slots, key, slot);
	if (slot) {
		HASH_DEL(table->slots, slot);
		budget_give(&table->surveys, slot->taken);
		slot_free(table, slot);
	}
	(void)pthread_mutex_unlock(&table->lock);
}
