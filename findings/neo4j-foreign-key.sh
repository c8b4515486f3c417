#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0, TLS on Bolt with a private key that is not the certificate's.
# Guess: it refuses to start, as web servers do, since no client can ever finish a handshake with it.
# Found: it starts, logs nothing of a mismatch, and takes plain connections; each handshake fails, and only the client learns of it.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
certificates=$home/certificates/bolt
mkdir -p "$certificates"
for one in own foreign; do
	openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$work/$one.key" 2>/dev/null
done
openssl req -x509 -key "$work/own.key" -subj /CN=localhost -days 2 -out "$certificates/public.crt"

try_with() { # KEY
	cp "$1" "$certificates/private.key"
	chmod 600 "$certificates/private.key"
	neo4j_start server.bolt.tls_level=OPTIONAL dbms.ssl.policy.bolt.enabled=true "dbms.ssl.policy.bolt.base_directory=$certificates"
	openssl s_client -brief -connect "127.0.0.1:$port" </dev/null >"$work/handshake" 2>&1 || true
	if grep -q 'CONNECTION ESTABLISHED' "$work/handshake"; then echo "a handshake"; else echo "no handshake"; fi
	neo4j_stop
	cat "$work/server.log" "$home"/logs/*.log >"$work/said" 2>/dev/null || true
	grep -Eic 'mismatch|does not match|not match' "$work/said" || true
}

own=$(try_with "$work/own.key")
foreign=$(try_with "$work/foreign.key")
expect "its own key; lines of a mismatch" "a handshake
0" "$own"
expect "another key, the server has started; lines of a mismatch" "no handshake
0" "$foreign"
verdict
