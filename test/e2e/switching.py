# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Fleet Manager is switched off and on again (rule C7). Each test names the rules that it pins."""
from harness import START_LIMIT, TOKEN_SECRET, WAIT_LIMIT, FleetService, check, wait_for
from plugins import (
    Rolls, condition, conf_of, counted, cypher, patch, plugins_of, prepare, standin, wait_settled)
from registration import wait_condition
from scenario import Chain, on_real_server, restarts_operator
from servers import Cluster
from standalone import mint, project

DISABLE = "CALL fleetManagement.disable"
ON = {"enabled": True, "tokenSecretRef": {"name": TOKEN_SECRET}}
OWN_LISTS = {"dbms.security.procedures.allowlist": "custom.*", "dbms.security.procedures.unrestricted": "custom.*"}


def fleet_off(ns, name, how):
    """Switches Fleet Manager off and waits until that is done; returns the status."""
    patch(ns, "n4js", name, {"auraFleetManagement": how})
    ns.wait_fleet(name, False, "disabled in the spec", limit=WAIT_LIMIT)
    check(condition(ns, name, "FleetRegistered")["reason"] == "Disabled", "the reason is not Disabled")
    return ns.fleet(name)


@on_real_server
def given_switched_on(ns):
    """A registered real server whose owner has procedure lists of his own."""
    prepare(ns, "off")
    ns.standalone("off", tag="2025.12-enterprise", config=OWN_LISTS)
    ns.wait_fleet("off", True, limit=START_LIMIT)
    return "off"


def lists(ns, name):
    return {key: value for key, value in conf_of(ns, name).items() if "procedures" in key}


def test_real_lists_of_the_user(ns, name):
    """C5: with lists of the user's that shut out everything else the real server has Fleet Manager's procedures all the same."""
    check({key: set(value.split(",")) for key, value in lists(ns, name).items()} ==
          {key: {"custom.*", "fleetManagement.*"} for key in OWN_LISTS}, f"lists: {lists(ns, name)}")
    shown = cypher(ns, f"{name}-0", "SHOW PROCEDURES YIELD name WHERE name STARTS WITH 'fleetManagement' RETURN name")
    check("fleetManagement.registerToken" in shown, f"procedures: {shown}")


def test_enabled_false(ns, name):
    """C2 C7: enabled false has the real server forget its token before entry and settings leave, in one roll."""
    wait_condition(ns, name, "FleetConnected", "True")
    rolls, registered = Rolls(ns, name), ns.fleet(name)
    state = fleet_off(ns, name, {"enabled": False})
    check(wait_condition(ns, name, "FleetConnected", "False")["reason"] == "Disabled", f"{condition(ns, name, 'FleetConnected')}")
    check(state["message"] == "Fleet management is disabled in the spec", f"message: {state}")
    check(state["lastRegistrationTime"] == registered["lastRegistrationTime"], "lastRegistrationTime was lost")
    wait_settled(ns, name, None)
    rolls.expect(1, "disabled")
    check(lists(ns, name) == OWN_LISTS, f"settings stay: {conf_of(ns, name)}")


def test_enabled_again(ns, name):
    """C7 D2 D5: the server that has the plugin again has no token left; with the Secret's it is registered anew, at no roll."""
    fleet, rolls = FleetService(), Rolls(ns, name)
    patch(ns, "n4js", name, {"auraFleetManagement": {"enabled": True, "tokenSecretRef": None}})
    wait_settled(ns, name, '["fleet-management"]')
    rolls.expect(1, "enabled")
    ns.wait_fleet(name, False, "registration deferred")
    row = cypher(ns, f"{name}-0", "CALL fleetManagement.status()", "system")
    check("FALSE, FALSE" in row, f"the server still has a token: {row}")
    before = fleet.connects(project("off"))
    patch(ns, "n4js", name, {"auraFleetManagement": ON})
    ns.wait_fleet(name, True)
    wait_for("a new connection", lambda: fleet.connects(project("off")) > before)
    rolls.expect(0, "token added")


def given_standin_switched_on(ns):
    """A registered server."""
    prepare(ns, "off-otherwise")
    standin(ns, "off")
    ns.wait_fleet("off", True, limit=START_LIMIT)
    return "off"


def test_block_removed(ns, name):
    """C7: a block that is removed is as good as enabled false; the server is told once, for one roll."""
    rolls = Rolls(ns, name)
    fleet_off(ns, name, None)
    wait_settled(ns, name, None)
    wait_for("the call on record", lambda: counted(ns, f"{name}-0", DISABLE) == 1)
    rolls.expect(1, "block removed")


@restarts_operator
def test_disabled_while_silent(ns, name):
    """C7 D7: a server that cannot be told is given half a minute, then it goes on; also when the operator is killed meanwhile."""
    patch(ns, "n4js", name, {"auraFleetManagement": ON})
    ns.wait_fleet(name, True, limit=START_LIMIT)
    wait_settled(ns, name, '["fleet-management"]')
    ns.kubectl("exec", f"{name}-0", "--", "standin", "misbehave", "silent")
    started = ns.fleet(name)
    patch(ns, "n4js", name, {"auraFleetManagement": {"enabled": False}})
    wait_for("an attempt", lambda: "standalone/" in ns.operator.logs())
    ns.operator.kill()
    check(plugins_of(ns, name) == '["fleet-management"]', "the entry left before the server was told")
    ns.operator.start()
    state = ns.wait_fleet(name, False, "could be told to forget its token", limit=WAIT_LIMIT)
    check(state["lastRegistrationTime"] == started["lastRegistrationTime"], "lastRegistrationTime was lost")
    wait_settled(ns, name, None)
    ns.kubectl("exec", f"{name}-0", "--", "standin", "misbehave", "none")
    ns.operator.restart()
    ns.kubectl("annotate", "n4js", name, "test/poke=1")
    wait_settled(ns, name, None)
    check(ns.fleet(name) == state, f"the restart changed the status: {ns.fleet(name)}")
    # The server may have kept its token, but that it is registered is found out by a call.
    patch(ns, "n4js", name, {"auraFleetManagement": ON})
    ns.wait_fleet(name, True, limit=START_LIMIT)
    check(counted(ns, f"{name}-0", "CALL fleetManagement.registerToken") >= 2, "an old token was taken for a registration")


def test_disabled_in_cluster(ns):
    """C4 C7: where Fleet Manager is built in nothing rolls; the server that can write database system is told, wherever it is."""
    ns.secret(TOKEN_SECRET, token=mint("off-cluster"))
    servers = Cluster(ns, "off").create(tag="2026.05-enterprise", fleet=ON)
    servers.wait_registered()
    uids = servers.uids()
    if servers.leader() == "off-server-0":
        servers.exec("off-server-0", "standin", "step-down", "system")
        wait_for("another leader", lambda: servers.leader() != "off-server-0")
    servers.patch(auraFleetManagement={"enabled": False})
    servers.wait("switched off", lambda status: status["auraFleetManagement"]["registered"] is False and [
        item for item in status["conditions"] if item["type"] == "FleetRegistered" and item["reason"] == "Disabled"])
    check(servers.fleet()["message"] == "Fleet management is disabled in the spec", f"message: {servers.fleet()}")
    for pod in uids:
        wait_for(f"no token in {pod}",
                 lambda pod=pod: servers.query("CALL fleetManagement.status()", pod)[0]["active"] is False)
    check(servers.uids() == uids, "pods were replaced")
    servers.patch(auraFleetManagement=ON)
    servers.wait_registered()
    check(servers.uids() == uids, "pods were replaced")


REAL = Chain(given_switched_on, test_real_lists_of_the_user, test_enabled_false, test_enabled_again)
TESTS = [REAL, Chain(given_standin_switched_on, test_block_removed, test_disabled_while_silent), test_disabled_in_cluster]
