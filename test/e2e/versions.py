# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What each version's tag comes to (rule C4): a scenario for each tag."""
import json

from harness import START_LIMIT, check, wait_for
from plugins import condition, conf_of, plugin, plugins_of, pods_made, prepare, standin, wait_plugin, wait_settled
from scenario import Group, restarts_operator

LISTS = {"dbms.security.procedures.allowlist": "fleetManagement.*,*",
         "dbms.security.procedures.unrestricted": "fleetManagement.*"}
CASES = {  # tag: (NEO4J_PLUGINS, what the conf has, registered)
    "5.26.5": (None, {}, False),
    "5.26": ('["fleet-management"]', LISTS, True),
    "2025.07.1": (None, {}, False),
    "2025.12": ('["fleet-management"]', LISTS, True),
    "2026.02.2": ('["fleet-management"]', LISTS, True),
    "2026.02.3": (None, {"dbms.fleet_manager.enabled": "true"}, True),
    "2026.05": (None, {}, True),
}


def named(tag):
    return "v" + tag.replace(".", "-")


UNRESTRICTED = {"dbms.security.procedures.unrestricted": "apoc.*,fleetManagement.*"}


def bring_jar(ns, name, tag):
    """The plugin's jar from a volume of podTemplate; the stand-in only looks whether it is there."""
    ns.kubectl("create", "configmap", f"{name}-jar", "--from-literal=fleet-management.jar=jar")
    mount = {"name": "jar", "mountPath": "/plugins/fleet-management.jar", "subPath": "fleet-management.jar"}
    standin(ns, name, tag=f"{tag}-enterprise", config=UNRESTRICTED, podTemplate={"spec": {
        "volumes": [{"name": "jar", "configMap": {"name": f"{name}-jar"}}], "containers": [{"name": "neo4j", "volumeMounts": [mount]}]}})


def given_versions(ns):
    """A deployment of each tag, all at once."""
    prepare(ns, "versions")
    for tag in CASES:
        standin(ns, named(tag), tag=f"{tag}-enterprise")
    standin(ns, "back", tag="2025.12-enterprise")
    standin(ns, "patch", tag="5.26-enterprise")
    bring_jar(ns, "own-old", "5.26.5")
    standin(ns, "own-none", tag="2025.07.1-enterprise", config=UNRESTRICTED)
    # Of this one there is no image; the tag decides all the same.
    standin(ns, named("2025.05"), tag="2025.05-enterprise")
    # Not left false after 2026.03, whoever set it so.
    standin(ns, "by-hand", tag="2026.05-enterprise", config={"dbms.fleet_manager.enabled": "false"})


def warnings_of(ns, name):
    return [item for item in ns.events("AuraFleetManagementFailed") if item["involvedObject"]["name"] == name]


def unsupported(ns, tag, version):
    """The template is not touched; the status says why, with one Warning."""
    name = named(tag)
    ns.wait_fleet(name, False, f"Neo4j {version} brings no fleet-management plugin", limit=START_LIMIT)
    check(condition(ns, name, "FleetRegistered")["reason"] == "VersionUnsupported", "the reason")
    check(plugins_of(ns, name) is None, f"{tag}: NEO4J_PLUGINS is {plugins_of(ns, name)}")
    wait_for("one Warning", lambda: len(warnings_of(ns, name)) == 1)


def tag_scenario(tag):
    value, setting, registered = CASES[tag]

    def scenario(ns):
        """C4: the tag decides between plugin, built in and neither, from the first pod on."""
        name = named(tag)
        ns.wait_phase(name, "Ready")
        if registered:
            ns.wait_fleet(name, True, limit=START_LIMIT)
            check(not warnings_of(ns, name), f"{warnings_of(ns, name)}")
        else:
            unsupported(ns, tag, tag)
        check(plugins_of(ns, name) == value, f"{tag}: NEO4J_PLUGINS is {plugins_of(ns, name)}")
        conf = {key: item for key, item in conf_of(ns, name).items() if "fleet" in key or "procedures" in key}
        check(conf == setting, f"{tag}: {conf}")
        check(pods_made(ns, name) == 1, f"{tag}: {pods_made(ns, name)} pods were made")

    scenario.__name__ = "test_tag_" + tag.replace(".", "_")
    return scenario


def test_own_jar(ns):
    """C4: on a version that brings no plugin, one whose jar the user brings is registered; nothing is added to the pod for it."""
    ns.wait_fleet("own-old", True, limit=START_LIMIT)
    check(plugins_of(ns, "own-old") is None, f"NEO4J_PLUGINS is {plugins_of(ns, 'own-old')}")
    check({key: value for key, value in conf_of(ns, "own-old").items() if "procedures" in key} == UNRESTRICTED, "the conf was changed")
    check(not warnings_of(ns, "own-old"), f"{warnings_of(ns, 'own-old')}")
    check(pods_made(ns, "own-old") == 1, f"{pods_made(ns, 'own-old')} pods were made")


def test_own_jar_missing(ns):
    """C4: where the spec says that the jar comes from the user and the server has none, the status says that."""
    ns.wait_phase("own-none", "Ready", START_LIMIT)
    ns.wait_fleet("own-none", False, "the server has not loaded the plugin", limit=START_LIMIT)
    told = condition(ns, "own-none", "FleetRegistered")
    check(told["reason"] == "ProcedureMissing" and "jar" in told["message"], f"{told}")


def test_tag_2025_05(ns):
    """C4: a version of before the plugin, even if its image cannot be had: told, with one Warning."""
    unsupported(ns, "2025.05", "2025.05")


def test_switched_off_by_hand(ns):
    """C4: a server that has Fleet Manager built in is not left with it switched off in spec.config."""
    ns.wait_fleet("by-hand", True, limit=START_LIMIT)


def turn(ns, name, tag):
    ns.kubectl("patch", "n4js", name, "--type=merge", "-p", json.dumps({"spec": {"image": {"tag": f"{tag}-enterprise"}}}))


def test_tag_goes_back(ns):
    """B6 C4: an older release on the same volume is refused, and the server stays as it is; an older patch is carried out, with one Warning."""
    ns.wait_phase("back", "Ready", START_LIMIT)
    ns.wait_phase("patch", "Ready", START_LIMIT)
    uid = ns.get("pod", "back-0")["metadata"]["uid"]
    turn(ns, "back", "2025.07.1")
    wait_for("the refusal", lambda: (condition(ns, "back", "Ready") or {}).get("reason") == "DowngradeRefused")
    check("older than Neo4j 2025.12.1, which the servers have run" in ns.status("back")["message"], f"{ns.status('back')}")
    check(ns.get("pod", "back-0")["metadata"]["uid"] == uid, "the pod was replaced")
    turn(ns, "back", "2025.12")
    ns.wait_phase("back", "Ready", START_LIMIT)
    turn(ns, "patch", "5.26.5")
    wait_for("the older patch", lambda: ns.status("patch").get("phase") == "Ready" and ns.status("patch").get("version") == "5.26.5", START_LIMIT)
    told = [item for item in ns.events("PatchBack") if item["involvedObject"]["name"] == "patch"]
    check(len(told) == 1 and "from Neo4j 5.26.12 to 5.26.5" in told[0]["message"], f"{told}")


def release(version):
    return [{"name": "IMAGE_TAG", "value": f"{version}-enterprise"}]


def given_untold(ns):
    """Deployments whose tag does not tell the version."""
    prepare(ns, "unknown")
    standin(ns, "plugin", tag="latest", env=release("2025.12.1"))
    standin(ns, "none", tag="latest", env=release("5.26.5"))
    standin(ns, "built-in", tag="latest")
    standin(ns, "digest", tag="sha256:" + "0" * 64)
    standin(ns, "garbage", tag="our-own-build")


def not_told(ns, name):
    """No entry before the server has told its version, and no Warning for what is not known yet."""
    state = ns.wait_fleet(name, False, "does not tell which Neo4j it is")
    check(plugins_of(ns, name) is None and ns.get("statefulset", name), f"{name}: {plugins_of(ns, name)}")
    check(condition(ns, name, "FleetRegistered")["reason"] == "VersionUnknown", f"{name}: {state}")
    check(not warnings_of(ns, name), "a Warning for what is not known yet")


def test_tag_digest(ns):
    """C4: a digest does not tell."""
    not_told(ns, "digest")


def test_tag_garbage(ns):
    """C4 C6: a tag of somebody's own does not tell, and a Neo4jPlugin of that deployment waits for its version, too."""
    not_told(ns, "garbage")
    plugin(ns, "fleet", "garbage", "fleet-management")
    wait_plugin(ns, "fleet", "Waiting", "tell its version")


def test_tag_latest(ns):
    """C4 B7: the server tells: plugin after one roll, none to be had, or built in."""
    ns.wait_fleet("plugin", True, limit=START_LIMIT)
    check(plugins_of(ns, "plugin") == '["fleet-management"]', f"NEO4J_PLUGINS: {plugins_of(ns, 'plugin')}")
    check(pods_made(ns, "plugin") == 2, f"{pods_made(ns, 'plugin')} pods were made where one roll was due")
    ns.wait_fleet("none", False, "Neo4j 5.26.5 brings no fleet-management plugin", limit=START_LIMIT)
    ns.wait_fleet("built-in", True, limit=START_LIMIT)
    check(plugins_of(ns, "built-in") is None, "an entry where Fleet Manager is built in")


@restarts_operator
def test_tag_latest_after_restart(ns):
    """C4 B7: an operator that is started anew asks again, and rolls nothing."""
    ns.wait_fleet("plugin", True, limit=START_LIMIT)
    wait_settled(ns, "plugin", '["fleet-management"]')
    before = ns.get("statefulset", "plugin")["metadata"]["resourceVersion"]
    ns.operator.restart()
    ns.kubectl("annotate", "n4js", "plugin", "test/poke=1", "--overwrite")
    wait_for("a pass", lambda: "standalone/" + ns.name + "/plugin" in ns.operator.logs().split("stores are in sync")[-1])
    wait_settled(ns, "plugin", '["fleet-management"]')
    check(ns.get("statefulset", "plugin")["metadata"]["resourceVersion"] == before, "the restart wrote the StatefulSet")


VERSIONS = Group(given_versions, *[tag_scenario(tag) for tag in CASES], test_own_jar, test_own_jar_missing, test_tag_2025_05,
                 test_switched_off_by_hand, test_tag_goes_back)
UNTOLD = Group(given_untold, test_tag_digest, test_tag_garbage, test_tag_latest, test_tag_latest_after_restart)
TESTS = [VERSIONS, UNTOLD]
