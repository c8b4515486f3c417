# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The shape of pods: templates as users of other operators write them, most of them on the light stand-in."""
import json

from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, check, run, wait_for
from registration import STANDIN
from scenario import Chain, Group, on_real_server
from servers import KIND, Cluster, PodRecord
from standalone import mint

# Has a shell; what the pods have beside the server runs in it.
SHELL = "neo4j:5.26-enterprise"
RESTRICTED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
RANDOM_ID = 1000650000
POLICIES = "neofleet-e2e-shape"


def beside(name, script, *mounts):
    """A container that keeps to Pod Security "restricted"."""
    return {"name": name, "image": SHELL, "command": ["bash", "-c", script], "securityContext": RESTRICTED,
            "volumeMounts": [{"name": volume, "mountPath": path} for volume, path in mounts]}


def server(**members):
    return {"name": "neo4j", **members}


def mount(volume, path):
    return {"name": volume, "mountPath": path, "readOnly": True}


# What people ask for: name -> (spec.podTemplate, further spec).
TEMPLATES = {
    "ca": ({"spec": {
        "containers": [server(env=[{"name": "LDAP_CA", "value": "/certs/ca.crt"}], volumeMounts=[mount("ca", "/certs")])],
        "volumes": [{"name": "ca", "configMap": {"name": "corporate-ca"}}]}}, {}),
    "licence": ({"spec": {
        "containers": [server(volumeMounts=[mount("licence", "/licenses")])],
        "volumes": [{"name": "licence", "secret": {"secretName": "bloom-licence"}}]}}, {}),
    "vault": ({
        "metadata": {"annotations": {"vault.hashicorp.com/agent-inject": "true"}},
        "spec": {
            "initContainers": [beside("vault-agent", "echo s3cret >/vault/secrets/ldap", ("vault", "/vault/secrets"))],
            "containers": [server(volumeMounts=[mount("vault", "/vault/secrets")])],
            "volumes": [{"name": "vault", "emptyDir": {"medium": "Memory"}}]}}, {}),
    "identity": ({
        "metadata": {"labels": {"azure.workload.identity/use": "true"}},
        "spec": {"serviceAccountName": "cloud-user", "automountServiceAccountToken": True}}, {}),
    "gpu": ({"spec": {
        "nodeSelector": {"kubernetes.io/os": "linux"},
        "tolerations": [{"key": "example.com/gpu", "operator": "Exists", "effect": "NoSchedule"}]}}, {
            "resources": {"limits": {"example.com/gpu": "1"}}, "nodeSelector": {"kubernetes.io/arch": "amd64"}}),
    "front": ({"spec": {"containers": [
        beside("log-shipper", "exec sleep infinity", ("logs", "/neo4j-logs")), server()]}}, {}),
    "openshift": ({"spec": {"securityContext": {"runAsUser": None, "runAsGroup": None, "fsGroup": None}}}, {}),
    "replaced": ({"spec": {"securityContext": {
        "$patch": "replace", "runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}}}, {}),
    "aliases": ({"spec": {"hostAliases": [{"ip": "10.1.2.3", "hostnames": ["ldap.example.com"]}]}}, {}),
    "dns": ({"spec": {"dnsConfig": {"options": [{"name": "ndots", "value": "2"}]}}}, {}),
    "priority": ({"spec": {"priorityClassName": "system-cluster-critical", "terminationGracePeriodSeconds": 60}}, {}),
    "import": ({"spec": {
        "initContainers": [{"name": "first-password"}, beside("fetch", "echo 1,2 >/import/rows.csv", ("import", "/import"))],
        "containers": [server(volumeMounts=[mount("import", "/import")])],
        "volumes": [{"name": "import", "persistentVolumeClaim": {"claimName": "import"}}]}}, {
            "config": {"server.directories.import": "/import"}}),
}
READ_ONLY = {"spec": {
    "containers": [server(
        securityContext={"readOnlyRootFilesystem": True},
        volumeMounts=[{"name": "scrap", "mountPath": path, "subPath": path.replace("/", "-")[1:]} for path in (
            "/tmp", "/var/lib/neo4j/conf", "/var/lib/neo4j/run")])],
    "volumes": [{"name": "scrap", "emptyDir": {}}]}}


def policy(name, expression, patch):
    """What a webhook of a platform does, for pods of namespaces with this label."""
    return [{
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicy", "metadata": {"name": f"{POLICIES}-{name}"},
        "spec": {
            "matchConstraints": {"resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["pods"]}]},
            "matchConditions": [{"name": "meant", "expression": expression}],
            "failurePolicy": "Fail", "reinvocationPolicy": "Never",
            "mutations": [{"patchType": "JSONPatch", "jsonPatch": {"expression": patch}}]},
    }, {
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingAdmissionPolicyBinding", "metadata": {"name": f"{POLICIES}-{name}"},
        "spec": {"policyName": f"{POLICIES}-{name}", "matchResources": {"namespaceSelector": {"matchLabels": {POLICIES: "yes"}}}},
    }]


def install_policies(ns):
    """OpenShift's random ids for pods that set none, and a mesh's sidecar before the other containers."""
    ids = f'[JSONPatch{{op: "add", path: "/spec/securityContext/runAsUser", value: {RANDOM_ID}}}, ' \
          f'JSONPatch{{op: "add", path: "/spec/securityContext/fsGroup", value: {RANDOM_ID}}}]'
    part = "Object.spec.containers"
    mesh = f'[JSONPatch{{op: "add", path: "/spec/containers/0", value: {part}{{name: "mesh", image: "{SHELL}", command: ["sleep", "infinity"], ' \
           f'securityContext: {part}.securityContext{{allowPrivilegeEscalation: false, ' \
           f'capabilities: {part}.securityContext.capabilities{{drop: ["ALL"]}}}}}}}}]'
    items = policy("ids", "object.metadata.name in ['openshift-0', 'replaced-0'] && !has(object.spec.securityContext.runAsUser)", ids)
    items += policy("mesh", "object.metadata.name == 'aliases-0'", mesh)
    run(["kubectl", "label", "namespace", ns.name, f"{POLICIES}=yes"])
    for item in items:
        run(["kubectl", "apply", "-f", "-"], data=json.dumps(item))


def ask_for(ns, name, **spec):
    """Server-side, since client-side apply drops every null."""
    ns.kubectl("apply", "--server-side", "-f", "-", data=json.dumps({
        "apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jEnterpriseStandalone", "metadata": {"name": name}, "spec": {
            "image": STANDIN, "storage": {"size": "1Gi"}, "auth": {"adminSecret": ADMIN_SECRET},
            "auraFleetManagement": {"enabled": True, "tokenSecretRef": {"name": TOKEN_SECRET}}, **spec}}))


def given_shapes(ns):
    """All of them, asked for at once in one namespace, with what they refer to."""
    install_policies(ns)
    run(["kubectl", "patch", "node", "node", "--subresource=status", "--type=merge", "-p",
         json.dumps({"status": {"capacity": {"example.com/gpu": "2"}}})])
    ns.kubectl("create", "configmap", "corporate-ca", "--from-literal=ca.crt=certificate")
    ns.kubectl("create", "serviceaccount", "cloud-user")
    ns.secret("bloom-licence", **{"bloom.license": "licence"})
    ns.apply(json.dumps({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "import"}, "spec": {
        "accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}}))
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("shapes"))
    for name, (template, more) in TEMPLATES.items():
        ask_for(ns, name, podTemplate=template, **more)


def inside(ns, name, script):
    return ns.kubectl("exec", f"{name}-0", "-c", "neo4j", "--", "bash", "-c", script).strip()


def test_shapes_ready(ns):
    """G1 G4: twelve templates as users of other operators write them: each Ready and registered, with one revision and no restart."""
    for name in TEMPLATES:
        ns.wait_phase(name, "Ready", START_LIMIT)
        ns.wait_fleet(name, True)
        pod = ns.get("pod", f"{name}-0")
        check(all(item["restartCount"] == 0 for item in pod["status"]["containerStatuses"]), f"{name}: restarted: {pod['status']}")
    revisions = ns.get("controllerrevisions")["items"]
    check(len(revisions) == len(TEMPLATES), f"{len(revisions)} revisions of {len(TEMPLATES)} pods")


def test_shapes_hold(ns):
    """G1 G4: what was asked for is in the pods, whatever stands before the server's container."""
    pods = {name: ns.get("pod", f"{name}-0") for name in TEMPLATES}
    check(inside(ns, "ca", "cat $LDAP_CA") == "certificate", "no certificate")
    check(inside(ns, "licence", "cat /licenses/bloom.license") == "licence", "no licence")
    check(inside(ns, "vault", "cat /vault/secrets/ldap") == "s3cret", "no secret")
    check(inside(ns, "import", "cat /import/rows.csv") == "1,2", "no rows")
    check(inside(ns, "identity", "test -s /var/run/secrets/kubernetes.io/serviceaccount/token && echo yes") == "yes", "no token")
    check("ldap.example.com" in inside(ns, "aliases", "cat /etc/hosts"), "no alias")
    check("ndots:2" in inside(ns, "dns", "cat /etc/resolv.conf"), "no option")
    for name in ("openshift", "replaced"):
        check(inside(ns, name, "echo $EUID") == str(RANDOM_ID), f"{name}: not the platform's id")
    names = {name: [item["name"] for item in pod["spec"]["containers"]] for name, pod in pods.items()}
    check(names["front"] == ["log-shipper", "neo4j"] and names["aliases"] == ["mesh", "neo4j"], f"containers: {names}")
    check([item["name"] for item in pods["import"]["spec"]["initContainers"]] == ["first-password", "fetch"], "not in the order asked for")
    check(pods["priority"]["spec"]["priorityClassName"] == "system-cluster-critical", "no priority")
    check(pods["gpu"]["spec"]["nodeSelector"] == {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}, "not both selectors")


def digest_of(ns, name):
    return ns.get("statefulset", name)["status"]["updateRevision"]


def patch(ns, name, template):
    ns.kubectl("patch", "n4js", name, "--type=merge", "-p", json.dumps({"spec": {"podTemplate": template}}))


def replace(ns, name, template):
    ns.kubectl("patch", "n4js", name, "--type=json", "-p", json.dumps([{"op": "replace", "path": "/spec/podTemplate", "value": template}]))


def test_shape_taken_away(ns):
    """G1 B6: a sidecar that comes costs one roll, a broken one is named, and without it the pod is the one from before."""
    ns.wait_phase("dns", "Ready", START_LIMIT)
    before, uid = digest_of(ns, "dns"), ns.get("pod", "dns-0")["metadata"]["uid"]
    plain = TEMPLATES["dns"][0]["spec"]
    patch(ns, "dns", {"spec": {**plain, "containers": [beside("shipper", "echo no target; exit 7")]}})
    wait_for("the sidecar to be named", lambda: "container shipper ended with exit code 7" in ns.status("dns").get("message", ""))
    check(ns.get("pod", "dns-0")["metadata"]["uid"] != uid, "the pod was not replaced")
    patch(ns, "dns", {"spec": {**plain, "containers": None}})
    ns.wait_phase("dns", "Ready")
    check(digest_of(ns, "dns") == before, "not the template from before")


def test_shape_refused(ns):
    """G1 A3: what the operator must own is refused by its name, and what Kubernetes does not know by the dry run; no pod is touched."""
    ns.wait_phase("ca", "Ready", START_LIMIT)
    uid = ns.get("pod", "ca-0")["metadata"]["uid"]
    for template, words in (
            ({"spec": {"containers": [server(image="neo4j:5")]}}, "spec.podTemplate.spec.containers[0].image: cannot be set here: use spec.image"),
            ({"spec": {"volumes": [{"name": "data", "emptyDir": {}}]}}, "'data' is the volume of spec.storage"),
            ({"spec": {"containers": [server(env=[{"name": "NEO4J_PLUGINS", "value": "[]"}])]}}, "use spec.env"),
            ({"spec": {"initContainer": []}}, "initContainer"),
            ({"spec": {"containers": [{"name": "neo4j", "volumeMounts": [mount("none", "/x")]}]}}, "none")):
        replace(ns, "ca", template)
        wait_for(f"words: {words}", lambda: words in ns.status("ca").get("message", "") and ns.status("ca").get("phase") == "Failed")
    replace(ns, "ca", TEMPLATES["ca"][0])
    ns.wait_phase("ca", "Ready")
    check(ns.get("pod", "ca-0")["metadata"]["uid"] == uid, "the pod was replaced")


@on_real_server
def test_shape_read_only(ns):
    """G1: with a read-only root and three places to write to, the real server starts, is Ready and registered."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("read-only"))
    ns.standalone("sealed", podTemplate=READ_ONLY)
    ns.wait_phase("sealed", "Ready")
    ns.wait_fleet("sealed", True)
    check(inside(ns, "sealed", "touch /x 2>/dev/null || echo sealed") == "sealed", "the root is writable")


def given_hands(ns):
    """A cluster of two, Ready."""
    cluster = Cluster(ns, "hands").create(servers=2)
    cluster.wait_phase("Ready")
    return cluster


def condition(cluster, kind):
    return next((item["status"] for item in cluster.status().get("conditions", []) if item["type"] == kind), None)


def test_paused(ns, cluster):
    """G2: while paused no child is written, whatever the spec asks for and whoever edits; the status says so, and as before beside it."""
    before = cluster.status()
    ns.kubectl("annotate", KIND, "hands", "neofleet.neo4j.com/paused=true")
    wait_for("condition Paused", lambda: condition(cluster, "Paused") == "True")
    cluster.patch(podTemplate={"metadata": {"labels": {"team": "a"}}}, topology={"servers": 3})
    ns.kubectl("delete", "service", "hands-client")
    uids, version = cluster.uids(), cluster.set()["metadata"]["resourceVersion"]
    # The mark of a look at a later object: the operator has seen all of the above when it has seen this.
    ns.kubectl("annotate", KIND, "hands", "test/poke=1")
    lines = len(ns.operator.logs().splitlines())
    ns.kubectl("annotate", KIND, "hands", "test/poke=2", "--overwrite")
    wait_for("a pass", lambda: any("msg=reconciled" in line and f"/{ns.name}/hands " in line for line in ns.operator.logs().splitlines()[lines:]))
    check(cluster.set()["metadata"]["resourceVersion"] == version and cluster.uids() == uids, "something was written")
    check(ns.get("service", "hands-client") is None, "the Service was put back")
    status = cluster.status()
    check((status["phase"], status["observedGeneration"]) == (before["phase"], before["observedGeneration"]), f"{status}")
    check(len(ns.events("Paused")) == 1, "not one event")
    ns.kubectl("annotate", KIND, "hands", "neofleet.neo4j.com/paused-")
    cluster.wait("three servers, rolled", lambda status: status["phase"] == "Ready" and len(cluster.pods()) == 3 and all(
        pod["metadata"]["labels"].get("team") == "a" for pod in cluster.pods().values()))
    check(condition(cluster, "Paused") == "False" and ns.get("service", "hands-client"), "not as before the pause")
    wait_for("the event", lambda: len(ns.events("Resumed")) == 1)


def replaced(ns, cluster, deed):
    """Carries out what rolls the pods; how often each was replaced, and whether two were away at once."""
    before = cluster.uids()
    with PodRecord(ns) as record:
        deed()
        wait_for("every pod to be another", lambda: not set(cluster.uids().values()) & set(before.values()), START_LIMIT)
        cluster.wait_phase("Ready")
    return {name: record.replaced().count(name) for name in cluster.pods()}


def test_restarted_by_annotation(ns, cluster):
    """G2 B6: the annotation restartedAt rolls the pods once, one by one; its removal rolls none."""
    counts = replaced(ns, cluster, lambda: ns.kubectl("annotate", KIND, "hands", "neofleet.neo4j.com/restartedAt=now"))
    check(set(counts.values()) == {1}, f"{counts}")
    revision = cluster.set()["status"]["updateRevision"]
    ns.kubectl("annotate", KIND, "hands", "neofleet.neo4j.com/restartedAt-")
    cluster.patch(service={"annotations": {"example.com/a": "b"}})
    cluster.wait_phase("Ready")
    check(cluster.set()["status"]["updateRevision"] == revision, "the removal changed the template")


def test_restarted_by_kubectl(ns, cluster):
    """G2 B6: kubectl rollout restart of the StatefulSet rolls the pods once, one by one."""
    counts = replaced(ns, cluster, lambda: ns.kubectl("rollout", "restart", f"statefulset/{cluster.set()['metadata']['name']}"))
    check(set(counts.values()) == {1}, f"{counts}")


def test_one_offline(ns, cluster):
    """G2 B6 B7: one server of a cluster goes offline: never Ready, its pod stays without a server, the others are left alone; back again."""
    names = [f"{cluster.set()['metadata']['name']}-{i}" for i in range(3)]
    before = cluster.uids()
    ns.kubectl("annotate", KIND, "hands", f"neofleet.neo4j.com/offline={names[1]}", "--overwrite")
    cluster.wait("offline", lambda status: status.get("message", "").startswith(f"{names[1]} is offline for maintenance"))
    status = cluster.status()
    check(status["phase"] == "Degraded" and condition(cluster, "Ready") == "False" and condition(cluster, "Stalled") == "False", f"{status}")
    uids = cluster.uids()
    check([name for name in names if uids[name] != before[name]] == [names[1]], f"replaced: {uids}, before: {before}")
    check("no-server" in ns.kubectl("exec", names[1], "-c", "neo4j", "--", "bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/7687 || echo no-server"), "a server runs")
    check(not is_ready(cluster.pods()[names[1]]), "the offline pod is ready")
    ns.kubectl("annotate", KIND, "hands", "neofleet.neo4j.com/offline-")
    cluster.wait_phase("Ready")
    check(cluster.uids()[names[0]] == before[names[0]], "a pod was replaced that had nothing to do with it")
    check(len(ns.events("Offline")) >= 1 and len(ns.events("Online")) >= 1, "no events")


def is_ready(pod):
    return any(item["type"] == "Ready" and item["status"] == "True" for item in pod["status"].get("conditions", []))


@on_real_server
def test_store_offline(ns):
    """G2 B7: a standalone offline: the real neo4j-admin dumps and loads its database in the pod; then Ready again, with no second registration."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("offline"))
    ns.standalone("store")
    ns.wait_phase("store", "Ready")
    ns.wait_fleet("store", True)
    ns.kubectl("annotate", "n4js", "store", "neofleet.neo4j.com/offline=true")
    wait_for("the pod without a server", lambda: "store-0 is offline" in ns.status("store").get("message", ""), START_LIMIT)
    restarts = ns.get("pod", "store-0")["status"]["containerStatuses"][0]["restartCount"]
    said = inside(ns, "store", "mkdir -p /data/dumps && neo4j-admin database dump neo4j --to-path=/data/dumps 2>&1 && "
                               "neo4j-admin database load neo4j --from-path=/data/dumps --overwrite-destination=true 2>&1 && ls /data/dumps")
    check(said.endswith("neo4j.dump"), said)
    check(ns.status("store")["phase"] == "Degraded" and ns.fleet("store")["registered"], f"{ns.status('store')}")
    pod = ns.get("pod", "store-0")["status"]
    check(pod["containerStatuses"][0]["restartCount"] == restarts and not pod["containerStatuses"][0]["ready"], f"{pod}")
    ns.kubectl("annotate", "n4js", "store", "neofleet.neo4j.com/offline-")
    ns.wait_phase("store", "Ready")
    check(ns.fleet("store")["registered"] and len(ns.events("AuraFleetManagementRegistered")) == 1, "registered anew")


def test_scaled_by_kubectl(ns, cluster):
    """G2 B8: kubectl scale changes the number of servers, in the order that loses nothing, and reads it back."""
    ns.kubectl("scale", KIND, "hands", "--replicas=2")
    cluster.wait("two servers", lambda status: status["phase"] == "Ready" and len(cluster.pods()) == 2)
    scale = json.loads(ns.kubectl("get", KIND, "hands", "--subresource=scale", "-o", "json"))
    check(scale["spec"]["replicas"] == 2 and scale["status"]["replicas"] == 2, f"{scale}")
    found = ns.get("pods", "-l", scale["status"]["selector"])["items"]
    check(len(found) == 2, f"{len(found)} pods by {scale['status']['selector']}")
    check("from 2 to 20" in ns.kubectl("scale", KIND, "hands", "--replicas=1", ok=False) or
          cluster.object()["spec"]["topology"]["servers"] == 2, "one server was taken")


HANDS = Chain(given_hands, test_paused, test_restarted_by_annotation, test_restarted_by_kubectl, test_one_offline, test_scaled_by_kubectl)
SHAPES = Group(given_shapes, test_shapes_ready, test_shapes_hold, test_shape_taken_away, test_shape_refused)
TESTS = [SHAPES, HANDS, test_shape_read_only, test_store_offline]
