# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Volumes that are lost under a cluster, on the stand-in for a cluster of Neo4j servers. Each test names the rules that it pins."""
from harness import check, wait_for
from servers import Cluster, PodRecord, StatusRecord, client_load, lose, prove, volumes, write_row


def is_whole(cluster, servers):
    found = cluster.query("SHOW SERVERS YIELD address, state, health")
    return len(found) == servers and {(row["state"], row["health"]) for row in found} == {("Enabled", "Available")}


def test_cluster_volume_lost(ns):
    """B4 B6 B7 B8: under a writer a cluster loses a volume, then rolls, grows and shrinks: Ready again each time, the steps told, no write lost."""
    cluster = Cluster(ns, "loss").create()
    cluster.wait_phase("Ready")
    victim = next(pod for pod in sorted(cluster.pods()) if pod != cluster.leader("neo4j"))
    before = volumes(ns)
    with client_load(ns, cluster, "--outages") as report:
        with StatusRecord(cluster) as record:
            lose(ns, victim)
            wait_for("the loss to be told", lambda: record.has("Degraded", "2 of 3 servers ready", f"lost with what was on it: {victim} (volume '"))
            wait_for("the new volume to be told", lambda: record.has("Degraded", f"{victim} has a new volume", "which is Enabled and Unavailable"))
            cluster.wait_phase("Ready")
        for words in ("telling the cluster to make its copies anew", "dropping it, since its copies are on the other servers"):
            check(record.has("Degraded", words), f"not told: {words}; but {record.said}")
        check(is_whole(cluster, 3), f"servers: {cluster.query('SHOW SERVERS')}")
        after = volumes(ns)
        check({name for name in after if after[name] != before[name]} == {f"data-{victim}"}, "another volume went")
        with PodRecord(ns) as pods:
            cluster.patch(config={"db.transaction.timeout": "44s"})
            cluster.wait_phase("Ready")
        check(sorted(pods.replaced()) == sorted(cluster.pods()) and pods.fewest_ready() >= 2, f"replaced: {pods.replaced()}")
        cluster.patch(topology={"servers": 4})
        cluster.wait_phase("Ready")
        check(is_whole(cluster, 4), "not four servers")
        cluster.patch(topology={"servers": 3})
        cluster.wait_phase("Ready")
        check(is_whole(cluster, 3), "not three servers")
    prove(ns, report)


def test_cluster_two_volumes_lost(ns):
    """B7 B8: two of three volumes are lost at once: nothing more goes, and the status says what is lost and what a person can do."""
    cluster = Cluster(ns, "losses").create()
    cluster.wait_phase("Ready")
    last = "losses-server-2"
    write_row(cluster, cluster.leader("neo4j"), "neo4j")
    claim, uid = ns.get("pvc", f"data-{last}")["metadata"]["uid"], cluster.uids()[last]
    lost = [ns.get("pvc", f"data-losses-server-{i}")["spec"]["volumeName"] for i in (0, 1)]
    lose(ns, "losses-server-0", "losses-server-1")
    cluster.wait_phase("Degraded", "1 of 3 servers ready; lost with what was on it: ", f"losses-server-0 (volume '{lost[0]}'), losses-server-1 (volume '{lost[1]}')",
                       f"the others ({last}) can neither write nor take new servers", "dump the databases of the others")
    cluster.poke()
    cluster.poke()
    check(ns.get("pvc", f"data-{last}")["metadata"]["uid"] == claim and cluster.uids()[last] == uid, "the last copy was touched")
    check(len(cluster.pods()) == 3 and len(volumes(ns)) == 3, "something was deleted")


TESTS = [test_cluster_volume_lost, test_cluster_two_volumes_lost]
