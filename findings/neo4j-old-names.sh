#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 (Maven: org.neo4j.app:neo4j-server), its launcher's "console --dry-run".
# Guess: names of settings that went with 5.0 in 2022 are unknown, and strict validation stops the start.
# Found: names of 4.x are taken and mean what they meant. Where the new name stands beside the old one, the old value is dropped, with the
# same warning of an old name and no word of that.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
command_with() {
	printf '%s\n' server.config.strict_validation.enabled=true "$@" >"$home/conf/neo4j.conf"
	launch console --dry-run 2>&1 | grep -o -- '-Xmx[0-9a-z]*'
}
expect "dbms.memory.heap.max_size=333m" -Xmx340992k "$(command_with dbms.memory.heap.max_size=333m)"
expect "the same beside server.memory.heap.max_size=444m" -Xmx454656k \
	"$(command_with dbms.memory.heap.max_size=333m server.memory.heap.max_size=444m)"
printf '%s\n' dbms.memory.heap.max_size=333m server.memory.heap.max_size=444m >"$home/conf/neo4j.conf"
admin server validate-config >"$work/out" 2>&1
expect "words of validate-config on the value that is dropped" 0 "$(grep -c 333 "$work/out" || true)"
verdict
