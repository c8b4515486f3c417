# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What must not cost a cluster its quorum or its data: TLS and domain changed while it runs, a template that does not come up, servers
that nobody can account for. On the stand-in for a cluster of Neo4j servers (test/standin). Each test names the rules that it pins."""
import re
import types

import costs
from harness import check, wait_for
from scenario import Chain
from servers import Cluster, PodRecord, changed_by, lose, write_row
from tls import Certificates, tls_secret


def given_plain_cluster(ns):
    """A cluster without TLS, and a certificate for it."""
    certificates, cluster = Certificates(), Cluster(ns, "turn").create()
    certificates.make("good", f"DNS:turn-client.{ns.name}.svc.cluster.local")
    tls_secret(ns, certificates, "good")
    cluster.wait_phase("Ready")
    return types.SimpleNamespace(cluster=cluster)


def rolled_once(ns, cluster, row, **spec):
    """Carries out a change of the spec: each pod is replaced once, one at a time, the leader last."""
    leader, before = cluster.leader(), cluster.uids()
    counts, record = changed_by(ns, cluster, lambda: cluster.patch(**spec))
    check(set(counts.values()) == {1} and record.restarts() == 0, f"replaced: {record.replaced()}, restarts: {record.restarts()}")
    check(record.replaced()[-1] == leader, f"leader {leader}, but replaced in the order {record.replaced()}")
    check(record.fewest_ready() >= 2, f"only {record.fewest_ready()} servers were ready at a time")
    check(not set(before.values()) & set(cluster.uids().values()), "a pod was not replaced")
    servers = cluster.servers()
    check(len(servers) == 3 and {(s["state"], s["health"]) for s in servers.values()} == {("Enabled", "Available")},
          f"servers: {servers}")
    costs.tell(*row, sum(counts.values()))


def test_cluster_tls_added(ns, at):
    """B5 B6 B9: TLS added to a running cluster: one pod at a time, each asked and probed as it was started."""
    rolled_once(ns, at.cluster, ("TLS", "`spec.tls`"), tls={"certificateSecret": "cert"})
    check({at.cluster.scheme(pod) for pod in at.cluster.pods().values()} == {"bolt+ssc"}, "a pod was started without TLS")


def test_cluster_tls_removed(ns, at):
    """B5 B6 B9: TLS taken away, its Secret at once with it: the older pods are known by the certificate that they were started with."""
    ns.kubectl("delete", "secret", "cert")
    rolled_once(ns, at.cluster, ("TLS taken away", "`spec.tls` removed"), tls=None)
    check({at.cluster.scheme(pod) for pod in at.cluster.pods().values()} == {"bolt"}, "a pod was started with TLS")


def test_cluster_domain_changed(ns):
    """B6 B9: another domain on a running cluster: servers are held against the one that their pod was started in, so the roll ends."""
    cluster = Cluster(ns, "moved").create()
    cluster.wait_phase("Ready")
    rolled_once(ns, cluster, ("another domain of the Kubernetes cluster", "`spec.clusterDomain`"), clusterDomain="elsewhere.test")
    addresses = {row["address"] for row in cluster.servers().values()}
    check(addresses == {f"moved-server-{i}.moved-headless.{ns.name}.svc.elsewhere.test:7687" for i in range(3)},
          f"addresses: {addresses}")


def is_ready(pod):
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions") or [])


def test_cluster_blip_while_stopped(ns):
    """B6: a roll has stopped at a pod that does not come up; an old good pod misses its readiness meanwhile, and is left where it is."""
    cluster = Cluster(ns, "blip").create()
    cluster.wait_phase("Ready")
    before = cluster.uids()
    cluster.patch(config={"no.such.setting": "1"})
    status = cluster.wait_phase("Updating", "does not come back", "exit code")
    broken = re.search(r"(blip-server-\d) does not come back", status["message"]).group(1)
    good = sorted(name for name in before if name != broken)
    cluster.exec(good[-1], "standin", "misbehave", "silent", "all")
    wait_for(f"{good[-1]} to miss its readiness", lambda: not is_ready(cluster.pods()[good[-1]]))
    for _ in range(5):
        cluster.poke()
        check({name: cluster.uids().get(name) for name in good} == {name: before[name] for name in good},
              f"{broken} fails, but others went: {cluster.uids()}")
    check(f"{broken} does not come back" in cluster.status()["message"], f"status: {cluster.status()}")
    cluster.exec(good[-1], "standin", "misbehave", "none")
    wait_for(f"{good[-1]} to be ready", lambda: is_ready(cluster.pods()[good[-1]]))
    with PodRecord(ns) as record:
        cluster.patch(config=None)
        cluster.wait_phase("Ready")
    check(broken in record.replaced() and record.fewest_ready() >= 2, f"replaced: {record.replaced()}, {record.fewest_ready()} ready")
    check({name: cluster.uids()[name] for name in good} == {name: before[name] for name in good}, "a good pod was replaced")


def test_cluster_removal_stopped(ns):
    """B7 B8: a ready pod that SHOW SERVERS does not list stops the removal, with a message that says what to do; done, it goes on."""
    cluster = Cluster(ns, "apart").create(servers=4)
    cluster.wait_phase("Ready")
    lost, leader = "apart-server-3", cluster.leader()
    if leader == lost:
        cluster.exec(lost, "standin", "step-down", "system")
        leader = wait_for("another leader", lambda: cluster.leader() != lost and cluster.leader())
    # As somebody would by hand; a server that is dropped runs on, and nobody lists it.
    server = cluster.servers()[lost]["serverId"]
    cluster.query("DEALLOCATE DATABASES FROM SERVERS $server", pod=leader, server=server)
    wait_for("the server to be empty", lambda: cluster.servers()[lost]["state"] == "Deallocated")
    cluster.query("DROP SERVER $server", pod=leader, server=server)
    # One that is behind would still call it Deallocated, and then its claim goes with it, as it may.
    for pod in (f"apart-server-{i}" for i in range(3)):
        wait_for(f"{pod} to know it no more", lambda pod=pod: all(row["state"] == "Dropped" for row in cluster.query(
            "SHOW SERVERS YIELD serverId, state", pod=pod) if row["serverId"] == server))
    claim, pods = ns.get("pvc", f"data-{lost}")["metadata"]["uid"], cluster.uids()
    cluster.patch(topology={"servers": 3})
    cluster.wait_phase("Updating", f"Removing servers: {lost} is ready, but SHOW SERVERS of", "asked itself",
                       "set spec.topology.servers to 4", f"delete claim 'data-{lost}' and then the pod")
    cluster.wait_passes(3)
    check(cluster.uids() == pods and cluster.set()["spec"]["replicas"] == 4, f"pods were touched: {cluster.uids()}")
    check(ns.get("pvc", f"data-{lost}")["metadata"]["uid"] == claim, "the claim was touched")
    # The message's second way: a new server comes on a new volume, is drained and leaves with it.
    ns.kubectl("delete", "pvc", f"data-{lost}", "--wait=false")
    ns.kubectl("delete", "pod", lost)
    cluster.wait_phase("Ready", "All servers are ready")
    check(sorted(cluster.pods()) == [f"apart-server-{i}" for i in range(3)], f"pods: {sorted(cluster.pods())}")
    check(not ns.get("pvc", f"data-{lost}") or f"claim 'data-{lost}' is kept" in cluster.status()["message"],
          f"a claim is left behind without a word: {cluster.status()}")


def test_cluster_volumes_lost(ns):
    """B4 B8: two of three volumes are lost, and the user asks for two servers: the third, with the only good copies, stays as it is."""
    cluster = Cluster(ns, "relic").create()
    cluster.wait_phase("Ready")
    relic = "relic-server-2"
    write_row(cluster, cluster.leader("neo4j"), "neo4j")
    claim, uid = ns.get("pvc", f"data-{relic}")["metadata"]["uid"], cluster.uids()[relic]
    # The new ones shall not find the old one.
    cluster.exec(relic, "standin", "misbehave", "isolated")
    lose(ns, "relic-server-0", "relic-server-1")
    wait_for("empty volumes", lambda: all((ns.get("pvc", f"data-relic-server-{i}") or {"metadata": {"deletionTimestamp": 1}})[
        "metadata"].get("deletionTimestamp") is None for i in (0, 1)))
    cluster.patch(topology={"servers": 2})
    cluster.wait_phase("Updating", "Removing servers: ")
    conf = ns.get("configmap", "relic-config")["data"]["neo4j.conf"]
    check("minimum_initial_system_primaries_count=3" in conf and f"{relic}.relic-headless" in conf, f"neo4j.conf: {conf}")
    cluster.wait_passes(5)
    check(ns.get("pvc", f"data-{relic}")["metadata"]["uid"] == claim and not ns.get("pvc", f"data-{relic}")["metadata"].get(
        "deletionTimestamp"), "the claim with the only good copies went")
    check(cluster.uids()[relic] == uid and cluster.set()["spec"]["replicas"] == 3, f"pods: {cluster.uids()}")


TURN = Chain(given_plain_cluster, test_cluster_tls_added, test_cluster_tls_removed)
TESTS = [TURN, test_cluster_domain_changed, test_cluster_blip_while_stopped, test_cluster_removal_stopped, test_cluster_volumes_lost]
