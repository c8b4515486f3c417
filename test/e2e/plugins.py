# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Plugins from all sources beside Fleet Manager (rules C1 to C9). Each test names the rules that it pins."""
import json
import re
import threading
import types

from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, WAIT_LIMIT, FleetService, check, wait_for
from neighbours import cluster
from scenario import Chain, Group, on_real_server, restarts_operator
from standalone import conf_is_accepted, mint, project

# The light stand-in, where the real server does not decide.
STANDIN = "neofleet-test/neo4j"
APOC_AND_FLEET = '["apoc","fleet-management"]'


def plugin(ns, name, target, plugin_name=None, **spec):
    ns.apply(json.dumps({
        "apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jPlugin", "metadata": {"name": name},
        "spec": {"clusterRef": target, "name": plugin_name or name, **spec}}))


def plugin_status(ns, name):
    return (ns.get("neo4jplugin", name) or {}).get("status") or {}


def wait_plugin(ns, name, phase, *parts, limit=WAIT_LIMIT):
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


def conf_of(ns, name):
    """The settings of neo4j.conf, the flags of the JVM aside."""
    lines = ns.get("configmap", f"{name}-config")["data"]["neo4j.conf"].splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith(("#", "server.jvm.")))


def template(ns, name):
    workload = ns.get("statefulset", name)
    return workload and workload["spec"]["template"]


def plugins_of(ns, name):
    """NEO4J_PLUGINS of the template; None when it is not set."""
    env = (template(ns, name) or {"spec": {"containers": [{}]}})["spec"]["containers"][0].get("env", [])
    return ([item.get("value") for item in env if item["name"] == "NEO4J_PLUGINS"] or [None])[0]


def wait_plugins(ns, name, value, limit=WAIT_LIMIT):
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


def standin(ns, name, tag="2025.12.1-enterprise", **spec):
    ns.standalone(name, image={"repo": STANDIN, "tag": tag}, **spec)


def prepare(ns, project_name):
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint(project_name))


def set_env(ns, name, value):
    """As a user does it; None takes the variable away."""
    ns.kubectl("set", "env", f"statefulset/{name}", "NEO4J_PLUGINS" + ("-" if value is None else f"={value}"))


def counted(ns, pod, key):
    return int(ns.kubectl("exec", pod, "--", "standin", "counts", key))


def condition(ns, name, kind):
    return ([item for item in ns.status(name).get("conditions", []) if item["type"] == kind] or [None])[0]


def patch(ns, kind, name, spec):
    ns.kubectl("patch", kind, name, "--type=merge", "-p", json.dumps({"spec": spec}))


@on_real_server
def given_apoc_and_fleet(ns):
    """C6: APOC by a Neo4jPlugin that was there first, and Fleet Manager, in one deployment."""
    name = "both"
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("both"))
    plugin(ns, "apoc", name, config={"apoc.export.file.enabled": "true"})
    wait_plugin(ns, "apoc", "Waiting", f"named '{name}'")
    ns.standalone(name, tag="2025.12-enterprise")
    wait_settled(ns, name, APOC_AND_FLEET)
    return name


def test_plugin_before_its_target(ns, name):
    """C3 C6: a Neo4jPlugin that waited for its target is in the first template, at no extra revision, pod or restart."""
    wait_plugin(ns, "apoc", "Ready")
    check(len(ns.get("controllerrevisions")["items"]) == 1, "more than one revision where all was known at creation")
    Rolls(ns, name).expect(0, "creation")
    check(pods_made(ns, name) == 1, "more than one pod was made")
    check("apoc.export.file.enabled=true" in ns.get("configmap", f"{name}-config")["data"]["apoc.conf"], "apoc.conf")
    events = wait_for("the event", lambda: ns.events("PluginReady"))
    check(len(events) == 1 and events[0].get("count", 1) == 1 and events[0]["type"] == "Normal", f"events: {events}")


def test_procedure_of_another_jar(ns, name):
    """C1 C5: beside Fleet Manager the real server still has another jar's procedures, and lets them out of the sandbox."""
    ns.wait_fleet(name, True)
    check("pong" in cypher(ns, f"{name}-0", "CALL apoc.neofleet.ping()"), "apoc's procedure is not there")
    check("neo4j" in cypher(ns, f"{name}-0", "CALL apoc.neofleet.inside()"), "apoc's procedure is sandboxed")
    wait_for("it at the service", lambda: len(FleetService().deployments(project("both"))) == 1)
    conf_is_accepted(ns, name, ["2025.12.1"])


def given_sources(ns):
    """C2: an entry of spec.env, and no Fleet Manager."""
    name = "sources"
    prepare(ns, name)
    standin(ns, name, token=False, auraFleetManagement={"enabled": False}, env=[{"name": "NEO4J_PLUGINS", "value": '["genai"]'}])
    wait_settled(ns, name, '["genai"]')
    check(not ns.fleet(name), "a status of Fleet Manager where it was never enabled")
    return types.SimpleNamespace(name=name, services=ns.get("services")["items"], rolls=Rolls(ns, name))


def test_plugin_added(ns, at):
    """C1 C2: a Neo4jPlugin comes after the entry of spec.env, for one roll."""
    plugin(ns, "apoc", at.name)
    wait_settled(ns, at.name, '["genai","apoc"]')
    wait_plugin(ns, "apoc", "Ready")
    at.rolls.expect(1, "plugin added")


def test_enabled_later(ns, at):
    """C1 C3: Fleet Manager comes last, for one roll."""
    patch(ns, "n4js", at.name, {"auraFleetManagement": {"enabled": True, "tokenSecretRef": {"name": TOKEN_SECRET}}})
    wait_settled(ns, at.name, '["genai","apoc","fleet-management"]')
    ns.wait_fleet(at.name, True)
    at.rolls.expect(1, "enabled later")


def test_entry_by_set_env(ns, at):
    """C1 C2 C5: an entry by kubectl set env, beside that of spec.env, comes first, and the settings know of it."""
    set_env(ns, at.name, '["bloom","genai","apoc","fleet-management"]')
    wait_settled(ns, at.name, '["bloom","genai","apoc","fleet-management"]')
    at.rolls.expect(1, "somebody's own entry")
    check("bloom.*" in ns.get("configmap", f"{at.name}-config")["data"]["neo4j.conf"], "the settings know nothing of bloom")


def test_unrelated_edit(ns, at):
    """C1 C2: an edit that has nothing to do with plugins costs no roll, and loses no entry."""
    patch(ns, "n4js", at.name, {"service": {"annotations": {"example.com/x": "1"}}})
    wait_for("the annotation", lambda: ns.get("service", f"{at.name}-client")["metadata"]["annotations"].get("example.com/x"))
    wait_settled(ns, at.name, '["bloom","genai","apoc","fleet-management"]')
    at.rolls.expect(0, "unrelated edit")


def test_entry_of_spec_env_taken_out(ns, at):
    """C2: what spec.env declares no more leaves; what somebody else added stays."""
    patch(ns, "n4js", at.name, {"env": []})
    wait_settled(ns, at.name, '["bloom","apoc","fleet-management"]')
    at.rolls.expect(1, "spec.env without it")


def test_plugin_deleted(ns, at):
    """C2: with a Neo4jPlugin its entry leaves, and no other."""
    ns.kubectl("delete", "n4jp", "apoc")
    wait_settled(ns, at.name, '["bloom","fleet-management"]')
    at.rolls.expect(1, "Neo4jPlugin deleted")


def test_entry_of_set_env_taken_out(ns, at):
    """C2: what somebody else has added and takes out is gone; ours is put back."""
    set_env(ns, at.name, '["fleet-management"]')
    wait_settled(ns, at.name, '["fleet-management"]')
    at.rolls.expect(1, "somebody's own entry taken out")
    set_env(ns, at.name, None)
    wait_plugins(ns, at.name, '["fleet-management"]')


def test_ports_before_and_after(ns, at):
    """C7 C9: Services and their ports are those of before Fleet Manager was enabled: while it is, and when it has gone."""
    def ports(items):
        return {item["metadata"]["name"]: item["spec"]["ports"] for item in items}

    check(ports(ns.get("services")["items"]) == ports(at.services), "a Service's ports have changed")
    patch(ns, "n4js", at.name, {"auraFleetManagement": {"enabled": False}})
    wait_settled(ns, at.name, None)
    check(ports(ns.get("services")["items"]) == ports(at.services), "a Service's ports have changed")


def test_entry_at_the_moment_of_ours(ns):
    """C2: kubectl set env at the moment of our own write, again and again: no entry of either is lost."""
    name, rounds = "two", 12
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    standin(ns, name, token=False)
    plugin(ns, "apoc", name, enabled=False)
    wait_settled(ns, name, '["fleet-management"]')
    # Nothing is replaced meanwhile: a container that is stopped while it starts may not hear of it for five minutes.
    ns.kubectl("create", "poddisruptionbudget", "hold", "--selector=app.kubernetes.io/instance=two", "--max-unavailable=0")
    for i in range(rounds):
        theirs, ours = (["bloom"], ["genai"], ["bloom", "genai"])[i % 3], i % 2 == 0
        barrier = threading.Barrier(2)

        def write(value=json.dumps(theirs)):
            barrier.wait()
            set_env(ns, name, value)

        thread = threading.Thread(target=write)
        thread.start()
        barrier.wait()
        patch(ns, "n4jp", "apoc", {"enabled": ours})
        thread.join()
        wanted = json.dumps([*theirs, *(["apoc"] if ours else []), "fleet-management"], separators=(",", ":"))
        wait_plugins(ns, name, wanted)
    rolls = Rolls(ns, name)
    ns.kubectl("delete", "poddisruptionbudget", "hold")
    wait_settled(ns, name, wanted)
    rolls.expect(1, "all of the writes together")


def given_claims(ns):
    """C6: APOC by one Neo4jPlugin, Ready."""
    name = "claims"
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    plugin(ns, "old", name, "apoc", config={"apoc.x": "1"})
    standin(ns, name, token=False)
    wait_settled(ns, name, APOC_AND_FLEET)
    wait_plugin(ns, "old", "Ready")
    return name


def versions(ns, name):
    return [ns.get(kind, child)["metadata"]["resourceVersion"] for kind, child in (
        ("statefulset", name), ("configmap", f"{name}-config"))]


def refused_claim(ns, name, claim, *parts):
    """Failed with these words and one Warning; the deployment is as it was before."""
    wait_plugin(ns, claim, "Failed", *parts)
    wait_for("one Warning", lambda: len([e for e in ns.events("PluginFailed") if e["involvedObject"]["name"] == claim]) == 1)
    check(ns.status(name)["phase"] == "Ready", f"the deployment suffers: {ns.status(name)}")


def test_two_claims_of_one_name(ns, name):
    """C6: of two claims on one plugin the older one stands and the younger fails; when the older goes, the younger is met."""
    before = versions(ns, name)
    plugin(ns, "young", name, "apoc", config={"apoc.x": "2"})
    refused_claim(ns, name, "young", "'old' is older")
    check(versions(ns, name) == before, "a refused claim was written somewhere")
    ns.kubectl("delete", "n4jp", "old")
    wait_plugin(ns, "young", "Ready", limit=START_LIMIT)
    wait_for("the younger one's settings",
             lambda: "apoc.x=2" in ns.get("configmap", f"{name}-config")["data"]["apoc.conf"])
    wait_settled(ns, name, APOC_AND_FLEET)


def test_plugin_of_unknown_name(ns, name):
    """C6: a name that the image does not know is Failed with the choices, and the template is not touched."""
    before = versions(ns, name)
    plugin(ns, "unknown", name, "apocc")
    refused_claim(ns, name, "unknown", "does not know the plugin 'apocc'", "apoc-extended")
    check(versions(ns, name) == before, "a refused claim was written somewhere")


def test_plugin_with_owned_setting(ns, name):
    """C6 A3: a setting that is the operator's is refused with the field named."""
    before = versions(ns, name)
    plugin(ns, "broken", name, "genai", config={"server.bolt.listen_address": ":1"})
    refused_claim(ns, name, "broken", "spec.config[server.bolt.listen_address]: must not be set")
    check(versions(ns, name) == before, "a refused claim was written somewhere")
    counts = dict(re.findall(r'^neofleet_plugins\{phase="(\w+)"\} (\d+)$', ns.operator.metrics(), re.MULTILINE))
    check(int(counts["Ready"]) >= 1 and int(counts["Failed"]) >= 1, f"metrics of plugins: {counts}")


def test_plugin_disabled(ns, name):
    """C2 C6: a disabled Neo4jPlugin is no claim; enabled it has its entry under the image's name, disabled again it has none."""
    before = versions(ns, name)
    plugin(ns, "off", name, "gds", enabled=False)
    wait_plugin(ns, "off", "Disabled")
    check(versions(ns, name) == before, "a disabled claim was written somewhere")
    patch(ns, "n4jp", "off", {"enabled": True})
    wait_plugin(ns, "off", "Ready", limit=START_LIMIT)
    wait_settled(ns, name, '["apoc","graph-data-science","fleet-management"]')
    patch(ns, "n4jp", "off", {"enabled": False})
    wait_plugin(ns, "off", "Disabled")
    wait_settled(ns, name, APOC_AND_FLEET)


def test_plugin_named_fleet_management(ns, name):
    """C2 C6: by name a Neo4jPlugin of fleet-management is one more claim on the entry, which stays while one claim lives."""
    plugin(ns, "fleet", name, "fleet-management")
    wait_plugin(ns, "fleet", "Ready", limit=START_LIMIT)
    patch(ns, "n4js", name, {"auraFleetManagement": None})
    wait_for("switched off", lambda: (condition(ns, name, "FleetRegistered") or {}).get("reason") == "Disabled")
    wait_settled(ns, name, APOC_AND_FLEET)


def test_plugin_follows_its_target(ns):
    """B1 C6: clusterRef means the owner of the name, whatever its kind, and follows it; without one the plugin waits."""
    name = "rival"
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    plugin(ns, "apoc", name)
    cluster(ns, name)
    wait_plugins(ns, f"{name}-server", '["apoc"]')
    standin(ns, name, token=False, auraFleetManagement={"enabled": False})
    wait_for("the name taken", lambda: (condition(ns, name, "Ready") or {}).get("reason") == "NameTaken")
    wait_plugin(ns, "apoc", "Ready", limit=START_LIMIT)
    check(pods_made(ns, f"{name}-server") == 2, "the plugin cost a roll")
    ns.kubectl("delete", "n4jc", name, "--timeout=60s")
    wait_settled(ns, name, '["apoc"]')
    wait_plugin(ns, "apoc", "Ready", limit=START_LIMIT)
    ns.kubectl("delete", "n4js", name, "--timeout=60s")
    wait_plugin(ns, "apoc", "Waiting", f"named '{name}'")


def test_plugins_malformed_by_hand(ns):
    """C2: a live NEO4J_PLUGINS that is no list, or that only the container sees, is told and kept, and heals by hand."""
    name = "malformed"
    prepare(ns, name)
    standin(ns, name)
    ns.wait_fleet(name, True)
    set_env(ns, name, "apoc,bloom")
    told = wait_for("the condition", lambda: condition(ns, name, "PluginsMalformed"))
    check(told["status"] == "True" and "make it a JSON list" in told["message"], f"condition: {told}")
    check(plugins_of(ns, name) == "apoc,bloom", f"it was not kept: {plugins_of(ns, name)}")
    wait_for("the message", lambda: "cannot be merged and is kept" in ns.status(name)["message"])
    plugin(ns, "apoc", name)
    wait_plugin(ns, "apoc", "Failed", "is kept as it is")
    events = ns.events("PluginsMalformed")
    check(len(events) == 1 and events[0]["type"] == "Warning", f"events: {events}")
    set_env(ns, name, '["bloom"]')
    wait_settled(ns, name, '["bloom","apoc","fleet-management"]')
    wait_plugin(ns, "apoc", "Ready")
    check(condition(ns, name, "PluginsMalformed")["status"] == "False", "the condition stays")
    check("cannot be merged" not in ns.status(name)["message"], "the message stays")

    env = ns.get("statefulset", name)["spec"]["template"]["spec"]["containers"][0]["env"]
    at = [item["name"] for item in env].index("NEO4J_PLUGINS")
    ns.kubectl("create", "configmap", "theirs", '--from-literal=list=["genai"]')
    ns.kubectl("patch", "statefulset", name, "--type=json", "-p", json.dumps([
        {"op": "replace", "path": f"/spec/template/spec/containers/0/env/{at}", "value": {
            "name": "NEO4J_PLUGINS", "valueFrom": {"configMapKeyRef": {"name": "theirs", "key": "list"}}}}]))
    wait_for("the condition", lambda: condition(ns, name, "PluginsMalformed")["status"] == "True")
    check("valueFrom" in condition(ns, name, "PluginsMalformed")["message"], "the cause is not named")
    kept = ns.get("statefulset", name)["spec"]["template"]["spec"]["containers"][0]["env"][at]
    check("valueFrom" in kept and "value" not in kept, f"the reference was not kept: {kept}")


def test_lists_of_the_user(ns):
    """C5: the user's own procedure lists are joined with what the plugins need, and Fleet Manager works with them."""
    name = "lists"
    prepare(ns, name)
    plugin(ns, "apoc", name)
    standin(ns, name, config={"dbms.security.procedures.allowlist": "apoc.neofleet.*,custom.*",
                              "dbms.security.procedures.unrestricted": "custom.*"})
    ns.wait_fleet(name, True, limit=START_LIMIT)
    wait_plugin(ns, "apoc", "Ready")
    conf = conf_of(ns, name)
    lists = {key: set(conf[f"dbms.security.procedures.{key}"].split(",")) for key in ("allowlist", "unrestricted")}
    check(lists["allowlist"] == {"apoc.neofleet.*", "custom.*", "fleetManagement.*"}, f"allowlist: {lists}")
    check(lists["unrestricted"] == {"custom.*", "apoc.*", "fleetManagement.*"}, f"unrestricted: {lists}")
    # A list that shuts the plugin out: its procedures are not there, and its status says why.
    patch(ns, "n4js", name, {"config": {"dbms.security.procedures.allowlist": "custom.*"}})
    wait_plugin(ns, "apoc", "Failed", "dbms.security.procedures.allowlist", limit=START_LIMIT)


@restarts_operator
def test_pod_dies_of_our_entry(ns):
    """C8: a pod that was rolled for our entry alone and ends three times: the entry leaves, until image or spec change."""
    name = "withdrawn"
    prepare(ns, name)
    # Built in by a variable that the operator cannot see, a server of 2025.12 refuses to start with the plugin as well.
    ns.kubectl("create", "configmap", "hidden", "--from-literal=enabled=true")
    hidden = [{"name": "NEO4J_dbms_fleet__manager_enabled",
               "valueFrom": {"configMapKeyRef": {"name": "hidden", "key": "enabled"}}}]
    standin(ns, name, token=False, env=hidden, auraFleetManagement={"enabled": False})
    wait_settled(ns, name, None)
    revision = ns.get("statefulset", name)["status"]["updateRevision"]
    on = {"enabled": True, "tokenSecretRef": {"name": TOKEN_SECRET}}
    patch(ns, "n4js", name, {"auraFleetManagement": on})
    wait_plugins(ns, name, '["fleet-management"]')
    state = ns.wait_fleet(name, False, "was withdrawn", "ended with exit code 1", "already in use", limit=START_LIMIT)
    check(condition(ns, name, "FleetRegistered")["reason"] == "FleetPluginWithdrawn", f"{state}")
    wait_settled(ns, name, None)
    check(ns.get("statefulset", name)["status"]["updateRevision"] == revision, "the template is not what it was")
    events = ns.events("FleetPluginWithdrawn")
    check(len(events) == 1 and events[0]["type"] == "Warning" and "already in use" in events[0]["message"], f"{events}")
    # No retry by itself, nor after a restart.
    rolls = Rolls(ns, name)
    ns.operator.restart()
    ns.kubectl("annotate", "n4js", name, "test/poke=1")
    wait_for("a pass", lambda: "outcome=FleetPluginWithdrawn" in ns.operator.logs().split("stores are in sync")[-1])
    check(ns.fleet(name) == state and plugins_of(ns, name) is None, f"{ns.fleet(name)}, {plugins_of(ns, name)}")
    rolls.expect(0, "withdrawn")
    # The cause is mended in the spec: tried again.
    patch(ns, "n4js", name, {"env": []})
    ns.wait_fleet(name, True, limit=START_LIMIT)
    wait_settled(ns, name, '["fleet-management"]')


BOTH = Group(given_apoc_and_fleet, test_plugin_before_its_target, test_procedure_of_another_jar)
SOURCES = Chain(given_sources, test_plugin_added, test_enabled_later, test_entry_by_set_env, test_unrelated_edit,
                test_entry_of_spec_env_taken_out, test_plugin_deleted, test_entry_of_set_env_taken_out, test_ports_before_and_after)
# The last one leaves no Fleet Manager.
CLAIMS = Group(given_claims, test_plugin_of_unknown_name, test_plugin_with_owned_setting, test_plugin_disabled,
               test_two_claims_of_one_name, test_plugin_named_fleet_management)
TESTS = [BOTH, SOURCES, CLAIMS, test_entry_at_the_moment_of_ours, test_plugin_follows_its_target, test_plugins_malformed_by_hand,
         test_lists_of_the_user, test_pod_dies_of_our_entry]
