# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What can go wrong between the operator and the API server. Each scenario ends in the same state: nothing lost, nothing doubled.

The operator is a process of the test behind test/faultproxy, which stands before the cluster's real API server. Some scenarios stop
that server itself: they run one at a time (script/e2e --runtime).
"""
import base64
import contextlib
import json
import os
import pathlib
import random
import signal
import subprocess
import tempfile
import time
import urllib.request

from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, LocalOperator, api, check, run, wait_for
from registration import REGISTER, STANDIN, count, registered_events
from standalone import mint

# How long a deployment may take once the fault is over: the longest back-off, and a start.
CALM_LIMIT = 240


class Proxy:
    """The fault proxy, with a kubeconfig that leads through it."""

    def __init__(self, token_file=None):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="neofleet-proxy-"))
        config = json.loads(run(["kubectl", "config", "view", "--raw", "--flatten", "--minify", "-o", "json"]).stdout)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        self.files = {}
        for name, text in (("ca", cluster["certificate-authority-data"]), ("certificate", user["client-certificate-data"]),
                           ("key", user["client-key-data"])):
            self.files[name] = self.folder / f"upstream-{name}.pem"
            self.files[name].write_bytes(base64.b64decode(text))
        self.process = subprocess.Popen(
            [os.environ["NEOFLEET_FAULTPROXY"], "--server", cluster["server"], "--folder", str(self.folder),
             *(word for name, path in self.files.items() for word in (f"--{name}", str(path)))])
        wait_for("the fault proxy", (self.folder / "control").exists, 20)
        self.control = (self.folder / "control").read_text(encoding="utf-8")
        self.kubeconfig = self.folder / "kubeconfig"
        self.kubeconfig.write_text(json.dumps({
            "apiVersion": "v1", "kind": "Config", "current-context": "proxy",
            "contexts": [{"name": "proxy", "context": {"cluster": "proxy", "user": "proxy"}}],
            "clusters": [{"name": "proxy", "cluster": {
                "server": "https://" + (self.folder / "address").read_text(encoding="utf-8"),
                "certificate-authority": str(self.folder / "ca.crt")}}],
            "users": [{"name": "proxy", "user": {"tokenFile": str(token_file)} if token_file else {}}]}), encoding="utf-8")

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"http://{self.control}{path}", method=method,
                                         data=json.dumps(body).encode() if body is not None else None)
        with urllib.request.urlopen(request, timeout=10) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def rules(self, *rules):
        self.call("PUT", "/rules", list(rules))

    def used(self):
        return [rule["used"] for rule in self.call("GET", "/rules") or []]

    def calls(self, method, part):
        """How many requests by this method ("GET", "GET watch", ...) had a path with this in it."""
        return sum(n for key, n in self.call("GET", "/calls").items() if key.startswith(method + " /") and part in key)

    def close(self):
        self.process.terminate()
        self.process.wait(20)
        for file in self.folder.iterdir():
            file.unlink()
        self.folder.rmdir()


@contextlib.contextmanager
def behind_proxy(ns, *flags, token_file=None, **options):
    """The namespace's operator is replaced by one behind a fault proxy."""
    proxy = Proxy(token_file)
    try:
        ns.operator.close()
        ns.operator = LocalOperator(os.environ["NEOFLEET_OPERATOR"], ns.name, *flags, kubeconfig=str(proxy.kubeconfig), **options)
        yield proxy
        proxy.rules()
    finally:
        if ns.operator.process.poll() is None:
            ns.operator.stop()
        proxy.close()


def make(ns, *names):
    for name in names:
        ns.standalone(name, image=STANDIN)


def annotate_service(ns, name, value):
    """A change that replaces no pod."""
    ns.kubectl("patch", "n4js", name, "--type=merge", "-p", json.dumps({"spec": {"service": {"annotations": {"test/change": value}}}}))


def begin(ns, *names):
    """What stands before the fault: the Secrets, and deployments that are registered."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint(ns.name))
    make(ns, *names)
    for name in names:
        ns.wait_fleet(name, True, limit=START_LIMIT)


def disturb(ns):
    """The work that is to be done in spite of the fault: make, change, delete."""
    make(ns, "made")
    annotate_service(ns, "kept", "during")
    ns.kubectl("delete", "n4js", "gone", "--wait=false")


def disturb_unseen(ns, proxy):
    """The same, and the operator is shut out before, so that it has seen none of it when the fault comes."""
    proxy.rules({"status": 503})
    proxy.call("POST", "/close")
    disturb(ns)


def converged(ns, *names, changed="during"):
    """Nothing lost, nothing doubled: each registered by one call and told once, one revision, no orphan; and work goes on."""
    for name in names:
        ns.wait_fleet(name, True, limit=CALM_LIMIT)
        ns.wait_phase(name, "Ready", CALM_LIMIT)
        check(count(ns, f"{name}-0", REGISTER) == 1, f"{name}: {count(ns, f'{name}-0', REGISTER)} calls")
        workload = ns.get("statefulset", name)
        check(workload["status"]["currentRevision"] == workload["status"]["updateRevision"], f"{name}: a second revision")
    if changed:
        wait_for("the change", lambda: (ns.get("service", "kept-client")["metadata"].get("annotations") or {}).get(
            "test/change") == changed, CALM_LIMIT)
    wait_for("no orphan", lambda: sorted(item["metadata"]["name"] for item in ns.get("statefulset")["items"]) == sorted(names), 120)
    wait_for("an event for each", lambda: registered_events(ns) >= len(names))
    annotate_service(ns, names[0], "after")
    wait_for("a change after the fault", lambda: ns.get("service", f"{names[0]}-client")["metadata"]["annotations"].get(
        "test/change") == "after", 30)


def through(ns, *rules, enough=3, **options):
    """The common course: a fault from the proxy's rules, work meanwhile, until each rule was used often enough."""
    with behind_proxy(ns, **options) as proxy:
        begin(ns, "kept", "gone")
        proxy.rules(*rules)
        disturb(ns)
        wait_for("the fault to be felt", lambda: min(proxy.used()) >= enough, 180)
        print(f"       used: {proxy.used()}", flush=True)
        proxy.rules()
        converged(ns, "kept", "made")


# The real API server and its store.

def server_process(name):
    """The pid of a part of this very cluster: the one in this network namespace."""
    here = os.readlink("/proc/self/ns/net")
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError):
            words = (entry / "cmdline").read_bytes().split(b"\0")
            if pathlib.Path(words[0].decode()).name == name and os.readlink(entry / "ns/net") == here:
                return int(entry.name), [word.decode() for word in words[:-1]]
    return None


class StoppedServer:
    """kube-apiserver is killed; start() brings the same one back."""

    def __init__(self):
        self.pid, self.command = server_process("kube-apiserver")
        flags = dict(word.split("=", 1) for word in self.command if word.startswith("--") and "=" in word)
        self.run_folder = pathlib.Path(flags["--cert-dir"]).parent
        os.kill(self.pid, signal.SIGKILL)
        wait_for("the API server's end", lambda: server_process("kube-apiserver") is None, 20)

    def start(self):
        with (self.run_folder / "log/kube-apiserver.log").open("a", encoding="utf-8") as log:
            process = subprocess.Popen(self.command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True)
        (self.run_folder / "pid/kube-apiserver").write_text(f"{process.pid}\n", encoding="utf-8")
        wait_for("the API server", lambda: run(["kubectl", "get", "--raw", "/readyz"], ok=False).returncode == 0, 90)


def test_runtime_server_killed(ns):
    """E2: the API server dies and comes back; what was asked for meanwhile is done."""
    with behind_proxy(ns) as proxy:
        begin(ns, "kept", "gone")
        disturb_unseen(ns, proxy)
        stopped = StoppedServer()
        proxy.rules()
        attempts = proxy.calls("GET", ns.name)
        wait_for("attempts while there is no server", lambda: proxy.calls("GET", ns.name) > attempts + 3, 60)
        stopped.start()
        converged(ns, "kept", "made")


def compact():
    """All that etcd remembers of the past goes."""
    def post(path, body):
        request = urllib.request.Request(f"http://127.0.0.1:2379{path}", method="POST", data=json.dumps(body).encode())
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read())

    revision = post("/v3/kv/range", {"key": "AA=="})["header"]["revision"]
    post("/v3/kv/compaction", {"revision": revision, "physical": True})


def test_runtime_compaction(ns):
    """E2: what a watch would resume from is gone, in the store and in the server's memory: all is listed again."""
    with behind_proxy(ns) as proxy:
        begin(ns, "kept", "gone")
        disturb_unseen(ns, proxy)
        compact()
        stopped = StoppedServer()
        stopped.start()
        proxy.call("DELETE", "/calls")
        proxy.rules()
        converged(ns, "kept", "made")
        check(proxy.calls("GET", "neo4jenterprisestandalones") > 0, "nothing was listed again")


def test_runtime_gone_everywhere(ns):
    """E2: 410 at the list, at the continuation of a list, at the watch, and in the middle of one."""
    with behind_proxy(ns) as proxy:
        begin(ns, "kept", "gone")
        # More than a page.
        for start in range(0, 700, 100):
            ns.apply("\n".join(f"---\napiVersion: v1\nkind: Secret\nmetadata: {{name: filler-{i}}}" for i in range(start, start + 100)))
        proxy.rules(
            {"method": "GET", "uri": "continue=", "status": 410, "reason": "Expired", "times": 3},
            {"method": "GET", "uri": "/secrets\\?.*limit=", "status": 410, "reason": "Expired", "times": 2, "every": 2},
            {"method": "GET", "uri": "watch=", "status": 410, "reason": "Expired", "times": 12, "every": 2},
            {"method": "GET", "uri": "watch=", "goneEvent": True, "times": 8})
        proxy.call("POST", "/close")
        disturb(ns)
        wait_for("each to be used up", lambda: proxy.used() == [3, 2, 12, 8], 180)
        converged(ns, "kept", "made")


def test_runtime_kinds_missing(ns):
    """E2: an operator that starts before the CRDs are there says what to apply, and works once they are."""
    with behind_proxy(ns) as proxy:
        begin(ns, "kept", "gone")
        ns.operator.stop()
        proxy.rules({"uri": "/apis/neo4j.neo4j.com/", "status": 404, "reason": "NotFound"})
        ns.operator.start()
        wait_for("what to apply", lambda: "kubectl apply -f deploy/crds" in ns.operator.logs(), 60)
        check(ns.operator.process.poll() is None, "it has ended")
        disturb(ns)
        proxy.rules()
        converged(ns, "kept", "made")


def test_runtime_conflicts(ns):
    """E2: half of all writes lose a race."""
    through(ns, {"method": "PATCH|PUT|POST", "status": 409, "reason": "Conflict", "every": 2, "times": 30}, enough=5)


def test_runtime_too_many_requests(ns):
    """E2: a server that is busy says when to come back."""
    through(ns, {"method": "PATCH|PUT|POST|DELETE", "status": 429, "reason": "TooManyRequests", "retryAfter": 1, "every": 2},
            {"method": "GET", "uri": "/secrets/", "status": 429, "reason": "TooManyRequests", "retryAfter": 2, "times": 2}, enough=2)


def test_runtime_server_errors(ns):
    """E2: every third call ends in 500."""
    through(ns, {"status": 500, "reason": "InternalError", "every": 3})


def test_runtime_answers_lost(ns):
    """D3 E2: the server does it and the answer never comes."""
    through(ns, {"method": "PATCH|PUT|POST", "afterDone": True, "every": 2, "times": 12}, enough=4)


def deployed_objects():
    """What deploy/operator.yaml holds."""
    text = run(["kubectl", "create", "--dry-run=client", "-o", "json", "-f",
                str(pathlib.Path(__file__).parents[2] / "deploy/operator.yaml")]).stdout
    decoder, found, at = json.JSONDecoder(), [], 0
    while at < len(text.rstrip()):
        item, at = decoder.raw_decode(text, at)
        found.append(item)
        at += len(text[at:]) - len(text[at:].lstrip())
    return found


def test_runtime_forbidden_for_a_while(ns):
    """E2: the operator's rights are taken away, by its own account's real rules, and given back."""
    rules = [item for item in deployed_objects() if item["kind"] == "ClusterRole" and item["metadata"]["name"] == "neofleet"][0]["rules"]
    ns.apply(json.dumps({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "operator"}}))
    ns.apply(json.dumps({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "operator"}, "rules": rules}))
    binding = json.dumps({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": "operator"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "operator"},
        "subjects": [{"kind": "ServiceAccount", "name": "operator", "namespace": ns.name}]})
    ns.apply(binding)
    with tempfile.NamedTemporaryFile("w", suffix=".token") as token:
        token.write(ns.kubectl("create", "token", "operator"))
        token.flush()
        with behind_proxy(ns, token_file=token.name) as proxy:
            proxy.call("PUT", "/identity", {"token": True})
            proxy.call("POST", "/close")
            begin(ns, "kept", "gone")
            ns.kubectl("delete", "rolebinding", "operator")
            refused = ns.operator.logs().count("class=forbidden")
            proxy.call("POST", "/close")
            disturb(ns)
            wait_for("refusals", lambda: ns.operator.logs().count("orbidden") > refused + 3, 120)
            ns.apply(binding)
            converged(ns, "kept", "made")


def test_runtime_token_rotated(ns):
    """E2: the account's token is replaced in its file, and the one before is no longer good."""
    ns.apply(json.dumps({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "operator"}}))
    ns.kubectl("create", "rolebinding", "operator", "--clusterrole=cluster-admin", f"--serviceaccount={ns.name}:operator")
    for holder in ("first", "second"):
        ns.apply(json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": f"holder-{holder}"}}))

    def mint_bound(holder):
        return ns.kubectl("create", "token", "operator", "--bound-object-kind=Secret", f"--bound-object-name=holder-{holder}")

    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "token"
        file.write_text(mint_bound("first"), encoding="utf-8")
        with behind_proxy(ns, token_file=file) as proxy:
            proxy.call("PUT", "/identity", {"token": True})
            proxy.call("POST", "/close")
            begin(ns, "kept", "gone")
            ns.kubectl("delete", "secret", "holder-first")
            refused = ns.operator.logs().lower().count("unauthorized")
            proxy.call("POST", "/close")
            disturb(ns)
            wait_for("the old token to be refused", lambda: ns.operator.logs().lower().count("unauthorized") > refused, 90)
            (pathlib.Path(folder) / "new").write_text(mint_bound("second"), encoding="utf-8")
            (pathlib.Path(folder) / "new").rename(file)
            converged(ns, "kept", "made")


def test_runtime_certificate_rotated(ns):
    """E2: the server has a certificate by another authority, whose own is in the file that the configuration names."""
    with behind_proxy(ns) as proxy:
        begin(ns, "kept", "gone")
        proxy.call("POST", "/certificate")
        proxy.call("POST", "/close")
        disturb(ns)
        converged(ns, "kept", "made")


def test_runtime_cut_at_each_byte(ns):
    """E2: each connection breaks a little later than the one before, from the middle of the handshake on."""
    with behind_proxy(ns) as proxy:
        begin(ns, "kept", "gone")
        proxy.call("PUT", "/wire", {"cutAfter": 1, "grow": 131})
        proxy.call("POST", "/close")
        disturb(ns)
        wait_for("connections to be cut", lambda: proxy.call("GET", "/wire")["cuts"] >= 60, 400)
        print(f"       cut: {proxy.call('GET', '/wire')}", flush=True)
        proxy.call("PUT", "/wire", {"cutAfter": 0, "grow": 0})
        converged(ns, "kept", "made")


def test_runtime_half_open(ns):
    """E2: the connections are there and carry nothing, as behind a router that forgot them: the silence is noticed."""
    with behind_proxy(ns) as proxy:
        begin(ns, "kept", "gone")
        check(proxy.call("POST", "/silence") >= 1, "there was no connection")
        started = time.monotonic()
        disturb(ns)
        wait_for("the operator to notice", lambda: ns.fleet("made").get("registered"), 400)
        print(f"       noticed and done after {time.monotonic() - started:.0f} s", flush=True)
        converged(ns, "kept", "made")


def test_runtime_clock_jumps(ns):
    """E2: the wall clock goes a day ahead and a day back; delays and deadlines do not follow it."""
    with tempfile.NamedTemporaryFile() as offset:
        def jump(seconds):
            offset.seek(0)
            offset.write(seconds.to_bytes(8, "little", signed=True))
            offset.flush()

        jump(0)
        with behind_proxy(ns, env={"LD_PRELOAD": os.environ["NEOFLEET_CLOCK"], "NEOFLEET_CLOCK_FILE": offset.name}):
            begin(ns, "kept", "gone")
            jump(86400)
            disturb(ns)
            ns.wait_fleet("made", True, limit=START_LIMIT)
            jump(-86400)
            make(ns, "later")
            converged(ns, "kept", "made", "later")


def test_runtime_lease_stolen(ns):
    """E2: an operator whose lease another holds writes nothing more and ends; started again, it waits for its turn."""
    with behind_proxy(ns, "--leader-elect", "--lease-namespace", ns.name) as proxy:
        begin(ns, "kept", "gone")
        lease = json.loads(ns.kubectl("get", "lease", "-o", "json"))["items"][0]["metadata"]["name"]
        ns.kubectl("patch", "lease", lease, "--type=merge", "-p", json.dumps({"spec": {
            "holderIdentity": "a-thief", "renewTime": time.strftime("%Y-%m-%dT%H:%M:%S.000000Z", time.gmtime())}}))
        wait_for("the end of the one that lost it", lambda: ns.operator.process.poll() is not None, 60)
        check(ns.operator.process.poll() != 0, "it said that all was well")
        proxy.call("DELETE", "/calls")
        ns.operator.start()
        disturb(ns)
        wait_for("its turn", lambda: ns.get("statefulset", "made"), 120)
        converged(ns, "kept", "made")


def test_runtime_log_disk_full(ns):
    """E2: not a line of the log can be written, and all else goes on."""
    with behind_proxy(ns, log_to="/dev/full"):
        begin(ns, "kept", "gone")
        disturb(ns)
        converged(ns, "kept", "made")


def memory_group(name):
    """A control group with a limit to be set: version 2, or the memory hierarchy of version 1."""
    root = pathlib.Path("/sys/fs/cgroup")
    second = (root / "cgroup.controllers").exists()
    group = (root if second else root / "memory") / name
    group.mkdir()
    return group, "memory.max" if second else "memory.limit_in_bytes"


def resident(pid):
    text = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(text.split("VmRSS:")[1].split()[0]) * 1024


def test_runtime_memory_limit(ns):
    """E2 E3: twice the settled memory is enough for whatever comes."""
    with behind_proxy(ns):
        begin(ns, "kept", "gone")
        process = ns.operator.process
        settled = resident(process.pid)
        group, file = memory_group(f"neofleet-{ns.name}")
        try:
            (group / file).write_text(str(2 * settled), encoding="ascii")
            (group / "cgroup.procs").write_text(str(process.pid), encoding="ascii")
            disturb(ns)
            names = [f"more-{i}" for i in range(8)]
            make(ns, *names)
            for i in range(0, 300, 100):
                ns.apply("\n".join(f"---\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: foreign-{j}}}\ndata: {{x: '{'y' * 4000}'}}"
                                   for j in range(i, i + 100)))
            converged(ns, "kept", "made", *names)
            check(process.poll() is None, "the operator died")
            print(f"       settled {settled // 1024} KiB, in the end {resident(process.pid) // 1024} KiB", flush=True)
            ns.operator.stop()
        finally:
            wait_for("the group to be empty", lambda: not (group / "cgroup.procs").read_text(encoding="ascii"), 40)
            group.rmdir()


def test_runtime_killed_200_times(ns):
    """D7 E2: an operator killed 200 times, whenever, while 50 deployments come, change and go."""
    seed = int(os.environ.get("NEOFLEET_SEED") or time.time_ns() % 1000000)
    print(f"       NEOFLEET_SEED={seed}", flush=True)
    chance = random.Random(seed)
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint(ns.name))
    names = [f"d{i}" for i in range(50)]
    waiting, live, changes = list(names), [], {}
    for _ in range(200):
        if waiting and chance.random() < 0.4:
            live.append(waiting.pop())
            make(ns, live[-1])
        if live and chance.random() < 0.4:
            name = chance.choice(live)
            changes[name] = f"c{len(changes)}"
            annotate_service(ns, name, changes[name])
        if len(live) > 12 and chance.random() < 0.35:
            name = live.pop(chance.randrange(len(live)))
            changes.pop(name, None)
            ns.kubectl("delete", "n4js", name, "--wait=false")
        time.sleep(chance.uniform(0.02, 0.9))  # the moment of the kill is what the test varies
        ns.operator.kill()
        ns.operator.start()
    for name in waiting:
        make(ns, name)
        live.append(name)
    for name in live:
        ns.wait_fleet(name, True, limit=START_LIMIT)
        check(count(ns, f"{name}-0", REGISTER) == 1, f"{name}: {count(ns, f'{name}-0', REGISTER)} calls")
    for name, value in changes.items():
        wait_for(f"the change of {name}", lambda name=name, value=value: (
            ns.get("service", f"{name}-client")["metadata"].get("annotations") or {}).get("test/change") == value, 30)
    wait_for("no orphan", lambda: sorted(item["metadata"]["name"] for item in ns.get("statefulset")["items"]) == sorted(live), 120)


TESTS = [value for name, value in list(globals().items()) if name.startswith("test_runtime_")]
