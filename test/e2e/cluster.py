# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Clusters, on the stand-in for a cluster of Neo4j servers (test/standin). Each test names the rules that it pins."""
import json
import re
import types

from harness import ADMIN_SECRET, PASSWORD, TOKEN_SECRET, FleetService, LocalOperator, check, run, wait_for
from page import Page
from scenario import Chain, Group
from servers import (
    Cluster, PodRecord, changed_by, client_load, count_rows, write_row)
from standalone import mint, project

# The stand-in with the real cypher-shell beside it, for the page's own commands.
WITH_SHELL = "neofleet-test/neo4j-shell"


def given_page_cluster(ns):
    """The page's cluster as printed, with the stand-in's repository in place of the registry's; registered."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("cluster-page"))
    cluster, phases, sample = Cluster(ns, "my-cluster"), [], Page().yaml("kind: Neo4jEnterpriseCluster")
    check("repo: neo4j\n" in sample, f"the page's sample: {sample}")
    with PodRecord(ns) as record:
        ns.apply(sample.replace("repo: neo4j\n", f"repo: {WITH_SHELL}\n"))
        cluster.wait("Ready", lambda status: phases.append(status.get("phase")) or status.get("phase") == "Ready")
        cluster.wait_registered()
    return types.SimpleNamespace(cluster=cluster, phases=phases, record=record)


def test_page_cluster(ns, at):
    """B1 B7 C1 C3 D2 D3 D7: it forms without a detour or a restart, and is registered by one call at the leader of system."""
    cluster, phases = at.cluster, at.phases
    check(phases[-1] == "Ready" and "Degraded" not in phases and "Failed" not in phases, f"phases: {phases}")
    check(not at.record.replaced() and not at.record.restarts(), "enabled at creation, but pods were replaced")
    leader = cluster.leader()
    calls = wait_for("the call on record", lambda: any(cluster.counts("CALL fleetManagement.registerToken").values()) and
                     cluster.counts("CALL fleetManagement.registerToken"))
    check(sum(calls.values()) == 1, f"registerToken calls: {calls}")
    check(calls[leader] == 1 or cluster.leader() != leader, f"not called at the leader {leader}: {calls}")
    servers = cluster.servers()
    check(sorted(servers) == [f"my-cluster-server-{i}" for i in range(3)], f"servers: {servers}")
    check({(s["state"], s["health"]) for s in servers.values()} == {("Enabled", "Available")}, f"servers: {servers}")
    budget = ns.get("poddisruptionbudget", "my-cluster")
    check(budget["spec"]["maxUnavailable"] == 1 and budget["spec"]["unhealthyPodEvictionPolicy"] == "AlwaysAllow",
          f"the budget: {budget['spec']}")


def test_page_cluster_connected(ns, at):
    """D6: every server is connected, and the service knows them."""
    wait_for("FleetConnected on every server", lambda: [
        c for c in at.cluster.status()["conditions"] if c["type"] == "FleetConnected" and c["status"] == "True"])
    wait_for("all servers in the service's list", lambda: FleetService().connects(project("cluster-page")) >= 3)


def test_page_cluster_economy(ns, at):
    """E1: passes over a settled cluster write nothing: neither the resource, nor a child, nor another event."""
    cluster, kinds = at.cluster, ("statefulsets", "services", "configmaps", "serviceaccounts", "poddisruptionbudgets")
    wait_for("the last look at the connection", lambda: [
        c for c in cluster.status()["conditions"] if c["type"] == "FleetConnected" and c["status"] == "True"])

    def versions():
        return {(kind, item["metadata"]["name"]): item["metadata"]["resourceVersion"]
                for kind in kinds for item in ns.get(kind)["items"]}

    before = versions()
    for _ in range(3):
        version = cluster.poke()
        check(cluster.object()["metadata"]["resourceVersion"] == version, "the status was written for nothing")
    check(versions() == before, "a child was written for nothing")
    wait_for("the event", lambda: ns.events("AuraFleetManagementRegistered"))
    check(len(ns.events("AuraFleetManagementRegistered")) == 1, "not exactly one event of the registration")


def test_page_cluster_commands(ns, at):
    """A1 C1 D3: the page's own commands, as printed, on the page's own cluster: maps compared as JSON, times by shape."""
    page = Page()
    status_block, event_block = page.shell("{.status.auraFleetManagement}").split("# Check events")
    expected = json.loads(re.search(r'^# (\{"registered".*\})$', status_block, re.MULTILINE).group(1))
    got = json.loads(ns.shell(status_block))
    check(sorted(got) == sorted(expected) and got["registered"] is True and got["message"] == expected["message"], f"map: {got}")
    check(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", got["lastRegistrationTime"]), f"the time: {got}")
    wait_for("one event line", lambda: ns.shell(event_block).count("AuraFleetManagementRegistered") == 1)
    check(ns.shell(page.shell("NEO4J_PLUGINS", "jsonpath")) == '["fleet-management"]', "NEO4J_PLUGINS")
    pods = page.shell("kubectl describe neo4jenterprisecluster")
    check("Neo4jEnterpriseCluster" in ns.shell(pods) and "my-cluster-server-2" in ns.shell(pods), "pods and description")
    check("AuraFleetManagementFailed" not in ns.shell(page.shell("reason=AuraFleetManagementFailed")), "a failure was told")


def test_page_cluster_cypher_shell(ns, at):
    """C5 D3: the page's commands with the real cypher-shell in a server's pod, as printed; with -d system the status says active."""
    page = Page()
    procedures = ns.shell(page.shell("SHOW PROCEDURES").replace("<password>", PASSWORD))
    check("fleetManagement.registerToken" in procedures, f"procedures: {procedures}")
    status = page.shell("CALL fleetManagement.status()").replace("<password>", PASSWORD)
    answer = ns.shell(status)
    check("active" in answer and "statusMessage" in answer, f"status(): {answer}")
    system = status.replace("cypher-shell ", "cypher-shell -d system --format plain ")
    wait_for("active and connected from the server", lambda: re.search(r"^TRUE, TRUE,", ns.shell(system), re.MULTILINE))


def test_page_cluster_forced(ns, at):
    """D5: the page's rotation: a new token in the Secret, then the page's patch: one more call, with the new token."""
    page, cluster = Page(), at.cluster
    ns.shell(page.shell("--dry-run=client").replace("<new-token>", mint("cluster-page-2")))
    calls = sum(cluster.counts("token stored").values())
    cluster.poke()
    check(not FleetService().deployments(project("cluster-page-2")), "the new token was used without being asked for")
    ns.shell(page.shell('{"registered":false}'))
    wait_for("the new token at the service", lambda: FleetService().deployments(project("cluster-page-2")))
    cluster.wait_registered()
    wait_for("the call on record", lambda: sum(cluster.counts("token stored").values()) == calls + 1)


def test_cluster_roll(ns):
    """B4 B6 B7: a change of the configuration under load: one pod at a time, each once, the leader last, nothing lost."""
    cluster = Cluster(ns, "roll").create()
    cluster.wait_phase("Ready")
    leader, before = cluster.leader(), cluster.uids()
    with client_load(ns, cluster):
        _, record = changed_by(ns, cluster, lambda: cluster.patch(config={"db.transaction.timeout": "50s"}))
    after = cluster.uids()
    check(not set(before.values()) & set(after.values()), "a pod was not replaced")
    check(sorted(record.replaced()) == sorted(before), f"replaced: {record.replaced()}")
    check(record.replaced()[-1] == leader, f"leader {leader}, but replaced in the order {record.replaced()}")
    check(record.fewest_ready() >= 2, f"only {record.fewest_ready()} servers were ready at a time")
    check(record.restarts() == 0, "a container was restarted")


def test_cluster_upgrade(ns):
    """B6 B7 C4: a newer image is a rolling upgrade: each pod once, the leader last, and the phase says so."""
    cluster = Cluster(ns, "upgrade").create(tag="2025.12-enterprise")
    cluster.wait_phase("Ready")
    leader, before = cluster.leader(), cluster.uids()
    with PodRecord(ns) as record:
        cluster.patch(image={"tag": "2026.02.2-enterprise"})
        cluster.wait_phase("Updating", "still to be replaced")
        cluster.wait_phase("Ready")
    check(sorted(record.replaced()) == sorted(before), f"replaced: {record.replaced()}")
    check(record.replaced()[-1] == leader, f"leader {leader}, but replaced in the order {record.replaced()}")
    check(record.fewest_ready() >= 2, f"only {record.fewest_ready()} servers were ready at a time")
    # A server that is back is Available before it has written its version into database system: the leader was the last to go.
    wait_for("all servers to tell the new version",
             lambda: {row["version"] for row in cluster.query("SHOW SERVERS YIELD version")} == {"2026.02.2"})
    check(cluster.status()["version"] == "2026.02.2", f"status: {cluster.status()}")


def given_scale(ns):
    """A cluster of three servers; what is known of its pods."""
    cluster = Cluster(ns, "scale").create()
    cluster.wait_phase("Ready")
    return types.SimpleNamespace(cluster=cluster, old=cluster.uids())


def test_scale_3_to_5(ns, at):
    """B4 B7: five servers instead of three: the new ones are enabled, the old ones not touched."""
    cluster = at.cluster
    with PodRecord(ns) as record:
        cluster.patch(topology={"servers": 5})
        cluster.wait_phase("Ready")
    servers = cluster.servers()
    check(len(servers) == 5 and {s["state"] for s in servers.values()} == {"Enabled"}, f"servers: {servers}")
    check(at.old.items() <= cluster.uids().items() and not record.replaced() and not record.restarts(),
          f"a scale-out replaced or restarted pods: {record.replaced()}")


def test_scale_5_to_3(ns, at):
    """B8: back to three: drained, dropped, then the pods, then their claims; the only copy of a database moves before."""
    cluster, old = at.cluster, at.old
    # One copy, on one of the new servers, which have the fewest.
    cluster.query("CREATE DATABASE single TOPOLOGY 1 PRIMARY", pod=cluster.leader())
    home = wait_for("database single to be online", lambda: [
        row["address"].split(".")[0] for row in cluster.query(
            "SHOW DATABASES YIELD name, address, currentStatus WHERE name = 'single' AND currentStatus = 'online'")])[0]
    check(home in ("scale-server-3", "scale-server-4"), f"database single is on {home}: the test has lost its point")
    write_row(cluster, home, "single")
    with PodRecord(ns) as record:
        cluster.patch(topology={"servers": 3})
        cluster.wait_phase("Updating", "Removing servers")
        cluster.wait_phase("Ready")
    check(record.replaced() == ["scale-server-4", "scale-server-3"], f"left: {record.replaced()}")
    check(cluster.uids() == old and record.restarts() == 0, "pods that stay were touched")
    check(sorted(cluster.servers()) == sorted(old), f"servers: {cluster.servers()}")
    claims = [item["metadata"]["name"] for item in ns.get("pvc")["items"]]
    check(sorted(claims) == [f"data-scale-server-{i}" for i in range(3)], f"claims: {claims}")
    rows = cluster.query("SHOW DATABASES YIELD name, address, currentStatus WHERE name = 'single'")
    check([row["currentStatus"] for row in rows] == ["online"], f"database single: {rows}")
    check(count_rows(cluster, rows[0]["address"].split(".")[0], "single") == 1, "the row of database single is lost")


def test_scale_3_to_4_again(ns, at):
    """B8: the same ordinals again: new servers on new volumes."""
    cluster = at.cluster
    cluster.patch(topology={"servers": 4})
    cluster.wait_phase("Ready")
    check(sorted(cluster.servers()) == [f"scale-server-{i}" for i in range(4)], f"servers: {cluster.servers()}")


def test_cluster_change_of_mind(ns):
    """B8 E2: what was told to leave leaves and comes back as a new server, even if the operator is killed on the way."""
    cluster = Cluster(ns, "mind").create(servers=4)
    cluster.wait_phase("Ready")
    server, claim = cluster.servers()["mind-server-3"], ns.get("pvc", "data-mind-server-3")
    others = {name: uid for name, uid in cluster.uids().items() if name != "mind-server-3"}
    cluster.patch(topology={"servers": 3})
    wait_for("the server to be told", lambda: cluster.servers().get("mind-server-3", {}).get("state") not in ("Enabled", "Cordoned"))
    if isinstance(ns.operator, LocalOperator):
        ns.operator.kill()
    cluster.patch(topology={"servers": 4})
    if isinstance(ns.operator, LocalOperator):
        ns.operator.start()
    cluster.wait_phase("Ready")
    now, again = cluster.servers()["mind-server-3"], ns.get("pvc", "data-mind-server-3")
    check(now["serverId"] != server["serverId"], f"the server that was dropped is back: {now}")
    check(again["metadata"]["uid"] != claim["metadata"]["uid"], "the claim of the server that was dropped is still there")
    check(others.items() <= cluster.uids().items(), "pods that stay were touched")
    check(len(cluster.servers()) == 4, f"servers: {cluster.servers()}")


def test_cluster_scale_in_refused(ns):
    """B7 B8: no server is touched when a database would not fit; what the database's owner changes is seen by itself."""
    cluster = Cluster(ns, "refused").create()
    cluster.wait_phase("Ready")
    before = cluster.uids()
    cluster.patch(topology={"servers": 2})
    cluster.wait_phase("Failed", "'neo4j' has 3 copies", "SET TOPOLOGY")
    conditions = {c["type"]: c for c in cluster.status()["conditions"]}
    check(conditions["Ready"]["reason"] == "ScaleInRefused" and conditions["Stalled"]["status"] == "True",
          f"conditions: {conditions}")
    wait_for("the Warning", lambda: [e for e in ns.events("ScaleInRefused") if e["type"] == "Warning"])
    check(cluster.set()["spec"]["replicas"] == 3 and cluster.uids() == before, "pods were touched")
    check({s["state"] for s in cluster.servers().values()} == {"Enabled"}, f"servers: {cluster.servers()}")
    cluster.query("ALTER DATABASE neo4j SET TOPOLOGY 2 PRIMARIES", pod=cluster.leader())
    cluster.wait_phase("Ready", limit=180)
    check(sorted(cluster.servers()) == ["refused-server-0", "refused-server-1"], f"servers: {cluster.servers()}")


def test_cluster_bad_config(ns):
    """B6 B7: a pod that does not come back stops the roll, and the status says which one and why; the cure goes there first."""
    cluster = Cluster(ns, "bad").create()
    cluster.wait_phase("Ready")
    before = cluster.uids()
    with PodRecord(ns) as record:
        cluster.patch(config={"no.such.setting": "1"})
        status = cluster.wait_phase("Updating", "does not come back", "exit code")
        broken = re.search(r"(bad-server-\d) does not come back", status["message"]).group(1)
        for _ in range(5):  # passes of the operator come and go, the others stay
            cluster.poke()
            now = cluster.uids()
            check([name for name in before if now.get(name) != before[name]] == [broken], f"{broken} fails, but {now}")
        cluster.patch(config=None)
        cluster.wait_phase("Ready")
    check(record.fewest_ready() >= 2, f"only {record.fewest_ready()} servers were ready at a time")
    others = [name for name in record.replaced() if name != broken]
    check(not others, f"the template is the old one again, but {others} were replaced")


def test_cluster_budget(ns):
    """B6: a pod that may not be evicted is named with the API server's words, and evicted when it may."""
    cluster = Cluster(ns, "budget").create()
    cluster.wait_phase("Ready")
    before = cluster.uids()
    labels = cluster.set()["spec"]["selector"]["matchLabels"]
    ns.apply(json.dumps({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "by-hand"},
                         "spec": {"maxUnavailable": 0, "selector": {"matchLabels": labels}}}))
    cluster.patch(config={"db.transaction.timeout": "54s"})
    cluster.wait_phase("Updating", "cannot be evicted", "PodDisruptionBudget")
    cluster.wait_passes(2)  # each of them tries again
    check(cluster.uids() == before, "a pod went against a budget")
    ns.kubectl("delete", "poddisruptionbudget", "by-hand")
    cluster.wait_phase("Ready")
    check(not set(cluster.uids().values()) & set(before.values()), "a pod was not replaced")


def test_cluster_operator_killed(ns):
    """B7 D7 E2: an operator killed in the middle of a roll: the next one goes on, and no pod goes twice."""
    cluster = Cluster(ns, "killed").create()
    cluster.wait_phase("Ready")
    ns.operator.restart()
    cluster.poke()
    check(cluster.status()["phase"] == "Ready", f"a restart moved the phase: {cluster.status()}")
    with PodRecord(ns) as record:
        cluster.patch(config={"db.transaction.timeout": "51s"})
        for n in (1, 2):
            wait_for(f"pod {n} to go", lambda: len(record.replaced()) >= n)
            ns.operator.kill()
            check(cluster.status()["phase"] == "Updating", f"status: {cluster.status()}")
            ns.operator.start()
        cluster.wait_phase("Ready")
    check(sorted(record.replaced()) == [f"killed-server-{i}" for i in range(3)], f"replaced: {record.replaced()}")
    check(record.fewest_ready() >= 2, f"only {record.fewest_ready()} servers were ready at a time")


def test_cluster_scaled_by_hand(ns):
    """B8 E2: pods that somebody takes away while their servers are to leave come back until their databases have moved."""
    cluster = Cluster(ns, "hand").create(servers=4)
    cluster.wait_phase("Ready")
    cluster.query("CREATE DATABASE single TOPOLOGY 1 PRIMARY", pod=cluster.leader())
    where = "SHOW DATABASES YIELD name, address, currentStatus WHERE name = 'single' AND currentStatus = 'online'"
    home = wait_for("database single to be online", lambda: cluster.query(where))[0]["address"].split(".")[0]
    check(home == "hand-server-3", f"database single is on {home}: the test has lost its point")
    write_row(cluster, home, "single")
    claim = ns.get("pvc", "data-hand-server-3")["metadata"]["uid"]
    # As an operator leaves it that is killed while it waits for the servers to be drained; and as it is found after a scale by hand.
    ns.operator.kill()
    cluster.patch(topology={"servers": 3})
    ns.kubectl("annotate", "pvc", "data-hand-server-3", f"neofleet.neo4j.com/leaving={cluster.object()['metadata']['uid']}")
    ns.kubectl("scale", "statefulset", "hand-server", "--replicas=3")
    wait_for("the pod to go", lambda: home not in cluster.pods())
    ns.operator.start()
    wait_for("the pod to come back", lambda: home in cluster.pods())
    check(ns.get("pvc", "data-hand-server-3")["metadata"]["uid"] == claim, "the claim was deleted with the only copy of a database")
    cluster.wait_phase("Ready")
    check(sorted(cluster.pods()) == [f"hand-server-{i}" for i in range(3)] and not ns.get("pvc", "data-hand-server-3"), "it has not left")
    home = wait_for("database single elsewhere", lambda: cluster.query(where))[0]["address"].split(".")[0]
    check(count_rows(cluster, home, "single") == 1, "the row of database single is lost")


def test_cluster_degraded(ns):
    """B7 E1: a server that is lost is Degraded, no update; also where the API server writes what we wrote in another form."""
    cluster = Cluster(ns, "plain").create(resources={"requests": {"cpu": "0.05"}, "limits": {"cpu": 2, "memory": "2048Mi"}})
    cluster.wait_phase("Ready")
    generation = cluster.set()["metadata"]["generation"]
    ns.kubectl("create", "quota", "none", "--hard=pods=0")
    wait_for("the quota to be counted", lambda: "hard" in (ns.get("resourcequota", "none").get("status") or {}))
    ns.kubectl("delete", "pod", "plain-server-2", "--wait=false")
    cluster.wait_phase("Degraded", "2 of 3 servers ready")
    # With the count the whole StatefulSet is seen anew.
    wait_for("the pod to be counted out", lambda: cluster.set()["status"].get("readyReplicas") == 2 and len(cluster.pods()) == 2)
    cluster.poke()
    check(cluster.status()["phase"] == "Degraded", f"{cluster.status()}")
    conditions = {c["type"]: c.get("reason") for c in cluster.status()["conditions"]}
    check(conditions["Ready"] == "ServersNotReady", f"reasons: {conditions}")
    ns.kubectl("delete", "quota", "none")
    cluster.wait_phase("Ready")
    check(cluster.set()["metadata"]["generation"] == generation, "the StatefulSet was written")


def test_cluster_stuck_database(ns):
    """B6: the next pod goes only when every database is online again on the one before."""
    cluster = Cluster(ns, "stuck").create()
    cluster.wait_phase("Ready")
    leader, before = cluster.leader(), cluster.uids()
    first = sorted(name for name in before if name != leader)[0]
    cluster.exec(first, "standin", "misbehave", "database-stuck", "neo4j")
    wait_for("the database to be stuck", lambda: cluster.query(
        "SHOW DATABASES YIELD name, currentStatus WHERE name = 'neo4j' AND currentStatus = 'starting'"))
    cluster.patch(config={"db.transaction.timeout": "53s"})
    for _ in range(2):
        cluster.wait_phase("Updating", f"{first}: database 'neo4j' is starting there")
        check(cluster.uids() == before, f"pods went: {cluster.uids()}")
        cluster.wait_passes(1)  # with another survey
    cluster.exec(first, "standin", "misbehave", "none")
    cluster.wait_phase("Ready")
    check(not set(cluster.uids().values()) & set(before.values()), "a pod was not replaced")


def databases(status):
    return {one["name"]: (one["requestedStatus"], one["currentStatus"], one["copies"], one["online"]) for one in status.get("databases", [])}


def test_cluster_database_stopped(ns):
    """F5 B6 B7: the status lists servers and databases. A database that is stopped and started by others (as Fleet Manager does for a migration to
    Aura) moves no phase and holds up no roll, and is told; nothing is written twice."""
    cluster = Cluster(ns, "stopped").create()
    status = cluster.wait("Ready, with its databases", lambda s: s.get("phase") == "Ready" and set(databases(s).values()) == {("online", "online", 3, 3)})
    check(sorted(databases(status)) == ["neo4j", "system"], f"databases: {status['databases']}")
    shown = {row["name"]: row for row in cluster.query("SHOW SERVERS YIELD name, address, state, health, version")}
    check([one["pod"] for one in status["servers"]] == [f"stopped-server-{i}" for i in range(3)], f"servers: {status['servers']}")
    for one in status["servers"]:
        row = shown[one["name"]]
        check(row["address"].startswith(one["pod"] + "."), f"{one} runs at {row['address']}")
        check([one[key] for key in ("state", "health", "version")] == [row[key] for key in ("state", "health", "version")], f"{one} is not {row}")
    cluster.query("STOP DATABASE neo4j WAIT", cluster.leader())
    changed, _ = changed_by(ns, cluster, lambda: cluster.patch(config={"db.transaction.timeout": "55s"}))
    check(set(changed.values()) == {1}, f"replaced: {changed}")
    status = cluster.wait_phase("Ready", "All servers are ready; database 'neo4j' is offline, as somebody has asked")
    check(databases(status)["neo4j"] == ("offline", "offline", 3, 0), f"databases: {status['databases']}")
    check(status["databases"][0]["name"] == "neo4j", "the one that is offline is not the first")
    version = cluster.poke()
    check(cluster.object()["metadata"]["resourceVersion"] == version, "the status was written for nothing")
    cluster.query("START DATABASE neo4j WAIT", cluster.leader())
    cluster.patch(config={"db.transaction.timeout": "56s"})
    status = cluster.wait("the database online", lambda s: s.get("phase") == "Ready" and databases(s)["neo4j"] == ("online", "online", 3, 3))
    check(status["message"] == "All servers are ready", f"{status['message']}")


def test_cluster_follower(ns):
    """D2 D4: the server that led when it was last asked leads no more: the new leader is found and called at once."""
    ns.secret(TOKEN_SECRET, token=mint("cluster-follower"))
    cluster = Cluster(ns, "follow").create(fleet={"enabled": True})
    cluster.wait_phase("Ready")
    former = cluster.leader()
    cluster.exec(former, "standin", "step-down", "system")
    leader = wait_for("another leader", lambda: cluster.leader() != former and cluster.leader())
    cluster.patch(auraFleetManagement={"tokenSecretRef": {"name": TOKEN_SECRET}})
    cluster.wait_registered()
    check(not ns.events("AuraFleetManagementFailed"), f"events: {ns.events('AuraFleetManagementFailed')}")
    check(cluster.leader() == leader, "the lead has changed again: the test has lost its point")
    wait_for("the calls on record: refused by the follower, then taken by the leader", lambda: [
        cluster.counts("CALL fleetManagement.registerToken")[name] for name in (former, leader)] == [1, 1])


def test_cluster_credentials(ns):
    """B5 B7: a password that the servers refuse is named in the phase's message and in a condition, with the cure; and it is
    over as soon as the Secret is right again."""
    cluster = Cluster(ns, "locked").create()
    cluster.wait_phase("Ready")
    before = cluster.uids()
    ns.secret(ADMIN_SECRET, password="not-the-one-it-began-with")
    cluster.wait_phase("Degraded", "refused user 'neo4j'", "ALTER USER")
    conditions = {c["type"]: c for c in cluster.status()["conditions"]}
    check(conditions["Ready"]["reason"] == "CredentialsRefused" and conditions["CredentialsRefused"]["status"] == "True",
          f"conditions: {conditions}")
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    cluster.wait_phase("Ready")
    check(cluster.uids() == before, "pods were replaced")


def reason_of_ready(cluster):
    ready = next(one for one in cluster.status()["conditions"] if one["type"] == "Ready")
    return ready["status"], ready["reason"]


def test_cluster_storage(ns):
    """B3 B7 B8: volumes grow with the spec, without a new pod, one that is made later, too; a refusal is told, may be taken back, and what was there stays.
    Ready vouches for no volume that has not grown."""
    cluster = Cluster(ns, "grow").create()
    cluster.wait_phase("Ready")
    before = cluster.uids()

    def sizes():
        return {item["spec"]["resources"]["requests"]["storage"] for item in ns.get("pvc")["items"]}

    cluster.patch(storage={"size": "2Gi"})
    wait_for("claims of 2Gi", lambda: sizes() == {"2Gi"})
    cluster.wait_phase("Updating", "still has 1Gi and waits for the storage to make it 2Gi")  # nobody here does
    check(reason_of_ready(cluster) == ("False", "StorageGrowing"), f"Ready: {reason_of_ready(cluster)}")
    ns.finish_growth()
    cluster.wait_phase("Ready")
    check(cluster.uids() == before, "pods were replaced")
    # The template keeps its size: a claim that is made later is too small while it is not Bound yet, and grows then.
    cluster.patch(topology={"servers": 4})
    wait_for("four claims of 2Gi", lambda: sizes() == {"2Gi"} and len(ns.get("pvc")["items"]) == 4)
    cluster.wait_phase("Updating", "still has 1Gi")
    ns.finish_growth()
    cluster.wait_phase("Ready")
    check(not ns.events("StorageGrowthRefused"), f"events: {ns.events('StorageGrowthRefused')}")
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "tight"},
             "spec": {"hard": {"requests.storage": "9Gi"}}}
    ns.apply(json.dumps(quota))
    wait_for("the quota", lambda: ((ns.get("resourcequota", "tight").get("status") or {}).get("used") or {}).get(
        "requests.storage") == "8Gi")
    cluster.patch(storage={"size": "3Gi"})
    cluster.wait_phase("Updating", "is not allowed to grow to 3Gi", "exceeded quota")
    wait_for("the Warning", lambda: ns.events("StorageGrowthRefused"))
    check(reason_of_ready(cluster) == ("False", "StorageGrowthRefused"), f"Ready: {reason_of_ready(cluster)}")
    check(before.items() <= cluster.uids().items(), "pods were replaced")
    claim = cluster.set()["spec"]["volumeClaimTemplates"][0]
    check(claim["spec"]["resources"]["requests"]["storage"] == "1Gi", f"the template: {claim}")
    # One claim may have grown before the quota was used up.
    cluster.patch(storage={"size": "2Gi"})
    ns.finish_growth()
    cluster.wait_phase("Ready")
    check(before.items() <= cluster.uids().items(), "pods were replaced")


def test_cluster_namespace_deleted(ns):
    """B8 E2: a namespace deleted in the middle of a roll goes; the operator forgets it."""
    cluster = Cluster(ns, "ending").create()
    cluster.wait_phase("Ready")
    with PodRecord(ns) as record:
        cluster.patch(config={"db.transaction.timeout": "52s"})
        wait_for("the first pod to go", lambda: record.replaced())
        run(["kubectl", "delete", "namespace", ns.name, "--wait=true", "--timeout=120s"])
    check(run(["kubectl", "get", "namespace", ns.name], ok=False).returncode != 0, "the namespace is still there")
    wait_for("the operator's last word", lambda: "outcome=gone" in ns.operator.logs())


PAGE = Group(given_page_cluster, test_page_cluster, test_page_cluster_connected, test_page_cluster_economy,
             test_page_cluster_commands, test_page_cluster_cypher_shell, test_page_cluster_forced)
SCALE = Chain(given_scale, test_scale_3_to_5, test_scale_5_to_3, test_scale_3_to_4_again)
TESTS = [
    PAGE, test_cluster_roll, test_cluster_upgrade, SCALE, test_cluster_change_of_mind, test_cluster_scale_in_refused,
    test_cluster_bad_config, test_cluster_degraded, test_cluster_stuck_database, test_cluster_database_stopped, test_cluster_budget, test_cluster_follower,
    test_cluster_credentials, test_cluster_storage, test_cluster_namespace_deleted,
]
# Needs an operator of the test's own.
LOCAL = [test_cluster_operator_killed, test_cluster_scaled_by_hand]
