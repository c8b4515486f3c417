#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0, a key for TLS on Bolt as openssl makes it.
# Guess: a key of the curve P-256 is taken in each form in which openssl writes it.
# Found: what "openssl ecparam -genkey" writes keeps the server from starting: it begins with the block EC PARAMETERS, and the first block of
# the file must be the key. The same key alone, in the same form (EC PRIVATE KEY), is taken.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
certificates=$home/certificates/bolt
mkdir -p "$certificates"
openssl ecparam -name prime256v1 -genkey -out "$work/both.key"
openssl ec -in "$work/both.key" -out "$work/alone.key" 2>/dev/null
openssl req -x509 -key "$work/alone.key" -subj /CN=localhost -days 2 -out "$certificates/public.crt"

start_with() { # KEY
	cp "$1" "$certificates/private.key"
	chmod 600 "$certificates/private.key"
	if neo4j_start server.bolt.tls_level=OPTIONAL dbms.ssl.policy.bolt.enabled=true "dbms.ssl.policy.bolt.base_directory=$certificates" \
		2>"$work/why"; then
		echo started
	else
		echo "did not start"
	fi
	neo4j_stop
}

blocks() { sed -n 's/^-*BEGIN \(.*[A-Z]\)-*$/\1/p' "$1" | paste -sd+ -; }

start_with "$work/alone.key" >"$work/alone"
start_with "$work/both.key" >"$work/both"
expect "a key with $(blocks "$work/alone.key")" started "$(cat "$work/alone")"
expect "a key with $(blocks "$work/both.key")" "did not start" "$(cat "$work/both")"
expect "why" "Provided PEM does not contain a private key, found 'EC PARAMETERS'." "$(grep -m1 -o 'Provided PEM does not.*\.' "$work/why")"
verdict
