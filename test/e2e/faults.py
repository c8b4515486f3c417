# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Crashes of the operator: at every named step of a registration (base/fault.h), at random, and of a leader.

For operators that run as a process of the test, from a build that has the steps (script/build debug).
"""
import base64
import json
import os
import random
import time

import provision
from cluster import LOCAL
from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, WAIT_LIMIT, LocalOperator, check, wait_for
from plugins import Rolls, counted, patch, plugins_of, prepare, standin, wait_settled
from registration import REGISTER, STANDIN, count, poke, registered_events, start
from scenario import Group
from standalone import children, failed_events, mint, project
from switching import DISABLE, ON

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


def named(step):
    return f"f{list(STEPS).index(step)}"


def given_steps(ns):
    """A Ready deployment for each step."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    for step in STEPS:
        ns.standalone(named(step), image=STANDIN, token=False)
    for step in STEPS:
        ns.wait_phase(named(step), "Ready", START_LIMIT)


def step_scenario(step):
    calls, said = STEPS[step]

    def scenario(ns):
        """D2 D3 D7: wherever the operator dies, the next one ends registered, by one call, tells so once, and never without one."""
        name = named(step)
        restart_with(ns, step)
        ns.secret(f"token-{name}", token=mint(f"fault-{name}"))
        patch(ns, "n4js", name, {"auraFleetManagement": {"tokenSecretRef": {"name": f"token-{name}"}}})
        wait_dead(ns, step)
        wait_for(f"{calls} calls", lambda: count(ns, f"{name}-0", REGISTER) == calls)
        check(ns.fleet(name).get("registered", False) is said, f"{step}: {ns.fleet(name)} at death")
        check(("lastRegistrationTime" in ns.fleet(name)) is said, f"{step}: {ns.fleet(name)} at death")
        told = registered_events(ns, name)
        check(told == (step == "after-event"), f"{step}: {told} events at death")
        ns.operator.start()
        started = time.monotonic()
        ns.wait_fleet(name, True, "Registered with Aura Fleet Management")
        print(f"       {step}: registered {time.monotonic() - started:.1f} s after the restart", flush=True)
        wait_for("the event", lambda: registered_events(ns, name) == 1)
        poke(ns, name, 2)
        check(registered_events(ns, name) == 1, f"{step}: {registered_events(ns, name)} events")
        check(count(ns, f"{name}-0", REGISTER) == 1, f"{step}: {count(ns, f'{name}-0', REGISTER)} calls in the end")

    scenario.__name__ = "test_killed_" + step.replace("-", "_")
    return scenario


PROVISION_STEPS = ("after-provision-intent", "before-provision-call", "after-provision-call", "after-provision-token-intent", "before-provision-token",
                   "after-provision-token")


def given_clients(ns):
    """An operator that reaches the stand-in for the Aura API, and a client of it for each step."""
    provision.prepare_operator(ns)
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    for i in range(len(PROVISION_STEPS)):
        provision.admin("clients", {"id": f"killed-{i}", "secret": f"secret-{i}", "organization": "o-killed", "project": project(f"killed-{i}")})
        ns.secret(f"aura-{i}", CLIENT_ID=f"killed-{i}", CLIENT_SECRET=f"secret-{i}")


def provision_scenario(i, step):
    def scenario(ns):
        """F4 D7: wherever the operator dies on the way to a deployment in Aura, the next one ends with one deployment and one live token there."""
        name, mine = f"p{i}", project(f"killed-{i}")
        restart_with(ns, step)
        ns.standalone(name, image=STANDIN, auraFleetManagement={"enabled": True, "provision": {
            "credentialsSecretRef": {"name": f"aura-{i}"}, "organizationId": "o-killed", "projectId": mine}})
        wait_dead(ns, step)
        ns.operator.start()
        started = time.monotonic()
        ns.wait_fleet(name, True, "Registered with Aura Fleet Management")
        print(f"       {step}: registered {time.monotonic() - started:.1f} s after the restart", flush=True)
        found = provision.made(f"killed-{i}")
        check([item["live_tokens"] for item in found] == [1], f"{step}: {found}")
        kid = json.loads(base64.b64decode(provision.token_of(ns, name)))["kid"]
        check(kid == found[0]["kids"][-1], f"{step}: the Secret has another token than the live one: {found}")
        check(count(ns, f"{name}-0", REGISTER) == 1, f"{step}: {count(ns, f'{name}-0', REGISTER)} registrations")

    scenario.__name__ = "test_killed_" + step.replace("-", "_")
    return scenario


def test_killed_before_warning(ns):
    """D4 D7: an operator that dies between the status of a failure and its Warning: the next one warns, once."""
    name = "warned"
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    restart_with(ns, "before-warning")
    ns.standalone(name, image=STANDIN)
    wait_dead(ns, "before-warning")
    check(f"Secret '{TOKEN_SECRET}' not found" in ns.fleet(name)["message"], f"{ns.fleet(name)} at death")
    check(not failed_events(ns), "it died too late")
    ns.operator.start()
    wait_for("the Warning", lambda: failed_events(ns))
    ns.operator.restart()
    poke(ns, name, 2)
    events = failed_events(ns)
    check(len(events) == 1 and events[0].get("count", 1) == 1, f"events: {events}")


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
    wait_for("the event", lambda: registered_events(ns))
    check(registered_events(ns) == 1, f"{registered_events(ns)} events")


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
        # The line comes last.
        wait_for("the other's pass", lambda: "msg=reconciled" in other.logs(), 30)
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


def test_killed_while_disabling(ns):
    """C7 D7: wherever the operator dies while Fleet Manager goes, the server is told before the entry leaves, in one roll."""
    name = "off"
    prepare(ns, "off-steps")
    standin(ns, name)
    for step, left in (("before-disable", False), ("after-disable", False), ("before-off-write", True)):
        ns.wait_fleet(name, True, limit=START_LIMIT)
        wait_settled(ns, name, '["fleet-management"]')
        told, rolls = counted(ns, f"{name}-0", DISABLE), Rolls(ns, name)
        restart_with(ns, step)
        patch(ns, "n4js", name, {"auraFleetManagement": {"enabled": False}})
        wait_dead(ns, step)
        check((plugins_of(ns, name) is None) is left, f"{step}: NEO4J_PLUGINS at death: {plugins_of(ns, name)}")
        check(ns.fleet(name)["registered"] is True, f"{step}: {ns.fleet(name)} at death")
        ns.operator.start()
        ns.wait_fleet(name, False, "disabled in the spec", limit=WAIT_LIMIT)
        wait_settled(ns, name, None)
        rolls.expect(1, step)
        check(counted(ns, f"{name}-0", DISABLE) > told, f"{step}: the server was never told")
        patch(ns, "n4js", name, {"auraFleetManagement": ON})
    ns.wait_fleet(name, True, limit=START_LIMIT)


STEPWISE = Group(given_steps, *[step_scenario(step) for step in STEPS])
# Of the deployed operator only the kubelet decides when it starts again.
PROVISION = Group(given_clients, *[provision_scenario(i, step) for i, step in enumerate(PROVISION_STEPS)])
TESTS = [STEPWISE, PROVISION, test_killed_before_warning, test_killed_between_children, test_killed_at_random, test_leader_killed,
         test_killed_while_disabling, *LOCAL] if os.environ.get("NEOFLEET_OPERATOR") else []
