// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// One auto-commit query over a link: RUN and PULL in one flight, and the events until the last. An answer that is not the query's own would be
// read as one, so that nothing may be due, or have failed, before.

#include "bolt/link.h"

#include <string.h>

#include "bolt/callback.h"
#include "bolt/link_state.h"
#include "bolt/misuse.h"
#include "bolt/table.h"

#define DEFAULT_MAX_ROWS 10000
// The memory for kept rows is reserved in such steps.
#define KEPT_STEP ((size_t)32 * 1024)

// The whole answer to RUN and PULL: 1 at its end, 0 when more is to come.
struct intake {
	struct bolt_link *link;
	struct table_rows rows;
	uint32_t max_rows;
	struct arena *arena;
	size_t used; // of the arena, before
	bolt_row_fn on_row;
	void *user;
	uint32_t n_told; // rows
};

static int take_row(struct intake *intake, const struct bolt_value *row, const struct bolt_table *table, struct err *err)
{
	if (row->size != table->n_fields)
		return err_set(err, ERR_PROTOCOL, "a row has %u values where there are %u fields", row->size, table->n_fields);
	if (intake->rows.n + intake->n_told == intake->max_rows)
		return err_set(err, ERR_PROTOCOL, "the server sent more rows than the %u that were asked for", intake->max_rows);
	if (!intake->on_row) {
		table_add(&intake->rows, row, intake->arena);
		return 0;
	}
	intake->n_told++;
	return callback_result(intake->on_row(intake->user, table, row, err), err);
}

static int take(struct intake *intake, const struct conn_event *event, struct bolt_table *ret, struct err *err)
{
	struct bolt_value *summary;

	switch (event->type) {
	case CONN_FAILURE:
		return link_keep_failure(intake->link, event->failure, err);
	case CONN_RECORD:
		return take_row(intake, &event->value, ret, err);
	case CONN_SUCCESS:
		break;
	default: // nothing was done
		return err_set(err, ERR_PROTOCOL, "the server ignored a query, though nothing of it had failed");
	}
	if (event->request == CONN_RUN)
		return table_fields(&event->value, intake->arena, &ret->fields, &ret->n_fields, err);
	if (bolt_as_bool(bolt_map_get(&event->value, "has_more"), false))
		return err_set(err, ERR_TOO_LARGE, "the result has more than %u rows", intake->max_rows);
	summary = arena_alloc(intake->arena, sizeof(*summary));
	*summary = event->value;
	ret->summary = summary;
	ret->rows = intake->rows.items;
	ret->n_rows = intake->rows.n;
	return 1;
}

// As take(), of events until then.
static int take_all(struct intake *intake, int64_t deadline, struct bolt_table *ret, struct err *err)
{
	_cleanup_(arena_freep) struct arena *passing = intake->on_row ? link_answers_arena(intake->link) : NULL;
	struct bolt_link *link = intake->link;
	size_t max = link->limits.result, needs = 0;
	struct conn_event event;
	int r = 0;

	while (r == 0) {
		link->conn.memory = max - needs;
		r = link_next(link, deadline, passing ? passing : intake->arena, &event, err);
		if (r == 0 && passing && event.type == CONN_SUCCESS)
			event.value = bolt_copy(&event.value, intake->arena);
		if (r == 0)
			r = take(intake, &event, ret, err);
		if (passing)
			arena_reset(passing);
		needs = arena_used(intake->arena) - intake->used;
		if (r == 0 && needs > max)
			r = err_set(err, ERR_TOO_LARGE, "the result needs more than %zu bytes of memory", max);
		if (r == 0 && passing && !arena_reserve(intake->arena, arena_held(intake->arena) + KEPT_STEP))
			r = err_set(err, ERR_TOO_MANY, "the memory for all answers is used up; try again later");
	}
	link->conn.memory = max;
	return r;
}

// RUN and PULL; nothing of them is left behind when RUN cannot be said.
static int send_query(struct bolt_link *link, const struct bolt_query *query, uint32_t max_rows, struct err *err)
{
	const struct conn_tx tx = {
		.database = query->database,
		.impersonated_user = query->impersonated_user,
		.timeout_ms = query->tx_timeout_ms,
		.read = query->read,
	};
	const struct conn_run run = {.text = query->text, .params = query->params, .tx = &tx};
	int r = conn_run(&link->conn, &run, err);

	if (r < 0)
		return r;
	r = conn_pull(&link->conn, max_rows, CONN_LAST, err);
	link->dead |= r < 0;
	return r;
}

// Answers to what was asked before would be taken for this query's, and after a failure there is none but IGNORED.
static int check_rest(const struct bolt_link *link, struct err *err)
{
	if (link->conn.n_pending > 0)
		return err_set(err, ERR_INVALID, "answers are due that were not taken; take them by bolt_link_next(), or bolt_link_reset()");
	return link->conn.failed ? err_set(err, ERR_INVALID, "an earlier request failed; bolt_link_reset() comes first") : 0;
}

int bolt_link_query(struct bolt_link *link, const struct bolt_query *query, int64_t deadline, struct arena *arena,
		    struct bolt_table *ret, struct err *err)
{
	ENTER(err);
	if (ret)
		*ret = (struct bolt_table){0};
	if (MISUSED(err, NEED(link), NEED(query), {query ? query->text : NULL, "query.text"}, NEED(arena), NEED(ret)) || NEWER(err, query))
		return err->class;

	struct intake intake = {
		.link = link,
		.max_rows = query->max_rows ? query->max_rows : DEFAULT_MAX_ROWS,
		.arena = arena,
		.used = arena_used(arena),
		.on_row = query->on_row,
		.user = query->user,
	};
	struct err ignored = ERR_INIT;
	int r;

	*ret = (struct bolt_table){0};
	link_forget_failure(link);
	r = bolt_link_settle(link, deadline, err);
	if (r == 0)
		r = check_rest(link, err);
	if (r == 0)
		r = send_query(link, query, intake.max_rows, err);
	if (r < 0)
		return r;
	link_bind(link, arena);
	r = take_all(&intake, deadline, ret, err);
	if (r > 0)
		return 0;
	if (link->dead)
		return r;
	// After a failure the server ignores everything until RESET. What failed first is what the caller is told.
	if (r == ERR_SERVER || r == ERR_FORBIDDEN)
		(void)bolt_link_reset(link, deadline, &ignored);
	else
		link->dead = true;
	return r;
}

const struct bolt_value *bolt_table_get(const struct bolt_table *table, uint32_t row, const char *field)
{
	return table && row < table->n_rows ? bolt_row_get(table, &table->rows[row], field) : NULL;
}

const struct bolt_value *bolt_row_get(const struct bolt_table *table, const struct bolt_value *row, const char *field)
{
	// A row of another table may have fewer values.
	if (!table || !row || row->type != BOLT_LIST || !field)
		return NULL;
	for (uint32_t i = 0; i < table->n_fields && i < row->size; i++) {
		if (strcmp(table->fields[i], field) == 0)
			return &row->items[i];
	}
	return NULL;
}
