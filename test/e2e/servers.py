# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""A cluster of a test, on the stand-in for Neo4j servers (test/standin), and what can be known of it."""
import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, Failure, check, wait_for

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

    def passes(self):
        """How many passes over it the operator has made."""
        return sum("msg=reconciled" in line and f"/{self.ns.name}/{self.name} " in line
                   for line in self.ns.operator.logs().splitlines())

    def wait_passes(self, number):
        """Until the operator has begun and ended another one that many times, by itself or because of something new."""
        before = self.passes()
        wait_for(f"{number} passes", lambda: self.passes() >= before + number)

    def poke(self):
        """Makes the operator look again, and waits until it has; returns the version of what it found."""
        before = self.passes()
        self.ns.kubectl("annotate", "--overwrite", KIND, self.name, f"test/poke={time.time_ns()}")
        version = self.object()["metadata"]["resourceVersion"]
        wait_for("another pass", lambda: self.passes() > before)
        return version

    def exec(self, pod, *command, ok=True):
        return self.ns.kubectl("exec", pod, "-c", "neo4j", "--", *command, ok=ok)

    def counts(self, key):
        """How often each server was asked for something since its volume was made; the file is written once a second."""
        return {pod: int(self.exec(pod, "standin", "counts", key)) for pod in sorted(self.pods())}

    def scheme(self, pod):
        """How a pod's server speaks, by what it was started with."""
        return "bolt+ssc" if any(volume["name"] == "tls" for volume in pod["spec"]["volumes"]) else "bolt"

    def uri(self, pod):
        return f"{self.scheme(pod)}://{pod['status']['podIP']}:7687"

    def query(self, text, pod=None, **parameters):
        """On database system, of one server: by the address of its pod, as nobody but a test should."""
        pods = self.pods()
        with driver(self.uri(pods[pod] if pod else next(iter(pods.values())))) as client:
            records, _, _ = client.execute_query(text, parameters, database_="system")
            return [record.data() for record in records]

    def leader(self, database="system"):
        text = f"SHOW DATABASES YIELD name, address, writer WHERE name = '{database}' AND writer"
        rows = wait_for(f"database {database} to be led", lambda: self.query(text))
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


class StatusRecord:
    """What a cluster's status said while it was kept, each saying once, in order."""

    def __init__(self, cluster):
        self.process = subprocess.Popen(
            ["kubectl", "get", KIND, cluster.name, "--watch", "--output-watch-events", "-o", "json"], stdout=subprocess.PIPE, text=True, env=cluster.ns.env)
        self.said = []
        self.thread = threading.Thread(target=self.read)
        self.thread.start()

    def read(self):
        for line in self.process.stdout:
            status = json.loads(line)["object"].get("status") or {}
            said = (status.get("phase"), status.get("message"))
            if said not in self.said:
                self.said.append(said)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.thread.join()

    def has(self, phase, *parts):
        return any(phase == then and all(part in message for part in parts) for then, message in list(self.said))


def volumes(ns):
    """The claims by name, each with its uid and the folder of its volume."""
    paths = {}
    for claim in ns.get("pvc")["items"]:
        volume = json.loads(ns.kubectl("get", "pv", claim["spec"]["volumeName"], "-o", "json"))
        paths[claim["metadata"]["name"]] = (claim["metadata"]["uid"], pathlib.Path(volume["spec"]["local"]["path"]))
    return paths


def logged(folder):
    """The numbers of the client's rows in one server's log."""
    found = set()
    for line in (folder / "groups/neo4j.log").read_text(encoding="utf-8").splitlines():
        with contextlib.suppress(json.JSONDecodeError):  # the last one may be being written
            change = json.loads(line).get("d") or {}
            found.update(item["props"]["n"] for item in change.get("created") or [] if "Row" in item["labels"])
    return found


def prove(ns, report, copies=None):
    """No acknowledged write is lost: every server's log has all of them; of so many servers, where the database has fewer copies."""
    written, logs = set(report["written"]), {name: folder for name, (_, folder) in volumes(ns).items()}

    def whole():
        return sum(written <= logged(folder) for folder in logs.values() if (folder / "groups/neo4j.log").exists())

    try:
        wait_for("the logs to have all rows", lambda: whole() >= (copies or len(logs)), 60)
    except Failure as failure:
        lost = {name: len(written - logged(folder)) for name, folder in logs.items()}
        raise Failure(f"{failure}; acknowledged writes that a log lacks: {lost}") from None
    print(f"       FIGURES {ns.name}: acknowledged {len(written)}, lost 0 of {whole()} logs, "
          f"longest time without a write {report['pause']} s", flush=True)


@contextlib.contextmanager
def client_load(ns, cluster, *options):
    """Writes through the client Service with the cluster's own name service, and checks afterwards that nothing was lost.
    The options are load.py's."""
    with tempfile.NamedTemporaryFile("w", suffix=".resolv", delete=False) as file:
        file.write(f"nameserver {DNS}\noptions timeout:1 attempts:5\n")
    uri = f"neo4j://{cluster.name}-client.{ns.name}.svc.cluster.local:7687"
    script = pathlib.Path(__file__).with_name("load.py")
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", 'mount --bind "$1" /etc/resolv.conf && shift && exec python3 "$@"', "sh",
         file.name, str(script), uri, *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        env=dict(os.environ, PYTHONPATH=os.environ["NEOFLEET_DRIVER"]))
    report = {}
    try:
        process.stdin.write(PASSWORD + "\n")
        process.stdin.flush()
        check(process.stdout.readline() == "working\n", "the client did not begin")
        writer = cluster.leader("neo4j")
        wait_for("rows of the client", lambda: count_rows(cluster, writer, "neo4j") > 20)
        yield report
        out, _ = process.communicate(timeout=180)
        report.update(json.loads(out))
    finally:
        process.kill()
        process.wait()
        os.unlink(file.name)
    print("       the client: " + str({key: value for key, value in report.items() if key != "written"}), flush=True)
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


def on_database(cluster, pod, database, text):
    with driver(cluster.uri(cluster.pods()[pod])) as client:
        records, _, _ = client.execute_query(text, database_=database)
        return [record.data() for record in records]


def lose(ns, *pods):
    """The claims and the pods go, as with a node that takes its disk along."""
    for pod in pods:
        ns.kubectl("delete", "pvc", f"data-{pod}", "--wait=false")
    ns.kubectl("delete", "pod", *pods, "--force", "--grace-period=0")


def write_row(cluster, pod, database):
    on_database(cluster, pod, database, "CREATE (r:Row {n: 1})")


def count_rows(cluster, pod, database):
    return on_database(cluster, pod, database, "MATCH (r:Row) RETURN count(r) AS n")[0]["n"]
