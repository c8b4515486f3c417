// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A request is packed in place at the end of the output and taken back when it cannot be finished. What comes is read where it lies
// when it is whole in the input, and put together by the dechunker when not.

#include "bolt/conn.h"

#include <assert.h>
#include <string.h>

#include "bolt/dialect.h"
#include "bolt/misuse.h"
#include "bolt/pack.h"
#include "bolt/pairs.h"
#include "bolt/tags.h"
#include "bolt/trace.h"

// A longer announced silence is no hint.
#define SILENCE_MAX_S 86400

static const struct {
	const char *name;
	enum tag tag;
} requests[CONN_REQUESTS] = {
	[CONN_HELLO] = {"HELLO", TAG_HELLO},	   [CONN_LOGON] = {"LOGON", TAG_LOGON},
	[CONN_LOGOFF] = {"LOGOFF", TAG_LOGOFF},	   [CONN_TELEMETRY] = {"TELEMETRY", TAG_TELEMETRY},
	[CONN_RESET] = {"RESET", TAG_RESET},	   [CONN_RUN] = {"RUN", TAG_RUN},
	[CONN_PULL] = {"PULL", TAG_PULL},	   [CONN_DISCARD] = {"DISCARD", TAG_DISCARD},
	[CONN_BEGIN] = {"BEGIN", TAG_BEGIN},	   [CONN_COMMIT] = {"COMMIT", TAG_COMMIT},
	[CONN_ROLLBACK] = {"ROLLBACK", TAG_ROLLBACK}, [CONN_ROUTE] = {"ROUTE", TAG_ROUTE},
};

static const char *const answers[] = {
	[CONN_RECORD] = "RECORD", [CONN_SUCCESS] = "SUCCESS", [CONN_FAILURE] = "FAILURE", [CONN_IGNORED] = "IGNORED"};

void conn_init(struct conn *conn)
{
	if (!conn)
		return;
	*conn = (struct conn){.output = BUF_INIT_SECRET(CONN_OUTPUT_MAX), .memory = BOLT_RESULT_MAX};
	handshake_init(&conn->handshake);
	dechunker_init(&conn->dechunker, CONN_MESSAGE_MAX);
	handshake_open(&conn->output);
}

void conn_deinit(struct conn *conn)
{
	if (!conn)
		return;
	handshake_release(&conn->handshake);
	dechunker_release(&conn->dechunker);
	buf_release(&conn->output);
}

enum conn_request conn_due(const struct conn *conn)
{
	return conn && conn->n_pending ? conn->pending[conn->first] : CONN_REQUESTS;
}

// Requests.

static int begin(struct conn *conn, enum conn_request request, uint8_t n_fields, size_t *ret_start, struct err *err)
{
	*ret_start = conn->output.len;
	if (conn->broken || !conn->handshake.done)
		return err_set(err, ERR_IO, "%s cannot be sent: the connection is %s", requests[request].name,
			       conn->broken ? "broken" : "not open yet");
	if (conn->n_pending == CONN_PENDING_MAX)
		return err_set(err, ERR_TOO_LARGE, "%d requests wait for their answers already", CONN_PENDING_MAX);
	(void)chunk_begin(&conn->output);
	pack_struct(&conn->output, (uint8_t)requests[request].tag, n_fields);
	return 0;
}

static bool is_login(enum conn_request request)
{
	return request <= CONN_LOGOFF;
}

static int end(struct conn *conn, enum conn_request request, size_t start, struct err *err)
{
	chunk_end(&conn->output, start);
	if (conn->output.overflow) {
		buf_truncate(&conn->output, start);
		return err_set(err, ERR_TOO_LARGE, "the request is larger than %zu bytes", conn->output.max);
	}
	if (conn->log && request != CONN_RUN)
		trace_sent(conn->log, conn->name, requests[request].name, conn->output.len - start, NULL);
	assert(conn->n_pending < CONN_PENDING_MAX);
	conn->pending[(conn->first + conn->n_pending++) % CONN_PENDING_MAX] = request;
	conn->logons += is_login(request);
	return 0;
}

static int bare(struct conn *conn, enum conn_request request, struct err *err)
{
	size_t start;
	int r;

	RETURN_MISUSE(err, NEED(conn));
	r = begin(conn, request, 0, &start, err);
	return r < 0 ? r : end(conn, request, start, err);
}

static int need(const struct conn *conn, enum bolt_trait trait, const char *what, struct err *err)
{
	if (bolt_version_has(conn->version, trait))
		return 0;
	(void)err_set(err, ERR_INVALID, "the server speaks Bolt %u.%u, which has no %s; it came with Bolt %s", conn->version.major,
		      conn->version.minor, what, bolt_version_since(trait));
	err_set_code(err, BOLT_UNSUPPORTED);
	return ERR_INVALID;
}

static void pack_texts(struct buf *out, const char *const *texts, size_t n)
{
	pack_list_head(out, (uint32_t)n);
	for (size_t i = 0; i < n; i++)
		pack_str(out, texts[i]);
}

static void add_auth(struct pairs *pairs, const struct bolt_auth *auth)
{
	pairs_add_text(pairs, "scheme", auth->scheme ? auth->scheme : "basic");
	pairs_add_text(pairs, "principal", auth->user);
	pairs_add_text(pairs, "credentials", auth->password);
	pairs_add_text(pairs, "realm", auth->realm);
	pairs_add_value(pairs, "parameters", auth->parameters);
}

static void add_notifications(struct pairs *pairs, struct bolt_version version, const struct bolt_notifications *wanted)
{
	if (!wanted)
		return;
	pairs_add_text(pairs, "notifications_minimum_severity", wanted->minimum_severity);
	if (!wanted->disabled)
		return;
	pairs_add_key(pairs, bolt_version_has(version, BOLT_HAS_CLASSIFICATIONS) ? "notifications_disabled_classifications"
								     : "notifications_disabled_categories");
	pack_texts(pairs->out, wanted->disabled, wanted->n_disabled);
}

static int need_notifications(const struct conn *conn, const struct bolt_notifications *wanted, struct err *err)
{
	return wanted ? need(conn, BOLT_HAS_NOTIFICATIONS, "filter of notifications", err) : 0;
}

static void add_agent(struct pairs *pairs, const struct conn_hello *hello)
{
	struct pairs agent;

	pairs_add_key(pairs, "bolt_agent");
	agent = pairs_begin(pairs->out);
	pairs_add_text(&agent, "product", hello->product ? hello->product : hello->user_agent);
	pairs_add_text(&agent, "platform", hello->platform);
	pairs_add_text(&agent, "language", hello->language);
	pairs_add_text(&agent, "language_details", hello->language_details);
	pairs_end(&agent);
}

static void add_patches(struct pairs *pairs)
{
	pairs_add_key(pairs, "patch_bolt");
	pack_texts(pairs->out, (const char *const[]){"utc"}, 1);
}

int conn_hello(struct conn *conn, const struct conn_hello *hello, struct err *err)
{
	struct pairs pairs;
	size_t start;
	bool logon;
	int r;

	RETURN_MISUSE(err, NEED(conn), NEED(hello));
	logon = bolt_version_has(conn->version, BOLT_HAS_LOGON);
	r = need_notifications(conn, hello->notifications, err);
	if (r == 0)
		r = begin(conn, CONN_HELLO, 1, &start, err);
	if (r < 0)
		return r;
	pairs = pairs_begin(&conn->output);
	pairs_add_text(&pairs, "user_agent", hello->user_agent);
	if (bolt_version_has(conn->version, BOLT_HAS_BOLT_AGENT))
		add_agent(&pairs, hello);
	pairs_add_value(&pairs, "routing", hello->routing);
	add_notifications(&pairs, conn->version, hello->notifications);
	if (bolt_version_has(conn->version, BOLT_HAS_PATCHES))
		add_patches(&pairs);
	if (!logon && hello->auth)
		add_auth(&pairs, hello->auth);
	pairs_end(&pairs);
	r = end(conn, CONN_HELLO, start, err);
	return r == 0 && logon && hello->auth ? conn_logon(conn, hello->auth, err) : r;
}

int conn_logon(struct conn *conn, const struct bolt_auth *auth, struct err *err)
{
	struct pairs pairs;
	size_t start;
	int r;

	RETURN_MISUSE(err, NEED(conn), NEED(auth));
	r = need(conn, BOLT_HAS_LOGON, "LOGON", err);
	if (r == 0)
		r = begin(conn, CONN_LOGON, 1, &start, err);
	if (r < 0)
		return r;
	pairs = pairs_begin(&conn->output);
	add_auth(&pairs, auth);
	pairs_end(&pairs);
	return end(conn, CONN_LOGON, start, err);
}

int conn_logoff(struct conn *conn, struct err *err)
{
	int r;

	RETURN_MISUSE(err, NEED(conn));
	r = need(conn, BOLT_HAS_LOGON, "LOGOFF", err);
	return r < 0 ? r : bare(conn, CONN_LOGOFF, err);
}

int conn_telemetry(struct conn *conn, enum conn_api api, struct err *err)
{
	const struct bolt_value value = bolt_int(api);
	size_t start;
	int r;

	RETURN_MISUSE(err, NEED(conn));
	if (!conn->hints.telemetry || !bolt_version_has(conn->version, BOLT_HAS_TELEMETRY))
		return 0;
	r = begin(conn, CONN_TELEMETRY, 1, &start, err);
	if (r < 0)
		return r;
	pack_value(&conn->output, &value);
	return end(conn, CONN_TELEMETRY, start, err);
}

int conn_reset(struct conn *conn, struct err *err)
{
	return bare(conn, CONN_RESET, err);
}

int conn_commit(struct conn *conn, struct err *err)
{
	return bare(conn, CONN_COMMIT, err);
}

int conn_rollback(struct conn *conn, struct err *err)
{
	return bare(conn, CONN_ROLLBACK, err);
}

// The map of RUN and BEGIN.
static void pack_tx(struct conn *conn, const struct conn_tx *tx)
{
	struct pairs pairs = pairs_begin(&conn->output);

	if (tx && tx->n_bookmarks) {
		pairs_add_key(&pairs, "bookmarks");
		pack_texts(&conn->output, tx->bookmarks, tx->n_bookmarks);
	}
	if (tx && tx->timeout_ms)
		pairs_add_int(&pairs, "tx_timeout", tx->timeout_ms == CONN_NO_TIMEOUT ? 0 : tx->timeout_ms);
	if (tx) {
		pairs_add_value(&pairs, "tx_metadata", tx->metadata);
		pairs_add_text(&pairs, "mode", tx->read ? "r" : NULL);
		pairs_add_text(&pairs, "db", tx->database);
		pairs_add_text(&pairs, "imp_user", tx->impersonated_user);
		add_notifications(&pairs, conn->version, tx->notifications);
	}
	pairs_end(&pairs);
}

// Finds what the version cannot carry before anything is written. The translated values live in the arena.
static int check_tx(const struct conn *conn, struct conn_tx *tx, struct arena *arena, struct err *err)
{
	const struct dialect dialect = {conn->version, conn->utc};
	int r = need_notifications(conn, tx->notifications, err);

	if (r == 0 && tx->impersonated_user)
		r = need(conn, BOLT_HAS_IMPERSONATION, "impersonation", err);
	if (r == 0 && tx->metadata)
		r = dialect_to_wire(&dialect, tx->metadata, arena, &tx->metadata, err);
	return r;
}

static int run_in(struct conn *conn, const struct conn_run *run, struct arena *arena, struct err *err)
{
	const struct bolt_value none = bolt_map(NULL, 0), *params = run->params ? run->params : &none;
	const struct dialect dialect = {conn->version, conn->utc};
	struct conn_tx tx = run->tx ? *run->tx : (struct conn_tx){0};
	size_t start;
	int r;

	// A client that turns away from what LOGON is answered cannot take back what it has sent behind it.
	if (conn->logons > 0)
		return err_set(err, ERR_INVALID, "a statement has to wait for the answer to the login");
	r = check_tx(conn, &tx, arena, err);

	if (r == 0)
		r = dialect_to_wire(&dialect, params, arena, &params, err);
	if (r == 0)
		r = begin(conn, CONN_RUN, 3, &start, err);
	if (r != 0)
		return r;
	pack_str(&conn->output, run->text);
	pack_value(&conn->output, params);
	pack_tx(conn, run->tx ? &tx : NULL);
	r = end(conn, CONN_RUN, start, err);
	if (r == 0 && conn->log)
		trace_sent(conn->log, conn->name, "RUN", conn->output.len - start, run->text);
	return r;
}

int conn_run(struct conn *conn, const struct conn_run *run, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = NULL;

	RETURN_MISUSE(err, NEED(conn), NEED(run), {run ? run->text : NULL, "run.text"});
	arena = arena_new();
	arena_wipe_on_free(arena);
	return run_in(conn, run, arena, err);
}

int conn_begin(struct conn *conn, const struct conn_tx *tx, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = NULL;
	struct conn_tx checked;
	size_t start;
	int r;

	RETURN_MISUSE(err, NEED(conn), NEED(tx));
	arena = arena_new();
	checked = *tx;
	r = check_tx(conn, &checked, arena, err);
	if (r == 0)
		r = begin(conn, CONN_BEGIN, 1, &start, err);
	if (r != 0)
		return r;
	pack_tx(conn, &checked);
	return end(conn, CONN_BEGIN, start, err);
}

static int demand(struct conn *conn, enum conn_request request, int64_t n, int64_t qid, struct err *err)
{
	struct pairs pairs;
	size_t start;
	int r;

	RETURN_MISUSE(err, NEED(conn));
	r = begin(conn, request, 1, &start, err);
	if (r < 0)
		return r;
	pairs = pairs_begin(&conn->output);
	pairs_add_int(&pairs, "n", n);
	if (qid != CONN_LAST)
		pairs_add_int(&pairs, "qid", qid);
	pairs_end(&pairs);
	return end(conn, request, start, err);
}

int conn_pull(struct conn *conn, int64_t n, int64_t qid, struct err *err)
{
	return demand(conn, CONN_PULL, n, qid, err);
}

int conn_discard(struct conn *conn, int64_t n, int64_t qid, struct err *err)
{
	return demand(conn, CONN_DISCARD, n, qid, err);
}

// Whose table is wanted: before impersonation, the database's name or null; then a map.
static void pack_route(struct conn *conn, const struct conn_route *route)
{
	const struct bolt_value database = bolt_string(route->database);
	struct pairs pairs;

	if (!bolt_version_has(conn->version, BOLT_HAS_IMPERSONATION)) {
		pack_value(&conn->output, &database);
		return;
	}
	pairs = pairs_begin(&conn->output);
	pairs_add_text(&pairs, "db", route->database);
	pairs_add_text(&pairs, "imp_user", route->impersonated_user);
	pairs_end(&pairs);
}

int conn_route(struct conn *conn, const struct conn_route *route, struct err *err)
{
	const struct bolt_value none = bolt_map(NULL, 0);
	size_t start;
	int r;

	RETURN_MISUSE(err, NEED(conn), NEED(route));
	r = route->impersonated_user ? need(conn, BOLT_HAS_IMPERSONATION, "impersonation", err) : 0;
	if (r == 0)
		r = begin(conn, CONN_ROUTE, 3, &start, err);
	if (r < 0)
		return r;
	pack_value(&conn->output, route->routing ? route->routing : &none);
	pack_texts(&conn->output, route->bookmarks, route->n_bookmarks);
	pack_route(conn, route);
	return end(conn, CONN_ROUTE, start, err);
}

void conn_goodbye(struct conn *conn)
{
	size_t start;

	if (!conn || conn->broken || !conn->handshake.done)
		return;
	start = chunk_begin(&conn->output);
	pack_struct(&conn->output, TAG_GOODBYE, 0);
	chunk_end(&conn->output, start);
	conn->broken = true;
}

// Answers.

static int unexpected(const struct conn *conn, unsigned tag, struct err *err)
{
	if (conn->n_pending == 0)
		return err_set(err, ERR_PROTOCOL, "the server sent a message (tag %02x) although none was asked for", tag);
	if (tag == TAG_IGNORED)
		return err_set(err, ERR_PROTOCOL, "the server ignored %s although nothing had failed before", requests[conn_due(conn)].name);
	return err_set(err, ERR_PROTOCOL, "the server sent a message of tag %02x where the answer to %s was expected%s", tag,
		       requests[conn_due(conn)].name, conn->failed ? ", after a failure" : "");
}

static void answered(struct conn *conn)
{
	assert(conn->n_pending > 0);
	conn->logons -= is_login(conn->pending[conn->first]);
	conn->first = (conn->first + 1) % CONN_PENDING_MAX;
	conn->n_pending--;
}

// A server skips requests after a failure, and those that a RESET overtakes.
static bool may_ignore(const struct conn *conn)
{
	for (unsigned i = 1; i < conn->n_pending; i++) {
		if (conn->pending[(conn->first + i) % CONN_PENDING_MAX] == CONN_RESET)
			return true;
	}
	return conn->failed && conn_due(conn) != CONN_RESET;
}

static void keep_hints(struct conn *conn, const struct bolt_value *meta)
{
	const struct bolt_value *hints = bolt_map_get(meta, "hints");
	int64_t silence = bolt_as_int(bolt_map_get(hints, "connection.recv_timeout_seconds"), 0);

	conn->hints.silence_s = silence > 0 && silence < SILENCE_MAX_S ? silence : 0;
	conn->hints.telemetry = bolt_as_bool(bolt_map_get(hints, "telemetry.enabled"), false);
	conn->hints.ssr = bolt_as_bool(bolt_map_get(hints, "ssr.enabled"), false);
	if (bolt_version_has(conn->version, BOLT_HAS_PATCHES))
		conn->utc = dialect_grants_utc(meta);
}

static void note_success(struct conn *conn, const struct conn_event *event)
{
	if (event->request == CONN_HELLO)
		keep_hints(conn, &event->value);
	if (event->request == CONN_RESET)
		conn->failed = false;
}

// A server closes the connection behind a refused logon, and cannot be trusted behind a refused RESET.
static void note_failure(struct conn *conn, enum conn_request request)
{
	conn->failed = true;
	if (request == CONN_HELLO || request == CONN_LOGON || request == CONN_RESET)
		conn->broken = true;
}

static bool is_row(const struct conn *conn, const struct bolt_value *value)
{
	return value->tag == TAG_RECORD && value->size == 1 && value->items[0].type == BOLT_LIST && conn->pending[conn->first] == CONN_PULL &&
	       !conn->failed;
}

// Turns a whole message into an event.
static int understand(struct conn *conn, const struct bolt_value *value, struct arena *arena, struct conn_event *ret, struct err *err)
{
	const struct bolt_value *field = value->size == 1 ? &value->items[0] : NULL;

	if (conn->n_pending == 0)
		return unexpected(conn, value->tag, err);
	ret->request = conn->pending[conn->first];
	if (is_row(conn, value)) {
		ret->type = CONN_RECORD;
		ret->value = *field;
		return 0;
	}
	if (value->tag == TAG_IGNORED && may_ignore(conn)) {
		ret->type = CONN_IGNORED;
		answered(conn);
		return 0;
	}
	if (!field || (conn->failed && ret->request != CONN_RESET))
		return unexpected(conn, value->tag, err);
	if (value->tag == TAG_SUCCESS && field->type == BOLT_MAP) {
		ret->type = CONN_SUCCESS;
		ret->value = *field;
		note_success(conn, ret);
	} else if (value->tag == TAG_FAILURE && field->type == BOLT_MAP) {
		ret->type = CONN_FAILURE;
		ret->failure = failure_read(field, arena);
		note_failure(conn, ret->request);
	} else {
		return unexpected(conn, value->tag, err);
	}
	answered(conn);
	return 0;
}

static int read_message(struct conn *conn, const struct chunk_view *view, struct arena *arena, struct conn_event *ret,
			struct err *err)
{
	const struct dialect dialect = {conn->version, conn->utc};
	struct bolt_value value, field;
	int r = conn->thrifty || view->len * PACK_COST_MAX > conn->memory
			? unpack_value_within(view->message, view->len, conn->memory, arena, &value, err)
			: unpack_message(view->message, view->len, arena, &value, &field, err);

	if (r < 0)
		return err_wrap(err, "a message of the server");
	if (value.type != BOLT_STRUCT)
		return err_set(err, ERR_PROTOCOL, "a message of the server is no structure");
	if (bolt_version_has(conn->version, BOLT_HAS_PATCHES))
		dialect_from_wire(&dialect, &value, arena);
	r = understand(conn, &value, arena, ret, err);
	if (r == 0 && conn->log)
		trace_received(conn->log, conn->name, answers[ret->type], requests[ret->request].name, ret->failure ? ret->failure->code : NULL);
	return r;
}

// Where the next whole message is; NULL when more is needed.
static int next_message(struct conn *conn, const unsigned char *data, size_t len, struct chunk_view *ret, struct err *err)
{
	const struct buf *message = &conn->dechunker.message;
	int r;

	if (dechunker_peek(&conn->dechunker, data, len, ret))
		return 0;
	r = dechunker_feed(&conn->dechunker, data, len, &ret->used, err);
	ret->message = r == 0 && conn->dechunker.complete ? (const unsigned char *)message->data : NULL;
	ret->len = message->len;
	return r;
}

static void agree(struct conn *conn, struct conn_event *ret)
{
	conn->version = conn->handshake.version;
	conn->utc = !bolt_version_has(conn->version, BOLT_HAS_PATCHES);
	ret->type = CONN_AGREED;
}

struct feed {
	struct conn *conn;
	const unsigned char *data;
	size_t len, *ret_used;
	struct arena *arena;
	struct conn_event *ret;
};

// Without a pointer that it needs, or without an error.
__attribute__((cold, noinline)) static int feed_with_less(const struct feed *f, struct err *err)
{
	ENTER(err);
	if (MISUSED(err, {f->conn, "conn"}, {f->data, "data"}, {f->ret_used, "ret_used"}, {f->arena, "arena"}, {f->ret, "ret"}))
		return err->class;
	return conn_feed(f->conn, f->data, f->len, f->ret_used, f->arena, f->ret, err);
}

int conn_feed(struct conn *conn, const unsigned char *data, size_t len, size_t *ret_used, struct arena *arena,
	      struct conn_event *ret, struct err *err)
{
	struct chunk_view view = {0};
	int r;

	if (__builtin_expect(!conn || !data || !ret_used || !arena || !ret || !err, 0))
		return feed_with_less(&(struct feed){conn, data, len, ret_used, arena, ret}, err);
	misuse_forget(err);
	*ret = (struct conn_event){.type = CONN_WANTS_INPUT};
	if (conn->handshake.done) {
		r = next_message(conn, data, len, &view, err);
		if (r == 0 && view.message)
			r = read_message(conn, &view, arena, ret, err);
	} else {
		r = handshake_feed(&conn->handshake, data, len, &view.used, &conn->output, err);
		if (r == 0 && conn->handshake.done)
			agree(conn, ret);
	}
	*ret_used = view.used;
	conn->broken |= r < 0;
	return r;
}
