#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 (Maven: org.neo4j.app:neo4j-server): a property that is a list of integers and floats.
# Guess: it is refused, as a list of numbers and texts is, since a stored list has one type; or it is stored as it is.
# Found: every integer in it becomes a float, without a word: [1, 2.5] is [1.0, 2.5], and 9007199254740993 is another number. So one float in a list
# of identifiers changes the others; the statement that stores them returns them already changed.
. "$(dirname "$0")/lib.sh"

bolt_driver
neo4j_home 2026.05.0
neo4j_start dbms.security.auth_enabled=false

ask() { cypher --database neo4j "CYPHER 25 $1" 2>/dev/null | cut -c1-60; }

expect "not stored" "[9007199254740993, 0.5]" "$(ask "WITH [9007199254740993, 0.5] AS list RETURN list")"
expect "returned by CREATE" "[9007199254740992.0, 0.5]" "$(ask "CREATE (a:A {list: [9007199254740993, 0.5]}) RETURN a.list AS list")"
expect "stored" "[9007199254740992.0, 0.5]" "$(ask "MATCH (a:A) RETURN a.list AS list")"
expect "small numbers" "[1.0, 2.5]" "$(ask "CREATE (b:B {list: [1, 2.5]}) RETURN b.list AS list")"
expect "numbers and texts" "Neo.ClientError.Statement.TypeError" "$(ask "CREATE (c:C {list: [1, 'a']}) RETURN c.list AS list" | cut -d: -f1)"
verdict
