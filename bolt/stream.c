// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/stream.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/exhausted.h"
#include "bolt/hold.h"
#include "bolt/link_state.h"
#include "bolt/summary_read.h"

void stream_release(struct hold *hold, const struct err *error, int64_t deadline)
{
	struct bolt_session *session = hold->session;

	for (struct bolt_result *result = session->results; result; result = result->next) {
		if (result->hold != hold)
			continue;
		result->hold = NULL;
		if (!error)
			continue;
		result->error = *error;
		if (session->failure)
			result->failure = bolt_failure_copy(session->failure, result->arena);
	}
	hold_give(hold, deadline);
}

int stream_fail(struct hold *hold, int64_t deadline, struct err *err)
{
	struct bolt_tx *tx = hold->tx;

	hold_judge(hold, err);
	if (tx) {
		tx->failed = true;
		tx->error = *err;
		tx->hold = NULL;
	}
	stream_release(hold, err, deadline);
	return err->class;
}

// The next event of this hold; its failures and errors are drawn into err, not yet told to anybody else.
static int hear(struct hold *hold, int64_t deadline, struct arena *arena, struct conn_event *ret, struct err *err)
{
	int r = link_await(hold->place->link, deadline, arena, ret, err);

	if (r < 0)
		return acquire_broken(&hold->acquire, hold->place, deadline, err);
	if (ret->type == CONN_FAILURE) {
		r = acquire_failed(&hold->acquire, hold->place, ret->failure, err);
		hold->session->failure = hold->acquire.failure;
		return r;
	}
	if (ret->type == CONN_IGNORED) {
		hold->place->doomed = true;
		return err_set(err, ERR_PROTOCOL, "the server ignored a request, though none before it had failed");
	}
	return 0;
}

static int too_large(const struct bolt_result *result, int64_t deadline, struct err *err)
{
	(void)err_set(err, ERR_TOO_LARGE, "the rows to be kept of one result need more than %zu bytes of memory", result->memory_max);
	return stream_fail(result->hold, deadline, err);
}

static void keep_row(struct bolt_result *result, const struct bolt_value *row)
{
	if (result->n_kept == result->kept_room) {
		result->kept_room = result->kept_room ? 2 * result->kept_room : 64;
		result->kept = realloc(result->kept, result->kept_room * sizeof(*result->kept));
		if (!result->kept)
			memory_is_exhausted();
	}
	result->kept[result->n_kept++] = *row;
}

static void drop_kept(struct bolt_result *result)
{
	result->n_kept = result->kept_pos = 0;
	if (result->kept_arena)
		arena_reset(result->kept_arena);
}

// The server's last word on a result.
static int finish(struct bolt_result *result, const struct bolt_value *meta, int64_t deadline, struct err *err)
{
	struct hold *hold = result->hold;
	struct bolt_session *session = hold->session;
	struct bolt_value *copied = arena_alloc(result->arena, sizeof(*copied));
	struct bolt_version version = bolt_link_version(hold->place->link);
	const char *database = session->database ? session->database : session->options.database;
	struct summary_input input = {
		.meta = copied,
		.available_after_ms = result->available_after_ms,
		.database = database ? arena_strdup(result->arena, database) : NULL,
		.has_keys = result->n_keys > 0,
		.had_record = result->had_record,
		.discarded = result->discarded,
	};
	int r;

	*copied = bolt_copy(meta, result->arena);
	result->summary = arena_alloc(result->arena, sizeof(*result->summary));
	r = summary_read(&input, result->arena, result->summary, err);
	if (r < 0) {
		hold->place->doomed = true;
		return stream_fail(hold, deadline, err);
	}
	result->summary->address = arena_strdup(result->arena, pool_place_text(hold->place));
	result->summary->server = arena_strdup(result->arena, bolt_link_server(hold->place->link));
	result->summary->major = version.major;
	result->summary->minor = version.minor;
	result->ended = true;
	result->hold = NULL;
	if (hold->tx)
		return 0;
	r = hold_mark(hold, bolt_as_string(bolt_map_get(meta, "bookmark")), err);
	stream_release(hold, NULL, deadline);
	return r;
}

// One event of the batch under way: 1 a row, in the arena; 0 the batch is over.
static int take(struct bolt_result *result, int64_t deadline, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	struct hold *hold = result->hold;
	struct conn_event event;

	assert(hold->streaming == result);
	if (hear(hold, deadline, arena, &event, err) < 0)
		return stream_fail(hold, deadline, err);
	if (event.type == CONN_RECORD) {
		if (event.value.size != result->n_keys) {
			hold->place->doomed = true;
			(void)err_set(err, ERR_PROTOCOL, "a row has %u values where there are %u columns", event.value.size, result->n_keys);
			return stream_fail(hold, deadline, err);
		}
		result->had_record = true;
		*ret = event.value;
		return 1;
	}
	hold->streaming = NULL;
	if (bolt_as_bool(bolt_map_get(&event.value, "has_more"), false))
		return 0;
	return finish(result, &event.value, deadline, err);
}

int stream_drain(struct hold *hold, int64_t deadline, struct err *err)
{
	while (hold->streaming) {
		struct bolt_result *result = hold->streaming;
		struct bolt_value row;
		int r;

		if (!result->kept_arena)
			result->kept_arena = arena_new();
		r = take(result, deadline, result->kept_arena, &row, err);

		if (r < 0)
			return r;
		// The end of an auto-commit result has freed the hold.
		if (result->ended)
			return 0;
		if (r == 0)
			continue;
		keep_row(result, &row);
		if (arena_used(result->kept_arena) > result->memory_max)
			return too_large(result, deadline, err);
	}
	return 0;
}

// Asks for more of a result, behind what is under way.
static int ask(struct bolt_result *result, bool discard, int64_t n, int64_t deadline, struct err *err)
{
	struct hold *hold = result->hold;
	struct conn *conn = bolt_link_conn(hold->place->link);
	int64_t qid = !hold->tx || hold->newest == result ? CONN_LAST : result->qid;
	int r = stream_drain(hold, deadline, err);

	if (r < 0)
		return r;
	r = discard ? conn_discard(conn, n, qid, err) : conn_pull(conn, n, qid, err);
	if (r < 0)
		return stream_fail(hold, deadline, err);
	hold->streaming = result;
	return 0;
}

static int replay(struct bolt_result *result, struct err *err)
{
	*err = result->error;
	if (result->session)
		result->session->failure = result->failure;
	return err->class;
}

int stream_next(struct bolt_result *result, int64_t deadline, struct err *err)
{
	int r = 0;

	if (result->kept_pos < result->n_kept) {
		result->row = result->kept[result->kept_pos++];
		return 1;
	}
	if (result->n_kept > 0)
		drop_kept(result);
	while (r == 0) {
		if (err_is_set(&result->error))
			return replay(result, err);
		if (result->ended)
			return 0;
		// Whatever takes the connection away leaves an error.
		assert(result->hold);
		if (result->hold->streaming != result) {
			r = ask(result, false, result->fetch, deadline, err);
			if (r < 0)
				break;
		}
		arena_reset(result->row_arena);
		r = take(result, deadline, result->row_arena, &result->row, err);
	}
	return r;
}

int stream_keep(struct bolt_result *result, int64_t deadline, struct err *err)
{
	while (result->hold) {
		int r = result->hold->streaming == result ? 0 : ask(result, false, CONN_ALL, deadline, err);

		if (r == 0)
			r = stream_drain(result->hold, deadline, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int stream_discard(struct bolt_result *result, int64_t deadline, struct err *err)
{
	struct bolt_value row;
	int r = 0;

	drop_kept(result);
	result->peeked = false;
	while (result->hold && r >= 0) {
		if (result->hold->streaming != result) {
			result->discarded = true;
			r = ask(result, true, CONN_ALL, deadline, err);
		}
		if (r < 0)
			break;
		arena_reset(result->row_arena);
		r = take(result, deadline, result->row_arena, &row, err);
	}
	if (r >= 0 && err_is_set(&result->error))
		return replay(result, err);
	return r < 0 ? r : 0;
}

static int read_keys(struct bolt_result *result, const struct bolt_value *meta, struct err *err)
{
	const struct bolt_value *fields = bolt_map_get(meta, "fields");
	const char **keys;
	uint32_t n;

	if (fields && fields->type != BOLT_LIST && fields->type != BOLT_NULL)
		return err_set(err, ERR_PROTOCOL, "the columns in the answer to RUN are no list");
	// None at all: a query that gives no rows.
	n = fields && fields->type == BOLT_LIST ? fields->size : 0;
	keys = arena_new_array(result->arena, const char *, n);
	for (uint32_t i = 0; i < n; i++) {
		const char *key = bolt_as_string(&fields->items[i]);

		if (!key)
			return err_set(err, ERR_PROTOCOL, "a column in the answer to RUN is no string");
		keys[i] = arena_strdup(result->arena, key);
	}
	result->keys = keys;
	result->n_keys = n;
	result->available_after_ms = bolt_as_int(bolt_map_get(meta, "t_first"), -1);
	result->qid = bolt_as_int(bolt_map_get(meta, "qid"), CONN_LAST);
	return 0;
}

static struct bolt_result *result_new(struct hold *hold)
{
	struct bolt_session *session = hold->session;
	struct bolt_result *result = calloc(1, sizeof(*result));

	if (!result)
		memory_is_exhausted();
	result->lent = session->lent;
	result->arena = result->lent ? session->lent : arena_new();
	result->row_arena = arena_new();
	result->session = session;
	result->tx = hold->tx;
	result->fetch = session->options.fetch_size;
	result->memory_max = bolt_link_limits(hold->place->link)->result;
	result->next = session->results;
	session->results = result;
	return result;
}

void stream_free(struct bolt_result *result)
{
	struct bolt_result **at;

	if (!result)
		return;
	assert(!result->hold);
	if (result->session) {
		for (at = &result->session->results; *at != result; at = &(*at)->next)
			;
		*at = result->next;
		if (result->session->failure == result->failure)
			result->session->failure = NULL;
	}
	if (!result->lent)
		arena_free(result->arena);
	arena_free(result->row_arena);
	arena_free(result->kept_arena);
	free(result->kept);
	free(result);
}

int stream_run(struct hold *hold, const struct bolt_statement *statement, const struct conn_tx *tx, int64_t deadline,
	       struct bolt_result **ret, struct err *err)
{
	const struct conn_run run = {.text = statement->text, .params = statement->params, .tx = tx};
	_cleanup_(stream_freep) struct bolt_result *result = NULL;
	struct conn *conn = bolt_link_conn(hold->place->link);
	struct bolt_value answer;
	int r;

	// The answer to RUN would stand behind rows.
	assert(!hold->streaming);
	r = hold_settle(hold, deadline, err);
	if (r == 0)
		r = conn_run(conn, &run, err);
	if (r < 0)
		return r;
	hold_doubt(hold, statement->text);
	count_one(&hold->session->driver->counts.statements);
	result = result_new(hold);
	r = conn_pull(conn, result->fetch, CONN_LAST, err);
	if (r == 0)
		r = hold_await(hold, CONN_RUN, deadline, &answer, err);
	if (r == 0) {
		r = read_keys(result, &answer, err);
		hold->place->doomed |= r < 0;
	}
	if (r < 0)
		return r;
	result->hold = hold;
	hold->newest = result;
	hold->streaming = result;
	*ret = steal_ptr(result);
	return 0;
}
