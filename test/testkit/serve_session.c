// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include <stdlib.h>

#include "test/testkit/backend_fault.h"
#include "test/testkit/authorization.h"
#include "test/testkit/serve.h"

// A managed transaction: testkit works inside it by further requests, and then says whether it is satisfied.
struct managed {
	struct talk *talk;
	struct session_object *session;
	bool decided;
	int verdict;	   // 0: satisfied
	struct err refusal; // else: what testkit fails with
};

int session_failed(struct talk *talk, const struct session_object *session, int r)
{
	talk->failure = r < 0 && session->session ? bolt_session_failure(session->session) : NULL;
	return r;
}

int find_session(const struct talk *talk, yyjson_val *data, struct session_object **ret, struct err *err)
{
	void *self;
	const int r = talk_find(talk, OBJECT_SESSION, yyjson_obj_get(data, "sessionId"), &self, err);

	if (r < 0)
		return r;
	*ret = self;
	return (*ret)->session ? 0 : err_set(err, ERR_INVALID, "the session was closed, or its driver");
}

static int find_tx(const struct talk *talk, yyjson_val *data, struct tx_object **ret, struct err *err)
{
	void *self;
	const int r = talk_find(talk, OBJECT_TX, yyjson_obj_get(data, "txId"), &self, err);

	if (r < 0)
		return r;
	*ret = self;
	return (*ret)->tx ? 0 : err_set(err, ERR_INVALID, "the transaction is over, or its session");
}

static void session_object_free(void *self)
{
	struct session_object *object = self;

	bolt_session_free(object->session);
	free(object);
}

static void tx_object_end(struct tx_object *object)
{
	if (!object->managed)
		bolt_tx_free(object->tx);
	object->tx = NULL;
}

static void tx_object_free(void *self)
{
	tx_object_end(self);
	free(self);
}

static void close_transactions(struct talk *talk, const struct session_object *session)
{
	for (size_t i = 0; i < talk->n_objects; i++) {
		struct tx_object *tx = talk->objects[i].self;

		if (talk->objects[i].kind == OBJECT_TX && tx->session == session)
			tx_object_end(tx);
	}
}

void close_sessions(struct talk *talk, const struct driver_object *driver)
{
	for (size_t i = 0; i < talk->n_objects; i++) {
		struct session_object *session = talk->objects[i].self;

		if (talk->objects[i].kind != OBJECT_SESSION || session->driver != driver)
			continue;
		close_transactions(talk, session);
		bolt_session_free(session->session);
		session->session = NULL;
	}
}

static int read_session(struct talk *talk, yyjson_val *data, struct arena *arena, struct bolt_session_options *ret, struct err *err)
{
	yyjson_val *manager = yyjson_obj_get(data, "bookmarkManagerId");
	struct bolt_auth *auth = arena_new_array(arena, struct bolt_auth, 1);
	const int r = authorization_read(yyjson_obj_get(data, "authorizationToken"), arena, auth, err);

	if (r < 0)
		return r;
	*ret = (struct bolt_session_options){
		.database = read_text(data, "database"),
		.read = yyjson_equals_str(yyjson_obj_get(data, "accessMode"), "r"),
		.impersonated_user = read_text(data, "impersonatedUser"),
		.auth = auth->scheme ? auth : NULL,
		.fetch_size = read_whole(data, "fetchSize", 0),
		.after = read_texts(yyjson_obj_get(data, "bookmarks"), arena),
		.notifications = read_notifications(data, arena),
	};
	return yyjson_is_str(manager) ? find_bookmarks(talk, manager, &ret->bookmarks, err) : 0;
}

static int new_session(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	_cleanup_free_ struct session_object *object = calloc(1, sizeof(*object));
	struct bolt_session_options options;

	if (!object)
		abort();
	int r = find_driver(talk, data, &object->driver, err);

	if (r == 0)
		r = read_session(talk, data, reply->arena, &options, err);
	if (r == 0)
		r = bolt_session_new(object->driver->driver, &options, &object->session, err);
	if (r < 0)
		return r;
	const struct object kept = {.kind = OBJECT_SESSION, .free = session_object_free, .self = steal_ptr(object)};

	reply_id(reply, "Session", talk_keep(talk, kept, reply->arena));
	return 0;
}

static int close_session(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	void *self;
	int r = talk_find(talk, OBJECT_SESSION, yyjson_obj_get(data, "sessionId"), &self, err);
	struct session_object *object = self;

	if (r < 0)
		return r;
	if (object->session)
		r = session_failed(talk, object, bolt_session_close(object->session, deadline_in_ms(CALL_MS), err));
	if (r < 0)
		return r;
	close_transactions(talk, object);
	bolt_session_free(object->session);
	object->session = NULL;
	reply_id(reply, "Session", read_text(data, "sessionId"));
	return 0;
}

static int run(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct result_source source = {0};
	struct bolt_statement statement;
	int r = find_session(talk, data, &source.session, err);

	if (r == 0)
		r = read_statement(data, reply->arena, &statement, err);
	if (r < 0)
		return r;
	r = bolt_session_run(source.session->session, &statement, deadline_in_ms(CALL_MS), &source.result, err);
	if (r < 0)
		return session_failed(talk, source.session, r);
	source.text = statement.text;
	source.params = statement.params;
	reply_result(talk, &source, reply);
	return 0;
}

static const char *keep_tx(struct talk *talk, const struct tx_object *tx, struct arena *arena, struct tx_object **ret)
{
	struct tx_object *object = malloc(sizeof(*object));

	if (!object)
		abort();
	*object = *tx;
	*ret = object;
	return talk_keep(talk, (struct object){.kind = OBJECT_TX, .free = tx_object_free, .self = object}, arena);
}

static int begin(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct tx_object tx = {0}, *kept;
	struct bolt_tx_options options;
	int r = find_session(talk, data, &tx.session, err);

	if (r == 0)
		r = read_tx_options(data, reply->arena, &options, err);
	if (r < 0)
		return r;
	r = bolt_session_begin(tx.session->session, &options, deadline_in_ms(CALL_MS), &tx.tx, err);
	if (r < 0)
		return session_failed(talk, tx.session, r);
	reply_id(reply, "Transaction", keep_tx(talk, &tx, reply->arena, &kept));
	return 0;
}

static int tx_run(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct tx_object *tx;
	struct bolt_statement statement;
	struct result_source source = {0};
	int r = find_tx(talk, data, &tx, err);

	if (r == 0)
		r = read_statement(data, reply->arena, &statement, err);
	if (r < 0)
		return r;
	source = (struct result_source){.session = tx->session, .text = statement.text, .params = statement.params};
	r = bolt_tx_run(tx->tx, &statement, deadline_in_ms(CALL_MS), &source.result, err);
	if (r < 0)
		return session_failed(talk, tx->session, r);
	reply_result(talk, &source, reply);
	return 0;
}

typedef int (*tx_end)(struct bolt_tx *tx, int64_t deadline, struct err *err);

static int end_tx(struct talk *talk, yyjson_val *data, tx_end end, struct reply *reply, struct err *err)
{
	struct tx_object *tx;
	int r = find_tx(talk, data, &tx, err);

	if (r == 0)
		r = session_failed(talk, tx->session, end(tx->tx, deadline_in_ms(CALL_MS), err));
	if (r < 0)
		return r;
	reply_id(reply, "Transaction", read_text(data, "txId"));
	return 0;
}

static int tx_commit(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	return end_tx(talk, data, bolt_tx_commit, reply, err);
}

static int tx_rollback(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	return end_tx(talk, data, bolt_tx_rollback, reply, err);
}

// A transaction or result that is over may be closed, any number of times.
static int tx_close(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	void *self;
	int r = talk_find(talk, OBJECT_TX, yyjson_obj_get(data, "txId"), &self, err);
	struct tx_object *tx = self;

	if (r == 0 && tx->tx && bolt_tx_is_open(tx->tx))
		r = session_failed(talk, tx->session, bolt_tx_rollback(tx->tx, deadline_in_ms(CALL_MS), err));
	if (r < 0)
		return r;
	tx_object_end(tx);
	reply_id(reply, "Transaction", read_text(data, "txId"));
	return 0;
}

static int last_bookmarks(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct session_object *object;
	const int r = find_session(talk, data, &object, err);

	if (r < 0)
		return r;
	const struct bolt_bookmark_list list = bolt_session_bookmarks(object->session);

	reply->name = "Bookmarks";
	yyjson_mut_obj_add_val(reply->doc, reply->data, "bookmarks", write_keys(reply->doc, list.items, (uint32_t)list.n));
	return 0;
}

static int send_try(struct talk *talk, const char *id, struct arena *arena, struct err *err)
{
	struct reply reply;

	reply_init(&reply, arena, NULL);
	reply_id(&reply, "RetryableTry", id);
	return channel_send(&talk->channel, reply.doc, reply.name, reply.data, err);
}

static int work(struct bolt_tx *tx, void *user, int64_t deadline, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct managed *managed = user;
	struct talk *talk = managed->talk;
	struct tx_object *kept;
	const struct tx_object object = {.session = managed->session, .tx = tx, .managed = true};
	const char *id = keep_tx(talk, &object, arena, &kept);
	int r = send_try(talk, id, arena, err);

	(void)deadline;
	managed->decided = false;
	while (r == 0 && !managed->decided && !talk->over)
		r = talk_step(talk, err);
	kept->tx = NULL;
	if (r == 0 && talk->over)
		r = err_set(err, ERR_CANCELLED, "testkit is gone");
	if (r == 0 && managed->verdict < 0) {
		*err = managed->refusal;
		r = managed->verdict;
	}
	return r;
}

static int execute(struct talk *talk, yyjson_val *data, bool read, struct reply *reply, struct err *err)
{
	struct managed managed = {.talk = talk};
	struct bolt_job job = {.work = work, .user = &managed, .read = read};
	int r = find_session(talk, data, &managed.session, err);

	if (r == 0)
		r = read_tx_options(data, reply->arena, &job.tx, err);
	if (r < 0)
		return r;
	talk->client_failed = false;
	managed.session->managed = &managed;
	r = bolt_session_execute(managed.session->session, &job, deadline_in_ms(MANAGED_MS), err);
	managed.session->managed = NULL;
	if (r < 0 && !talk->client_failed)
		return session_failed(talk, managed.session, r);
	if (r < 0) {
		reply->name = "FrontendError";
		yyjson_mut_obj_add_strcpy(reply->doc, reply->data, "msg", err->text);
		return 0;
	}
	reply->name = "RetryableDone";
	return 0;
}

static int execute_read(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	return execute(talk, data, true, reply, err);
}

static int execute_write(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	return execute(talk, data, false, reply, err);
}

static int find_managed(const struct talk *talk, yyjson_val *data, struct managed **ret, struct err *err)
{
	struct session_object *object;
	const int r = find_session(talk, data, &object, err);

	if (r < 0)
		return r;
	*ret = object->managed;
	return *ret ? 0 : backend_fault(err, "no managed transaction is under way");
}

static int satisfied(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct managed *managed;
	const int r = find_managed(talk, data, &managed, err);

	(void)reply;
	if (r < 0)
		return r;
	managed->decided = true;
	managed->verdict = 0;
	return 0;
}

static int refused(struct talk *talk, yyjson_val *data, struct reply *reply, struct err *err)
{
	struct managed *managed;
	yyjson_val *id = yyjson_obj_get(data, "errorId");
	void *kept = NULL;
	int r = find_managed(talk, data, &managed, err);

	(void)reply;
	// An error of ours comes back by its id; without one it is testkit's own.
	if (r == 0 && yyjson_get_len(id) > 0)
		r = talk_find(talk, OBJECT_ERROR, id, &kept, err);
	if (r < 0)
		return r;
	managed->refusal = ERR_INIT;
	if (kept)
		managed->refusal = *(struct err *)kept;
	else
		(void)err_set(&managed->refusal, ERR_CANCELLED, "testkit's own code failed");
	talk->client_failed = !kept;
	managed->verdict = managed->refusal.class;
	managed->decided = true;
	return 0;
}

const struct request_kind requests_session[] = {
	{"NewSession", new_session},
	{"SessionClose", close_session},
	{"SessionRun", run},
	{"SessionBeginTransaction", begin},
	{"SessionReadTransaction", execute_read},
	{"SessionWriteTransaction", execute_write},
	{"SessionLastBookmarks", last_bookmarks},
	{"RetryablePositive", satisfied},
	{"RetryableNegative", refused},
	{"TransactionRun", tx_run},
	{"TransactionCommit", tx_commit},
	{"TransactionRollback", tx_rollback},
	{"TransactionClose", tx_close},
	{NULL, NULL},
};
