# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Nodes that die under a cluster while a client writes: script/e2e --nodes. Each test names the rules that it pins.

In each of them the same must be true: the operator takes no claim away, never are two servers away at a time, everything is Ready in
the end, and no acknowledged write is lost. The last is proven without the servers' help, from the log that each keeps on its volume
(test/standin, raftdisk.go): it has its entry before the server says so, and a client is answered once a majority has said so.
"""
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import time
import types

from harness import PASSWORD, ROOT, LocalOperator, check, run, wait_for
from page import Page
from servers import Cluster, PodRecord, client_load, prove, volumes

WITH_SHELL = "neofleet-test/neo4j-shell"
NODES = ["node-1", "node-2", "node-3"]
CLUSTER = os.environ.get("NEOFLEET_CLUSTER", "neofleet")
# How long a dead node may take to be given up, and its pods with it.
GIVEN_UP = 120


def node(*words):
    return run([str(ROOT / "script/cluster"), "--name", CLUSTER, "node", *words]).stdout


def kubectl(*words, ok=True):
    return run(["kubectl", *words], ok=ok).stdout


def node_is_ready(name):
    found = json.loads(kubectl("get", "node", name, "-o", "json", "--ignore-not-found") or "{}")
    return any(c["type"] == "Ready" and c["status"] == "True" for c in found.get("status", {}).get("conditions", []))


def restore():
    """All nodes as they were, whatever became of them."""
    for name in NODES:
        node("mend", name)
        node("start", name)
    wait_for("all nodes", lambda: all(node_is_ready(name) for name in NODES))
    kubectl("uncordon", *NODES)


def operator_aside(ns):
    """The operator runs on the control plane's node: the others are there to die."""
    if isinstance(ns.operator, LocalOperator):
        return
    kubectl("patch", "deployment", "neofleet", "-n", "neofleet-system", "-p", json.dumps({"spec": {"template": {"spec": {
        "nodeSelector": {"kubernetes.io/hostname": "node"},
        "tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}]}}}}))
    kubectl("rollout", "status", "deployment/neofleet", "-n", "neofleet-system", "--timeout=180s")


@contextlib.contextmanager
def under_load(ns, name, spread=True, **spec):
    """A cluster of three servers under a client that writes. In the end it is whole, and nothing was harmed."""
    operator_aside(ns)
    cluster = Cluster(ns, name).create(**spec)
    cluster.wait_phase("Ready")
    places = {pod: item["spec"]["nodeName"] for pod, item in cluster.pods().items()}
    check(not spread or sorted(places.values()) == NODES, f"the servers do not stand apart: {places}")
    at = types.SimpleNamespace(cluster=cluster, places=places, claims=volumes(ns), pods=cluster.uids(), renewed=set())
    try:
        with PodRecord(ns) as at.record, client_load(ns, cluster, "--outages") as report:
            yield at
            cluster.wait_phase("Ready")
    finally:
        restore()
    after = volumes(ns)
    check({key for key in after if after[key] != at.claims.get(key)} == at.renewed, f"claims: {at.claims}, then {after}")
    check(at.record.fewest_ready() >= 2, f"only {at.record.fewest_ready()} servers were ready at a time")
    prove(ns, report)


def unharmed(at, *but):
    """Two passes of the operator, and neither a claim nor a pod goes, but those."""
    at.cluster.poke()
    at.cluster.poke()
    now = at.cluster.uids()
    gone = [name for name, uid in at.pods.items() if name not in but and now.get(name) != uid]
    check(not gone, f"pods that were replaced: {gone}")
    claims = {item["metadata"]["name"] for item in at.cluster.ns.get("pvc")["items"]}
    check(claims == set(at.claims), f"claims: {claims}")


def drain(name):
    return subprocess.Popen(["kubectl", "drain", name, "--ignore-daemonsets", "--delete-emptydir-data", "--timeout=300s"],
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def drained(process):
    out, _ = process.communicate(timeout=300)
    check(process.returncode == 0, f"drain: {out}")
    return out


def test_nodes_drained(ns):
    """B1 B7: a node is drained under the writer: the status says where the pod could go and why not, and it comes back by itself."""
    with under_load(ns, "drained") as at:
        pod = at.cluster.leader("neo4j")
        drained(drain(at.places[pod]))
        at.cluster.wait_phase("Degraded", "2 of 3 servers ready", f"{pod}: not scheduled", "unschedulable")
        unharmed(at, pod)
        kubectl("uncordon", at.places[pod])


def test_nodes_two_drained(ns):
    """B1 B6 B7: two nodes are drained at once: the budget holds the second until the first one's server is back."""
    with under_load(ns, "pair") as at:
        first, second = at.places["pair-server-0"], at.places["pair-server-1"]
        drains = {name: drain(name) for name in (first, second)}
        ended = wait_for("one of the two", lambda: [name for name in drains if drains[name].poll() is not None])
        check(len(ended) == 1, "both nodes were drained at once")
        drained(drains.pop(ended[0]))
        held, process = drains.popitem()
        at.cluster.wait_phase("Degraded", "2 of 3 servers ready", "not scheduled")
        gone = [pod for pod, place in at.places.items() if place == ended[0]]
        unharmed(at, *gone)
        check(process.poll() is None, "the second was drained while the first one's server was away")
        kubectl("uncordon", ended[0])
        check("disruption budget" in drained(process), "the budget did not hold the second")
        kubectl("uncordon", held)


def test_nodes_cut_off(ns):
    """B7 B8 E2: the node of the databases' leader is cut off and comes back: it is named, nothing is taken away, and it joins again."""
    with under_load(ns, "cut") as at:
        pod = at.cluster.leader("neo4j")
        node("cut", at.places[pod])
        at.cluster.wait_phase("Degraded", "2 of 3 servers ready", f"{pod}: node '{at.places[pod]}' does not report", limit=GIVEN_UP)
        at.cluster.wait_phase("Degraded", "so the pod cannot end", limit=GIVEN_UP)
        unharmed(at, pod)
        node("mend", at.places[pod])


def test_nodes_clock(ns):
    """B6 B7: a node whose clock is an hour ahead: what it says of the future holds nothing up, neither a roll nor a return."""
    with under_load(ns, "clock") as at:
        name = at.places["clock-server-1"]
        node("clock", name, "3600")
        try:
            at.cluster.patch(config={"db.transaction.timeout": "47s"})
            at.cluster.wait_phase("Ready")
            check(not set(at.cluster.uids().values()) & set(at.pods.values()), "a pod was not replaced")
            status = at.cluster.pods()["clock-server-1"]["status"]
            times = [status["containerStatuses"][0]["state"]["running"]["startedAt"],
                     *(c["lastTransitionTime"] for c in status["conditions"] if c["type"] == "Ready")]
            soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 1800))
            check(len(times) == 2 and min(times) > soon, f"its clock is right: {times}")
            ns.kubectl("delete", "pod", "clock-server-1")
            at.cluster.wait_phase("Degraded", "2 of 3 servers ready")
            at.cluster.wait_phase("Ready")
        finally:
            node("clock", name, "0")


@contextlib.contextmanager
def operator_without(rule):
    """The kernel drops what the operator sends there; a rule of the network that its packets pass."""
    address = wait_for("the operator's address", lambda: json.loads(kubectl(
        "get", "pods", "-n", "neofleet-system", "-l", "app.kubernetes.io/name=neofleet", "-o", "json"))["items"][0]["status"].get("podIP"))
    hook = "input" if "6443" in rule else "forward"
    run(["nft", "-f", "-"], data=f"table ip severed {{ chain {hook} {{ type filter hook {hook} priority -200; "
                                 f"ip saddr {address} {rule} drop; }}\n}}\n")
    try:
        yield
    finally:
        run(["nft", "delete", "table", "ip", "severed"])


def test_nodes_operator_without_pods(ns):
    """B6 B7: the operator is cut off from the pods in the middle of a roll: no further server goes, and the status says what it cannot know."""
    with under_load(ns, "deaf") as at:
        at.cluster.patch(config={"db.transaction.timeout": "46s"})
        wait_for("the first pod to go", at.record.replaced)
        with operator_without("tcp dport 7687"):
            first = at.record.replaced()[0]
            wait_for(f"{first} back", lambda: at.cluster.uids().get(first, at.pods[first]) != at.pods[first] and any(
                c["type"] == "Ready" and c["status"] == "True" for c in at.cluster.pods()[first]["status"].get("conditions", [])))
            at.cluster.wait_phase("Updating", "2 of 3 servers still to be replaced", "cannot be asked")
            unharmed(at, first)
        at.cluster.wait_phase("Ready")
        check(sorted(at.record.replaced()) == sorted(at.pods), f"replaced: {at.record.replaced()}")


def lease():
    return json.loads(kubectl("get", "lease", "neofleet", "-n", "neofleet-system", "-o", "json"))["spec"]


def test_nodes_operator_without_server(ns):
    """B6 D7 E2: the operator is cut off from the API server in the middle of a roll: nothing goes meanwhile, and it goes on afterwards."""
    with under_load(ns, "severed") as at:
        at.cluster.patch(config={"db.transaction.timeout": "45s"})
        wait_for("the first pod to go", at.record.replaced)
        with operator_without("tcp dport 6443"):
            renewed = lease()["renewTime"]
            away = time.monotonic()
            gone = set(at.record.replaced())
            wait_for("the lease to run out", lambda: time.monotonic() - away > 2 * lease()["leaseDurationSeconds"])
            check(lease()["renewTime"] == renewed, "the operator reached the API server")
            check(set(at.record.replaced()) == gone, f"replaced meanwhile: {at.record.replaced()}")
        at.cluster.wait_phase("Ready")
        check(sorted(at.record.replaced()) == sorted(at.pods), f"replaced: {at.record.replaced()}")


@contextlib.contextmanager
def small_volume(ns, claim, place, size="4m"):
    """A volume of that size for a claim that is yet to come: a file system of its own."""
    folder = pathlib.Path(os.environ["KUBECONFIG"]).parent / "volumes" / f"small-{ns.name}"
    folder.mkdir(parents=True)
    run(["mount", "-t", "tmpfs", "-o", f"size={size}", "small", str(folder)])
    kubectl_create = {
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": f"small-{ns.name}"},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "storageClassName": "local",
                 "persistentVolumeReclaimPolicy": "Retain", "local": {"path": str(folder)},
                 "claimRef": {"namespace": ns.name, "name": claim},
                 "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [
                     {"key": "kubernetes.io/hostname", "operator": "In", "values": [place]}]}]}}}}
    run(["kubectl", "create", "-f", "-"], data=json.dumps(kubectl_create))
    try:
        yield folder
    finally:
        kubectl("delete", "pv", f"small-{ns.name}", "--wait=false", ok=False)
        run(["umount", "-l", str(folder)])
        folder.rmdir()


def fill(folder):
    """Until not a byte more goes in."""
    with (folder / "filler").open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(b"\0" * 4096)


def test_nodes_disk_full(ns):
    """B6 B7 B8: a disk is full under one server: the status has its last words, a roll does not begin, and it comes back once there is room."""
    with small_volume(ns, "data-full-server-1", "node-2") as folder, under_load(ns, "full", spread=False) as at:
        fill(folder)
        at.cluster.wait_phase("Degraded", "2 of 3 servers ready", "full-server-1", "no space left on device")
        unharmed(at)
        (folder / "filler").unlink()


def shell(ns, words, *parts):
    """Runs the one block of docs/nodes.md that holds all the parts, with the test's own names in it."""
    text = Page(ROOT / "docs/nodes.md").shell(*parts)
    for sample, ours in words.items():
        text = text.replace(sample, ours)
    return ns.shell(text)


def test_nodes_gone(ns):
    """B7 B8: a node is gone for good with its volume: the status says what is missing, and the page's steps bring a new server and all rows."""
    with under_load(ns, "gone", image={"repo": WITH_SHELL, "tag": "2025.12-enterprise"}) as at:
        pod = at.cluster.leader("neo4j")
        name, claim = at.places[pod], f"data-{pod}"
        node("kill", name)
        shutil.rmtree(at.claims[claim][1])
        at.cluster.wait_phase("Degraded", "2 of 3 servers ready", f"{pod}: node '{name}' does not report", "delete the Node", limit=GIVEN_UP)
        unharmed(at, pod)
        words = {"my-cluster-server-0": next(other for other in at.pods if other != pod), "my-cluster-server-1": pod,
                 "my-cluster": "gone", "worker-2": name, "<password>": PASSWORD}
        check(name in shell(ns, words, "status.message"), "the page's look at the cluster does not show the node")
        shell(ns, words, "delete node")
        at.cluster.wait_phase("Degraded", "2 of 3 servers ready", f"{pod}: not scheduled", limit=GIVEN_UP)
        unharmed(at, pod)
        at.renewed = {claim}
        shell(ns, words, "delete pvc", "delete pod")
        at.cluster.wait_phase("Ready")
        listed = shell(ns, words, "SHOW SERVERS")
        check(listed.count('"Enabled"') == 3 and "Unavailable" not in listed, f"servers: {listed}")


TESTS = [test_nodes_drained, test_nodes_two_drained, test_nodes_cut_off, test_nodes_gone, test_nodes_clock,
         test_nodes_operator_without_pods, test_nodes_operator_without_server, test_nodes_disk_full]
