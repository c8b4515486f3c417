#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 (Maven: org.neo4j.app:neo4j-server), Bolt 5.8.
# Guess: DISCARD does with a statement what PULL does and only sends no rows, so that it fails where PULL fails.
# Found: what would have been returned is not computed. A division by zero in RETURN fails by PULL and succeeds by DISCARD; in a property that is
# written it fails by both.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
neo4j_start dbms.security.auth_enabled=false
got=$(
	PYTHONPATH=$here python3 - "$port" <<'PY'
import sys
import bolt

for query in ("UNWIND [1, 0] AS x RETURN 1 / x", "UNWIND [1, 0] AS x CREATE (:N {x: 1 / x}) RETURN x"):
    for name, tag in (("PULL", bolt.PULL), ("DISCARD", bolt.DISCARD)):
        it = bolt.Connection(int(sys.argv[1]))
        it.call(bolt.RUN, query, {}, {})
        ended = it.call(tag, {"n": -1})
        print(f"{name} {query}: {'fails' if isinstance(ended, str) else 'succeeds'}")
PY
)
expect "ends" "PULL UNWIND [1, 0] AS x RETURN 1 / x: fails
DISCARD UNWIND [1, 0] AS x RETURN 1 / x: succeeds
PULL UNWIND [1, 0] AS x CREATE (:N {x: 1 / x}) RETURN x: fails
DISCARD UNWIND [1, 0] AS x CREATE (:N {x: 1 / x}) RETURN x: fails" "$got"
verdict
