#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The measurements, inside the cluster's network; bench/run calls this."""
import argparse
import base64
import collections
import datetime
import http.client
import json
import math
import os
import pathlib
import random
import re
import signal
import ssl
import statistics
import subprocess
import sys
import threading
import time
import urllib.parse

import figures
import looks

TOP = pathlib.Path(__file__).resolve().parent.parent
# As in the image.
ENVIRONMENT = dict(line.split("=", 1) for line in (TOP / "script/lib/image.env").read_text(encoding="ascii").splitlines() if "=" in line and line[0] != "#")
SERVER = "10.244.0.1"
PORT, PROBE_PORT = 8090, 8091
LOOKS_S = 100  # after which the operator has looked for the last time whether a registration's connection has come, operator/fleet/connection_watch.c
LARGE = 1000  # clusters; beyond, the API server needs most of a machine, and what wants a quiet one has been measured
CR = "/apis/neo4j.neo4j.com/v1alpha1/namespaces/{}/neo4jenterpriseclusters"
TOKEN = base64.b64encode(json.dumps({"project_id": "project", "private_key": "k" * 64, "kid": "1",
                                     "expiry_time": "2099-01-01T00:00:00Z"}).encode()).decode()
ROOT = {
    "apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jEnterpriseCluster", "metadata": {"name": "@N@"},
    "spec": {"topology": {"servers": 3}, "image": {"repo": "neo4j", "tag": "2025.12.1-enterprise"}, "storage": {"size": "10Gi"},
             "auth": {"adminSecret": "admin"}, "resources": {"limits": {"memory": "4Gi"}}}}
COLLECTIONS = [
    ("neo4j.neo4j.com", "v1alpha1", "neo4jenterprisestandalones", ""), ("neo4j.neo4j.com", "v1alpha1", "neo4jenterpriseclusters", ""),
    ("neo4j.neo4j.com", "v1alpha1", "neo4jplugins", ""), ("apps", "v1", "statefulsets", "ours"), ("", "v1", "services", "ours"),
    ("", "v1", "configmaps", "ours"), ("", "v1", "serviceaccounts", "ours"), ("policy", "v1", "poddisruptionbudgets", "ours"),
    ("", "v1", "pods", "ours"), ("", "v1", "persistentvolumeclaims", "ours"), ("", "v1", "secrets", "")]


def say(text):
    print(f"    {text}", flush=True)


def wait_for(what, limit_s, check, pause_s=0.2):
    end = time.monotonic() + limit_s
    while not (found := check()):
        if time.monotonic() > end:
            sys.exit(f"bench: {what}: not within {limit_s} s")
        time.sleep(pause_s)
    return found


class Api:
    """The API server, as its administrator."""

    def __init__(self, cluster):
        self.context = ssl.create_default_context(cafile=cluster / "pki/ca.crt")
        self.context.load_cert_chain(cluster / "pki/admin.crt", cluster / "pki/admin.key")
        self.local = threading.local()

    def connect(self, timeout=60):
        return http.client.HTTPSConnection(SERVER, 6443, context=self.context, timeout=timeout)

    def call(self, method, path, body=None, kind="application/json"):
        text = json.dumps(body) if body is not None else None
        try:
            answer = self.ask(method, path, text, kind)
        except (OSError, http.client.HTTPException):  # the server has closed an idle connection
            self.local.connection = None
            answer = self.ask(method, path, text, kind)
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"bench: {method} {path}: {answer.status} {text[:300].decode()}")
        return json.loads(text)

    def ask(self, method, path, text, kind):
        if not getattr(self.local, "connection", None):
            self.local.connection = self.connect()
        self.local.connection.request(method, path, text, {"Content-Type": kind})
        return self.local.connection.getresponse()

    def tell_text(self, method, path, body=None, kind="application/json"):
        """Status and text, whatever they are; 0 without an answer."""
        for _ in range(2):
            try:
                answer = self.ask(method, path, json.dumps(body) if body is not None else None, kind)
                return answer.status, answer.read().decode()
            except (OSError, http.client.HTTPException):  # the server has closed an idle connection
                self.local.connection = None
        return 0, "no answer"

    def tell(self, *arguments):
        """The same with what the text says."""
        status, text = self.tell_text(*arguments)
        return status, json.loads(text) if status else {}

    def items(self, path, **query):
        found, token = [], ""
        while True:
            page = self.call("GET", path + "?" + urllib.parse.urlencode({"limit": 500, "continue": token, **query}))
            found += page["items"] or []
            token = page["metadata"].get("continue", "")
            if not token:
                return found

    def namespace(self, name, secrets):
        self.call("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
        for secret, data in secrets.items():
            self.call("POST", f"/api/v1/namespaces/{name}/secrets", {"metadata": {"name": secret}, "stringData": data})

    def watch(self, path, version):
        """Of a kind that the API server has just learned it says 429 for a moment, or that it is not ready."""
        tries = 60
        while True:
            connection = self.connect(timeout=900)
            connection.request("GET", f"{path}?watch=true&resourceVersion={version}")
            answer = connection.getresponse()
            if answer.status == 200:
                return answer
            said, tries = answer.read(300).decode(), tries - 1
            if tries == 0 or answer.status not in (429, 500, 503, 504):
                raise OSError(f"{answer.status} {said}")
            time.sleep(float(answer.headers.get("Retry-After", 1)))

    def follow(self, path, on_event):
        """Calls on_event for each change from now on, on a thread of its own. A watch that the API server ends goes on where it was."""
        version = self.call("GET", path + "?limit=1")["metadata"]["resourceVersion"]
        first = self.watch(path, version)

        def read(stream, version):
            try:
                while True:
                    while line := stream.readline():
                        event = json.loads(line)
                        version = event["object"]["metadata"]["resourceVersion"]
                        on_event(event, time.monotonic())
                    stream = self.watch(path, version)
            except (OSError, ValueError, KeyError, http.client.HTTPException) as problem:
                print(f"bench: the watch of {path} has ended: {problem!r}", file=sys.stderr)
        threading.Thread(target=read, args=(first, version), daemon=True).start()


class Operator:
    """A process of the shipped program."""

    def __init__(self, bench, *options):
        self.log = bench.folder / "operator.log"
        self.probe_port = PROBE_PORT if bench.probes else PORT
        started = time.monotonic()
        with self.log.open("a") as log:
            self.process = subprocess.Popen([bench.program, "--kubeconfig", bench.cluster / "measured.conf", "--port", str(PORT), *bench.probes, "--leader-elect",
                                             "--lease-namespace", "default", *options], stderr=log,
                                            env=os.environ | ENVIRONMENT)
        wait_for("the stores in sync", 300, self.is_ready, 0.002)
        self.sync_ms = (time.monotonic() - started) * 1000

    def get(self, path, port=PORT):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def is_ready(self):
        if self.process.poll() is not None:
            sys.exit(f"bench: the operator has ended: {self.log.read_text()[-500:]}")
        return self.get("/readyz", self.probe_port)[0] == 200

    def memory_kb(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return {name: int(re.search(name + r":\s+(\d+)", text)[1]) for name in ("VmRSS", "VmHWM", "RssAnon", "RssFile")}

    def cpu_s(self):
        fields = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def settle(self):
        """Until it has done nothing for ten seconds; memory is given back every ten."""
        last, since = self.cpu_s(), time.monotonic()

        def quiet():
            nonlocal last, since
            now = self.cpu_s()
            if now - last > 0.02:
                last, since = now, time.monotonic()
            return time.monotonic() - since > 21
        wait_for("the operator to be idle", 600, quiet, 1)
        return self.memory_kb()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


class Bench:
    def __init__(self, arguments):
        self.program, self.cluster = arguments.program, arguments.cluster
        self.floor_program = arguments.floor or arguments.program.parent / "bench_floor"
        # An older program has its probes at the port of its metrics.
        knows = subprocess.run([self.program, "--help"], check=True, capture_output=True, text=True).stdout
        self.probes = ["--probe-port", str(PROBE_PORT)] if "--probe-port" in knows else []
        self.folder = arguments.cluster / "log"
        self.api = Api(self.cluster)
        self.audit = self.folder / "audit.log"
        self.at = 0
        self.registered_at = -math.inf
        self.table, self.growth = [], []
        self.calls = self.figures = None

    say, wait_for = staticmethod(say), staticmethod(wait_for)
    CR = CR

    def restart(self):
        self.operator.stop()
        self.operator = Operator(self)

    def calls_since(self):
        """What the operator has asked of the API server since the last time."""
        with self.audit.open() as log:
            log.seek(self.at)
            lines = log.read()
        whole = lines[:lines.rfind("\n") + 1]
        self.at += len(whole.encode())
        return [json.loads(line) for line in whole.splitlines()]

    def own_calls(self):
        """The same without the watches and the lease."""
        return [event for event in self.calls_since() if event["verb"] != "watch" and event["objectRef"]["resource"] != "leases"]

    def row(self, name, value, unit, target=None, note=""):
        met = None if target is None else value <= target
        self.table.append({"name": name, "value": round(value, 3), "unit": unit, "target": target, "met": met, "note": note})
        say(f"{name}: {value:.4g} {unit}" + ("" if target is None else f" (at most {target}: {'met' if met else 'MISSED'})") + (f"; {note}" if note else ""))

    def floor(self, calls, count, user="admin", threads=8):
        text = "\n".join("\t".join(call) for call in calls) + "\n"
        done = subprocess.run([self.floor_program, self.cluster / f"{user}.conf", "replay", str(threads), "0", str(count)], input=text,
                              text=True, stdout=subprocess.PIPE, check=False)
        return json.loads(done.stdout)

    def bare_loop(self, calls, namespace, count):
        """Calls of the operator, made by a bare loop in another namespace; the API server logs them as it does the operator's."""
        done = self.floor([tuple(part.replace("@S@", namespace) for part in call) for call in calls], count, "measured")
        if done["failed"]:
            sys.exit(f"bench: {done['failed']} calls of the floor have failed")
        return done

    def root_call(self, namespace, **spec):
        root = {**ROOT, "metadata": {"name": "@N@", "namespace": namespace}, "spec": {**ROOT["spec"], **spec}}
        return ("apply", "neo4j.neo4j.com", "v1alpha1", "neo4jenterpriseclusters", namespace, "@N@", "", json.dumps(root))

    def wait_ready(self, namespace, count, limit_s=900):
        def all_ready():
            phases = [item.get("status", {}).get("phase") for item in self.api.items(CR.format(namespace))]
            return phases.count("Ready") == count
        wait_for(f"{count} clusters Ready", limit_s, all_ready, 1)

    # ---- what is measured ----

    def learn_calls(self):
        """The calls that the operator makes for one cluster, from its first look to the StatefulSet and the status after it."""
        self.api.namespace("learn", {"admin": {"password": "abcdefgh1"}})
        self.api.call("POST", "/api/v1/namespaces/learn/services", {"metadata": {"name": "bare"}, "spec": {"clusterIP": "None"}})
        self.calls_since()
        self.floor([self.root_call("learn")], 1)
        self.wait_ready("learn", 1)
        uid = self.api.call("GET", CR.format("learn") + "/c0000")["metadata"]["uid"]
        calls, made = [], False
        for event in self.own_calls():
            calls.append(self.as_call(event, uid))
            if made and event["objectRef"].get("subresource") == "status":
                break
            made = made or (event["objectRef"]["resource"] == "statefulsets" and event["verb"] == "patch")
        self.calls = calls
        say(f"a cluster takes {len(calls)} calls until its StatefulSet is there")

    @staticmethod
    def as_call(event, uid):
        """A call for c0000 in a namespace "learn..." as one for any name in any namespace, @S@."""
        ref, body = event["objectRef"], event.get("requestObject") or {}
        if ref.get("subresource") == "status":
            body.get("metadata", {}).pop("resourceVersion", None)
        text = json.dumps(body).replace(uid, "@U@").replace("c0000", "@N@")
        text = re.sub(r'"learn\w*"', '"@S@"', text).replace(f"{ref['namespace']}.svc", "@S@.svc")
        what = {"get": "get", "create": "create", "patch": "merge"}[event["verb"]]
        if "fieldManager=" in event["requestURI"]:
            what = "try" if "dryRun=" in event["requestURI"] else "apply"
        elif what == "get" and ref["resource"] == "secrets":
            what = "secret"
        return (what, ref.get("apiGroup", ""), ref["apiVersion"], ref["resource"], "@S@",
                ref.get("name", "").replace("c0000", "@N@"), ref.get("subresource", ""), text)

    def burst(self, count=100, rounds=3):
        """COUNT clusters at once, against the same calls by a bare loop."""
        ratios = []
        for i in range(rounds):
            self.operator.stop()
            self.api.namespace(f"floor{i}", {"admin": {"password": "abcdefgh1"}})
            floor = self.bare_loop([self.root_call("@S@"), *self.calls], f"floor{i}", count)
            self.operator = Operator(self)
            self.wait_ready(f"floor{i}", count)
            self.operator.settle()
            self.api.namespace(f"burst{i}", {"admin": {"password": "abcdefgh1"}})
            took_ms = self.stateful_sets_ms(f"burst{i}", count, self.root_call(f"burst{i}"))
            ratios.append((took_ms / floor["ms"], f"{took_ms / 1000:.2f} s against {floor['ms'] / 1000:.2f} s"))
            say(f"{count} clusters at once: {ratios[-1][1]}")
            self.wait_ready(f"burst{i}", count)
        ratio, times = sorted(ratios)[rounds // 2]
        self.row(f"{count} clusters at once, until all StatefulSets are there: against the bare loop", ratio, "times", 1.25,
                 f"the middle one of {rounds} rounds, {times} for the same {floor['calls']} calls")

    def stateful_sets_ms(self, namespace, count, call):
        """How long COUNT clusters, each applied by that call, take to have theirs. Read from the log, so that the wait costs the API server nothing."""
        self.calls_since()
        feed, stamps = self.floor([call], count), {}

        def all_there():
            for event in self.calls_since():
                ref = event["objectRef"]
                if ref["resource"] == "statefulsets" and event["verb"] == "patch" and ref["namespace"] == namespace:
                    stamps.setdefault(ref["name"], event["stageTimestamp"])
            return len(stamps) == count
        wait_for("the StatefulSets", 300, all_there)
        return datetime.datetime.fromisoformat(max(stamps.values()).replace("Z", "+00:00")).timestamp() * 1000 - feed["started_ms"]

    def grow(self, size):
        """SIZE clusters in all, settled: memory, calls, processor time, start."""
        have = len(self.api.items("/apis/neo4j.neo4j.com/v1alpha1/neo4jenterpriseclusters"))
        if size > have:
            namespace = f"grow{size}"
            self.api.namespace(namespace, {"admin": {"password": "abcdefgh1"}})
            self.floor([self.root_call(namespace)], size - have)
            self.wait_ready(namespace, size - have, 3600)
        peak = self.operator.memory_kb()["VmHWM"]
        memory = self.operator.settle()
        say(f"{size} clusters: {memory}")
        time.sleep(max(0, self.registered_at + LOOKS_S - time.monotonic()))
        self.operator.stop()
        lists = min(self.lists() for _ in range(3))
        starts = []
        for _ in range(3):
            self.operator = Operator(self)
            starts.append(self.operator.sync_ms)
            if len(starts) < 3:
                self.operator.stop()
        restarted = self.operator.settle()
        self.calls_since()
        before, began = self.operator.cpu_s(), time.monotonic()
        time.sleep(60)
        cpu = (self.operator.cpu_s() - before) / (time.monotonic() - began) * 100
        calls = self.own_calls()
        for what, times in collections.Counter((event["verb"], event["objectRef"]["resource"]) for event in calls).most_common():
            say(f"settled, and yet: {times} times {what[0]} {what[1]}")
        reaction, bare = self.reaction()
        result = {"clusters": size, "rss_kb": memory["VmRSS"], "hwm_kb": peak, "restarted_rss_kb": restarted["VmRSS"],
                  "restarted_hwm_kb": restarted["VmHWM"], "sync_ms": min(starts), "lists_ms": lists, "calls_60s": len(calls), "cpu_percent": cpu,
                  "reaction_ms": reaction, "bare_write_ms": bare}
        self.growth.append(result)
        return result

    def reaction(self, count=50):
        """From a change of a cluster until its Service shows it, and from a bare change of a Service until a watch shows it: medians in ms."""
        services, seen = "/api/v1/namespaces/learn/services", {}
        self.api.follow(services, lambda event, now: seen.setdefault(event["object"]["metadata"].get("annotations", {}).get("turn"), now))

        def median(path, change):
            took = []
            for i in range(count):
                turn, began = f"{path} {len(self.growth)} {i}", time.monotonic()
                self.api.call("PATCH", path, change({"annotations": {"turn": turn}}), "application/merge-patch+json")
                wait_for(f"the Service after {turn}", 30, lambda: turn in seen, 0.01)
                took.append((seen[turn] - began) * 1000)
            return statistics.median(took)
        return (median(CR.format("learn") + "/c0000", lambda service: {"spec": {"service": service}}),
                median(f"{services}/bare", lambda metadata: {"metadata": metadata}))

    def rows(self, results):
        """What the last of the sizes costs."""
        last = results[-1]
        n = last["clusters"]
        self.row(f"{n} clusters: resident memory", last["rss_kb"] / 1024, "MiB", 8 + n * 10 / 1024)
        if len(results) > 1:  # what the first ones bring, such as the pages of the program, is no part of each
            former = results[-2]
            self.row(f"{n} clusters: each with its children, after the first {former['clusters']}",
                     (last["rss_kb"] - former["rss_kb"]) / (n - former["clusters"]), "KiB", 10)
        self.row(f"{n} clusters: peak of memory, against settled",
                 figures.peak_times(last), "times", 1.5)
        self.row(f"{n} clusters, settled: calls in 60 s beside watches and the lease", last["calls_60s"], "calls", 0)
        self.row(f"{n} clusters, settled: processor", last["cpu_percent"], "% of a core", 0.2)
        self.row(f"start with {n} clusters, until all stores are in sync: against bare lists", last["sync_ms"] / last["lists_ms"], "times", 2,
                 f"{last['sync_ms']:.0f} ms against {last['lists_ms']} ms")
        self.row(f"{n} clusters: from a change of one until its Service shows it, against {results[0]['clusters']} clusters",
                 last["reaction_ms"] / results[0]["reaction_ms"], "times", 2,
                 f"median {last['reaction_ms']:.1f} ms, {last['bare_write_ms']:.1f} ms for a bare write of a Service")

    def lists(self):
        ours = "app.kubernetes.io/managed-by=neofleet"
        text = "".join("\t".join([group, version, plural, ours if selector else "", "Accept: application/json;as=PartialObjectMetadataList;"
                                  "g=meta.k8s.io;v=v1" if plural == "secrets" else "Accept: application/json"]) + "\n"
                       for group, version, plural, selector in COLLECTIONS)
        done = subprocess.run([self.floor_program, self.cluster / "admin.conf", "lists"], input=text, text=True, stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)["ms"]

    def foreign(self):
        """300 Secrets and 300 ConfigMaps of 500 KB that are none of ours."""
        before = self.operator.settle()
        self.api.namespace("foreign", {})
        blob = base64.b64encode(os.urandom(375000)).decode()
        for kind in ("secrets", "configmaps"):
            for i in range(300):
                self.api.call("POST", f"/api/v1/namespaces/foreign/{kind}", {"metadata": {"name": f"f{i}"}, "data": {"blob": blob}})
        after = self.operator.settle()
        self.operator.stop()
        self.operator = Operator(self)
        again = self.operator.settle()
        self.row("300 foreign Secrets and 300 ConfigMaps of 500 KB: growth", (after["VmRSS"] - before["VmRSS"]), "KiB", 256,
                 f"after a restart with them {again['VmRSS']} KiB, at its peak {again['VmHWM']} KiB")

    def fleet_namespace(self, name):
        self.api.namespace(name, {"admin": {"password": "abcdefgh1"}, "token": {"token": TOKEN}})

    def fleet_call(self, namespace, *, spec=None, **fleet):
        return self.root_call(namespace, auraFleetManagement={"enabled": True, "tokenSecretRef": {"name": "token"}, **fleet}, **(spec or {}))

    def held_call(self, namespace, **fleet):
        return self.fleet_call(namespace, spec={"podAnnotations": {"neofleet.test/hold": "yes"}}, **fleet)

    def hold(self, namespace, count, **fleet):
        """COUNT clusters that wait for their pods to turn Ready, and then are to be registered."""
        self.fleet_namespace(namespace)
        self.floor([self.held_call(namespace, **fleet)], count)
        pods = f"/api/v1/namespaces/{namespace}/pods"
        wait_for("the addresses of the pods", 900,
                 lambda: sum(1 for pod in self.api.items(pods) if pod["status"].get("podIP")) == 3 * count, 1)
        self.operator.settle()

    def turn(self, namespace, name, pods=range(3)):
        """Its pods turn Ready; the moment when the API server has said so of the last."""
        ready = {"status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}]}}
        for i in pods:
            self.api.call("PATCH", f"/api/v1/namespaces/{namespace}/pods/{name}-server-{i}/status", ready,
                          "application/strategic-merge-patch+json")
        return time.monotonic()

    def turn_all(self, namespace, names):
        threads = [threading.Thread(target=lambda part: [self.turn(namespace, name) for name in part], args=(names[i::8],)) for i in range(8)]
        for thread in threads:
            thread.start()
        return threads

    def registered(self, namespace, messages=None):
        """When each was seen to be registered, by name; filled from now on. And what its status says in messages."""
        done = {}

        def on_event(event, now):
            name, status = event["object"]["metadata"]["name"], event["object"].get("status", {})
            if messages is not None:
                messages[name] = status.get("message", "")
            if status.get("auraFleetManagement", {}).get("registered"):
                done.setdefault(name, now)
        self.api.follow(CR.format(namespace), on_event)
        return done

    def bolt_s(self):
        """What the servers have taken so far, logins included."""
        return sum(float(value) for value in re.findall(r"^neofleet_bolt_(?:login|query)_seconds_sum\S* (\S+)$", self.operator.get("/metrics")[1], re.M))

    def spaced(self, count):
        """From the moment that the last pod turns Ready to registered true in the status."""
        self.hold("spaced", count)
        messages, took, bolt, pauses = {}, [], [], random.Random(1)
        done = self.registered("spaced", messages)
        for name in (f"c{i:04d}" for i in range(count)):
            self.turn("spaced", name, range(2))
            wait_for(f"the status of {name}", 30, lambda: messages.get(name, "").startswith("2 of 3"), 0.01)
            before = self.bolt_s()
            turned = self.turn("spaced", name, [2])
            wait_for(f"the registration of {name}", 30, lambda: name in done, 0.01)
            took.append((done[name] - turned) * 1000)
            bolt.append((self.bolt_s() - before) * 1000)
            time.sleep(pauses.uniform(0.7, 1.3))  # so that the looks at the others' connections, seconds later, meet few
        self.registered_at = time.monotonic()
        took.sort()
        self.row("last pod turns Ready, until registered true in the status: 99th percentile", took[min(count - 1, count * 99 // 100)], "ms", 100,
                 f"the calls to the servers included, {statistics.median(bolt):.1f} ms of the median {statistics.median(took):.1f} ms; worst {took[-1]:.1f} ms")

    def logins(self):
        return int(re.search(r"neofleet_bolt_login_seconds_count\S* (\d+)", self.operator.get("/metrics")[1])[1])

    def learn_registration(self):
        """The calls for one registration, to the API server and to Neo4j's servers."""
        self.hold("learnreg", 1)
        done = self.registered("learnreg")
        self.calls_since()
        before = self.logins()
        self.turn("learnreg", "c0000")
        wait_for("the registration", 30, lambda: done)
        self.operator.settle()
        uid = self.api.call("GET", CR.format("learnreg") + "/c0000")["metadata"]["uid"]
        events = self.own_calls()
        calls = [self.as_call(event, uid) for event in events]
        calls = calls[:1 + next(i for i, call in enumerate(calls) if call[3] == "events")]  # what follows is the look at the connection
        extra = max(0, self.logins() - before - 1)  # the registration's own is counted by nobody
        servers = [("bolt", "login", "abcdefgh1", "")] * extra + [("bolt", "survey", "abcdefgh1", ""), ("bolt", "register", "abcdefgh1", TOKEN)]
        say(f"a registration takes {len(calls)} calls to the API server: " + ", ".join(f"{call[0]} {call[3]}" for call in calls)
            + f"; and {len(servers)} to servers")
        return calls, servers

    def addresses(self, namespace):
        return [("address", pod["metadata"]["name"].split("-")[0], pod["status"]["podIP"])
                for pod in self.api.items(f"/api/v1/namespaces/{namespace}/pods") if pod["metadata"]["name"].endswith("-0")]

    def at_once(self, count):
        """COUNT registrations at once, against the same calls by a bare loop while as many pods turn Ready."""
        calls, servers = self.learn_registration()
        names = [f"c{i:04d}" for i in range(count)]
        self.hold("floorreg", count)
        addresses = self.addresses("floorreg")
        self.operator.stop()
        began = time.monotonic()
        threads = self.turn_all("floorreg", names)
        floor = self.bare_loop([*addresses, *servers, *calls], "floorreg", count)
        for thread in threads:
            thread.join()
        floor_ms = (time.monotonic() - began) * 1000
        self.operator = Operator(self)
        self.hold("once", count)
        done, began = self.registered("once"), time.monotonic()
        for thread in self.turn_all("once", names):
            thread.join()
        wait_for("the registrations", 900, lambda: len(done) == count, 0.05)
        self.registered_at = time.monotonic()
        took = (max(done.values()) - began) * 1000
        self.row(f"{count} registrations at once: against the bare loop", took / floor_ms, "times", 1.5,
                 f"{took / 1000:.1f} s against {floor_ms / 1000:.1f} s for the same {floor['calls']} calls")


def main():
    options = argparse.ArgumentParser(description=__doc__)
    for name in ("program", "standin", "cluster", "out"):
        options.add_argument("--" + name, type=pathlib.Path, required=True)
    options.add_argument("--sizes", required=True)
    options.add_argument("--spaced", type=int, default=200)
    options.add_argument("--once", type=int, default=1000)
    options.add_argument("--looks", type=int, default=0)
    options.add_argument("--figures", action="store_true", help="what two programs are compared by, and nothing else")
    options.add_argument("--floor", type=pathlib.Path, help="bench_floor, where it does not lie beside the program")
    arguments = options.parse_args()
    sizes = [int(size) for size in arguments.sizes.split(",")]
    bench = Bench(arguments)
    pki = arguments.cluster / "pki"
    with (bench.folder / "crowd.log").open("w") as log:
        crowd = subprocess.Popen([arguments.standin, "crowd", f"https://{SERVER}:6443", pki / "ca.crt", pki / "admin.crt", pki / "admin.key"], stderr=log)
    try:
        bench.operator = Operator(bench)
        idle = bench.operator.settle()
        bench.row("idle: resident memory", idle["VmRSS"] / 1024, "MiB", 8, f"{idle['RssAnon']} KiB of it its own")
        if arguments.looks:
            looks.measure(bench, idle, arguments.looks, LOOKS_S)
            return
        if arguments.figures:
            bench.figures = figures.measure(bench, idle, sizes, LOOKS_S)
            return
        bench.learn_calls()
        results = [bench.grow(size) for size in sizes if size <= 100]
        bench.burst(100)
        bench.spaced(arguments.spaced)
        results += [bench.grow(size) for size in sizes if 100 < size <= LARGE]
        bench.rows(results)
        bench.at_once(min(results[-1]["clusters"], arguments.once))
        for size in (size for size in sizes if size > LARGE):
            bench.rows([*results, bench.grow(size)])
        bench.foreign()
    finally:
        crowd.terminate()
        crowd.wait()
        if getattr(bench, "operator", None) and bench.operator.process.poll() is None:
            bench.operator.stop()
        if bench.table:
            arguments.out.write_text(json.dumps({"table": bench.table, "growth": bench.growth, **({"figures": bench.figures} if bench.figures else {})}, indent=2) + "\n")


if __name__ == "__main__":
    main()
