# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What people and tools see when something is wrong: a deployment for each situation, on the light stand-in. docs/situations.md is made of it."""
import json

from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, wait_for
from registration import STANDIN, start
from scenario import Chain
from servers import REPOSITORY, Cluster
from shape import beside, mount, server
from situation import every, situation
from standalone import mint

OFF = {"enabled": False}
NO_NODE = {"no": "such"}
HOST_PATH = {"spec": {"volumes": [{"name": "node", "hostPath": {"path": "/tmp"}}]}}
EXPIRED = "2020-01-01T00:00:00Z"
PATIENT = 900  # a wait that only a person ends is told as such after five minutes


def container(kind, name, script):
    return {"spec": {kind: [beside(name, script)]}}


# Without a probe the pod is ready, for a moment, each time that it is started.
READY_AT_TIMES = container("containers", "shipper", "exit 7")
NEVER_READY = container("containers", "shipper", "exit 7")
NEVER_READY["spec"]["containers"][0]["readinessProbe"] = {"exec": {"command": ["false"]}}


def limits(requests, most):
    return {"requests": {"memory": requests}, "limits": {"memory": most}}


# From the beginning: name -> (what is wrong, spec, parts of status.message); nothing goes on until somebody acts.
FLAWED = {
    "no-admin": ("the admin Secret is missing", {"auth": {"adminSecret": "none"}}, ("Secret 'none' not found", "create it")),
    "no-key": ("the admin Secret lacks the key", {"auth": {"adminSecret": "keyless"}}, ("Secret 'keyless'", "'password'")),
    "short": ("the admin password is too short", {"auth": {"adminSecret": "short"}}, ("shorter than 8", "choose another one")),
    "no-cert": ("the Secret of tls is missing", {"tls": {"certificateSecret": "none"}}, ("Secret 'none' not found",)),
    "bad-cert": ("the Secret of tls holds no certificate", {"tls": {"certificateSecret": "keyless"}}, ("Secret 'keyless' cannot be used", "tls.crt")),
    "no-tag": ("the image does not exist", {"image": {"repo": REPOSITORY, "tag": "5.26.99-enterprise"}}, ("no-tag-0: ", "ImagePull")),
    "old": ("the image is too old", {"image": {"repo": "neo4j", "tag": "5.25-enterprise"}}, ("spec.image.tag",)),
    "no-class": ("the storage class does not exist", {"storage": {"size": "1Gi", "className": "none"}}, ("no-class-0: not scheduled", "'none'")),
    "no-node": ("no node has the label that is asked for", {"nodeSelector": NO_NODE}, ("no-node-0: not scheduled", "node")),
    "no-room": ("no node has that much memory", {"resources": limits("900Gi", "900Gi")}, ("no-room-0: not scheduled", "Insufficient memory")),
    "request": ("more memory is requested than the limit", {"resources": limits("8Gi", "4Gi")}, ("must be less than or equal to memory limit",)),
    "policy": ("Pod Security forbids the pod", {"podTemplate": HOST_PATH}, ("policy-0 cannot be made", "PodSecurity", "give the namespace another one")),
    "sidecar": ("a container beside the server's ends again and again", {"podTemplate": NEVER_READY},
                ("sidecar-0: container shipper ended with exit code 7",)),
    "loop": ("a container beside the server's ends again and again, and is ready in between", {"podTemplate": READY_AT_TIMES},
             ("loop-0: container shipper ended with exit code 7",)),
    "init": ("an init container ends again and again", {"podTemplate": container("initContainers", "fetch", "exit 8")},
             ("init-0: container fetch ended with exit code 8",)),
    "mount": ("a Secret that a pod mounts is missing", {"podTemplate": {"spec": {
        "containers": [server(volumeMounts=[mount("licence", "/licenses")])],
        "volumes": [{"name": "licence", "secret": {"secretName": "none"}}]}}}, ("mount-0: ", "kubectl describe pod mount-0")),
    "setting": ("a setting that Neo4j does not know", {"config": {"no.such.setting": "1"}}, ("setting-0: container neo4j ended with exit code",)),
    "owned": ("a setting that the operator must own", {"config": {"server.bolt.listen_address": ":1"}}, ("spec.config", "server.bolt.listen_address")),
    "line": ("a line break in a setting's name", {"config": {"server.default_listen_address\n": "x"}}, ("spec.config",)),
    "list": ("NEO4J_PLUGINS of spec.env is no list", {"env": [{"name": "NEO4J_PLUGINS", "value": "apoc"}]}, ("NEO4J_PLUGINS",)),
    "template": ("the template of pods touches what the operator must own", {"podTemplate": {"spec": {"containers": [server(image="neo4j:5")]}}},
                 ("spec.podTemplate.spec.containers[0].image", "use spec.image")),
    "volume": ("the template of pods mounts a volume that it does not have", {"podTemplate": {"spec": {"containers": [
        server(volumeMounts=[mount("nowhere", "/x")])]}}}, ("nowhere",)),
    "variable": ("the template of pods sets a variable that the operator must own", {"podTemplate": {"spec": {"containers": [
        server(env=[{"name": "NEO4J_PLUGINS", "value": "[]"}])]}}}, ("use spec.env",)),
    "field": ("the template of pods has a field that Kubernetes does not know", {"podTemplate": {"spec": {"initContainer": []}}}, ("initContainer",)),
    "taken": ("a Service of somebody else has the name", {}, ("Service 'taken-headless'", "give this deployment another name")),
}


# A server that serves, but for its token: name -> (what is wrong, the token Secret's content, parts of the registration's message).
TOKENS = {
    "no-token": ("the token's Secret is missing", None, ("Secret 'no-token' not found", "create it")),
    "token-key": ("the token's Secret lacks the key", {"tokn": "x"}, ("Key 'token' not found", "'tokn'")),
    "empty": ("the token is empty", {"token": " \n"}, ("is empty",)),
    "malformed": ("the token is none", {"token": "not-a-token"}, ("malformed", "Aura console")),
    "expired": ("the token has expired", {"token": EXPIRED}, ("expired on 2020-01-01", "generate a new one")),
}


def fleet(secret=None):
    return {"enabled": True, **({"tokenSecretRef": {"name": secret}} if secret else {})}


def given_situations(ns):
    """All of them, asked for at once in one namespace."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret("keyless", other="x")
    ns.secret("short", password="short")
    ns.secret(TOKEN_SECRET, token=mint("situations"))
    ns.kubectl("create", "service", "clusterip", "taken-headless", "--tcp=80")
    for name, (_, spec, _) in FLAWED.items():
        ns.standalone(name, **{"image": STANDIN, "auraFleetManagement": OFF, **spec})
    for name, (_, content, _) in TOKENS.items():
        content = content and {key: mint("situations", EXPIRED) if value == EXPIRED else value for key, value in content.items()}
        if content:
            ns.secret(name, **content)
        ns.standalone(name, image=STANDIN, auraFleetManagement=fleet(name))
    ns.standalone("deferred", image=STANDIN, token=False)
    ns.standalone("waits", image=STANDIN, auraFleetManagement=OFF, podTemplate=container("initContainers", "import", "exec sleep infinity"))
    start(ns, "well", auraFleetManagement=OFF)


def test_situations_flawed(ns):
    """A3 B7: what lets a deployment not come up is told with the cure, and nothing takes it for ready."""
    every(ns, [(what, name, parts, {"person": True, "stalled": True, "limit": PATIENT}) for name, (what, _, parts) in FLAWED.items()])
    situation(ns, "an init container has not ended yet", "waits", "waits-0: init container import has not ended yet")


def test_situations_tokens(ns):
    """D2 D4 B7: a server that serves is Ready, and its registration says what it lacks."""
    every(ns, [(what, name, (), {"ready": True, "person": True, "fleet": parts}) for name, (what, _, parts) in TOKENS.items()])
    situation(ns, "no token is named yet", "deferred", ready=True, fleet=("registration deferred until tokenSecretRef is set",))
    situation(ns, "all is well, without Fleet Management", "well", "The server is ready", ready=True)


def change(ns, name, **spec):
    ns.kubectl("patch", "n4js", name, "--type=merge", "-p", json.dumps({"spec": spec}))


def test_situations_changed(ns):
    """A3 B7: a change of a running deployment that cannot be carried out: Ready does not vouch for it, although the server serves on."""
    ns.secret("another", password=PASSWORD)
    start(ns, "live", auth={"adminSecret": "another"}, auraFleetManagement=fleet(TOKEN_SECRET))
    ns.wait_fleet("live", True, limit=START_LIMIT)
    situation(ns, "all is well, and registered", "live", ready=True, fleet=("Registered with Aura Fleet Management",))
    ns.kubectl("delete", "secret", "another")
    wait_for("the Secret to be missed", lambda: any(one["type"] == "CredentialsRefused" and one["status"] == "True"
                                                    for one in ns.status("live").get("conditions", [])))
    situation(ns, "the admin Secret is deleted while the server runs", "live", "The server is ready", ready=True)
    change(ns, "live", config={"db.transaction.timeout": "50s"})
    situation(ns, "the spec changes while the admin Secret is missing", "live", "The last change of the spec waits", "Secret 'another' not found", person=True,
              stalled=True, limit=PATIENT)
    ns.secret("another", password=PASSWORD)
    ns.wait_phase("live", "Ready", START_LIMIT)
    change(ns, "live", tls={"certificateSecret": "typo"})
    situation(ns, "a typo in the Secret of tls, while the server runs without", "live", "The last change of the spec waits", "Secret 'typo' not found", person=True,
              stalled=True, limit=PATIENT)
    change(ns, "live", tls=None, config={"server.bolt.listen_address": ":1"})
    situation(ns, "a running server's spec becomes invalid", "live", "spec.config", person=True)
    change(ns, "live", config={"server.bolt.listen_address": None})
    ns.wait_phase("live", "Ready", START_LIMIT)
    ns.kubectl("annotate", "n4js", "live", "neofleet.neo4j.com/paused=true")
    wait_for("the pause", lambda: any(one["type"] == "Paused" and one["status"] == "True" for one in ns.status("live").get("conditions", [])))
    change(ns, "live", config={"db.transaction.timeout": "51s"})
    situation(ns, "a change while paused", "live", stale=True)
    ns.kubectl("annotate", "n4js", "live", "neofleet.neo4j.com/paused-")


def test_situations_of_the_volume(ns):
    """B3 B7 C4: what cannot be undone is refused, and what the storage has to do is told."""
    change(ns, "well", storage={"size": "2Gi"})
    situation(ns, "bigger volumes, and the storage is not done", "well", "still has 1Gi and waits for the storage to make it 2Gi")
    situation(ns, "bigger volumes, and the storage does nothing", "well", "still has 1Gi and waits for the storage to make it 2Gi", "kubectl describe pvc",
              person=True, stalled=True, limit=PATIENT)
    ns.finish_growth()
    ns.wait_phase("well", "Ready", START_LIMIT)
    ns.apply(json.dumps({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "storage"}, "spec": {"hard": {"requests.storage": "2Gi"}}}))
    wait_for("the quota to be counted", lambda: "hard" in (ns.get("resourcequota", "storage").get("status") or {}))
    change(ns, "well", storage={"size": "3Gi"})
    situation(ns, "bigger volumes than a quota allows", "well", "is not allowed to grow to 3Gi", "exceeded quota", person=True)
    ns.kubectl("delete", "quota", "storage")
    change(ns, "well", storage={"size": "2Gi"})
    ns.wait_phase("well", "Ready", START_LIMIT)
    change(ns, "well", image={"tag": "5.26.99-enterprise"})
    situation(ns, "a running server gets an image that does not exist", "well", "well-0: ", "ImagePull", person=True, stalled=True, limit=PATIENT)


def test_situations_denied(ns):
    """A3 B1 B8: what others do not allow, and whose word a deletion waits for."""
    ns.kubectl("create", "quota", "tight", "--hard=count/statefulsets.apps=0")
    wait_for("the quota to be counted", lambda: "hard" in (ns.get("resourcequota", "tight").get("status") or {}))
    ns.standalone("many", image=STANDIN, auraFleetManagement=OFF)
    situation(ns, "a quota lets no StatefulSet be made", "many", "exceeded quota: tight", person=True)
    ns.kubectl("delete", "quota", "tight")
    ns.standalone("env", image=STANDIN, auraFleetManagement=OFF, env=[{"name": "NEO4J_AUTH", "value": "none"}])
    situation(ns, "spec.env sets a variable that the operator must own", "env", "spec.env", "NEO4J_AUTH", person=True)
    ns.standalone("held", image=STANDIN, auraFleetManagement=OFF)
    ns.kubectl("patch", "n4js", "held", "--type=merge", "-p", json.dumps({"metadata": {"finalizers": ["example.com/hold"]}}))
    ns.kubectl("delete", "n4js", "held", "--wait=false")
    situation(ns, "a deleted deployment is held by somebody's finalizer", "held", "held by finalizer 'example.com/hold'", "have the program that set it take it off",
              person=True, limit=PATIENT)
    ns.kubectl("patch", "n4js", "held", "--type=merge", "-p", json.dumps({"metadata": {"finalizers": None}}))
    wait_for("the deletion", lambda: ns.get("n4js", "held") is None)
    Cluster(ns, "live").create(servers=2)
    situation(ns, "a standalone has the name of a cluster", "live", "live-headless", kind="n4jc", person=True)


SITUATIONS = Chain(given_situations, test_situations_flawed, test_situations_tokens, test_situations_changed,
                   test_situations_of_the_volume, test_situations_denied)
TESTS = [SITUATIONS]
