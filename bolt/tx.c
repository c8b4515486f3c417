// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "bolt/tx.h"

#include <assert.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/exhausted.h"
#include "bolt/callback.h"
#include "bolt/hold.h"
#include "bolt/stream.h"
#include "bolt/trace.h"

#define FIRST_PAUSE_MS 1000
#define LONGEST_PAUSE_MS 60000

#define TERMINATED "the transaction was terminated by an earlier failure; roll it back and begin another"

static int terminated(struct err *err)
{
	return err_set(err, ERR_INVALID, TERMINATED);
}

static int over(struct err *err)
{
	return err_set(err, ERR_INVALID, "the transaction is over");
}

int tx_enter(struct bolt_tx *tx, int64_t deadline, struct err *err)
{
	if (!tx->session)
		return over(err);
	if (session_state_enter(tx->session, deadline, err) < 0)
		return err->class;
	if (tx->failed)
		return terminated(err);
	return tx->hold ? 0 : over(err);
}

static bool at_rest(const struct hold *hold)
{
	const struct conn *conn = bolt_link_conn(hold->place->link);

	return !hold->place->doomed && !bolt_link_is_dead(hold->place->link) && !conn->failed && conn->n_pending == 0;
}

int tx_begin(struct bolt_session *session, const struct bolt_job *job, enum conn_api api, int64_t deadline, struct bolt_tx **ret,
	     struct err *err)
{
	struct hold *hold;
	struct conn_tx extra;
	struct conn *conn;
	// BEGIN may go out with the login: it changes nothing.
	int r = hold_take(session, job->read, true, deadline, &hold, err);

	if (r < 0)
		return r;
	conn = bolt_link_conn(hold->place->link);
	r = hold_extra(hold, job->tx.timeout_ms, job->tx.metadata, &extra, err);
	if (r == 0 && session->driver->options.telemetry && !session->told)
		r = conn_telemetry(conn, api, err);
	if (r == 0)
		r = conn_begin(conn, &extra, err);
	// A query of the driver follows at once, in the same flight where the login is done.
	if (r == 0 && api != CONN_API_DRIVER)
		r = hold_await(hold, CONN_BEGIN, deadline, NULL, err);
	if (r < 0) {
		stream_release(hold, NULL, deadline);
		return r;
	}
	hold->tx = calloc(1, sizeof(*hold->tx));
	if (!hold->tx)
		memory_is_exhausted();
	hold->tx->session = session;
	hold->tx->hold = hold;
	session->tx = hold->tx;
	*ret = hold->tx;
	return 0;
}

// The transaction is over, and so are its results.
static void leave(struct bolt_tx *tx)
{
	if (!tx->session)
		return;
	assert(!tx->hold);
	for (struct bolt_result *result = tx->session->results; result; result = result->next) {
		if (result->tx != tx)
			continue;
		result->tx = NULL;
		result->over = true;
	}
	if (tx->session->tx == tx)
		tx->session->tx = NULL;
	tx->session = NULL;
}

void tx_forget_failed(struct bolt_session *session)
{
	if (session->tx && session->tx->failed)
		leave(session->tx);
}

int tx_run(struct bolt_tx *tx, const struct bolt_statement *statement, int64_t deadline, struct bolt_result **ret, struct err *err)
{
	int r = tx_enter(tx, deadline, err);

	if (r == 0)
		r = stream_drain(tx->hold, deadline, err);
	if (r < 0)
		return r;
	r = stream_run(tx->hold, statement, NULL, deadline, ret, err);
	// The connection cannot carry the statement, so nothing was sent: the transaction goes on.
	if (r < 0 && !at_rest(tx->hold))
		return stream_fail(tx->hold, deadline, err);
	return r;
}

static int discard_all(struct bolt_tx *tx, int64_t deadline, struct err *err)
{
	for (struct bolt_result *result = tx->session->results; result; result = result->next) {
		if (result->hold != tx->hold)
			continue;
		if (stream_discard(result, deadline, err) < 0)
			return err->class;
	}
	return 0;
}

// COMMIT or ROLLBACK, and the end.
static int finish(struct bolt_tx *tx, enum conn_request request, int64_t deadline, struct bolt_value *ret, struct err *err)
{
	struct hold *hold = tx->hold;
	struct conn *conn = bolt_link_conn(hold->place->link);
	int r = discard_all(tx, deadline, err);

	if (r < 0)
		return r;
	r = request == CONN_COMMIT ? conn_commit(conn, err) : conn_rollback(conn, err);
	if (r == 0)
		r = hold_await(hold, request, deadline, ret, err);
	if (r < 0)
		return stream_fail(hold, deadline, err);
	return 0;
}

int tx_commit(struct bolt_tx *tx, int64_t deadline, struct err *err)
{
	struct hold *hold = tx->hold;
	struct bolt_value answer;
	int r;

	// tx_enter() has refused a transaction that failed or has ended.
	assert(hold && !tx->failed);
	r = discard_all(tx, deadline, err);
	if (r == 0) {
		r = finish(tx, CONN_COMMIT, deadline, &answer, err);
		// Sent, and no answer: it may be done or not. Work that forked, and returns in the child too, has sent nothing there.
		if (r < 0 && r != ERR_SERVER && r != ERR_FORBIDDEN && strcmp(err->code, BOLT_FORKED) != 0)
			err_set_code(err, BOLT_COMMIT_UNKNOWN);
	}
	if (r == 0) {
		r = hold_mark(hold, bolt_as_string(bolt_map_get(&answer, "bookmark")), err);
		tx->hold = NULL;
		stream_release(hold, NULL, deadline);
	}
	leave(tx);
	return r;
}

int tx_rollback(struct bolt_tx *tx, int64_t deadline, struct err *err)
{
	struct hold *hold = tx->hold;
	int r = hold ? finish(tx, CONN_ROLLBACK, deadline, NULL, err) : 0;

	if (hold && r == 0) {
		tx->hold = NULL;
		stream_release(hold, NULL, deadline);
	}
	leave(tx);
	return r;
}

// Frees a transaction that is over.
static void end(struct bolt_tx *tx)
{
	leave(tx);
	free(tx);
}

// Judges the work's outcome: 0 asks for a commit. Any other result is an error. So is an error that the work set, whatever it returned.
static int judge(const struct bolt_tx *tx, int r, struct err *err)
{
	// The work did not mind, but there is nothing left that could be committed; or it heard of it by its next call only, with its own
	// words before it maybe.
	if (tx->failed && (r == 0 || !err_is_set(err) || (err->class == ERR_INVALID && strstr(err->text, TERMINATED))))
		*err = tx->error;
	if (r == 0 || err_is_set(err))
		return callback_result(r, err);
	(void)err_set(err, ERR_INVALID, "the work in the transaction returned %d, and no error with it; nothing was committed", r);
	err_set_code(err, BOLT_CALLBACK);
	return err->class;
}

// One try: the work, and what follows from it.
static int try_once(struct bolt_session *session, const struct bolt_job *job, enum conn_api api, int64_t deadline, struct err *err)
{
	struct err ignored = ERR_INIT;
	struct bolt_tx *tx;
	int r = tx_begin(session, job, api, deadline, &tx, err);

	if (r < 0)
		return r;
	tx->managed = true;
	r = judge(tx, job->work(tx, job->user, deadline, err), err);
	if (r == 0)
		r = tx_commit(tx, deadline, err);
	if (r < 0 && tx->hold) {
		const struct bolt_failure *failure = session->failure;

		(void)tx_rollback(tx, deadline, &ignored);
		session->failure = failure;
	}
	end(tx);
	return r;
}

// That clients do not come again all at once is all that it is for.
static uint32_t random_below(uint32_t n)
{
	uint32_t v = 0;

	if (getrandom(&v, sizeof(v), GRND_NONBLOCK) != (ssize_t)sizeof(v))
		v = (uint32_t)clock_monotonic_ms(&clock_system);
	return v % n;
}

// The time until the next try, from 80 % to 120 % of what it grew to.
static int64_t jitter(int64_t pause_ms)
{
	return pause_ms * 4 / 5 + random_below((uint32_t)(pause_ms * 2 / 5 + 1));
}

static int pause_for(const struct bolt_session *session, int64_t until, struct err *err)
{
	struct pollfd item = {.fd = bolt_cancel_fd(session->cancel), .events = POLLIN};

	while (deadline_left_ms(until) > 0 && !bolt_cancel_fired(session->cancel))
		(void)poll(&item, 1, deadline_left_ms(until));
	return bolt_cancel_fired(session->cancel) ? err_set(err, ERR_CANCELLED, "the session was cancelled") : 0;
}

int tx_execute(struct bolt_session *session, const struct bolt_job *job, enum conn_api api, int64_t deadline, struct err *err)
{
	const struct bolt_driver_options *options = &session->driver->options;
	int64_t retry_ms = options->retry_ms, until = deadline_in_ms(retry_ms), pause_ms = FIRST_PAUSE_MS;
	unsigned tries = 1;

	session->told = false;
	for (;; tries++) {
		int64_t next;

		if (try_once(session, job, api, deadline, err) == 0)
			return 0;
		next = deadline_in_ms(jitter(pause_ms));
		if (!bolt_is_retryable(err) || retry_ms < 0 || deadline_left_ms(until) == 0 || next >= deadline)
			return err->class;
		trace_line(options->log, "try %u begins in %d ms, after %s", tries + 1, deadline_left_ms(next), err->code[0] ? err->code : err->text);
		err_clear(err);
		if (pause_for(session, next, err) < 0 || session_state_enter(session, deadline, err) < 0)
			return err->class;
		count_one(&session->driver->counts.retries);
		pause_ms = pause_ms * 2 < LONGEST_PAUSE_MS ? pause_ms * 2 : LONGEST_PAUSE_MS;
	}
}
