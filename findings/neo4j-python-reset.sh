#!/usr/bin/env bash
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# The official Python driver 6.4.1: a server that takes the connection, answers the handshake and resets it, as a proxy does whose server has just gone.
#
# Guess: the driver says ServiceUnavailable, which managed transactions try again, however the connection ends.
# Seen: so it is where the server closes (FIN). Where it resets (RST), a bare OSError comes out, ENOTCONN of getpeername(): none of the driver's own
# errors, so nothing tries again, and an except clause for DriverError lets it through.
# shellcheck source=findings/lib.sh
. "$(dirname "$0")/lib.sh"

pip_get pytz==2025.2 "$PYTZ_SHA256"
pip_get neo4j==6.4.1 f56a281c74355522fc2642df8919bec450115431531b8f3f6fe1cc17acb57a27
cat >"$work/ask.py" <<'END'
import collections
import socket
import struct
import sys
import threading

import neo4j

listener = socket.create_server(("127.0.0.1", 0))


def serve():
    while True:
        try:
            connection, _ = listener.accept()
            connection.recv(20)
            connection.sendall(bytes([0, 0, 0, 6]))
            if sys.argv[1] == "RST":
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
        except OSError:
            return


threading.Thread(target=serve, daemon=True).start()
seen = collections.Counter()
for _ in range(100):
    with neo4j.GraphDatabase.driver(f"bolt://127.0.0.1:{listener.getsockname()[1]}") as driver:
        try:
            driver.verify_connectivity()
        except (neo4j.exceptions.DriverError, OSError) as problem:
            retried = isinstance(problem, neo4j.exceptions.DriverError) and problem.is_retryable()
            seen[f"{type(problem).__name__}, {'tried again' if retried else 'not tried again'}"] += 1
print(neo4j.__version__, seen.most_common(1)[0][0])
END
ask() { timeout 300 python3 "$work/ask.py" "$1" 2>/dev/null; }
expect "closed" "6.4.1 ServiceUnavailable, tried again" "$(ask FIN)"
expect "reset" "6.4.1 OSError, not tried again" "$(ask RST)"
verdict
