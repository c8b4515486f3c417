// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Part of a limit is left to the process itself (metaspace, threads, network buffers): a quarter at first, at least 320 MiB, an eighth from 8
// GiB on, at most 8 GiB. Two thirds of the rest are heap, up to 31 GiB, beyond which the JVM can no longer compress its pointers; the remainder
// is page cache. Without a limit both are modest, since the node's memory is not ours to divide.

#include "neo4j/conf_memory.h"

#include <assert.h>

#include "neo4j/conf_value.h"

#define MIB (UINT64_C(1) << 20)
#define GIB (UINT64_C(1) << 30)
#define HEAP_MAX "server.memory.heap.max_size"
#define HEAP_INITIAL "server.memory.heap.initial_size"
#define PAGE_CACHE "server.memory.pagecache.size"
#define UNLIMITED_HEAP (512 * MIB)
#define UNLIMITED_PAGE_CACHE (512 * MIB)
#define LEAST_HEAP (64 * MIB)
#define LEAST_PAGE_CACHE (32 * MIB)

static uint64_t min64(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

static uint64_t max64(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

static uint64_t reserve_of(uint64_t limit)
{
	if (limit < 4 * GIB)
		return max64(320 * MIB, limit / 4);
	return max64(GIB, min64(limit / 8, 8 * GIB));
}

struct part {
	const struct conf_entry *entry; // NULL: not set by the user
	uint64_t bytes;
};

static int read_part(const struct conf_model *model, const char *name, struct part *ret, struct err *err)
{
	ret->entry = conf_model_get(model, name);
	ret->bytes = 0;
	if (ret->entry && (!conf_value_size(ret->entry->value, &ret->bytes) || !ret->bytes))
		return err_set(err, ERR_INVALID, "%s: '%.40s' is not enough; give it a size such as 2g", ret->entry->field, ret->entry->value);
	return 0;
}

static void write_part(struct conf_model *model, const char *name, const struct part *part)
{
	if (!part->entry)
		conf_model_set(model, name, arena_printf(model->arena, "%llum", (unsigned long long)(part->bytes / MIB)), NULL);
}

// Divides what the user has left open.
static void share(uint64_t limit, struct part *heap, struct part *cache)
{
	uint64_t room = limit - reserve_of(limit);

	// Decoding refuses a limit below the smallest reserve.
	assert(limit > reserve_of(limit));
	if (!heap->entry) {
		heap->bytes = min64(cache->entry ? room - min64(room, cache->bytes) : room / 3 * 2, 31 * GIB);
		heap->bytes = max64(heap->bytes, LEAST_HEAP);
	}
	if (!cache->entry)
		cache->bytes = max64(room - min64(room, heap->bytes), LEAST_PAGE_CACHE);
}

// Only the user's values can exceed the limit.
static int check_limit(uint64_t limit, const struct part *heap, const struct part *cache, struct err *err)
{
	if ((!heap->entry && !cache->entry) || (heap->bytes <= limit && cache->bytes <= limit - heap->bytes))
		return 0;
	return err_set(err, ERR_INVALID,
		       "%s: heap (%llu MiB) and page cache (%llu MiB) exceed spec.resources.limits.memory (%llu MiB); "
		       "lower them or raise the limit",
		       heap->entry ? heap->entry->field : cache->entry->field, (unsigned long long)(heap->bytes / MIB),
		       (unsigned long long)(cache->bytes / MIB), (unsigned long long)(limit / MIB));
}

int conf_memory(struct conf_model *model, uint64_t limit, struct err *err)
{
	struct part heap, initial, cache;
	int r;

	if ((r = read_part(model, HEAP_MAX, &heap, err)) < 0 || (r = read_part(model, HEAP_INITIAL, &initial, err)) < 0 ||
	    (r = read_part(model, PAGE_CACHE, &cache, err)) < 0)
		return r;
	if (limit)
		share(limit, &heap, &cache);
	if (!heap.bytes)
		heap.bytes = max64(UNLIMITED_HEAP, initial.bytes);
	if (!cache.bytes)
		cache.bytes = UNLIMITED_PAGE_CACHE;
	if (!initial.entry)
		initial.bytes = heap.bytes;
	if (initial.bytes > heap.bytes)
		return err_set(err, ERR_INVALID, "%s: is more than " HEAP_MAX " (%llu MiB); lower it or raise the other",
			       initial.entry->field, (unsigned long long)(heap.bytes / MIB));
	if (limit && check_limit(limit, &heap, &cache, err) < 0)
		return err->class;
	if (!initial.entry && heap.entry)
		conf_model_set(model, HEAP_INITIAL, heap.entry->value, NULL);
	else
		write_part(model, HEAP_INITIAL, &initial);
	write_part(model, HEAP_MAX, &heap);
	write_part(model, PAGE_CACHE, &cache);
	return 0;
}
