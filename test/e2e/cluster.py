# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Clusters, on the stand-in for a cluster of Neo4j servers (test/standin). Each test names the rules that it pins."""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import threading
import time

from harness import (
    ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, Failure, FleetService, LocalOperator, check, run, wait_for)
from page import Page
from standalone import mint, project

REPOSITORY = "neofleet-test/neo4j"
DNS = "10.96.0.10"
KIND = "neo4jenterprisecluster"


class Cluster:
    """A Neo4jEnterpriseCluster of a test."""

    def __init__(self, ns, name):
        self.ns, self.name = ns, name

    def create(self, servers=3, tag="2025.12-enterprise", fleet=None, **spec):
        body = {
            "image": {"repo": REPOSITORY, "tag": tag},
            "topology": {"servers": servers},
            "storage": {"size": "1Gi"},
            "auth": {"adminSecret": ADMIN_SECRET},
        }
        if fleet is not None:
            body["auraFleetManagement"] = fleet
        body.update(spec)
        if not self.ns.get("secret", ADMIN_SECRET):
            self.ns.secret(ADMIN_SECRET, password=PASSWORD)
        self.ns.apply(json.dumps({"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jEnterpriseCluster",
                                  "metadata": {"name": self.name}, "spec": body}))
        return self

    def patch(self, **spec):
        self.ns.kubectl("patch", KIND, self.name, "--type=merge", "-p", json.dumps({"spec": spec}))

    def object(self):
        return self.ns.get(KIND, self.name)

    def status(self):
        return (self.object() or {}).get("status") or {}

    def fleet(self):
        return self.status().get("auraFleetManagement") or {}

    def wait(self, what, probe, limit=START_LIMIT):
        """Until probe(status) is true, of the newest generation; returns the status."""
        def look():
            item = self.object() or {}
            status = item.get("status") or {}
            if status.get("observedGeneration") == item["metadata"]["generation"] and probe(status):
                return status
            return None

        try:
            return wait_for(f"{self.name}: {what}", look, limit)
        except Failure as failure:
            raise Failure(f"{failure}; status: {self.status()}") from None

    def wait_phase(self, phase, *parts, limit=START_LIMIT):
        return self.wait(f"phase {phase} {parts}", lambda status: status.get("phase") == phase and all(
            part in status.get("message", "") for part in parts), limit)

    def wait_registered(self, limit=START_LIMIT):
        return self.wait("registered", lambda status: (status.get("auraFleetManagement") or {}).get("registered"), limit)

    def pods(self):
        items = self.ns.get("pods", "-l", f"app.kubernetes.io/instance={self.name}")["items"]
        return {item["metadata"]["name"]: item for item in items}

    def uids(self):
        return {name: pod["metadata"]["uid"] for name, pod in self.pods().items()}

    def set(self):
        return self.ns.get("statefulset", f"{self.name}-server")

    def exec(self, pod, *command, ok=True):
        return self.ns.kubectl("exec", pod, "-c", "neo4j", "--", *command, ok=ok)

    def counts(self, key):
        """How often each server was asked for something since its volume was made; the file is written once a second."""
        return {pod: int(self.exec(pod, "standin", "counts", key)) for pod in sorted(self.pods())}

    def query(self, text, pod=None, **parameters):
        """On database system, of one server: by the address of its pod, as nobody but a test should."""
        pods = self.pods()
        address = (pods[pod] if pod else next(iter(pods.values())))["status"]["podIP"]
        with driver(f"bolt://{address}:7687") as client:
            records, _, _ = client.execute_query(text, parameters, database_="system")
            return [record.data() for record in records]

    def leader(self, database="system"):
        text = f"SHOW DATABASES YIELD name, address, writer WHERE name = '{database}' AND writer"
        rows = wait_for(f"database {database} to be led", lambda: self.query(text), 20)
        check(len(rows) == 1, f"database {database} has {len(rows)} writers")
        return rows[0]["address"].split(".")[0]

    def servers(self):
        """SHOW SERVERS by pod name."""
        rows = self.query("SHOW SERVERS YIELD serverId, address, state, health, hosting")
        return {row["address"].split(".")[0]: row for row in rows}


def driver(uri):
    sys.path.append(os.environ["NEOFLEET_DRIVER"])
    from neo4j import GraphDatabase
    return GraphDatabase.driver(uri, auth=("neo4j", PASSWORD), connection_timeout=5)


class PodRecord:
    """What became of a namespace's pods while it was kept, in the API server's own words."""

    def __init__(self, ns):
        self.process = subprocess.Popen(
            ["kubectl", "get", "pods", "--watch", "--output-watch-events", "-o", "json"], stdout=subprocess.PIPE,
            text=True, env=ns.env)
        self.events = []
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line)
            self.events.append((event["type"], event["object"]))

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.thread.join()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def replaced(self):
        """Names of the pods that went, in that order."""
        gone = []
        for kind, pod in self.events:
            uid = pod["metadata"]["uid"]
            if (kind == "DELETED" or pod["metadata"].get("deletionTimestamp")) and uid not in [u for u, _ in gone]:
                gone.append((uid, pod["metadata"]["name"]))
        return [name for _, name in gone]

    def restarts(self):
        """Container restarts that were seen, of all pods."""
        most = {}
        for _, pod in self.events:
            for status in pod["status"].get("containerStatuses") or []:
                most[pod["metadata"]["uid"]] = max(most.get(pod["metadata"]["uid"], 0), status["restartCount"])
        return sum(most.values())

    def fewest_ready(self):
        """The fewest pods that were ready and not on their way out at one time, once the first list was complete."""
        ready, fewest, complete = {}, None, max(len({pod["metadata"]["name"] for _, pod in self.events}), 1)
        for kind, pod in self.events:
            conditions = pod["status"].get("conditions") or []
            ready[pod["metadata"]["uid"]] = kind != "DELETED" and not pod["metadata"].get("deletionTimestamp") and any(
                c["type"] == "Ready" and c["status"] == "True" for c in conditions)
            if len(ready) >= complete:
                fewest = min(sum(ready.values()), fewest if fewest is not None else complete)
        return fewest


@contextlib.contextmanager
def client_load(ns, cluster):
    """Writes through the client Service with the cluster's own name service, and checks afterwards that nothing was lost."""
    with tempfile.NamedTemporaryFile("w", suffix=".resolv", delete=False) as file:
        file.write(f"nameserver {DNS}\noptions timeout:1 attempts:5\n")
    uri = f"neo4j://{cluster.name}-client.{ns.name}.svc.cluster.local:7687"
    script = pathlib.Path(__file__).with_name("load.py")
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", 'mount --bind "$1" /etc/resolv.conf && exec python3 "$2" "$3"', "sh", file.name,
         str(script), uri], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=dict(os.environ, PYTHONPATH=os.environ["NEOFLEET_DRIVER"]))
    report = {}
    try:
        process.stdin.write(PASSWORD + "\n")
        process.stdin.flush()
        check(process.stdout.readline() == "working\n", "the client did not begin")
        yield report
        out, _ = process.communicate(timeout=180)
        report.update(json.loads(out))
    finally:
        process.kill()
        process.wait()
        os.unlink(file.name)
    print(f"       the client: {report}", flush=True)
    check(not report["failed"], f"errors that no retry cured: {report['failed'][:3]}")
    check(report["acknowledged"] > 50, f"the client wrote {report['acknowledged']} rows only")
    check(report["found"] == report["acknowledged"], f"rows lost or doubled: {report}")


def changed_by(ns, cluster, change, limit=600):
    """Carries out a change and waits for Ready; returns how often each pod was replaced or restarted, and the record."""
    with PodRecord(ns) as record:
        change()
        cluster.wait_phase("Ready", limit=limit)
    return {name: record.replaced().count(name) for name in cluster.pods()}, record


def template_ports(ns, cluster):
    services = {item["metadata"]["name"]: item["spec"]["ports"] for item in ns.get("services")["items"]}
    for ports in services.values():
        for port in ports:
            port.pop("nodePort", None)
    return services, cluster.set()["spec"]["template"]["spec"]["containers"][0]["ports"]


def sample_of_page():
    """The page's cluster, with the stand-in's repository in place of the registry's."""
    return Page().yaml("kind: Neo4jEnterpriseCluster").replace("repo: neo4j\n", f"repo: {REPOSITORY}\n")


def page_commands(ns, cluster):
    """The page's own commands, as printed, for its own cluster: maps compared as JSON, times by shape."""
    page = Page()
    status_block, event_block = page.shell("{.status.auraFleetManagement}").split("# Check events")
    expected = json.loads(re.search(r'^# (\{"registered".*\})$', status_block, re.MULTILINE).group(1))
    got = json.loads(ns.shell(status_block))
    check(sorted(got) == sorted(expected) and got["registered"] is True and got["message"] == expected["message"], f"map: {got}")
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", got["lastRegistrationTime"]), f"the time: {got}")
    check(ns.shell(event_block).count("AuraFleetManagementRegistered") == 1, "not one event line")
    check(ns.shell(page.shell("NEO4J_PLUGINS", "jsonpath")) == '["fleet-management"]', "NEO4J_PLUGINS")
    check("Neo4jEnterpriseCluster" in ns.shell(page.shell("kubectl describe neo4jenterprisecluster")), "describe")
    ns.shell(page.shell("--dry-run=client").replace("<new-token>", mint("cluster-page-2")))
    calls = sum(cluster.counts("token stored").values())
    ns.shell(page.shell('{"registered":false}'))
    wait_for("the new token at the service", lambda: FleetService().deployments(project("cluster-page-2")))
    cluster.wait_registered(60)
    wait_for("the call on record", lambda: sum(cluster.counts("token stored").values()) == calls + 1, 30)


def test_cluster_page(ns):
    """A1 B1 B7 C1 C3 D2 D3 D6 D7 E1: the page's cluster forms, and is registered by one call at the leader of system."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("cluster-page"))
    cluster, phases = Cluster(ns, "my-cluster"), []
    with PodRecord(ns) as record:
        ns.apply(sample_of_page())
        cluster.wait("Ready", lambda status: phases.append(status.get("phase")) or status.get("phase") == "Ready")
        cluster.wait_registered(120)
    check(phases[-1] == "Ready" and "Degraded" not in phases and "Failed" not in phases, f"phases: {phases}")
    check(not record.replaced() and not record.restarts(), "enabled at creation, but pods were replaced")
    leader = cluster.leader()
    calls = wait_for("the call on record", lambda: any(cluster.counts("CALL fleetManagement.registerToken").values()) and
                     cluster.counts("CALL fleetManagement.registerToken"), 20)
    check(sum(calls.values()) == 1, f"registerToken calls: {calls}")
    check(calls[leader] == 1 or cluster.leader() != leader, f"not called at the leader {leader}: {calls}")
    servers = cluster.servers()
    check(sorted(servers) == [f"my-cluster-server-{i}" for i in range(3)], f"servers: {servers}")
    check({(s["state"], s["health"]) for s in servers.values()} == {("Enabled", "Available")}, f"servers: {servers}")
    budget = ns.get("poddisruptionbudget", "my-cluster")
    check(budget["spec"]["maxUnavailable"] == 1 and budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow",
          f"the budget: {budget['spec']}")
    check(len(ns.events("AuraFleetManagementRegistered")) == 1, "not exactly one event of the registration")
    wait_for("FleetConnected on every server", lambda: [
        c for c in cluster.status()["conditions"] if c["type"] == "FleetConnected" and c["status"] == "True"], 60)
    wait_for("all servers in the service's list", lambda: FleetService().connects(project("cluster-page")) >= 3, 60)
    versions = [item["metadata"]["resourceVersion"] for item in (cluster.object(), cluster.set())]
    time.sleep(10)  # in which nothing is to be done
    check([item["metadata"]["resourceVersion"] for item in (cluster.object(), cluster.set())] == versions,
          "something was written for nothing")
    page_commands(ns, cluster)


def test_cluster_roll(ns):
    """B4 B6 B7: a change of the configuration under load: one pod at a time, each once, the leader last, nothing lost."""
    cluster = Cluster(ns, "roll").create()
    cluster.wait_phase("Ready")
    leader, before = cluster.leader(), cluster.uids()
    with client_load(ns, cluster):
        time.sleep(3)  # what the client writes before the change
        _, record = changed_by(ns, cluster, lambda: cluster.patch(config={"db.transaction.timeout": "50s"}))
    after = cluster.uids()
    check(not set(before.values()) & set(after.values()), "a pod was not replaced")
    check(sorted(record.replaced()) == sorted(before), f"replaced: {record.replaced()}")
    check(record.replaced()[-1] == leader, f"leader {leader}, but replaced in the order {record.replaced()}")
    check(record.fewest_ready() >= 2, f"only {record.fewest_ready()} servers were ready at a time")
    check(record.restarts() == 0, "a container was restarted")


def test_cluster_upgrade(ns):
    """B6 B7 C4: a newer image is a rolling upgrade: each pod once, the leader last, and the phase says so."""
    cluster = Cluster(ns, "upgrade").create(tag="2025.12-enterprise")
    cluster.wait_phase("Ready")
    leader, before = cluster.leader(), cluster.uids()
    with PodRecord(ns) as record:
        cluster.patch(image={"tag": "2026.02.2-enterprise"})
        cluster.wait_phase("Updating", "still to be replaced")
        cluster.wait_phase("Ready")
    check(sorted(record.replaced()) == sorted(before), f"replaced: {record.replaced()}")
    check(record.replaced()[-1] == leader, f"leader {leader}, but replaced in the order {record.replaced()}")
    check(record.fewest_ready() >= 2, f"only {record.fewest_ready()} servers were ready at a time")
    versions = cluster.query("SHOW SERVERS YIELD version")
    check({row["version"] for row in versions} == {"2026.02.2"}, f"versions: {versions}")
    check(cluster.status()["version"] == "2026.02.2", f"status: {cluster.status()}")


def test_cluster_scale(ns):
    """B4 B7 B8: 3 to 5 servers without touching the old ones, and back: drained, dropped, then the pods, then their claims."""
    cluster = Cluster(ns, "scale").create()
    cluster.wait_phase("Ready")
    old = cluster.uids()
    with PodRecord(ns) as record:
        cluster.patch(topology={"servers": 5})
        cluster.wait_phase("Ready")
        servers = cluster.servers()
        check(len(servers) == 5 and {s["state"] for s in servers.values()} == {"Enabled"}, f"servers: {servers}")
        check(old.items() <= cluster.uids().items() and not record.replaced() and not record.restarts(),
              f"a scale-out replaced or restarted pods: {record.replaced()}")
        # One copy, on one of the new servers, which have the fewest.
        cluster.query("CREATE DATABASE single TOPOLOGY 1 PRIMARY", pod=cluster.leader())
        home = wait_for("database single to be online", lambda: [
            row["address"].split(".")[0] for row in cluster.query(
                "SHOW DATABASES YIELD name, address, currentStatus WHERE name = 'single' AND currentStatus = 'online'")])[0]
        check(home in ("scale-server-3", "scale-server-4"), f"database single is on {home}: the test has lost its point")
        write_row(cluster, home, "single")
        cluster.patch(topology={"servers": 3})
        cluster.wait_phase("Updating", "Removing servers")
        cluster.wait_phase("Ready")
    check(record.replaced() == ["scale-server-4", "scale-server-3"], f"left: {record.replaced()}")
    check(cluster.uids() == old and record.restarts() == 0, "pods that stay were touched")
    check(sorted(cluster.servers()) == sorted(old), f"servers: {cluster.servers()}")
    claims = [item["metadata"]["name"] for item in ns.get("pvc")["items"]]
    check(sorted(claims) == [f"data-scale-server-{i}" for i in range(3)], f"claims: {claims}")
    rows = cluster.query("SHOW DATABASES YIELD name, address, currentStatus WHERE name = 'single'")
    check([row["currentStatus"] for row in rows] == ["online"], f"database single: {rows}")
    check(count_rows(cluster, rows[0]["address"].split(".")[0], "single") == 1, "the row of database single is lost")
    # Again: new servers on new volumes, although the ordinals are the same.
    cluster.patch(topology={"servers": 4})
    cluster.wait_phase("Ready")
    check(sorted(cluster.servers()) == [f"scale-server-{i}" for i in range(4)], f"servers: {cluster.servers()}")


def test_cluster_change_of_mind(ns):
    """B8 E2: what has begun to leave leaves and comes back as a new server, even if the operator is killed on the way."""
    cluster = Cluster(ns, "mind").create(servers=4)
    cluster.wait_phase("Ready")
    server, claim = cluster.servers()["mind-server-3"], ns.get("pvc", "data-mind-server-3")
    others = {name: uid for name, uid in cluster.uids().items() if name != "mind-server-3"}
    cluster.patch(topology={"servers": 3})
    wait_for("the mark", lambda: "neofleet.neo4j.com/leaving" in (
        (ns.get("pvc", "data-mind-server-3") or {"metadata": {"annotations": "neofleet.neo4j.com/leaving"}})["metadata"].get(
            "annotations") or {}), 60)
    if isinstance(ns.operator, LocalOperator):
        ns.operator.kill()
    cluster.patch(topology={"servers": 4})
    if isinstance(ns.operator, LocalOperator):
        ns.operator.start()
    cluster.wait_phase("Ready")
    now, again = cluster.servers()["mind-server-3"], ns.get("pvc", "data-mind-server-3")
    check(now["serverId"] != server["serverId"], f"the server that was dropped is back: {now}")
    check(again["metadata"]["uid"] != claim["metadata"]["uid"], "the claim of the server that was dropped is still there")
    check(others.items() <= cluster.uids().items(), "pods that stay were touched")
    check(len(cluster.servers()) == 4, f"servers: {cluster.servers()}")


def on_database(cluster, pod, database, text):
    address = cluster.pods()[pod]["status"]["podIP"]
    with driver(f"bolt://{address}:7687") as client:
        records, _, _ = client.execute_query(text, database_=database)
        return [record.data() for record in records]


def write_row(cluster, pod, database):
    on_database(cluster, pod, database, "CREATE (r:Row {n: 1})")


def count_rows(cluster, pod, database):
    return on_database(cluster, pod, database, "MATCH (r:Row) RETURN count(r) AS n")[0]["n"]


def test_cluster_scale_in_refused(ns):
    """B7 B8: no server is touched when a database would not fit; what the database's owner changes is seen by itself."""
    cluster = Cluster(ns, "refused").create()
    cluster.wait_phase("Ready")
    before = cluster.uids()
    cluster.patch(topology={"servers": 2})
    cluster.wait_phase("Failed", "'neo4j' has 3 copies", "SET TOPOLOGY")
    conditions = {c["type"]: c for c in cluster.status()["conditions"]}
    check(conditions["Ready"]["reason"] == "ScaleInRefused" and conditions["Stalled"]["status"] == "True",
          f"conditions: {conditions}")
    wait_for("the Warning", lambda: [e for e in ns.events("ScaleInRefused") if e["type"] == "Warning"])
    check(cluster.set()["spec"]["replicas"] == 3 and cluster.uids() == before, "pods were touched")
    check({s["state"] for s in cluster.servers().values()} == {"Enabled"}, f"servers: {cluster.servers()}")
    cluster.query("ALTER DATABASE neo4j SET TOPOLOGY 2 PRIMARIES", pod=cluster.leader())
    cluster.wait_phase("Ready", limit=180)
    check(sorted(cluster.servers()) == ["refused-server-0", "refused-server-1"], f"servers: {cluster.servers()}")


def test_cluster_bad_config(ns):
    """B6 B7: a pod that does not come back stops the roll, and the status says which one and why; the cure goes there first."""
    cluster = Cluster(ns, "bad").create()
    cluster.wait_phase("Ready")
    before = cluster.uids()
    with PodRecord(ns) as record:
        cluster.patch(config={"no.such.setting": "1"})
        status = cluster.wait_phase("Updating", "does not come back", "exit code")
        broken = re.search(r"(bad-server-\d) does not come back", status["message"]).group(1)
        for _ in range(10):  # passes of the operator come and go, the others stay
            time.sleep(1)
            now = cluster.uids()
            check([name for name in before if now.get(name) != before[name]] == [broken], f"{broken} fails, but {now}")
        cluster.patch(config=None)
        cluster.wait_phase("Ready")
    check(record.fewest_ready() >= 2, f"only {record.fewest_ready()} servers were ready at a time")
    others = [name for name in record.replaced() if name != broken]
    check(not others, f"the template is the old one again, but {others} were replaced")


def test_cluster_budget(ns):
    """B6: a pod that may not be evicted is named with the API server's words, and evicted when it may."""
    cluster = Cluster(ns, "budget").create()
    cluster.wait_phase("Ready")
    before = cluster.uids()
    labels = cluster.set()["spec"]["selector"]["matchLabels"]
    ns.apply(json.dumps({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "by-hand"},
                         "spec": {"maxUnavailable": 0, "selector": {"matchLabels": labels}}}))
    cluster.patch(config={"db.transaction.timeout": "54s"})
    cluster.wait_phase("Updating", "cannot be evicted", "PodDisruptionBudget")
    time.sleep(6)  # another try
    check(cluster.uids() == before, "a pod went against a budget")
    ns.kubectl("delete", "poddisruptionbudget", "by-hand")
    cluster.wait_phase("Ready")
    check(not set(cluster.uids().values()) & set(before.values()), "a pod was not replaced")


def test_cluster_operator_killed(ns):
    """B7 D7 E2: an operator killed in the middle of a roll: the next one goes on, and no pod goes twice."""
    if not isinstance(ns.operator, LocalOperator):
        print("       needs an operator of its own (--local)", flush=True)
        return
    cluster = Cluster(ns, "killed").create()
    cluster.wait_phase("Ready")
    ns.operator.restart()
    time.sleep(2)
    check(cluster.status()["phase"] == "Ready", f"a restart moved the phase: {cluster.status()}")
    with PodRecord(ns) as record:
        cluster.patch(config={"db.transaction.timeout": "51s"})
        for n in (1, 2):
            wait_for(f"pod {n} to go", lambda: len(record.replaced()) >= n, 120)
            ns.operator.kill()
            check(cluster.status()["phase"] == "Updating", f"status: {cluster.status()}")
            ns.operator.start()
        cluster.wait_phase("Ready")
    check(sorted(record.replaced()) == [f"killed-server-{i}" for i in range(3)], f"replaced: {record.replaced()}")
    check(record.fewest_ready() >= 2, f"only {record.fewest_ready()} servers were ready at a time")


def test_cluster_stuck_database(ns):
    """B6: the next pod goes only when every database is online again on the one before."""
    cluster = Cluster(ns, "stuck").create()
    cluster.wait_phase("Ready")
    leader, before = cluster.leader(), cluster.uids()
    first = sorted(name for name in before if name != leader)[0]
    cluster.exec(first, "standin", "misbehave", "database-stuck", "neo4j")
    wait_for("the database to be stuck", lambda: cluster.query(
        "SHOW DATABASES YIELD name, currentStatus WHERE name = 'neo4j' AND currentStatus = 'starting'"))
    cluster.patch(config={"db.transaction.timeout": "53s"})
    for _ in range(2):
        cluster.wait_phase("Updating", f"{first}: database 'neo4j' is starting there")
        check(cluster.uids() == before, f"pods went: {cluster.uids()}")
        time.sleep(3)
    cluster.exec(first, "standin", "misbehave", "none")
    cluster.wait_phase("Ready")
    check(not set(cluster.uids().values()) & set(before.values()), "a pod was not replaced")


def test_cluster_follower(ns):
    """D2 D4: the server that led when it was last asked leads no more: the new leader is found and called at once."""
    ns.secret(TOKEN_SECRET, token=mint("cluster-follower"))
    cluster = Cluster(ns, "follow").create(fleet={"enabled": True})
    cluster.wait_phase("Ready")
    former = cluster.leader()
    cluster.exec(former, "standin", "step-down", "system")
    leader = wait_for("another leader", lambda: cluster.leader() != former and cluster.leader(), 20)
    cluster.patch(auraFleetManagement={"tokenSecretRef": {"name": TOKEN_SECRET}})
    cluster.wait_registered(20)
    check(not ns.events("AuraFleetManagementFailed"), f"events: {ns.events('AuraFleetManagementFailed')}")
    check(cluster.leader() == leader, "the lead has changed again: the test has lost its point")
    wait_for("the calls on record: refused by the follower, then taken by the leader", lambda: [
        cluster.counts("CALL fleetManagement.registerToken")[name] for name in (former, leader)] == [1, 1], 10)


def test_cluster_restarts(ns):
    """B4 C1 C3 C7 C9 E1: pod replacements per change, from the API server's record; no change opens a port."""
    cluster = Cluster(ns, "count").create()
    cluster.wait_phase("Ready")
    ports, table = template_ports(ns, cluster), {}

    def change(what, expected, **spec):
        counts, record = changed_by(ns, cluster, lambda: cluster.patch(**spec))
        table[what] = counts
        check(set(counts.values()) == {expected}, f"{what}: {counts}, wanted {expected} each")
        check(record.restarts() == 0, f"{what}: containers were restarted")
        check(template_ports(ns, cluster) == ports, f"{what}: other ports: {template_ports(ns, cluster)}")

    change("enable fleet management", 1, auraFleetManagement={"enabled": True})
    ns.secret(TOKEN_SECRET, token=mint("cluster-count"))
    change("name the token", 0, auraFleetManagement={"tokenSecretRef": {"name": TOKEN_SECRET}})
    cluster.wait_registered()
    change("an unrelated edit", 0, service={"annotations": {"example.com/a": "b"}})
    change("disable fleet management", 1, auraFleetManagement={"enabled": False})
    change("more servers", 0, topology={"servers": 4})
    print(f"       replacements per pod: {json.dumps(table)}", flush=True)


def test_cluster_credentials(ns):
    """B5 B7: a password that the servers refuse is named in the phase's message and in a condition, with the cure; and it is
    over as soon as the Secret is right again."""
    cluster = Cluster(ns, "locked").create()
    cluster.wait_phase("Ready")
    before = cluster.uids()
    ns.secret(ADMIN_SECRET, password="not-the-one-it-began-with")
    cluster.wait_phase("Degraded", "refused user 'neo4j'", "ALTER USER")
    conditions = {c["type"]: c for c in cluster.status()["conditions"]}
    check(conditions["Ready"]["reason"] == "CredentialsRefused" and conditions["CredentialsRefused"]["status"] == "True",
          f"conditions: {conditions}")
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    cluster.wait_phase("Ready", limit=30)
    check(cluster.uids() == before, "pods were replaced")


def test_cluster_storage(ns):
    """B3 B8: volumes grow with the spec, without a new pod; a refusal is told, and what was there stays."""
    cluster = Cluster(ns, "grow").create()
    cluster.wait_phase("Ready")
    before = cluster.uids()

    def sizes():
        return {item["spec"]["resources"]["requests"]["storage"] for item in ns.get("pvc")["items"]}

    cluster.patch(storage={"size": "2Gi"})
    wait_for("claims of 2Gi", lambda: sizes() == {"2Gi"}, 30)
    cluster.wait_phase("Ready")
    check(cluster.uids() == before, "pods were replaced")
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "tight"},
             "spec": {"hard": {"requests.storage": "7Gi"}}}
    ns.apply(json.dumps(quota))
    wait_for("the quota", lambda: ((ns.get("resourcequota", "tight").get("status") or {}).get("used") or {}).get(
        "requests.storage") == "6Gi")
    cluster.patch(storage={"size": "3Gi"})
    cluster.wait_phase("Ready", "is not allowed to grow to 3Gi", "exceeded quota")
    wait_for("the Warning", lambda: ns.events("StorageGrowthRefused"))
    check(cluster.uids() == before, "pods were replaced")
    claim = cluster.set()["spec"]["volumeClaimTemplates"][0]
    check(claim["spec"]["resources"]["requests"]["storage"] == "1Gi", f"the template: {claim}")


def test_cluster_namespace_deleted(ns):
    """B8 E2: a namespace deleted in the middle of a roll goes; the operator forgets it."""
    cluster = Cluster(ns, "ending").create()
    cluster.wait_phase("Ready")
    with PodRecord(ns) as record:
        cluster.patch(config={"db.transaction.timeout": "52s"})
        wait_for("the first pod to go", lambda: record.replaced(), 60)
        run(["kubectl", "delete", "namespace", ns.name, "--wait=true", "--timeout=120s"])
    check(run(["kubectl", "get", "namespace", ns.name], ok=False).returncode != 0, "the namespace is still there")
    wait_for("the operator's last word", lambda: "outcome=gone" in ns.operator.logs(), 30)


TESTS = [
    test_cluster_page, test_cluster_roll, test_cluster_upgrade, test_cluster_scale, test_cluster_change_of_mind,
    test_cluster_scale_in_refused, test_cluster_bad_config, test_cluster_stuck_database, test_cluster_budget,
    test_cluster_operator_killed, test_cluster_follower, test_cluster_restarts, test_cluster_credentials,
    test_cluster_storage, test_cluster_namespace_deleted,
]
