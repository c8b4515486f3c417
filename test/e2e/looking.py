# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""kubectl neofleet before a fleet of twenty deployments, each in a state that was made. Each command and what it prints is kept in test/e2e/looks."""
import difflib
import json
import os
import pathlib
import re
import signal
import subprocess
import tarfile
import tempfile
import urllib.error
import urllib.request

from harness import ADMIN_SECRET, EVIDENCE, PASSWORD, ROOT, START_LIMIT, DeployedOperator, Failure, check, wait_for
from plugins import plugin, wait_plugin
from registration import STANDIN, wait_condition
from scenario import Chain
from servers import Cluster
from situation import FILE, conditions
from standalone import SECRETS, mint

FOLDER = ROOT / "test/e2e/looks"
PROGRAM = ROOT / "build/debug"
KINDS = {"n4js": "Neo4jEnterpriseStandalone", "n4jc": "Neo4jEnterpriseCluster"}
SETTLE_LIMIT = 120
STALL_LIMIT = 900  # a wait that only a person ends is told as such after five minutes

OFF = {"enabled": False}
NOWHERE = [{"name": "FLEET_MANAGEMENT_API_BASE_URL", "value": "http://127.0.0.1:9/api/v1"}]

# The Secret's name -> the token's project, and when it ends.
TOKENS = {"accounts": ("shop", None), "carts": ("shop", "300h"), "billing": ("shop", "2020-01-01T00:00:00Z"), "both": ("shop", None),
          "search": ("search", None), "wishes": ("search", None)}


def with_token(secret, **fleet):
    return {"auraFleetManagement": {"enabled": True, "tokenSecretRef": {"name": f"token-{secret}"}, **fleet}}


# name -> its spec, beside what all have. The teams are for -l.
SHOP = {
    "accounts": with_token("accounts"),
    "archive": {},
    "billing": with_token("billing"),
    "carts": with_token("carts"),
    "catalogue": {"auraFleetManagement": {"enabled": True}},
    "coupons": with_token("coupons"),
    "gifts": {"auth": {"adminSecret": "gifts-admin"}},
    "invoices": {"image": {**STANDIN, "tag": "5.26.99-enterprise"}},
    "ledger": {"config": {"server.bolt.listen_address": ":1"}},
    "loyalty": {"config": {"no.such.setting": "1"}},
    "mail": {},
    "notes": {},
    "payments": with_token("both", tokenPolicy="FollowSecret"),
    "payouts": with_token("both", tokenPolicy="FollowSecret"),
}
SEARCH = {
    "pricing": {},
    "ratings": {},
    "stock": {"storage": {"size": "1Gi", "className": "fast"}},
    "wishes": {**with_token("wishes"), "env": NOWHERE},
}
ANNOTATIONS = {"ratings": {"neofleet.neo4j.com/offline": "true"}}
READY = ("accounts", "archive", "billing", "carts", "catalogue", "coupons", "notes", "payments", "payouts", "pricing", "wishes")
# A command that changes something is typed once; whatever else is typed again until the fleet has settled.
LOOKS = ("status", "status-one", "doctor", "changes", "token", "render", "logs", "version", "cypher", "report", "no-rights")


# What differs from run to run, and the word for it. A column keeps its width.
MASKS = (
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ(?=  )", "TIME".ljust(20)),
    (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[\d.]*Z", "TIME"),
    (r"\b\d\d:\d\d:\d\d\.\d+", "TIME"),
    (r"-[0-9a-f]{16}\b", "-" + "x" * 16),
    (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
    (r"\b[0-9a-f]{64}\b", "DIGEST"),
    (r"\b10(\.\d{1,3}){3}\b", "ADDRESS"),
    (r"\b\d+ years ago", "N years ago"),
    (r"\b\d+[smh] ago", "AGE ago"),
    (r"\b\d+[hm]\d+[ms]$", "AGE"),
    (r"\b(\d\d[smh]|\d[smh] |\d[smh]$)(?=\s|$)", "AGE"),
    (r"\b\d+ restarts?", "N restarts"),
    (r" \(\d+ times\)", ""),
    (r"back-off \w+ restarting", "back-off TIME restarting"),
    (r"\borders-server-\d", "orders-server-N"),
    # Its container is started again every second.
    (r"(?<=loyalty-0 on node), started AGE ago", ""),
    (r"\bneofleet-[0-9a-z]{8,10}-[0-9a-z]{5}\b", "neofleet-POD"),
    (r"(?<=going offline for maintenance: ).*", "..."),
)


EVENT = re.compile(r"   (?:├─|└─) ((?:Normal|Warning)  AGE ago .*)")


def sorted_events(text):
    """The events at the end of a tree: those of one second are in no order of their own."""
    lines = text.splitlines()
    at = [i for i, line in enumerate(lines) if EVENT.fullmatch(line)]
    for i, words in zip(at, sorted(EVENT.fullmatch(lines[i]).group(1) for i in at)):
        lines[i] = f"   {'└─' if i == at[-1] else '├─'} {words}"
    return "".join(line + "\n" for line in lines)


def masked(command, text):
    for pattern, word in MASKS:
        text = re.sub(pattern, word, text, flags=re.MULTILINE)
    if "neofleet changes" in command:
        head, *lines = text.splitlines(keepends=True)
        text = "".join([head, *sorted(lines)])
    return sorted_events(text)


class Looks:
    """Command lines and what came of them, as in test/unit/cli/expected: those of a file are typed, and its text is what must be seen."""

    def __init__(self, ns):
        self.ns, self.place = ns, tempfile.TemporaryDirectory(prefix="neofleet-looks-")
        self.folder = pathlib.Path(self.place.name)
        self.env = {**ns.env, "PATH": f"{PROGRAM}:{os.environ['PATH']}"}

    def type(self, command):
        done = subprocess.run(["bash", "-o", "pipefail", "-c", command], cwd=self.folder, env=self.env, capture_output=True, text=True, check=False)
        EVIDENCE.append(("looks", done.stdout + done.stderr))
        status = f"[status {done.returncode}]\n" if done.returncode else ""
        return f"$ {command}\n" + masked(command, done.stdout + done.stderr) + status

    def play(self, kept):
        return "".join(self.type(line[2:]) for line in kept.splitlines() if line.startswith("$ "))

    def keep(self, file, kept, again):
        """Writes down what is seen twice in a row."""
        seen = [self.play(kept)]
        if again:
            wait_for(f"{file.name} to settle", lambda: seen.append(self.play(kept)) or seen[-1] == seen[-2], SETTLE_LIMIT)
        file.write_text(seen[-1], encoding="utf-8")

    def check(self, name, again=True):
        file = FOLDER / f"{name}.txt"
        kept, seen = file.read_text(encoding="utf-8"), [""]
        if FILE:
            self.keep(file, kept, again)
            return
        try:
            wait_for(f"{name} as it is kept", lambda: seen.append(self.play(kept)) or seen[-1] == kept, SETTLE_LIMIT if again else 0)
        except Failure:
            lines = difflib.unified_diff(kept.splitlines(True), seen[-1].splitlines(True), str(file), "what is seen")
            raise Failure("".join(lines) + "\nscript/e2e --record look writes it anew") from None


def manifest(kind, name, team, spec):
    body = {"image": STANDIN, "storage": {"size": "1Gi"}, "auth": {"adminSecret": ADMIN_SECRET}, "auraFleetManagement": OFF, **spec}
    metadata = {"name": name, "labels": {"fleet": "look", "team": team}, "annotations": ANNOTATIONS.get(name, {})}
    return {"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": KINDS[kind], "metadata": metadata, "spec": body}


def make_fleet(ns):
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    for name, (team, end) in TOKENS.items():
        ns.secret(f"token-{name}", token=mint(f"look-{team}", end))
    ns.kubectl("create", "service", "clusterip", "mail-headless", "--tcp=80")
    items = [manifest("n4js", name, "shop", spec) for name, spec in SHOP.items()]
    items += [manifest("n4js", name, "search", spec) for name, spec in SEARCH.items()]
    items.append(manifest("n4jc", "orders", "shop", {"topology": {"servers": 3}}))
    items.append(manifest("n4jc", "search", "search", {"topology": {"servers": 2}, **with_token("search")}))
    # The API server says who wrote last, and when: each is written once.
    ns.kubectl("create", "-f", "-", data=json.dumps({"apiVersion": "v1", "kind": "List", "items": items}))
    plugin(ns, "grpah", "pricing")


def stop_in_the_middle(ns):
    """A roll that somebody's budget holds up, and a change of a deployment that is paused."""
    orders = Cluster(ns, "orders")
    orders.wait_phase("Ready")
    ns.apply(json.dumps({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "by-hand"},
                         "spec": {"maxUnavailable": 0, "selector": {"matchLabels": orders.set()["spec"]["selector"]["matchLabels"]}}}))
    orders.patch(config={"db.transaction.timeout": "50s"})
    orders.wait_phase("Updating", "cannot be evicted")
    ns.wait_phase("notes", "Ready", START_LIMIT)
    ns.kubectl("annotate", "n4js", "notes", "neofleet.neo4j.com/paused=true")
    wait_condition(ns, "notes", "Paused", "True")
    ns.kubectl("patch", "n4js", "notes", "--type=merge", "-p", json.dumps({"spec": {"config": {"db.transaction.timeout": "50s"}}}))


def is_stalled(ns, kind, name):
    return conditions(ns.get(kind, name)).get("Stalled", {}).get("status") == "True"


def wait_for_fleet(ns):
    for name in READY:
        ns.wait_phase(name, "Ready", START_LIMIT)
    search = Cluster(ns, "search")
    search.wait_phase("Ready")
    search.wait_registered()
    search.wait("connected", lambda status: any(one["type"] == "FleetConnected" and one["status"] == "True" for one in status["conditions"]))
    for name in ("accounts", "carts", "payments", "payouts"):
        wait_condition(ns, name, "FleetConnected", "True")
    for name, kind in (("wishes", "FleetConnected"), ("billing", "FleetRegistered"), ("coupons", "FleetRegistered")):
        wait_condition(ns, name, kind, "False")
    for name, kind in (("carts", "FleetTokenExpiring"), ("payments", "FleetTwins"), ("payouts", "FleetTwins")):
        wait_condition(ns, name, kind, "True")
    for name in ("ledger", "mail"):
        ns.wait_phase(name, "Failed")
    wait_for("ratings offline", lambda: "is offline" in ns.status("ratings").get("message", ""), START_LIMIT)
    wait_plugin(ns, "grpah", "Failed")
    for kind, name in (("n4js", "invoices"), ("n4js", "loyalty"), ("n4js", "stock"), ("n4jc", "orders")):
        wait_for(f"{name} to be told as stalled", lambda kind=kind, name=name: is_stalled(ns, kind, name), STALL_LIMIT)


def make_nobody(ns, file):
    """A kubeconfig of somebody who may do nothing."""
    ns.kubectl("create", "serviceaccount", "eva")
    token = ns.kubectl("create", "token", "eva").strip()
    SECRETS.append(token)
    config = json.loads(ns.kubectl("config", "view", "--raw", "--flatten", "-o", "json"))
    for user in config["users"]:
        user["user"] = {"token": token}
    file.write_text(json.dumps(config), encoding="utf-8")


def given_look(ns):
    """Twenty deployments: connected and not, registered and not, stalled, held up, failed, paused, offline; and manifests of one of them."""
    make_fleet(ns)
    looks = Looks(ns)
    make_nobody(ns, looks.folder / "eva.conf")
    accounts = manifest("n4js", "accounts", "shop", SHOP["accounts"])
    (looks.folder / "accounts.json").write_text(json.dumps(accounts), encoding="utf-8")
    accounts["spec"]["config"] = {"db.logs.query.enabled": "VERBOSE"}
    (looks.folder / "changed.json").write_text(json.dumps(accounts), encoding="utf-8")
    stop_in_the_middle(ns)
    wait_for_fleet(ns)
    check(len(ns.get("n4js")["items"]) + len(ns.get("n4jc")["items"]) == 20, "they are not twenty")
    return looks


def test_look(ns, looks):
    """B7 D4 D6 D8: what each command of kubectl neofleet says of the fleet, to its administrator and to somebody without rights, is what is kept, and its exit status."""
    for name in LOOKS:
        # A process of the test's own has no Deployment to be found by.
        if isinstance(ns.operator, DeployedOperator) or name not in ("doctor", "version", "report"):
            looks.check(name)


def test_look_secrets(_, looks):
    """D8: a report about the whole fleet has no password and no token in it, and none of the commands has printed one."""
    (looks.folder / "whole.tar.gz").unlink(missing_ok=True)
    looks.type("kubectl neofleet report -f whole.tar.gz")
    with tarfile.open(looks.folder / "whole.tar.gz") as archive:
        EVIDENCE.append(("report", "".join(archive.extractfile(item).read().decode() for item in archive.getmembers())))
    for place, text in EVIDENCE:
        check(place not in ("looks", "report") or not any(secret in text for secret in SECRETS), f"a secret stands in the {place}")


def test_look_page(_, looks):
    """D8: the page of ui is there for the address that it prints, once, and for no other."""
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())

    def ask(address, with_cookie=True):
        try:
            with (opener.open if with_cookie else urllib.request.urlopen)(address, timeout=20) as answer:
                return answer.read()
        except urllib.error.HTTPError as error:
            return error.code

    with subprocess.Popen(["kubectl", "neofleet", "ui"], cwd=looks.folder, env=looks.env, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            address = process.stdout.readline().strip()
            folder = address.partition("?")[0]
            check(ask(folder, with_cookie=False) == 404, "the page is there without the key")
            ask(address)
            check(ask(address, with_cookie=False) == 404, "the address works twice")
            check(b"<main" in ask(folder), "no page for the browser that came first")
        finally:
            process.send_signal(signal.SIGINT)
    check(process.returncode == 0, f"it ended with {process.returncode}")


def test_look_deeds(ns, looks):
    """G2 D5: pause, resume, restart and register do what they say, and status tells it."""
    looks.check("deeds", again=False)


LOOK = Chain(given_look, test_look, test_look_secrets, test_look_page, test_look_deeds)
TESTS = [LOOK]
