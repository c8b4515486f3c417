#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The harm itself and what it does, inside the cluster's network; test/hostile/run calls this."""
import argparse
import base64
import collections
import contextlib
import http.client
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "bench"))

from measure import ENVIRONMENT, SERVER, TOKEN, Api  # noqa: E402

OURS = "/apis/neo4j.neo4j.com/v1alpha1/namespaces/{}/{}"
CORE = "/api/v1/namespaces/{}/{}"
STANDALONES, CLUSTERS, PLUGINS = "neo4jenterprisestandalones", "neo4jenterpriseclusters", "neo4jplugins"
HARMS = ("servers", "objects", "pods", "plugins", "connections")
SERVERS = ["rows", "values", "names", "lies", "silence", "echo", "chunks", "greeting"]
MANIFEST = (TOP / "deploy/operator.yaml").read_text(encoding="utf-8")
LIMIT = int(re.search(r"limits:\n +memory: (\d+)Mi", MANIFEST)[1]) << 20
PEAK_MAX = 100 << 20
STATUS_MAX_S = 2.0
PORT, PROBE_PORT = 8080, 8081
CONNECTIONS = 200
ELSEWHERE = "127.0.0.2"  # the address that the connections come from; the kubelet has another one
PERIOD_S = 2
CALM_S = 20


def say(text):
    print(f"    {text}", flush=True)


def percentile(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * part))] if ordered else float("nan")


class Kube(Api):
    def need(self, *arguments):
        status, text = self.tell_text(*arguments)
        if status >= 300 or not status:
            sys.exit(f"hostile: {arguments[0]} {arguments[1]}: {status} {text[:300]}")
        return json.loads(text)


class Group:
    """A control group with the pod's limit of memory, of either version."""

    def __init__(self, limit):
        unified = pathlib.Path("/sys/fs/cgroup/cgroup.controllers").exists()
        self.folder = pathlib.Path("/sys/fs/cgroup" + ("" if unified else "/memory")) / f"neofleet-hostile-{os.getpid()}"
        self.folder.mkdir()
        names = ("memory.max", "memory.peak") if unified else ("memory.limit_in_bytes", "memory.max_usage_in_bytes")
        (self.folder / names[0]).write_text(str(limit))
        self.peak_file = self.folder / names[1]

    def join(self):
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def peak(self):
        return int(self.peak_file.read_text()) if self.peak_file.exists() else 0

    def remove(self):
        with contextlib.suppress(OSError):
            self.folder.rmdir()


class Kubelet:
    """The operator's process under the pod's limit, started again when it ends or when its probes fail as often as the manifest allows."""

    def __init__(self, arguments, log):
        self.command = [arguments.program, "--kubeconfig", arguments.cluster / "measured.conf", "--leader-elect", "--lease-namespace", "default",
                        *(["--probe-port", str(PROBE_PORT)] if b"probe-port" in arguments.program.read_bytes() else [])]
        self.probe_port = PROBE_PORT if len(self.command) > 6 else PORT
        self.group, self.log = Group(LIMIT), log
        self.restarts, self.failed, self.probes, self.peak_rss = [], 0, [], 0
        self.stopping = threading.Event()
        self.start()
        self.threads = [threading.Thread(target=target, daemon=True) for target in (self.keep, self.sample)]
        for thread in self.threads:
            thread.start()

    def start(self):
        self.process = subprocess.Popen(self.command, stderr=self.log, env=os.environ | ENVIRONMENT, preexec_fn=self.group.join)

    def ask(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self.probe_port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except (OSError, http.client.HTTPException):
            return 0
        finally:
            connection.close()

    def keep(self):
        failures = 0
        while not self.stopping.wait(0 if failures else 10):
            began = time.monotonic()
            good = self.ask("/healthz") == 200
            self.probes.append(time.monotonic() - began)
            failures = 0 if good else failures + 1
            self.failed += not good
            if failures == 3:
                self.restart("its liveness probe failed three times")
                failures = 0
            elif not good:
                self.stopping.wait(10)

    def restart(self, why):
        if self.stopping.is_set():
            return
        self.restarts.append(why)
        say(f"the operator is started again: {why}")
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self.start()

    def sample(self):
        while not self.stopping.wait(0.05):
            if self.process.poll() is not None and not self.stopping.is_set():
                self.restart(f"it has ended with {self.process.returncode}")
            with contextlib.suppress(OSError, TypeError):
                text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
                self.peak_rss = max(self.peak_rss, int(re.search(r"VmHWM:\s+(\d+)", text)[1]) << 10)

    def stop(self):
        self.stopping.set()
        for thread in self.threads:
            thread.join(30)
        self.process.terminate()
        self.process.wait(60)
        peak = self.group.peak()
        self.group.remove()
        return peak


def root(kind, name, **spec):
    return {"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": kind, "metadata": {"name": name},
            "spec": {"image": {"repo": "neo4j", "tag": "2025.12.1-enterprise"}, "storage": {"size": "10Gi"}, "auth": {"adminSecret": "admin"}, **spec}}


class Harm:
    """What tenants do, each on a thread of its own, until told to stop."""

    def __init__(self, api, arguments):
        self.api, self.arguments = api, arguments
        self.done = collections.Counter()
        self.stopping = threading.Event()

    def start(self, only):
        self.prepare()
        for name in only:
            threading.Thread(target=getattr(self, name), daemon=True).start()

    def prepare(self):
        for namespace in ("hostile", "hoard"):
            self.api.namespace(namespace, {"admin": {"password": "abcdefgh1"}, "token": {"token": TOKEN}})
        self.api.need("POST", OURS.format("hoard", STANDALONES), root("Neo4jEnterpriseStandalone", "own"))
        self.uid = self.api.need("GET", OURS.format("hoard", STANDALONES) + "/own")["metadata"]["uid"]

    def servers(self):
        """Eight deployments, whose servers do their worst: half of them clusters."""
        for number, harm in enumerate(SERVERS):
            fleet = {"podAnnotations": {"neofleet.test/hostile": harm}, "auraFleetManagement": {"enabled": True, "tokenSecretRef": {"name": "token"}}}
            kind, plural = (("Neo4jEnterpriseCluster", CLUSTERS), ("Neo4jEnterpriseStandalone", STANDALONES))[number % 2]
            shape = {"topology": {"servers": 3}} if plural == CLUSTERS else {}
            self.api.need("POST", OURS.format("hostile", plural), root(kind, f"h-{harm}", **fleet, **shape))
            self.done["deployments"] += 1
        # Each change has the operator ask them again.
        while not self.stopping.wait(5):
            for number, harm in enumerate(SERVERS):
                self.api.tell_text("PATCH", OURS.format("hostile", (CLUSTERS, STANDALONES)[number % 2]) + f"/h-{harm}",
                              {"metadata": {"annotations": {"hostile/turn": str(time.monotonic())}}}, "application/merge-patch+json")
                pods = self.api.tell_text("GET", CORE.format("hostile", "pods") + f"?labelSelector=app.kubernetes.io/instance=h-{harm}")[1]
                self.done["turns"] += 1
                with contextlib.suppress(ValueError, KeyError, IndexError):
                    self.api.tell_text("DELETE", CORE.format("hostile", "pods") + "/" + json.loads(pods)["items"][0]["metadata"]["name"])

    def objects(self):
        """Large ones that say that the operator made them: some are nobody's, some claim a deployment as their owner. Both kinds of content: what can be
        squeezed, and what cannot."""
        names, number = collections.deque(), 0
        while not self.stopping.is_set() and number < self.arguments.objects:
            text = base64.b64encode(os.urandom(700 << 10)).decode() if number % 2 else "[[[[[[[[" * (120 << 10)
            owner = [{"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jEnterpriseStandalone", "name": "own", "uid": self.uid, "controller": True}]
            status, said = self.api.tell_text("POST", CORE.format("hoard", "configmaps"), {
                "metadata": {"name": f"o{number:05}", "labels": {"app.kubernetes.io/managed-by": "neofleet"}, "ownerReferences": owner if number % 4 > 1 else []},
                "data": {"x": text}})
            if status != 201:
                say(f"an object was not taken: {status} {said[:200]}")
                self.stopping.wait(5)
                continue
            names.append(f"o{number:05}")
            number += 1
            self.done["objects"] += 1
            if len(names) > self.arguments.at_once:
                self.api.tell_text("DELETE", CORE.format("hoard", "configmaps") + "/" + names.popleft())

    def pods(self):
        """They say whose StatefulSet is their owner, and never run."""
        uid = ""
        while not uid and not self.stopping.wait(1):
            status, text = self.api.tell_text("GET", "/apis/apps/v1/namespaces/hoard/statefulsets/own")
            uid = json.loads(text)["metadata"]["uid"] if status == 200 else ""
        for number in range(self.arguments.pods):
            if self.stopping.is_set():
                return
            status, _ = self.api.tell_text("POST", CORE.format("hoard", "pods"), {
                "metadata": {"name": f"own-{number + 100}", "annotations": {"x": "y" * 30000},
                             "labels": {"app.kubernetes.io/managed-by": "neofleet", "app.kubernetes.io/instance": "own"},
                             "ownerReferences": [{"apiVersion": "apps/v1", "kind": "StatefulSet", "name": "own", "uid": uid}]},
                "spec": {"schedulingGates": [{"name": "neofleet.test/never"}], "containers": [{"name": "neo4j", "image": "x"}]}})
            self.done["pods"] += status == 201

    def plugins(self):
        """As large as their kind may be, and for one deployment."""
        for number in range(200):
            if self.stopping.is_set():
                return
            large = number < 60
            config = {f"db.setting.number{i}": ("v" if number % 2 else "xyz"[i % 3]) * (4000 if large else 10) for i in range(250 if large else 3)}
            status, text = self.api.tell_text("POST", OURS.format("hoard", PLUGINS), {
                "apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jPlugin", "metadata": {"name": f"p{number}"},
                "spec": {"clusterRef": "own", "name": "apoc", "config": config}})
            self.done["plugins"] += status == 201
            if status != 201:
                say(f"a plugin was not taken: {status} {text[:200]}")

    def connections(self):
        """To each port as many as a pod may like, which say nothing, or begin a request and never end it."""
        held = {}
        while not self.stopping.is_set():
            for port in (PORT, PROBE_PORT):
                for number in range(CONNECTIONS):
                    if (port, number) not in held and (made := self.dial(port, number)):
                        held[port, number] = made
                        self.done[f"connections to {port}"] += 1
            for key, one in list(held.items()):
                try:
                    if not one.recv(1, socket.MSG_DONTWAIT):
                        raise OSError
                except BlockingIOError:
                    pass
                except OSError:
                    one.close()
                    del held[key]
            self.stopping.wait(0.2)

    @staticmethod
    def dial(port, number):
        one = socket.socket()
        try:
            one.settimeout(0.2)
            one.bind((ELSEWHERE, 0))
            one.connect(("127.0.0.1", port))
            if number % 2:
                one.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
            return one
        except OSError:
            one.close()
            return None


class Pace:
    """How long a bare write takes meanwhile: the operator makes a dozen calls until a first status, and is no faster than the API server."""

    def __init__(self, api):
        self.api, self.took, self.stopping = api, [], threading.Event()
        self.api.namespace("pace", {})
        self.api.need("POST", CORE.format("pace", "configmaps"), {"metadata": {"name": "pace"}})
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while not self.stopping.wait(1):
            began = time.monotonic()
            self.api.tell_text("PATCH", CORE.format("pace", "configmaps") + "/pace", {"data": {"at": str(began)}}, "application/merge-patch+json")
            self.took.append(time.monotonic() - began)

    def said(self):
        """Of the writes since the last time."""
        took, self.took = self.took, []
        return (f"a bare write took {percentile(took, 0.5) * 1000:.0f} ms (median), {percentile(took, 0.99) * 1000:.0f} ms (99 %), "
                f"{max(took, default=0) * 1000:.0f} ms (longest)")


class Neighbour:
    """A namespace of somebody else: a new deployment every other second, and how long it takes to its first status."""

    def __init__(self, api):
        self.api, self.number = api, 0
        self.began, self.took = {}, {}
        self.api.namespace("neighbour", {"admin": {"password": "abcdefgh1"}})
        self.api.follow(OURS.format("neighbour", STANDALONES), self.on_event)

    def on_event(self, event, now):
        item = event["object"]
        name = item["metadata"].get("name")
        if name in self.began and item.get("status", {}).get("phase"):
            self.took.setdefault(name, now - self.began[name])

    def make(self):
        name = f"n{self.number:04}"
        self.number += 1
        self.began[name] = time.monotonic()
        self.api.need("POST", OURS.format("neighbour", STANDALONES), root("Neo4jEnterpriseStandalone", name))
        # So that there are not more and more.
        if self.number > 50:
            self.api.tell_text("DELETE", OURS.format("neighbour", STANDALONES) + f"/n{self.number - 51:04}")

    def run(self, seconds):
        """Times of those that were made meanwhile; one without a status counts as long as it has waited."""
        first, end = self.number, time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            self.make()
            time.sleep(min(PERIOD_S, max(left, 0)))
        wait = time.monotonic() + 30
        names = [f"n{number:04}" for number in range(first, self.number)]
        while time.monotonic() < wait and any(name not in self.took for name in names):
            time.sleep(0.1)
        return [self.took.get(name, time.monotonic() - self.began[name]) for name in names]


def described(times):
    return (f"{len(times)} deployments, first status after {percentile(times, 0.5):.2f} s (median), {percentile(times, 0.9):.2f} s (90 %), "
            f"{percentile(times, 0.99):.2f} s (99 %), {max(times, default=0):.2f} s (last)")


def verdict(figures):
    """The complaints."""
    complaints = [f"the operator was started again: {why}" for why in figures["restarts"]]
    if figures["peak"] >= PEAK_MAX:
        complaints.append(f"memory: {figures['peak'] >> 20} MiB at its peak, {PEAK_MAX >> 20} MiB are allowed")
    if not figures["first_status_p99_s"] < STATUS_MAX_S:
        complaints.append(f"another namespace: 99 % within {figures['first_status_p99_s']:.2f} s, {STATUS_MAX_S} s are allowed")
    return complaints


def run(arguments):
    api = Kube(arguments.cluster)
    only = [name for name in HARMS if arguments.only is None or name in arguments.only]
    with (arguments.cluster / "log/operator.log").open("w", encoding="utf-8") as log:
        kubelet = Kubelet(arguments, log)
        neighbour, harm, pace = Neighbour(api), Harm(api, arguments), Pace(api)
        say(f"calm: {described(neighbour.run(CALM_S))}; {pace.said()}")
        harm.start(only)
        say(f"harm: {', '.join(only) or 'none'}; for {arguments.seconds} s, under a limit of {LIMIT >> 20} MiB")
        times = neighbour.run(arguments.seconds)
        harm.stopping.set()
        peak = kubelet.stop()
    say(f"harm: {described(times)}; {pace.said()}")
    say(f"done: {dict(harm.done)}")
    say(f"memory: {kubelet.peak_rss / 2**20:.1f} MiB resident, {peak / 2**20:.1f} MiB in the control group, at the peak")
    say(f"probes: {len(kubelet.probes)}, {kubelet.failed} failed, {max(kubelet.probes, default=0):.2f} s the longest; {len(kubelet.restarts)} restarts")
    return {"seconds": arguments.seconds, "harms": only, "restarts": kubelet.restarts, "peak": max(peak, kubelet.peak_rss), "done": dict(harm.done),
            "probes_failed": kubelet.failed, "first_status_p99_s": percentile(times, 0.99), "times_s": times}


def main():
    options = argparse.ArgumentParser(description=__doc__)
    for name in ("program", "standin", "cluster"):
        options.add_argument("--" + name, type=pathlib.Path, required=True)
    for name in ("seconds", "objects", "at-once", "pods"):
        options.add_argument("--" + name, type=int, required=True)
    options.add_argument("--only", nargs="*", choices=HARMS)
    options.add_argument("--out", type=pathlib.Path)
    arguments = options.parse_args()
    pki = arguments.cluster / "pki"
    with (arguments.cluster / "log/crowd.log").open("w", encoding="utf-8") as log:
        crowd = subprocess.Popen([arguments.standin, "crowd", f"https://{SERVER}:6443", pki / "ca.crt", pki / "admin.crt", pki / "admin.key"],
                                 stderr=log)
    try:
        figures = run(arguments)
    finally:
        crowd.terminate()
        crowd.wait()
    if arguments.out:
        arguments.out.write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    complaints = verdict(figures)
    print("\n".join(f"FAILED: {text}" for text in complaints) or "ok: no tenant harmed the operator or another", flush=True)
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
