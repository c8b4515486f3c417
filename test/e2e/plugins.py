# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Plugins from all sources beside Fleet Manager (rules C1 to C9). Each test names the rules that it pins."""
import json

from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, FleetService, check, run, wait_for
from standalone import conf_is_accepted, mint, project

APOC_AND_FLEET = '["apoc","fleet-management"]'


def plugin(ns, name, target, plugin_name=None, **spec):
    ns.apply(json.dumps({
        "apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jPlugin", "metadata": {"name": name},
        "spec": {"clusterRef": target, "name": plugin_name or name, **spec}}))


def plugin_status(ns, name):
    return (ns.get("neo4jplugin", name) or {}).get("status") or {}


def wait_plugin(ns, name, phase, *parts, limit=60):
    """Until the phase is this and the message holds all parts."""
    def probe():
        status = plugin_status(ns, name)
        return status.get("phase") == phase and all(part in status.get("message", "") for part in parts)

    try:
        wait_for(f"Neo4jPlugin {name} in phase {phase} with {parts}", probe, limit)
    except Exception as failure:
        raise AssertionError(f"{failure}; status: {plugin_status(ns, name)}") from None
    item = ns.get("neo4jplugin", name)
    check(item["status"]["observedGeneration"] == item["metadata"]["generation"], f"{name} is of an old generation")


def template(ns, name):
    workload = ns.get("statefulset", name)
    return workload and workload["spec"]["template"]


def plugins_of(ns, name):
    """NEO4J_PLUGINS of the template; None when it is not set."""
    env = (template(ns, name) or {"spec": {"containers": [{}]}})["spec"]["containers"][0].get("env", [])
    return ([item.get("value") for item in env if item["name"] == "NEO4J_PLUGINS"] or [None])[0]


def wait_plugins(ns, name, value, limit=30):
    wait_for(f"NEO4J_PLUGINS of {name} to be {value}", lambda: plugins_of(ns, name) == value or None, limit)


def pods_made(ns, name):
    """How many pods the StatefulSet controller has made, by its own events."""
    return sum(item.get("count", 1) for item in ns.events("SuccessfulCreate")
               if item["involvedObject"]["name"] == name and item["message"].lower().startswith("create pod"))


class Rolls:
    """Counts the pods that a change has cost, and the restarts of containers, by the cluster's own record."""

    def __init__(self, ns, name):
        self.ns, self.name, self.before = ns, name, pods_made(ns, name)

    def expect(self, number, what):
        made = pods_made(self.ns, self.name) - self.before
        check(made == number, f"{what}: {made} pods were made where {number} were expected")
        pod = self.ns.get("pod", f"{self.name}-0")
        restarts = pod["status"]["containerStatuses"][0]["restartCount"]
        check(restarts == 0, f"{what}: the container was restarted {restarts} times")
        self.before += made


def settled(ns, name):
    """Ready, and nothing of a newer template is still to come."""
    status, workload = ns.status(name), ns.get("statefulset", name)
    item = ns.get("neo4jenterprisestandalone", name)
    return (status.get("phase") == "Ready" and status.get("observedGeneration") == item["metadata"]["generation"]
            and workload["status"].get("observedGeneration") == workload["metadata"]["generation"]
            and workload["status"].get("updatedReplicas") == 1 and workload["status"].get("readyReplicas") == 1)


def wait_settled(ns, name, value):
    """Until the template has this NEO4J_PLUGINS and its pod is ready."""
    wait_plugins(ns, name, value)
    wait_for(f"{name} settled with {value}", lambda: settled(ns, name), START_LIMIT)


def cypher(ns, pod, query, database="neo4j"):
    return ns.kubectl("exec", pod, "--", "cypher-shell", "-u", "neo4j", "-p", PASSWORD, "-d", database, "--format", "plain",
                      query)


def patch(ns, kind, name, spec):
    ns.kubectl("patch", kind, name, "--type=merge", "-p", json.dumps({"spec": spec}))


def test_plugins_apoc_and_fleet(ns):
    """C1 C3 C5 C6: APOC by a Neo4jPlugin that came first, and Fleet Manager; both work on the real server, at no extra roll."""
    name, fleet = "both", FleetService()
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("both"))
    plugin(ns, "apoc", name, config={"apoc.export.file.enabled": "true"})
    wait_plugin(ns, "apoc", "Waiting", f"named '{name}'")
    ns.standalone(name, tag="2025.12-enterprise")
    wait_settled(ns, name, APOC_AND_FLEET)
    wait_plugin(ns, "apoc", "Ready")
    ns.wait_fleet(name, True)
    check(len(ns.get("controllerrevisions")["items"]) == 1, "more than one revision where all was known at creation")
    Rolls(ns, name).expect(0, "creation")
    check(pods_made(ns, name) == 1, "more than one pod was made")
    check("pong" in cypher(ns, f"{name}-0", "CALL apoc.neofleet.ping()"), "apoc's procedure is not there")
    check("neo4j" in cypher(ns, f"{name}-0", "CALL apoc.neofleet.inside()"), "apoc's procedure is sandboxed")
    check(len(fleet.deployments(project("both"))) == 1, "the service does not know the deployment")
    check("apoc.export.file.enabled=true" in ns.get("configmap", f"{name}-config")["data"]["apoc.conf"], "apoc.conf")
    conf_is_accepted(ns, name, ["2025.12.1"])
    events = ns.events("PluginReady")
    check(len(events) == 1 and events[0].get("count", 1) == 1 and events[0]["type"] == "Normal", f"events: {events}")


TESTS = [test_plugins_apoc_and_fleet]
