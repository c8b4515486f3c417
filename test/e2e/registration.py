# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The registration and what stands in its way. The light stand-in plays the server where it does not decide the outcome."""
import base64
import json
import time

from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, FleetService, LocalOperator, check, run, wait_for
from page import Page, of_standalone
from standalone import SECRETS, children, expect_failure, failed_events, mint, project

STANDIN = {"repo": "neofleet-test/neo4j", "tag": "5.26-enterprise"}
REGISTER = "CALL fleetManagement.registerToken"


def standin(ns, pod, *args):
    return ns.kubectl("exec", pod, "--", "standin", *args).strip()


def count(ns, pod, key):
    return int(standin(ns, pod, "counts", key))


def start(ns, name, token=True, **spec):
    """A standalone on the stand-in, Ready."""
    if not ns.get("secret", ADMIN_SECRET):
        ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.standalone(name, image=STANDIN, token=token, **spec)
    ns.wait_phase(name, "Ready", START_LIMIT)


def condition(ns, name, kind):
    found = [item for item in ns.status(name).get("conditions", []) if item["type"] == kind]
    return found[0] if found else {}


def wait_condition(ns, name, kind, status, *parts, limit=30):
    def probe():
        seen = condition(ns, name, kind)
        return seen if seen.get("status") == status and all(part in seen["message"] for part in parts) else None

    return wait_for(f"condition {kind} {status} with {parts}", probe, limit)


def one_event(ns, reason):
    """An event comes right after the status that it is about."""
    found = wait_for(f"event {reason}", lambda: ns.events(reason))
    check(len(found) == 1, f"{len(found)} events {reason}: {[item['message'] for item in found]}")


def registered_events(ns):
    return sum(item.get("count") or item.get("series", {}).get("count") or 1
               for item in ns.events("AuraFleetManagementRegistered"))


def said(ns, words, name=""):
    """How often the operator said this of a deployment; others share the log of one that watches all namespaces."""
    return sum(words in line and f"/{ns.name}/{name}" in line for line in ns.operator.logs().splitlines())


def passes(ns, name):
    return said(ns, "msg=reconciled", name)


def poke(ns, name, times=1):
    """Makes the operator look again, and waits until it has."""
    for i in range(times):
        before = passes(ns, name)
        ns.kubectl("annotate", "--overwrite", "n4js", name, f"test/poke={time.time_ns()}-{i}")
        wait_for("another pass", lambda before=before: passes(ns, name) > before)


def calls(ns, *methods):
    """How many calls the operator made to the API, by its own metrics. One for all namespaces cannot tell whose they were."""
    total = 0
    if not isinstance(ns.operator, LocalOperator):
        return total
    for line in ns.operator.metrics().splitlines():
        if line.startswith("neofleet_api_calls_total{"):
            method = line.split('"')[1]
            if not methods or method in methods:
                total += int(line.split()[-1])
    return total


def test_token_variants(ns):
    """D2 D4 D8: whatever is wrong with the token's Secret is told before any call; white space around it is no fault."""
    name, pod = "variants", "variants-0"
    start(ns, name)
    other = f"{ns.name}-other"
    run(["kubectl", "create", "namespace", other])
    try:
        token = mint("variants")
        run(["kubectl", "create", "secret", "generic", TOKEN_SECRET, "-n", other, f"--from-literal=token={token}"])
        expect_failure(ns, name, f"Secret '{TOKEN_SECRET}' not found in namespace '{ns.name}'", "create it there")
    finally:
        run(["kubectl", "delete", "namespace", other, "--wait=false"])
    ns.secret(TOKEN_SECRET, token="")
    expect_failure(ns, name, "is empty")
    ns.replace_secret(TOKEN_SECRET, token="a b c")
    expect_failure(ns, name, "malformed", "not base64")
    ns.replace_secret(TOKEN_SECRET, token=base64.b64encode(b"plain text").decode())
    expect_failure(ns, name, "malformed", "not a JSON object")
    content = json.loads(base64.b64decode(token))
    for key in ("private_key", "kid", "project_id", "expiry_time"):
        part = {other: value for other, value in content.items() if other != key}
        ns.replace_secret(TOKEN_SECRET, token=base64.b64encode(json.dumps(part).encode()).decode())
        expect_failure(ns, name, "malformed", key)
    check(count(ns, pod, REGISTER) == 0, "a token was registered that had been refused before")
    ns.replace_secret(TOKEN_SECRET, token=f"\n  {token}\t\n\n")
    ns.wait_fleet(name, True)
    check(count(ns, pod, REGISTER) == 1, "not exactly one call")
    one_event(ns, "AuraFleetManagementRegistered")


def test_token_first(ns):
    """C1 C9 D1 D2: a token that is there before Fleet Management is enabled waits; enabling replaces the pod, then registers."""
    name, pod = "first", "first-0"
    ns.secret(TOKEN_SECRET, token=mint("first"))
    start(ns, name, auraFleetManagement={"enabled": False, "tokenSecretRef": {"name": TOKEN_SECRET}})
    check("auraFleetManagement" not in ns.status(name), f"a word of what was never enabled: {ns.status(name)}")
    before, ports = ns.get("pod", pod)["metadata"]["uid"], ns.get("service", f"{name}-client")["spec"]["ports"]
    check(count(ns, pod, REGISTER) == 0, "a call without being enabled")
    ns.standalone(name, image=STANDIN)
    waiting = ns.wait_fleet(name, False, "Waiting for phase Ready")
    check("lastRegistrationTime" not in waiting, f"{waiting}")
    ns.wait_fleet(name, True, limit=START_LIMIT)
    check(ns.get("pod", pod)["metadata"]["uid"] != before, "the pod was not replaced")
    check(ns.get("service", f"{name}-client")["spec"]["ports"] == ports, "a port was opened")
    check(count(ns, pod, REGISTER) == 1, "not exactly one call")


def test_token_expires_meanwhile(ns):
    """D2 D3: a token that expires between its check and the call does not count as registered."""
    name, pod = "late", "late-0"
    start(ns, name)
    standin(ns, pod, "misbehave", "slow", "1.2")
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5))
    ns.secret(TOKEN_SECRET, token=mint("late", end))
    wait_for("the call", lambda: count(ns, pod, REGISTER) == 1)
    ns.wait_fleet(name, False, "expired")
    check("lastRegistrationTime" not in ns.fleet(name), f"it counted as registered: {ns.fleet(name)}")
    check(not ns.events("AuraFleetManagementRegistered"), "an event of success")
    standin(ns, pod, "misbehave", "none")
    ns.replace_secret(TOKEN_SECRET, token=mint("late"))
    ns.wait_fleet(name, True)


def test_server_fails(ns):
    """D1 D3 D4 D7: an error row, a lost answer and a missing procedure, each told and each healed by itself."""
    name, pod = "fails", "fails-0"
    start(ns, name)
    standin(ns, pod, "misbehave", "procedures-missing")
    ns.secret(TOKEN_SECRET, token=mint("fails"))
    expect_failure(ns, name, "procedures")
    check(count(ns, pod, REGISTER) == 0, "a call without the procedure")
    standin(ns, pod, "misbehave", "error-row")
    standin(ns, pod, "misbehave", "procedures-missing", "off")
    ns.wait_fleet(name, False, "refused the token", "An error occurred", limit=90)
    check(not ns.events("AuraFleetManagementRegistered"), "an error row counted as success")
    rows = count(ns, pod, REGISTER)
    check(rows >= 1, "no call")
    standin(ns, pod, "misbehave", "register-then-drop")
    standin(ns, pod, "misbehave", "error-row", "off")
    # The token is stored, the answer is lost: what the server has decides then, and nothing is called again.
    ns.wait_fleet(name, True, limit=120)
    check(len(failed_events(ns)) >= 3, f"not one Warning for each cause: {failed_events(ns)}")
    check(count(ns, pod, REGISTER) > rows, "no call")
    one_event(ns, "AuraFleetManagementRegistered")
    drops = count(ns, pod, REGISTER)
    poke(ns, name, 3)
    check(count(ns, pod, REGISTER) == drops, "a registered server was called")


def test_token_replaced(ns):
    """D5: nothing that happens to the Secret moves the latch; the page's patch makes one call with the new token."""
    page, fleet = Page(), FleetService()
    name, pod = "my-standalone", "my-standalone-0"
    ns.secret(TOKEN_SECRET, token=mint("replaced-1"))
    start(ns, name)
    ns.wait_fleet(name, True)
    ns.kubectl("delete", "secret", TOKEN_SECRET)
    poke(ns, name)
    check(ns.fleet(name)["registered"] is True, f"deleted Secret: {ns.fleet(name)}")
    ns.secret(TOKEN_SECRET, token=mint("replaced-2"))
    poke(ns, name)
    ns.replace_secret(TOKEN_SECRET, token="garbage")
    poke(ns, name)
    check(ns.fleet(name)["registered"] is True and not failed_events(ns), f"replaced Secret: {ns.fleet(name)}")
    check(count(ns, pod, REGISTER) == 1, "a call that nobody asked for")
    ns.replace_secret(TOKEN_SECRET, token=mint("replaced-3"))
    before = ns.fleet(name)["lastRegistrationTime"]
    wait_for("another second", lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) > before)
    ns.shell(of_standalone(page.shell('{"registered":false}')))
    patched = time.monotonic()
    wait_for("the one call", lambda: count(ns, pod, REGISTER) == 2)
    took = time.monotonic() - patched
    print(f"       called {took:.1f} s after the patch", flush=True)
    check(took < 5, f"the call came {took:.1f} s after the patch")
    ns.wait_fleet(name, True)
    wait_for("a new time", lambda: ns.fleet(name)["lastRegistrationTime"] > before)
    wait_for("the new token at the service", lambda: fleet.deployments(project("replaced-3")))
    check(not fleet.deployments(project("replaced-2")), "a token in between was used")
    poke(ns, name, 3)
    check(count(ns, pod, REGISTER) == 2, "more calls than patches")


def test_credentials(ns):
    """B5 D1 D4: a refused password shows in phase Ready, whoever asks there is one login a minute, and it heals by itself."""
    name, pod = "password", "password-0"
    start(ns, name, auraFleetManagement={"enabled": False})
    check(not condition(ns, name, "CredentialsRefused"), "a condition without a cause")
    SECRETS.append("another-password-8")
    ns.secret(ADMIN_SECRET, password="another-password-8")
    wait_condition(ns, name, "CredentialsRefused", "True", "refused user 'neo4j'", "ALTER USER")
    status = ns.status(name)
    check(status["phase"] == "Ready" and "ALTER USER" in status["message"], f"{status}")
    one_event(ns, "CredentialsRefused")
    refused, began = count(ns, pod, "login refused"), time.monotonic()
    ns.secret(TOKEN_SECRET, token=mint("password"))
    ns.standalone(name, image=STANDIN)
    expect_failure(ns, name, "refused user 'neo4j'", "ALTER USER")
    poke(ns, name, 5)
    ns.replace_secret(TOKEN_SECRET, token=mint("password"))
    poke(ns, name, 5)
    at_most = refused + 1 + int((time.monotonic() - began) / 60)
    check(count(ns, pod, "login refused") <= at_most, "more than one login a minute")
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.wait_fleet(name, True, limit=20)
    wait_condition(ns, name, "CredentialsRefused", "False")
    check("ALTER USER" not in ns.status(name)["message"], f"{ns.status(name)}")
    ns.kubectl("delete", "secret", ADMIN_SECRET)
    wait_condition(ns, name, "CredentialsRefused", "True", f"Secret '{ADMIN_SECRET}' not found")
    check(ns.status(name)["phase"] == "Ready", "a missing Secret moved the phase of a server that runs")
    # Cured inside Neo4j: nothing tells the operator, it finds out within a minute.
    standin(ns, pod, "misbehave", "refuse-login")
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    wait_condition(ns, name, "CredentialsRefused", "True", "ALTER USER")
    standin(ns, pod, "misbehave", "refuse-login", "off")
    wait_condition(ns, name, "CredentialsRefused", "False", limit=75)


def test_status_by_hand(ns):
    """D5 B7 E2: of the status only registered is an input; whatever else is edited is put right, without a call."""
    name, pod = "edited", "edited-0"
    ns.secret(TOKEN_SECRET, token=mint("edited"))
    start(ns, name)
    ns.wait_fleet(name, True)
    wait_condition(ns, name, "FleetConnected", "True")
    ns.status_patch(name, {"phase": "Failed", "message": "by hand", "conditions": []})
    ns.wait_phase(name, "Ready", 20)
    wait_condition(ns, name, "FleetRegistered", "True")
    wait_condition(ns, name, "Ready", "True")
    ns.status_patch(name, {"auraFleetManagement": {"lastRegistrationTime": "2001-01-01T00:00:00Z", "message": "by hand"}})
    ns.wait_fleet(name, True, "Registered with Aura Fleet Management", limit=20)
    theirs = {"type": "Theirs", "status": "True", "reason": "r", "message": "", "lastTransitionTime": "2001-01-01T00:00:00Z"}
    ns.status_patch(name, {"conditions": [theirs]})
    wait_condition(ns, name, "Ready", "True")
    check(condition(ns, name, "Theirs").get("status") == "True", "a condition of somebody else was taken away")
    check(count(ns, pod, REGISTER) == 1, "an edited status led to a call")
    # Without a trace of a registration, what the server has decides: it is connected, so nothing is called.
    ns.status_patch(name, {"auraFleetManagement": None})
    ns.wait_fleet(name, True, "Registered with Aura Fleet Management", limit=60)
    ns.kubectl("patch", "n4js", name, "--type=merge", "--subresource=status", "-p", '{"status":null}')
    ns.wait_fleet(name, True, "Registered with Aura Fleet Management", limit=60)
    ns.wait_phase(name, "Ready", 20)
    check(count(ns, pod, REGISTER) == 1, "a lost status led to a call")


def uids(ns, name):
    return {kind: (ns.get(kind, child) or {}).get("metadata", {}).get("uid") for kind, child in (
        ("statefulset", name), ("service", f"{name}-headless"), ("configmap", f"{name}-config"), ("serviceaccount", name))}


def test_children_by_hand(ns):
    """B2 D7 E2: children that are edited are put back, deleted ones are made again; the registration stands."""
    name, pod = "children", "children-0"
    ns.secret(TOKEN_SECRET, token=mint("children"))
    start(ns, name)
    ns.wait_fleet(name, True)
    first = ns.get("pod", pod)["metadata"]["uid"]
    ns.kubectl("scale", "statefulset", name, "--replicas=2")
    wait_for("one replica", lambda: ns.get("statefulset", name)["spec"]["replicas"] == 1)
    ns.kubectl("set", "env", f"statefulset/{name}", "NEO4J_ACCEPT_LICENSE_AGREEMENT=no")
    wait_for("the licence put back", lambda: "yes" in [
        item.get("value") for item in ns.get("statefulset", name)["spec"]["template"]["spec"]["containers"][0]["env"]
        if item["name"] == "NEO4J_ACCEPT_LICENSE_AGREEMENT"])
    ns.kubectl("label", "service", f"{name}-headless", "app.kubernetes.io/managed-by-")
    wait_for("the label put back", lambda: ns.get("service", f"{name}-headless")["metadata"]["labels"].get(
        "app.kubernetes.io/managed-by") == "neofleet")
    ns.wait_phase(name, "Ready", 60)
    check(ns.get("pod", pod)["metadata"]["uid"] == first, "the pod was replaced over edits that were put back")
    before = uids(ns, name)
    ns.kubectl("delete", "service", f"{name}-headless", f"{name}-client")
    ns.kubectl("delete", "serviceaccount", name)
    ns.kubectl("delete", "configmap", f"{name}-config")
    ns.kubectl("delete", "statefulset", name)
    wait_for("all children again", lambda: all(
        uid and uid != before[kind] for kind, uid in uids(ns, name).items()))
    wait_for("a new pod", lambda: (ns.get("pod", pod) or {"metadata": {"uid": first}})["metadata"]["uid"] != first)
    ns.wait_phase(name, "Ready", START_LIMIT)
    check(ns.fleet(name)["registered"] is True, f"{ns.fleet(name)}")
    check(count(ns, pod, REGISTER) == 1, "deleted children led to a call")
    children(ns, name)


def test_foreign_child(ns):
    """B1 B2 A3: beside an object of somebody else nothing is written; when it is gone the deployment comes up."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.kubectl("create", "configmap", "foreign-config", "--from-literal=theirs=1")
    before = ns.get("configmap", "foreign-config")["metadata"]["resourceVersion"]
    ns.standalone("foreign", image=STANDIN)
    ns.wait_phase("foreign", "Failed", 30)
    poke(ns, "foreign", 3)
    status = ns.status("foreign")
    check("ConfigMap 'foreign-config' exists already" in status["message"], f"{status}")
    check(condition(ns, "foreign", "Ready")["reason"] == "NameTaken", f"{status}")
    one_event(ns, "NameTaken")
    check(ns.get("configmap", "foreign-config")["metadata"]["resourceVersion"] == before, "it was written")
    for kind, child in (("service", "foreign-headless"), ("service", "foreign-client"), ("serviceaccount", "foreign"),
                        ("statefulset", "foreign")):
        check(not ns.get(kind, child), f"{kind} {child} was made beside an object of somebody else")
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
    ns.wait_phase("rival", "Failed", 30)
    check(condition(ns, "rival", "Ready")["reason"] == "NameTaken", f"{ns.status('rival')}")
    owner = ns.get("service", "rival-headless")["metadata"]["ownerReferences"][0]
    check(owner["kind"] == "Neo4jEnterpriseCluster", f"the headless Service's owner: {owner}")
    check(not ns.get("statefulset", "rival"), "the loser has a StatefulSet")
    ns.kubectl("delete", "n4jc", "rival", "--timeout=60s")
    gone = time.monotonic()
    wait_for("the name passed on", lambda: ns.get("statefulset", "rival"), 60)
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


def test_settled(ns):
    """E1: a settled deployment costs the API server nothing but the watches."""
    name = "settled"
    ns.secret(TOKEN_SECRET, token=mint("settled"))
    start(ns, name)
    ns.wait_fleet(name, True)
    wait_condition(ns, name, "FleetConnected", "True")
    # The last look at the connection is 90 s after the registration.
    start_time = time.monotonic()
    state = {"calls": (calls(ns), passes(ns, name)), "since": time.monotonic()}

    def quiet():
        now = (calls(ns), passes(ns, name))
        if now != state["calls"]:
            state.update(calls=now, since=time.monotonic())
        return time.monotonic() - state["since"] > 45

    root = ns.get("n4js", name)["metadata"]["resourceVersion"]
    writes, before = calls(ns, "POST", "PUT", "PATCH", "DELETE"), children(ns, name)
    wait_for("45 s without a call", quiet, 200)
    check(time.monotonic() - start_time > 45, "no time passed")
    check(calls(ns, "POST", "PUT", "PATCH", "DELETE") == writes, "a settled deployment was written")
    check(ns.get("n4js", name)["metadata"]["resourceVersion"] == root, "the status of a settled deployment was written")
    check(children(ns, name) == before, "the children of a settled deployment were written")


def kid(project_name):
    """Which key the server signs with, as the service sees it; None before it has connected."""
    found = FleetService().deployments(project(project_name))
    return found[0]["kid"] if len(found) == 1 else None


def connects(project_name):
    return FleetService().connects(project(project_name))


def test_rotated_by_service(ns):
    """D2 D5 D6 D7 B5: on the real server a token that the service rotated outlives restarts and even the resource."""
    fleet, name, pod = FleetService(), "rotated", "rotated-0"
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("rotated"))
    ns.standalone(name)
    before = ns.wait_fleet(name, True, limit=START_LIMIT)
    old = wait_for("the server at the service", lambda: kid("rotated"))
    fleet.call("rotate", old)
    new = wait_for("the rotated token in use", lambda: kid("rotated") if kid("rotated") not in (None, old) else None)
    ns.operator.restart()
    first, times = ns.get("pod", pod)["metadata"]["uid"], connects("rotated")
    ns.kubectl("delete", "pod", pod, "--wait=false")
    wait_for("another pod", lambda: (ns.get("pod", pod) or {"metadata": {"uid": first}})["metadata"]["uid"] != first, 60)
    wait_for("it connected anew", lambda: connects("rotated") > times, START_LIMIT)
    ns.wait_phase(name, "Ready")
    wait_condition(ns, name, "FleetConnected", "True", limit=60)
    check(ns.fleet(name) == before, f"{before} then {ns.fleet(name)}")
    check(kid("rotated") == new, "the Secret's old token replaced the rotated one")
    made_again(ns, name, new)
    revoked(ns, fleet, name, new)
    password_changed(ns, name)


def made_again(ns, name, kid_in_use):
    """The resource is deleted while Neo4j is down, and made again on the kept volume: adopted, not registered."""
    ns.standalone(name, tag="5.26.99-enterprise")  # an image that is not there
    wait_for("Neo4j down", lambda: ns.status(name).get("phase") in ("Updating", "Degraded"), 60)
    ns.kubectl("delete", "n4js", name, "--timeout=60s")
    times = connects("rotated")
    ns.standalone(name)
    ns.wait_fleet(name, True, "Registered with Aura Fleet Management", limit=START_LIMIT)
    wait_for("it connected anew", lambda: connects("rotated") > times)
    wait_condition(ns, name, "FleetConnected", "True", limit=60)
    check(kid("rotated") == kid_in_use, "the Secret's old token replaced the rotated one")


def revoked(ns, fleet, name, kid_in_use):
    """What the service does to the token shows in FleetConnected and moves nothing else."""
    before = ns.fleet(name)
    fleet.call("revoke", kid_in_use)
    told = wait_condition(ns, name, "FleetConnected", "False", limit=120)
    print(f"       revoked: {told['message']}", flush=True)
    check(told["message"], "the server's words are missing")
    check(ns.fleet(name) == before, f"{before} then {ns.fleet(name)}")
    check(condition(ns, name, "FleetRegistered")["status"] == "True", "the latch moved")


def alter_user(ns, name, password, fresh, how):
    ns.kubectl("exec", f"{name}-0", "--", "cypher-shell", "-u", "neo4j", "-p", password, "-d", "system",
               f"ALTER USER neo4j SET PASSWORD '{fresh}' {how}")


def password_changed(ns, name):
    """A new password in the Secret alone is refused, with the cure; the cure works, within a minute."""
    fresh, passing = "a-new-password-10", "a-passing-password-11"
    SECRETS.extend([fresh, passing])
    ns.secret(ADMIN_SECRET, password=fresh)
    wait_condition(ns, name, "CredentialsRefused", "True", "ALTER USER neo4j SET PASSWORD")
    alter_user(ns, name, PASSWORD, fresh, "CHANGE NOT REQUIRED")
    cured = time.monotonic()
    wait_condition(ns, name, "CredentialsRefused", "False", limit=75)
    print(f"       healed {time.monotonic() - cured:.1f} s after ALTER USER", flush=True)
    alter_user(ns, name, fresh, passing, "CHANGE REQUIRED")
    ns.secret(ADMIN_SECRET, password=passing)
    wait_condition(ns, name, "CredentialsRefused", "True", "changed before anything else", "CHANGE NOT REQUIRED")


TESTS = [test_token_variants, test_token_first, test_token_expires_meanwhile, test_server_fails, test_token_replaced, test_credentials,
         test_status_by_hand, test_children_by_hand, test_foreign_child, test_rival_kinds, test_long_names, test_same_name,
         test_namespace_deleted, test_settled, test_rotated_by_service]
