#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 with its Fleet Manager (Maven: org.neo4j:neo4j-fleet-management).
# Guess: registerToken() refuses a token that lacks everything, or one whose expiry is no time.
# Found: it answers the row of success for the JSON {}, and names the project `null`; and so for an expiry that is a number and a key that is
# none. The status then says that a token is stored.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
bolt_driver
neo4j_start dbms.security.auth_enabled=false
register() {
	# shellcheck disable=SC2016 # a parameter of Cypher
	TOKEN=$(printf '%s' "$1" | base64 -w0) cypher 'CALL fleetManagement.registerToken($token)'
}
success='Token registered successfully to monitor this deployment for Project with ID: '
expect "registerToken of {}" "$success\`null\`" "$(register '{}')"
expect "active after it" True "$(cypher 'CALL fleetManagement.status() YIELD active')"
odd='{"project_id":"p","private_key":"no key at all","kid":"k","expiry_time":7}'
expect "registerToken of $odd" "$success\`p\`" "$(register "$odd")"
verdict
