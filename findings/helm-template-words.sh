#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# github.com/Masterminds/sprig v3.3.0, the functions of Helm 4.3.1's templates: kebabcase and snakecase, by which charts make names from kinds.
# Guess: Neo4jCluster is neo4j-cluster, and a name that is in small letters with hyphens stays as it is.
# Found: after a small letter a digit begins a word: neo-4j-cluster, and neo4j itself becomes neo-4j. After a
# capital letter it does not: HTTP2Route is http2-route.
. "$(dirname "$0")/lib.sh"

expect "names" 'kebabcase "Neo4jCluster" is neo-4j-cluster
snakecase "Neo4jCluster" is neo_4j_cluster
kebabcase "neo4j" is neo-4j
kebabcase "neo4j-cluster" is neo-4j-cluster
kebabcase "HTTP2Route" is http2-route
camelcase "neo-4j-cluster" is Neo4jCluster' "$(sprig 'kebabcase "Neo4jCluster"' 'snakecase "Neo4jCluster"' 'kebabcase "neo4j"' \
	'kebabcase "neo4j-cluster"' 'kebabcase "HTTP2Route"' 'camelcase "neo-4j-cluster"')"
verdict
