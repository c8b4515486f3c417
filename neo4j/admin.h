// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// The few statements that the operator runs on a server, always on database system, with values always as parameters. A server's words reach the
// operator only through here: errors and texts for people leave without the secrets of the exchange. Names of servers and databases stay
// unchanged. Errors are those of bolt_link_query(), and ERR_PROTOCOL when an answer lacks the columns that the procedure promises. A missing
// procedure is ERR_SERVER with err.code ADMIN_PROCEDURE_NOT_FOUND. Source: Neo4j Operations Manual, "SHOW PROCEDURES"; Aura Fleet Manager,
// procedures.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/histogram.h"
#include "bolt/link.h"
#include "neo4j/scrub.h"
#include "neo4j/topology.h"

#define ADMIN_PROCEDURE_FAILED "Neo.ClientError.Procedure.ProcedureCallFailed"
#define ADMIN_PROCEDURE_NOT_FOUND "Neo.ClientError.Procedure.ProcedureNotFound"

// One exchange: the link, its deadline, and the arena of its answers.
struct admin {
	struct bolt_link *link;
	int64_t deadline;
	struct arena *arena;
	const struct scrub *scrub; // hides these secrets in its words; NULL: none
};

// Whether fleetManagement.registerToken, inspectToken and status exist.
int admin_fleet_present(const struct admin *admin, bool *ret, struct err *err);

// Whether the server has a procedure or a function of one of the name patterns, comma-separated: "gds.*", "genai.*,ai.*".
int admin_names_present(const struct admin *admin, const char *patterns, bool *ret, struct err *err);

struct fleet_state {
	bool active;	     // a token is stored
	bool connected;	     // this server talks to the service
	const char *message; // statusMessage
};
int admin_fleet_status(const struct admin *admin, struct fleet_state *ret, struct err *err);

struct token_info {
	const char *project; // NULL when unknown
	const char *expires;
	const char *error;   // errorMessage; NULL when the token is well formed
};

// token NULL: the stored one.
int admin_fleet_inspect(const struct admin *admin, const char *token, struct token_info *ret, struct err *err);

// The name of the DBMS, as Fleet Manager reports it to the service: all servers of a cluster have the same, and so does a copy of a volume.
int admin_dbms_id(const struct admin *admin, const char **ret, struct err *err);

// Stores the token on the server. ret_registered tells whether the row says success; ret_text is the row.
int admin_fleet_register(const struct admin *admin, const char *token, bool *ret_registered, const char **ret_text,
			 struct err *err);

// Forgets the stored token on the server.
int admin_fleet_disable(const struct admin *admin, struct err *err);

// The servers of a cluster and the copies of its databases, as the asked server sees them. ERR_TOO_LARGE for more rows than a cluster of twenty
// servers can have.
int admin_servers(const struct admin *admin, struct topology_servers *ret, struct err *err);

int admin_databases(const struct admin *admin, struct topology_copies *ret, struct err *err);

// Both, as far as they go; the answer of an asked server that tells its databases only is good, too.
int admin_topology(const struct admin *admin, struct topology *ret, struct err *err);

// These change the cluster, at the server that can write database system; other servers fail with a code that admin_is_not_leader() knows.
// Enabling an enabled server changes nothing.
int admin_enable_server(const struct admin *admin, const char *id, struct err *err);

// All at once, so that no database moves to another server that must be emptied. TOPOLOGY_SERVERS_MAX at most.
int admin_deallocate(const struct admin *admin, const char *const *ids, size_t n, struct err *err);

int admin_drop_server(const struct admin *admin, const char *id, struct err *err);

// How long the statements of this process took, whatever their result: for metrics. Any thread.
const struct histogram *admin_times(void);

// Whether the right server was not heard: nobody answered, not in time, or not with a certificate that we accept.
bool admin_is_unreachable(const struct err *err);

// Whether the failure, or the row with which registerToken answers instead, says that only the leader can do it.
bool admin_is_not_leader(const struct err *err);
bool admin_row_says_not_leader(const char *text);
