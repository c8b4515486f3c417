#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 (Maven: org.neo4j.app:neo4j-server) on Java 21, Bolt 5.8, times with the name of a zone as parameters.
# Guess: every name of the IANA database is taken, as clients' libraries take it, and comes back as it was sent; what a parameter may hold, Cypher
# takes, too.
# Found: EST, MST and HST are refused (EST5EDT is taken); UTC+1 comes back as UTC+01:00 and is refused in Cypher; +01:00 comes back as another
# structure, an offset without a name.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
neo4j_start dbms.security.auth_enabled=false
got=$(
	PYTHONPATH=$here python3 - "$port" <<'PY'
import sys
import bolt

for zone in ("EST", "MST", "HST", "EST5EDT", "UTC+1", "+01:00"):
    it = bolt.Connection(int(sys.argv[1]))
    sent = it.rows("RETURN $v", v=bolt.Structure(0x69, 0, 0, zone))
    cypher = it.rows("RETURN datetime({year: 2026, timezone: $zone}) IS NOT NULL", zone=zone)
    print(zone, "->", sent[0][0] if isinstance(sent, list) else "refused", "| in Cypher:", "taken" if isinstance(cypher, list) else "refused")
PY
)
expect "zones" "EST -> refused | in Cypher: refused
MST -> refused | in Cypher: refused
HST -> refused | in Cypher: refused
EST5EDT -> 69[0, 0, 'EST5EDT'] | in Cypher: taken
UTC+1 -> 69[0, 0, 'UTC+01:00'] | in Cypher: refused
+01:00 -> 49[0, 0, 3600] | in Cypher: taken" "$got"
verdict
