#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a release's notes: how to install it, its files, and the commits since the release before, by what they touched."""
import argparse
import collections
import pathlib
import subprocess

# The first that fits a commit's files; what is tested or written about goes with what it is about, where that is touched, too.
AREAS = [("Operator", ("operator/", "api/", "kube/", "neo4j/", "net/", "base/", "main.c")), ("Installation", ("deploy/", "script/release", "VERSION")),
         ("Bolt client", ("bolt/", "examples/")), ("Command line", ("cli/", "cmd/")), ("Documentation", ("docs/", "README.md", "findings/")), ("Tests and builds", ("",))]
FIRST_MAX = 40  # of an area, where there is no release before


def git(*command):
    return subprocess.run(["git", *command], check=False, capture_output=True, text=True)


def area_of(files):
    return next(name for name, starts in AREAS if any(file.startswith(starts) for file in files) or starts == ("",))


def commits(commit):
    """(subjects by area, the release before or None)."""
    before = git("describe", "--tags", "--abbrev=0", "--match", "v[0-9]*", f"{commit}^").stdout.strip() or None
    log = git("log", "--no-merges", "--format=%x00%s", "--name-only", f"{before}..{commit}" if before else commit).stdout
    found = collections.defaultdict(list)
    for entry in log.split("\0")[1:]:
        subject, *files = [line for line in entry.splitlines() if line]
        found[area_of(files)].append(subject)
    return found, before


def install(args):
    image = f"{args.registry or 'REGISTRY'}/neofleet:{args.version}"
    v = args.version
    where = "" if args.registry else " --set image.registry=REGISTRY"
    apply = (f"kubectl apply --server-side -f neofleet-{v}.yaml" if args.registry else
             f"sed 's|image: neofleet:|image: REGISTRY/neofleet:|' neofleet-{v}.yaml | kubectl apply --server-side -f -")
    return f"""## Install

Put the image where your cluster can pull it (amd64 and arm64; {args.digest}):

```bash
skopeo copy --all oci-archive:neofleet-{v}-image.tar docker://{image}
```

Then by Helm

```bash
helm install neofleet neofleet-{v}.tgz --namespace neofleet-system --create-namespace --wait{where}
```

or by one YAML:

```bash
{apply}
```
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("--version", "--commit", "--dist", "--digest"):
        parser.add_argument(option, required=True)
    parser.add_argument("--registry")
    args = parser.parse_args()
    print(f"# neofleet {args.version}\n\nOf commit {args.commit}. `sha256sum -c SHA256SUMS` shows whether the files are whole.\n")
    print(install(args))
    print("## Files\n\n| File | Bytes |\n|---|---|")
    for path in sorted(pathlib.Path(args.dist).iterdir()):
        if path.name not in ("RELEASE-NOTES.txt", "SHA256SUMS"):
            print(f"| {path.name} | {path.stat().st_size} |")
    found, before = commits(args.commit)
    print(f"\n## Changes since {before}" if before else "\n## Changes\n\nThe first release; the newest changes of each part.")
    for name, _ in AREAS:
        subjects = found[name] if before else found[name][:FIRST_MAX]
        if subjects:
            print(f"\n### {name}\n\n" + "\n".join(f"- {subject}" for subject in subjects))


if __name__ == "__main__":
    main()
