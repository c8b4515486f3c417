# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What the end-to-end tests share. Everything runs inside the cluster's network (script/cluster exec)."""
import base64
import contextlib
import functools
import http.client
import json
import os
import pathlib
import re
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
ADMIN_SECRET = "neo4j-admin-secret"
TOKEN_SECRET = "aura-fleet-token"
PASSWORD = "correct-horse-battery-9"
# A server takes about 15 s to start on an idle machine; the limits are for a busy one.
START_LIMIT = 420
WAIT_LIMIT = 240
# All limits are so many times as long, for an operator that is slowed down (script/e2e --patience).
PATIENCE = float(os.environ.get("NEOFLEET_PATIENCE") or 1)
# A wait of so many seconds is told, so that a test that took long says where.
WORTH_TELLING = 30

EVIDENCE = []  # (place, text): what the tests' namespaces and operators have said


class Failure(AssertionError):
    pass


def check(condition, message):
    if not condition:
        raise Failure(message)


def run(command, data=None, ok=True, env=None):
    done = subprocess.run(command, input=data, text=True, check=False, capture_output=True, env=env)
    if ok and done.returncode:
        raise Failure(f"{' '.join(command)}: status {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def wait_for(what, probe, limit=WAIT_LIMIT):
    """Until probe() returns something true; its last word is part of the failure."""
    started, limit = time.monotonic(), limit * PATIENCE
    while True:
        value = probe()
        took = time.monotonic() - started
        if value:
            if took > WORTH_TELLING:
                print(f"       {took:.0f} s until {what}", flush=True)
            return value
        if took > limit:
            raise Failure(f"not within {limit:.0f} s: {what}; last seen: {value!r}")
        time.sleep(0.2)


CORE = "/api/v1"
OURS = "/apis/neo4j.neo4j.com/v1alpha1"
# Where the API keeps what tests ask for most, by the names that they use.
PATHS = {
    "pod": (CORE, "pods"), "service": (CORE, "services"), "configmap": (CORE, "configmaps"), "secret": (CORE, "secrets"),
    "serviceaccount": (CORE, "serviceaccounts"), "event": (CORE, "events"), "pvc": (CORE, "persistentvolumeclaims"),
    "statefulset": ("/apis/apps/v1", "statefulsets"), "controllerrevision": ("/apis/apps/v1", "controllerrevisions"),
    "n4js": (OURS, "neo4jenterprisestandalones"), "neo4jenterprisestandalone": (OURS, "neo4jenterprisestandalones"),
    "n4jc": (OURS, "neo4jenterpriseclusters"), "neo4jenterprisecluster": (OURS, "neo4jenterpriseclusters"),
    "n4jp": (OURS, "neo4jplugins"), "neo4jplugin": (OURS, "neo4jplugins"),
}


class Api(threading.local):
    """GETs without a kubectl for each: tests wait for things by asking again and again. One connection a thread."""

    def __init__(self):
        config = json.loads(run(["kubectl", "config", "view", "--raw", "--flatten", "--minify", "-o", "json"]).stdout)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
        with tempfile.NamedTemporaryFile("wb") as file:
            for key in ("client-certificate-data", "client-key-data"):
                file.write(base64.b64decode(user[key]))
            file.flush()
            context.load_cert_chain(file.name)
        address = urllib.parse.urlsplit(cluster["server"])
        self.connection = http.client.HTTPSConnection(address.hostname, address.port, timeout=30, context=context)

    def ask(self, path):
        """Status and body."""
        for attempt in (1, 2):
            try:
                self.connection.request("GET", path)
                answer = self.connection.getresponse()
                return answer.status, answer.read()
            except (OSError, http.client.HTTPException):
                self.connection.close()
                if attempt == 2:
                    raise
        return None

    def get(self, path):
        """The object; None when it is not there."""
        status, body = self.ask(path)
        if status == 404:
            return None
        check(status == 200, f"GET {path}: {status} {body[:500]}")
        return json.loads(body)


@functools.cache
def api():
    return Api()


class Namespace:
    """A namespace of one test, with a kubeconfig that points to it."""

    def __init__(self, name):
        self.name = name
        # One of an earlier run may have been left, or be on its way out: its servers have five minutes to end.
        run(["kubectl", "delete", "namespace", name, "--ignore-not-found", "--wait=false"])
        wait_for(f"namespace {name} to be free", lambda: api().get(f"{CORE}/namespaces/{name}") is None, 400)
        run(["kubectl", "create", "namespace", name])
        run(["kubectl", "label", "namespace", name, "pod-security.kubernetes.io/enforce=restricted"])
        config = pathlib.Path(os.environ["KUBECONFIG"]).read_text(encoding="utf-8")
        with tempfile.NamedTemporaryFile("w", suffix=".conf", delete=False) as file:
            file.write(config)
        self.repositories = set()  # of the images that were asked for
        self.env = dict(os.environ, KUBECONFIG=file.name)
        self.kubectl("config", "set-context", "--current", f"--namespace={name}")
        binary = os.environ.get("NEOFLEET_OPERATOR")
        self.operator = LocalOperator(binary, name) if binary else DeployedOperator()

    def keep_evidence(self):
        """What has been written here, for the search for secrets."""
        # That of the deployed one grows until the search, which reads it once more.
        if isinstance(self.operator, LocalOperator):
            EVIDENCE.append(("log", self.operator.logs()))
        for kind in ("events", "n4js", "n4jc", "n4jp", "statefulsets", "configmaps", "services"):
            EVIDENCE.append((kind, json.dumps(self.get(kind))))

    def close(self):
        run(["kubectl", "delete", "namespace", self.name, "--wait=true", "--timeout=120s"], ok=False)
        if isinstance(self.operator, LocalOperator):
            self.operator.close()
        os.unlink(self.env["KUBECONFIG"])

    def kubectl(self, *args, data=None, ok=True):
        return run(["kubectl", *args], data=data, ok=ok, env=self.env).stdout

    def shell(self, command):
        """A shell block of the page, as a user would paste it."""
        return run(["bash", "-euo", "pipefail", "-c", command], env=self.env).stdout

    def get(self, *args):
        kind = args[0] if args[0] in PATHS else args[0].removesuffix("s")
        if kind in PATHS and len(args) <= 2:
            group, plural = PATHS[kind]
            last = args[1] if len(args) == 2 else ""
            selector = urllib.parse.quote(last.removeprefix("--field-selector="))
            if not last.startswith("-"):
                return api().get(f"{group}/namespaces/{self.name}/{plural}" + (f"/{last}" if last else ""))
            if last.startswith("--field-selector="):
                return api().get(f"{group}/namespaces/{self.name}/{plural}?fieldSelector={selector}")
        done = run(["kubectl", "get", *args, "-o", "json"], ok=False, env=self.env)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def apply(self, text):
        self.repositories.update(re.findall(r'\brepo"?: "?([\w./-]+)', text))
        self.kubectl("apply", "-f", "-", data=text)

    def secret(self, name, **values):
        data = {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}
        self.apply(json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": data}))

    def replace_secret(self, name, **values):
        self.kubectl("delete", "secret", name, "--ignore-not-found")
        self.secret(name, **values)

    def standalone(self, name, tag="5.26-enterprise", token=True, **spec):
        fleet = {"enabled": True}
        if token:
            fleet["tokenSecretRef"] = {"name": TOKEN_SECRET}
        body = {
            "image": {"repo": "neo4j", "tag": tag},
            "storage": {"size": "1Gi"},
            "auth": {"adminSecret": ADMIN_SECRET},
            "auraFleetManagement": fleet,
        }
        body.update(spec)
        self.apply(json.dumps({
            "apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jEnterpriseStandalone",
            "metadata": {"name": name}, "spec": body}))

    def status(self, name):
        return (self.get("neo4jenterprisestandalone", name) or {}).get("status") or {}

    def fleet(self, name):
        return self.status(name).get("auraFleetManagement") or {}

    def wait_phase(self, name, phase, limit=START_LIMIT):
        wait_for(f"{name} in phase {phase}", lambda: self.status(name).get("phase") == phase or None, limit)

    def wait_fleet(self, name, registered, *parts, limit=WAIT_LIMIT):
        """Until registered is as given and the message holds all parts; returns the map."""
        seen = {}

        def probe():
            seen.clear()
            seen.update(self.fleet(name))
            return seen.get("registered") is registered and all(part in seen.get("message", "") for part in parts)

        try:
            wait_for(f"registered {registered} with {parts}", probe, limit)
        except Failure as failure:
            raise Failure(f"{failure}; status: {self.status(name)}") from None
        return dict(seen)

    def events(self, reason):
        return self.get("events", f"--field-selector=reason={reason}")["items"]

    def finish_growth(self):
        """What storage does that has made volumes bigger: each claim has the size that it asks for."""
        for claim in self.get("pvc")["items"]:
            wanted = claim["spec"]["resources"]["requests"]["storage"]
            if (claim["status"].get("capacity") or {}).get("storage", wanted) != wanted:
                self.kubectl("patch", "pvc", claim["metadata"]["name"], "--type=merge", "--subresource=status",
                             "-p", json.dumps({"status": {"capacity": {"storage": wanted}}}))

    def status_patch(self, name, status):
        self.kubectl("patch", "neo4jenterprisestandalone", name, "--type=merge", "--subresource=status",
                     "-p", json.dumps({"status": status}))

    def dump(self):
        """What a reader of a failure wants to see."""
        said = []
        for args in (["get", "all,pvc,n4js,n4jc,n4jp", "-o", "wide"], ["get", "n4js,n4jc,n4jp", "-o", "yaml"],
                     ["get", "events"], ["describe", "pods"]):
            said.append(run(["kubectl", *args], ok=False, env=self.env).stdout[-6000:])
        if isinstance(self.operator, DeployedOperator):
            said.append(run(["kubectl", "get", "pods,events", "-n", "neofleet-system", "-o", "wide"], ok=False).stdout[-3000:])
        for pod in (self.get("pods") or {"items": []})["items"]:
            name = pod["metadata"]["name"]
            said.append(run(["kubectl", "logs", name, "--tail=30"], ok=False, env=self.env).stdout)
        return "\n".join(said)


class FleetService:
    """The stand-in for Aura's service."""

    def __init__(self):
        address = run(["kubectl", "get", "service", "fleet-api", "-n", "neofleet-fleet",
                       "-o", "jsonpath={.spec.clusterIP}"]).stdout
        self.binary = os.environ["NEOFLEET_FLEET"]
        self.env = dict(os.environ, FLEET_SERVER=f"http://{address}")

    def call(self, *args):
        return run([self.binary, *args], env=self.env).stdout

    def mint(self, project, expires=None):
        return self.call("mint", "--project", project, *(["--expires", expires] if expires else [])).strip()

    def deployments(self, project):
        return [item for item in json.loads(self.call("list", "--json")) if item["project"] == project]

    def connects(self, project):
        return sum(item["counts"].get("connect", 0) for item in self.deployments(project))


class DeployedOperator:
    """The operator as deploy/ installs it, which watches all namespaces.

    Its log is that of every container that it was seen to have: other tests have it replaced, and a busy machine may have it restarted;
    what is counted in the log must not become less by that.
    """
    PODS = f"{CORE}/namespaces/neofleet-system/pods"
    SEEN, LOCK = {}, threading.Lock()

    def pods(self):
        return api().get(f"{self.PODS}?labelSelector=app.kubernetes.io/name=neofleet")["items"]

    def pod(self):
        return wait_for("a pod of the operator", lambda: [
            item for item in self.pods() if "deletionTimestamp" not in item["metadata"]])[0]

    def read(self):
        with self.LOCK:
            for item in self.pods():
                name = item["metadata"]["name"]
                restarts = sum(container["restartCount"] for container in item["status"].get("containerStatuses") or [])
                if restarts:
                    self.look(name, restarts - 1, "?previous=true")
                self.look(name, restarts, "")
            return "".join(self.SEEN.values())

    def look(self, name, restarts, which):
        status, body = api().ask(f"{self.PODS}/{name}/log{which}")
        # One that has just come, or is on its way out, has none.
        text = body.decode() if status == 200 else ""
        if restarts and (name, restarts) not in self.SEEN:
            print(f"       the operator's container in {name} was restarted", flush=True)
        if len(text) > len(self.SEEN.setdefault((name, restarts), "")):
            self.SEEN[name, restarts] = text

    def logs(self):
        return wait_for("the operator's log", self.read)

    def metrics(self):
        def ask():
            # It may be replaced at this moment.
            with contextlib.suppress(OSError), urllib.request.urlopen(
                    f"http://{self.pod()['status'].get('podIP')}:8080/metrics", timeout=5) as answer:
                return answer.read().decode()

        return wait_for("the operator's metrics", ask)

    def kill(self):
        """At once, and none comes in its place before start(); the operator of the other tests, too."""
        pod = self.pod()["metadata"]["name"]
        self.logs()
        run(["kubectl", "scale", "deployment/neofleet", "-n", "neofleet-system", "--replicas=0"])
        run(["kubectl", "delete", "pod", pod, "-n", "neofleet-system", "--grace-period=0", "--force", "--wait=true"], ok=False)

    def start(self):
        run(["kubectl", "scale", "deployment/neofleet", "-n", "neofleet-system", "--replicas=1"])
        self.wait()

    def restart(self):
        self.logs()
        run(["kubectl", "rollout", "restart", "deployment/neofleet", "-n", "neofleet-system"])
        self.wait()

    def wait(self):
        run(["kubectl", "rollout", "status", "deployment/neofleet", "-n", "neofleet-system", "--timeout=180s"])


@functools.cache
def reports_folder():
    return tempfile.TemporaryDirectory(prefix="neofleet-reports-")


def check_reports(namespace):
    """What an operator that was built with a sanitizer has found, is found."""
    texts = [file.read_text(encoding="utf-8", errors="replace") for file in pathlib.Path(reports_folder().name).glob(f"{namespace}.*")]
    check(not texts, "the sanitizer's report:\n" + "\n".join(texts)[:20000])


class LocalOperator:
    """A binary of the working tree as a process of the test, for one namespace: NEOFLEET_OPERATOR names it."""

    def __init__(self, binary, namespace, *flags, env=None, kubeconfig=None, log_to=None):
        with socket.socket() as metrics, socket.socket() as probes:
            for free in (metrics, probes):
                free.bind(("127.0.0.1", 0))
            self.port, probe_port = metrics.getsockname()[1], probes.getsockname()[1]
        self.command = [binary, "--kubeconfig", kubeconfig or os.environ["KUBECONFIG"], "--namespace", namespace,
                        "--port", str(self.port), "--probe-port", str(probe_port), "--log-level", "debug", *flags]
        self.env = dict(os.environ, **(env or {}))
        # Not into the log: that may have nowhere to go.
        for options in ("ASAN_OPTIONS", "TSAN_OPTIONS"):
            self.env[options] = f"{self.env.get(options, '')}:log_path={reports_folder().name}/{namespace}"
        # One that has lost its lease ends at once, and waits for none of its threads.
        self.env["TSAN_OPTIONS"] += ":report_thread_leaks=0"
        with tempfile.NamedTemporaryFile("w", prefix=f"neofleet-{namespace}-", suffix=".log", delete=False) as file:
            self.log = pathlib.Path(file.name)
        self.log_to = pathlib.Path(log_to or file.name)
        self.process = None
        self.start()

    def start(self):
        with self.log_to.open("a", encoding="utf-8") as log:
            self.process = subprocess.Popen(self.command, stderr=log, stdout=log, env=self.env)

    def kill(self):
        """At once, as a crash."""
        self.process.kill()
        self.process.wait()

    def restart(self):
        self.stop()
        self.start()

    def stop(self):
        self.process.terminate()
        self.process.wait(30 * PATIENCE)

    def close(self):
        if self.process.poll() is None:
            self.stop()
        self.log.unlink()

    def logs(self):
        return self.log.read_text(encoding="utf-8")

    def metrics(self):
        def ask():
            # It may have been started a moment ago.
            with contextlib.suppress(OSError), urllib.request.urlopen(
                    f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
                return answer.read().decode()

        return wait_for("the operator's metrics", ask)
