#!/usr/bin/env python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Part of test/neo4j/passwords: passwords.py FOLDER VERSION CLASSPATH. FOLDER holds the script first-password.sh."""
import hashlib
import os
import pathlib
import shutil
import subprocess
import sys

PASSWORDS = [
    "correct-horse", "@@s3cret-pass", "@first-password.sh", "@/etc/passwd", "@@@@@@@@", "-secret-pass", "--help", "--", "éèàüöäñç", "😀😀😀",
    "日本語のパスワード", "pass/word/x/true", "neo4j/neo4j", "'single' \"double\" quotes", "\"\"\"", "# not a comment",
    "back\\slash\\n \\u0041 end\\", "tab\there  two spaces ", "  leading", "line\nbreak\r\nend\n", "\x01\x1f\x7f ctrl\x08\x0b\x0c",
    "$(id)`id`${HOME};&|*?<>", "%s%n\\x41", "\u0085\u2028 other ends of lines", "x",
]

TOOL = """#!/bin/bash
exec "$JAVA" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xmx128m -cp "$CLASSPATH" org.neo4j.server.startup.Neo4jAdminCommand "$@"
"""


def is_stored(line, password):
    _, digest, salt, rounds = line.split(":")[1].split(",")
    value = hashlib.sha256(bytes.fromhex(salt) + password.encode()).digest()
    for _ in range(int(rounds) - 1):
        value = hashlib.sha256(value).digest()
    return value.hex() == digest.lower()


def store(folder, password, classpath):
    for name in ("home/data", "secret", "scratch"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir(parents=True)
    (folder / "neo4j-admin").write_text(TOOL, encoding="utf-8")
    (folder / "neo4j-admin").chmod(0o755)
    (folder / "secret/password").write_bytes(password.encode())
    # The locale is the one that the pod sets; nothing else is passed on.
    env = {"PATH": f"{folder}:{os.environ['PATH']}", "NEO4J_HOME": str(folder / "home"), "CLASSPATH": classpath, "LC_ALL": "C.UTF-8",
           "JAVA": os.environ.get("JAVA", "java")}
    done = subprocess.run(["bash", folder / "first-password.sh", folder / "home/data", folder / "secret", folder / "scratch"], env=env,
                          cwd=folder, check=False, capture_output=True, text=True)
    if done.returncode:
        return f"status {done.returncode}: {done.stdout}{done.stderr}"
    line = (folder / "home/data/dbms/auth.ini").read_text(encoding="utf-8").strip()
    return None if is_stored(line, password) else f"another one was stored: {line}"


def main(folder, version, classpath):
    failed = 0
    for password in PASSWORDS:
        problem = store(folder, password, classpath)
        failed += problem is not None
        print(f"    {password!r}: {problem or 'stored'}", flush=True)
    print(f"Neo4j {version}: {len(PASSWORDS) - failed} of {len(PASSWORDS)} passwords are stored as they are")
    return failed > 0


sys.exit(main(pathlib.Path(sys.argv[1]), *sys.argv[2:]))
