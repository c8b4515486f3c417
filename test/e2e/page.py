# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The user's page as a source of samples: its fenced blocks, taken from its text."""
import os
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = pathlib.Path(os.environ.get("NEOFLEET_PAGE", ROOT / "docs" / "fleet-management.md"))

FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


class Page:
    def __init__(self, path=PAGE):
        self.blocks = FENCE.findall(path.read_text(encoding="utf-8"))

    def block(self, language, *parts):
        """The one block of a language that holds all the parts."""
        found = [text for kind, text in self.blocks if kind == language and all(part in text for part in parts)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} {language} blocks of the page hold {parts}")
        return found[0]

    def yaml(self, *parts):
        return self.block("yaml", *parts)

    def shell(self, *parts):
        return self.block("bash", *parts)


# What the page says of its cluster, said of its standalone.
FOR_STANDALONE = [
    ("neo4jenterprisecluster my-cluster", "neo4jenterprisestandalone my-standalone"),
    ("my-cluster-server-0", "my-standalone-0"),
    ("statefulset my-cluster-server", "statefulset my-standalone"),
]


def of_standalone(command):
    for old, new in FOR_STANDALONE:
        command = command.replace(old, new)
    return command
