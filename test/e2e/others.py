# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Beside controllers and rules of others in the same namespace: one that writes Secrets anew all the time, and a LimitRange under a quota."""
import json

from harness import ADMIN_SECRET, TOKEN_SECRET, check, wait_for
from registration import REGISTER, count, poke, start
from standalone import mint


def test_secrets_rewritten(ns):
    """E2 D5: a controller that writes the Secrets anew again and again, in each way that there is, moves no pod and registers nothing."""
    name = "kept"
    ns.secret(TOKEN_SECRET, token=mint("rewritten"))
    start(ns, name)
    ns.wait_fleet(name, True)
    pod, workload = ns.get("pod", f"{name}-0")["metadata"]["uid"], ns.get("statefulset", name)["metadata"]["generation"]
    time_of, kept = ns.fleet(name)["lastRegistrationTime"], {secret: ns.get("secret", secret) for secret in (ADMIN_SECRET, TOKEN_SECRET)}
    for turn in range(10):
        for secret, was in kept.items():
            meta = {"name": secret, "annotations": {"reconcile.external-secrets.io/data-hash": f"{turn}"}, "labels": {"reconcile.external-secrets.io/managed": "true"}}
            text = json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": meta, "data": was["data"] | ({"other": "eA=="} if turn % 2 else {})})
            # By an update, by server-side apply, and by one that is made anew, as External Secrets does for an immutable Secret.
            if turn % 3 == 2:
                ns.kubectl("delete", "secret", secret)
            ns.kubectl(*(["apply", "--server-side", "--force-conflicts", "-f", "-"] if turn % 3 == 1 else ["create" if turn % 3 == 2 else "replace", "-f", "-"]), data=text)
    poke(ns, name, 2)
    check(ns.get("pod", f"{name}-0")["metadata"]["uid"] == pod, "the pod was replaced")
    check(ns.get("statefulset", name)["metadata"]["generation"] == workload, "the StatefulSet was written")
    wait_for("Ready and registered", lambda: ns.status(name).get("phase") == "Ready" and ns.fleet(name).get("registered") is True)
    check(ns.fleet(name)["lastRegistrationTime"] == time_of and count(ns, f"{name}-0", REGISTER) == 1, f"registered again: {ns.fleet(name)}")


def test_limits_by_default(ns):
    """B7 E1: what a LimitRange puts into the pods, under a quota that wants it, is no drift: nothing is written and no pod replaced."""
    name, limit = "walled", {"cpu": "1", "memory": "1Gi"}
    ns.apply(json.dumps({"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "usual"}, "spec": {"limits": [
        {"type": "Container", "default": limit, "defaultRequest": {"cpu": "10m", "memory": "64Mi"}, "maxLimitRequestRatio": {"cpu": "100"}}]}}))
    ns.kubectl("create", "quota", "room", "--hard=requests.cpu=1,requests.memory=1Gi,limits.cpu=4,limits.memory=4Gi,pods=2,persistentvolumeclaims=2,requests.storage=10Gi")
    wait_for("the quota to be counted", lambda: "hard" in (ns.get("resourcequota", "room").get("status") or {}))
    ns.secret(TOKEN_SECRET, token=mint("walled"))
    start(ns, name)
    ns.wait_fleet(name, True)
    pod, workload = ns.get("pod", f"{name}-0"), ns.get("statefulset", name)["metadata"]["generation"]
    check(pod["spec"]["containers"][0]["resources"]["limits"] == limit, f"not the LimitRange's: {pod['spec']['containers'][0]['resources']}")
    poke(ns, name, 2)
    check(ns.get("pod", f"{name}-0")["metadata"]["uid"] == pod["metadata"]["uid"], "the pod was replaced")
    check(ns.get("statefulset", name)["metadata"]["generation"] == workload, "the StatefulSet was written")


TESTS = [test_secrets_rewritten, test_limits_by_default]
