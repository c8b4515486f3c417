# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Standalones on the real server with the real Fleet Manager. Each test names the rules that it pins."""
import base64
import json
import os
import re
import time

from harness import (
    ADMIN_SECRET, PASSWORD, ROOT, START_LIMIT, TOKEN_SECRET, EVIDENCE, FleetService, LocalOperator, check, run, wait_for)
from page import Page, of_standalone

SECRETS = [PASSWORD]  # whatever must not be found anywhere: passwords and tokens that the tests made


# The service remembers what earlier runs registered.
RUN = f"{time.time_ns():x}"


def project(name):
    return f"{name}-{RUN}"


def mint(name, expires=None):
    token = FleetService().mint(project(name), expires)
    content = json.loads(base64.b64decode(token))
    SECRETS.extend([token, content["private_key"]])
    return token


def children(ns, name):
    """Versions of all child objects: equal means that nothing was written."""
    found = {}
    for kind, names in (("statefulset", [name]), ("service", [f"{name}-headless", f"{name}-client"]),
                        ("configmap", [f"{name}-config"]), ("serviceaccount", [name])):
        for child in names:
            item = ns.get(kind, child)
            check(item, f"{kind} {child} is missing")
            found[f"{kind}/{child}"] = (item["metadata"]["resourceVersion"], item["metadata"].get("generation"))
    return found


def test_page(ns):
    """A1 B1 B5 B7 C1 C3 C5 D2 D3 D5 D6 E1 E2: the page's standalone, its commands, and what comes after."""
    page, fleet = Page(), FleetService()
    started = time.monotonic()
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    create = page.shell("create secret generic aura-fleet-token", "<paste-token-here>")
    ns.shell(create.replace("<paste-token-here>", mint("page-1")).replace("<your-namespace>", ns.name))
    sample = page.yaml("kind: Neo4jEnterpriseStandalone")
    check((ROOT / "deploy/samples/standalone.yaml").read_text(encoding="utf-8").endswith(sample.rstrip() + "\n"),
          "the demo's sample is not the page's")
    ns.apply(sample)
    ns.wait_fleet("my-standalone", True, limit=START_LIMIT)
    print(f"       registered {time.monotonic() - started:.1f} s after the first command", flush=True)
    verify_commands(ns, page)
    wait_for("the deployment in the service's list", lambda: fleet.deployments(project("page-1")))
    wait_for("FleetConnected", lambda: [c for c in ns.status("my-standalone")["conditions"]
                                        if c["type"] == "FleetConnected" and c["status"] == "True"])
    verify_template(ns)
    conf_is_accepted(ns, "my-standalone", ["5.26.12"])
    force_registration(ns, page, fleet)
    settled(ns)


def verify_commands(ns, page):
    """Each command of the page prints what the page says: maps compared as JSON, times by shape."""
    status_block, event_block = page.shell("{.status.auraFleetManagement}").split("# Check events")
    expected = json.loads(re.search(r'^# (\{"registered".*\})$', status_block, re.MULTILINE).group(1))
    got = json.loads(ns.shell(of_standalone(status_block)))
    check(sorted(got) == sorted(expected), f"keys of the map: {got}")
    check(got["registered"] is True and got["message"] == expected["message"], f"the map: {got}")
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", got["lastRegistrationTime"]), f"the time: {got}")
    events = ns.shell(event_block)
    check(events.count("AuraFleetManagementRegistered") == 1 and "Normal" in events, f"events: {events}")
    procedures = ns.shell(of_standalone(page.shell("SHOW PROCEDURES")).replace("<password>", PASSWORD))
    check("fleetManagement.registerToken" in procedures, f"procedures: {procedures}")
    status = of_standalone(page.shell("CALL fleetManagement.status()")).replace("<password>", PASSWORD)
    check("active" in ns.shell(status), "fleetManagement.status() has no column active")
    system = status.replace("cypher-shell ", "cypher-shell -d system --format plain ")
    wait_for("connected: true from the server", lambda: re.search(r"^TRUE, TRUE,", ns.shell(system), re.MULTILINE))
    plugins = ns.shell(of_standalone(page.shell("NEO4J_PLUGINS", "jsonpath")))
    check(plugins == '["fleet-management"]', f"NEO4J_PLUGINS: {plugins}")


def verify_template(ns):
    """C3 C9 B1: enabled from the first template on; no port is opened; one revision, no restart."""
    workload = ns.get("statefulset", "my-standalone")
    container = workload["spec"]["template"]["spec"]["containers"][0]
    check(container["name"] == "neo4j", "containers[0] is not neo4j")
    check(workload["spec"]["podManagementPolicy"] == "Parallel", "not Parallel")
    check(workload["spec"]["updateStrategy"]["type"] == "OnDelete", "not OnDelete")
    check(not ns.get("poddisruptionbudgets")["items"], "a standalone has a disruption budget")
    revisions = ns.get("controllerrevisions")["items"]
    check(len(revisions) == 1, f"{len(revisions)} revisions where enabling at creation costs none")
    pod = ns.get("pod", "my-standalone-0")
    check(pod["status"]["containerStatuses"][0]["restartCount"] == 0, "the container was restarted")


def registrations(ns, name):
    """How often the present operator has registered it, by its log: a server may connect more often than it is told to."""
    return ns.operator.logs().count(f"key=standalone/{ns.name}/{name} outcome=Registered ")


def force_registration(ns, page, fleet):
    """D5: a new token is not used until the status is patched; then there is one call, with the new token."""
    rotate = page.shell("--dry-run=client").replace("<new-token>", mint("page-2"))
    before = ns.fleet("my-standalone")
    ns.shell(rotate)
    patch = of_standalone(page.shell('{"registered":false}'))
    check(not fleet.deployments(project("page-2")), "the new token was used without being asked for")
    started, times = time.monotonic(), registrations(ns, "my-standalone")
    ns.shell(patch)
    wait_for("the deployment under the new token", lambda: fleet.deployments(project("page-2")), 60)
    print(f"       registered again {time.monotonic() - started:.1f} s after the patch", flush=True)
    after = ns.wait_fleet("my-standalone", True)
    check(after["lastRegistrationTime"] >= before["lastRegistrationTime"], f"{before} then {after}")
    # The status is there before the log says so.
    wait_for("the registration in the log", lambda: registrations(ns, "my-standalone") > times)
    check(registrations(ns, "my-standalone") == times + 1, "not exactly one registration")


def settled(ns):
    """E1 D7 B7: nothing is written to a settled deployment, nor does a restarted operator register again."""
    # The last look at the connection is 90 s after a registration; it writes only when something has changed.
    before, root = children(ns, "my-standalone"), ns.get("n4js", "my-standalone")["metadata"]["resourceVersion"]
    times = registrations(ns, "my-standalone") if isinstance(ns.operator, LocalOperator) else 0
    ns.operator.restart()
    ns.operator.restart()
    ns.kubectl("annotate", "n4js", "my-standalone", "test/poke=1")
    ns.wait_fleet("my-standalone", True)
    poked = ns.get("n4js", "my-standalone")["metadata"]["resourceVersion"]
    ns.kubectl("annotate", "n4js", "my-standalone", "test/poke=2", "--overwrite")
    ns.wait_fleet("my-standalone", True)
    last = ns.get("n4js", "my-standalone")["metadata"]["resourceVersion"]
    check(len({root, poked, last}) == 3, "the annotations did not arrive")
    check(children(ns, "my-standalone") == before, "children were written although nothing had changed")
    check(ns.status("my-standalone")["phase"] == "Ready", "the restart moved the phase")
    check(registrations(ns, "my-standalone") == times, "a restarted operator registered again")
    check(len(ns.events("AuraFleetManagementRegistered")) == 1, "an event for each restart")


def conf_is_accepted(ns, name, versions):
    """B4: the real kernels start with the generated neo4j.conf, their strict validation on."""
    conf = ns.get("configmap", f"{name}-config")["data"]["neo4j.conf"]
    path = f"/tmp/neofleet-{ns.name}.conf"
    with open(path, "w", encoding="utf-8") as file:
        file.write(conf)
    for version in versions:
        run([str(ROOT / "test/neo4j/accept-conf"), version, path])
    os.unlink(path)


def failed_events(ns):
    return ns.events("AuraFleetManagementFailed")


def expect_failure(ns, name, *parts):
    """D4: registered false, cause and cure in the message, one Warning for this cause."""
    state = ns.wait_fleet(name, False, *parts, limit=60)
    event = wait_for("one Warning AuraFleetManagementFailed", lambda: [
        item for item in failed_events(ns) if item["message"] == state["message"]])
    check(len(event) == 1 and event[0]["type"] == "Warning", f"{len(event)} events: {event}")
    condition = [c for c in ns.status(name)["conditions"] if c["type"] == "FleetRegistered"][0]
    check(condition["status"] == "False" and condition["message"] == state["message"], f"condition: {condition}")
    return state


def expect_cure(ns, name, what):
    started = time.monotonic()
    ns.wait_fleet(name, True, "Registered with Aura Fleet Management", limit=60)
    print(f"       {what}: registered {time.monotonic() - started:.1f} s after the cure", flush=True)


def test_bad_inputs(ns):
    """A2 B5 D1 D2 D4 D5: each wrong input is named with its cure, once, and heals by itself."""
    name, bad = "bad", lambda: ns.status_patch("bad", {"auraFleetManagement": {"registered": False}})
    ns.standalone(name)
    # The admin Secret is missing: Pending, nothing is made.
    wait_for("phase Pending", lambda: ns.status(name).get("phase") == "Pending")
    check(f"Secret '{ADMIN_SECRET}' not found" in ns.status(name)["message"], f"message: {ns.status(name)}")
    check(not ns.get("statefulsets")["items"], "a StatefulSet was made without the admin Secret")
    ns.secret(ADMIN_SECRET, password="short")
    wait_for("the password refused", lambda: "shorter than 8" in ns.status(name).get("message", ""))
    check(not ns.get("statefulsets")["items"], "a StatefulSet was made for a password that the image refuses")
    ns.replace_secret(ADMIN_SECRET, password=PASSWORD)
    ns.wait_phase(name, "Ready")

    expect_failure(ns, name, f"Secret '{TOKEN_SECRET}' not found", "create it")
    ns.secret(TOKEN_SECRET, tokn="x")
    expect_failure(ns, name, "Key 'token' not found", "'tokn'")
    ns.replace_secret(TOKEN_SECRET, token=mint("bad-1") + "\n")  # a newline at its end is no fault
    expect_cure(ns, name, "wrong key")

    ns.replace_secret(TOKEN_SECRET, token="not-a-token")
    bad()
    expect_failure(ns, name, "malformed", "Aura console")
    ns.replace_secret(TOKEN_SECRET, token=" \n")
    expect_failure(ns, name, "is empty")
    ns.replace_secret(TOKEN_SECRET, token=mint("bad-2", "2020-01-01T00:00:00Z"))
    expect_failure(ns, name, "expired on 2020-01-01T00:00:00Z", "generate a new one")
    ns.replace_secret(TOKEN_SECRET, token=mint("bad-3"))
    expect_cure(ns, name, "expired token")

    SECRETS.append("another-password-7")
    ns.replace_secret(ADMIN_SECRET, password="another-password-7")
    bad()
    expect_failure(ns, name, "refused user 'neo4j'", "ALTER USER")
    ns.replace_secret(ADMIN_SECRET, password=PASSWORD)
    expect_cure(ns, name, "wrong password")
    check(ns.get("pod", f"{name}-0")["status"]["containerStatuses"][0]["restartCount"] == 0, "the pod was restarted")


def test_deferred_token(ns):
    """C3 C4 D1 B2 B8: plugin first, token later, on a calendar version; then drift, and deletion."""
    name = "later"
    ns.secret(ADMIN_SECRET, NEO4J_AUTH=f"neo4j/{PASSWORD}")
    ns.standalone(name, tag="2025.12-enterprise", token=False)
    ns.wait_fleet(name, False, "Plugin installed; registration deferred until tokenSecretRef is set")
    ns.wait_phase(name, "Ready")
    ns.secret(TOKEN_SECRET, token=mint("later-1"))
    ns.kubectl("patch", "n4js", name, "--type=merge", "-p",
               json.dumps({"spec": {"auraFleetManagement": {"tokenSecretRef": {"name": TOKEN_SECRET}}}}))
    expect_cure(ns, name, "token added later")
    check(len(ns.get("controllerrevisions")["items"]) == 1, "the token's reference rolled the pod")
    check(not failed_events(ns), "a Warning for a token that was announced as deferred")
    conf_is_accepted(ns, name, ["2025.12.1"])
    drift(ns, name)
    deletion(ns, name)


def drift(ns, name):
    """B2: what is ours is put back, what is others' is left alone."""
    ns.kubectl("patch", "service", f"{name}-client", "--type=json", "-p",
               '[{"op":"replace","path":"/spec/ports/0/port","value":17687}]')
    wait_for("the port put back", lambda: 7687 in [p["port"] for p in ns.get("service", f"{name}-client")["spec"]["ports"]])
    ns.kubectl("annotate", "service", f"{name}-client", "example.com/theirs=1")
    ns.kubectl("patch", "configmap", f"{name}-config", "--type=merge", "-p", '{"data":{"neo4j.conf":"x=y"}}')
    wait_for("neo4j.conf put back",
             lambda: "fleetManagement" in ns.get("configmap", f"{name}-config")["data"]["neo4j.conf"])
    ns.kubectl("delete", "configmap", f"{name}-config")
    wait_for("the ConfigMap made again", lambda: ns.get("configmap", f"{name}-config"))
    theirs = ns.get("service", f"{name}-client")["metadata"]["annotations"]
    check(theirs.get("example.com/theirs") == "1", "an annotation of somebody else was taken away")


def deletion(ns, name):
    """B8: children go with their owner, the data stays."""
    ns.kubectl("delete", "n4js", name, "--timeout=60s")
    for kind in ("statefulsets", "services", "configmaps"):
        wait_for(f"no {kind}", lambda kind=kind: not [
            item for item in ns.get(kind)["items"] if item["metadata"]["name"].startswith(name)])
    check(ns.get("pvc", f"data-{name}-0"), "the claim was deleted although the policy is Retain")


def test_names_of_others(ns):
    """B1 B2 A3: an object of somebody else is not taken over, and nothing is made beside it."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.kubectl("create", "service", "clusterip", "taken-headless", "--tcp=80")
    before = ns.get("service", "taken-headless")["metadata"]["resourceVersion"]
    ns.standalone("taken")
    wait_for("phase Failed", lambda: ns.status("taken").get("phase") == "Failed")
    check("Service 'taken-headless' exists already" in ns.status("taken")["message"], f"{ns.status('taken')}")
    check(len(ns.events("NameTaken")) == 1, "not exactly one event")
    check(not ns.get("statefulsets")["items"], "a StatefulSet beside somebody else's Service")
    check(ns.get("service", "taken-headless")["metadata"]["resourceVersion"] == before, "it was written")


def test_refused_specs(ns):
    """A3 C2 C4: what admission cannot know ends in Failed with the field named, and touches no child."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.standalone("old", tag="5.25-enterprise")
    ns.standalone("owned", config={"server.default_listen_address\n": "x"})
    ns.standalone("list", env=[{"name": "NEO4J_PLUGINS", "value": "apoc"}])
    wait_for("old is Failed", lambda: "spec.image.tag" in ns.status("old").get("message", ""))
    wait_for("owned is Failed", lambda: "spec.config" in ns.status("owned").get("message", ""))
    wait_for("list is Failed", lambda: "NEO4J_PLUGINS" in ns.status("list").get("message", ""))
    for name in ("old", "owned", "list"):
        check(ns.status(name)["phase"] == "Failed", f"{name}: {ns.status(name)}")
    check(not ns.get("statefulsets")["items"], "an invalid spec has a child")


def test_secrets_stay_secret(ns):
    """D8: no token, private key or password in logs, events, statuses and metrics. Runs last."""
    check(len(SECRETS) > 3, "no secrets to look for: run the other tests, too")
    forms = SECRETS + [base64.b64encode(secret.encode()).decode() for secret in SECRETS]
    check("neofleet_deployments" in ns.operator.metrics(), "no metrics")
    ns.keep_evidence()
    found = set()
    for place, text in [*EVIDENCE, ("metrics", ns.operator.metrics())]:
        found.add(place)
        for form in forms:
            check(form not in text, f"a secret stands in the {place}")
    check({"log", "events", "n4js", "statefulsets", "configmaps"} <= found, f"too little to search: {found}")
    check(any("AuraFleetManagementRegistered" in text for place, text in EVIDENCE if place == "events"), "no event to search")


TESTS = [test_page, test_bad_inputs, test_deferred_token, test_names_of_others, test_refused_specs,
         test_secrets_stay_secret]
