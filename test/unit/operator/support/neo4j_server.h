// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// A scripted Neo4j server that answers what the operator asks by what it is, and fails on demand: at a login, or at a chosen statement.

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

struct neo4j_server;

// The server's answer to a statement.
enum neo4j_fault { NEO4J_NONE, NEO4J_FAILURE, NEO4J_DROP, NEO4J_HALF };

struct neo4j_state {
	const char *version;	 // NULL: 2025.12.1
	const char *refuse_code; // logins are answered with this failure; NULL: they are taken
	bool lacks_plugin;	 // has no procedures of Fleet Manager
	bool active, connected;	 // as fleetManagement.status() tells
	const char *expires;	 // of the token of project p-1 that it holds; NULL: it holds none
	const char *row;	 // what registerToken answers instead of its success; nothing is stored then
	bool sticks;		 // disable() is answered, and the token stays
	const char *database;	 // the state of database neo4j; NULL: online
	bool community;		 // has no SHOW SERVERS
	const char *procedures;	 // how the name of a procedure begins that it has beside; NULL: none
	// FAILURE: with this code. DROP: the connection is closed before anything happens. HALF: it is done, and the answer breaks off.
	enum neo4j_fault fault;
	const char *fault_at; // how the statement begins
	const char *fault_code;
	unsigned fault_times; // 0: always
};

struct neo4j_server *neo4j_server_start(const char *address); // on the product's port
void neo4j_server_stop(struct neo4j_server *server);

// The server's present state, and the next. Texts are kept by reference.
struct neo4j_state neo4j_server_state(struct neo4j_server *server);
void neo4j_server_become(struct neo4j_server *server, const struct neo4j_state *state);

// How many logins it was asked for; and how many statements that begin so.
unsigned neo4j_server_logins(struct neo4j_server *server);
unsigned neo4j_server_asked(struct neo4j_server *server, const char *statement);
void neo4j_server_forget(struct neo4j_server *server);
