#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What test/namespaced/run does inside the cluster's network."""
import argparse
import base64
import json
import os
import pathlib
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "bench"))

from measure import SERVER, TOKEN, Api  # noqa: E402

TEAMS, HOME = ("team-a", "team-b"), "neofleet-system"
OURS = "/apis/neo4j.neo4j.com/v1alpha1/namespaces/{}/neo4jenterprisestandalones"
SETS = "/apis/apps/v1/namespaces/{}/statefulsets"
LEASES = f"/apis/coordination.k8s.io/v1/namespaces/{HOME}/leases"
LIMIT_S = 60
SPEC = {"image": {"repo": "neo4j", "tag": "2025.12.1-enterprise"}, "storage": {"size": "1Gi"}, "auth": {"adminSecret": "admin"}}
failures = []


def check(fine, what, detail=""):
    print(f"{'ok' if fine else 'not ok'} {what}", flush=True)
    if not fine:
        failures.append(what)
        print(f"    {detail}", flush=True)


def wait_for(what, probe):
    end = time.monotonic() + LIMIT_S
    while not (found := probe()):
        if time.monotonic() > end:
            check(False, what, f"not within {LIMIT_S} s")
            return None
        time.sleep(0.1)
    check(True, what)
    return found


def install(team):
    """As docs/install.md says; returns the arguments that its Deployment gives the operator."""
    text = subprocess.run([TOP / "deploy/namespaced", team], check=True, capture_output=True, text=True).stdout
    subprocess.run(["kubectl", "apply", "--server-side", "-f", "-"], input=text, check=True, text=True, stdout=subprocess.DEVNULL)
    deployment = json.loads(subprocess.run(["kubectl", "get", "deployment", "-n", HOME, f"neofleet-{team}", "-o", "json"], check=True, capture_output=True, text=True).stdout)
    return deployment["spec"]["template"]["spec"]["containers"][0]["args"]


class Operator:
    """The operator with the account that was installed for a team, and with no more rights."""

    def __init__(self, api, binary, cluster, team, arguments):
        self.team, self.binary = team, binary
        self.log = cluster / f"log/namespaced-{team}.log"
        account = f"/api/v1/namespaces/{HOME}/serviceaccounts/neofleet-{team}/token"
        token = api.call("POST", account, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})["status"]["token"]
        authority = base64.b64encode((cluster / "pki/ca.crt").read_bytes()).decode()
        self.config = cluster / f"namespaced-{team}.conf"
        self.config.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "c", "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u", "namespace": HOME}}],
            "clusters": [{"name": "c", "cluster": {"server": f"https://{SERVER}:6443", "certificate-authority-data": authority}}],
            "users": [{"name": "u", "user": {"token": token}}]}), encoding="utf-8")
        port = 18090 + 2 * TEAMS.index(team)
        self.command = [binary, "--kubeconfig", self.config, *arguments, "--log-level=debug", "--port", str(port), "--probe-port", str(port + 1)]
        self.environment = dict(os.environ, POD_NAME=f"operator-{team}", POD_UID=f"uid-{team}", POD_NAMESPACE=HOME)
        self.process = None

    def start(self):
        with open(self.log, "a", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command, stdout=log, stderr=log, env=self.environment)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
        self.process = None


def settings(api, team):
    status, item = api.tell("GET", f"/api/v1/namespaces/{team}/configmaps/{team}-graph-config")
    return item["data"]["neo4j.conf"] if status == 200 else ""


def ask_for(api, team, value):
    path = f"{OURS.format(team)}/{team}-graph"
    api.call("PATCH", path, {"spec": {"config": {"db.logs.query.threshold": value}}}, "application/merge-patch+json")


def main():
    options = argparse.ArgumentParser()
    for name in ("operator", "cluster"):
        options.add_argument("--" + name, type=pathlib.Path, required=True)
    arguments = options.parse_args()
    api, operators = Api(arguments.cluster), {}
    for team in TEAMS:
        api.namespace(team, {"admin": {"password": "the-password-of-the-test"}, "aura-fleet-token": {"token": TOKEN}})
    told = {team: install(team) for team in TEAMS}
    try:
        for team in TEAMS:
            operators[team] = Operator(api, arguments.operator, arguments.cluster, team, told[team])
            operators[team].start()
            api.call("POST", OURS.format(team), {"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jEnterpriseStandalone",
                                                 "metadata": {"name": f"{team}-graph"}, "spec": SPEC})
        for team in TEAMS:
            wait_for(f"{team}'s operator makes {team}'s deployment", lambda team=team: api.tell("GET", f"{SETS.format(team)}/{team}-graph")[0] == 200)
        leases = {item["metadata"]["name"]: item["spec"]["holderIdentity"] for item in api.items(LEASES)}
        check(all(team in leases.get(f"neofleet-{team}", "") for team in TEAMS), "each holds a Lease of its own", str(leases))
        operators["team-a"].stop()
        for team in TEAMS:
            ask_for(api, team, "7s")
        wait_for("team-b's operator goes on without team-a's", lambda: "threshold=7s" in settings(api, "team-b"))
        check("threshold=7s" not in settings(api, "team-a"), "and does nothing for team-a", settings(api, "team-a"))
        operators["team-a"].start()
        wait_for("team-a's operator goes on where it was", lambda: "threshold=7s" in settings(api, "team-a"))
        for team, other in (TEAMS, TEAMS[::-1]):
            log = operators[team].log.read_text(encoding="utf-8")
            check(f"key=standalone/{team}/" in log and f"/{other}/" not in log, f"{team}'s operator never looked at {other}", log[-500:])
            check("forbidden" not in log.lower(), f"{team}'s operator was refused nothing", log[-2000:])
    finally:
        for operator in operators.values():
            operator.stop()
        for team in TEAMS:
            api.tell("DELETE", f"/api/v1/namespaces/{team}")
    print(f"{len(failures)} failed" if failures else "all fine")
    return 1 if failures else 0


sys.exit(main())
