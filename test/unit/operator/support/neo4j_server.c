// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "support/neo4j_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pthread.h>

#include "test/unit/peer.h"

#define PORT 7687
#define SUCCESS "Token registered successfully to monitor this deployment for Project with ID: p-1"
#define EXPIRES "2999-01-01T00:00:00Z"
#define LOG_MAX ((size_t)1024 * 1024)
#define COLUMNS_MAX 7

struct neo4j_server {
	pthread_mutex_t lock; // of what follows
	struct neo4j_state state;
	unsigned logins, connections;
	struct buf log; // a statement a line
	struct peer_server *peers;
};

struct row {
	struct bolt_entry columns[COLUMNS_MAX];
	uint32_t n;
};

static struct bolt_value text_or_null(const char *text)
{
	return text ? bolt_string(text) : (struct bolt_value){.type = BOLT_NULL};
}

static struct bolt_value number(int64_t n)
{
	return (struct bolt_value){.type = BOLT_INT, .integer = n};
}

static struct bolt_value truth(bool value)
{
	return (struct bolt_value){.type = BOLT_BOOL, .boolean = value};
}

static bool begins(const char *text, const char *beginning)
{
	return strncmp(text, beginning, strlen(beginning)) == 0;
}

static struct row inspected(const char *expires)
{
	return (struct row){{{"projectId", text_or_null(expires ? "p-1" : NULL)},
			     {"tokenExpires", text_or_null(expires)},
			     {"errorMessage", text_or_null(expires ? NULL : "No token is stored")}},
			    3};
}

static struct row registered(struct neo4j_state *state)
{
	if (!state->row) {
		state->active = state->connected = true;
		state->expires = EXPIRES;
	}
	return (struct row){{{"result", bolt_string(state->row ? state->row : SUCCESS)}}, 1};
}

static struct row disabled(struct neo4j_state *state)
{
	if (!state->sticks) {
		state->active = state->connected = false;
		state->expires = NULL;
	}
	return (struct row){.n = 0};
}

static struct row listed(const struct neo4j_state *state, const struct bolt_value *run)
{
	const char *beginning = bolt_as_string(bolt_map_get(&run->items[1], "beginning"));

	if (!beginning)
		return (struct row){{{"n", number(state->lacks_plugin ? 0 : 3)}}, 1};
	return (struct row){{{"n", number(state->procedures && begins(state->procedures, beginning))}}, 1};
}

static struct row database(const struct neo4j_state *state)
{
	return (struct row){{{"name", bolt_string("neo4j")},
			     {"type", bolt_string("standard")},
			     {"address", bolt_string("anywhere:7687")},
			     {"role", bolt_string("primary")},
			     {"writer", truth(true)},
			     {"requestedStatus", bolt_string("online")},
			     {"currentStatus", bolt_string(state->database ? state->database : "online")}},
			    7};
}

static struct row itself(void)
{
	return (struct row){{{"serverId", bolt_string("s-1")},
			     {"name", bolt_string("the-server")},
			     {"address", bolt_string("anywhere:7687")},
			     {"state", bolt_string("Enabled")},
			     {"health", bolt_string("Available")},
			     {"version", bolt_string("2025.12.1")}},
			    6};
}

// False: it is no statement of ours.
static bool execute(struct neo4j_state *state, const char *statement, const struct bolt_value *run, struct row *ret)
{
	if (begins(statement, "SHOW PROCEDURES") || begins(statement, "SHOW FUNCTIONS"))
		*ret = listed(state, run);
	else if (begins(statement, "CALL fleetManagement.status()"))
		*ret = (struct row){{{"active", truth(state->active)}, {"connected", truth(state->connected)}, {"statusMessage", bolt_string("words")}},
				    3};
	else if (begins(statement, "CALL fleetManagement.inspectToken($token)"))
		*ret = inspected(EXPIRES);
	else if (begins(statement, "CALL fleetManagement.inspectToken()"))
		*ret = inspected(state->expires);
	else if (begins(statement, "CALL fleetManagement.registerToken($token)"))
		*ret = registered(state);
	else if (begins(statement, "CALL fleetManagement.disable()"))
		*ret = disabled(state);
	else if (begins(statement, "CALL dbms.info()"))
		*ret = (struct row){{{"id", bolt_string("D1")}}, 1};
	else if (begins(statement, "SHOW DATABASES"))
		*ret = database(state);
	else if (begins(statement, "SHOW SERVERS"))
		*ret = itself();
	else
		return false;
	return true;
}

// The fault that a statement meets. Where the plugin is missing, its procedures are.
static enum neo4j_fault meet(struct neo4j_state *state, const char *statement, const char **ret_code)
{
	enum neo4j_fault fault = state->fault;

	*ret_code = state->fault_code;
	if (fault && begins(statement, state->fault_at)) {
		if (state->fault_times == 1)
			state->fault = NEO4J_NONE;
		state->fault_times -= state->fault_times > 1;
		return fault;
	}
	*ret_code = "Neo.ClientError.Statement.UnsupportedAdministrationCommand";
	if (state->community && begins(statement, "SHOW SERVERS"))
		return NEO4J_FAILURE;
	*ret_code = "Neo.ClientError.Procedure.ProcedureNotFound";
	return state->lacks_plugin && begins(statement, "CALL fleetManagement.") ? NEO4J_FAILURE : NEO4J_NONE;
}

static bool send_failure(struct peer *peer, const char *code)
{
	return peer_failure(peer, code, "the server's own words") && peer_expect(peer, PEER_PULL, NULL) && peer_ignored(peer) &&
	       peer_expect(peer, PEER_RESET, NULL) && peer_success(peer, NULL, 0);
}

static bool send_row(struct peer *peer, const struct row *row, bool half)
{
	struct bolt_value fields[COLUMNS_MAX] = {0}, values[COLUMNS_MAX] = {0}, list = bolt_list(fields, row->n);
	const struct bolt_entry meta[] = {{"fields", list}};

	for (uint32_t i = 0; i < row->n; i++) {
		fields[i] = bolt_string(row->columns[i].key);
		values[i] = row->columns[i].value;
	}
	if (!peer_success(peer, meta, 1) || !peer_expect(peer, PEER_PULL, NULL))
		return false;
	// The head of a chunk that does not come.
	if (half)
		return peer_send(peer, "\0\x40\xB1", 3) && false;
	return (row->n == 0 || peer_record(peer, values, row->n)) && peer_success(peer, NULL, 0);
}

static bool answer(struct neo4j_server *server, struct peer *peer, const struct bolt_value *run)
{
	const char *statement = bolt_as_string(&run->items[0]), *code;
	struct row row = {.n = 0};
	enum neo4j_fault fault;
	bool known = true;

	(void)pthread_mutex_lock(&server->lock);
	buf_addf(&server->log, "\n%s", statement);
	fault = meet(&server->state, statement, &code);
	if (fault == NEO4J_NONE || fault == NEO4J_HALF)
		known = execute(&server->state, statement, run, &row);
	(void)pthread_mutex_unlock(&server->lock);
	if (!known)
		peer_fault(peer, arena_printf(peer_arena(peer), "an unexpected query: %s", statement));
	if (!known || fault == NEO4J_DROP)
		return false;
	return fault == NEO4J_FAILURE ? send_failure(peer, code) : send_row(peer, &row, fault == NEO4J_HALF);
}

static bool welcome(struct peer *peer, const struct neo4j_state *state)
{
	const char *name = arena_printf(peer_arena(peer), "Neo4j/%s", state->version ? state->version : "2025.12.1");
	const struct bolt_entry meta[] = {{"server", bolt_string(name)}};

	if (!peer_handshake(peer, 5, 8) || !peer_expect(peer, PEER_HELLO, NULL) || !peer_success(peer, meta, 1) ||
	    !peer_expect(peer, PEER_LOGON, NULL))
		return false;
	if (!state->refuse_code)
		return peer_success(peer, NULL, 0);
	if (peer_failure(peer, state->refuse_code, "no"))
		peer_wait_end(peer);
	return false;
}

static void play(struct peer *peer, void *user)
{
	struct neo4j_server *server = user;
	struct neo4j_state state;
	struct bolt_value message;

	(void)pthread_mutex_lock(&server->lock);
	state = server->state;
	server->logins++;
	server->connections++;
	(void)pthread_mutex_unlock(&server->lock);
	if (!welcome(peer, &state))
		return;
	while (peer_read(peer, &message) && message.tag != PEER_GOODBYE) {
		if (message.tag != PEER_RUN || message.size != 3)
			peer_fault(peer, "the client sent another message than RUN");
		else if (answer(server, peer, &message))
			continue;
		return;
	}
}

struct neo4j_server *neo4j_server_start(const char *address)
{
	struct neo4j_server *server = calloc(1, sizeof(*server));

	assert_non_null(server);
	(void)pthread_mutex_init(&server->lock, NULL);
	server->log = BUF_INIT(LOG_MAX);
	server->peers = peer_server_start_at(address, PORT, play, server, NULL);
	return server;
}

void neo4j_server_stop(struct neo4j_server *server)
{
	unsigned n;

	(void)pthread_mutex_lock(&server->lock);
	n = server->connections;
	(void)pthread_mutex_unlock(&server->lock);
	peer_server_stop(server->peers, n);
	buf_release(&server->log);
	(void)pthread_mutex_destroy(&server->lock);
	free(server);
}

struct neo4j_state neo4j_server_state(struct neo4j_server *server)
{
	struct neo4j_state state;

	(void)pthread_mutex_lock(&server->lock);
	state = server->state;
	(void)pthread_mutex_unlock(&server->lock);
	return state;
}

void neo4j_server_become(struct neo4j_server *server, const struct neo4j_state *state)
{
	(void)pthread_mutex_lock(&server->lock);
	server->state = *state;
	(void)pthread_mutex_unlock(&server->lock);
}

unsigned neo4j_server_logins(struct neo4j_server *server)
{
	unsigned n;

	(void)pthread_mutex_lock(&server->lock);
	n = server->logins;
	(void)pthread_mutex_unlock(&server->lock);
	return n;
}

unsigned neo4j_server_asked(struct neo4j_server *server, const char *statement)
{
	unsigned n = 0;

	(void)pthread_mutex_lock(&server->lock);
	for (const char *line = strchr(buf_str(&server->log), '\n'); line; line = strchr(line + 1, '\n'))
		n += begins(line + 1, statement);
	(void)pthread_mutex_unlock(&server->lock);
	return n;
}

void neo4j_server_forget(struct neo4j_server *server)
{
	(void)pthread_mutex_lock(&server->lock);
	server->logins = 0;
	buf_clear(&server->log);
	(void)pthread_mutex_unlock(&server->lock);
}
