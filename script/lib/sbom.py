#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a bill of materials in SPDX 2.3: sbom.py --name NAME --version V --created SECONDS [--debian FILE]... [--file PATH=NAME]... >OUT

--debian names files whose lines are Debian packages with their versions, "libssl-dev 3.0.17-1", or source packages, "curl_7.88.1-10.dsc": what a statically
linked program is made of. --file is what is shipped, with its digest.
"""
import argparse
import datetime
import hashlib
import json
import pathlib
import re

# What is in our files of each package, where that is not the package's own name.
LICENSES = {"libssl": "Apache-2.0", "curl": "curl", "libmicrohttpd": "LGPL-2.1-or-later", "yyjson": "MIT", "libnghttp2": "MIT", "liblz4": "BSD-2-Clause",
            "libfyaml": "MIT", "libc6": "LGPL-2.1-or-later", "ca-certificates": "MPL-2.0"}


def license_of(name):
    return next((license_ for prefix, license_ in LICENSES.items() if name.startswith(prefix)), "NOASSERTION")


def packages_of(paths):
    found = set()
    for path in paths:
        for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
            if match := re.fullmatch(r"([a-z0-9.+-]+)_(.+?)(\.dsc|\.orig\.tar\.\w+)", line):
                found.add((match.group(1), match.group(2), "source"))
            elif line.strip():
                name, version = line.split()
                found.add((name, version, "binary"))
    return sorted(found)


def identifier(text):
    return "SPDXRef-" + re.sub(r"[^A-Za-z0-9.-]", "-", text)


def debian_package(name, version, kind, arch):
    where = f"?arch={'source' if kind == 'source' else arch}"
    return {"SPDXID": identifier(f"Package-{name}"), "name": name, "versionInfo": version, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": "NOASSERTION", "licenseDeclared": license_of(name), "copyrightText": "NOASSERTION", "supplier": "Organization: Debian",
            "externalRefs": [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                              "referenceLocator": f"pkg:deb/debian/{name}@{version.replace('+', '%2B')}{where}"}]}


def file_of(pair):
    path, name = pair.split("=", 1)
    data = pathlib.Path(path).read_bytes()
    return {"SPDXID": identifier(f"File-{name}"), "fileName": f"./{name}", "licenseConcluded": "Apache-2.0", "licenseInfoInFiles": ["Apache-2.0"], "copyrightText": "The neofleet authors",
            "checksums": [{"algorithm": kind.upper(), "checksumValue": hashlib.new(kind, data).hexdigest()} for kind in ("sha1", "sha256")]}


def verification_code(files):
    """As SPDX has it: the digest of the files' digests in order."""
    return hashlib.sha1("".join(sorted(file["checksums"][0]["checksumValue"] for file in files)).encode()).hexdigest()


def document(args):
    packages = [debian_package(*package, args.arch) for package in packages_of(args.debian)]
    files = [file_of(pair) for pair in args.file]
    main = {"SPDXID": "SPDXRef-Package-main", "name": args.name, "versionInfo": args.version, "downloadLocation": "NOASSERTION", "filesAnalyzed": True,
            "packageVerificationCode": {"packageVerificationCodeValue": verification_code(files)}, "licenseInfoFromFiles": ["Apache-2.0"],
            "licenseConcluded": "Apache-2.0", "licenseDeclared": "Apache-2.0", "copyrightText": "The neofleet authors",
            "supplier": "Organization: The neofleet authors"}
    relations = [("SPDXRef-DOCUMENT", "DESCRIBES", main["SPDXID"])]
    relations += [(main["SPDXID"], args.relation, package["SPDXID"]) for package in packages]
    relations += [(main["SPDXID"], "CONTAINS", file["SPDXID"]) for file in files]
    content = json.dumps([main, packages, files], sort_keys=True).encode()
    return {"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"{args.name}-{args.version}-{args.arch}",
            "documentNamespace": f"https://spdx.org/spdxdocs/{args.name}-{args.version}-{args.arch}-{hashlib.sha256(content).hexdigest()[:32]}",
            "creationInfo": {"created": datetime.datetime.fromtimestamp(args.created, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                             "creators": ["Organization: The neofleet authors", "Tool: neofleet-script-release"]},
            "packages": [main, *packages], "files": files,
            "relationships": [{"spdxElementId": a, "relationshipType": kind, "relatedSpdxElement": b} for a, kind, b in relations]}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--version", required=True)
    parser.add_argument("--arch", required=True)
    parser.add_argument("--created", type=int, required=True)
    parser.add_argument("--relation", default="STATIC_LINK")
    parser.add_argument("--debian", action="append", default=[])
    parser.add_argument("--file", action="append", default=[])
    print(json.dumps(document(parser.parse_args()), indent=1))


if __name__ == "__main__":
    main()
