// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/result.h"

#include <stdlib.h>
#include <string.h>

#include "bolt/misuse.h"
#include "bolt/stream.h"

#define FREE_MS 1000

const char *const *bolt_result_keys(const struct bolt_result *result, uint32_t *ret_n)
{
	if (ret_n)
		*ret_n = result ? result->n_keys : 0;
	return result ? result->keys : NULL;
}

static int enter(struct bolt_result *result, int64_t deadline, struct err *err)
{
	if (result->session && session_state_enter(result->session, deadline, err) < 0)
		return err->class;
	if (result->over && err_is_set(&result->error)) {
		*err = result->error;
		if (result->session)
			result->session->failure = result->failure;
		return err->class;
	}
	if (result->over)
		return err_set(err, ERR_INVALID, "the result was consumed, or its transaction or session is over");
	return 0;
}

// The next row is in result->row: 1.
static int look(struct bolt_result *result, int64_t deadline, struct err *err)
{
	int r = result->peeked ? 1 : stream_next(result, deadline, err);

	result->peeked = r > 0;
	return r;
}

// Without a pointer that it needs it has nothing to do, and without an error it has none that anybody reads.
__attribute__((cold, noinline)) static int next_with_less(struct bolt_result *result, int64_t deadline, const struct bolt_value **ret,
							  struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	return MISUSED(err, NEED(result), NEED(ret)) ? err->class : bolt_result_next(result, deadline, ret, err);
}

int bolt_result_next(struct bolt_result *result, int64_t deadline, const struct bolt_value **ret, struct err *err)
{
	int r;

	if (__builtin_expect(!result || !ret || !err, 0))
		return next_with_less(result, deadline, ret, err);
	misuse_forget(err);
	*ret = NULL;
	r = enter(result, deadline, err);
	if (r == 0)
		r = look(result, deadline, err);
	result->peeked = false;
	if (r > 0)
		*ret = &result->row;
	return r;
}

int bolt_result_peek(struct bolt_result *result, int64_t deadline, const struct bolt_value **ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	if (!result || !ret)
		return MISUSED(err, NEED(result), NEED(ret)) ? err->class : 0;

	int r = enter(result, deadline, err);

	if (r == 0)
		r = look(result, deadline, err);
	if (r > 0)
		*ret = &result->row;
	return r;
}

int bolt_result_single(struct bolt_result *result, int64_t deadline, const struct bolt_value **ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	if (MISUSED(err, NEED(result), NEED(ret)))
		return err->class;

	struct bolt_value *row;
	int r = enter(result, deadline, err);

	if (r == 0)
		r = look(result, deadline, err);
	if (r < 0)
		return r;
	if (r == 0)
		return err_set(err, ERR_NOT_FOUND, "the result has no row, where one was expected");
	row = arena_alloc(result->arena, sizeof(*row));
	*row = bolt_copy(&result->row, result->arena);
	result->peeked = false;
	r = look(result, deadline, err);
	if (r < 0)
		return r;
	if (r == 0) {
		*ret = row;
		return 0;
	}
	r = stream_discard(result, deadline, err);
	result->over = true;
	return r < 0 ? r : err_set(err, ERR_CONFLICT, "the result has more than one row, where one was expected");
}

// As many rows as an array that doubles in the arena holds.
static void add_row(struct bolt_value **items, uint32_t n, const struct bolt_value *row, struct arena *arena)
{
	// n is a power of two, or nothing was added yet: full.
	if ((n & (n - 1)) == 0 && (n == 0 || n >= 8)) {
		struct bolt_value *larger = arena_new_array(arena, struct bolt_value, n ? 2 * (size_t)n : 8);

		if (n)
			memcpy(larger, *items, n * sizeof(*larger));
		*items = larger;
	}
	(*items)[n] = bolt_copy(row, arena);
}

int bolt_result_all(struct bolt_result *result, uint32_t max_rows, int64_t deadline, struct arena *arena, struct bolt_value *ret,
		    struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = bolt_null();
	if (MISUSED(err, NEED(result), NEED(arena), NEED(ret)))
		return err->class;

	size_t before = arena_used(arena);
	struct bolt_value *items = NULL;
	uint32_t n = 0;
	int r = enter(result, deadline, err);

	// The rows after the batch under way come in one batch.
	result->fetch = max_rows ? (int64_t)max_rows + 1 : CONN_ALL;
	while (r == 0) {
		r = look(result, deadline, err);
		if (r <= 0)
			break;
		r = 0;
		if (max_rows && n == max_rows)
			r = err_set(err, ERR_TOO_LARGE, "the result has more than %u rows", max_rows);
		else if (arena_used(arena) - before > result->memory_max)
			r = err_set(err, ERR_TOO_LARGE, "the result needs more than %zu bytes of memory", result->memory_max);
		if (r < 0)
			break;
		add_row(&items, n++, &result->row, arena);
		result->peeked = false;
	}
	if (r < 0)
		return r;
	*ret = bolt_list(items, n);
	return 0;
}

int bolt_result_consume(struct bolt_result *result, int64_t deadline, const struct bolt_summary **ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	if (MISUSED(err, NEED(result), NEED(ret)))
		return err->class;

	int r = 0;

	if (result->session && session_state_enter(result->session, deadline, err) < 0)
		return err->class;
	if (!result->summary || !result->over)
		r = stream_discard(result, deadline, err);
	result->over = true;
	if (r < 0)
		return r;
	if (!result->summary)
		return err_set(err, ERR_INVALID, "the transaction or the session of the result was over before the result was");
	*ret = result->summary;
	return 0;
}

void bolt_result_free(struct bolt_result *result)
{
	struct err ignored = ERR_INIT;

	if (!result)
		return;
	if (result->hold)
		(void)stream_discard(result, deadline_in_ms(FREE_MS), &ignored);
	stream_free(result);
}

const struct bolt_value *bolt_result_get(const struct bolt_result *result, const struct bolt_value *row, const char *key)
{
	// No row of a result, where it is no list.
	if (!result || !row || row->type != BOLT_LIST || !key)
		return NULL;
	for (uint32_t i = 0; i < result->n_keys && i < row->size; i++) {
		if (strcmp(result->keys[i], key) == 0)
			return &row->items[i];
	}
	return NULL;
}
