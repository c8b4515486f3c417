#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 with its Fleet Manager (Maven: org.neo4j:neo4j-fleet-management).
# Guess: a reader of tokens passes over members that it does not know, so that the service can add one, and minds those that lack.
# Found: the other way round. One more member is refused; private_key and kid may be absent, and 12345 is taken for a project.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
bolt_driver
neo4j_start dbms.security.auth_enabled=false
inspect() {
	# shellcheck disable=SC2016 # a parameter of Cypher
	TOKEN=$(printf '%s' "$1" | base64 -w0) cypher 'CALL fleetManagement.inspectToken($token)'
}
four='"project_id":"p","private_key":"k","kid":"k","expiry_time":"2035-01-01T00:00:00Z"'
expect_in "the four members" 'p | ' "$(inspect "{$four}")"
expect_in "a fifth member" 'Unrecognized field "region"' "$(inspect "{$four,\"region\":\"eu\"}")"
expect_in "without private_key and kid" 'p | ' "$(inspect '{"project_id":"p","expiry_time":"2035-01-01T00:00:00Z"}')"
expect_in "a number as project_id" '12345 | ' "$(inspect '{"project_id":12345,"expiry_time":"2035-01-01T00:00:00Z"}')"
verdict
