#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 (Maven: org.neo4j.app:neo4j-server), Bolt 5.8, points of WGS 84 as parameters.
# Guess: a value comes back as it was sent, or is refused: a longitude above 180 like a latitude above 90.
# Found: the longitude is turned round the globe, 200 becomes -160 and -540 becomes -180; the latitude is refused.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
neo4j_start dbms.security.auth_enabled=false
got=$(
	PYTHONPATH=$here python3 - "$port" <<'PY'
import sys
import bolt

for x, y in ((180.0, 10.0), (200.0, 10.0), (-540.0, 10.0), (10.0, 100.0)):
    rows = bolt.Connection(int(sys.argv[1])).rows("RETURN $v", v=bolt.Structure(0x58, 4326, x, y))
    print(x, y, "->", rows[0][0] if isinstance(rows, list) else "refused")
PY
)
expect "points" "180.0 10.0 -> 58[4326, 180.0, 10.0]
200.0 10.0 -> 58[4326, -160.0, 10.0]
-540.0 10.0 -> 58[4326, -180.0, 10.0]
10.0 100.0 -> refused" "$got"
verdict
