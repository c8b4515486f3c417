#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 (Maven: org.neo4j.app:neo4j-server), the driver for Python 5.28.2.
# Guess: a bookmark that is none is refused, as the manual's error of an invalid bookmark suggests.
# Found: a standalone server takes any text for a bookmark that it has reached.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
bolt_driver
neo4j_start dbms.security.auth_enabled=false
expect "bookmark foo" 1 "$(cypher --database neo4j --bookmark foo 'RETURN 1')"
verdict
