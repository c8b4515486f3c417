#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What test/hands/run does inside the cluster's network."""
import argparse
import collections
import concurrent.futures
import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "bench"))
sys.path.insert(0, str(TOP / "test/hands"))

from measure import TOKEN, Api  # noqa: E402
from schema import Schema, Together, Walk, desired_of, holds, owned_by  # noqa: E402

NAMESPACE = f"hands-{os.getpid()}"
OURS = "/apis/neo4j.neo4j.com/v1alpha1/namespaces/{}/{}"
BACK_S = 30
DOCUMENTS = ("/openapi/v3/api/v1", "/openapi/v3/apis/apps/v1", "/openapi/v3/apis/policy/v1")
# Group, version, kind, path; of each deployment all objects of these kinds that it owns.
KINDS = [("", "v1", "Service", "/api/v1/namespaces/{}/services"), ("", "v1", "ServiceAccount", "/api/v1/namespaces/{}/serviceaccounts"),
         ("", "v1", "ConfigMap", "/api/v1/namespaces/{}/configmaps"), ("policy", "v1", "PodDisruptionBudget", "/apis/policy/v1/namespaces/{}/poddisruptionbudgets"),
         ("apps", "v1", "StatefulSet", "/apis/apps/v1/namespaces/{}/statefulsets")]
DEPLOYMENTS = {"every-field-cluster": "neo4jenterpriseclusters", "every-field-standalone": "neo4jenterprisestandalones"}
# What the API server chooses anew when the field that asks for it has been away.
CHOSEN = ("healthCheckNodePort",)
TOO_MANY = re.compile(r"more than 1|more than one|may not be specified when|cannot be both set|Forbidden: updates to statefulset spec")
LABEL = "app.kubernetes.io/managed-by"


class Verdicts:
    """What the status said at any time, by a watch: a hand-made change is no fault of the spec."""

    def __init__(self, api, plural, name):
        self.worst, self.made = [], "nothing"
        self.path, self.api, self.name = OURS.format(NAMESPACE, plural), api, name
        threading.Thread(target=self.watch, daemon=True).start()

    def watch(self):
        connection = self.api.connect(3600)
        connection.request("GET", f"{self.path}?watch=1&fieldSelector=metadata.name={self.name}")
        for line in connection.getresponse():
            status = json.loads(line)["object"].get("status", {})
            if status.get("phase") == "Failed" or "does not accept" in status.get("message", ""):
                self.worst.append((self.made, status.get("message", "")))


class Child:
    def __init__(self, api, schema, collection, live):
        self.api, self.path = api, f"{collection}/{live['metadata']['name']}"
        self.live, self.schema = live, schema
        self.fields = owned_by(live, "neofleet")
        # The operator's records are its memory: from whom an entry of NEO4J_PLUGINS is (C2), say. Without them the entries that are there count as somebody else's.
        annotations = self.fields["f:metadata"].get("f:annotations", {})
        for key in [key for key in annotations if key.startswith("f:neofleet.neo4j.com/") and not key.endswith("/applied")]:
            del annotations[key]
        self.desired = desired_of(live, self.fields)
        self.name = live["metadata"]["name"]

    def get(self):
        return self.api.tell("GET", self.path)[1]

    def patch(self, change, *more, dry=False):
        steps = [*change.patch(), *more]
        status, answer = self.api.tell("PATCH", f"{self.path}?fieldManager=hand&fieldValidation=Strict{'&dryRun=All' if dry else ''}", steps, "application/json-patch+json")
        return status < 300, answer

    def allows(self, change):
        """Whether the API server takes it, and it is a change; None: it takes it, and nothing comes of it."""
        taken, answer = self.patch(change, dry=True)
        if not taken:
            return "" if TOO_MANY.search(answer.get("message", "")) else False
        if change.kind == "switched" and not is_in(answer, change, self.live):
            return None
        return any(answer.get(key) != self.live.get(key) for key in answer if key not in ("metadata", "status")) or any(
            answer["metadata"].get(key) != self.live["metadata"].get(key) for key in ("labels", "annotations", "ownerReferences", "finalizers")) or None

    def restore(self):
        """Takes away what was left by others."""
        for _ in range(60):
            now = self.get()
            if "metadata" in now and now["metadata"].get("uid") != self.live["metadata"].get("uid") and holds(now, self.desired, self.fields):
                # Without its true owner it was garbage, and the operator has made it anew.
                self.live = now
                return True
            for key in (key for key in CHOSEN if key in now.get("spec", {})):
                self.live["spec"][key] = now["spec"][key]
            wanted = copy.deepcopy(self.live)
            wanted["metadata"]["resourceVersion"] = now.get("metadata", {}).get("resourceVersion")
            wanted["metadata"].pop("managedFields", None)
            wanted.pop("status", None)
            if holds(now, self.desired, self.fields) and all(now.get(key) == wanted[key] for key in wanted if key != "metadata") and all(
                    now["metadata"].get(key) == wanted["metadata"].get(key) for key in ("labels", "annotations", "ownerReferences", "finalizers")):
                return True
            self.api.tell("PUT", f"{self.path}?fieldManager=hand", wanted)
            time.sleep(0.05)
        return False


def wait_back(child):
    end = time.monotonic() + BACK_S
    while not holds(now := child.get(), child.desired, child.fields):
        if time.monotonic() > end:
            return None
        time.sleep(0.01)
    return now


def is_in(now, change, before):
    try:
        node, old = now, before
        for part in change.path[:-1]:
            node, old = node[part], old[part]
        if change.path[-1] == "-":
            return len(node) > len(old)
        return node.get(change.path[-1]) != old.get(change.path[-1])
    except (KeyError, IndexError, TypeError):
        return False


def tried(child, change):
    """Makes one change, and says what became of it."""
    nudge = [{"op": "replace", "path": "/metadata/labels/" + LABEL.replace("/", "~1"), "value": "hand"}] if change.kind == "added" else []
    if change.path[:2] == ("metadata", "labels") or not child.live["metadata"].get("labels"):
        nudge = []
    if not child.patch(change, *nudge)[0]:
        return "refused"
    now = wait_back(child)
    if not now:
        return "lost: not put back"
    if change.kind != "added":
        return "put back"
    return "kept" if is_in(now, change, child.live) else "lost: taken away"


def outcomes(child, change):
    """Each change by itself, and what became of it."""
    if not isinstance(change, Together):
        yield change, tried(child, change)
        return
    nudge = [{"op": "replace", "path": "/metadata/labels/" + LABEL.replace("/", "~1"), "value": "hand"}]
    taken, now = child.patch(change, *nudge)[0], None
    if taken and (now := wait_back(child)):
        yield from ((part, "kept" if is_in(now, part, child.live) else "lost: taken away") for part in change.changes)
        return
    child.restore()
    for part in change.changes:
        yield part, tried(child, part)
        child.restore()


def is_excepted(change, live):
    """NEO4J_PLUGINS is merged (C1, C2): what others put there stays. With all annotations of a StatefulSet the record of whose entry is whose goes, too:
    what is made anew has another record, and so another digest."""
    if change.path == ("metadata", "annotations") and change.kind == "removed" and live["kind"] == "StatefulSet":
        return True
    node = live
    for part in change.path:
        if isinstance(node, list) and isinstance(part, int) and isinstance(node[part], dict) and node[part].get("name") == "NEO4J_PLUGINS" and change.path[-1] != part:
            return True
        try:
            node = node[part]
        except (KeyError, IndexError, TypeError):
            return False
    return False


def is_server_more(change):
    """A StatefulSet that was scaled up by hand has a server more, which leaves in the order of B8 and not at once."""
    return change.path == ("spec", "replicas") and change.kind == "changed"


def children_of(api, schema, owner):
    for group, version, kind, path in KINDS:
        collection = path.format(NAMESPACE)
        for live in api.items(collection):
            if any(reference["name"] == owner for reference in live["metadata"].get("ownerReferences", [])):
                live = api.call("GET", f"{collection}/{live['metadata']['name']}")
                yield Child(api, schema, collection, live), kind, schema.of_kind(group, version, kind)


def walked(api, schema, owner, verdicts, under):
    counts, bad = collections.Counter(), []
    for child, kind, node in children_of(api, schema, owner):
        walk, before = Walk(schema, child.live, child.allows, under), collections.Counter(counts)
        started = time.monotonic()
        for change in walk.of({**node, "properties": {key: value for key, value in node["properties"].items() if key not in ("status", "apiVersion", "kind")}}, child.fields):
            parts = change.changes if isinstance(change, Together) else [change]
            if is_excepted(parts[0], child.live) or is_server_more(parts[0]):
                continue
            verdicts.made = line = f"{kind} {child.name}: {parts[0].line(child.live)}"
            for part, outcome in outcomes(child, change):
                counts[part.kind] += 1
                counts["made"] += outcome != "refused"
                counts[outcome] += 1
                if outcome.startswith("lost"):
                    bad.append(f"{kind} {child.name}: {part.line(child.live)} ({json.dumps(part.value)[:80]}): {outcome}")
                    print(f"    {bad[-1]}", flush=True)
            if not child.restore():
                bad.append(f"{line}: could not be undone")
                print(f"    {bad[-1]}", flush=True)
                return counts, bad
        counts["refused"] += len(walk.refused)
        seen = {key: counts[key] - before[key] for key in ("made", "put back", "kept", "refused")}
        print(f"    {kind} {child.name}: {seen} in {time.monotonic() - started:.0f} s", flush=True)
        if os.environ.get("HANDS_REFUSED"):
            print("      refused: " + "; ".join(change.line(child.live) for change in walk.refused), flush=True)
    return counts, bad


def ask_for(api, golden, plural):
    manifest = json.loads((TOP / "test/golden" / golden / "in.json").read_text(encoding="utf-8"))["object"]
    manifest["metadata"] = {"name": manifest["metadata"]["name"]}
    manifest["spec"].pop("tls")
    api.call("POST", OURS.format(NAMESPACE, plural), manifest)
    return manifest["metadata"]["name"]


def wait_for_collector(api):
    """Until the garbage collector knows our kinds, which it looks for every half minute: what names an owner that is not there goes at once from then on."""
    path = f"/api/v1/namespaces/{NAMESPACE}/configmaps"
    for plural, kind in (("neo4jenterpriseclusters", "Neo4jEnterpriseCluster"), ("neo4jenterprisestandalones", "Neo4jEnterpriseStandalone")):
        owner = {"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": kind, "name": "nobody", "uid": "nobody"}
        api.call("POST", path, {"metadata": {"name": f"orphan-of-{plural}", "ownerReferences": [owner]}})
    end = time.monotonic() + 180
    while any(item["metadata"]["name"].startswith("orphan-of-") for item in api.items(path)):
        if time.monotonic() > end:
            sys.exit("the garbage collector has not taken away what has no owner, within 180 s")
        time.sleep(0.5)


def stands(api, owner):
    path = KINDS[-1][3].format(NAMESPACE)
    return any(item["metadata"]["ownerReferences"][0]["name"] == owner and item["status"].get("observedGeneration") for item in api.items(path)
               if item["metadata"].get("ownerReferences"))


def walk_deployment(api, schema, golden, plural, under):
    owner = ask_for(api, golden, plural)
    end = time.monotonic() + 60
    while not stands(api, owner):
        if time.monotonic() > end:
            return collections.Counter(), [f"{owner}: the operator has not made it"]
        time.sleep(0.1)
    verdicts = Verdicts(api, plural, owner)
    counts, bad = walked(api, schema, owner, verdicts, under)
    api.tell("DELETE", OURS.format(NAMESPACE, plural) + "/" + owner)
    return counts, bad + [f"{made}: the status said: {words[:300]}" for made, words in verdicts.worst]


def main():
    options = argparse.ArgumentParser()
    for name in ("operator", "cluster"):
        options.add_argument("--" + name, type=pathlib.Path, required=True)
    options.add_argument("--under", default="")
    arguments = options.parse_args()
    api = Api(arguments.cluster)
    schema = Schema([api.call("GET", path) for path in DOCUMENTS])
    api.namespace(NAMESPACE, {"neo4j-admin-secret": {"password": "the-password-of-the-test"}, "aura-fleet-token": {"token": TOKEN}})
    wait_for_collector(api)
    # Nothing needs to run for what is looked at here.
    api.call("POST", f"/api/v1/namespaces/{NAMESPACE}/resourcequotas", {"metadata": {"name": "none"}, "spec": {"hard": {"pods": "0"}}})
    counts, bad = collections.Counter(), []
    with open(arguments.cluster / "log/hands-operator.log", "w", encoding="utf-8") as log:
        with subprocess.Popen([arguments.operator, "--kubeconfig", arguments.cluster / "measured.conf", "--namespace", NAMESPACE, "--port", "18080", "--probe-port", "18081"],
                              stderr=log, stdout=log) as operator:
            try:
                with concurrent.futures.ThreadPoolExecutor(len(DEPLOYMENTS)) as threads:
                    done = [threads.submit(walk_deployment, api, schema, golden, plural, tuple(arguments.under.split('.') if arguments.under else ())) for golden, plural in DEPLOYMENTS.items()]
                for found, wrong in (future.result() for future in done):
                    counts.update(found)
                    bad += wrong
            finally:
                operator.terminate()
    print(f"{counts['made']} changes by hand ({counts['changed']} changed, {counts['removed']} removed, {counts['switched']} switched, {counts['added']} added beside, "
          f"{counts['inserted']} inserted): {counts['put back']} put back, {counts['kept']} kept; the API server refused {counts['refused']} others")
    for line in bad:
        print(f"not ok {line}")
    print("all fine" if not bad else f"{len(bad)} wrong")
    return 1 if bad else 0


sys.exit(main())
