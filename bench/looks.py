# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What looking at the connections of registered clusters costs; bench/run --looks."""
import statistics
import time


FIRST_LOOKS_S = 120  # after a start, the first looks are over
SURVEYS_S = 780  # and so is the question for the servers of each cluster, which comes ten minutes after it


def restart(bench):
    bench.restart()
    bench.started_at = time.monotonic()
    rest_until(bench, FIRST_LOOKS_S)


def rest_until(bench, seconds):
    time.sleep(max(0, bench.started_at + seconds - time.monotonic()))


def watch(bench, minutes):
    """The operator over so many minutes: logins and calls by the minute, processor time."""
    bench.calls_since()
    logins, calls, cpu, last = [], [], bench.operator.cpu_s(), bench.logins()
    for _ in range(minutes):
        time.sleep(60)
        now = bench.logins()
        logins.append(now - last)
        calls.append(len(bench.own_calls()))
        last = now
    return {"logins": logins, "calls": calls, "cpu_s": bench.operator.cpu_s() - cpu}


def memory(bench, minutes=2):
    """What it takes, in KiB, when it has asked all clusters for their servers."""
    rest_until(bench, SURVEYS_S)
    taken = []
    for _ in range(minutes * 12):
        time.sleep(5)
        taken.append(bench.operator.memory_kb()["VmRSS"])
    return statistics.median(taken)


def measure(bench, idle, count, first_looks_s, minutes=5):
    """What it costs to look at the connections of COUNT registered clusters every hour, against never.

    What a look costs is told by all of them within five minutes. That is too often to tell the memory between them, since passes under way count,
    so memory is told at the pace of an hour, by an operator that has looked at each once."""
    bench.hold("looks", count, checkInterval="0")
    done = bench.registered("looks")
    for thread in bench.turn_all("looks", [f"c{i:04d}" for i in range(count)]):
        thread.join()
    bench.wait_for("the registrations", 900, lambda: len(done) == count, 0.05)
    time.sleep(first_looks_s)
    restart(bench)
    without = watch(bench, minutes)
    rss = {"without": memory(bench)}
    bench.floor([bench.held_call("looks", checkInterval=f"{minutes}m")], count)
    restart(bench)
    every = watch(bench, minutes)
    bench.floor([bench.held_call("looks", checkInterval="1h")], count)
    rss["with"] = memory(bench)
    mean = sum(every["calls"]) / minutes
    calls, logins = (sum(every[what]) - sum(without[what]) for what in ("calls", "logins"))
    of_one = {name: (taken - idle["VmRSS"]) / count for name, taken in rss.items()}
    bench.say(f"logins by the minute: {every['logins']}, without looks {without['logins']}; calls {every['calls']}, without {without['calls']}")
    bench.row(f"{count} clusters: memory of each, looked at every hour, against without looks", of_one["with"] / of_one["without"], "times", 1.05,
             f"{of_one['with']:.2f} KiB against {of_one['without']:.2f} KiB")
    bench.row(f"{count} clusters, looked at: the fullest minute, against the mean", max(every["calls"]) / mean, "times", 3)
    bench.row(f"{count} clusters, looked at every hour: processor", (every["cpu_s"] - without["cpu_s"]) / 3600 * 100, "% of a core", 0.1)
    bench.row(f"{count} clusters: calls to the API server for each look at one", calls / count, "calls", None,
             f"a pod is confirmed before each login to it; with checkInterval 1h that is {calls} calls an hour, and {logins} logins beside the looks' own")
