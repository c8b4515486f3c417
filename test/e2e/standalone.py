# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Standalones on the real server with the real Fleet Manager. Each test names the rules that it pins."""
import base64
import json
import os
import re
import time

from harness import (
    ADMIN_SECRET, PASSWORD, ROOT, START_LIMIT, TOKEN_SECRET, EVIDENCE, FleetService, check, run, wait_for)
from page import Page, of_standalone
from scenario import Chain, Group, on_real_server, restarts_operator

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


@on_real_server
def given_page(ns):
    """The page's standalone, registered by the page's own commands."""
    page = Page()
    started = time.monotonic()
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    create = page.shell("create secret generic aura-fleet-token", "<paste-token-here>")
    ns.shell(create.replace("<paste-token-here>", mint("page-1")).replace("<your-namespace>", ns.name))
    sample = page.yaml("kind: Neo4jEnterpriseStandalone")
    shipped = (ROOT / "deploy/samples/standalone.yaml").read_text(encoding="utf-8")
    check(shipped.replace("my-standalone-fleet-token", "aura-fleet-token").endswith(sample.rstrip() + "\n"), "the demo's sample is not the page's")
    ns.apply(sample)
    ns.wait_fleet("my-standalone", True, limit=START_LIMIT)
    print(f"       registered {time.monotonic() - started:.1f} s after the first command", flush=True)
    return page


def test_page_standalone(ns, _):
    """B1 C3 C9 D3 D6: the page's standalone is at the service and connected; that cost no restart and opened no port."""
    wait_for("the deployment in the service's list", lambda: FleetService().deployments(project("page-1")))
    wait_for("FleetConnected", lambda: [c for c in ns.status("my-standalone")["conditions"]
                                        if c["type"] == "FleetConnected" and c["status"] == "True"])
    verify_template(ns)


def test_page_commands(ns, page):
    """A1 C1 C5 D3: each command of the page prints what the page says: maps compared as JSON, times by shape."""
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
    """Enabled from the first template on; no port is opened; one revision, no restart."""
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
    return sum(f"=standalone/{ns.name}/{name} " in line and "outcome=Registered " in line
               for line in ns.operator.logs().splitlines())


def token_ends(ns):
    return ns.status("my-standalone").get("fleetTokenExpires")


def test_page_forced(ns, page):
    """D5: a new token is not used until the status is patched; then there is one call, with the new token."""
    fleet = FleetService()
    rotate = page.shell("--dry-run=client").replace("<new-token>", mint("page-2"))
    before, ends = ns.fleet("my-standalone"), wait_for("the end of the token", lambda: token_ends(ns))
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
    # The first look after a registration tells it.
    wait_for("the end of the new token", lambda: token_ends(ns) not in (None, ends))


def test_page_accepted_conf(ns, _):
    """B4: the real kernel starts with the neo4j.conf that was made for the page's standalone, its strict validation on."""
    conf_is_accepted(ns, "my-standalone", ["5.26.12"])


def passes(ns, name):
    """How many passes over a standalone the operator has made, by its log."""
    return sum("msg=reconciled" in line and f"=standalone/{ns.name}/{name} " in line for line in ns.operator.logs().splitlines())


@restarts_operator
def test_page_settled(ns, _):
    """B7 D7 E1: nothing is written to a settled deployment, nor does a restarted operator register again."""
    # The last look at the connection is 90 s after a registration; it writes only when something has changed.
    before, root = children(ns, "my-standalone"), ns.get("n4js", "my-standalone")["metadata"]["resourceVersion"]
    times, told = registrations(ns, "my-standalone"), ns.events("AuraFleetManagementRegistered")
    for _ in range(2):
        seen = passes(ns, "my-standalone")
        ns.operator.restart()
        wait_for("a pass of the one that was started", lambda seen=seen: passes(ns, "my-standalone") > seen)
    check(ns.get("n4js", "my-standalone")["metadata"]["resourceVersion"] == root, "the restart wrote the status")
    check(children(ns, "my-standalone") == before, "children were written although nothing had changed")
    check(ns.status("my-standalone")["phase"] == "Ready", "the restart moved the phase")
    check(registrations(ns, "my-standalone") == times, "a restarted operator registered again")
    check(ns.events("AuraFleetManagementRegistered") == told, "an event for each restart")


def conf_is_accepted(ns, name, versions):
    """The real kernels start with the generated neo4j.conf, their strict validation on."""
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
    """Registered false, cause and cure in the message, one Warning for this cause."""
    state = ns.wait_fleet(name, False, *parts)
    event = wait_for("one Warning AuraFleetManagementFailed", lambda: [
        item for item in failed_events(ns) if item["message"] == state["message"]])
    check(len(event) == 1 and event[0]["type"] == "Warning", f"{len(event)} events: {event}")
    condition = [c for c in ns.status(name)["conditions"] if c["type"] == "FleetRegistered"][0]
    check(condition["status"] == "False" and condition["message"] == state["message"], f"condition: {condition}")
    return state


def expect_cure(ns, name, what):
    started = time.monotonic()
    ns.wait_fleet(name, True, "Registered with Aura Fleet Management")
    print(f"       {what}: registered {time.monotonic() - started:.1f} s after the cure", flush=True)


def test_admin_secret_absent(ns):
    """A2 B5: without the admin Secret, or with a password that the image refuses, nothing is made, and the message says why."""
    ns.standalone("bad")
    wait_for("phase Pending", lambda: ns.status("bad").get("phase") == "Pending")
    check(f"Secret '{ADMIN_SECRET}' not found" in ns.status("bad")["message"], f"message: {ns.status('bad')}")
    check(not ns.get("statefulsets")["items"], "a StatefulSet was made without the admin Secret")
    ns.secret(ADMIN_SECRET, password="short")
    wait_for("the password refused", lambda: "shorter than 8" in ns.status("bad").get("message", ""))
    check(not ns.get("statefulsets")["items"], "a StatefulSet was made for a password that the image refuses")
    ns.replace_secret(ADMIN_SECRET, password=PASSWORD)
    wait_for("a StatefulSet", lambda: ns.get("statefulset", "bad"))


@on_real_server
def given_bad_inputs(ns):
    """A real server that is Ready and waits for a token."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.standalone("bad")
    ns.wait_phase("bad", "Ready")
    return "bad"


def wrong(ns, name, *parts, **secret):
    """Registers with this Secret, and expects the words."""
    if secret:
        ns.replace_secret(TOKEN_SECRET, **secret)
    else:
        ns.kubectl("delete", "secret", TOKEN_SECRET, "--ignore-not-found")
    if ns.fleet(name).get("registered"):
        ns.status_patch(name, {"auraFleetManagement": {"registered": False}})
    expect_failure(ns, name, *parts)
    pod = ns.get("pod", f"{name}-0")
    check(pod["status"]["containerStatuses"][0]["restartCount"] == 0, "the pod was restarted")


def test_secret_missing(ns, name):
    """D2 D4: a Secret that is not there is named with the cure."""
    wrong(ns, name, f"Secret '{TOKEN_SECRET}' not found", "create it")


def test_secret_wrong_key(ns, name):
    """D2 D4: a wrong key is named together with those that are there; a newline at the token's end is no fault."""
    wrong(ns, name, "Key 'token' not found", "'tokn'", tokn="x")
    ns.replace_secret(TOKEN_SECRET, token=mint("bad-1") + "\n")
    expect_cure(ns, name, "wrong key")


def test_token_malformed(ns, name):
    """D2 D4: what is no token at all is told before any call."""
    wrong(ns, name, "malformed", "Aura console", token="not-a-token")


def test_token_white_space(ns, name):
    """D2 D4: nothing but white space is an empty token."""
    wrong(ns, name, "is empty", token=" \n")


def test_token_key_garbage(ns, name):
    """D3 D6: a token of the right shape whose key is none: the real server takes it, and FleetConnected says that it does not connect."""
    content = json.loads(base64.b64decode(mint("bad-5")))
    content["private_key"] = "no-key-at-all"
    ns.replace_secret(TOKEN_SECRET, token=base64.b64encode(json.dumps(content).encode()).decode())
    if ns.fleet(name).get("registered"):
        ns.status_patch(name, {"auraFleetManagement": {"registered": False}})
    ns.wait_fleet(name, True)
    told = wait_for("FleetConnected False", lambda: [c for c in ns.status(name)["conditions"]
                                                     if c["type"] == "FleetConnected" and c["status"] == "False"])
    check(told[0]["message"], "the server's words are missing")
    check(not FleetService().deployments(project("bad-5")), "the service knows it")


def test_token_expired(ns, name):
    """D2 D4: an expired token is told with its date, and a fresh one heals it by itself."""
    wrong(ns, name, "expired on 2020-01-01T00:00:00Z", "generate a new one", token=mint("bad-2", "2020-01-01T00:00:00Z"))
    ns.replace_secret(TOKEN_SECRET, token=mint("bad-3"))
    expect_cure(ns, name, "expired token")


def test_admin_password_wrong(ns, name):
    """B5 D1 D4: a password that the real server refuses is told with the cure; the right one heals it by itself."""
    SECRETS.append("another-password-7")
    ns.replace_secret(ADMIN_SECRET, password="another-password-7")
    wrong(ns, name, "refused user 'neo4j'", "ALTER USER", token=mint("bad-4"))
    ns.replace_secret(ADMIN_SECRET, password=PASSWORD)
    expect_cure(ns, name, "wrong password")


@on_real_server
def given_deferred(ns):
    """C3 C4: the plugin without a token, on a calendar version."""
    ns.secret(ADMIN_SECRET, NEO4J_AUTH=f"neo4j/{PASSWORD}")
    ns.standalone("later", tag="2025.12-enterprise", token=False)
    ns.wait_fleet("later", False, "Plugin installed; registration deferred until tokenSecretRef is set")
    ns.wait_phase("later", "Ready")
    return "later"


def test_plugin_only_token_later(ns, name):
    """C3 C4 D1: a token that comes later registers the server that has the plugin already, at no roll."""
    ns.secret(TOKEN_SECRET, token=mint("later-1"))
    ns.kubectl("patch", "n4js", name, "--type=merge", "-p",
               json.dumps({"spec": {"auraFleetManagement": {"tokenSecretRef": {"name": TOKEN_SECRET}}}}))
    expect_cure(ns, name, "token added later")
    check(len(ns.get("controllerrevisions")["items"]) == 1, "the token's reference rolled the pod")
    check(not failed_events(ns), "a Warning for a token that was announced as deferred")
    conf_is_accepted(ns, name, ["2025.12.1"])


def test_drift(ns, name):
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


def test_deletion(ns, name):
    """B8: children go with their owner, the data stays."""
    ns.kubectl("delete", "n4js", name, "--timeout=60s")
    for kind in ("statefulsets", "services", "configmaps"):
        wait_for(f"no {kind}", lambda kind=kind: not [
            item for item in ns.get(kind)["items"] if item["metadata"]["name"].startswith(name)])
    check(ns.get("pvc", f"data-{name}-0"), "the claim was deleted although the policy is Retain")


def given_refused(ns):
    """An admin Secret, and no server at all."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)


def test_service_of_others(ns):
    """B1 B2 A3: a Service of somebody else is not taken over, and nothing is made beside it."""
    ns.kubectl("create", "service", "clusterip", "taken-headless", "--tcp=80")
    before = ns.get("service", "taken-headless")["metadata"]["resourceVersion"]
    ns.standalone("taken")
    wait_for("phase Failed", lambda: ns.status("taken").get("phase") == "Failed")
    check("without an owner: Service 'taken-headless'; give this deployment another name" in ns.status("taken")["message"], f"{ns.status('taken')}")
    wait_for("the event", lambda: ns.events("NameTaken"))
    check(len(ns.events("NameTaken")) == 1, "not exactly one event")
    check(not ns.get("statefulset", "taken"), "a StatefulSet beside somebody else's Service")
    check(ns.get("service", "taken-headless")["metadata"]["resourceVersion"] == before, "it was written")


def failed_spec(ns, name, *parts):
    """What admission cannot know ends in Failed with the field named, and touches no child."""
    status = wait_for(f"{name} to be Failed", lambda: ns.status(name).get("phase") == "Failed" and ns.status(name))
    check(all(part in status["message"] for part in parts), f"{name}: {status}")
    check(not ns.get("statefulset", name), "an invalid spec has a child")


def written(ns, name):
    """As children(), without what the StatefulSet controller counts."""
    return {child: version[1] if child.startswith("statefulset") else version for child, version in children(ns, name).items()}


def refused(ns, *parts, **spec):
    """kubectl apply is refused with these words, and nothing is there afterwards."""
    body = {"image": {"repo": "neo4j", "tag": "5.26-enterprise"}, "storage": {"size": "1Gi"},
            "auth": {"adminSecret": ADMIN_SECRET}, **spec}
    done = run(["kubectl", "apply", "--server-side", "-f", "-"], ok=False, env=ns.env, data=json.dumps({
        "apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jEnterpriseStandalone", "metadata": {"name": "no"}, "spec": body}))
    check(done.returncode != 0, f"{parts}: was not refused")
    check(all(part in done.stderr for part in parts), f"{parts}: {done.stderr[-2000:]}")
    check(not ns.get("n4js", "no"), f"{parts}: it is there")


def test_tag_5_25(ns):
    """A3 C4: a Neo4j that is too old is refused."""
    ns.standalone("old", tag="5.25-enterprise")
    failed_spec(ns, "old", "spec.image.tag")


def test_control_characters(ns):
    """A3 B4: a line break in a setting's name or value is refused, and nothing is written with it."""
    refused(ns, "spec.config", config={"server.default_listen_address": "x\nserver.other=y"})
    # Of the names admission knows nothing.
    ns.standalone("name", config={"server.default_listen_address\n": "x"})
    failed_spec(ns, "name", "spec.config")


def test_plugins_of_spec_malformed(ns):
    """A3 C2: NEO4J_PLUGINS of spec.env that is no list is refused."""
    ns.standalone("list", env=[{"name": "NEO4J_PLUGINS", "value": "apoc"}])
    failed_spec(ns, "list", "NEO4J_PLUGINS")


def test_refused_by_the_server(ns):
    """A3 B2: what only the API server finds wrong ends in Failed with its words and one Warning, and touches no child, new or old."""
    def apply(annotation, **spec):
        # The pod is not to start. Every version of Kubernetes looks at the annotations of a StatefulSet's template; only later ones look at all of it.
        ns.standalone("noted", podAnnotations={annotation: "x"}, nodeSelector={"no": "such"}, **spec)

    words = "name part must consist of alphanumeric characters"
    apply("a word")
    failed_spec(ns, "noted", words)
    for kind, child in (("configmap", "noted-config"), ("service", "noted-client"), ("serviceaccount", "noted")):
        check(not ns.get(kind, child), f"an invalid spec has a {kind}")
    wait_for("the Warning", lambda: [item for item in ns.events("InvalidSpec") if words in item["message"]])
    apply("word")
    wait_for("the StatefulSet", lambda: ns.get("statefulset", "noted") and ns.status("noted").get("phase") not in (None, "Failed"))
    before = written(ns, "noted")
    apply("a word", config={"db.transaction.timeout": "50s"})
    wait_for("phase Failed", lambda: ns.status("noted").get("phase") == "Failed" and words in ns.status("noted")["message"])
    check(written(ns, "noted") == before, f"children were written: {before} then {written(ns, 'noted')}")
    apply("word")
    wait_for("the cure", lambda: ns.status("noted").get("phase") not in (None, "Failed"))


def test_quota(ns):
    """A3: what a quota or a policy of the cluster denies is told with its words; a second look is taken by itself."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.kubectl("create", "quota", "tight", "--hard=count/statefulsets.apps=0")
    wait_for("the quota to be counted", lambda: "hard" in (ns.get("resourcequota", "tight").get("status") or {}))
    ns.standalone("many", nodeSelector={"no": "such"})
    failed_spec(ns, "many", "exceeded quota: tight")
    reasons = {item["type"]: item.get("reason") for item in ns.status("many")["conditions"]}
    check(reasons["Ready"] == "Denied" and reasons["Stalled"] == "Denied", f"reasons: {reasons}")
    wait_for("the Warning", lambda: ns.events("Denied"))
    ns.kubectl("delete", "quota", "tight")
    wait_for("the StatefulSet", lambda: ns.get("statefulset", "many"))
    check(len(ns.events("Denied")) == 1, "not exactly one Warning")


def test_pod_not_created(ns):
    """A3 B7: what lets a pod not be made (a quota, a limit range, Pod Security) is told with the API server's words and the cure."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    limits = {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "small"},
              "spec": {"limits": [{"type": "Container", "max": {"memory": "64Mi"}}]}}
    ns.kubectl("create", "quota", "tight", "--hard=limits.memory=8Gi")
    wait_for("the quota to be counted", lambda: "hard" in (ns.get("resourcequota", "tight").get("status") or {}))

    def said(*parts):
        begin = "0 of 1 servers ready; lone-0 cannot be made: "
        wait_for(f"the message to tell {parts}", lambda: all(part in ns.status("lone").get("message", "") for part in (begin, *parts)))
        check(not ns.get("pod", "lone-0"), "there is a pod")

    # The pod is not to start.
    spec = {"nodeSelector": {"no": "such"}}
    ns.standalone("lone", **spec)
    said("failed quota: tight: must specify limits.memory for: ", "neo4j", "spec.resources")
    spec["resources"] = {"limits": {"memory": "2Gi"}, "requests": {"memory": "1Gi"}}
    ns.apply(json.dumps(limits))
    ns.standalone("lone", **spec)
    said("maximum memory usage per Container is 64Mi, but limit is 2Gi", "LimitRange")
    ns.kubectl("delete", "limitrange", "small")
    ns.standalone("lone", podTemplate={"spec": {"volumes": [{"name": "node", "hostPath": {"path": "/tmp"}}]}}, **spec)
    said('violates PodSecurity "restricted:latest"', 'volume "node"', "give the namespace another one")
    # A cure beside the spec: Kubernetes tries again later, or when the StatefulSet is touched.
    ns.kubectl("label", "namespace", ns.name, "pod-security.kubernetes.io/enforce-")
    ns.kubectl("annotate", "statefulset", "lone", "tried=now")
    wait_for("the pod", lambda: ns.get("pod", "lone-0"), 60)
    wait_for("the message to tell of the pod", lambda: "lone-0: not scheduled" in ns.status("lone").get("message", ""))


@on_real_server
def test_cause_in_the_log(ns):
    """B7: of a server that ends in a long stack trace Kubernetes keeps only the end; the status tells the cause, from the log of the ended container."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.standalone("barred", token=False)
    ns.wait_phase("barred", "Ready")
    ns.kubectl("exec", "barred-0", "-c", "neo4j", "--", "bash", "-c", "chmod 0 /data/databases/system/neostore && kill 1")

    def told():
        pod = ns.get("pod", "barred-0")
        kept = [container.get("lastState", {}).get("terminated", {}).get("message", "") for container in pod["status"]["containerStatuses"]]
        message = ns.status("barred").get("message", "")
        return all(part in message for part in ("barred-0: container neo4j ended with", "Failed to read current store version", "/databases/system/neostore")) and kept

    kept = wait_for("the message to tell the cause", told, START_LIMIT)
    check("Failed to read current store version" not in kept[0], f"Kubernetes has kept the cause: {kept}")


def test_unknown_fields(ns):
    """A3: a field that does not exist is refused by its name."""
    refused(ns, ".spec.auraFleetManagment", auraFleetManagment={"enabled": True})


def test_wrong_types(ns):
    """A3: a value of a wrong type is refused with the field named."""
    refused(ns, "spec.auraFleetManagement.enabled", auraFleetManagement={"enabled": "yes"})
    refused(ns, "spec.config", config=["server.memory.heap.max_size=1g"])


def test_config_of_1_mb(ns):
    """A3: a configuration of a megabyte is refused with the field named."""
    refused(ns, "spec.config", config={f"db.setting.number_{i}": "x" * 1000 for i in range(1048)})
    refused(ns, "spec.config", config={"db.setting": "x" * (1 << 20)})


def test_secrets_stay_secret(ns):
    """D8: no token, private key or password in logs, events, statuses and metrics. Runs last."""
    check(len(SECRETS) > 3, "no secrets to look for: run the other tests, too")
    forms = SECRETS + [base64.b64encode(secret.encode()).decode() for secret in SECRETS]
    check("neofleet_deployments" in ns.operator.metrics(), "no metrics")
    ns.keep_evidence()
    found = set()
    for place, text in [*EVIDENCE, ("log", ns.operator.logs()), ("metrics", ns.operator.metrics())]:
        found.add(place)
        for form in forms:
            check(form not in text, f"a secret stands in the {place}")
    check({"log", "events", "n4js", "statefulsets", "configmaps"} <= found, f"too little to search: {found}")
    check(any("AuraFleetManagementRegistered" in text for place, text in EVIDENCE if place == "events"), "no event to search")


PAGE = Group(given_page, test_page_standalone, test_page_commands, test_page_accepted_conf, test_page_forced, test_page_settled)
BAD_INPUTS = Group(given_bad_inputs, test_secret_missing, test_secret_wrong_key, test_token_malformed, test_token_white_space,
                   test_token_key_garbage, test_token_expired, test_admin_password_wrong)
# The last one leaves nothing.
DEFERRED = Chain(given_deferred, test_plugin_only_token_later, test_drift, test_deletion)
REFUSED = Group(given_refused, test_service_of_others, test_tag_5_25, test_control_characters, test_plugins_of_spec_malformed,
                test_refused_by_the_server, test_unknown_fields, test_wrong_types, test_config_of_1_mb)
TESTS = [PAGE, BAD_INPUTS, test_admin_secret_absent, DEFERRED, REFUSED, test_quota, test_pod_not_created, test_cause_in_the_log, test_secrets_stay_secret]
