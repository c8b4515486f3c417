# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What the service and the users do to a registered server: on the real one with its real Fleet Manager."""
import time

from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, FleetService, check, wait_for
from registration import condition, wait_condition
from scenario import Group, on_real_server, restarts_operator
from standalone import SECRETS, mint, project


def kid(project_name):
    """Which key the server signs with, as the service sees it; None before it has connected."""
    found = FleetService().deployments(project(project_name))
    return found[0]["kid"] if len(found) == 1 else None


def connects(project_name):
    return FleetService().connects(project(project_name))


@on_real_server
def given_rotated(ns):
    """A registered server whose token the service has rotated; returns which key it signs with since."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("rotated"))
    ns.standalone("rotated")
    ns.wait_fleet("rotated", True, limit=START_LIMIT)
    old = wait_for("the server at the service", lambda: kid("rotated"))
    FleetService().call("rotate", old)
    return wait_for("the rotated token in use", lambda: kid("rotated") if kid("rotated") not in (None, old) else None)


@restarts_operator
def test_rotated_then_restarts(ns, kid_in_use):
    """D2 D5 D6 D7: a token that the service rotated outlives restarts of the operator and of the pod, without a call."""
    name, pod = "rotated", "rotated-0"
    before = ns.fleet(name)
    ns.operator.restart()
    first, times = ns.get("pod", pod)["metadata"]["uid"], connects("rotated")
    ns.kubectl("delete", "pod", pod, "--wait=false")
    wait_for("another pod", lambda: (ns.get("pod", pod) or {"metadata": {"uid": first}})["metadata"]["uid"] != first)
    wait_for("it connected anew", lambda: connects("rotated") > times, START_LIMIT)
    ns.wait_phase(name, "Ready")
    wait_condition(ns, name, "FleetConnected", "True")
    check(ns.fleet(name) == before, f"{before} then {ns.fleet(name)}")
    check(kid("rotated") == kid_in_use, "the Secret's old token replaced the rotated one")


def test_made_again_on_kept_volume(ns, kid_in_use):
    """B8 D2: the resource is deleted while Neo4j is down, and made again on the kept volume: adopted, not registered."""
    name = "rotated"
    ns.standalone(name, tag="5.26.99-enterprise")  # an image that is not there
    wait_for("Neo4j down", lambda: ns.status(name).get("phase") in ("Updating", "Degraded"))
    ns.kubectl("delete", "n4js", name, "--timeout=60s")
    times = connects("rotated")
    ns.standalone(name)
    ns.wait_fleet(name, True, "Registered with Aura Fleet Management", limit=START_LIMIT)
    wait_for("it connected anew", lambda: connects("rotated") > times)
    wait_condition(ns, name, "FleetConnected", "True")
    check(kid("rotated") == kid_in_use, "the Secret's old token replaced the rotated one")


def test_revoked_by_service(ns, kid_in_use):
    """D5 D6: a token that the service has revoked shows in FleetConnected and moves nothing else."""
    name, before = "rotated", ns.fleet("rotated")
    FleetService().call("revoke", kid_in_use)
    told = wait_condition(ns, name, "FleetConnected", "False", limit=240)
    print(f"       revoked: {told['message']}", flush=True)
    check(told["message"], "the server's words are missing")
    check(ns.fleet(name) == before, f"{before} then {ns.fleet(name)}")
    check(condition(ns, name, "FleetRegistered")["status"] == "True", "the latch moved")


def alter_user(ns, name, password, fresh, how):
    ns.kubectl("exec", f"{name}-0", "--", "cypher-shell", "-u", "neo4j", "-p", password, "-d", "system",
               f"ALTER USER neo4j SET PASSWORD '{fresh}' {how}")


def test_password_changed(ns, _):
    """B5: a new password in the Secret alone is refused, with the cure; the cure works, within a minute."""
    name, fresh, passing = "rotated", "a-new-password-10", "a-passing-password-11"
    SECRETS.extend([fresh, passing])
    ns.secret(ADMIN_SECRET, password=fresh)
    wait_condition(ns, name, "CredentialsRefused", "True", "ALTER USER neo4j SET PASSWORD")
    alter_user(ns, name, PASSWORD, fresh, "CHANGE NOT REQUIRED")
    cured = time.monotonic()
    wait_condition(ns, name, "CredentialsRefused", "False")
    print(f"       healed {time.monotonic() - cured:.1f} s after ALTER USER", flush=True)
    alter_user(ns, name, fresh, passing, "CHANGE REQUIRED")
    ns.secret(ADMIN_SECRET, password=passing)
    wait_condition(ns, name, "CredentialsRefused", "True", "changed before anything else", "CHANGE NOT REQUIRED")


ROTATED = Group(given_rotated, test_rotated_then_restarts, test_made_again_on_kept_volume, test_revoked_by_service,
                test_password_changed)
TESTS = [ROTATED]
