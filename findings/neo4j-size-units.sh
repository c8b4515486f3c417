#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 (Maven: org.neo4j.app:neo4j-server), neo4j-admin server validate-config.
# Guess: sizes are whole numbers with k, m, g or t, in either case; Kubernetes' 1Gi is taken or everything with a B is refused.
# Found: units are B, KiB, KB, kB, K, k and so on up to EiB. So 1Gi, 1Gb, 1gib and even 1t are refused, while 1gB, 1TB, .5g, 1. and 1,000 are
# taken, and so is text behind a size.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
validate() {
	printf 'server.memory.heap.max_size=%s\n' "$1" >"$home/conf/neo4j.conf"
	admin server validate-config >"$work/out" 2>&1 && echo taken || echo refused
}
for size in 1Gi 512Mi 1Gb 1gib 1t; do expect "$size" refused "$(validate "$size")"; done
for size in 1gB 1GiB 1TB .5g 1. 1,000k '640m # all of it'; do expect "$size" taken "$(validate "$size")"; done
verdict
