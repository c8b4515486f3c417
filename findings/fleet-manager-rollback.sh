#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 with its Fleet Manager (Maven: org.neo4j:neo4j-fleet-management).
# Guess: what a procedure did in a transaction that is rolled back is undone.
# Found: the token that registerToken() stored stays when the transaction is rolled back.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
bolt_driver
neo4j_start dbms.security.auth_enabled=false
TOKEN=$(printf '{"project_id":"p","private_key":"k","kid":"k","expiry_time":"2035-01-01T00:00:00Z"}' | base64 -w0)
export TOKEN
expect "active at first" False "$(cypher 'CALL fleetManagement.status() YIELD active')"
# shellcheck disable=SC2016 # a parameter of Cypher
expect_in "registerToken, then ROLLBACK" 'registered successfully' "$(cypher --rollback 'CALL fleetManagement.registerToken($token)')"
expect "active after the rollback" True "$(cypher 'CALL fleetManagement.status() YIELD active')"
verdict
