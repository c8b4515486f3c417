// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/stream.h"

#include <stdlib.h>
#include <string.h>

#include "bolt/discover.h"
#include "bolt/summary.h"

int stream_enter(struct bolt_session *session, struct err *err)
{
	session->failure = NULL;
	if (arena_used(session->scratch) > 0)
		arena_reset(session->scratch);
	if (bolt_cancel_fired(session->cancel))
		return err_set(err, ERR_CANCELLED, "the session was cancelled");
	return 0;
}

// What the next transaction has to see, in the arena.
static int find_bookmarks(const struct bolt_session *session, struct arena *arena, struct bolt_bookmark_list *ret, struct err *err)
{
	*ret = (struct bolt_bookmark_list){0};
	if (!session->options.bookmarks) {
		bolt_bookmarks_join(arena, &session->bookmarks, ret);
		return 0;
	}
	if (bolt_bookmarks_get(session->options.bookmarks, arena, ret, err) < 0)
		return callback_failed(err);
	// Once a transaction has left one, the shared ones know of it.
	if (!session->marked)
		bolt_bookmarks_join(arena, &session->bookmarks, ret);
	return 0;
}

static int find_for_router(struct acquire *acquire, struct err *err)
{
	return find_bookmarks(acquire->user, acquire->arena, &acquire->bookmarks, err);
}

static void hold_free(struct hold *hold)
{
	arena_free(hold->arena);
	free(hold);
}
DEFINE_CLEANUP(struct hold *, hold_free);

int stream_hold(struct bolt_session *session, bool read, bool lazy, int64_t deadline, struct hold **ret, struct err *err)
{
	_cleanup_(hold_freep) struct hold *hold = calloc(1, sizeof(*hold));
	const char *database = session->database ? session->database : session->options.database;
	int r;

	if (!hold)
		abort();
	hold->session = session;
	hold->arena = arena_new();
	hold->acquire = (struct acquire){
		.driver = session->driver,
		.arena = session->scratch,
		.cancel = session->cancel,
		.auth = session->login ? &session->login->auth : NULL,
		.database = database,
		.impersonated_user = session->options.impersonated_user,
		.find_bookmarks = find_for_router,
		.user = session,
		.read = read,
		.lazy = lazy && !session->driver->options.telemetry,
	};
	r = discover_place(&hold->acquire, deadline, &hold->place, err);
	if (r < 0) {
		session->failure = hold->acquire.failure;
		return r;
	}
	// What the router has told lies in the scratch, which each call clears.
	if (hold->acquire.database && !database)
		hold->acquire.database = session->database = arena_strdup(session->arena, hold->acquire.database);
	// Those of now: reading a routing table may have taken a while.
	r = find_bookmarks(session, hold->arena, &hold->used, err);
	if (r < 0) {
		acquire_release(session->driver, hold->place, deadline);
		return r;
	}
	*ret = steal_ptr(hold);
	return 0;
}

int stream_tx(const struct hold *hold, int64_t timeout_ms, const struct bolt_value *metadata, struct conn_tx *ret, struct err *err)
{
	const struct bolt_session *session = hold->session;

	if (timeout_ms < -1)
		return err_set(err, ERR_INVALID, "the transaction's timeout of %lld ms is negative", (long long)timeout_ms);
	*ret = (struct conn_tx){
		.database = session->database ? session->database : session->options.database,
		.impersonated_user = session->options.impersonated_user,
		.bookmarks = hold->used.items,
		.n_bookmarks = hold->used.n,
		.timeout_ms = timeout_ms < 0 ? CONN_NO_TIMEOUT : timeout_ms,
		.metadata = metadata,
		.read = hold->acquire.read,
		.notifications = session->options.notifications,
	};
	return 0;
}

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
	if (session->hold == hold)
		session->hold = NULL;
	acquire_release(session->driver, hold->place, deadline);
	hold_free(hold);
}

int stream_fail(struct hold *hold, int64_t deadline, struct err *err)
{
	struct bolt_tx *tx = hold->tx;

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
	int r = bolt_link_next(hold->place->link, deadline, arena, ret, err);

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

int stream_await(struct hold *hold, enum conn_request request, int64_t deadline, struct bolt_value *ret, struct err *err)
{
	int r = acquire_await(&hold->acquire, hold->place, request, deadline, ret, err);

	// Whatever was answered, what came before it was heard.
	if (r == 0 || r == ERR_SERVER || r == ERR_FORBIDDEN)
		hold->session->told = true;
	if (r < 0)
		hold->session->failure = hold->acquire.failure;
	return r;
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
			abort();
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
	r = stream_mark(session, hold, bolt_as_string(bolt_map_get(meta, "bookmark")), err);
	stream_release(hold, NULL, deadline);
	return r;
}

// One event of the batch under way: 1 a row, in the arena; 0 the batch is over.
static int take(struct bolt_result *result, int64_t deadline, struct arena *arena, struct bolt_value *ret, struct err *err)
{
	struct hold *hold = result->hold;
	struct conn_event event;

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
		// What ends an auto-commit result has freed the hold.
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
		abort();
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

int stream_run(struct hold *hold, const struct bolt_statement *statement, const struct conn_tx *tx, int64_t deadline,
	       struct bolt_result **ret, struct err *err)
{
	const struct conn_run run = {.text = statement->text, .params = statement->params, .tx = tx};
	_cleanup_(bolt_result_freep) struct bolt_result *result = NULL;
	struct conn *conn = bolt_link_conn(hold->place->link);
	struct bolt_value answer;
	int r = conn_run(conn, &run, err);

	if (r < 0)
		return r;
	result = result_new(hold);
	r = conn_pull(conn, result->fetch, CONN_LAST, err);
	if (r == 0)
		r = stream_await(hold, CONN_RUN, deadline, &answer, err);
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

int stream_mark(struct bolt_session *session, const struct hold *hold, const char *bookmark, struct err *err)
{
	struct arena *arena;
	const char **items;

	if (!bookmark || !*bookmark)
		return 0;
	arena = arena_new();
	items = arena_new_array(arena, const char *, 1);
	items[0] = arena_strdup(arena, bookmark);
	arena_free(session->mark);
	session->mark = arena;
	session->bookmarks = (struct bolt_bookmark_list){items, 1};
	session->marked = true;
	if (!session->options.bookmarks)
		return 0;
	if (bolt_bookmarks_replace(session->options.bookmarks, &hold->used, items[0], err) == 0)
		return 0;
	// Whatever the hook says, the work was committed: not to be done again.
	err_set_code(err, BOLT_CALLBACK);
	return err->class;
}
