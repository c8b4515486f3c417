# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The registration and what stands in its way, on the light stand-in where the real server does not decide the outcome."""
import base64
import json
import time

from harness import (
    ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, WAIT_LIMIT, FleetService, LocalOperator, check, run, wait_for)
from page import Page, of_standalone
from scenario import Group
from standalone import SECRETS, children, expect_failure, failed_events, mint, project

STANDIN = {"repo": "neofleet-test/neo4j", "tag": "5.26-enterprise"}
REGISTER = "CALL fleetManagement.registerToken"


def standin(ns, pod, *args):
    return ns.kubectl("exec", pod, "--", "standin", *args).strip()


def count(ns, pod, key):
    return int(standin(ns, pod, "counts", key))


def begin(ns, name):
    """Back to where no token was ever given: no Secret, and no trace of a registration."""
    ns.kubectl("delete", "secret", TOKEN_SECRET, "--ignore-not-found")
    ns.status_patch(name, {"auraFleetManagement": None})
    ns.wait_fleet(name, False, f"Secret '{TOKEN_SECRET}' not found")
    check("lastRegistrationTime" not in ns.fleet(name), f"{ns.fleet(name)}")


def start(ns, name, token=True, **spec):
    """A standalone on the stand-in, Ready."""
    if not ns.get("secret", ADMIN_SECRET):
        ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.standalone(name, image=STANDIN, token=token, **spec)
    ns.wait_phase(name, "Ready", START_LIMIT)


def condition(ns, name, kind):
    found = [item for item in ns.status(name).get("conditions", []) if item["type"] == kind]
    return found[0] if found else {}


def wait_condition(ns, name, kind, status, *parts, limit=WAIT_LIMIT):
    def probe():
        seen = condition(ns, name, kind)
        return seen if seen.get("status") == status and all(part in seen["message"] for part in parts) else None

    return wait_for(f"condition {kind} {status} with {parts}", probe, limit)


def one_event(ns, reason):
    """An event comes right after the status that it is about."""
    found = wait_for(f"event {reason}", lambda: ns.events(reason))
    check(len(found) == 1, f"{len(found)} events {reason}: {[item['message'] for item in found]}")


def registered_events(ns, name=None):
    """How often it was told that this deployment, or any, was registered."""
    return sum(item.get("count") or 1 for item in ns.events("AuraFleetManagementRegistered")
               if name in (None, item["involvedObject"]["name"]))


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


def given_tokens(ns):
    """A server that is Ready and waits for a token."""
    start(ns, "tokens")
    return "tokens"


def refused_token(ns, name, *parts, token):
    """The words are there, and the server was not called."""
    begin(ns, name)
    before = count(ns, f"{name}-0", REGISTER)
    ns.secret(TOKEN_SECRET, token=token)
    expect_failure(ns, name, *parts)
    check(count(ns, f"{name}-0", REGISTER) == before, "a token was registered that had been refused before")


def test_secret_in_another_namespace(ns, name):
    """D2 D4: a Secret of the right name in another namespace is not taken, and the message says where it is wanted."""
    begin(ns, name)
    other = f"{ns.name}-other"
    run(["kubectl", "create", "namespace", other])
    try:
        run(["kubectl", "create", "secret", "generic", TOKEN_SECRET, "-n", other, f"--from-literal=token={mint('elsewhere')}"])
        poke(ns, name, 2)
        expect_failure(ns, name, f"Secret '{TOKEN_SECRET}' not found in namespace '{ns.name}'", "create it there")
    finally:
        run(["kubectl", "delete", "namespace", other, "--wait=false"])


def test_token_empty(ns, name):
    """D2 D4: an empty value is told."""
    refused_token(ns, name, "is empty", token="")


def test_token_not_base64(ns, name):
    """D2 D4: what is not base64, or not JSON in it, is told before any call."""
    refused_token(ns, name, "malformed", "not base64", token="a b c")
    refused_token(ns, name, "malformed", "not a JSON object", token=base64.b64encode(b"plain text").decode())


def test_token_lacks_members(ns, name):
    """D2 D4: a token without one of its members is told with that member's name."""
    content = json.loads(base64.b64decode(mint("members")))
    for key in ("private_key", "kid", "project_id", "expiry_time"):
        part = {other: value for other, value in content.items() if other != key}
        refused_token(ns, name, "malformed", key, token=base64.b64encode(json.dumps(part).encode()).decode())


def test_token_in_white_space(ns, name):
    """D2 D3 D8: white space around the token is no fault: one call, one event."""
    begin(ns, name)
    before, told = count(ns, f"{name}-0", REGISTER), registered_events(ns)
    ns.secret(TOKEN_SECRET, token=f"\n  {mint('white')}\t\n\n")
    ns.wait_fleet(name, True)
    check(count(ns, f"{name}-0", REGISTER) == before + 1, "not exactly one call")
    wait_for("one more event", lambda: registered_events(ns) == told + 1)


def test_token_expires_meanwhile(ns, name):
    """D2 D3: a token that expires between its check and the call does not count as registered."""
    pod = f"{name}-0"
    begin(ns, name)
    before, told = count(ns, pod, REGISTER), registered_events(ns)
    # The call comes after several statements, each of which takes longer than the rest of the token's life.
    standin(ns, pod, "misbehave", "slow", "2")
    end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 5))
    ns.secret(TOKEN_SECRET, token=mint("late", end))
    wait_for("the call", lambda: count(ns, pod, REGISTER) == before + 1)
    ns.wait_fleet(name, False, "expired")
    check("lastRegistrationTime" not in ns.fleet(name), f"it counted as registered: {ns.fleet(name)}")
    check(registered_events(ns) == told, "an event of success")
    standin(ns, pod, "misbehave", "none")
    ns.replace_secret(TOKEN_SECRET, token=mint("late"))
    ns.wait_fleet(name, True)


def test_procedure_missing(ns, name):
    """D1 D4: a server that is Ready without the procedures is not called; when they appear it is."""
    pod = f"{name}-0"
    begin(ns, name)
    before = count(ns, pod, REGISTER)
    standin(ns, pod, "misbehave", "procedures-missing")
    ns.secret(TOKEN_SECRET, token=mint("procedures"))
    expect_failure(ns, name, "procedures")
    check(count(ns, pod, REGISTER) == before, "a call without the procedure")
    standin(ns, pod, "misbehave", "none")
    ns.wait_fleet(name, True)
    check(count(ns, pod, REGISTER) == before + 1, "not exactly one call")


def test_error_row(ns, name):
    """D3 D4: an answer whose row tells an error is no success, and is tried again until it is one."""
    pod = f"{name}-0"
    begin(ns, name)
    before, told = count(ns, pod, REGISTER), registered_events(ns)
    standin(ns, pod, "misbehave", "error-row")
    ns.secret(TOKEN_SECRET, token=mint("row"))
    expect_failure(ns, name, "refused the token", "An error occurred")
    check(registered_events(ns) == told, "an error row counted as success")
    check(count(ns, pod, REGISTER) > before, "no call")
    standin(ns, pod, "misbehave", "none")
    ns.wait_fleet(name, True)


def test_dropped_after_registering(ns, name):
    """D2 D3 D7: the token is stored and the answer is lost: what the server has decides then, and nothing is called again."""
    pod = f"{name}-0"
    begin(ns, name)
    before, told = count(ns, pod, REGISTER), registered_events(ns)
    standin(ns, pod, "misbehave", "register-then-drop")
    ns.secret(TOKEN_SECRET, token=mint("drop"))
    ns.wait_fleet(name, True)
    check(count(ns, pod, REGISTER) == before + 1, "a registered server was called again")
    standin(ns, pod, "misbehave", "none")
    wait_for("one event", lambda: registered_events(ns) == told + 1)
    poke(ns, name, 3)
    check(count(ns, pod, REGISTER) == before + 1, "a registered server was called again")


def given_latched(ns):
    """The page's standalone on the stand-in, registered."""
    ns.secret(TOKEN_SECRET, token=mint("latched"))
    start(ns, "my-standalone")
    ns.wait_fleet("my-standalone", True)
    return "my-standalone"


def registered_for(ns, name, project_name):
    """Registers with a token of this project; returns how often the server was called until now."""
    ns.replace_secret(TOKEN_SECRET, token=mint(project_name))
    before = count(ns, f"{name}-0", REGISTER)
    ns.status_patch(name, {"auraFleetManagement": {"registered": False}})
    wait_for("the call", lambda: count(ns, f"{name}-0", REGISTER) == before + 1)
    ns.wait_fleet(name, True)
    return before + 1


def test_secret_deleted_after_registration(ns, name):
    """D5: without its Secret a registered deployment stays registered."""
    before, failed = count(ns, f"{name}-0", REGISTER), len(failed_events(ns))
    ns.kubectl("delete", "secret", TOKEN_SECRET, "--ignore-not-found")
    poke(ns, name, 2)
    check(ns.fleet(name)["registered"] is True and len(failed_events(ns)) == failed, f"deleted Secret: {ns.fleet(name)}")
    check(count(ns, f"{name}-0", REGISTER) == before, "a call that nobody asked for")


def test_secret_replaced_after_registration(ns, name):
    """D5: whatever the Secret holds later, no call is made."""
    before, failed = count(ns, f"{name}-0", REGISTER), len(failed_events(ns))
    ns.replace_secret(TOKEN_SECRET, token=mint("replaced-2"))
    poke(ns, name)
    ns.replace_secret(TOKEN_SECRET, token="garbage")
    poke(ns, name)
    check(ns.fleet(name)["registered"] is True and len(failed_events(ns)) == failed, f"replaced Secret: {ns.fleet(name)}")
    check(count(ns, f"{name}-0", REGISTER) == before, "a call that nobody asked for")
    check(not FleetService().deployments(project("replaced-2")), "a token in between was used")


def test_replaced_and_forced(ns, name):
    """D5: the page's patch makes one call with the new token, within a second; lastRegistrationTime follows."""
    pod, before = f"{name}-0", count(ns, f"{name}-0", REGISTER)
    ns.replace_secret(TOKEN_SECRET, token=mint("replaced-3"))
    last = ns.fleet(name)["lastRegistrationTime"]
    wait_for("another second", lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) > last)
    ns.shell(of_standalone(Page().shell('{"registered":false}')))
    patched = time.monotonic()
    wait_for("the one call", lambda: count(ns, pod, REGISTER) == before + 1)
    took = time.monotonic() - patched
    print(f"       called {took:.1f} s after the patch", flush=True)
    # The server writes its counts once a second, and the machine may be busy.
    check(took < 30, f"the call came {took:.1f} s after the patch")
    ns.wait_fleet(name, True)
    wait_for("a new time", lambda: ns.fleet(name)["lastRegistrationTime"] > last)
    wait_for("the new token at the service", lambda: FleetService().deployments(project("replaced-3")))
    poke(ns, name, 3)
    check(count(ns, pod, REGISTER) == before + 1, "more calls than patches")


def test_status_by_hand(ns, name):
    """D5 B7 E2: of the status only registered is an input; whatever else is edited is put right, without a call."""
    pod, times = f"{name}-0", registered_for(ns, name, "edited")
    wait_condition(ns, name, "FleetConnected", "True")
    ns.status_patch(name, {"phase": "Failed", "message": "by hand", "conditions": []})
    ns.wait_phase(name, "Ready")
    wait_condition(ns, name, "FleetRegistered", "True")
    wait_condition(ns, name, "Ready", "True")
    ns.status_patch(name, {"auraFleetManagement": {"lastRegistrationTime": "2001-01-01T00:00:00Z", "message": "by hand"}})
    ns.wait_fleet(name, True, "Registered with Aura Fleet Management")
    theirs = {"type": "Theirs", "status": "True", "reason": "r", "message": "", "lastTransitionTime": "2001-01-01T00:00:00Z"}
    ns.status_patch(name, {"conditions": [theirs]})
    wait_condition(ns, name, "Ready", "True")
    check(condition(ns, name, "Theirs").get("status") == "True", "a condition of somebody else was taken away")
    check(count(ns, pod, REGISTER) == times, "an edited status led to a call")
    # Without a trace of a registration, what the server has decides: it is connected, so nothing is called.
    ns.status_patch(name, {"auraFleetManagement": None})
    ns.wait_fleet(name, True, "Registered with Aura Fleet Management")
    ns.kubectl("patch", "n4js", name, "--type=merge", "--subresource=status", "-p", '{"status":null}')
    ns.wait_fleet(name, True, "Registered with Aura Fleet Management")
    ns.wait_phase(name, "Ready")
    check(count(ns, pod, REGISTER) == times, "a lost status led to a call")


def uids(ns, name):
    return {kind: (ns.get(kind, child) or {}).get("metadata", {}).get("uid") for kind, child in (
        ("statefulset", name), ("service", f"{name}-headless"), ("configmap", f"{name}-config"), ("serviceaccount", name))}


def test_children_edited(ns, name):
    """B2 E2: children that are edited are put back, and no pod is replaced over that."""
    pod = f"{name}-0"
    first = ns.get("pod", pod)["metadata"]["uid"]
    ns.kubectl("scale", "statefulset", name, "--replicas=2")
    wait_for("one replica", lambda: ns.get("statefulset", name)["spec"]["replicas"] == 1)
    # Without -c it would be set on the init container, too, where it is somebody else's and stays.
    ns.kubectl("set", "env", f"statefulset/{name}", "-c", "neo4j", "NEO4J_ACCEPT_LICENSE_AGREEMENT=no")
    wait_for("the licence put back", lambda: "yes" in [
        item.get("value") for item in ns.get("statefulset", name)["spec"]["template"]["spec"]["containers"][0]["env"]
        if item["name"] == "NEO4J_ACCEPT_LICENSE_AGREEMENT"])
    ns.kubectl("label", "service", f"{name}-headless", "app.kubernetes.io/managed-by-")
    wait_for("the label put back", lambda: ns.get("service", f"{name}-headless")["metadata"]["labels"].get(
        "app.kubernetes.io/managed-by") == "neofleet")
    ns.wait_phase(name, "Ready")
    check(ns.get("pod", pod)["metadata"]["uid"] == first, "the pod was replaced over edits that were put back")


def test_children_deleted(ns, name):
    """B2 D7 E2: children that are deleted are made again; the registration stands."""
    pod, times = f"{name}-0", count(ns, f"{name}-0", REGISTER)
    first = ns.get("pod", pod)["metadata"]["uid"]
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
    check(count(ns, pod, REGISTER) == times, "deleted children led to a call")
    children(ns, name)


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


def given_password(ns):
    """A server that is Ready, with the right password and without Fleet Manager."""
    start(ns, "password", auraFleetManagement={"enabled": False})
    check(not condition(ns, "password", "CredentialsRefused"), "a condition without a cause")
    return "password"


def test_password_refused(ns, name):
    """B5 D1 D4: a refused password shows in phase Ready, whoever asks there is one login a minute, and it heals by itself."""
    pod = f"{name}-0"
    SECRETS.append("another-password-8")
    ns.secret(ADMIN_SECRET, password="another-password-8")
    wait_condition(ns, name, "CredentialsRefused", "True", "refused user 'neo4j'", "ALTER USER")
    status = ns.status(name)
    check(status["phase"] == "Ready" and "ALTER USER" in status["message"], f"{status}")
    one_event(ns, "CredentialsRefused")
    refused, began = wait_for("the login on record", lambda: count(ns, pod, "login refused")), time.monotonic()
    ns.secret(TOKEN_SECRET, token=mint("password"))
    ns.standalone(name, image=STANDIN)
    expect_failure(ns, name, "refused user 'neo4j'", "ALTER USER")
    poke(ns, name, 5)
    ns.replace_secret(TOKEN_SECRET, token=mint("password"))
    poke(ns, name, 5)
    at_most = refused + 1 + int((time.monotonic() - began) / 60)
    check(count(ns, pod, "login refused") <= at_most, "more than one login a minute")
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.wait_fleet(name, True)
    wait_condition(ns, name, "CredentialsRefused", "False")
    check("ALTER USER" not in ns.status(name)["message"], f"{ns.status(name)}")


def test_admin_secret_deleted(ns, name):
    """B5 B7: a Secret that is gone is told, and moves no phase of a server that runs."""
    ns.kubectl("delete", "secret", ADMIN_SECRET)
    wait_condition(ns, name, "CredentialsRefused", "True", f"Secret '{ADMIN_SECRET}' not found")
    check(ns.status(name)["phase"] == "Ready", "a missing Secret moved the phase of a server that runs")
    # What is asked for meanwhile is not carried out, and the status does not say that it was.
    patch = ["patch", "neo4jenterprisestandalone", name, "--type=merge", "-p"]
    before, observed = passes(ns, name), ns.status(name)["observedGeneration"]
    ns.kubectl(*patch, json.dumps({"spec": {"config": {"db.transaction.timeout": "58s"}}}))
    wait_for("another pass", lambda: passes(ns, name) > before)
    check(ns.status(name)["observedGeneration"] == observed, f"{ns.status(name)}")
    wait_condition(ns, name, "Ready", "False", "The last change of the spec waits")
    ns.kubectl(*patch, json.dumps({"spec": {"config": None}}))
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    wait_condition(ns, name, "CredentialsRefused", "False")
    wait_for("the newest generation", lambda: ns.status(name)["observedGeneration"] == observed + 2)


def test_password_cured_in_neo4j(ns, name):
    """B5: when the server takes the password again nothing tells the operator; it finds out within a minute."""
    standin(ns, f"{name}-0", "misbehave", "refuse-login")
    ns.replace_secret(ADMIN_SECRET, password=PASSWORD)
    wait_condition(ns, name, "CredentialsRefused", "True", "ALTER USER")
    standin(ns, f"{name}-0", "misbehave", "refuse-login", "off")
    wait_condition(ns, name, "CredentialsRefused", "False")


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


TOKENS = Group(given_tokens, test_secret_in_another_namespace, test_token_empty, test_token_not_base64, test_token_lacks_members,
               test_token_in_white_space, test_token_expires_meanwhile, test_procedure_missing, test_error_row,
               test_dropped_after_registering)
LATCHED = Group(given_latched, test_secret_deleted_after_registration, test_secret_replaced_after_registration,
                test_replaced_and_forced, test_status_by_hand, test_children_edited, test_children_deleted)
PASSWORDS = Group(given_password, test_password_refused, test_admin_secret_deleted, test_password_cured_in_neo4j)
TESTS = [TOKENS, LATCHED, test_token_first, PASSWORDS, test_settled]
