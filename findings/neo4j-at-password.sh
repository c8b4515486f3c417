#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 (Maven: org.neo4j.app:neo4j-server), neo4j-admin dbms set-initial-password.
# Guess: a password is taken as it stands on the command line.
# Found: "@@" at its beginning becomes "@", by the rules for files of arguments of the parser (picocli). The password that was typed is refused.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
bolt_driver
admin dbms set-initial-password @@password-1 >"$work/out" 2>&1
expect_in "set-initial-password @@password-1" "Changed password" "$(cat "$work/out")"
neo4j_start
expect_in "log in with @@password-1" Unauthorized "$(cypher --password @@password-1 'SHOW CURRENT USER YIELD user' 2>&1)"
expect "log in with @password-1" neo4j "$(cypher --password @password-1 'SHOW CURRENT USER YIELD user' 2>&1)"
verdict
