#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2025.12.1 and 2026.05.0 (Maven: org.neo4j.app:neo4j-server), neo4j-admin server validate-config.
# Guess: an address of IPv6 stands in brackets, as in every host:port; without them it is refused, or cut at its first colon.
# Found: up to 2025.12 "::" is taken and "[::]" is refused, since a "hostname cannot contain '['"; 2026.05.0 takes both.
. "$(dirname "$0")/lib.sh"

validate() {
	printf 'server.default_listen_address=%s\n' "$1" >"$home/conf/neo4j.conf"
	admin server validate-config >"$work/out" 2>&1 && echo taken || echo refused
}
neo4j_home 2025.12.1
expect "2025.12.1, ::" taken "$(validate ::)"
expect "2025.12.1, [::]" refused "$(validate '[::]')"
expect_in "its words" "cannot contain '['" "$(grep -o "hostname.*cannot contain.*" "$work/out" | head -1)"
neo4j_home 2026.05.0
expect "2026.05.0, ::" taken "$(validate ::)"
expect "2026.05.0, [::]" taken "$(validate '[::]')"
verdict
