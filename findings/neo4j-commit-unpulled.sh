#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 5.26.12 and 2026.05.0 (Maven: org.neo4j.app:neo4j-server), Bolt 5.8.
# Guess: COMMIT carries out what RUN was answered with success, whether or not the client has pulled its rows; or it refuses.
# Found: a statement is carried out as far as its rows were pulled. COMMIT then answers success with a bookmark, and the rest is not written.
. "$(dirname "$0")/lib.sh"

written() {
	neo4j_start dbms.security.auth_enabled=false
	PYTHONPATH=$here python3 - "$port" <<'PY'
import sys
import bolt

for pulled in (0, 1, 7):
    it = bolt.Connection(int(sys.argv[1]))
    it.call(bolt.BEGIN, {})
    it.call(bolt.RUN, "UNWIND range(1, 100) AS x CREATE (:N {pulled: $n}) RETURN x", {"n": pulled}, {})
    if pulled:
        it.call(bolt.PULL, {"n": pulled})
    committed = it.call(bolt.COMMIT)
    count = it.rows("MATCH (n:N {pulled: $n}) RETURN count(n)", n=pulled)[0][0]
    print(f"{pulled} of 100 pulled: {'committed' if 'bookmark' in committed else committed}, {count} written")
PY
	neo4j_stop
}
was="0 of 100 pulled: committed, 0 written
1 of 100 pulled: committed, 1 written
7 of 100 pulled: committed, 7 written"
for version in 5.26.12 2026.05.0; do
	neo4j_home "$version"
	expect "$version" "$was" "$(written)"
done
verdict
