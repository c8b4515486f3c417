# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What two programs are compared by; bench/run --against. Each is measured on a fresh cluster: what one has made, the other would make anew."""
import collections
import statistics
import time

ROUNDS = 3
BURST = 100
# Name, unit, the largest value, the largest ratio to the older program; None: no target.
TARGETS = [
    ("calls: a cluster, from its apply to registered and its three looks", "calls", 18, None),
    ("calls: a change of config on three servers", "calls", 20, None),
    ("100 clusters at once, until all StatefulSets are there", "s", None, 0.75),
    ("100 clusters at once, until all are registered", "s", None, 0.75),
    ("idle: resident memory", "MiB", 5.5, None),
    ("1000 clusters: resident memory", "MiB", 10, None),
    ("5000 clusters: resident memory", "MiB", 28, None),
    ("{} clusters: resident memory", "MiB", None, None),
    ("{} clusters: peak of memory, against settled", "times", 1.15, None),
    ("{} clusters: start, against bare lists", "times", 1.2, None),
]


def counted(bench, namespace):
    """What has been asked for one namespace since the last time: the calls, and a text of them."""
    calls = [event for event in bench.own_calls() if event["objectRef"].get("namespace") == namespace]
    refs = [(event["verb"], event["objectRef"]) for event in calls]
    kinds = collections.Counter(f"{verb} {ref['resource']}" + (f"/{ref['subresource']}" if ref.get("subresource") else "") for verb, ref in refs)
    return len(calls), ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))


def life(bench, looks_s):
    """The calls for one cluster, while nothing else happens."""
    namespace = "life"
    bench.fleet_namespace(namespace)
    done = bench.registered(namespace)
    bench.calls_since()
    bench.floor([bench.fleet_call(namespace)], 1)
    bench.wait_for("the registration", 300, lambda: done)
    time.sleep(looks_s)
    first, text = counted(bench, namespace)
    bench.say(f"a cluster takes {first} calls: {text}")
    path = bench.CR.format(namespace) + "/c0000"
    before = workload(bench, namespace)["updateRevision"]
    bench.api.call("PATCH", path, {"spec": {"config": {"db.logs.query.enabled": "INFO"}}}, "application/merge-patch+json")
    bench.wait_for("the roll", 600, lambda: rolled(bench, namespace, before), 1)
    time.sleep(looks_s)
    roll, text = counted(bench, namespace)
    bench.say(f"a change of config takes {roll} calls: {text}")
    return {TARGETS[0][0]: first, TARGETS[1][0]: roll}


def workload(bench, namespace):
    """The status of the one StatefulSet there."""
    return bench.api.items(f"/apis/apps/v1/namespaces/{namespace}/statefulsets")[0]["status"]


def rolled(bench, namespace, before):
    """Whether all its pods are of another revision than before, and it says so."""
    now, phase = workload(bench, namespace), bench.api.call("GET", bench.CR.format(namespace) + "/c0000")["status"]["phase"]
    return now["updateRevision"] != before and now.get("updatedReplicas") == now.get("readyReplicas") == 3 and phase == "Ready"


def burst(bench, i):
    """BURST clusters at once: seconds until the last StatefulSet is there, and until the last is registered."""
    namespace = f"burst{i}"
    bench.fleet_namespace(namespace)
    done, began = bench.registered(namespace), time.monotonic()
    sets_ms = bench.stateful_sets_ms(namespace, BURST, bench.fleet_call(namespace))
    bench.wait_for("the registrations", 900, lambda: len(done) == BURST, 0.05)
    took = sets_ms / 1000, max(done.values()) - began
    bench.say(f"{BURST} clusters at once: StatefulSets after {took[0]:.2f} s, registered after {took[1]:.2f} s")
    bench.operator.settle()
    return took


def peak_times(grown):
    """The peak of memory against settled: as the fleet grew, or after a start with it."""
    return max(grown["hwm_kb"] / grown["rss_kb"], grown["restarted_hwm_kb"] / grown["restarted_rss_kb"])


def measure(bench, idle, sizes, looks_s):
    found = {"idle: resident memory": idle["VmRSS"] / 1024}
    found |= life(bench, looks_s)
    bench.learn_calls()
    for size in sizes:
        grown = bench.grow(size)
        found[f"{size} clusters: resident memory"] = grown["rss_kb"] / 1024
        found[f"{size} clusters: peak of memory, against settled"] = peak_times(grown)
        found[f"{size} clusters: start, against bare lists"] = grown["sync_ms"] / grown["lists_ms"]
        if size == max((size for size in sizes if size <= BURST), default=sizes[0]):
            rounds = [burst(bench, i) for i in range(ROUNDS)]
            for name, took in zip((TARGETS[2][0], TARGETS[3][0]), zip(*rounds)):
                found[name] = statistics.median(took)
    return found


def rows(old, ours):
    """A row for each figure that both have: name, unit, old, ours, target as a text, met (None: no target)."""
    shapes = {}
    for name, unit, most, ratio in TARGETS:
        for found in ours:
            if found == name or ("{}" in name and found.endswith(name[2:]) and found not in shapes):
                shapes[found] = (unit, most, ratio)
    for name, (unit, most, ratio) in shapes.items():
        if name not in old:
            continue
        limit = most if most is not None else ratio * old[name] if ratio is not None else None
        target = f"{most} {unit}" if most is not None else f"{ratio} of it" if ratio is not None else "-"
        yield name, unit, old[name], ours[name], target, None if limit is None else ours[name] <= limit


def table(against, old, ours):
    lines = [f"| | {against} | ours | ratio | target | |", "|---|---|---|---|---|---|"]
    missed = 0
    for name, unit, before, now, target, met in rows(old, ours):
        lines.append(f"| {name} | {before:.4g} {unit} | {now:.4g} {unit} | {now / before:.2f} | {target} | {'-' if met is None else 'met' if met else 'missed'} |")
        missed += met is False
    return "\n".join(lines) + "\n", missed

