# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""A fleet for the page, on a real API server: deployments in many states, with StatefulSets, pods, volumes, plugins, tokens and events. No operator runs, so
what each status says is written here, in the operator's own words."""
import base64
import datetime
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "bench"))

from measure import Api  # noqa: E402

GROUP = "/apis/neo4j.neo4j.com/v1alpha1/namespaces/{}/{}"
PLURALS = {"Neo4jEnterpriseCluster": "neo4jenterpriseclusters", "Neo4jEnterpriseStandalone": "neo4jenterprisestandalones"}
IMAGE = "2025.12.1-enterprise"
PROJECTS = {"shop": "7c2e1f0a-shop", "search": "b41d9c77-search", "research": "0e6a53d2-research"}


def at(days=0, hours=0, minutes=0):
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=days, hours=hours, minutes=minutes)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def project_of(namespace):
    return PROJECTS.get(namespace, f"project-{namespace}")


def token(project, days):
    text = json.dumps({"project_id": project, "private_key": "k" * 64, "kid": "1", "expiry_time": at(days)})
    return base64.b64encode(text.encode()).decode()


def condition(kind, status, reason, message="", **since):
    return {"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": at(**(since or {"days": -3})), "observedGeneration": 1}


REGISTERED = "Registered with Aura Fleet Management"


def ready(**since):
    return [condition("Ready", "True", "Ready", "All servers are ready", **(since or {"days": -9}))]


def fleet(registered, reason, message, connected=None, expires=None, **since):
    """The conditions and the block of a registration."""
    found = [condition("FleetRegistered", "True" if registered else "False", reason, message, **since)]
    if connected:
        status, word, text = connected
        found.append(condition("FleetConnected", status, word, text, **since))
    block = {"registered": registered, "message": message}
    if registered:
        block["lastRegistrationTime"] = at(days=-60)
    return found, block


CONNECTED = ("True", "Connected", "All servers talk to Aura")
STATES = {
    "fine": {"phase": "Ready", "conditions": ready(), "fleet": fleet(True, "Registered", REGISTERED, CONNECTED)},
    "bare": {"phase": "Ready", "conditions": ready()},
    "expiring": {"phase": "Ready", "conditions": [*ready(), condition("FleetTokenExpiring", "True", "ExpiresSoon", "The token that the servers hold expires soon", hours=-3)],
                 "token_days": 12, "fleet": fleet(True, "Registered", REGISTERED, CONNECTED)},
    "rolling": {"phase": "Updating", "message": "1 of 3 servers replaced; @-server-1 is being replaced", "updated": 1, "ready": 2, "newest": 1,
                "conditions": [condition("Ready", "False", "Updating", "1 of 3 servers replaced; @-server-1 is being replaced", minutes=-4)],
                "fleet": fleet(True, "Registered", REGISTERED, CONNECTED)},
    "degraded": {"phase": "Degraded", "ready": 2, "fails": 2,
                 "message": "2 of 3 servers ready; @-server-2: CrashLoopBackOff: back-off 5m0s restarting failed container",
                 "conditions": [condition("Ready", "False", "ServerFails", "@-server-2 ended with exit code 1: Invalid value for server.memory.heap.max_size", minutes=-42)],
                 "fleet": fleet(True, "Registered", REGISTERED, ("False", "NotConnected", "@-server-2 is not connected"), minutes=-40)},
    "expired": {"phase": "Ready", "conditions": ready(), "token_days": -3, "fleet": fleet(
        False, "TokenExpired", f"The token in Secret 'aura-fleet-token-expired' expired on {at(-3)}; make a new one in the Aura console and put it there", hours=-5)},
    "deferred": {"phase": "Ready", "conditions": ready(minutes=-20), "no_token": True, "fleet": fleet(
        False, "TokenDeferred", "Plugin installed; registration deferred until tokenSecretRef is set", minutes=-20)},
    "refused": {"phase": "Ready", "conditions": ready(), "fleet": fleet(
        False, "TokenRefused", "The server refused the token: Invalid registration token; make a new one in the Aura console", hours=-2)},
    "waiting": {"phase": "Forming", "ready": 1, "message": "1 of 3 servers ready", "conditions": [condition("Ready", "False", "ServersNotReady", "1 of 3 servers ready", minutes=-1)],
                "fleet": fleet(False, "WaitingForReady", "Waiting for phase Ready: 1 of 3 servers ready", minutes=-1)},
    "unconnected": {"phase": "Ready", "conditions": ready(), "fleet": fleet(True, "Registered", REGISTERED, (
        "False", "NotConnected", "@-0: the connection to Aura was refused: no route to host"), minutes=-18)},
    "invalid": {"phase": "Failed", "ready": 0, "message": "spec.config: server.memory.heap.max_size '4q' is no size; write one such as 4g",
                "conditions": [condition("Ready", "False", "InvalidSpec", "spec.config: server.memory.heap.max_size '4q' is no size; write one such as 4g", minutes=-7),
                               condition("Stalled", "True", "InvalidSpec", "It goes on when the spec is changed", minutes=-7)]},
}


def registered(state):
    return "fleet" in STATES[state] and STATES[state]["fleet"][1]["registered"]


def connected(state):
    return any(item["type"] == "FleetConnected" and item["status"] == "True" for item in STATES[state].get("fleet", [[]])[0])


class World:
    def __init__(self, api):
        self.api = api

    def put(self, path, body):
        status, answer = self.api.tell("POST", path, body)
        if status >= 300:
            raise RuntimeError(f"POST {path}: {status} {answer.get('message', '')[:300]}")
        return answer

    def namespace(self, name):
        self.put("/api/v1/namespaces", {"metadata": {"name": name}})
        project = project_of(name)
        for secret, days in (("aura-fleet-token", 200), ("aura-fleet-token-soon", 12), ("aura-fleet-token-expired", -3)):
            self.put(f"/api/v1/namespaces/{name}/secrets", {"metadata": {"name": secret}, "stringData": {"token": token(project, days)}})

    def spec(self, cluster, state):
        spec = {"image": {"repo": "neo4j", "tag": IMAGE}, "storage": {"size": "10Gi", "className": "fast"}, "auth": {"adminSecret": "neo4j-admin-secret"}}
        if cluster:
            spec["topology"] = {"servers": 3}
        if "fleet" in state:
            spec["auraFleetManagement"] = {"enabled": True}
            if "no_token" not in state:
                days = state.get("token_days", 200)
                secret = "aura-fleet-token" + ("-expired" if days < 0 else "-soon" if days < 30 else "")
                spec["auraFleetManagement"]["tokenSecretRef"] = {"name": secret}
        return spec

    def status(self, namespace, name, state):
        status = {"phase": state["phase"], "message": state.get("message", ""), "conditions": list(state["conditions"]), "version": IMAGE.split("-", maxsplit=1)[0]}
        if "fleet" in state:
            conditions, block = state["fleet"]
            status["conditions"] += conditions
            status["auraFleetManagement"] = block
            if block["registered"]:
                status |= {"fleetTokenExpires": at(state.get("token_days", 200)), "fleetProject": project_of(namespace)}
        return json.loads(json.dumps(status).replace("@", name))

    def set_status(self, namespace, kind, name, status):
        code, answer = self.api.tell("PATCH", f"{GROUP.format(namespace, PLURALS[kind])}/{name}/status", {"status": status}, "application/merge-patch+json")
        if code >= 300:
            raise RuntimeError(f"the status of {name}: {code} {answer.get('message', '')[:300]}")

    def deployment(self, namespace, name, kind, state_name):
        """With its StatefulSet, for which the real controller makes pods, that only seem to run."""
        state, cluster = STATES[state_name], kind == "Neo4jEnterpriseCluster"
        made = self.put(GROUP.format(namespace, PLURALS[kind]), {"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": kind,
                        "metadata": {"name": name}, "spec": self.spec(cluster, state)})
        self.set_status(namespace, kind, name, self.status(namespace, name, state))
        if state.get("ready") != 0:
            self.workload(namespace, name, kind, made["metadata"]["uid"], state)

    def labels(self, name, kind):
        return {"app.kubernetes.io/name": "neo4j", "app.kubernetes.io/instance": name,
                "app.kubernetes.io/component": "cluster" if kind == "Neo4jEnterpriseCluster" else "standalone"}

    def workload(self, namespace, name, kind, uid, state):
        cluster = kind == "Neo4jEnterpriseCluster"
        workload, labels = f"{name}-server" if cluster else name, self.labels(name, kind)
        owner = {"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": kind, "name": name, "uid": uid, "controller": True}
        held = {"neofleet.test/hold": "yes"} if state["phase"] == "Forming" else {}
        self.put(f"/apis/apps/v1/namespaces/{namespace}/statefulsets", {
            "metadata": {"name": workload, "labels": labels | {"app.kubernetes.io/managed-by": "neofleet"}, "ownerReferences": [owner]},
            "spec": {"replicas": 3 if cluster else 1, "serviceName": f"{name}-headless", "selector": {"matchLabels": labels},
                     "updateStrategy": {"type": "OnDelete"}, "podManagementPolicy": "Parallel",
                     "template": {"metadata": {"labels": labels, "annotations": held},
                                  "spec": {"containers": [{"name": "neo4j", "image": f"neo4j:{IMAGE}"}]}}}})

    def pods(self, namespace, name):
        return self.api.items(f"/api/v1/namespaces/{namespace}/pods", labelSelector=f"app.kubernetes.io/instance={name}")

    def roll(self, namespace, name):
        """A newer template, which one server has, and is not ready with."""
        workload = f"/apis/apps/v1/namespaces/{namespace}/statefulsets/{name}-server"
        self.api.tell("PATCH", workload, {"spec": {"template": {"metadata": {"annotations": {"neofleet.test/hold": "yes"}}}}}, "application/merge-patch+json")
        self.api.tell("DELETE", f"/api/v1/namespaces/{namespace}/pods/{name}-server-1")

    def break_pod(self, namespace, pod):
        """Its container ends again and again."""
        ended = {"exitCode": 1, "reason": "Error", "message": "Invalid value for server.memory.heap.max_size", "startedAt": at(minutes=-6), "finishedAt": at(minutes=-5)}
        self.api.tell("PATCH", f"/api/v1/namespaces/{namespace}/pods/{pod}/status", {"status": {
            "conditions": [{"type": "Ready", "status": "False", "reason": "ContainersNotReady", "lastTransitionTime": at(minutes=-5)}],
            "containerStatuses": [{"name": "neo4j", "image": f"neo4j:{IMAGE}", "imageID": "", "ready": False, "started": False, "restartCount": 7,
                                   "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting failed container"}},
                                   "lastState": {"terminated": ended}}]}}, "application/strategic-merge-patch+json")

    def plugin(self, namespace, resource, name, target, phase, message):
        path = GROUP.format(namespace, "neo4jplugins")
        self.put(path, {"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jPlugin", "metadata": {"name": resource}, "spec": {"name": name, "clusterRef": target}})
        self.api.tell("PATCH", f"{path}/{resource}/status", {"status": {"phase": phase, "message": message}}, "application/merge-patch+json")

    def event(self, namespace, kind, name, **what):
        self.put(f"/api/v1/namespaces/{namespace}/events", {
            "metadata": {"generateName": f"{name}."}, "involvedObject": {"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": kind, "namespace": namespace, "name": name},
            "source": {"component": "neofleet"}, "firstTimestamp": what["time"], "lastTimestamp": what["time"], "count": what.get("count", 1),
            "type": what.get("type", "Normal"), "reason": what["reason"], "message": what["message"]})


CLUSTER, STANDALONE = PLURALS
FLEET = [
    ("shop", "orders", CLUSTER, "rolling"), ("shop", "carts", STANDALONE, "fine"), ("shop", "catalogue", CLUSTER, "fine"), ("shop", "mail", STANDALONE, "expired"),
    ("shop", "later", STANDALONE, "deferred"), ("shop", "payments", CLUSTER, "fine"), ("search", "suggestions", CLUSTER, "degraded"),
    ("search", "index", CLUSTER, "fine"), ("search", "entities", STANDALONE, "refused"), ("search", "ranking", CLUSTER, "fine"),
    ("search", "spelling", STANDALONE, "fine"), ("research", "genes", CLUSTER, "waiting"), ("research", "proteins", STANDALONE, "fine"),
    ("research", "papers", STANDALONE, "unconnected"), ("research", "trials", STANDALONE, "fine"), ("research", "sandbox", STANDALONE, "bare"),
    ("research", "old-papers", STANDALONE, "invalid"), ("research", "models", CLUSTER, "fine"), ("shop", "stock", STANDALONE, "expiring"),
    ("shop", "wishes", STANDALONE, "fine"),
]


def populate(world):
    for namespace in dict.fromkeys(item[0] for item in FLEET):
        world.namespace(namespace)
    for item in FLEET:
        world.deployment(*item)
    world.plugin("shop", "apoc", "apoc", "orders", "Ready", "")
    world.plugin("shop", "graph", "graph-data-science", "orders", "Installing", "the pods are being replaced")
    world.event("shop", CLUSTER, "orders", time=at(minutes=-4), reason="RollStopped", type="Warning", count=3, message="orders-server-1 does not come back: it is not ready")
    world.event("shop", CLUSTER, "orders", time=at(minutes=-30), reason="AuraFleetManagementRegistered", message=REGISTERED)
    world.event("shop", CLUSTER, "orders", time=at(minutes=-31), reason="", message="Somebody wrote this by hand")
    world.event("search", CLUSTER, "suggestions", time=at(minutes=-42), reason="ServerFails", type="Warning", count=7,
                message="suggestions-server-2 ended with exit code 1: Invalid value for server.memory.heap.max_size")
    world.event("shop", STANDALONE, "mail", time=at(minutes=-50), reason="AuraFleetManagementFailed", type="Warning", count=12, message="The token has expired")


def unsettle(world):
    """Once the pods are there: a roll under way, and a server that fails."""
    world.roll("shop", "orders")
    world.break_pod("search", "suggestions-server-2")


def settled(world):
    """Whether the controller has made the pods, and all are ready that will be."""
    pods = world.api.items("/api/v1/pods")
    held = sum("neofleet.test/hold" in pod["metadata"].get("annotations", {}) for pod in pods)
    wanted = sum(3 if kind == CLUSTER else 1 for _, _, kind, state in FLEET if STATES[state].get("ready") != 0)
    ready_pods = sum(any(item["type"] == "Ready" and item["status"] == "True" for item in pod["status"].get("conditions", [])) for pod in pods)
    return len(pods) == wanted and ready_pods == wanted - held


def crowd(world, n, namespaces=20):
    """Many that are well, each with a StatefulSet as the operator makes it, but without pods."""
    golden = json.loads((ROOT / "test/golden/cluster-2026.05/objects.json").read_text(encoding="utf-8"))
    workload = json.dumps(next(item for item in golden if item["kind"] == "StatefulSet") | {"status": {}})
    for number in range(namespaces):
        world.namespace(f"team-{number:02}")
    for number in range(n):
        namespace, name = f"team-{number % namespaces:02}", f"graph-{number:04}"
        made = world.put(GROUP.format(namespace, PLURALS[CLUSTER]), {"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": CLUSTER, "metadata": {"name": name},
                                                                     "spec": world.spec(True, STATES["fine"])})
        world.set_status(namespace, CLUSTER, name, world.status(namespace, name, STATES["fine"]))
        own = json.loads(workload.replace("my-cluster", name).replace("11111111-2222-3333-4444-555555555555", made["metadata"]["uid"]))
        own["metadata"].pop("namespace", None)
        own["spec"]["replicas"] = 0
        world.put(f"/apis/apps/v1/namespaces/{namespace}/statefulsets", own)
