#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 5.26.12 (Maven: org.neo4j.app:neo4j-server), its launcher's "console --dry-run".
# Guess: JAVA_OPTS of the environment comes on top of the flags that neo4j.conf gives the JVM, or before them.
# Found: where JAVA_OPTS is set, every server.jvm.additional and both heap sizes of neo4j.conf are dropped without a word.
. "$(dirname "$0")/lib.sh"

neo4j_home 5.26.12
printf '%s\n' server.jvm.additional=-Da=1 server.memory.heap.initial_size=640m server.memory.heap.max_size=640m >"$home/conf/neo4j.conf"
flags() { launch console --dry-run 2>&1 | grep -oE -- '-D[ab]=[a-z0-9]+|-Xm[sx][0-9]+[kmg]' | tr '\n' ' '; }
expect "without JAVA_OPTS" "-Da=1 -Xms655360k -Xmx655360k " "$(flags)"
expect "with JAVA_OPTS=-Db=2" "-Db=2 " "$(JAVA_OPTS=-Db=2 flags)"
verdict
