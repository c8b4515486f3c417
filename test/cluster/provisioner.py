#!/usr/bin/env python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Makes a local PersistentVolume for each pending claim, and takes released ones away.

hostPath volumes ignore fsGroup, so a pod that does not run as root cannot write to them; local ones honour it."""
import argparse
import json
import os
import shutil
import subprocess
import sys

STORAGE_CLASS = "local"
SELECTED = "volume.kubernetes.io/selected-node"  # what the scheduler says
PROVISIONER = "neofleet.test/local"


class Kubectl:
    def __init__(self, path):
        self.path = path

    def run(self, *args, data=None):
        return subprocess.run([self.path, *args], input=data, text=True, check=False, capture_output=True)

    def watch(self, *args):
        """Yields (type, object) until the watch ends; the whole list comes first."""
        with subprocess.Popen(
            [self.path, "get", *args, "--watch", "--output-watch-events", "-o", "json"],
            stdout=subprocess.PIPE, text=True,
        ) as process:
            decoder, text = json.JSONDecoder(), ""
            for line in process.stdout:
                text += line
                if not line.rstrip().endswith("}"):
                    continue
                try:
                    event, end = decoder.raw_decode(text.lstrip())
                except json.JSONDecodeError:
                    continue
                text = text.lstrip()[end:]
                yield event["type"], event["object"]


def volume_for(claim, folder):
    meta, spec = claim["metadata"], claim["spec"]
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"pvc-{meta['uid']}", "annotations": {"pv.kubernetes.io/provisioned-by": PROVISIONER}},
        "spec": {
            "capacity": {"storage": spec["resources"]["requests"]["storage"]},
            "accessModes": spec["accessModes"],
            "persistentVolumeReclaimPolicy": "Delete",
            "storageClassName": STORAGE_CLASS,
            "local": {"path": folder},
            "claimRef": {
                "apiVersion": "v1", "kind": "PersistentVolumeClaim",
                "namespace": meta["namespace"], "name": meta["name"], "uid": meta["uid"],
            },
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                {"key": "kubernetes.io/hostname", "operator": "In",
                 "values": [(meta.get("annotations") or {}).get(SELECTED, "node")]}]}]}},
        },
    }


def provision(kubectl, claim, root, wait):
    spec = claim["spec"]
    if wait and SELECTED not in (claim["metadata"].get("annotations") or {}):
        return
    if spec.get("storageClassName") != STORAGE_CLASS or spec.get("volumeName"):
        return
    if claim.get("status", {}).get("phase") != "Pending":
        return
    folder = os.path.join(root, claim["metadata"]["uid"])
    os.makedirs(folder, exist_ok=True)
    done = kubectl.run("create", "-f", "-", data=json.dumps(volume_for(claim, folder)))
    if done.returncode and "already exists" not in done.stderr:
        print(done.stderr, file=sys.stderr, flush=True)


def reclaim(kubectl, volume):
    spec = volume["spec"]
    if volume["metadata"].get("annotations", {}).get("pv.kubernetes.io/provisioned-by") != PROVISIONER:
        return
    # Nobody but us deletes a local volume, so a Delete policy leaves it Failed or Released.
    if volume.get("status", {}).get("phase") not in ("Released", "Failed"):
        return
    if spec["persistentVolumeReclaimPolicy"] != "Delete":
        return
    shutil.rmtree(spec["local"]["path"], ignore_errors=True)
    kubectl.run("delete", "pv", volume["metadata"]["name"], "--wait=false")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kubectl", required=True)
    parser.add_argument("--folder", required=True)
    parser.add_argument("--wait", action="store_true", help="for the scheduler's word on which node a volume is to be")
    args = parser.parse_args()
    kubectl = Kubectl(args.kubectl)
    child = os.fork()
    if child == 0:
        while True:
            for kind, volume in kubectl.watch("pv"):
                if kind != "DELETED":
                    reclaim(kubectl, volume)
    while True:
        for kind, claim in kubectl.watch("pvc", "-A"):
            if kind != "DELETED":
                provision(kubectl, claim, args.folder, args.wait)


if __name__ == "__main__":
    main()
