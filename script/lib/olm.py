#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a bundle for the Operator Lifecycle Manager: olm.py --deploy FOLDER --operator FILE --version VERSION --created SECONDS --image IMAGE --out FOLDER.

Nothing in it is written anew. FILE is the operator's one file, of which the ClusterServiceVersion takes the Deployment and the rights; FOLDER is deploy/, which has the
kinds, their names for people (chart/Chart.yaml) and the samples. Left out is what the manager makes itself (namespace, ServiceAccount, bindings) and the NetworkPolicy, a
kind that older managers refuse in a bundle.
"""
import argparse
import base64
import json
import pathlib
import time

import yaml

ICON = pathlib.Path(__file__).resolve().parents[2] / "cli/page/web/icon.svg"
PREFIX = "operators.operatorframework.io.bundle."
CHANNEL = "candidate"  # as long as the kinds are v1alpha1
METADATA = {PREFIX + "mediatype.v1": "registry+v1", PREFIX + "manifests.v1": "manifests/", PREFIX + "metadata.v1": "metadata/",
            PREFIX + "package.v1": "neofleet", PREFIX + "channels.v1": CHANNEL, PREFIX + "channel.default.v1": CHANNEL}
TEXT = """neofleet runs Neo4j Enterprise clusters and standalone servers, and registers them with Neo4j Aura Fleet Management.

Make a Secret with the first password, one with a token of your project in the Aura console, and a Neo4jEnterpriseCluster or a Neo4jEnterpriseStandalone that names both.

The operator looks after all namespaces. Where the cluster's network is closed by default, let it reach the API server and port 7687 of the servers.
"""


def documents(path):
    return [document for document in yaml.safe_load_all(path.read_text(encoding="utf-8")) if document]


class Installed:
    """The objects of the operator's one file."""

    def __init__(self, path):
        self.objects = documents(path)
        self.deployment = self.one("Deployment", "neofleet")
        self.account = self.deployment["spec"]["template"]["spec"]["serviceAccountName"]

    def one(self, kind, name):
        return next(item for item in self.objects if item["kind"] == kind and item["metadata"]["name"] == name)

    def rights(self, binding):
        """The rules that bindings of that kind give the operator's account."""
        bound = [item["roleRef"] for item in self.objects if item["kind"] == binding and any(subject["name"] == self.account for subject in item["subjects"])]
        return [{"serviceAccountName": self.account, "rules": rule} for rule in (self.one(role["kind"], role["name"])["rules"] for role in bound)]

    def for_users(self):
        """ClusterRoles that are bound to nobody: they add up to view, edit and admin."""
        bound = {item["roleRef"]["name"] for item in self.objects if item["kind"] == "ClusterRoleBinding"}
        return [item for item in self.objects if item["kind"] == "ClusterRole" and item["metadata"]["name"] not in bound]


def owned(deploy, kinds):
    """The kinds with the names that the chart gives them."""
    chart = yaml.safe_load((deploy / "chart/Chart.yaml").read_text(encoding="utf-8"))
    told = {entry["name"]: entry for entry in yaml.safe_load(chart["annotations"]["artifacthub.io/crds"])}
    return [{key: told[kind["metadata"]["name"]][key] for key in ("name", "version", "kind", "displayName", "description")} for kind in kinds], chart


def annotations(deploy, args, chart):
    examples = [sample for path in sorted((deploy / "samples").glob("*.yaml")) for sample in documents(path) if sample["apiVersion"].startswith("neo4j.neo4j.com/")]
    examples.append({"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jPlugin", "metadata": {"name": "apoc"},
                     "spec": {"clusterRef": examples[0]["metadata"]["name"], "name": "apoc"}})
    return {"alm-examples": json.dumps(examples, indent=2), "capabilities": chart["annotations"]["artifacthub.io/operatorCapabilities"], "categories": "Database",
            "containerImage": args.image, "createdAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(args.created)), "description": chart["description"],
            "olm.skipRange": f"<{args.version}", "operatorframework.io/suggested-namespace": "neofleet-system", "support": "The neofleet authors"}


def service_version(deploy, args, installed, kinds):
    entries, chart = owned(deploy, kinds)
    labels = {"operatorframework.io/os.linux": "supported"} | {f"operatorframework.io/arch.{arch}": "supported" for arch in args.arch}
    install = {"clusterPermissions": installed.rights("ClusterRoleBinding"), "permissions": installed.rights("RoleBinding"),
               "deployments": [{"name": "neofleet", "label": installed.deployment["metadata"]["labels"], "spec": installed.deployment["spec"]}]}
    return {
        "apiVersion": "operators.coreos.com/v1alpha1", "kind": "ClusterServiceVersion",
        "metadata": {"name": f"neofleet.v{args.version}", "namespace": "placeholder", "labels": labels, "annotations": annotations(deploy, args, chart)},
        "spec": {
            "displayName": "neofleet", "description": TEXT, "version": args.version, "maturity": "alpha", "provider": {"name": "The neofleet authors"},
            "keywords": chart["keywords"], "minKubeVersion": "1.29.0", "icon": [{"base64data": base64.b64encode(ICON.read_bytes()).decode(), "mediatype": "image/svg+xml"}],
            "customresourcedefinitions": {"owned": entries}, "relatedImages": [{"name": "neofleet", "image": args.image}],
            "installModes": [{"type": mode, "supported": mode == "AllNamespaces"} for mode in ("OwnNamespace", "SingleNamespace", "MultiNamespace", "AllNamespaces")],
            "install": {"strategy": "deployment", "spec": install}}}


def dockerfile():
    labels = "".join(f"LABEL {key}={value}\n" for key, value in METADATA.items())
    return f"FROM scratch\n\n{labels}\nCOPY manifests /manifests/\nCOPY metadata /metadata/\n"


def write(path, document):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else yaml.safe_dump(document, sort_keys=False, width=1000), encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option, kind in (("deploy", pathlib.Path), ("operator", pathlib.Path), ("version", str), ("created", int), ("image", str), ("out", pathlib.Path)):
        parser.add_argument(f"--{option}", required=True, type=kind)
    parser.add_argument("--arch", action="append", required=True)
    args = parser.parse_args()
    installed = Installed(args.operator)
    paths = sorted((args.deploy / "crds").glob("neo4j*.yaml"))
    for path in paths:
        write(args.out / "manifests" / path.name, path.read_text(encoding="utf-8"))
    for role in installed.for_users():
        write(args.out / "manifests" / f"{role['metadata']['name']}.clusterrole.yaml", role)
    kinds = [document for path in paths for document in documents(path)]
    write(args.out / "manifests/neofleet.clusterserviceversion.yaml", service_version(args.deploy, args, installed, kinds))
    write(args.out / "metadata/annotations.yaml", {"annotations": METADATA})
    write(args.out / "bundle.Dockerfile", dockerfile())


if __name__ == "__main__":
    main()
