# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Plugins from all sources beside Fleet Manager (rules C1 to C9). Each test names the rules that it pins."""
import json
import re
import threading

from cluster import Cluster
from faults import restart_with, wait_dead
from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, FleetService, check, wait_for
from registration import cluster
from standalone import conf_is_accepted, mint, project

# The light stand-in, where the real server does not decide.
STANDIN = "neofleet-test/neo4j"
DISABLE = "CALL fleetManagement.disable"
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


def test_plugins_of_all_sources(ns):
    """C1 C2 C9: entries by kubectl set env, spec.env, Neo4jPlugin and Fleet Manager, and taken out again; a roll each."""
    name = "sources"
    prepare(ns, name)
    standin(ns, name, token=False, auraFleetManagement={"enabled": False}, env=[{"name": "NEO4J_PLUGINS", "value": '["genai"]'}])
    wait_settled(ns, name, '["genai"]')
    services, rolls = ns.get("services")["items"], Rolls(ns, name)
    check(not ns.fleet(name), "a status of Fleet Manager where it was never enabled")

    plugin(ns, "apoc", name)
    wait_settled(ns, name, '["genai","apoc"]')
    wait_plugin(ns, "apoc", "Ready")
    rolls.expect(1, "plugin added")
    patch(ns, "n4js", name, {"auraFleetManagement": {"enabled": True, "tokenSecretRef": {"name": TOKEN_SECRET}}})
    wait_settled(ns, name, '["genai","apoc","fleet-management"]')
    ns.wait_fleet(name, True)
    rolls.expect(1, "enabled later")
    set_env(ns, name, '["bloom","genai","apoc","fleet-management"]')
    wait_settled(ns, name, '["bloom","genai","apoc","fleet-management"]')
    rolls.expect(1, "somebody's own entry")
    check("bloom.*" in ns.get("configmap", f"{name}-config")["data"]["neo4j.conf"], "the settings know nothing of bloom")
    patch(ns, "n4js", name, {"service": {"annotations": {"example.com/x": "1"}}})
    wait_for("the annotation", lambda: ns.get("service", f"{name}-client")["metadata"]["annotations"].get("example.com/x"))
    wait_settled(ns, name, '["bloom","genai","apoc","fleet-management"]')
    rolls.expect(0, "unrelated edit")
    patch(ns, "n4js", name, {"env": []})
    wait_settled(ns, name, '["bloom","apoc","fleet-management"]')
    rolls.expect(1, "spec.env without it")
    # What others write is theirs: apoc, too, when its Neo4jPlugin goes, as long as it is not ours by the record.
    ns.kubectl("delete", "n4jp", "apoc")
    wait_settled(ns, name, '["bloom","fleet-management"]')
    rolls.expect(1, "Neo4jPlugin deleted")
    set_env(ns, name, '["fleet-management"]')
    wait_settled(ns, name, '["fleet-management"]')
    rolls.expect(1, "somebody's own entry taken out")
    set_env(ns, name, None)
    wait_plugins(ns, name, '["fleet-management"]')
    patch(ns, "n4js", name, {"auraFleetManagement": {"enabled": False}})
    wait_settled(ns, name, None)
    after = ns.get("services")["items"]
    ports = [[item["spec"]["ports"] for item in items] for items in (services, after)]
    check(ports[0] == ports[1], "a Service's ports have changed")


def test_plugins_written_by_two(ns):
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


def test_plugins_claims(ns):
    """C6: two claims on one name, an unknown name, a disabled and a deleted one; what is refused touches nothing."""
    name = "claims"
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    plugin(ns, "old", name, "apoc", config={"apoc.x": "1"})
    standin(ns, name, token=False)
    wait_settled(ns, name, APOC_AND_FLEET)
    wait_plugin(ns, "old", "Ready")
    before = ns.get("statefulset", name)["metadata"]["resourceVersion"], ns.get("configmap", f"{name}-config")["metadata"]
    plugin(ns, "young", name, "apoc", config={"apoc.x": "2"})
    plugin(ns, "unknown", name, "apocc")
    plugin(ns, "broken", name, "genai", config={"server.bolt.listen_address": ":1"})
    plugin(ns, "off", name, "gds", enabled=False)
    wait_plugin(ns, "young", "Failed", "'old' is older")
    wait_plugin(ns, "unknown", "Failed", "does not know the plugin 'apocc'", "apoc-extended")
    wait_plugin(ns, "broken", "Failed", "spec.config[server.bolt.listen_address]: must not be set")
    wait_plugin(ns, "off", "Disabled")
    failed = ns.events("PluginFailed")
    check(sorted(item["involvedObject"]["name"] for item in failed) == ["broken", "unknown", "young"], f"events: {failed}")
    after = ns.get("statefulset", name)["metadata"]["resourceVersion"], ns.get("configmap", f"{name}-config")["metadata"]
    check(before == after, "a refused claim was written somewhere")
    check(ns.status(name)["phase"] == "Ready", f"the deployment suffers: {ns.status(name)}")
    # The older one goes: the younger is met.
    ns.kubectl("delete", "n4jp", "old")
    wait_plugin(ns, "young", "Ready", limit=START_LIMIT)
    wait_for("the younger one's settings",
             lambda: "apoc.x=2" in ns.get("configmap", f"{name}-config")["data"]["apoc.conf"])
    wait_settled(ns, name, APOC_AND_FLEET)
    ns.kubectl("patch", "n4jp", "off", "--type=merge", "-p", '{"spec":{"enabled":true}}')
    wait_plugin(ns, "off", "Ready", limit=START_LIMIT)
    wait_settled(ns, name, '["apoc","graph-data-science","fleet-management"]')
    counts = dict(re.findall(r'^neofleet_plugins\{phase="(\w+)"\} (\d+)$', ns.operator.metrics(), re.MULTILINE))
    check(int(counts["Ready"]) >= 2 and int(counts["Failed"]) >= 2, f"metrics of plugins: {counts}")
    # By name a Neo4jPlugin of fleet-management is one more claim on the entry.
    plugin(ns, "fleet", name, "fleet-management")
    wait_plugin(ns, "fleet", "Ready")
    patch(ns, "n4js", name, {"auraFleetManagement": None})
    wait_for("switched off", lambda: (condition(ns, name, "FleetRegistered") or {}).get("reason") == "Disabled")
    wait_settled(ns, name, '["apoc","graph-data-science","fleet-management"]')


def test_plugins_of_the_owner(ns):
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


def test_plugins_malformed(ns):
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


def test_plugins_users_lists(ns):
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


def fleet_off(ns, name, how):
    """Switches Fleet Manager off and waits until that is done; returns the status."""
    patch(ns, "n4js", name, {"auraFleetManagement": how})
    ns.wait_fleet(name, False, "disabled in the spec", limit=90)
    check(condition(ns, name, "FleetRegistered")["reason"] == "Disabled", "the reason is not Disabled")
    return ns.fleet(name)


def test_fleet_disabled(ns):
    """C7 D2 D5: enabled false has the real server forget its token before the entry leaves, in one roll; enabling registers."""
    name, fleet = "off", FleetService()
    prepare(ns, "off")
    ns.standalone(name, tag="2025.12-enterprise")
    ns.wait_fleet(name, True, limit=START_LIMIT)
    rolls, registered = Rolls(ns, name), ns.fleet(name)
    state = fleet_off(ns, name, {"enabled": False})
    check(state["message"] == "Fleet management is disabled in the spec", f"message: {state}")
    check(state["lastRegistrationTime"] == registered["lastRegistrationTime"], "lastRegistrationTime was lost")
    wait_settled(ns, name, None)
    rolls.expect(1, "disabled")
    check(not [key for key in conf_of(ns, name) if "procedures" in key], f"settings stay: {conf_of(ns, name)}")

    # Enabled without a token: the server that has the plugin again has no token left.
    patch(ns, "n4js", name, {"auraFleetManagement": {"enabled": True, "tokenSecretRef": None}})
    wait_settled(ns, name, '["fleet-management"]')
    rolls.expect(1, "enabled")
    ns.wait_fleet(name, False, "registration deferred")
    row = cypher(ns, f"{name}-0", "CALL fleetManagement.status()", "system")
    check("FALSE, FALSE" in row, f"the server still has a token: {row}")
    before = fleet.connects(project("off"))
    patch(ns, "n4js", name, {"auraFleetManagement": {"enabled": True, "tokenSecretRef": {"name": TOKEN_SECRET}}})
    ns.wait_fleet(name, True)
    wait_for("a new connection", lambda: fleet.connects(project("off")) > before, 90)
    rolls.expect(0, "token added")


def test_fleet_disabled_otherwise(ns):
    """C7 D7: the block removed; the operator killed in between; a server that cannot be told: half a minute, then it goes on."""
    name = "off"
    prepare(ns, "off-otherwise")
    standin(ns, name)
    ns.wait_fleet(name, True, limit=START_LIMIT)
    rolls = Rolls(ns, name)
    fleet_off(ns, name, None)
    wait_settled(ns, name, None)
    check(counted(ns, f"{name}-0", DISABLE) == 1, "not told exactly once")
    rolls.expect(1, "block removed")
    on = {"enabled": True, "tokenSecretRef": {"name": TOKEN_SECRET}}
    patch(ns, "n4js", name, {"auraFleetManagement": on})
    ns.wait_fleet(name, True, limit=START_LIMIT)

    ns.kubectl("exec", f"{name}-0", "--", "standin", "misbehave", "silent")
    started = ns.fleet(name)
    patch(ns, "n4js", name, {"auraFleetManagement": {"enabled": False}})
    wait_for("an attempt", lambda: "standalone/" in ns.operator.logs())
    ns.operator.kill()
    check(plugins_of(ns, name) == '["fleet-management"]', "the entry left before the server was told")
    ns.operator.start()
    state = ns.wait_fleet(name, False, "could be told to forget its token", limit=90)
    check(state["lastRegistrationTime"] == started["lastRegistrationTime"], "lastRegistrationTime was lost")
    wait_settled(ns, name, None)
    ns.kubectl("exec", f"{name}-0", "--", "standin", "misbehave", "none")
    ns.operator.restart()
    ns.kubectl("annotate", "n4js", name, "test/poke=1")
    wait_settled(ns, name, None)
    check(ns.fleet(name) == state, f"the restart changed the status: {ns.fleet(name)}")
    # The server may have kept its token, but that it is registered is found out by a call.
    patch(ns, "n4js", name, {"auraFleetManagement": on})
    ns.wait_fleet(name, True, limit=START_LIMIT)
    check(counted(ns, f"{name}-0", "CALL fleetManagement.registerToken") >= 2, "an old token was taken for a registration")


def test_fleet_disabled_at_each_step(ns):
    """C7 D7: wherever the operator dies while Fleet Manager goes, the server is told before the entry leaves, in one roll."""
    name = "off"
    wanted = {"enabled": True, "tokenSecretRef": {"name": TOKEN_SECRET}}
    prepare(ns, "off-steps")
    standin(ns, name)
    for step, left in (("before-disable", False), ("after-disable", False), ("before-off-write", True)):
        ns.wait_fleet(name, True, limit=START_LIMIT)
        wait_settled(ns, name, '["fleet-management"]')
        told, rolls = counted(ns, f"{name}-0", DISABLE), Rolls(ns, name)
        restart_with(ns, step)
        patch(ns, "n4js", name, {"auraFleetManagement": {"enabled": False}})
        wait_dead(ns, step)
        check((plugins_of(ns, name) is None) is left, f"{step}: NEO4J_PLUGINS at death: {plugins_of(ns, name)}")
        check(ns.fleet(name)["registered"] is True, f"{step}: {ns.fleet(name)} at death")
        ns.operator.start()
        ns.wait_fleet(name, False, "disabled in the spec", limit=90)
        wait_settled(ns, name, None)
        rolls.expect(1, step)
        check(counted(ns, f"{name}-0", DISABLE) > told, f"{step}: the server was never told")
        patch(ns, "n4js", name, {"auraFleetManagement": wanted})
    ns.wait_fleet(name, True, limit=START_LIMIT)


def test_fleet_disabled_in_cluster(ns):
    """C4 C7: where Fleet Manager is built in nothing rolls; the server that can write database system is told, wherever it is."""
    ns.secret(TOKEN_SECRET, token=mint("off-cluster"))
    wanted = {"enabled": True, "tokenSecretRef": {"name": TOKEN_SECRET}}
    servers = Cluster(ns, "off").create(tag="2026.05-enterprise", fleet=wanted)
    servers.wait_registered()
    uids = servers.uids()
    if servers.leader() == "off-server-0":
        servers.exec("off-server-0", "standin", "step-down", "system")
        wait_for("another leader", lambda: servers.leader() != "off-server-0", 20)
    servers.patch(auraFleetManagement={"enabled": False})
    servers.wait("switched off", lambda status: status["auraFleetManagement"]["registered"] is False and [
        item for item in status["conditions"] if item["type"] == "FleetRegistered" and item["reason"] == "Disabled"], 90)
    check(servers.fleet()["message"] == "Fleet management is disabled in the spec", f"message: {servers.fleet()}")
    for pod in uids:
        wait_for(f"no token in {pod}",
                 lambda pod=pod: servers.query("CALL fleetManagement.status()", pod)[0]["active"] is False, 20)
    check(servers.uids() == uids, "pods were replaced")
    servers.patch(auraFleetManagement=wanted)
    servers.wait_registered()
    check(servers.uids() == uids, "pods were replaced")


def test_plugins_by_version(ns):
    """C4: what each version's tag comes to: no plugin, plugin, built in; one Warning where there is none."""
    prepare(ns, "versions")
    lists = {"dbms.security.procedures.allowlist": "fleetManagement.*,*",
             "dbms.security.procedures.unrestricted": "fleetManagement.*"}
    cases = {  # tag: (NEO4J_PLUGINS, what the conf has, registered)
        "5.26.5": (None, {}, False),
        "5.26": ('["fleet-management"]', lists, True),
        "2025.07.1": (None, {}, False),
        "2025.12": ('["fleet-management"]', lists, True),
        "2026.02.2": ('["fleet-management"]', lists, True),
        "2026.02.3": (None, {"dbms.fleet_manager.enabled": "true"}, True),
        "2026.05": (None, {}, True),
    }
    names = {tag: "v" + tag.replace(".", "-") for tag in cases}
    for tag, name in names.items():
        standin(ns, name, tag=f"{tag}-enterprise")
    standin(ns, "v5-25", tag="5.25-enterprise")
    # Of this one there is no image; the tag decides all the same.
    standin(ns, "v2025-05", tag="2025.05-enterprise")
    # Not left false after 2026.03, whoever set it so.
    standin(ns, "by-hand", tag="2026.05-enterprise", config={"dbms.fleet_manager.enabled": "false"})
    for tag, (value, setting, registered) in cases.items():
        name = names[tag]
        ns.wait_phase(name, "Ready")
        ns.wait_fleet(name, registered, "" if registered else "brings no fleet-management plugin")
        check(plugins_of(ns, name) == value, f"{tag}: NEO4J_PLUGINS is {plugins_of(ns, name)}")
        conf = {key: item for key, item in conf_of(ns, name).items() if "fleet" in key or "procedures" in key}
        check(conf == setting, f"{tag}: {conf}")
        check(pods_made(ns, name) == 1, f"{tag}: {pods_made(ns, name)} pods were made")
    ns.wait_fleet("v2025-05", False, "Neo4j 2025.05 brings no fleet-management plugin")
    check(plugins_of(ns, "v2025-05") is None, f"2025.05: {plugins_of(ns, 'v2025-05')}")
    warned = sorted(item["involvedObject"]["name"] for item in ns.events("AuraFleetManagementFailed"))
    check(warned == ["v2025-05", names["2025.07.1"], names["5.26.5"]], f"Warnings of {warned}")
    check(condition(ns, names["5.26.5"], "FleetRegistered")["reason"] == "VersionUnsupported", "the reason")
    wait_for("5.25 refused", lambda: ns.status("v5-25").get("phase") == "Failed")
    check(not ns.get("statefulset", "v5-25"), "a StatefulSet of 5.25")
    ns.wait_fleet("by-hand", True, limit=START_LIMIT)


def release(version):
    return [{"name": "IMAGE_TAG", "value": f"{version}-enterprise"}]


def test_plugins_unknown_version(ns):
    """C4 B7: a tag that does not tell: no entry until the server has told its version, then one roll; restarts ask, and roll nothing."""
    prepare(ns, "unknown")
    standin(ns, "plugin", tag="latest", env=release("2025.12.1"))
    standin(ns, "none", tag="latest", env=release("5.26.5"))
    standin(ns, "built-in", tag="latest")
    standin(ns, "digest", tag="sha256:" + "0" * 64)
    standin(ns, "garbage", tag="our-own-build")
    plugin(ns, "fleet", "garbage", "fleet-management")
    for name in ("digest", "garbage"):
        state = ns.wait_fleet(name, False, "does not tell which Neo4j it is")
        check(plugins_of(ns, name) is None and ns.get("statefulset", name), f"{name}: {plugins_of(ns, name)}")
        check(condition(ns, name, "FleetRegistered")["reason"] == "VersionUnknown", f"{name}: {state}")
    wait_plugin(ns, "fleet", "Waiting", "tell its version")
    check(not ns.events("AuraFleetManagementFailed"), "a Warning for what is not known yet")
    ns.wait_fleet("plugin", True, limit=START_LIMIT)
    check(plugins_of(ns, "plugin") == '["fleet-management"]', f"NEO4J_PLUGINS: {plugins_of(ns, 'plugin')}")
    check(pods_made(ns, "plugin") == 2, f"{pods_made(ns, 'plugin')} pods were made where one roll was due")
    ns.wait_fleet("none", False, "Neo4j 5.26.5 brings no fleet-management plugin", limit=START_LIMIT)
    ns.wait_fleet("built-in", True, limit=START_LIMIT)
    check(plugins_of(ns, "built-in") is None, "an entry where Fleet Manager is built in")
    before = ns.get("statefulset", "plugin")["metadata"]["resourceVersion"]
    ns.operator.restart()
    ns.kubectl("annotate", "n4js", "plugin", "test/poke=1")
    wait_for("a pass", lambda: "standalone/" + ns.name + "/plugin" in ns.operator.logs().split("stores are in sync")[-1])
    wait_settled(ns, "plugin", '["fleet-management"]')
    check(ns.get("statefulset", "plugin")["metadata"]["resourceVersion"] == before, "the restart wrote the StatefulSet")


def test_plugins_withdrawn(ns):
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
    state = ns.wait_fleet(name, False, "was withdrawn", "ended with exit code 1", "already in use", limit=180)
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


TESTS = [
    test_plugins_apoc_and_fleet, test_plugins_of_all_sources, test_plugins_written_by_two, test_plugins_claims,
    test_plugins_of_the_owner, test_plugins_malformed, test_plugins_users_lists, test_fleet_disabled,
    test_fleet_disabled_otherwise, test_fleet_disabled_at_each_step, test_fleet_disabled_in_cluster,
    test_plugins_by_version, test_plugins_unknown_version, test_plugins_withdrawn,
]
