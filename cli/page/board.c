// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Each change has a number, and each entry has the number of its last change. A removed entry stays for a while without its text, so that
// viewers learn of it. When there are too many removed entries, all are dropped, and a viewer that is further behind gets the whole board anew.

#include "cli/page/board.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <uthash.h>

#include "base/clock.h"

#define REMOVED_MAX 4096
// Large enough for a screen, and small enough to be shown before the next message.
#define ROWS_PER_MESSAGE 200

struct entry {
	char *id, *text; // text NULL: removed
	uint64_t seq;
	UT_hash_handle hh;
};

struct board {
	pthread_mutex_t lock; // of the members below
	pthread_cond_t changed;
	struct entry *entries;
	char *state;
	uint64_t seq, state_seq, whole_since;
	size_t removed;
	bool closed;
};

struct board *board_new(void)
{
	struct board *board = calloc(1, sizeof(*board));
	pthread_condattr_t attr;

	if (!board)
		abort();
	(void)pthread_mutex_init(&board->lock, NULL);
	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&board->changed, &attr);
	(void)pthread_condattr_destroy(&attr);
	board->seq = 1;
	return board;
}

static void free_entry(struct board *board, struct entry *entry)
{
	HASH_DEL(board->entries, entry);
	free(entry->id);
	free(entry->text);
	free(entry);
}

void board_free(struct board *board)
{
	struct entry *entry, *next;

	HASH_ITER(hh, board->entries, entry, next)
		free_entry(board, entry);
	free(board->state);
	(void)pthread_cond_destroy(&board->changed);
	(void)pthread_mutex_destroy(&board->lock);
	free(board);
}

static char *copy(const char *text)
{
	char *out = strdup(text);

	if (!out)
		abort();
	return out;
}

static struct entry *find(struct board *board, const char *id)
{
	struct entry *entry;

	HASH_FIND_STR(board->entries, id, entry);
	return entry;
}

static void mark(struct board *board, struct entry *entry)
{
	entry->seq = ++board->seq;
	(void)pthread_cond_broadcast(&board->changed);
}

static struct entry *add(struct board *board, const char *id)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (!entry)
		abort();
	entry->id = copy(id);
	HASH_ADD_KEYPTR(hh, board->entries, entry->id, strlen(entry->id), entry);
	return entry;
}

void board_put(struct board *board, const char *id, const char *json)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&board->lock);
	entry = find(board, id);
	if (!entry || !entry->text || strcmp(entry->text, json) != 0) {
		board->removed -= entry && !entry->text;
		entry = entry ? entry : add(board, id);
		free(entry->text);
		entry->text = copy(json);
		mark(board, entry);
	}
	(void)pthread_mutex_unlock(&board->lock);
}

static void drop_removed(struct board *board)
{
	struct entry *entry, *next;

	HASH_ITER(hh, board->entries, entry, next) {
		if (!entry->text)
			free_entry(board, entry);
	}
	board->removed = 0;
	board->whole_since = board->seq;
}

void board_remove(struct board *board, const char *id)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&board->lock);
	entry = find(board, id);
	if (entry && entry->text) {
		free(entry->text);
		entry->text = NULL;
		mark(board, entry);
		if (++board->removed > REMOVED_MAX)
			drop_removed(board);
	}
	(void)pthread_mutex_unlock(&board->lock);
}

void board_touch(struct board *board, const char *id)
{
	struct entry *entry;

	(void)pthread_mutex_lock(&board->lock);
	entry = find(board, id);
	if (entry && entry->text)
		mark(board, entry);
	(void)pthread_mutex_unlock(&board->lock);
}

void board_set_state(struct board *board, const char *json)
{
	(void)pthread_mutex_lock(&board->lock);
	if (!board->state || strcmp(board->state, json) != 0) {
		free(board->state);
		board->state = copy(json);
		board->state_seq = ++board->seq;
		(void)pthread_cond_broadcast(&board->changed);
	}
	(void)pthread_mutex_unlock(&board->lock);
}

void board_close(struct board *board)
{
	(void)pthread_mutex_lock(&board->lock);
	board->closed = true;
	(void)pthread_cond_broadcast(&board->changed);
	(void)pthread_mutex_unlock(&board->lock);
}

static int by_seq(const void *a, const void *b)
{
	uint64_t one = (*(struct entry *const *)a)->seq, other = (*(struct entry *const *)b)->seq;

	return one < other ? -1 : one > other;
}

static void write_row(const struct entry *entry, struct buf *out)
{
	buf_addf(out, "{\"id\":\"%s\",\"rev\":%llu", entry->id, (unsigned long long)entry->seq);
	if (!entry->text)
		buf_add(out, ",\"gone\":true}");
	else
		buf_addf(out, "%s%s", strcmp(entry->text, "{}") == 0 ? "" : ",", entry->text + 1);
}

// The entries that have changed after seen, in the order of their changes; the whole board without removed ones. The caller frees it.
static struct entry **collect(const struct board *board, uint64_t seen, bool whole, size_t *ret_n)
{
	struct entry **found = malloc((HASH_COUNT(board->entries) + 1) * sizeof(struct entry *)), *entry, *next;
	size_t n = 0;

	if (!found)
		abort();
	HASH_ITER(hh, board->entries, entry, next) {
		if (whole ? entry->text != NULL : entry->seq > seen)
			found[n++] = entry;
	}
	qsort(found, n, sizeof(found[0]), by_seq);
	*ret_n = n;
	return found;
}

static void write_rows(struct entry *const *rows, size_t n, bool whole, struct buf *out)
{
	if (n == 0 && !whole)
		return;
	buf_addf(out, "event: rows\ndata: {\"whole\":%s,\"rows\":[", whole ? "true" : "false");
	for (size_t i = 0; i < n; i++) {
		if (i)
			buf_addc(out, ',');
		write_row(rows[i], out);
	}
	buf_add(out, "]}\n\n");
}

static void write_changes(const struct board *board, uint64_t *seen, struct buf *out)
{
	bool whole = *seen == 0 || *seen < board->whole_since, cut;
	size_t n;
	struct entry **rows = collect(board, *seen, whole, &n);

	// The whole comes in one message, since its parts would look like changes.
	cut = !whole && n > ROWS_PER_MESSAGE;
	n = cut ? ROWS_PER_MESSAGE : n;
	write_rows(rows, n, whole, out);
	if (board->state && (whole || board->state_seq > *seen))
		buf_addf(out, "event: state\ndata: %s\n\n", board->state);
	*seen = cut ? rows[n - 1]->seq : board->seq;
	free(rows);
}

bool board_next(struct board *board, uint64_t *seen, int wait_ms, struct buf *out)
{
	struct timespec until = deadline_timespec(deadline_in_ms(wait_ms));
	bool open;

	(void)pthread_mutex_lock(&board->lock);
	while (!board->closed && *seen >= board->seq) {
		if (pthread_cond_timedwait(&board->changed, &board->lock, &until) != 0)
			break;
	}
	open = !board->closed;
	if (open && *seen < board->seq)
		write_changes(board, seen, out);
	else if (open)
		buf_add(out, ": still here\n\n");
	(void)pthread_mutex_unlock(&board->lock);
	return open;
}
