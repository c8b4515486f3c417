// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/session.h"

#include <stdlib.h>

#include "bolt/stream.h"

#define FREE_MS 1000

int stream_session(struct bolt_driver *driver, const struct bolt_session_options *options, struct bolt_session **ret, struct err *err)
{
	_cleanup_(bolt_session_freep) struct bolt_session *session = calloc(1, sizeof(*session));
	const struct bolt_session_options given = options ? *options : (struct bolt_session_options){0};

	if (!session)
		abort();
	session->driver = driver;
	session->arena = arena_new();
	session->scratch = arena_new();
	session->mark = arena_new();
	if (given.fetch_size < -1)
		return err_set(err, ERR_INVALID, "the fetch size of %lld rows is negative", (long long)given.fetch_size);
	session->options = (struct bolt_session_options){
		.database = given.database && *given.database ? arena_strdup(session->arena, given.database) : NULL,
		.read = given.read,
		.impersonated_user = given.impersonated_user ? arena_strdup(session->arena, given.impersonated_user) : NULL,
		.fetch_size = given.fetch_size ? given.fetch_size : driver->options.fetch_size,
		.bookmarks = given.bookmarks,
		.notifications = notifications_copy(given.notifications, session->arena),
	};
	if (given.auth)
		session->login = login_new(given.auth);
	bolt_bookmarks_join(session->mark, &given.after, &session->bookmarks);
	*ret = steal_ptr(session);
	return 0;
}

int bolt_session_new(struct bolt_driver *driver, const struct bolt_session_options *options, struct bolt_session **ret, struct err *err)
{
	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	int r = stream_session(driver, options, &session, err);

	if (r == 0)
		r = bolt_cancel_new(&session->cancel, err);
	if (r == 0)
		*ret = steal_ptr(session);
	return r;
}

int bolt_session_close(struct bolt_session *session, int64_t deadline, struct err *err)
{
	int r = 0;

	session->failure = NULL;
	if (session->tx)
		r = stream_rollback(session->tx, deadline, err);
	if (session->hold)
		r = stream_discard(session->hold->newest, deadline, err);
	for (struct bolt_result *result = session->results; result; result = result->next)
		result->over = true;
	return r;
}

void bolt_session_free(struct bolt_session *session)
{
	struct err ignored = ERR_INIT;

	if (!session)
		return;
	(void)bolt_session_close(session, deadline_in_ms(FREE_MS), &ignored);
	for (struct bolt_result *result = session->results; result; result = result->next)
		result->session = NULL;
	bolt_cancel_free(session->cancel);
	login_free(session->login);
	arena_free(session->mark);
	arena_free(session->scratch);
	arena_free(session->arena);
	free(session);
}

void bolt_session_cancel(struct bolt_session *session)
{
	bolt_cancel_fire(session->cancel);
	pool_wake(session->driver->pool);
}

int bolt_session_run(struct bolt_session *session, const struct bolt_statement *statement, int64_t deadline, struct bolt_result **ret,
		     struct err *err)
{
	struct hold *hold;
	struct conn_tx extra;
	int r = stream_enter(session, err);

	stream_forget_failed(session);
	if (r == 0 && session->tx)
		r = err_set(err, ERR_INVALID, "the session has a transaction that is not over; run the query in it");
	if (r == 0 && session->hold)
		r = stream_keep(session->hold->newest, deadline, err);
	if (r == 0)
		r = stream_hold(session, session->options.read, true, deadline, &hold, err);
	if (r < 0)
		return r;
	session->hold = hold;
	r = stream_tx(hold, statement->timeout_ms, statement->metadata, &extra, err);
	if (r == 0 && session->driver->options.telemetry)
		r = conn_telemetry(bolt_link_conn(hold->place->link), CONN_API_AUTO_COMMIT, err);
	if (r == 0)
		r = stream_run(hold, statement, &extra, deadline, ret, err);
	return r < 0 ? stream_fail(hold, deadline, err) : 0;
}

struct bolt_bookmark_list bolt_session_bookmarks(const struct bolt_session *session)
{
	return session->bookmarks;
}

const struct bolt_failure *bolt_session_failure(const struct bolt_session *session)
{
	return session->failure;
}
