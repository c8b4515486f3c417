#!/usr/bin/env python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Part of test/neo4j/old-names: old_names.py FOLDER VERSION... FOLDER holds what each version said."""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
KEPT, SOURCE = ROOT / "test/neo4j/old-names.tsv", ROOT / "neo4j/conf_names.c"
HEAD = """# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
#
# Written by test/neo4j/old-names: every name of a setting that a server still migrates, by its own migrators: old name, what becomes of
# it ("-": dropped with a warning), the releases ("all" of those that were asked; "manual": of the Enterprise edition, whose migrators are
# in no public jar), and what neofleet does: "mapped" to the present name before anything is judged, or "kept", with the reason.
"""
# Settings of the Enterprise edition, whose migrators are in no public jar. Source: Neo4j Upgrade and Migration Guide, "Changes to
# configuration settings in Neo4j 5"; Operations Manual, "Breaking changes in Neo4j 2025.01".
MANUAL = {
    "dbms.backup.enabled": "server.backup.enabled",
    "dbms.backup.listen_address": "server.backup.listen_address",
    "dbms.directories.cluster_state": "server.directories.cluster_state",
    "dbms.directories.metrics": "server.directories.metrics",
    "dbms.routing.advertised_address": "server.routing.advertised_address",
    "dbms.routing.listen_address": "server.routing.listen_address",
}
# script/grammars --check looks for them.
BEGIN, END = "// Begin of the part that test/neo4j/old-names writes.\n", "// End of the part that test/neo4j/old-names writes.\n"
# A family by the prefix of its names, which the C source maps as one.
FAMILY = re.compile(r"dbms\.connector\.(bolt|http|https)\.(.+)")


def read(folder, versions):
    """{old: {new: [versions]}}"""
    names = {}
    for version in versions:
        for line in (folder / version).read_text(encoding="utf-8").splitlines():
            old, new = line.split("\t")
            names.setdefault(old, {}).setdefault(new, []).append(version)
    return names


def rows(names, versions):
    for old in sorted(names):
        reason = why_kept(old, names, versions)
        for new, found in names[old].items():
            yield old, new, "all" if len(found) == len(versions) else ",".join(found), reason or "mapped"


def renamed_to(old, names):
    return [new for new in names.get(old, {}) if new != "-"]


def follows_its_family(old, new):
    family = FAMILY.fullmatch(old)
    return family and new == f"server.{family[1]}.{family[2]}"


def why_kept(old, names, versions):
    """Why the C source, which knows no releases, leaves a name alone; None: it maps it."""
    targets = renamed_to(old, names)
    if not targets:
        return "kept: the server drops it"
    if "(" in "".join(targets):
        return "kept: its value changes, too"
    if len(targets) > 1:
        return "kept: the releases call it differently"
    if follows_its_family(old, targets[0]):
        return None
    # Where a release drops the old name, it must drop the present one as well; where it does not migrate it, the old one may be valid.
    dropped = names[old].get("-", [])
    if any(version not in names.get(targets[0], {}).get("-", []) for version in dropped):
        return "kept: not all releases have the present name"
    if len(dropped) + len(names[old][targets[0]]) < len(versions):
        return "kept: not all releases migrate it"
    return None


def table(kept):
    """The pairs of the C source: what is mapped, without those that their family maps."""
    pairs = {old: new for old, new, _, how in kept if how == "mapped" and new != "-" and not follows_its_family(old, new)}
    return "".join(f'\t{{"{old}", "{pairs[old]}"}},\n' for old in sorted(pairs))


def main(folder, versions):
    kept = sorted([*rows(read(folder, versions), versions), *((old, new, "manual", "mapped") for old, new in MANUAL.items())])
    text = f"{HEAD}# Releases asked: {', '.join(versions)}.\n" + "".join("\t".join(row) + "\n" for row in kept)
    KEPT.write_text(text, encoding="utf-8")
    source = SOURCE.read_text(encoding="utf-8")
    before, rest = source.split(BEGIN)
    SOURCE.write_text(before + BEGIN + table(kept) + END + rest.split(END)[1], encoding="utf-8")
    print(f"{len(kept)} names are kept in {KEPT.relative_to(ROOT)}")


main(pathlib.Path(sys.argv[1]), sys.argv[2:])
