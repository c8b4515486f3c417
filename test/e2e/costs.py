# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""How many pods each change replaces, by the API server's own record, on a cluster of three of the stand-in. docs/replacements.md is made of it."""
import json

from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, check, wait_for
from scenario import Chain
from servers import KIND, Cluster, PodRecord, template_ports
from situation import keep
from standalone import mint

NAME = "count"
SET = f"statefulset/{NAME}-server"


def given_replacements(ns):
    """A cluster without Fleet Manager."""
    cluster = Cluster(ns, NAME).create()
    cluster.wait_phase("Ready")
    return cluster, template_ports(ns, cluster)


def tell(what, how, replaced, servers=3):
    """A row of the page: what the change is, how one asks for it, and how many pods it has replaced."""
    keep("replacements", {"what": what, "how": how, "replaced": replaced, "servers": servers})


def is_settled(ns, cluster):
    """The storage is quick here: a volume that is asked to grow has grown."""
    ns.finish_growth()
    return cluster.status().get("phase") == "Ready"


def costs(ns, at, row, each, deed):
    """Each pod that stays is replaced so often, none is restarted, and no change opens a port."""
    cluster, ports = at
    before = cluster.uids()
    with PodRecord(ns) as record:
        deed()
        if each:
            wait_for("every pod to be another", lambda: not set(cluster.uids().values()) & set(before.values()), START_LIMIT)
        else:
            cluster.poke()
        wait_for("the cluster to be Ready", lambda: is_settled(ns, cluster), START_LIMIT)
    counts = {name: record.replaced().count(name) for name in cluster.pods()}
    print(f"       replacements per pod: {json.dumps(counts)}", flush=True)
    check(set(counts.values()) == {each}, f"{counts}, wanted {each} each")
    check(record.restarts() == 0, "containers were restarted")
    check(record.fewest_ready() >= 2, f"only {record.fewest_ready()} servers were ready at a time")
    check(template_ports(ns, cluster) == ports, f"other ports: {template_ports(ns, cluster)}")
    tell(*row, sum(counts.values()), min(len(before), len(counts)))


def edits(ns, at, row, each, **spec):
    costs(ns, at, row, each, lambda: at[0].patch(**spec))


def test_cost_of_enabling_later(ns, at):
    """C1 C3 C9: Fleet Manager enabled later costs one replacement of each pod."""
    edits(ns, at, ("Fleet Management, later than at the creation, where the image has it as a plugin", "`spec.auraFleetManagement.enabled: true`"), 1,
          auraFleetManagement={"enabled": True})


def test_cost_of_naming_the_token(ns, at):
    """C3: the token's reference costs none."""
    ns.secret(TOKEN_SECRET, token=mint("cluster-count"))
    edits(ns, at, ("the token's Secret", "`spec.auraFleetManagement.tokenSecretRef`"), 0, auraFleetManagement={"tokenSecretRef": {"name": TOKEN_SECRET}})
    at[0].wait_registered()


def test_cost_of_secrets(ns, at):
    """B5 D5 E1: what else is in the admin Secret, and another token in its Secret, cost none."""
    def deed():
        ns.secret(ADMIN_SECRET, password=PASSWORD, more="x")
        ns.secret(TOKEN_SECRET, token=mint("cluster-count"))

    costs(ns, at, ("the content of the Secrets of admin and token", "the Secrets"), 0, deed)


def test_cost_of_an_unrelated_edit(ns, at):
    """B4 E1: an annotation of the Service costs none."""
    edits(ns, at, ("the Services", "`spec.service`"), 0, service={"annotations": {"example.com/a": "b"}})


def test_cost_of_a_setting(ns, at):
    """B4 B6: a setting costs one replacement of each pod."""
    edits(ns, at, ("a setting", "`spec.config`"), 1, config={"db.transaction.timeout": "47s"})


def test_cost_of_resources(ns, at):
    """B4 B6: another limit of memory costs one replacement of each pod."""
    edits(ns, at, ("more or less memory or CPU", "`spec.resources`"), 1, resources={"requests": {"memory": "64Mi"}, "limits": {"memory": "2Gi"}})


def test_cost_of_a_plugin(ns, at):
    """C1 C3: a Neo4jPlugin costs one replacement of each pod."""
    def deed():
        ns.apply(json.dumps({"apiVersion": "neo4j.neo4j.com/v1alpha1", "kind": "Neo4jPlugin", "metadata": {"name": "apoc"},
                             "spec": {"clusterRef": NAME, "name": "apoc"}}))

    costs(ns, at, ("a plugin, or a setting of one", "a `Neo4jPlugin`"), 1, deed)


def test_cost_of_a_pod_label(ns, at):
    """B6 G1: a change of the pods' template costs one replacement of each pod."""
    edits(ns, at, ("the shape of the pods", "`spec.podTemplate`"), 1, podTemplate={"metadata": {"labels": {"team": "a"}}})


def test_cost_of_a_restart(ns, at):
    """B6 G2: a restart costs one replacement of each pod, whichever way it is asked for."""
    costs(ns, at, ("a restart", "annotation `neofleet.neo4j.com/restartedAt`"), 1,
          lambda: ns.kubectl("annotate", KIND, NAME, "neofleet.neo4j.com/restartedAt=now", "--overwrite"))
    costs(ns, at, ("a restart by kubectl", "`kubectl rollout restart` of the StatefulSet"), 1, lambda: ns.kubectl("rollout", "restart", SET))


def test_cost_of_a_pause(ns, at):
    """G2: a pause and its end cost none."""
    def deed():
        ns.kubectl("annotate", KIND, NAME, "neofleet.neo4j.com/paused=true")
        wait_for("the pause", lambda: any(one["type"] == "Paused" and one["status"] == "True" for one in at[0].status()["conditions"]))
        ns.kubectl("annotate", KIND, NAME, "neofleet.neo4j.com/paused-")

    costs(ns, at, ("a pause, and its end", "annotation `neofleet.neo4j.com/paused`"), 0, deed)


def test_cost_of_one_offline(ns, at):
    """B6 G2: one server offline costs its pod, and once more when it comes back; the others stay."""
    cluster, name = at[0], f"{NAME}-server-1"
    before = cluster.uids()
    with PodRecord(ns) as record:
        ns.kubectl("annotate", KIND, NAME, f"neofleet.neo4j.com/offline={name}")
        cluster.wait("offline", lambda status: status.get("message", "").startswith(f"{name} is offline for maintenance"))
        first = list(record.replaced())
        ns.kubectl("annotate", KIND, NAME, "neofleet.neo4j.com/offline-")
        cluster.wait("Ready again", lambda status: status["phase"] == "Ready" and cluster.uids()[name] != before[name])
    check(first == [name] and record.replaced() == [name, name], f"replaced: {record.replaced()}")
    tell("one server offline", "annotation `neofleet.neo4j.com/offline`", 1)
    tell("that server back", "the annotation removed", 1)


def test_cost_of_a_newer_image(ns, at):
    """B6 C4: a newer image costs one replacement of each pod."""
    edits(ns, at, ("a newer Neo4j", "`spec.image.tag`"), 1, image={"tag": "2026.02.2-enterprise"})


def test_cost_of_bigger_volumes(ns, at):
    """B3: bigger volumes cost none."""
    edits(ns, at, ("bigger volumes", "`spec.storage.size`"), 0, storage={"size": "2Gi"})


def test_cost_of_disabling(ns, at):
    """C7 C9: Fleet Manager disabled costs one replacement of each pod."""
    edits(ns, at, ("Fleet Management switched off, where the image has it as a plugin", "`spec.auraFleetManagement.enabled: false`"), 1,
          auraFleetManagement={"enabled": False})


def test_cost_of_more_servers(ns, at):
    """B4: a scale-out costs none."""
    edits(ns, at, ("more servers", "`spec.topology.servers`, `kubectl scale`"), 0, topology={"servers": 4})


def test_cost_of_fewer_servers(ns, at):
    """B4 B8: a scale-in costs none of those that stay."""
    edits(ns, at, ("fewer servers: of those that stay", "`spec.topology.servers`, `kubectl scale`"), 0, topology={"servers": 3})


TESTS = [Chain(given_replacements, test_cost_of_enabling_later, test_cost_of_naming_the_token, test_cost_of_secrets, test_cost_of_an_unrelated_edit,
               test_cost_of_a_setting, test_cost_of_resources, test_cost_of_a_plugin, test_cost_of_a_pod_label, test_cost_of_a_restart,
               test_cost_of_a_pause, test_cost_of_one_offline, test_cost_of_a_newer_image, test_cost_of_bigger_volumes, test_cost_of_disabling,
               test_cost_of_more_servers, test_cost_of_fewer_servers)]
