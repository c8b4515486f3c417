# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Deployments that the operator makes in Aura by itself, on the real Neo4j with its real Fleet Manager. The service is the stand-in."""
import base64
import io
import json
import subprocess
import tarfile
import urllib.request

from harness import ADMIN_SECRET, PASSWORD, ROOT, START_LIMIT, FleetService, LocalOperator, check, run, wait_for
from plugins import condition
from query import PROGRAM
from registration import wait_condition
from scenario import Group, on_real_server, restarts_operator
from standalone import RUN, SECRETS, project

CLIENT_SECRET = f"the-client-secret-{RUN}"


def aura():
    return FleetService().env["FLEET_SERVER"]


def admin(path, body=None):
    request = urllib.request.Request(f"{aura()}/admin/aura/{path}", data=None if body is None else json.dumps(body).encode(),
                                     method="GET" if body is None else "POST")
    with urllib.request.urlopen(request, timeout=30) as answer:
        text = answer.read()
    return json.loads(text) if text.strip() else None


def made(name):
    """The deployments in the project, as the service has them."""
    return [item for item in admin("deployments") if item["project"] == project(name)]


def prepare_operator(ns):
    """With the rights that are an option, and the stand-in's address."""
    if isinstance(ns.operator, LocalOperator):
        if "--aura-url" not in ns.operator.command:
            ns.operator.command += ["--aura-url", aura()]
            ns.operator.restart()
        return
    if run(["kubectl", "get", "clusterrole", "neofleet-provision"], ok=False).returncode:
        run(["kubectl", "apply", "--server-side", "-f", str(ROOT / "deploy/provision.yaml")])
    found = json.loads(run(["kubectl", "get", "deployment", "neofleet", "-n", "neofleet-system", "-o", "json"]).stdout)
    flag = f"--aura-url={aura()}"
    if flag not in found["spec"]["template"]["spec"]["containers"][0]["args"]:
        ns.operator.logs()
        run(["kubectl", "patch", "deployment", "neofleet", "-n", "neofleet-system", "--type=json", "-p",
             json.dumps([{"op": "add", "path": "/spec/template/spec/containers/0/args/-", "value": flag}])])
    ns.operator.wait()


def token_of(ns, name):
    secret = ns.get("secret", f"{name}-fleet-token")
    check(secret, "there is no Secret with the token")
    check([owner["name"] for owner in secret["metadata"]["ownerReferences"]] == [name], f"owners: {secret['metadata']}")
    token = base64.b64decode(secret["data"]["token"]).decode()
    SECRETS.extend([token, json.loads(base64.b64decode(token))["private_key"]])
    return token


@restarts_operator
@on_real_server
def given_made(ns):
    """A real server, registered with a deployment that the operator has made in Aura."""
    SECRETS.append(CLIENT_SECRET)
    prepare_operator(ns)
    admin("clients", {"id": "made", "secret": CLIENT_SECRET, "organization": "o-made", "project": project("made"), "quota": 1})
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret("aura-api", CLIENT_ID="made", CLIENT_SECRET=CLIENT_SECRET)
    ns.standalone("made", auraFleetManagement={"enabled": True, "provision": {
        "credentialsSecretRef": {"name": "aura-api"}, "organizationId": "o-made", "projectId": project("made"),
        "deploymentName": "Made here", "deletionPolicy": "Delete"}})
    ns.wait_fleet("made", True, "Registered with Aura Fleet Management", limit=START_LIMIT)
    return "made"


def test_made_in_aura(ns, name):
    """F4 D3 F5: from nothing to registered: one deployment in Aura, one live token, the real server connects with it, and the status lists its databases."""
    found = made(name)
    check([(item["name"], item["live_tokens"], len(item["kids"])) for item in found] == [("Made here", 1, 1)], f"{found}")
    check(found[0]["connection_url"] == f"neo4j://made-client.{ns.name}.svc.cluster.local:7687", f"{found}")
    wait_condition(ns, name, "FleetConnected", "True")
    check(json.loads(base64.b64decode(token_of(ns, name)))["kid"] == found[0]["kids"][-1], "the Secret has another token")
    check(not ns.events("AuraFleetManagementFailed"), f"{ns.events('AuraFleetManagementFailed')}")
    wait_for("its databases in the status", lambda: [(item["name"], item["currentStatus"]) for item in ns.get("n4js", name)["status"].get("databases", [])]
             == [("neo4j", "online"), ("system", "online")])


def test_another_token_by_patch(ns, name):
    """F4 D5: registered patched to false has another token made, in the same deployment; the server connects with that."""
    first, before = token_of(ns, name), ns.fleet(name)["lastRegistrationTime"]
    ns.status_patch(name, {"auraFleetManagement": {"registered": False}})
    wait_for("a new registration", lambda: ns.fleet(name).get("registered") and ns.fleet(name)["lastRegistrationTime"] > before)
    found = made(name)
    check([(item["name"], item["live_tokens"], len(item["kids"])) for item in found] == [("Made here", 1, 2)], f"{found}")
    check(token_of(ns, name) != first, "the Secret has the former token")
    wait_condition(ns, name, "FleetConnected", "True")
    check(condition(ns, name, "FleetRegistered")["reason"] == "Registered", f"{condition(ns, name, 'FleetRegistered')}")


def told(ns):
    """Whatever the operator and kubectl neofleet have said, by where."""
    for kind in ("events", "n4js", "statefulsets", "pods", "configmaps", "services", "serviceaccounts"):
        yield kind, json.dumps(ns.get(kind))
    yield "the operator's log", ns.operator.logs()
    yield "metrics", ns.operator.metrics()
    yield "the server's log", ns.kubectl("logs", "made-0", "-c", "neo4j")
    for command in (["status"], ["status", "-o", "json"], ["doctor"], ["render", "made"]):
        done = subprocess.run([PROGRAM, *command, "-n", ns.name], env=ns.env, capture_output=True, text=True, check=False)
        yield " ".join(command), done.stdout + done.stderr
    done = subprocess.run([PROGRAM, "report", "-n", ns.name, "-f", "-"], env=ns.env, capture_output=True, check=False)
    check(done.returncode == 0, f"no report: {done.stderr.decode()}")
    with tarfile.open(fileobj=io.BytesIO(done.stdout)) as report:
        for member in report.getmembers():
            if member.isfile():
                yield f"{member.name} of the report", report.extractfile(member).read().decode(errors="replace")


def test_secrets_of_aura(ns, name):
    """F4 D8: client secret, bearer and tokens stand nowhere, byte for byte and in base64, also when the service repeats them in its failures."""
    first, before = token_of(ns, name), ns.fleet(name)["lastRegistrationTime"]
    bearers = admin("bearers")
    check(bearers, "there is no bearer to look for")
    admin("faults", {"method": "PATCH", "suffix": "/token", "kind": "status", "status": 400, "times": 1,
                     "body": json.dumps({"message": f"you sent {CLIENT_SECRET} and {' '.join(bearers)}", "reason": "repeated"})})
    ns.status_patch(name, {"auraFleetManagement": {"registered": False}})
    wait_for("a failure that is told, and a registration after it",
             lambda: ns.events("AuraFleetManagementFailed") and ns.fleet(name).get("registered") and ns.fleet(name)["lastRegistrationTime"] > before)
    secrets = [CLIENT_SECRET, *bearers, *admin("bearers"), first, token_of(ns, name)]
    forms = secrets + [base64.b64encode(secret.encode()).decode() for secret in secrets]
    forms += [base64.b64encode(f"made:{CLIENT_SECRET}".encode()).decode()]
    found = dict(told(ns))
    for place, text in found.items():
        for form in forms:
            check(form not in text, f"a secret stands in {place}")
    check("neofleet_aura_requests_total" in found["metrics"] and "Made here" in found["n4js"], "too little to search")
    check("AuraFleetManagementFailed" in found["events"] and any("report" in place for place in found), f"too little to search: {list(found)}")


def test_deleted_in_aura(ns, name):
    """F4: with deletionPolicy Delete the deployment in Aura goes with the resource, and its Secret, too."""
    check(ns.get("n4js", name)["metadata"]["finalizers"] == ["neofleet.neo4j.com/fleet-deployment"], "the finalizer is missing")
    ns.kubectl("delete", "n4js", name, "--wait=false")
    wait_for("the end of the resource", lambda: ns.get("n4js", name) is None)
    check(made(name) == [], f"{made(name)}")
    check(len(ns.events("FleetDeploymentDeleted")) == 1, f"{ns.events('FleetDeploymentDeleted')}")
    wait_for("the end of the Secret", lambda: ns.get("secret", f"{name}-fleet-token") is None)


MADE = Group(given_made, test_made_in_aura, test_another_token_by_patch, test_secrets_of_aura, test_deleted_in_aura)
TESTS = [MADE]
