# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What looking at the connections of registered clusters costs; bench/run --looks."""
import statistics
import time


def watch(bench, minutes):
    """A fresh operator over so many minutes, when its first looks are over: memory in KiB, logins and calls by the minute, processor time."""
    bench.restart()
    time.sleep(120)
    bench.calls_since()
    rss, logins, calls, cpu, last = [], [], [], bench.operator.cpu_s(), bench.logins()
    for _ in range(minutes):
        time.sleep(60)
        rss.append(bench.operator.memory_kb()["VmRSS"])
        now = bench.logins()
        logins.append(now - last)
        calls.append(len(bench.own_calls()))
        last = now
    return {"rss_kb": statistics.median(rss), "logins": logins, "calls": calls, "cpu_s": bench.operator.cpu_s() - cpu}


def measure(bench, idle, count, first_looks_s, minutes=5):
    """What it costs to look at the connections of COUNT registered clusters: every five minutes against never, told for every hour.

    Both are over before the operator asks each cluster for its servers, which it does ten minutes after its start, looks or not."""
    bench.hold("looks", count, checkInterval="0")
    done = bench.registered("looks")
    for thread in bench.turn_all("looks", [f"c{i:04d}" for i in range(count)]):
        thread.join()
    bench.wait_for("the registrations", 900, lambda: len(done) == count, 0.05)
    time.sleep(first_looks_s)
    without = watch(bench, minutes)
    bench.floor([bench.held_call("looks", checkInterval=f"{minutes}m")], count)
    time.sleep(60)  # it is never idle from here on
    every = watch(bench, minutes)
    mean = sum(every["calls"]) / minutes
    calls, logins = (sum(every[what]) - sum(without[what]) for what in ("calls", "logins"))
    of_one = {name: (taken["rss_kb"] - idle["VmRSS"]) / count for name, taken in (("with", every), ("without", without))}
    bench.say(f"logins by the minute: {every['logins']}, without looks {without['logins']}; calls {every['calls']}, without {without['calls']}")
    bench.row(f"{count} clusters: memory of each with looks at its connection, against without", of_one["with"] / of_one["without"], "times", 1.05,
             f"{of_one['with']:.2f} KiB against {of_one['without']:.2f} KiB")
    bench.row(f"{count} clusters, looked at: the fullest minute, against the mean", max(every["calls"]) / mean, "times", 3)
    bench.row(f"{count} clusters, looked at every hour: processor", (every["cpu_s"] - without["cpu_s"]) / 3600 * 100, "% of a core", 0.1)
    bench.row(f"{count} clusters: calls to the API server for each look at one", calls / count, "calls", None,
             f"a pod is confirmed before each login to it; with checkInterval 1h that is {calls} calls an hour, and {logins} logins beside the looks' own")
