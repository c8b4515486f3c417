#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What test/cli/run does inside the cluster's network."""
import argparse
import base64
import contextlib
import copy
import hashlib
import json
import os
import pathlib
import random
import re
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import time

import yaml

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "bench"))

from measure import TOKEN, Api  # noqa: E402

OURS = "/apis/neo4j.neo4j.com/v1alpha1/namespaces/{}/{}"
PLURALS = {"Neo4jEnterpriseCluster": "neo4jenterpriseclusters", "Neo4jEnterpriseStandalone": "neo4jenterprisestandalones", "Neo4jPlugin": "neo4jplugins"}
CHILDREN = {"Service": "/api/v1/namespaces/{}/services/{}", "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts/{}",
            "ConfigMap": "/api/v1/namespaces/{}/configmaps/{}", "StatefulSet": "/apis/apps/v1/namespaces/{}/statefulsets/{}",
            "PodDisruptionBudget": "/apis/policy/v1/namespaces/{}/poddisruptionbudgets/{}"}
NAMESPACE, MANY = f"cli-agreement-{os.getpid()}", "cli-many"
# What the operator says of a deployment that it would not carry out whatever else there is.
REFUSALS = {"InvalidSpec", "VersionUnsupported"}
# What only its dry run of the StatefulSet tells.
BEYOND = "The API server does not accept what the spec asks for"
# What it says before it has looked at all of the spec.
UNDECIDED = {"WaitingForSecret"}
failures = []


def say(text):
    print(f"    {text}", flush=True)


def check(fine, what, detail=""):
    print(f"{'ok' if fine else 'not ok'} {what}", flush=True)
    if not fine:
        failures.append(what)
        print(f"    {detail}", flush=True)


def wait_for(what, limit_s, probe):
    end = time.monotonic() + limit_s
    while not (found := probe()):
        if time.monotonic() > end:
            check(False, what, f"not within {limit_s} s")
            return None
        time.sleep(0.2)
    return found


class Program:
    def __init__(self, path, kubeconfig):
        self.path, self.kubeconfig = path, kubeconfig

    def run(self, *arguments, kubeconfig=None):
        environment = {"PATH": os.environ["PATH"], "KUBECONFIG": str(kubeconfig or self.kubeconfig)}
        return subprocess.run([self.path, *arguments], env=environment, capture_output=True, text=True, check=False)

    def json(self, *arguments):
        return json.loads(self.run(*arguments, "-o", "json").stdout)


# Values that a field may get in a mutation; what is right of them and what wrong, the API server says.
VALUES = [None, "", "x", "X y", "10Gi", "-1", "0", "1.5Gi", "4GB", 0, 1, 2, 3, 21, -1, 2.5, True, False, [], {}, ["a"], ["a", "a"], {"a": "b"}, [None],
          [{}], "a" * 64, "a" * 300, "ä", "a\tb", "yes", "Always", "PRIMARY", "SECONDARY", "LoadBalancer", "latest", "5.13.0", "5.26.5-enterprise",
          "sha256:" + "a" * 64, "neo4j-admin-secret"]
KEYS = ["unknown", "enabled", "size", "className", "tag", "name", "key", "value", "valueFrom", "memory", "type", "servers"]
SETTINGS = ["server.directories.data", "db.format", "server.memory.heap.max_size", "dbms.security.auth_enabled", "apoc.export.file.enabled", "no such thing"]


def places(node, path=()):
    """Each member and item below spec and metadata."""
    if isinstance(node, dict):
        for key, child in node.items():
            yield (*path, key)
            yield from places(child, (*path, key))
    elif isinstance(node, list):
        for index, child in enumerate(node):
            yield (*path, index)
            yield from places(child, (*path, index))


def at(node, path):
    for part in path:
        node = node[part]
    return node


def mutate(manifest, dice):
    changed = copy.deepcopy(manifest)
    for _ in range(dice.choice([1, 1, 1, 2, 3])):
        found = [path for path in places(changed) if path[0] in ("spec", "metadata") and len(path) > 1]
        path = dice.choice(found)
        parent, key = at(changed, path[:-1]), path[-1]
        what = dice.choice(["drop", "set", "set", "set", "add", "config"])
        if what == "drop":
            del parent[key]
        elif what == "set":
            parent[key] = dice.choice(VALUES)
        elif what == "add" and isinstance(parent, dict):
            parent[dice.choice(KEYS)] = dice.choice(VALUES)
        elif isinstance(changed.get("spec"), dict):
            settings = changed["spec"].setdefault("config", {})
            if isinstance(settings, dict):
                settings[dice.choice(SETTINGS)] = dice.choice(["x", "true", "1g", ""])
        if not isinstance(changed.get("spec"), dict) or not isinstance(changed.get("metadata"), dict):
            break
    return changed


def bases():
    """Manifests of the tests, without what only a cluster knows."""
    for file in sorted((TOP / "test/golden").glob("*/in.json")):
        golden = json.loads(file.read_text(encoding="utf-8"))
        for manifest in [golden["object"], *golden.get("plugins", [])]:
            manifest = {key: manifest[key] for key in ("apiVersion", "kind", "metadata", "spec") if key in manifest}
            # A certificate that is not there would keep the operator waiting before it says what it thinks of the spec.
            manifest["spec"].pop("tls", None)
            manifest["metadata"] = {key: value for key, value in manifest["metadata"].items() if key in ("name", "labels", "annotations")}
            yield manifest


def is_ours(one):
    return (isinstance(one, dict) and one.get("apiVersion") == "neo4j.neo4j.com/v1alpha1" and one.get("kind") in PLURALS and
            isinstance(one.get("spec"), dict) and isinstance(one.get("metadata"), dict) and len(json.dumps(one)) < 100000)


def blocks():
    """Each YAML text that people read or that other tests have: of deploy/, of the pages, and of the unit tests, right and wrong ones."""
    for file in sorted([*TOP.glob("deploy/samples/*.yaml"), *TOP.glob("test/unit/cli/files/*/*.yaml"), *TOP.glob("docs/*.md"), TOP / "README.md"]):
        text = file.read_text(encoding="utf-8")
        yield from re.findall(r"^ *```yaml\n(.*?)^ *```", text, re.S | re.M) if file.suffix == ".md" else [text]


def written():
    """The manifests in them. What is no JSON never reaches an API server: pieces of a manifest, circles, tags."""
    for block in blocks():
        with contextlib.suppress(yaml.YAMLError, ValueError, TypeError, RecursionError):
            for one in filter(is_ours, yaml.safe_load_all(textwrap.dedent(block))):
                one["metadata"] = {key: value for key, value in one["metadata"].items() if key in ("name", "labels", "annotations")}
                one["spec"].pop("tls", None)
                yield one


def renamed(manifest, number):
    """A name of its own, unless a mutation has spoiled it."""
    name = manifest.get("metadata", {}).get("name") if isinstance(manifest.get("metadata"), dict) else None
    if isinstance(name, str) and name and len(name) < 40 and name.replace("-", "").isalnum() and name.islower() and name[0].isalpha():
        manifest["metadata"]["name"] = f"m{number}-{name}"[:40].rstrip("-")
    if isinstance(manifest.get("metadata"), dict):
        manifest["metadata"].pop("namespace", None)
    return manifest


def make_manifests(arguments):
    dice, sound, texts = random.Random(arguments.seed), list(bases()), list(written())
    say(f"{len(sound)} manifests of the golden tests, {len(texts)} of deploy/, the pages and the unit tests, {arguments.mutations} changed ones")
    made = [copy.deepcopy(manifest) for manifest in sound] + texts + [mutate(dice.choice(sound), dice) for _ in range(arguments.mutations)]
    return [renamed(manifest, number) for number, manifest in enumerate(made)]


def verdicts(program, manifests):
    """What validate says of each by itself."""
    with tempfile.TemporaryDirectory() as folder:
        for number, manifest in enumerate(manifests):
            (pathlib.Path(folder) / f"{number:05}.json").write_text(json.dumps(manifest), encoding="utf-8")
        files = [("-f", f"{folder}/{number:05}.json") for number in range(len(manifests))]
        found = {}
        for number, flag in enumerate(files):
            said = program.json("validate", *flag, "-n", NAMESPACE)
            found[number] = [finding for finding in said["findings"] if finding["severity"] == "error"]
        return found


def check_admission(api, manifests, found):
    """Returns the numbers of those that admission took; compares the rest."""
    taken, disagreements = [], []
    for number, manifest in enumerate(manifests):
        plural = PLURALS[manifest["kind"]]
        status, answer = api.tell("POST", OURS.format(NAMESPACE, plural) + "?dryRun=All&fieldValidation=Strict", manifest)
        if status < 300:
            taken.append(number)
        elif not found[number]:
            disagreements.append(f"{json.dumps(manifest)[:600]}\n      admission: {answer.get('message', '')[:300]}")
    check(not disagreements, f"validate refuses whatever admission refuses ({len(manifests) - len(taken)} of {len(manifests)})", "\n    ".join(disagreements[:10]))
    return taken


def ready_reason(item):
    for condition in item.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready":
            return condition.get("reason", "")
    return None


def check_operator(api, manifests, found, taken):
    """Makes those that admission took, and compares what the operator says."""
    ours = {}
    for number in taken:
        plural = PLURALS[manifests[number]["kind"]]
        if plural == "neo4jplugins":
            continue
        status, answer = api.tell("POST", OURS.format(NAMESPACE, plural), manifests[number])
        if status < 300:
            ours[number] = (plural, answer["metadata"]["name"])

    def judged():
        states = {plural: {item["metadata"]["name"]: ready_reason(item) for item in api.items(OURS.format(NAMESPACE, plural))}
                  for plural in list(PLURALS.values())[:2]}
        reasons = {number: states[plural].get(name) for number, (plural, name) in ours.items()}
        return reasons if all(reason is not None for reason in reasons.values()) else None

    reasons = wait_for("the operator says something of every deployment", 300, judged)
    if reasons is None:
        return
    disagreements, beyond = [], 0
    decided = {number: reason for number, reason in reasons.items() if reason not in UNDECIDED}
    check(len(decided) > 0.7 * len(reasons), "the operator has decided on most", f"{len(decided)} of {len(reasons)}")
    for number, reason in decided.items():
        if (reason in REFUSALS) != bool(found[number]):
            plural, name = ours[number]
            message = api.tell("GET", f"{OURS.format(NAMESPACE, plural)}/{name}")[1]["status"].get("message", "")
            if message.startswith(BEYOND) and not found[number]:
                beyond += 1
                say(f"beyond validate: {message[-200:]}")
                continue
            disagreements.append(f"{json.dumps(manifests[number])[:500]}\n      operator: {reason}: {message[:200]}\n      validate: {found[number][:2]}")
    refused = sum(reason in REFUSALS for reason in reasons.values())
    check(not disagreements, f"validate refuses what the operator refuses, and nothing else ({refused} of {len(decided)})", "\n    ".join(disagreements[:10]))
    check(beyond <= len(decided) // 50, f"of the pods' template validate knows what is usual (beyond it: {beyond})")
    plugins = [number for number in taken if manifests[number]["kind"] == "Neo4jPlugin" and found[number]]
    check(not plugins, "validate refuses no plugin that admission takes", "\n    ".join(json.dumps(manifests[number])[:400] + str(found[number]) for number in plugins[:5]))


def check_render(api, program):
    """The digest that the operator keeps on each child is that of the text that render makes."""
    wrong, right = [], 0
    for plural in list(PLURALS.values())[:2]:
        for item in api.items(OURS.format(NAMESPACE, plural)):
            spec = item["spec"]
            fleet = spec.get("auraFleetManagement", {}).get("enabled")
            if ready_reason(item) in REFUSALS or ready_reason(item) == "WaitingForSecret" or "tls" in spec:
                continue
            item |= {"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": next(kind for kind, name in PLURALS.items() if name == plural)}
            with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
                json.dump(item, file)
                file.flush()
                lines = program.run("render", "-f", file.name, "-o", "json").stdout.splitlines()
            for line in lines:
                child = json.loads(line)
                status, live = api.tell("GET", CHILDREN[child["kind"]].format(NAMESPACE, child["metadata"]["name"]))
                applied = live.get("metadata", {}).get("annotations", {}).get("neofleet.neo4j.com/applied") if status == 200 else None
                if applied == hashlib.sha256(line.encode()).hexdigest()[:32]:
                    right += 1
                elif applied is not None:
                    wrong.append(f"{child['kind']} {child['metadata']['name']} (fleet: {fleet})")
    check(right > 100 and not wrong, f"render is byte for byte what the operator applied ({right} objects)", f"{len(wrong)} differ: {wrong[:10]}")


def check_status(api, program, arguments):
    template = {"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jEnterpriseStandalone", "spec": {
        "image": {"repo": "neo4j", "tag": "2025.12.1-enterprise"}, "storage": {"size": "10Gi"}, "auth": {"adminSecret": "nowhere"}}}
    api.tell("POST", "/api/v1/namespaces", {"metadata": {"name": MANY}})
    have = len(api.items(OURS.format(MANY, PLURALS["Neo4jEnterpriseStandalone"])))
    for number in range(have, arguments.many):
        status, answer = api.tell("POST", OURS.format(MANY, PLURALS["Neo4jEnterpriseStandalone"]), template | {"metadata": {"name": f"many-{number}"}})
        if status >= 300:
            check(False, "a thousand deployments are made", str(answer)[:300])
            return
    with tempfile.NamedTemporaryFile("r") as out:
        done = subprocess.run([TOP / "bench/spent.py", out.name, program.path, "status", "-A"], env={"KUBECONFIG": str(program.kubeconfig)}, stdout=subprocess.PIPE, text=True, check=True)
        status, took, _, size = map(float, done.stdout.split())
        lines = out.read().splitlines()
    check(status == 0 and sum(line.startswith(MANY) for line in lines) == arguments.many, f"status -A shows {arguments.many} deployments")
    say(f"status -A: {took:.2f} s, {size:.0f} MiB at most")


def few_rights(api, cluster, folder, more=()):
    """The kubeconfig of a service account that may list and get deployments of one namespace and nothing else, or more."""
    rules = [{"apiGroups": ["neo4j.neo4j.com"], "resources": list(PLURALS.values())[:2], "verbs": ["get", "list"]}, *more]
    name = "adam" if more else "eva"
    base = "/apis/rbac.authorization.k8s.io/v1/namespaces/" + NAMESPACE
    api.tell("POST", f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts", {"metadata": {"name": name}})
    api.tell("POST", base + "/roles", {"metadata": {"name": name}, "rules": rules})
    api.tell("POST", base + "/rolebindings", {"metadata": {"name": name}, "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
                                             "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": NAMESPACE}]})
    token = api.tell("POST", f"/api/v1/namespaces/{NAMESPACE}/serviceaccounts/{name}/token", {"spec": {}})[1]["status"]["token"]
    file = pathlib.Path(folder) / f"{name}.json"
    file.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "eva", "contexts": [{"name": "eva", "context": {"cluster": "c", "user": "eva", "namespace": NAMESPACE}}],
        "clusters": [{"name": "c", "cluster": {"server": "https://10.244.0.1:6443", "certificate-authority": str(cluster / "pki/ca.crt")}}],
        "users": [{"name": "eva", "user": {"token": token}}]}), encoding="utf-8")
    return file


READ_CHILDREN = [{"apiGroups": ["", "apps", "policy"], "resources": ["services", "serviceaccounts", "configmaps", "statefulsets", "poddisruptionbudgets"], "verbs": ["get"]}]


def settled(api):
    """The deployments that the operator has carried out, as somebody would have them in files."""
    for kind, plural in list(PLURALS.items())[:2]:
        for item in api.items(OURS.format(NAMESPACE, plural)):
            status = item.get("status", {})
            if ready_reason(item) in REFUSALS or ready_reason(item) == "WaitingForSecret" or status.get("observedGeneration") != item["metadata"]["generation"]:
                continue
            metadata = {key: item["metadata"][key] for key in ("name", "annotations") if key in item["metadata"]}
            yield {"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": kind, "metadata": metadata, "spec": item["spec"]}


def check_diff(api, program, arguments):
    """What is live differs in nothing; what would change is told, and nothing is written."""
    wrong, right, last = [], 0, None
    with tempfile.TemporaryDirectory() as folder:
        adam, file = few_rights(api, arguments.cluster, folder, READ_CHILDREN), pathlib.Path(folder) / "manifest.json"
        for manifest in settled(api):
            workload = manifest["metadata"]["name"] + ("-server" if manifest["kind"].endswith("Cluster") else "")
            if api.tell("GET", CHILDREN["StatefulSet"].format(NAMESPACE, workload))[0] != 200:
                continue
            file.write_text(json.dumps(manifest), encoding="utf-8")
            done, less = (program.run("render", "--diff", "-f", file, "-n", NAMESPACE, kubeconfig=who) for who in (None, adam))
            if done.returncode == 0 and not done.stdout:
                right, last = right + 1, (manifest, workload)
            else:
                wrong.append(f"{manifest['metadata']['name']}: {done.returncode} {done.stdout[:600]} {done.stderr[:200]}")
            # By the fields alone a quantity that the server writes otherwise is a difference.
            if less.returncode not in (0, 1) or "cannot patch resource" not in less.stderr:
                wrong.append(f"{manifest['metadata']['name']} without patch: {less.returncode} {less.stderr[:300]}")
        check(right > 20 and not wrong, f"render --diff finds nothing in what the operator applied ({right} deployments)", "\n    ".join(wrong[:5]))
        if not last:
            return
        manifest, workload = copy.deepcopy(last[0]), CHILDREN["StatefulSet"].format(NAMESPACE, last[1])
        manifest["spec"]["config"] = manifest["spec"].get("config", {}) | {"db.logs.query.enabled": "VERBOSE"}
        manifest["spec"]["podAnnotations"] = {"example.com/seen": "yes"}
        file.write_text(json.dumps(manifest), encoding="utf-8")
        before = api.tell("GET", workload)[1]["metadata"]["resourceVersion"]
        for who in (None, adam):
            done = program.run("render", "--diff", "-f", file, "-n", NAMESPACE, kubeconfig=who)
            lines = [line.strip() for line in done.stdout.splitlines()]
            check(done.returncode == 1 and any(line.startswith("+") and "example.com/seen" in line for line in lines) and
                  any(line.startswith("+") and "db.logs.query.enabled=VERBOSE" in line for line in lines), "render --diff tells what would change", done.stdout[:600] + done.stderr[:300])
        check(api.tell("GET", workload)[1]["metadata"]["resourceVersion"] == before, "render --diff writes nothing")
        done = program.run("render", "--diff", "-f", file, kubeconfig=few_rights(api, arguments.cluster, folder))
        check(done.returncode == 4 and "cannot get resource" in done.stderr, "render --diff names the right that it lacks", done.stderr[:300])


def check_rights(api, program, arguments):
    name = api.items(OURS.format(NAMESPACE, PLURALS["Neo4jEnterpriseStandalone"]))[0]["metadata"]["name"]
    with tempfile.TemporaryDirectory() as folder:
        eva = few_rights(api, arguments.cluster, folder)
        done = program.run("status", kubeconfig=eva)
        check(done.returncode == 0 and 'cannot list resource "statefulsets" in API group "apps"' in done.stderr, "status does with few rights, and says which is missing", done.stderr[:300])
        done = program.run("status", name, kubeconfig=eva)
        check(done.returncode == 0 and "not shown" in done.stdout and 'cannot list resource "pods"' in done.stdout, "status NAME does, too", done.stdout + done.stderr[:300])
        done = program.run("status", "-A", kubeconfig=eva)
        check(done.returncode == 4 and "at the cluster scope" in done.stderr, "status -A needs the right for all namespaces", done.stderr[:300])
        done = program.run("register", name, kubeconfig=eva)
        check(done.returncode in (3, 4), "register changes nothing without the right", done.stderr[:300])
        done = program.run("doctor", kubeconfig=eva)
        check(done.returncode in (0, 1, 2) and "not looked at" in done.stderr, "doctor names what it could not look at", done.stderr[:300])


def check_register(api, program):
    path = OURS.format(NAMESPACE, PLURALS["Neo4jEnterpriseStandalone"])
    spec = {"image": {"repo": "neo4j", "tag": "2025.12.1-enterprise"}, "storage": {"size": "1Gi"}, "auth": {"adminSecret": "neo4j-admin-secret"},
            "auraFleetManagement": {"enabled": True, "tokenSecretRef": {"name": "aura-fleet-token"}}}
    api.tell("POST", path, {"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jEnterpriseStandalone", "metadata": {"name": "to-register"}, "spec": spec})
    done = program.run("register", "to-register", "-n", NAMESPACE)
    status = api.tell("GET", path + "/to-register")[1].get("status", {})
    check(done.returncode == 0 and status.get("auraFleetManagement", {}).get("registered") is False, "register sets registered to false", done.stderr[:300] + str(status)[:200])
    done = program.run("token", "aura-fleet-token", "-n", NAMESPACE)
    check(done.returncode == 0 and "project:  project" in done.stdout and TOKEN not in done.stdout, "token shows the project and not the token", done.stdout + done.stderr)


def check_report(api, program, arguments):
    """Secrets are absent, whoever asks: those that the deployment names, and what stands in the spec."""
    path = OURS.format(NAMESPACE, PLURALS["Neo4jEnterpriseStandalone"]) + "/to-register"
    hidden = "the-value-in-the-environment"
    api.tell("PATCH", path, {"metadata": {"annotations": {"example.com/note": hidden}}, "spec": {"env": [{"name": "MY_KEY", "value": hidden}],
                             "config": {"dbms.security.ldap.authorization.system_password": hidden}}}, "application/merge-patch+json")
    secrets = [hidden, "the-password-of-the-test", TOKEN, "k" * 40] + [base64.b64encode(text.encode()).decode().rstrip("=")[:-2] for text in ("the-password-of-the-test", TOKEN)]
    # As if a server had logged it.
    api.tell("PATCH", path + "/status", {"status": {"message": "refused the-password-of-the-test"}}, "application/merge-patch+json")
    with tempfile.TemporaryDirectory() as folder:
        for name, kubeconfig in (("mine", None), ("eva", few_rights(api, arguments.cluster, folder))):
            file = f"{folder}/{name}.tar.gz"
            done = program.run("report", "to-register", "-n", NAMESPACE, "-f", file, kubeconfig=kubeconfig)
            check(done.returncode == 0 and (os.stat(file).st_mode & 0o777) == 0o600, f"report writes a file for its user alone ({name})", done.stderr[:300])
            with tarfile.open(file) as archive:
                texts = {item.name: archive.extractfile(item).read().decode() for item in archive.getmembers()}
            whole = "".join(texts.values())
            found = [secret for secret in secrets if secret in whole and (name == "mine" or secret == hidden)]
            check(not found, f"no secret is in the report ({name})", f"{len(found)} are")
            check("to-register.yaml" in " ".join(texts) and "(left out)" in whole, f"the deployment is in the report ({name})", " ".join(texts))
        check("cannot get resource" in texts["neofleet-report/missing.txt"], "missing.txt names what could not be read", texts["neofleet-report/missing.txt"])
        check(program.run("report", "-n", NAMESPACE, "-f", file).returncode == 4, "report takes no other file's place")


def main():
    options = argparse.ArgumentParser()
    for name in ("program", "operator", "cluster"):
        options.add_argument("--" + name, type=pathlib.Path, required=True)
    for name in ("mutations", "seed", "many"):
        options.add_argument("--" + name, type=int, required=True)
    arguments = options.parse_args()
    api, program = Api(arguments.cluster), Program(arguments.program, os.environ["KUBECONFIG"])
    api.tell("POST", "/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    for secret, data in (("neo4j-admin-secret", {"password": "the-password-of-the-test"}), ("aura-fleet-token", {"token": TOKEN})):
        api.tell("POST", f"/api/v1/namespaces/{NAMESPACE}/secrets", {"metadata": {"name": secret}, "stringData": data})
    manifests = make_manifests(arguments)
    for manifest in manifests:
        auth = manifest.get("spec", {}).get("auth") if isinstance(manifest.get("spec"), dict) else None
        if isinstance(auth, dict) and isinstance(auth.get("adminSecret"), str) and auth["adminSecret"].endswith("secret"):
            auth["adminSecret"] = "neo4j-admin-secret"
    found = verdicts(program, manifests)
    taken = check_admission(api, manifests, found)
    with open(arguments.cluster / "log/cli-operator.log", "w", encoding="utf-8") as log:
        operator = subprocess.Popen([arguments.operator, "--kubeconfig", arguments.cluster / "measured.conf", "--namespace", NAMESPACE, "--port", "18080", "--probe-port", "18081"],
                                    stderr=log, stdout=log)
        try:
            check_operator(api, manifests, found, taken)
            check_register(api, program)
            check_render(api, program)
            check_diff(api, program, arguments)
            check_rights(api, program, arguments)
            check_report(api, program, arguments)
        finally:
            operator.terminate()
            operator.wait()
    check_status(api, program, arguments)
    print(f"{len(failures)} failed" if failures else "all fine")
    return 1 if failures else 0


sys.exit(main())
