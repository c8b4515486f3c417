#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Neo4j Community 2026.05.0 (Maven: org.neo4j.app:neo4j-server), Bolt 5.8.
# Guess: of a key that comes twice in a map of PackStream the last value counts, as the format's description says.
# Found: the request fails with "Duplicate map key", and the connection is open for RESET.
. "$(dirname "$0")/lib.sh"

neo4j_home 2026.05.0
neo4j_start dbms.security.auth_enabled=false
got=$(
	python3 - "$port" <<'PY'
import socket
import struct
import sys

peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 30)
stream = peer.makefile("rwb")


def text(value):
    return bytes([0x80 + len(value)]) + value if len(value) < 16 else b"\xd0" + bytes([len(value)]) + value


def send(message):
    stream.write(struct.pack(">H", len(message)) + message + b"\0\0")
    stream.flush()


def answer():
    whole = b""
    while True:
        (size,) = struct.unpack(">H", stream.read(2))
        if size == 0 and whole:
            return whole
        whole += stream.read(size)


stream.write(b"\x60\x60\xb0\x17\0\x08\x08\x05" + bytes(12))
stream.flush()
print("version", tuple(stream.read(4)))
agent = text(b"bolt_agent") + b"\xa1" + text(b"product") + text(b"finding/1.0")
send(b"\xb1\x01\xa2" + text(b"user_agent") + text(b"finding/1.0") + agent)
print("HELLO", hex(answer()[1]))
send(b"\xb1\x6a\xa1" + text(b"scheme") + text(b"none"))
print("LOGON", hex(answer()[1]))
send(b"\xb3\x10" + text(b"RETURN $x AS x") + b"\xa2" + text(b"x") + b"\x01" + text(b"x") + b"\x02" + b"\xa0")
failure = answer()
print("RUN", hex(failure[1]), "Duplicate map key" if b"Duplicate map key" in failure else failure)
send(b"\xb0\x0f")
print("RESET", hex(answer()[1]))
PY
)
printf '%s\n' "$got"
expect_in "RUN with {x: 1, x: 2}" "RUN 0x7f Duplicate map key" "$(grep ^RUN <<<"$got")"
expect "RESET after it" "RESET 0x70" "$(grep ^RESET <<<"$got")"
verdict
