# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What a soak's samples say. The first quarter is not judged: until then caches fill and the heap finds its size."""
import statistics

# Of what is resident. As much as that, a quarter of a MiB, the process keeps for its next burst (main.c, FREE_MAX) or does not, so that less
# means nothing; a few hundred bytes lost with each change come to more within an hour.
GROWTH = 0.03
RESTS = 4
# One that all calls and watches share, one for the watch of Secrets, and that over which each of four workers has read one.
CONNECTIONS = 6


def slope(values):
    """Of the line through equally spaced values, by least squares: the growth from one to the next."""
    middle, mean = (len(values) - 1) / 2, statistics.fmean(values)
    return sum((i - middle) * (value - mean) for i, value in enumerate(values)) / sum((i - middle) ** 2 for i in range(len(values)))


def judge(samples):
    """The complaints about samples, each {"rss_kb", "anon_kb", "heap_kb", "connections", "fds", "threads", "calls": {(verb and resource): how many}}."""
    judged = samples[-(-len(samples) // 4):]
    if len(judged) < RESTS:
        return [f"{len(samples)} rests are too few, of which {RESTS} can be judged: let it run longer, or with less --work"]
    half, complaints = len(judged) // 2, []
    allowed = GROWTH * statistics.fmean(sample["rss_kb"] for sample in judged)
    for what in ("rss_kb", "anon_kb", "heap_kb"):
        values = [sample[what] for sample in judged]
        first, last = statistics.median(values[:half]), statistics.median(values[-half:])
        if last > first + allowed:
            complaints.append(f"{what}: from {first:.0f} in the first half to {last:.0f} in the last, by more than {allowed:.0f}")
        grown = slope(values) * (len(values) - 1)
        if grown > allowed:
            complaints.append(f"{what}: grows by {grown:.0f} over {len(values)} rests, by more than {allowed:.0f}: {values}")
    held = [sample["connections"] for sample in judged]
    if statistics.median(held) > CONNECTIONS:
        complaints.append(f"connections: {held} to the API server; {CONNECTIONS} have a use")
    # How many workers there are for those that wait, and which of them are left with a connection, is chance at a rest.
    for what in ("fds", "threads"):
        values = [sample[what] for sample in judged]
        if min(values[-half:]) > max(values[:half]):
            complaints.append(f"{what}: more at each rest of the last half than at any of the first: {values}")
    for number, sample in enumerate(samples, 1):
        # The admin's password is read when the servers are asked, which each deployment's are every ten minutes.
        wrong = {call: n for call, n in sample["calls"].items() if call != "get secrets"}
        if wrong:
            complaints.append(f"rest {number}: calls: {wrong}")
    return complaints
