#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 (Maven: org.neo4j.app:neo4j-server), the driver for Python 5.28.2.
# Guess: a server that makes vectors by Cypher 25 and returns them can store them, too, in a database that it has just made itself.
# Found: storing one is refused, since the format of the store (aligned) has none.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
bolt_driver
neo4j_start dbms.security.auth_enabled=false
expect "RETURN of a vector" 1.0 "$(cypher --database neo4j 'CYPHER 25 RETURN toString(toFloatList(vector([1, 2, 3], 3, FLOAT32))[0])')"
expect_in "CREATE with a vector" "aligned" "$(cypher --database neo4j 'CYPHER 25 CREATE (:V {v: vector([1, 2, 3], 3, FLOAT32)})')"
verdict
