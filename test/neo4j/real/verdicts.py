#!/usr/bin/env python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Part of test/neo4j/verdicts: verdicts.py FOLDER VERSION... FOLDER/VERSION/said has a release's verdicts, a line for each input."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
INPUTS, KEPT = ROOT / "test/neo4j/real/inputs.tsv", ROOT / "test/neo4j/verdicts.tsv"
HEAD = """# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Written by test/neo4j/verdicts: what each release's own classes make of an input: grammar, input, and a column for each release ("=":
# as the one before; "-": has no such thing). Escapes as in real/inputs.tsv. Of flags: the arguments that Java is started with, split by
# " | "; "cut": the command loses what stands behind; "fails": the shell ends with an error.
"""
# The last words of the entrypoint, in which the printed command is split and expanded before it is evaluated.
ENTRYPOINT = "set -eu; exec_cmd=exec; neo4j_console_cmd=$(cat command); eval ${exec_cmd} ${neo4j_console_cmd?:none}"
PROGRAM = "#!/bin/sh\nprintf '%s\\0' \"$@\"\n"


def escape(text):
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")


def unescape(text):
    out, i = "", 0
    while i < len(text):
        if text[i] == "\\":
            i += 1
            out += {"t": "\t", "n": "\n", "r": "\r", "s": " ", "e": ""}.get(text[i], text[i])
        else:
            out += text[i]
        i += 1
    return out


def run_command(folder, command):
    """The arguments that the program gets; None where the shell fails."""
    program = folder / "program"
    program.write_text(PROGRAM, encoding="utf-8")
    program.chmod(0o755)
    (folder / "command").write_text(f"{program} {command.split(' ', 1)[1]}", encoding="utf-8")
    done = subprocess.run(["/bin/bash", "-c", ENTRYPOINT], cwd=folder, check=False, capture_output=True, stdin=subprocess.DEVNULL,
                          env={"PATH": "/bin", "HOME": "/var/lib/neo4j", "LANG": "C.UTF-8"})
    return None if done.returncode else done.stdout.decode().split("\0")[:-1]


def added(plain, arguments):
    """What the flags have added to the plain command, and whether what stood behind them is still there."""
    begin = 0
    while begin < min(len(plain), len(arguments)) and plain[begin] == arguments[begin]:
        begin += 1
    rest = plain[begin:]
    whole = len(arguments) >= begin + len(rest) and arguments[len(arguments) - len(rest):] == rest
    return arguments[begin:len(arguments) - len(rest)] if whole else arguments[begin:], whole


def judge_flags(folder, said):
    """The verdicts on flags instead of the commands that were printed."""
    plain = None
    for i, (grammar, verdict) in enumerate(said):
        if grammar not in ("flags", "written") or not verdict.startswith("prints: "):
            continue
        arguments = run_command(folder, unescape(verdict[len("prints: "):]))
        if plain is None:
            plain = arguments  # the first input is empty
        if arguments is None:
            said[i] = (grammar, "fails")
            continue
        flags, whole = added(plain, arguments)
        said[i] = (grammar, ("gets: " if whole else "cut: ") + escape(" | ".join(flags)))


def main(folder, versions):
    inputs = [line.split("\t") for line in INPUTS.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    columns = []
    for version in versions:
        verdicts = (folder / version / "said").read_text(encoding="utf-8").splitlines()
        if len(verdicts) != len(inputs):
            sys.exit(f"Neo4j {version} gave {len(verdicts)} verdicts on {len(inputs)} inputs")
        said = [(grammar, verdict) for (grammar, _), verdict in zip(inputs, verdicts)]
        judge_flags(folder / version / "home", said)
        columns.append([verdict.strip() for _, verdict in said])
    text = f"{HEAD}# grammar\tinput\t" + "\t".join(versions) + "\n"
    for i, (grammar, value) in enumerate(inputs):
        cells = [column[i] for column in columns]
        text += "\t".join([grammar, value, cells[0]] + ["=" if b == a else b for a, b in zip(cells, cells[1:])]) + "\n"
    KEPT.write_text(text, encoding="utf-8")
    print(f"{len(inputs)} inputs are kept in {KEPT.relative_to(ROOT)}")


main(pathlib.Path(sys.argv[1]), sys.argv[2:])
