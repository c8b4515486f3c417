# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Crashes of the operator: at every named step of a registration (base/fault.h), at random, and of a leader.

For operators that run as a process of the test, from a build that has the steps (script/build debug).
"""
import json
import os
import random
import time

from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, LocalOperator, check, wait_for
from registration import REGISTER, STANDIN, count, registered_events, start
from standalone import children, mint

KILLED = 137
# What must be true of each step when the process has died there: calls made, registered said.
STEPS = {
    "before-token-read": (0, False),
    "before-login": (0, False),
    "before-register-call": (0, False),
    "after-register-call": (1, False),
    "after-confirm": (1, False),
    "before-status-write": (1, False),
    "after-status-write": (1, True),
    "before-event": (1, True),
    "after-event": (1, True),
}


def restart_with(ns, step):
    ns.operator.stop()
    ns.operator.env["NEOFLEET_FAULT"] = step
    ns.operator.start()


def wait_dead(ns, step):
    code = wait_for(f"death at {step}", lambda: [ns.operator.process.poll()] if ns.operator.process.poll() is not None else None)
    check(code == [KILLED], f"{step}: the operator ended with {code}; was it built with NEOFLEET_FAULTS?")
    del ns.operator.env["NEOFLEET_FAULT"]


def test_killed_at_each_step(ns):
    """D2 D3 D7: wherever the operator dies, the next one ends registered, by one call, and never says so without one."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    names = {step: f"f{i}" for i, step in enumerate(STEPS)}
    for name in names.values():
        ns.standalone(name, image=STANDIN, token=False)
    for name in names.values():
        ns.wait_phase(name, "Ready", START_LIMIT)
    for step, name in names.items():
        calls, said = STEPS[step]
        restart_with(ns, step)
        ns.secret(f"token-{name}", token=mint(f"fault-{name}"))
        ns.kubectl("patch", "n4js", name, "--type=merge", "-p", json.dumps(
            {"spec": {"auraFleetManagement": {"tokenSecretRef": {"name": f"token-{name}"}}}}))
        wait_dead(ns, step)
        check(count(ns, f"{name}-0", REGISTER) == calls, f"{step}: {count(ns, f'{name}-0', REGISTER)} calls at death")
        check(ns.fleet(name).get("registered", False) is said, f"{step}: {ns.fleet(name)} at death")
        check(("lastRegistrationTime" in ns.fleet(name)) is said, f"{step}: {ns.fleet(name)} at death")
        ns.operator.start()
        started = time.monotonic()
        ns.wait_fleet(name, True, "Registered with Aura Fleet Management", limit=60)
        print(f"       {step}: registered {time.monotonic() - started:.1f} s after the restart", flush=True)
        check(count(ns, f"{name}-0", REGISTER) == 1, f"{step}: {count(ns, f'{name}-0', REGISTER)} calls in the end")
    for name in names.values():
        check(ns.fleet(name)["registered"] is True, f"{name}: {ns.fleet(name)}")


def test_killed_between_children(ns):
    """B1 D7 E2: an operator that dies while it makes the children leaves what the next one completes."""
    name = "half"
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("half"))
    restart_with(ns, "between-children")
    ns.standalone(name, image=STANDIN)
    wait_dead(ns, "between-children")
    check(not ns.get("statefulset", name), "it died too late")
    ns.operator.start()
    ns.wait_fleet(name, True, limit=START_LIMIT)
    children(ns, name)
    check(count(ns, f"{name}-0", REGISTER) == 1, "not exactly one call")


def test_killed_at_random(ns):
    """D7 E2: an operator that is killed again and again, whenever, ends where one that lives does."""
    seed = int(os.environ.get("NEOFLEET_SEED") or time.time_ns() % 1000000)
    print(f"       NEOFLEET_SEED={seed}", flush=True)
    chance = random.Random(seed)
    name = "random"
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("random"))
    ns.standalone(name, image=STANDIN)
    for _ in range(25):
        time.sleep(chance.uniform(0.05, 1.2))  # the moment of the kill is what the test varies
        ns.operator.kill()
        said = ns.fleet(name).get("registered", False)
        check(not said or count(ns, f"{name}-0", REGISTER) >= 1, "registered without a call")
        ns.operator.start()
    ns.wait_fleet(name, True, limit=START_LIMIT)
    children(ns, name)
    check(count(ns, f"{name}-0", REGISTER) == 1, f"{count(ns, f'{name}-0', REGISTER)} calls")
    check(registered_events(ns) <= 1, "more than one event")


def test_leader_killed(ns):
    """D7: of two operators one acts; when it is killed the other takes over, and nothing is called twice."""
    ns.operator.stop()
    flags = ("--leader-elect", "--lease-namespace", ns.name)
    binary = os.environ["NEOFLEET_OPERATOR"]
    pair = [LocalOperator(binary, ns.name, *flags), LocalOperator(binary, ns.name, *flags)]
    try:
        name = "led"
        ns.secret(TOKEN_SECRET, token=mint("led"))
        start(ns, name)
        ns.wait_fleet(name, True)
        acted = ["msg=reconciled" in operator.logs() for operator in pair]
        check(sorted(acted) == [False, True], f"who acted: {acted}")
        leader, other = (pair[0], pair[1]) if acted[0] else (pair[1], pair[0])
        leader.kill()
        killed = time.monotonic()
        ns.status_patch(name, {"auraFleetManagement": {"registered": False}})
        wait_for("the other's call", lambda: count(ns, f"{name}-0", REGISTER) == 2, 90)
        print(f"       taken over {time.monotonic() - killed:.1f} s after the kill", flush=True)
        ns.wait_fleet(name, True)
        check("msg=reconciled" in other.logs(), "the other did not act")
        leader.start()
        ns.kubectl("annotate", "n4js", name, "test/poke=1")
        seen = other.logs().count("msg=reconciled")
        ns.kubectl("annotate", "n4js", name, "test/poke=2", "--overwrite")
        wait_for("the leader's pass", lambda: other.logs().count("msg=reconciled") > seen)
        check(count(ns, f"{name}-0", REGISTER) == 2, "a call too many")
    finally:
        for operator in pair:
            operator.close()
        ns.operator.start()


# Of the deployed operator only the kubelet decides when it starts again.
TESTS = [test_killed_at_each_step, test_killed_between_children, test_killed_at_random, test_leader_killed] if os.environ.get(
    "NEOFLEET_OPERATOR") else []
