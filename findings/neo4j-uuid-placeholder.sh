#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j 2026.08.1: a UUID for a client of Bolt 5.8, whose PackStream has no form for it.
#
# Guess: the query fails, since the value cannot be sent; or the client gets the UUID's text.
# Seen: the query succeeds, and where the UUID belongs stands a map of two texts, "reason" and "originalType". It cannot be told from a map of the
# query's own but by a notification of the category UNSUPPORTED, which a client may have switched off.
# Driver: neo4j 5.28.2 for Python, which speaks Bolt 5.8. What it prints of a map is Python's.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

bolt_driver
neo4j_home 2026.08.1
neo4j_start dbms.security.auth_enabled=false
readonly UUID="uuid('550e8400-e29b-41d4-a716-446655440000')"

ask() { cypher --database neo4j "CYPHER 25 $1" 2>"$work/notes"; }

expect "the value" "{'reason': 'UNKNOWN_TYPE', 'originalType': 'UUID'}" "$(ask "RETURN $UUID AS u")"
expect_in "and a notification" "category: UNSUPPORTED" "$(grep -o 'category: [A-Z]*' "$work/notes")"
expect "in a list" "[1, {'reason': 'UNKNOWN_TYPE', 'originalType': 'UUID'}]" "$(ask "RETURN [1, $UUID] AS u")"
expect "for the server it is one" "UUID NOT NULL" "$(ask "RETURN valueType($UUID) AS t")"
expect "a map that looks the same" "{'reason': 'UNKNOWN_TYPE', 'originalType': 'UUID'}" "$(ask "RETURN {reason: 'UNKNOWN_TYPE', originalType: 'UUID'} AS u")"
verdict
