# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Deployments that are orphaned, restored and cloned. Each test names the rules that it pins."""
import base64
import json
import pathlib
import re
import shutil
import tempfile

from harness import ADMIN_SECRET, PASSWORD, ROOT, START_LIMIT, TOKEN_SECRET, FleetService, check, wait_for
from page import Page
from registration import REGISTER, STANDIN, condition, count, one_event, start, wait_condition
from scenario import Chain, on_real_server
from servers import Cluster, PodRecord
from service import kid
from standalone import mint, project

DELETE = {"size": "1Gi", "retentionPolicy": "Delete"}
BACKUP_PAGE = ROOT / "docs" / "backup.md"
CHILDREN = ("serviceaccount", "service", "configmap", "poddisruptionbudget", "statefulset")


def uids(ns, kind):
    return {item["metadata"]["name"]: item["metadata"]["uid"] for item in ns.get(f"{kind}s")["items"]}


def owners(ns, name):
    """Who owns each of a deployment's children."""
    found = {}
    for kind in CHILDREN:
        for item in ns.get(f"{kind}s", "-l", f"app.kubernetes.io/instance={name}")["items"]:
            found[f"{kind}/{item['metadata']['name']}"] = [
                (owner["kind"], owner["uid"]) for owner in item["metadata"].get("ownerReferences") or []]
    return found


def check_owned(ns, kind, name):
    """Every child has this very deployment as its one owner."""
    uid = ns.get(kind, name)["metadata"]["uid"]
    found = owners(ns, name)
    check(len(found) >= 5, f"children: {sorted(found)}")
    check({uid} == {owner[1] for each in found.values() for owner in each} and all(len(each) == 1 for each in found.values()),
          f"owners: {found}")


def orphan(ns, kind, name):
    """The deployment goes, and leaves everything."""
    ns.kubectl("delete", kind, name, "--cascade=orphan", "--timeout=60s")
    wait_for("no owners", lambda: not any(owners(ns, name).values()))


@on_real_server
def test_orphaned_and_made_again(ns):
    """B2 B8 D2: after --cascade=orphan a standalone that is made again adopts its children; the pod, the claim and the token stay."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("orphaned"))
    ns.standalone("orphaned", storage=DELETE)
    ns.wait_fleet("orphaned", True, limit=START_LIMIT)
    key = wait_for("the server at the service", lambda: kid("orphaned"))
    before = uids(ns, "pod"), uids(ns, "pvc"), uids(ns, "statefulset")
    orphan(ns, "n4js", "orphaned")
    ns.standalone("orphaned", storage=DELETE)
    ns.wait_fleet("orphaned", True, "Registered with Aura Fleet Management")
    ns.wait_phase("orphaned", "Ready")
    check((uids(ns, "pod"), uids(ns, "pvc"), uids(ns, "statefulset")) == before, "something was made anew")
    check_owned(ns, "n4js", "orphaned")
    one_event(ns, "Adopted")
    check(kid("orphaned") == key, "the token was registered once more")
    check(not ns.events("NameTaken"), "its own children were called somebody else's")


def test_orphaned_cluster(ns):
    """B2 B6 B8: a cluster that is made again with more servers adopts its children; no pod is replaced, the new ones come."""
    cluster = Cluster(ns, "orphans").create(storage=DELETE)
    cluster.wait_phase("Ready")
    pods, claims = cluster.uids(), uids(ns, "pvc")
    with PodRecord(ns) as record:
        orphan(ns, "n4jc", "orphans")
        cluster.create(servers=4, storage=DELETE)
        cluster.wait_phase("Ready")
    check(pods.items() <= cluster.uids().items() and claims.items() <= uids(ns, "pvc").items(), "a pod or a claim was replaced")
    check(not record.replaced() and not record.restarts(), f"replaced: {record.replaced()}")
    check({s["state"] for s in cluster.servers().values()} == {"Enabled"}, f"servers: {cluster.servers()}")
    check_owned(ns, "n4jc", "orphans")
    one_event(ns, "Adopted")


def bare(item):
    """An object as a backup that keeps no owners restores it."""
    metadata = {key: item["metadata"][key] for key in ("name", "labels", "annotations") if key in item["metadata"]}
    copy = {key: value for key, value in item.items() if key not in ("status", "metadata")}
    for field in ("clusterIP", "clusterIPs"):
        if copy.get("spec", {}).get(field) not in (None, "None", ["None"]):
            copy["spec"].pop(field)
    return copy | {"metadata": metadata}


def restore_without_owners(ns, name):
    """All children of an orphaned deployment are made anew from a copy, without owners."""
    for kind in CHILDREN:
        for item in ns.get(f"{kind}s", "-l", f"app.kubernetes.io/instance={name}")["items"]:
            ns.kubectl("delete", kind, item["metadata"]["name"], "--cascade=orphan", "--timeout=60s")
            restored = bare(item) | {"apiVersion": item.get("apiVersion"), "kind": item.get("kind")}
            ns.kubectl("create", "-f", "-", data=json.dumps(restored))


def test_restored_without_owners(ns):
    """B2 B8: a restore that has dropped owners and, of one object, our marks: one message names the command, which costs no claim and no pod."""
    start(ns, "restored", storage=DELETE, auraFleetManagement={"enabled": False})
    pods, claims = uids(ns, "pod"), uids(ns, "pvc")
    orphan(ns, "n4js", "restored")
    restore_without_owners(ns, "restored")
    for target in ("service/restored-client", "configmap/restored-config"):
        ns.kubectl("annotate", target, "neofleet.neo4j.com/applied-")
        ns.kubectl("label", target, "app.kubernetes.io/managed-by-")
    ns.standalone("restored", image=STANDIN, storage=DELETE, auraFleetManagement={"enabled": False})
    ns.wait_phase("restored", "Failed")
    message = ns.status("restored")["message"]
    check("without an owner: Service 'restored-client', ConfigMap 'restored-config'; " in message, message)
    check("delete" not in message, f"a cure that harms: {message}")
    one_event(ns, "NameTaken")
    check(not any(owners(ns, "restored").values()), f"adopted in part: {owners(ns, 'restored')}")
    command = message[message.index("kubectl annotate"):]
    print(f"       {command}", flush=True)
    ns.shell(command)
    ns.wait_phase("restored", "Ready", START_LIMIT)
    check_owned(ns, "n4js", "restored")
    check((uids(ns, "pod"), uids(ns, "pvc")) == (pods, claims), "a pod or a claim was replaced")
    service = ns.get("service", "restored-client")["metadata"]
    check("neofleet.neo4j.com/adopt" not in service["annotations"], f"the word is still there: {service['annotations']}")


def test_orphans_of_the_other_kind(ns):
    """B1 B2: a standalone named like a cluster that has left orphans takes none of them, and is told to take another name."""
    cluster = Cluster(ns, "kindly").create(servers=2, storage=DELETE)
    cluster.wait_phase("Ready")
    claims = uids(ns, "pvc")
    orphan(ns, "n4jc", "kindly")
    ns.standalone("kindly", image=STANDIN, auraFleetManagement={"enabled": False})
    ns.wait_phase("kindly", "Failed")
    message = ns.status("kindly")["message"]
    check("Service 'kindly-headless' was made for cluster 'kindly'" in message and "another name" in message, message)
    check("delete" not in message and "annotate" not in message, f"a cure that harms: {message}")
    check(not any(owners(ns, "kindly").values()), f"owners: {owners(ns, 'kindly')}")
    ns.kubectl("delete", "n4js", "kindly", "--timeout=60s")
    cluster.create(servers=2, storage=DELETE)
    cluster.wait_phase("Ready")
    check(uids(ns, "pvc") == claims, "a claim was replaced")


@on_real_server
def test_status_of_a_copy(ns):
    """D2 D5: a resource that is restored with its status on an empty volume: the latch is not believed, and the Secret's token is registered."""
    name = "copied"
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("copied"))
    ns.standalone(name, storage=DELETE)
    old = ns.wait_fleet(name, True, limit=START_LIMIT)
    first = wait_for("the server at the service", lambda: FleetService().deployments(project("copied")))[0]
    copy = ns.get("n4js", name)["status"]
    ns.kubectl("delete", "n4js", name, "--timeout=60s")
    wait_for("no claim", lambda: not ns.get("pvcs")["items"], START_LIMIT)
    ns.standalone(name, storage=DELETE)
    copy["phase"] = "Ready"
    ns.status_patch(name, copy)
    new = wait_for("a registration of its own", lambda: ns.fleet(name).get("registered") is True and
                   ns.fleet(name)["lastRegistrationTime"] > old["lastRegistrationTime"] and ns.fleet(name), START_LIMIT)
    check(sorted(new) == ["lastRegistrationTime", "message", "registered"], f"{new}")
    wait_for("the new server at the service", lambda: [
        item for item in FleetService().deployments(project("copied")) if item["dbms_id"] != first["dbms_id"]])
    told = wait_for("the event", lambda: ns.events("FleetStatusRestored"))
    check(old["lastRegistrationTime"] in told[0]["message"], f"{told[0]['message']}")
    wait_condition(ns, name, "FleetConnected", "True")


def test_volume_lost(ns):
    """D5 D6: a volume that is lost under a resource that stays: the latch holds, TokenGone tells, and its command registers anew."""
    name = "lost"
    start(ns, name)
    ns.secret(TOKEN_SECRET, token=mint("lost"))
    before = ns.wait_fleet(name, True)
    ns.kubectl("delete", "pvc", f"data-{name}-0", "--wait=false")
    ns.kubectl("delete", "pod", f"{name}-0", "--wait=false")
    told = wait_condition(ns, name, "FleetConnected", "False", "hold no token", limit=START_LIMIT)
    check(told["reason"] == "TokenGone", f"{told}")
    check(ns.fleet(name) == before, f"the latch: {before} then {ns.fleet(name)}")
    check(count(ns, f"{name}-0", REGISTER) == 0, "it was registered although registered is true")
    one_event(ns, "AuraFleetManagementDisconnected")
    ns.shell(told["message"][told["message"].index("kubectl patch"):])
    wait_condition(ns, name, "FleetConnected", "True")
    check(count(ns, f"{name}-0", REGISTER) == 1, "not exactly one call")


def copy_volume(ns, source, target):
    """As docs/backup.md does it."""
    text = Page(BACKUP_PAGE).yaml("name: my-copy").replace("my-standalone", source).replace("my-clone", target)
    ns.apply(text.replace("storage: 10Gi", "storage: 1Gi"))
    ns.kubectl("wait", "--for=condition=complete", "job/my-copy", "--timeout=5m")
    ns.kubectl("delete", "job", "my-copy")


def twins(ns, name):
    return condition(ns, name, "FleetTwins").get("status")


def given_cloned(ns):
    """A registered deployment that is away, and a copy of its volume."""
    start(ns, "original")
    ns.secret(TOKEN_SECRET, token=mint("twins"))
    ns.wait_fleet("original", True)
    ns.kubectl("delete", "n4js", "original", "--timeout=60s")
    wait_for("no pod", lambda: not ns.get("pod", "original-0"), START_LIMIT)
    copy_volume(ns, "original", "clone")


def test_clone_beside_the_original(ns):
    """D2: a clone whose server holds the original's token registers its own Secret's, of whatever age; the original is left alone."""
    ns.standalone("original", image=STANDIN)
    ns.wait_fleet("original", True, limit=START_LIMIT)
    wait_condition(ns, "original", "FleetConnected", "True")
    calls = count(ns, "original-0", REGISTER)
    # Not newer than the one that the copied volume holds: only that the other one has it tells that it is not the clone's.
    ns.standalone("clone", image=STANDIN)
    ns.wait_fleet("clone", True, limit=START_LIMIT)
    # What the servers count lies on the volume, so that the clone goes on from there.
    wait_for("one more call at the clone", lambda: count(ns, "clone-0", REGISTER) == calls + 1)
    check(count(ns, "original-0", REGISTER) == calls, "the original was registered again")


def test_twins_say_so(ns):
    """D6: two that hold one token of one DBMS both say so, with the cure; with a token of its own the clone is no twin any more."""
    for name, other in (("original", "clone"), ("clone", "original")):
        told = wait_condition(ns, name, "FleetTwins", "True", f"Neo4jEnterpriseStandalone '{other}'", f"kubectl patch neo4jenterprisestandalone {name} ")
        check(told["message"] in ns.status(name)["message"], f"{ns.status(name)}")
    check(len(wait_for("both Warnings", lambda: len(ns.events("FleetTwins")) > 1 and ns.events("FleetTwins"))) == 2, "events")
    ns.secret("clone-token", token=mint("twins-clone"))
    ns.kubectl("patch", "n4js", "clone", "--type=merge", "-p",
               json.dumps({"spec": {"auraFleetManagement": {"tokenSecretRef": {"name": "clone-token"}}}}))
    command = condition(ns, "clone", "FleetTwins")["message"]
    ns.shell(command[command.index("kubectl patch"):])
    wait_for("the clone's own token at the service", lambda: FleetService().deployments(project("twins-clone")))
    for name in ("original", "clone"):
        wait_condition(ns, name, "FleetTwins", "False")


class BackupPage:
    """docs/backup.md, whose blocks are run as printed, in a folder of their own; which were is kept."""

    def __init__(self, ns):
        self.ns, self.page, self.used = ns, Page(BACKUP_PAGE), set()
        self.folder = tempfile.mkdtemp(prefix="neofleet-backup-")

    def take(self, language, *parts):
        text = self.page.block(language, *parts)
        self.used.add((language, text))
        return text

    def shell(self, *parts, **replaced):
        text = self.take("bash", *parts)
        for key, value in replaced.items():
            text = text.replace(f"<{key.replace('_', '-')}>", value)
        return self.ns.shell(f"cd {self.folder}\n{text}")

    def apply(self, *parts):
        self.ns.apply(self.take("yaml", *parts))

    def take_away(self):
        """The two blocks that take the server away and keep its volume."""
        check(self.shell("retentionPolicy").splitlines()[-1].endswith("condition met"), "the claim has an owner")
        self.shell("kubectl delete neo4jenterprisestandalone my-standalone\n")

    def unused(self):
        return [text for kind, text in self.page.blocks if kind in ("bash", "yaml") and (kind, text) not in self.used]


def cypher(ns, name, text):
    return ns.kubectl("exec", f"{name}-0", "--", "cypher-shell", "--format", "plain", "-u", "neo4j", "-p", PASSWORD, text).split()


def rows(ns, name):
    return int(cypher(ns, name, "MATCH (r:Row) RETURN count(r)")[-1])


@on_real_server
def given_backup_page(ns):
    """The user's page's standalone, registered, with one row."""
    at = BackupPage(ns)
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("backup"))
    ns.apply(Page().yaml("kind: Neo4jEnterpriseStandalone"))
    ns.wait_fleet("my-standalone", True, limit=START_LIMIT)
    wait_for("the server at the service", lambda: kid("backup"))
    # A token that the service renewed: the one of the Secret is of no use any more.
    old = stored(ns, "my-standalone")
    FleetService().call("rotate", kid("backup"))
    wait_for("the renewed token on the server", lambda: stored(ns, "my-standalone") != old)
    cypher(ns, "my-standalone", "CREATE (:Row {n: 1})")
    return at


def stored(ns, name):
    """Project and expiry of the token that the server holds."""
    return ns.kubectl("exec", f"{name}-0", "--", "cypher-shell", "--format", "plain", "-d", "system", "-u", "neo4j", "-p", PASSWORD,
                      "CALL fleetManagement.inspectToken()").splitlines()[-1]


def check_back(ns, token):
    """It is back on its volume, registered, with the token that it had."""
    ns.wait_fleet("my-standalone", True, limit=START_LIMIT)
    ns.wait_phase("my-standalone", "Ready")
    check(stored(ns, "my-standalone") == token, f"{token} was replaced by {stored(ns, 'my-standalone')}")


def test_backup_dump(ns, at):
    """B8 D2: the page saves spec and Secrets, takes the server away, dumps its database and brings it back, registered as before."""
    token = stored(ns, "my-standalone")
    at.shell("my-secrets.json", "jq '{apiVersion")
    saved = json.loads(pathlib.Path(at.folder, "my-standalone.json").read_text(encoding="utf-8"))
    check("status" not in saved and list(saved["metadata"]) == ["name"], f"saved: {saved}")
    at.take_away()
    at.apply("name: my-dump")
    at.shell("job/my-dump")
    check_back(ns, token)
    check(rows(ns, "my-standalone") == 1, "the row is lost")


def test_backup_load(ns, at):
    """B8 D2: the page loads the dump under the same name: what came after it is gone, what was before it is there."""
    token = stored(ns, "my-standalone")
    cypher(ns, "my-standalone", "CREATE (:Row {n: 2})")
    at.take_away()
    at.apply("name: my-load")
    at.shell("job/my-load")
    check_back(ns, token)
    check(rows(ns, "my-standalone") == 1, "not what was dumped")


def test_backup_clone(ns, at):
    """D2 D6: the page's clone has the data and, in Aura, an entry of its own; the original keeps its token."""
    token = stored(ns, "my-standalone")
    at.take_away()
    at.apply("name: my-copy")
    at.shell("job/my-copy", token_of_the_clone=mint("backup-clone"))
    ns.wait_fleet("my-clone", True, limit=START_LIMIT)
    check(project("backup-clone") in stored(ns, "my-clone"), f"the clone holds {stored(ns, 'my-clone')}")
    at.shell("neo4jenterprisestandalone my-clone --type=merge")
    ns.wait_fleet("my-clone", True)
    check(rows(ns, "my-clone") == 1, "the clone lacks the row")
    check_back(ns, token)
    check("True" not in (twins(ns, "my-clone"), twins(ns, "my-standalone")), "they are one in Aura")
    ns.kubectl("delete", "n4js", "my-clone")


def test_backup_orphan(ns, at):
    """B2: the page's --cascade=orphan: the pod stays."""
    pod, token = uids(ns, "pod")["my-standalone-0"], stored(ns, "my-standalone")
    check("Adopted" in at.shell("--cascade=orphan"), "no event")
    check_back(ns, token)
    check(uids(ns, "pod")["my-standalone-0"] == pod, "the pod was replaced")


def test_backup_move(ns, at):
    """B8 D2: the page moves the volume to another namespace: data and registration go with it."""
    token, other = stored(ns, "my-standalone"), type(ns)(f"{ns.name}-moved")
    try:
        at.take_away()
        pathlib.Path(at.folder, "my-claim.yaml").write_text(at.take("yaml", "volumeName"), encoding="utf-8")
        at.shell("claimRef", new_namespace=other.name)
        check_back(other, token)
        check(rows(other, "my-standalone") == 1, "the row is lost")
    finally:
        volume = ((other.get("pvc", "data-my-standalone-0") or {}).get("spec") or {}).get("volumeName")
        other.close()
        if volume:
            ns.kubectl("delete", "pv", volume, "--wait=false")


def test_backup_empty_volume(ns, at):
    """D2: the page's spec and Secrets on an empty volume: registered with the Secret's token. Then every block of the page has been run."""
    check(not ns.get("pvc", "data-my-standalone-0"), "the volume is still here")
    # The service has renewed the one that was saved.
    fresh = base64.b64encode(mint("backup-again").encode()).decode()
    secrets = pathlib.Path(at.folder, "my-secrets.json")
    secrets.write_text(re.sub(r'"token": "[^"]+"', f'"token": "{fresh}"', secrets.read_text(encoding="utf-8")), encoding="utf-8")
    at.shell("kubectl apply -f my-secrets.json")
    ns.wait_fleet("my-standalone", True, limit=START_LIMIT)
    check(rows(ns, "my-standalone") == 0, "it is not empty")
    check(not at.unused(), f"blocks of the page that no test runs: {at.unused()}")
    shutil.rmtree(at.folder)


CLONED = Chain(given_cloned, test_clone_beside_the_original, test_twins_say_so)
BACKUP = Chain(given_backup_page, test_backup_dump, test_backup_load, test_backup_clone, test_backup_orphan, test_backup_move,
               test_backup_empty_volume)
TESTS = [test_orphaned_and_made_again, test_orphaned_cluster, test_restored_without_owners, test_orphans_of_the_other_kind,
         test_status_of_a_copy, test_volume_lost, CLONED, BACKUP]
