# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Deployments beside others, and beside objects of others. Each test names the rules that it pins."""
import json
import time

from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, FleetService, check, run, wait_for
from registration import STANDIN, condition, count, one_event, poke, said, standin, start
from standalone import children, mint, project


def test_foreign_child(ns):
    """B1 B2 A3: an object of somebody else is not touched, and no server is made beside it; when it is gone the deployment comes up."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.kubectl("create", "configmap", "foreign-config", "--from-literal=theirs=1")
    before = ns.get("configmap", "foreign-config")["metadata"]["resourceVersion"]
    ns.standalone("foreign", image=STANDIN)
    ns.wait_phase("foreign", "Failed")
    poke(ns, "foreign", 3)
    status = ns.status("foreign")
    check("without an owner: ConfigMap 'foreign-config'; give this deployment another name" in status["message"], f"{status}")
    check(condition(ns, "foreign", "Ready")["reason"] == "NameTaken", f"{status}")
    one_event(ns, "NameTaken")
    check(ns.get("configmap", "foreign-config")["metadata"]["resourceVersion"] == before, "it was written")
    check(ns.get("configmap", "foreign-config")["data"] == {"theirs": "1"}, "its data have changed")
    check(not ns.get("statefulset", "foreign"), "a StatefulSet was made beside an object of somebody else")
    ns.kubectl("delete", "configmap", "foreign-config")
    ns.wait_phase("foreign", "Ready", START_LIMIT)


def cluster(ns, name, servers=2, **spec):
    body = {"image": STANDIN, "topology": {"servers": servers}, "storage": {"size": "1Gi"},
            "auth": {"adminSecret": ADMIN_SECRET}}
    body.update(spec)
    ns.apply(json.dumps({"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jEnterpriseCluster",
                         "metadata": {"name": name}, "spec": body}))


def test_rival_kinds(ns):
    """B1: of a cluster and a standalone of one name the first keeps the name; the other is Failed until it is free."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    cluster(ns, "rival")
    wait_for("the cluster's children", lambda: ns.get("statefulset", "rival-server"))
    ns.standalone("rival", image=STANDIN, auraFleetManagement={"enabled": False})
    ns.wait_phase("rival", "Failed")
    check(condition(ns, "rival", "Ready")["reason"] == "NameTaken", f"{ns.status('rival')}")
    owner = ns.get("service", "rival-headless")["metadata"]["ownerReferences"][0]
    check(owner["kind"] == "Neo4jEnterpriseCluster", f"the headless Service's owner: {owner}")
    check(not ns.get("statefulset", "rival"), "the loser has a StatefulSet")
    ns.kubectl("delete", "n4jc", "rival", "--timeout=60s")
    gone = time.monotonic()
    wait_for("the name passed on", lambda: ns.get("statefulset", "rival"))
    print(f"       taken over {time.monotonic() - gone:.1f} s after the deletion", flush=True)
    ns.wait_phase("rival", "Ready", START_LIMIT)
    owner = ns.get("service", "rival-headless")["metadata"]["ownerReferences"][0]
    check(owner["kind"] == "Neo4jEnterpriseStandalone", f"the headless Service's owner: {owner}")


def test_long_names(ns):
    """A3 B1: the longest names that admission lets through have all their children, and their pods become ready."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("long"))
    single, several = "s" * 52, "c" * 45
    ns.standalone(single, image=STANDIN)
    cluster(ns, several, servers=2)
    ns.wait_fleet(single, True, limit=START_LIMIT)
    children(ns, single)
    wait_for("the cluster Ready", lambda: ns.get("n4jc", several).get("status", {}).get("phase") == "Ready", START_LIMIT)


def test_same_name(ns):
    """B1 B2 E2: deployments of one name in two namespaces know nothing of each other."""
    other = type(ns)(f"{ns.name}-other")
    try:
        for space, word in ((ns, "one"), (other, "two")):
            space.secret(ADMIN_SECRET, password=PASSWORD)
            space.secret(TOKEN_SECRET, token=mint(f"same-{word}"))
            space.standalone("same", image=STANDIN)
        for space, word in ((ns, "one"), (other, "two")):
            space.wait_fleet("same", True, limit=START_LIMIT)
            wait_for("it at the service", lambda word=word: FleetService().deployments(project(f"same-{word}")))
        ns.kubectl("delete", "n4js", "same", "--timeout=60s")
        wait_for("no StatefulSet", lambda: not ns.get("statefulset", "same"))
        check(other.fleet("same")["registered"] is True, "the other namespace was touched")
        check(other.get("statefulset", "same"), "the other namespace's StatefulSet is gone")
    finally:
        other.close()


def test_namespace_deleted(ns):
    """B8 E2: a namespace that is deleted in the middle of a registration goes, and the operator does not stumble."""
    name, pod = "goes", "goes-0"
    start(ns, name)
    standin(ns, pod, "misbehave", "slow", "3")
    ns.secret(TOKEN_SECRET, token=mint("goes"))
    wait_for("the exchange", lambda: count(ns, pod, "login") > 1)
    ns.kubectl("delete", "namespace", ns.name, "--wait=false")
    wait_for("no namespace", lambda: run(["kubectl", "get", "namespace", ns.name], ok=False).returncode != 0, 120)
    check("neofleet_deployments" in ns.operator.metrics(), "the operator is gone")
    seen = said(ns, "reconcile failed")
    check(seen < 20, f"{seen} failed passes over a namespace that goes")


TESTS = [test_foreign_child, test_rival_kinds, test_long_names, test_same_name, test_namespace_deleted]
