#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 (Maven: org.neo4j.app:neo4j-server), Cypher 25: toInteger(), toFloat() and sum().
# Guess: toInteger() and toFloat() read what Cypher writes as a number, and give null for all else; what is too large for an integer is an error.
# Found: toFloat() reads what Java does, '1d' and '0x1p3' too, and both pass over blanks. toInteger() of a text that is too large is an error; of a
# float it is the largest integer, and of NaN 0. A sum of integers that is too large for one is a float, where + is an error.
. "$(dirname "$0")/lib.sh"

bolt_driver
neo4j_home 2026.05.0
neo4j_start dbms.security.auth_enabled=false

ask() { cypher --database neo4j "CYPHER 25 RETURN $1 AS r" 2>/dev/null | cut -c1-60; }
kind() { ask "$1" | cut -d: -f1; }

expect "texts, toFloat()" "[1.0, 1.0, 8.0, 1.0]" "$(ask "[toFloat('1d'), toFloat('1f'), toFloat('0x1p3'), toFloat(' 1 ')]")"
expect "texts, toInteger()" "[None, 31, 1, 1000]" "$(ask "[toInteger('1d'), toInteger('0x1F'), toInteger(' 1 '), toInteger('1e3')]")"
expect "1e30 as a text" "Neo.ClientError.Statement.TypeError" "$(kind "toInteger('1e30')")"
expect "1e30 as a float, infinity, NaN" "[9223372036854775807, 9223372036854775807, 0]" "$(ask "[toInteger(1e30), toInteger(1.0/0), toInteger(0.0/0)]")"
expect "a sum too large" "9.223372036854776e+18" "$(cypher --database neo4j "CYPHER 25 UNWIND [9223372036854775807, 1] AS n RETURN sum(n) AS r" 2>/dev/null)"
expect "the same with +" "Neo.ClientError.Statement.ArithmeticError" "$(cypher --database neo4j "CYPHER 25 UNWIND [9223372036854775807] AS n RETURN n + 1 AS r" 2>/dev/null | cut -d: -f1)"
verdict
