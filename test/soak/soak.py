#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The soak itself, inside the cluster's network; test/soak/run calls this."""
import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "bench"))

from measure import SERVER, TOKEN, Api, Operator  # noqa: E402
from verdict import judge  # noqa: E402

NAMESPACE = "soak"
OURS = "/apis/neo4j.neo4j.com/v1alpha1/namespaces/{}/{}"
CORE = "/api/v1/namespaces/{}/{}"
KINDS = {"Neo4jEnterpriseCluster": "neo4jenterpriseclusters", "Neo4jEnterpriseStandalone": "neo4jenterprisestandalones"}
CLUSTERS, STANDALONES = 12, 8
MERGE = "application/merge-patch+json"
REST_LIMIT = 600
WINDOW = 30  # seconds before a sample, of whose calls the sample tells


class Population:
    """What there is, and how it changes. Names are never used twice, and all are of the same length."""

    def __init__(self, api, chance):
        self.api, self.chance = api, chance
        self.live = {}  # name: kind
        self.made, self.done = 0, collections.Counter()
        self.plugins, self.strangers = set(), set()
        self.api.namespace(NAMESPACE, {"admin": {"password": "abcdefgh1"}, "token": {"token": TOKEN}})

    def ask(self, method, path, body=None, kind=MERGE):
        """A call about something that may be on its way out; whether it was done."""
        status, text = self.api.tell(method, path, body, kind)
        if status >= 300 and status not in (404, 409):
            sys.exit(f"soak: {method} {path}: {status} {text[:300]}")
        return status < 300

    def path(self, name, namespace=NAMESPACE):
        return OURS.format(namespace, KINDS[self.live[name]]) + "/" + name

    def spec(self, kind):
        spec = {"image": {"repo": "neo4j", "tag": "2025.12.1-enterprise"}, "storage": {"size": "10Gi", "retentionPolicy": "Delete"},
                "auth": {"adminSecret": "admin"},
                "config": {"db.transaction.timeout": self.setting()}, "service": {"annotations": {"soak/value": self.value()}},
                "auraFleetManagement": {"enabled": True, "tokenSecretRef": {"name": "token"}}}
        return spec | ({"topology": {"servers": 3}} if kind == "Neo4jEnterpriseCluster" else {})

    def value(self):
        return f"{self.chance.randrange(10 ** 6):06}"

    def setting(self):
        return f"{self.chance.randrange(100, 1000)}s"

    def named(self, prefix):
        self.made += 1
        return f"{prefix}{self.made:05}"

    def some(self, kind=None):
        return self.chance.choice([name for name, its in self.live.items() if kind in (None, its)])

    def make(self, kind, namespace=NAMESPACE, **changes):
        name = self.named("d")
        self.ask("POST", OURS.format(namespace, KINDS[kind]), {
            "apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": self.spec(kind) | changes},
            "application/json")
        if namespace == NAMESPACE:
            self.live[name] = kind
        return name

    def patch(self, name, spec):
        self.ask("PATCH", self.path(name), {"spec": spec})

    # ---- changes ----

    def replace(self):
        name = self.some()
        kind = self.live[name]
        self.ask("DELETE", self.path(name))
        del self.live[name]
        self.make(kind)

    def replace_without_token(self):
        """A token that comes later: a Warning, then a registration."""
        name = self.some("Neo4jEnterpriseStandalone")
        self.ask("DELETE", self.path(name))
        del self.live[name]
        self.make("Neo4jEnterpriseStandalone", auraFleetManagement={"enabled": True, "tokenSecretRef": {"name": self.named("absent")}})

    def annotate(self):
        self.patch(self.some(), {"service": {"annotations": {"soak/value": self.value()}}})

    def configure(self):
        """A roll."""
        self.patch(self.some(), {"config": {"db.transaction.timeout": self.setting()}})

    def scale(self):
        self.patch(self.some("Neo4jEnterpriseCluster"), {"topology": {"servers": self.chance.choice([3, 4, 5])}})

    def switch(self):
        self.patch(self.some(), {"auraFleetManagement": {"enabled": self.chance.random() < 0.5}})

    def register_again(self):
        self.ask("PATCH", self.path(self.some()) + "/status", {"status": {"auraFleetManagement": {"registered": False}}})

    def refuse(self):
        """A setting that the operator decides itself: a condition and a Warning."""
        self.patch(self.some(), {"config": {"server.bolt.listen_address": self.value()}})

    def break_child(self):
        self.ask("DELETE", CORE.format(NAMESPACE, "configmaps") + f"/{self.some()}-config")

    def kill_pod(self):
        pods = [pod for pod in self.api.items(CORE.format(NAMESPACE, "pods")) if "deletionTimestamp" not in pod["metadata"]]
        if pods:
            self.ask("DELETE", CORE.format(NAMESPACE, "pods") + "/" + self.chance.choice(pods)["metadata"]["name"])

    def plug(self):
        name = self.named("p")
        if self.ask("POST", OURS.format(NAMESPACE, "neo4jplugins"), {
                "apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jPlugin", "metadata": {"name": name},
                "spec": {"clusterRef": self.some(), "name": self.chance.choice(["apoc", "gds", "nonsense"])}}, "application/json"):
            self.plugins.add(name)

    def unplug(self):
        if self.plugins:
            self.ask("DELETE", OURS.format(NAMESPACE, "neo4jplugins") + "/" + self.plugins.pop())

    def rotate_token(self):
        self.ask("PATCH", CORE.format(NAMESPACE, "secrets") + "/token", {"stringData": {"token": TOKEN + " " * self.chance.randrange(8)}})

    def stranger(self):
        """Objects that are none of ours."""
        for kind in ("secrets", "configmaps"):
            name = self.named("s")
            self.ask("POST", CORE.format(NAMESPACE, kind), {"metadata": {"name": name}, "data": {"x": "eHh4" * 5000}}, "application/json")
            self.strangers.add((kind, name))

    def namespace(self):
        """A namespace that goes with a deployment in it."""
        name = self.named("soak-")
        self.api.namespace(name, {"admin": {"password": "abcdefgh1"}, "token": {"token": TOKEN}})
        self.make("Neo4jEnterpriseStandalone", name)
        self.strangers.add(("", name))

    CHANGES = [(replace, 6), (replace_without_token, 2), (annotate, 6), (configure, 4), (scale, 4), (switch, 3), (register_again, 3), (refuse, 2),
               (break_child, 3), (kill_pod, 3), (plug, 3), (unplug, 2), (rotate_token, 1), (stranger, 2), (namespace, 1)]

    def change(self):
        act, = self.chance.choices([act for act, _ in self.CHANGES], [weight for _, weight in self.CHANGES])
        act(self)
        self.done[act.__name__] += 1

    # ---- rest ----

    def calm(self):
        """Everything into the shape in which it rests."""
        while self.plugins:
            self.unplug()
        for kind, name in self.strangers:
            self.ask("DELETE", CORE.format(NAMESPACE, kind) + "/" + name if kind else f"/api/v1/namespaces/{name}")
        self.strangers.clear()
        for kind, wanted in (("Neo4jEnterpriseCluster", CLUSTERS), ("Neo4jEnterpriseStandalone", STANDALONES)):
            for _ in range(wanted - list(self.live.values()).count(kind)):
                self.make(kind)
        for name, kind in self.live.items():
            shape = {"topology": {"servers": 3}} if kind == "Neo4jEnterpriseCluster" else {}
            self.patch(name, shape | {"config": {"server.bolt.listen_address": None},
                                      "auraFleetManagement": {"enabled": True, "tokenSecretRef": {"name": "token"}}})

    def unsettled(self):
        """Names of what is not as it should be, in words."""
        found, seen = [], set()
        for plural in KINDS.values():
            for item in self.api.items(OURS.format(NAMESPACE, plural)):
                name, status = item["metadata"]["name"], item.get("status", {})
                seen.add(name)
                if name not in self.live or status.get("phase") != "Ready" or not status.get("auraFleetManagement", {}).get("registered"):
                    found.append(f"{name} {status.get('phase')} {status.get('auraFleetManagement', {}).get('message')}")
        found += sorted(set(self.live) - seen)
        servers = 3 * CLUSTERS + STANDALONES
        # What a deployment leaves behind would pass for a leak.
        for what in ("pods", "persistentvolumeclaims"):
            number = len(self.api.items(CORE.format(NAMESPACE, what)))
            if number != servers:
                found.append(f"{number} {what} in place of {servers}")
        found += [item["metadata"]["name"] for item in self.api.items("/api/v1/namespaces") if item["metadata"]["name"].startswith("soak-")]
        return found


def connections(process):
    """How many there are to the API server: the sockets among a process's descriptors that its network knows by that port."""
    sockets = set()
    for descriptor in (process / "fd").iterdir():
        with contextlib.suppress(OSError):
            sockets.add(os.readlink(descriptor))
    lines = [line.split() for line in (process / "net/tcp").read_text(encoding="ascii").splitlines()[1:]]
    return sum(line[2].endswith(f":{6443:04X}") and line[3] == "01" and f"socket:[{line[9]}]" in sockets for line in lines)


class Kube(Api):
    def tell(self, method, path, body, kind):
        """Status and text, whatever they are."""
        try:
            answer = self.ask(method, path, json.dumps(body) if body is not None else None, kind)
        except OSError:  # the server has closed an idle connection
            self.local.connection = None
            answer = self.ask(method, path, json.dumps(body) if body is not None else None, kind)
        return answer.status, answer.read().decode()


class Soak:
    def __init__(self, arguments):
        self.arguments = arguments
        self.program, self.cluster = arguments.program, arguments.cluster
        self.folder = arguments.cluster / "log"
        self.api = Kube(self.cluster)
        self.audit, self.at = self.folder / "audit.log", 0
        self.calls = collections.deque()  # (when it was seen, verb and resource)
        self.total = collections.Counter()
        self.samples = []
        self.seed = int(os.environ.get("NEOFLEET_SEED") or time.time_ns() % 1000000)
        print(f"    NEOFLEET_SEED={self.seed}", flush=True)

    def read_calls(self):
        """What the operator asks of the API server, but for its watches and the lease."""
        with self.audit.open(encoding="utf-8") as log:
            log.seek(self.at)
            lines = log.read()
        whole = lines[:lines.rfind("\n") + 1]
        self.at += len(whole.encode())
        for line in whole.splitlines():
            event = json.loads(line)
            what = event.get("objectRef", {})
            call = f"{event['verb']} {what.get('resource')}" + (f"/{what['subresource']}" if "subresource" in what else "")
            if event["verb"] != "watch" and what.get("resource") != "leases":
                self.calls.append((time.monotonic(), call))
                self.total[call] += 1
        while self.calls and self.calls[0][0] < time.monotonic() - self.arguments.quiet - WINDOW:
            self.calls.popleft()

    def rest(self, population):
        """Until all is as it should be, and nothing was written for long enough."""
        population.calm()
        began = time.monotonic()
        while True:
            self.read_calls()
            wrong = population.unsettled()
            written = max([when for when, call in self.calls if not call.startswith("get ")], default=0)
            if not wrong and time.monotonic() - max(written, began) > self.arguments.quiet:
                return
            if time.monotonic() - began > REST_LIMIT:
                sys.exit(f"soak: no rest within {REST_LIMIT} s: {wrong or 'something is written again and again'}: {collections.Counter(c for _, c in self.calls)}")
            time.sleep(2)

    def heap_kb(self):
        status, text = self.operator.get("/metrics")
        found = re.search(r"^neofleet_heap_in_use_bytes (\d+)$", text, re.MULTILINE)
        return int(found[1]) // 1024 if found else sys.exit(f"soak: /metrics says nothing of the heap: {status} {text[:300]}")

    def sample(self, population, started):
        process = pathlib.Path(f"/proc/{self.operator.process.pid}")
        memory = self.operator.memory_kb()
        window = time.monotonic() - min(WINDOW, self.arguments.quiet)
        sample = {
            "at_s": round(time.monotonic() - started), "rss_kb": memory["VmRSS"], "anon_kb": memory["RssAnon"], "hwm_kb": memory["VmHWM"],
            "heap_kb": self.heap_kb(),
            "connections": connections(process), "fds": len(list((process / "fd").iterdir())), "threads": len(list((process / "task").iterdir())),
            "cpu_s": round(self.operator.cpu_s(), 1), "changes": sum(population.done.values()), "calls_so_far": sum(self.total.values()),
            "calls": dict(collections.Counter(call for when, call in self.calls if when > window))}
        self.samples.append(sample)
        print("    " + " ".join(f"{key}={value}" for key, value in sample.items()), flush=True)

    def run(self):
        population = Population(self.api, random.Random(self.seed))
        self.operator = Operator(self)
        started = time.monotonic()
        try:
            self.rest(population)
            self.sample(population, started)
            while time.monotonic() - started < self.arguments.seconds:
                until = time.monotonic() + self.arguments.work
                while time.monotonic() < until:
                    population.change()
                    self.read_calls()
                    time.sleep(0.5)  # the pace of the changes
                self.rest(population)
                self.sample(population, started)
            print(f"    changes: {dict(population.done)}\n    calls: {dict(self.total)}", flush=True)
            if self.operator.process.poll() is not None:
                sys.exit("soak: the operator has ended")
        finally:
            self.operator.stop()
            if self.arguments.out:
                self.arguments.out.write_text(json.dumps({"seed": self.seed, "samples": self.samples}, indent=1) + "\n", encoding="utf-8")
        return judge(self.samples)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    for name in ("program", "standin", "cluster"):
        options.add_argument("--" + name, type=pathlib.Path, required=True)
    for name in ("seconds", "work", "quiet"):
        options.add_argument("--" + name, type=int, required=True)
    options.add_argument("--out", type=pathlib.Path)
    arguments = options.parse_args()
    pki = arguments.cluster / "pki"
    with (arguments.cluster / "log/crowd.log").open("w", encoding="utf-8") as log:
        crowd = subprocess.Popen([arguments.standin, "crowd", f"https://{SERVER}:6443", pki / "ca.crt", pki / "admin.crt", pki / "admin.key"],
                                 stderr=log)
    try:
        complaints = Soak(arguments).run()
    finally:
        crowd.terminate()
        crowd.wait()
    print("\n".join(f"FAILED: {text}" for text in complaints) or "ok: memory is flat", flush=True)
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
