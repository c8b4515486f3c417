#!/usr/bin/env python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Part of test/neo4j/setting-types: setting_types.py FOLDER VERSION... FOLDER holds what each version said."""
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
KEPT, SOURCE = ROOT / "test/neo4j/setting-types.tsv", ROOT / "neo4j/conf_types.c"
HEAD = """# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Written by test/neo4j/setting-types: each setting whose value has one of the grammars of neo4j/conf_value.h, the grammar, and the releases
# that know the setting ("all" of those that were asked). Internal settings are left out.
"""
# script/grammars --check looks for them.
BEGIN, END = "// Begin of the part that test/neo4j/setting-types writes.\n", "// End of the part that test/neo4j/setting-types writes.\n"


def main(folder, versions):
    settings = {}
    for version in versions:
        for line in (folder / version).read_text(encoding="utf-8").splitlines():
            name, grammar = line.split("\t")
            if settings.setdefault(name, (grammar, []))[0] != grammar:
                sys.exit(f"{name} is {settings[name][0]} in one release and {grammar} in another: the C source knows no releases")
            settings[name][1].append(version)
    text = f"{HEAD}# Releases asked: {', '.join(versions)}.\n"
    for name, (grammar, found) in sorted(settings.items()):
        text += f"{name}\t{grammar}\t{'all' if len(found) == len(versions) else ','.join(found)}\n"
    KEPT.write_text(text, encoding="utf-8")
    table = "".join(f'\t{{"{name}", CONF_{grammar.upper()}}},\n' for name, (grammar, _) in sorted(settings.items()))
    before, rest = SOURCE.read_text(encoding="utf-8").split(BEGIN)
    SOURCE.write_text(before + BEGIN + table + END + rest.split(END)[1], encoding="utf-8")
    print(f"{len(settings)} settings are kept in {KEPT.relative_to(ROOT)}")


main(pathlib.Path(sys.argv[1]), sys.argv[2:])
