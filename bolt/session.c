// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/session.h"

#include <stdlib.h>

#include "bolt/hold.h"
#include "bolt/misuse.h"
#include "bolt/stream.h"
#include "bolt/tx.h"

#define FREE_MS 1000

int bolt_session_new(struct bolt_driver *driver, const struct bolt_session_options *options, struct bolt_session **ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	if (MISUSED(err, NEED(driver), NEED(ret)) || NEWER(err, options))
		return err->class;

	_cleanup_(bolt_session_freep) struct bolt_session *session = NULL;
	int r = session_state_new(driver, options, &session, err);

	if (r == 0)
		r = bolt_cancel_new(&session->cancel, err);
	if (r == 0)
		*ret = steal_ptr(session);
	return r;
}

static int end(struct bolt_session *session, int64_t deadline, struct err *err)
{
	int r = 0;

	session->failure = NULL;
	if (session->tx)
		r = tx_rollback(session->tx, deadline, err);
	if (session->hold)
		r = stream_discard(session->hold->newest, deadline, err);
	for (struct bolt_result *result = session->results; result; result = result->next)
		result->over = true;
	return r;
}

int bolt_session_close(struct bolt_session *session, int64_t deadline, struct err *err)
{
	ENTER(err);
	if (MISUSED(err, NEED(session)) || acquire_enter(session->driver, deadline, err) < 0)
		return err->class;
	return end(session, deadline, err);
}

void bolt_session_free(struct bolt_session *session)
{
	struct err ignored = ERR_INIT;

	if (!session)
		return;
	(void)end(session, deadline_in_ms(FREE_MS), &ignored);
	for (struct bolt_result *result = session->results; result; result = result->next)
		result->session = NULL;
	session->results = NULL;
	session_state_free(session);
}

void bolt_session_cancel(struct bolt_session *session)
{
	if (!session)
		return;
	bolt_cancel_fire(session->cancel);
	pool_wake(session->driver->pool);
}

int bolt_session_run(struct bolt_session *session, const struct bolt_statement *statement, int64_t deadline, struct bolt_result **ret,
		     struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	if (MISUSED(err, NEED(session), NEED(statement), {statement ? statement->text : NULL, "statement.text"}, NEED(ret)) || NEWER(err, statement))
		return err->class;

	struct hold *hold;
	struct conn_tx extra;
	int r = session_state_enter(session, deadline, err);

	tx_forget_failed(session);
	if (r == 0 && session->tx)
		r = err_set(err, ERR_INVALID, "the session has a transaction that is not over; run the query in it");
	if (r == 0 && session->hold)
		r = stream_keep(session->hold->newest, deadline, err);
	if (r == 0)
		r = hold_take(session, session->options.read, true, deadline, &hold, err);
	if (r < 0)
		return r;
	session->hold = hold;
	r = hold_extra(hold, statement->timeout_ms, statement->metadata, &extra, err);
	if (r == 0 && session->driver->options.telemetry)
		r = conn_telemetry(bolt_link_conn(hold->place->link), CONN_API_AUTO_COMMIT, err);
	if (r == 0)
		r = stream_run(hold, statement, &extra, deadline, ret, err);
	return r < 0 ? stream_fail(hold, deadline, err) : 0;
}

int bolt_session_begin(struct bolt_session *session, const struct bolt_tx_options *options, int64_t deadline, struct bolt_tx **ret,
		       struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	if (MISUSED(err, NEED(session), NEED(ret)) || NEWER(err, options))
		return err->class;

	struct bolt_job job = {.read = session->options.read};
	int r = session_state_enter(session, deadline, err);

	session->told = false;
	if (options)
		job.tx = *options;
	tx_forget_failed(session);
	if (r == 0 && session->tx)
		r = err_set(err, ERR_INVALID, "the session has a transaction that is not over");
	if (r == 0 && session->hold)
		r = stream_keep(session->hold->newest, deadline, err);
	return r < 0 ? r : tx_begin(session, &job, CONN_API_EXPLICIT, deadline, ret, err);
}

int bolt_session_execute(struct bolt_session *session, const struct bolt_job *job, int64_t deadline, struct err *err)
{
	ENTER(err);
	if (MISUSED(err, NEED(session), NEED(job), {job ? (const void *)(uintptr_t)job->work : NULL, "job.work"}) || NEWER(err, job) || misuse_is_newer(err, job->tx.reserved, "job.tx"))
		return err->class;

	int r = session_state_enter(session, deadline, err);

	tx_forget_failed(session);
	if (r == 0 && session->tx)
		r = err_set(err, ERR_INVALID, "the session has a transaction that is not over");
	if (r == 0 && session->hold)
		r = stream_keep(session->hold->newest, deadline, err);
	return r < 0 ? r : tx_execute(session, job, CONN_API_MANAGED, deadline, err);
}

struct bolt_bookmark_list bolt_session_bookmarks(const struct bolt_session *session)
{
	return session ? session->bookmarks : (struct bolt_bookmark_list){0};
}

const struct bolt_failure *bolt_session_failure(const struct bolt_session *session)
{
	return session ? session->failure : NULL;
}

int bolt_tx_run(struct bolt_tx *tx, const struct bolt_statement *statement, int64_t deadline, struct bolt_result **ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = NULL;
	if (MISUSED(err, NEED(tx), NEED(statement), {statement ? statement->text : NULL, "statement.text"}, NEED(ret)) || NEWER(err, statement))
		return err->class;

	return tx_run(tx, statement, deadline, ret, err);
}

static int managed(struct err *err)
{
	return err_set(err, ERR_INVALID, "a managed transaction is committed or rolled back by what its work returns");
}

int bolt_tx_commit(struct bolt_tx *tx, int64_t deadline, struct err *err)
{
	ENTER(err);
	if (MISUSED(err, NEED(tx)))
		return err->class;

	int r = tx->managed ? managed(err) : tx_enter(tx, deadline, err);

	return r < 0 ? r : tx_commit(tx, deadline, err);
}

int bolt_tx_rollback(struct bolt_tx *tx, int64_t deadline, struct err *err)
{
	ENTER(err);
	if (MISUSED(err, NEED(tx)))
		return err->class;

	int r = 0;

	if (tx->managed)
		r = managed(err);
	else if (!tx->failed || !tx->session)
		r = tx_enter(tx, deadline, err);
	return r < 0 ? r : tx_rollback(tx, deadline, err);
}

bool bolt_tx_is_open(const struct bolt_tx *tx)
{
	return tx && tx->hold;
}

void bolt_tx_free(struct bolt_tx *tx)
{
	struct err ignored = ERR_INIT;

	if (!tx || tx->managed)
		return;
	if (tx->session)
		(void)tx_rollback(tx, deadline_in_ms(FREE_MS), &ignored);
	free(tx);
}
