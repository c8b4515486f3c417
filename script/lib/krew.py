#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Writes krew's manifest of kubectl neofleet for the archives of a release: krew.py --dist FOLDER --version VERSION --url BASE.

BASE is where the archives will lie; krew asks for BASE/NAME. Who has no such place installs by kubectl krew install --manifest=FILE --archive=FILE, and BASE does not matter."""
import argparse
import hashlib
import pathlib

import yaml

NAME = "kubectl-neofleet"


def platform(dist, version, url, arch):
    archive = dist / f"{NAME}-{version}-linux-{arch}.tar.gz"
    folder = f"{NAME}-{version}"
    return {"selector": {"matchLabels": {"os": "linux", "arch": arch}}, "uri": f"{url}/{archive.name}",
            "sha256": hashlib.sha256(archive.read_bytes()).hexdigest(), "bin": NAME,
            "files": [{"from": f"{folder}/{name}", "to": "."} for name in (NAME, "LICENSE")]}


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--dist", type=pathlib.Path, required=True)
    options.add_argument("--version", required=True)
    options.add_argument("--url", required=True)
    arguments = options.parse_args()
    there = [arch for arch in ("amd64", "arm64") if (arguments.dist / f"{NAME}-{arguments.version}-linux-{arch}.tar.gz").exists()]
    manifest = {
        "apiVersion": "krew.googlecontainertools.github.com/v1alpha2", "kind": "Plugin", "metadata": {"name": "neofleet"},
        "spec": {
            "version": f"v{arguments.version}", "homepage": "https://neo4j.com/docs/aura/fleet-management/",
            "shortDescription": "Look at Neo4j deployments run by neofleet",
            "description": "Shows the Neo4j clusters and standalone servers that the operator neofleet runs and registers with\nAura Fleet Management: status, a page in the browser, what is wrong and what to type,\n"
                           "queries through the API server; and tries manifests before they are applied.\n",
            "caveats": "It uses your kubeconfig and your rights. Begin with: kubectl neofleet status -A\n",
            "platforms": [platform(arguments.dist, arguments.version, arguments.url.rstrip("/"), arch) for arch in there],
        },
    }
    print(yaml.safe_dump(manifest, sort_keys=False, width=200), end="")


main()
