// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/session_state.h"

#include <assert.h>
#include <stdlib.h>

#include "base/exhausted.h"

int session_state_new(struct bolt_driver *driver, const struct bolt_session_options *options, struct bolt_session **ret, struct err *err)
{
	_cleanup_(session_state_freep) struct bolt_session *session = calloc(1, sizeof(*session));
	const struct bolt_session_options given = options ? *options : (struct bolt_session_options){0};

	if (!session)
		memory_is_exhausted();
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
		.notifications = bolt_notifications_copy(given.notifications, session->arena),
	};
	if (given.auth)
		session->login = login_new(given.auth);
	bolt_bookmarks_join(session->mark, &given.after, &session->bookmarks);
	*ret = steal_ptr(session);
	return 0;
}

void session_state_free(struct bolt_session *session)
{
	if (!session)
		return;
	// Whatever is left would point at what is freed here, and a hold would keep its place in the pool for good.
	assert(!session->hold && !session->tx && !session->results);
	bolt_cancel_free(session->cancel);
	login_free(session->login);
	arena_free(session->mark);
	arena_free(session->scratch);
	arena_free(session->arena);
	free(session);
}
