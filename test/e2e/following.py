# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The life after the first registration: tokens that are replaced, renewed, revoked and lost, under both policies."""
import json
import time

from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, FleetService, check, wait_for
from plugins import cypher
from registration import REGISTER, condition, count, one_event, poke, registered_events, start, wait_condition
from scenario import Chain, Group, on_real_server, restarts_operator
from service import kid
from standalone import failed_events, mint, project

FOLLOW = {"enabled": True, "tokenSecretRef": {"name": TOKEN_SECRET}, "tokenPolicy": "FollowSecret", "checkInterval": "1m"}
SOON, LATER, LAST = "2041-01-01T00:00:00Z", "2042-01-01T00:00:00Z", "2043-01-01T00:00:00Z"


def set_fleet(ns, name, fleet):
    ns.kubectl("patch", "n4js", name, "--type=merge", "-p", json.dumps({"spec": {"auraFleetManagement": fleet}}))


def metric(ns, name):
    return [int(line.split()[-1]) for line in ns.operator.metrics().splitlines() if line.startswith(f"{name} ")][0]


def follows(ns, name, before, told):
    """One call more, and one event; it stays at that."""
    wait_for("the call", lambda: count(ns, f"{name}-0", REGISTER) == before + 1)
    wait_for("its event", lambda: registered_events(ns, name) == told + 1)
    poke(ns, name, 3)
    check(count(ns, f"{name}-0", REGISTER) == before + 1, "more than one call")
    check(ns.fleet(name)["registered"] is True, f"{ns.fleet(name)}")


def given_followed(ns):
    """A server on the stand-in, registered, that follows its Secret."""
    ns.secret(TOKEN_SECRET, token=mint("followed", LATER))
    start(ns, "followed", auraFleetManagement=FOLLOW)
    ns.wait_fleet("followed", True)
    return "followed"


def test_newer_token_followed(ns, name):
    """F1: a token that expires later is registered by itself, once; the status has the new time."""
    before, told, last = count(ns, f"{name}-0", REGISTER), registered_events(ns, name), ns.fleet(name)["lastRegistrationTime"]
    check(before == 1, f"{before} calls for the first registration")
    wait_for("another second", lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) > last)
    ns.secret(TOKEN_SECRET, token=mint("followed", LAST))
    follows(ns, name, before, told)
    check(ns.fleet(name)["lastRegistrationTime"] > last, f"the time: {ns.fleet(name)}")


def test_older_token_left(ns, name):
    """F1: a token that expires earlier is never registered, nor is the same one again."""
    before = count(ns, f"{name}-0", REGISTER)
    ns.secret(TOKEN_SECRET, token=mint("followed", SOON))
    poke(ns, name, 3)
    check(count(ns, f"{name}-0", REGISTER) == before, "an older token was registered")
    check(ns.fleet(name)["registered"] is True and not failed_events(ns), f"{ns.fleet(name)}")


def test_broken_token_left(ns, name):
    """F1 D4: a broken token is told, once, and moves nothing; when it is whole again nothing is told any more."""
    before, last = count(ns, f"{name}-0", REGISTER), ns.fleet(name)["lastRegistrationTime"]
    ns.secret(TOKEN_SECRET, token="garbage")
    ns.wait_fleet(name, True, "Registered with Aura Fleet Management; the Secret's token is not followed: ", "is malformed")
    poke(ns, name, 2)
    check(len(failed_events(ns)) == 1, f"{failed_events(ns)}")
    check(condition(ns, name, "FleetRegistered")["status"] == "True", "a broken token took the registration away")
    ns.secret(TOKEN_SECRET, token=mint("followed", SOON))
    wait_for("the plain message", lambda: ns.fleet(name)["message"] == "Registered with Aura Fleet Management")
    check(ns.fleet(name)["lastRegistrationTime"] == last, f"{ns.fleet(name)}")
    check(count(ns, f"{name}-0", REGISTER) == before, "a call for a broken token")


def test_other_project_followed(ns, name):
    """F1: a token of another project is registered whatever its age."""
    before, told = count(ns, f"{name}-0", REGISTER), registered_events(ns, name)
    ns.secret(TOKEN_SECRET, token=mint("followed-2", SOON))
    follows(ns, name, before, told)
    wait_for("the server in the other project", lambda: FleetService().deployments(project("followed-2")))


def test_another_secret_followed(ns, name):
    """F1: tokenSecretRef that is turned to another Secret counts as a change of the token; with Latch it is nothing."""
    before, told = count(ns, f"{name}-0", REGISTER), registered_events(ns, name)
    ns.secret("another", token=mint("followed-2", LAST))
    set_fleet(ns, name, {"tokenPolicy": "Latch", "tokenSecretRef": {"name": "another"}})
    poke(ns, name, 2)
    check(count(ns, f"{name}-0", REGISTER) == before, "a call although registered is a latch")
    set_fleet(ns, name, {"tokenPolicy": "FollowSecret"})
    follows(ns, name, before, told)
    set_fleet(ns, name, {"tokenSecretRef": {"name": TOKEN_SECRET}})
    poke(ns, name, 2)
    check(count(ns, f"{name}-0", REGISTER) == before + 1, "the older token of the former Secret was registered")


def test_revoked_and_followed(ns, name):
    """F2 F1: a token that the service revokes is told with its reason; a good one in the Secret, though older, is registered by itself."""
    before, told = count(ns, f"{name}-0", REGISTER), registered_events(ns, name)
    in_use = wait_for("the server at the service", lambda: kid("followed-2"))
    FleetService().call("revoke", in_use)
    seen = wait_for("the event", lambda: ns.events("AuraFleetManagementDisconnected"))
    check("hold no token" in seen[0]["message"], f"{seen[0]['message']}")
    follows(ns, name, before, told)
    wait_condition(ns, name, "FleetConnected", "True")
    one_event(ns, "AuraFleetManagementDisconnected")
    check(metric(ns, "neofleet_fleet_token_gone") >= 0, "no metric")


FOLLOWED = Chain(given_followed, test_newer_token_followed, test_older_token_left, test_broken_token_left, test_other_project_followed,
                 test_another_secret_followed, test_revoked_and_followed)


def test_registered_since(ns):
    """D5: registeredSince asks for one registration with the Secret's present token, with Latch; a time to come waits."""
    name = "since"
    ns.secret(TOKEN_SECRET, token=mint("since"))
    start(ns, name)
    last = ns.wait_fleet(name, True)["lastRegistrationTime"]
    before, told = count(ns, f"{name}-0", REGISTER), registered_events(ns, name)
    ns.secret(TOKEN_SECRET, token=mint("since-2"))
    set_fleet(ns, name, {"registeredSince": "2040-01-01T00:00:00Z"})
    poke(ns, name, 2)
    check(count(ns, f"{name}-0", REGISTER) == before and ns.fleet(name)["registered"] is True, "a time to come was honoured")
    wait_for("another second", lambda: time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()) > last)
    set_fleet(ns, name, {"registeredSince": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())})
    follows(ns, name, before, told)
    check(ns.fleet(name)["lastRegistrationTime"] > last, f"{ns.fleet(name)}")
    wait_for("the server in the other project", lambda: FleetService().deployments(project("since-2")))


def given_drifted(ns):
    """A registered server on the stand-in whose token the service has revoked long after the first looks."""
    ns.secret(TOKEN_SECRET, token=mint("drifted"))
    start(ns, "drifted", auraFleetManagement={"enabled": True, "tokenSecretRef": {"name": TOKEN_SECRET}, "checkInterval": "1m"})
    ns.wait_fleet("drifted", True)
    wait_condition(ns, "drifted", "FleetConnected", "True")
    in_use = wait_for("the server at the service", lambda: kid("drifted"))
    # One before the registration, three after it, and one of the interval.
    wait_for("a look of the interval", lambda: count(ns, "drifted-0", "CALL fleetManagement.status") >= 5)
    FleetService().call("revoke", in_use)
    return "drifted"


def test_drift_with_latch(ns, name):
    """F2 D5: the look of the interval finds it: reason, one Warning, the metric; no call. Its command with a good token mends it."""
    before, at_first = count(ns, f"{name}-0", REGISTER), ns.fleet(name)
    told = wait_condition(ns, name, "FleetConnected", "False", "hold no token", "kubectl patch")
    check(told["reason"] == "TokenGone", f"{told}")
    one_event(ns, "AuraFleetManagementDisconnected")
    wait_for("the metric", lambda: metric(ns, "neofleet_fleet_token_gone") >= 1)
    poke(ns, name, 2)
    check(ns.fleet(name) == at_first and count(ns, f"{name}-0", REGISTER) == before, "the latch did not hold")
    ns.secret(TOKEN_SECRET, token=mint("drifted"))
    ns.shell(told["message"][told["message"].index("kubectl patch"):])
    wait_condition(ns, name, "FleetConnected", "True")
    check(count(ns, f"{name}-0", REGISTER) == before + 1, "not exactly one call")


DRIFTED = Group(given_drifted, test_drift_with_latch)


def test_token_expires_soon(ns):
    """F3 F1: a token that ends within expiryWarning: a condition with the date and one Warning; with a later one both end."""
    name = "soon"
    ns.secret(TOKEN_SECRET, token=mint("soon", "240h"))
    start(ns, name, auraFleetManagement=FOLLOW)
    ns.wait_fleet(name, True)
    told = wait_condition(ns, name, "FleetTokenExpiring", "True", "expires on 20", "registered by itself")
    check(told["reason"] == "ExpiresSoon" and told["message"] in ns.status(name)["message"], f"{told}")
    poke(ns, name, 2)
    one_event(ns, "FleetTokenExpiring")
    ns.secret(TOKEN_SECRET, token=mint("soon", "2160h"))
    check(wait_condition(ns, name, "FleetTokenExpiring", "False")["reason"] == "Renewed", "not renewed")
    set_fleet(ns, name, {"expiryWarning": "100d"})
    wait_condition(ns, name, "FleetTokenExpiring", "True")
    set_fleet(ns, name, {"expiryWarning": "0"})
    wait_condition(ns, name, "FleetTokenExpiring", "False")


def test_one_token_for_two(ns):
    """D6 F1: two deployments whose Secrets hold one token both say so, with one Warning each; it ends when one of them has a token of its own."""
    ns.secret(TOKEN_SECRET, token=mint("shared"))
    for name in ("first", "second"):
        start(ns, name, auraFleetManagement=FOLLOW)
    for name, other in (("first", "second"), ("second", "first")):
        told = wait_condition(ns, name, "FleetTwins", "True", f"'{TOKEN_SECRET}' is also that of Neo4jEnterpriseStandalone '{other}' in namespace")
        check(told["reason"] == "OneToken" and told["message"] in ns.status(name)["message"], f"{told}")
    check(len(wait_for("both Warnings", lambda: len(ns.events("FleetTwins")) > 1 and ns.events("FleetTwins"))) == 2, "events")
    ns.secret("second-token", token=mint("shared-2", LAST))
    set_fleet(ns, "second", {"tokenSecretRef": {"name": "second-token"}})
    for name in ("first", "second"):
        check(wait_condition(ns, name, "FleetTwins", "False")["reason"] == "Apart", "not apart")


@on_real_server
def given_renewed(ns):
    """A registered real server that follows its Secret, and whose token the service has renewed; returns which key it signs with since."""
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("renewed"))
    ns.standalone("renewed", auraFleetManagement=FOLLOW)
    ns.wait_fleet("renewed", True, limit=START_LIMIT)
    old = wait_for("the server at the service", lambda: kid("renewed"))
    FleetService().call("rotate", old)
    return wait_for("the renewed token in use", lambda: kid("renewed") if kid("renewed") not in (None, old) else None)


@restarts_operator
def test_renewed_token_stays(ns, kid_in_use):
    """F1 D2: with FollowSecret the Secret's old token does not replace the one that the service has renewed, nor after a restart."""
    last = ns.fleet("renewed")["lastRegistrationTime"]
    ns.operator.restart()
    poke(ns, "renewed", 2)
    wait_condition(ns, "renewed", "FleetConnected", "True")
    check(kid("renewed") == kid_in_use and ns.fleet("renewed")["lastRegistrationTime"] == last, f"{ns.fleet('renewed')}")


def test_disabled_by_hand(ns, kid_in_use):
    """F2 F1: disable() at the server is told, and a good token of the Secret is registered by itself, though it is older than the lost one."""
    last = ns.fleet("renewed")["lastRegistrationTime"]
    # The one that was renewed is revoked since.
    ns.secret(TOKEN_SECRET, token=mint("renewed", "1000h"))
    poke(ns, "renewed", 2)
    check(kid("renewed") == kid_in_use, "an older token replaced the renewed one")
    cypher(ns, "renewed-0", "CALL fleetManagement.disable()", "system")
    one_event(ns, "AuraFleetManagementDisconnected")
    wait_for("a new registration", lambda: ns.fleet("renewed")["lastRegistrationTime"] > last)
    wait_condition(ns, "renewed", "FleetConnected", "True")
    check(kid("renewed") != kid_in_use, "it signs with a key that it was told to forget")


RENEWED = Group(given_renewed, test_renewed_token_stays, test_disabled_by_hand)
TESTS = [FOLLOWED, test_registered_since, DRIFTED, test_one_token_for_two, test_token_expires_soon, RENEWED]
