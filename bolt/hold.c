// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/hold.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/exhausted.h"
#include "bolt/callback.h"
#include "bolt/discover.h"

// The bookmarks that the next transaction has to see, in the arena.
static int find_bookmarks(const struct bolt_session *session, struct arena *arena, struct bolt_bookmark_list *ret, struct err *err)
{
	*ret = (struct bolt_bookmark_list){0};
	if (!session->options.bookmarks) {
		bolt_bookmarks_join(arena, &session->bookmarks, ret);
		return 0;
	}
	if (callback_coded(bolt_bookmarks_get(session->options.bookmarks, arena, ret, err), err) < 0)
		return err->class;
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

int hold_take(struct bolt_session *session, bool read, bool lazy, int64_t deadline, struct hold **ret, struct err *err)
{
	_cleanup_(hold_freep) struct hold *hold = calloc(1, sizeof(*hold));
	const char *database = session->database ? session->database : session->options.database;
	int r;

	// One transaction, or one auto-commit query, at a time: the one before has given its connection back.
	assert(!session->hold && !session->tx);
	r = acquire_enter(session->driver, deadline, err);
	if (r < 0)
		return r;
	if (!hold)
		memory_is_exhausted();
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
	// The router's answer lies in the scratch, which each call clears.
	if (hold->acquire.database && !database)
		hold->acquire.database = session->database = arena_strdup(session->arena, hold->acquire.database);
	// The bookmarks are taken now, not earlier: reading a routing table may have taken a while.
	r = find_bookmarks(session, hold->arena, &hold->used, err);
	if (r < 0) {
		acquire_release(session->driver, hold->place, deadline);
		return r;
	}
	*ret = steal_ptr(hold);
	return 0;
}

int hold_extra(const struct hold *hold, int64_t timeout_ms, const struct bolt_value *metadata, struct conn_tx *ret, struct err *err)
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

void hold_give(struct hold *hold, int64_t deadline)
{
	struct bolt_session *session = hold->session;

	// Who still pointed here would use it after its end.
	assert(!hold->tx || !hold->tx->hold);
	if (session->hold == hold)
		session->hold = NULL;
	acquire_release(session->driver, hold->place, deadline);
	hold_free(hold);
}

int hold_settle(struct hold *hold, int64_t deadline, struct err *err)
{
	int r;

	if (bolt_link_conn(hold->place->link)->logons == 0)
		return 0;
	r = acquire_settle(&hold->acquire, hold->place, deadline, err);
	if (r < 0)
		hold->session->failure = hold->acquire.failure;
	return r;
}

// CALL {...} IN TRANSACTIONS, USING PERIODIC COMMIT, apoc.periodic: a failure takes back the last of its transactions only.
static bool is_piecewise(const char *text)
{
	// strcasestr() prepares itself for long texts, which costs more than a short one.
	for (; *text; text++) {
		const char *word = (*text | 0x20) == 't' ? "transactions" : (*text | 0x20) == 'p' ? "periodic" : NULL;

		if (word && strncasecmp(text, word, strlen(word)) == 0)
			return true;
	}
	return false;
}

void hold_doubt(struct hold *hold, const char *text)
{
	// In a transaction it is the commit that counts, and a reader writes nothing.
	if (hold->tx || hold->acquire.read)
		return;
	hold->unheard = true;
	hold->piecewise = is_piecewise(text);
}

void hold_judge(const struct hold *hold, struct err *err)
{
	// In a child nothing was sent, and it is the parent's to know.
	if (!hold->unheard || strcmp(err->code, BOLT_FORKED) == 0)
		return;
	if (err->class != ERR_SERVER && err->class != ERR_FORBIDDEN)
		err_set_code(err, BOLT_COMMIT_UNKNOWN);
	else if (hold->piecewise)
		err->retry_after_ms = BOLT_NOT_AGAIN;
}

int hold_await(struct hold *hold, enum conn_request request, int64_t deadline, struct bolt_value *ret, struct err *err)
{
	int r;

	// Its rows would be taken for the answer.
	assert(!hold->streaming);
	r = acquire_await(&hold->acquire, hold->place, request, deadline, ret, err);
	// Whatever was answered, what came before it was heard.
	if (r == 0 || r == ERR_SERVER || r == ERR_FORBIDDEN)
		hold->session->told = true;
	if (r < 0)
		hold->session->failure = hold->acquire.failure;
	return r;
}

int hold_mark(const struct hold *hold, const char *bookmark, struct err *err)
{
	struct bolt_session *session = hold->session;
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
	if (callback_result(bolt_bookmarks_replace(session->options.bookmarks, &hold->used, items[0], err), err) == 0)
		return 0;
	// Whatever the hook says, the work was committed: not to be done again.
	err_set_code(err, BOLT_CALLBACK);
	return err->class;
}
