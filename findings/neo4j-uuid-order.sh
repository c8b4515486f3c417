#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j 2026.08.1: what Cypher's UUIDs are to each other, and which texts are one.
#
# Guess: two UUIDs are less or greater by their bytes, as ORDER BY has them; uuid() reads the form of RFC 9562 alone, with all of its 36 characters.
# Seen: < and > of two UUIDs are null, so a WHERE with them finds nothing, while ORDER BY and min() have an order; and uuid() fills short groups
# with noughts, so that '5-0-1-2-3' is one, but takes no braces and no text without hyphens.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

bolt_driver
neo4j_home 2026.08.1
neo4j_start dbms.security.auth_enabled=false
readonly LOW="uuid('550e8400-e29b-41d4-a716-446655440000')" HIGH="uuid('f50e8400-e29b-41d4-a716-446655440000')"

ask() { cypher --database neo4j "CYPHER 25 $1" 2>/dev/null | cut -c1-90 | tr '\n' ' ' | sed 's/ $//'; }

expect "equal, whatever the letters' size" True "$(ask "RETURN uuid('550E8400-E29B-41D4-A716-446655440000') = $LOW AS r")"
expect "less" None "$(ask "RETURN $LOW < $HIGH AS r")"
expect "greater" None "$(ask "RETURN $LOW > $HIGH AS r")"
expect "in order" "550e8400-e29b-41d4-a716-446655440000 f50e8400-e29b-41d4-a716-446655440000" "$(ask "UNWIND [$HIGH, $LOW] AS u RETURN toString(u) AS r ORDER BY u")"
expect "the least" 550e8400-e29b-41d4-a716-446655440000 "$(ask "UNWIND [$HIGH, $LOW] AS u RETURN toString(min(u)) AS r")"
expect "short groups" 00000005-0000-0001-0002-000000000003 "$(ask "RETURN toString(uuid('5-0-1-2-3')) AS r")"
expect_in "no hyphens" ArgumentError "$(ask "RETURN uuid('550e8400e29b41d4a716446655440000') AS r")"
verdict
