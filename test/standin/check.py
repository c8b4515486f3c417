# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The cases of test/standin/check. Runs inside a network namespace of its own."""
import argparse
import contextlib
import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import threading
import time
import traceback

import neo4j
from neo4j import exceptions

PASSWORD = "correct-horse-1"
AUTH = ("neo4j", PASSWORD)


class Failure(AssertionError):
    pass


def check(condition, message):
    if not condition:
        raise Failure(message)


def wait_for(what, probe, limit=60):
    """Until probe() returns something true; a driver's error counts as not yet."""
    end = time.monotonic() + limit
    while True:
        try:
            value = probe()
        except (exceptions.Neo4jError, exceptions.DriverError) as error:
            value, seen = None, repr(error)
        else:
            seen = repr(value)
        if value:
            return value
        if time.monotonic() > end:
            raise Failure(f"not within {limit} s: {what}; last seen: {seen}")
        time.sleep(0.1)


def raises(kind, call):
    try:
        got = call()
    except kind as error:
        return error
    raise Failure(f"expected {kind}, got {got!r}")


def ask(host, text, db="system", scheme="bolt", auth=AUTH, params=None, **config):
    with neo4j.GraphDatabase.driver(f"{scheme}://{host}:7687", auth=auth, max_transaction_retry_time=1, **config) as driver:
        with driver.session(database=db) as session:
            return [record.data() for record in session.run(text, params)]


class Server:
    def __init__(self, fellows, number):
        self.fellows, self.host = fellows, f"127.0.{fellows.subnet}.{number}"
        self.root = fellows.folder / f"server-{number}"
        for name in ("conf", "data", "logs", "plugins"):
            (self.root / name).mkdir(parents=True)
        self.process, self.misbehave = None, ""

    def environment(self):
        return {"PATH": os.environ["PATH"], "STANDIN_ROOT": str(self.root), "IMAGE_TAG": self.fellows.tag,
                "NEO4J_ACCEPT_LICENSE_AGREEMENT": "yes", "NEO4J_AUTH": f"neo4j/{PASSWORD}",
                "NEO4J_PLUGINS": '["fleet-management"]', "STANDIN_MISBEHAVE": self.misbehave,
                "FLEET_MANAGEMENT_API_BASE_URL": "http://127.0.0.1:8080/api/v1"}

    def start(self):
        settings = {"server.default_listen_address": self.host, "server.default_advertised_address": self.host,
                    **self.fellows.settings}
        (self.root / "conf/neo4j.conf").write_text("".join(f"{k}={v}\n" for k, v in settings.items()))
        self.log = open(self.root / "log", "a", encoding="utf-8")
        self.process = subprocess.Popen([options.binary, "neo4j"], env=self.environment(), stdout=self.log,
                                        stderr=self.log)

    def end(self, kill=False):
        if self.process:
            (self.process.kill if kill else self.process.terminate)()
            code, self.process = self.process.wait(20), None
            return code
        return None

    def command(self, *words):
        return subprocess.run([options.binary, *words], env=self.environment(), check=True, capture_output=True,
                              text=True).stdout

    def count(self, key):
        return json.loads(self.command("counts")).get(key, 0)

    def ask(self, text, db="system", **more):
        return ask(self.host, text, db, **more)


class Fellows:
    """The servers of one case."""
    last = 0

    def __init__(self, n, tag="2025.12.1-enterprise", settings=None):
        Fellows.last += 1
        self.subnet, self.tag = Fellows.last, tag
        self.folder = options.dir / f"case-{self.subnet}"
        self.servers = [Server(self, i + 1) for i in range(n)]
        old = tag.startswith("5.")
        endpoints = "dbms.cluster.discovery.v2.endpoints" if old else "dbms.cluster.endpoints"
        self.settings = {"initial.dbms.automatically_enable_free_servers": "true"}
        if n > 1:
            self.settings |= {endpoints: ",".join(f"{s.host}:6000" for s in self.servers),
                              "dbms.cluster.minimum_initial_system_primaries_count": min(n, 3),
                              "initial.dbms.default_primaries_count": min(n, 3)}
        self.settings |= settings or {}

    def __enter__(self):
        for server in self.servers:
            server.start()
        return self

    def __exit__(self, kind, *_):
        for server in self.servers:
            server.end(kill=True)
            if kind:
                print(f"    | {server.host}: {(server.root / 'log').read_text()[-600:]}")

    def formed(self, n=None, **more):
        """Waits until every server sees all of them up, and a writer for each database."""
        n = n or len(self.servers)
        for server in self.servers:
            if server.process:
                wait_for(f"{server.host} sees {n}", lambda s=server: sum(
                    r["health"] == "Available" and r["state"] == "Enabled" for r in s.ask("SHOW SERVERS", **more)) == n)
                wait_for("a writer for each", lambda s=server: len(s.ask(
                    "SHOW DATABASES YIELD name, writer WHERE writer", **more)) == 2)
        return self

    def writer(self, db, **more):
        alive = next(s for s in self.servers if s.process)
        rows = wait_for(f"a writer of {db}", lambda: alive.ask(
            "SHOW DATABASES YIELD name, address, writer WHERE writer AND name = $db", params={"db": db}, **more))
        return next(s for s in self.servers if rows[0]["address"] == f"{s.host}:7687")

    def others(self, server):
        return [s for s in self.servers if s is not server]


# ---- cases ----------------------------------------------------------------------------------------

def case_driver_routes():
    """neo4j:// from any server: writes reach the leader only, reads come from the others."""
    with Fellows(3) as fellows:
        fellows.formed()
        leader = fellows.writer("neo4j")
        follower = fellows.others(leader)[0]
        with neo4j.GraphDatabase.driver(f"neo4j://{follower.host}:7687", auth=AUTH) as driver:
            info = driver.get_server_info()
            check(info.agent == "Neo4j/2025.12.1" and info.protocol_version == (6, 0), f"{info.agent} {info.protocol_version}")
            for i in range(20):
                driver.execute_query("CREATE (n:X {id: $i})", i=i, database_="neo4j")
            records, summary, _ = driver.execute_query("MATCH (n:X) RETURN n ORDER BY n.id", database_="neo4j",
                                                       routing_=neo4j.RoutingControl.READ)
            check([r["n"]["id"] for r in records] == list(range(20)), f"read: {records}")
            check(summary.server.address[0] != leader.host, "a read went to the leader")
            with driver.session(database="neo4j") as session, session.begin_transaction() as tx:
                tx.run("CREATE (n:Y)").consume()
                check(tx.run("MATCH (n:Y) RETURN count(n) AS n").single()["n"] == 1, "a transaction does not see its own")
                tx.rollback()
            with driver.session(database="neo4j", fetch_size=3) as session:
                check(len(list(session.run("UNWIND range(1, 10) AS i RETURN i"))) == 10, "a result in parts")
        wait_for("the count of writes", lambda: leader.count("writes") == 20)
        check(all(s.count("writes") == 0 for s in fellows.others(leader)), "a follower wrote")
        # What the driver makes of Neo.ClientError.Cluster.NotALeader on a direct connection.
        error = raises(exceptions.WriteServiceUnavailable, lambda: follower.ask("CREATE (n:Z)", "neo4j"))
        check(isinstance(error.__context__, exceptions.NotALeader), repr(error.__context__))


def write_until(stop, session, done):
    while not stop.is_set():
        # Lost during the commit: the driver does not know, and leaves it to us to ask again.
        with contextlib.suppress(exceptions.IncompleteCommit):
            session.execute_write(lambda tx: tx.run("MERGE (n:L {id: $i})", i=len(done)).consume())
            done.append(len(done))


def case_load_survives_the_leader():
    """A driver writes without pause; the leaders are killed, and come back as themselves. No acknowledged write is lost."""
    with Fellows(3) as fellows:
        fellows.formed()
        before = {r["address"]: r["serverId"] for r in fellows.servers[0].ask("SHOW SERVERS YIELD *")}
        done, errors, stop = [], [], threading.Event()
        uri = f"neo4j://{fellows.servers[0].host}:7687"
        resolver = [(s.host, 7687) for s in fellows.servers]

        def load():
            try:
                with neo4j.GraphDatabase.driver(uri, auth=AUTH, resolver=lambda _: resolver) as driver, \
                        driver.session(database="neo4j") as session:
                    write_until(stop, session, done)
            except Exception as error:  # the case's verdict, not this thread's
                errors.append(error)

        thread = threading.Thread(target=load)
        thread.start()
        for db in ("neo4j", "system"):
            wait_for("some writes", lambda n=len(done): len(done) > n + 20 or errors)
            gone = fellows.writer(db)
            gone.end(kill=True)
            mark = len(done)
            wait_for("writes without the leader", lambda m=mark: len(done) > m + 20 or errors)
            gone.start()
            fellows.formed()
        stop.set()
        thread.join(60)
        check(not errors, f"the driver gave up: {errors}")
        after = {r["address"]: r["serverId"] for r in fellows.servers[0].ask("SHOW SERVERS YIELD *")}
        check(before == after, f"{before} became {after}")
        for server in fellows.servers:
            wait_for(f"{server.host} has all {len(done)}", lambda s=server: s.ask(
                "MATCH (n:L) RETURN count(n) AS n", "neo4j")[0]["n"] >= len(done))
            ids = [r["id"] for r in server.ask("MATCH (n:L) RETURN n.id AS id ORDER BY id", "neo4j")]
            check(ids[:len(done)] == done, f"{server.host} lost acknowledged writes")
        print(f"    {len(done)} writes")


def case_graceful_end_hands_over():
    """SIGTERM gives the leads away: the next writer is there at once, and the process ends with 0."""
    with Fellows(3) as fellows:
        fellows.formed()
        gone = fellows.writer("system")
        begin = time.monotonic()
        check(gone.end() == 0, "SIGTERM is no failure")
        next_one = fellows.writer("system")
        check(next_one is not gone and time.monotonic() - begin < 3, f"took {time.monotonic() - begin:.1f} s")


def make_certificate(folder, host):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1",
                    "-subj", "/CN=standin", "-addext", f"subjectAltName={host}", "-keyout", folder / "tls.key", "-out",
                    folder / "tls.crt"], check=True, capture_output=True)


def case_tls_and_server_side_routing():
    """TLS as the operator's neo4j.conf asks for it; with default_router=SERVER a follower passes writes on."""
    folder = options.dir / "tls"
    folder.mkdir()
    subnet = Fellows.last + 1
    make_certificate(folder, ",".join(f"IP:127.0.{subnet}.{i}" for i in (1, 2)))
    with Fellows(2, "5.26.12-enterprise", {
            "dbms.cluster.discovery.version": "V2_ONLY", "dbms.ssl.policy.bolt.enabled": "true",
            "dbms.ssl.policy.bolt.base_directory": folder, "dbms.ssl.policy.bolt.private_key": "tls.key",
            "dbms.ssl.policy.bolt.public_certificate": "tls.crt", "server.bolt.tls_level": "REQUIRED",
            "dbms.routing.default_router": "SERVER",
            "dbms.routing.client_side.enforce_for_domains": "*.cluster.local"}) as fellows:
        secure = {"encrypted": True, "trusted_certificates": neo4j.TrustCustomCAs(str(folder / "tls.crt"))}
        fellows.formed(**secure)
        follower = fellows.others(fellows.writer("neo4j", **secure))[0]
        with neo4j.GraphDatabase.driver(f"neo4j://{follower.host}:7687", auth=AUTH, **secure) as driver:
            check(driver.get_server_info().protocol_version == (5, 8), driver.get_server_info().protocol_version)
            with driver.session(database="neo4j") as session:
                session.run("CREATE (n:S {id: 1})").consume()
                check(session.run("MATCH (n:S) RETURN count(n) AS n").single()["n"] == 1, "its own write is not seen")
        wait_for("the write came by the follower", lambda: follower.count("writes") == 1)
        raises(exceptions.ServiceUnavailable, lambda: follower.ask("RETURN 1"))
        raises(exceptions.ServiceUnavailable, lambda: follower.ask("RETURN 1", encrypted=True))


OLD = """
import neo4j, sys
with neo4j.GraphDatabase.driver(sys.argv[1], auth=("neo4j", sys.argv[2])) as driver:
    with driver.session(database="neo4j") as session:
        session.write_transaction(lambda tx: tx.run("CREATE (n:Old {id: 1})").consume())
        result = session.run("MATCH (n:Old) RETURN n")
        print(result.single()["n"]["id"], result.consume().server.protocol_version)
    with driver.session(database="system") as session:
        print(len(session.run("SHOW SERVERS").data()))
"""


def case_old_driver():
    """Bolt 4.4, where HELLO carries the credentials and nodes have no element id."""
    with Fellows(3) as fellows:
        fellows.formed()
        out = subprocess.run([options.old_driver, "-c", OLD, f"neo4j://{fellows.servers[0].host}:7687", PASSWORD],
                             capture_output=True, text=True, check=False)
        check(out.returncode == 0 and out.stdout.split() == ["1", "4.4", "3"], out.stdout + out.stderr[-800:])


def shell(host, *words, scheme="neo4j", password=PASSWORD, data=None):
    done = subprocess.run(["java", "-XX:TieredStopAtLevel=1", "-cp", f"{options.shell}/*", "org.neo4j.shell.Main", "--format",
                           "plain", "-a", f"{scheme}://{host}:7687", "-u", "neo4j", "-p", password, *words], input=data,
                          capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def case_cypher_shell():
    with Fellows(3) as fellows:
        fellows.formed()
        host = fellows.others(fellows.writer("neo4j"))[0].host
        code, out = shell(host, "-d", "system", "SHOW SERVERS YIELD state, health")
        check(code == 0 and out.count('"Enabled", "Available"') == 3, out)
        code, out = shell(host, data="CREATE (n:C {id: 4}) RETURN n.id;\n:begin\nCREATE (n:C {id: 5});\n:commit\n"
                                     "MATCH (n:C) RETURN count(n) AS n;\n:use system\nCALL fleetManagement.status();\n")
        check(code == 0 and re.search(r"^n\n2$", out, re.M) and "FALSE, FALSE" in out, out)
        code, out = shell(host, "RETURN 1", password="wrong-password")
        check(code != 0 and "unauthorized" in out, out)
        code, out = shell(fellows.others(fellows.writer("system"))[0].host, "-d", "system", "ENABLE SERVER 'x'", scheme="bolt")
        check(code != 0 and "leader" in out, out)


@contextlib.contextmanager
def fleet_service():
    service = subprocess.Popen([options.fleet, "serve", "--listen", "127.0.0.1:8080", "--interval", "PT1S"],
                               stderr=subprocess.DEVNULL)
    try:
        wait_for("the service", lambda: socket.socket().connect_ex(("127.0.0.1", 8080)) == 0)
        yield
    finally:
        service.kill()
        service.wait()


def fleet(*words):
    return subprocess.run([options.fleet, *words], check=True, capture_output=True, text=True).stdout.strip()


def case_fleet():
    """Registered at the writer only; then every server connects, follows a rotation, and forgets a revoked token."""
    status = "CALL fleetManagement.status()"
    with fleet_service(), Fellows(3) as fellows:
        fellows.formed()
        token = fleet("mint", "--project", "p-7")
        call = "CALL fleetManagement.registerToken($token)"
        leader = fellows.writer("system")
        for server in fellows.others(leader):
            raises((exceptions.WriteServiceUnavailable, exceptions.ClientError), lambda s=server: s.ask(call, params={"token": token}))
            check(server.ask(status)[0]["active"] is False, "a follower stored the token")
        row = leader.ask(call, params={"token": token})[0]["result"]
        check(row == "Token registered successfully to monitor this deployment for Project with ID: `p-7`", row)
        for server in fellows.servers:
            wait_for("connected", lambda s=server: s.ask(status)[0]["connected"])
            info = server.ask("CALL fleetManagement.inspectToken()")[0]
            check(info["projectId"] == "p-7" and info["errorMessage"] is None, info)
        listed = json.loads(fleet("list", "--json"))
        check(len({d["server_id"] for d in listed}) == 3 and len({d["dbms_id"] for d in listed}) == 1, listed)
        fleet("rotate", "all")
        wait_for("all connect with the successor", lambda: [d["kid"] for d in json.loads(fleet("list", "--json"))].count(
            next((k.get("successor") for k in json.loads(fleet("keys")) if k["state"] == "rotated"), None)) == 3)
        for server in fellows.servers:
            wait_for("connected again", lambda s=server: s.ask(status)[0]["connected"])
        fleet("revoke", "all")
        for server in fellows.servers:
            wait_for("forgotten", lambda s=server: s.ask(status)[0]["active"] is False)
        unknown = fleet("mint", "--unregistered")
        leader = fellows.writer("system")
        check("successfully" in leader.ask(call, params={"token": unknown})[0]["result"], "an unknown token is stored all the same")
        wait_for("denied", lambda: leader.ask(status)[0]["active"] is False)
        check(leader.count("CALL fleetManagement.registerToken") >= 2, "calls are counted")


def case_drain():
    """Four servers become three: refused while a copy would have nowhere to go, then drained, dropped and gone."""
    with Fellows(4) as fellows:
        fellows.formed()
        leader = fellows.writer("system")
        rows = leader.ask("SHOW SERVERS YIELD *")
        victim = next(s for s in fellows.others(leader) if "neo4j" in next(
            r["hosting"] for r in rows if r["address"] == f"{s.host}:7687"))
        name = next(r["name"] for r in rows if r["address"] == f"{victim.host}:7687")
        leader.ask("ALTER DATABASE neo4j SET TOPOLOGY 4 PRIMARIES")
        error = raises(exceptions.ClientError, lambda: leader.ask(f"DEALLOCATE DATABASES FROM SERVER '{name}'"))
        check("no other enabled server" in error.message, error.message)
        leader.ask("ALTER DATABASE neo4j SET TOPOLOGY 3 PRIMARIES 0 SECONDARIES")
        leader.ask(f"DEALLOCATE DATABASES FROM SERVER '{name}'")
        wait_for("deallocated", lambda: leader.ask("SHOW SERVERS YIELD name, state, hosting WHERE name = $n",
                                                   params={"n": name}) == [
            {"name": name, "state": "Deallocated", "hosting": ["system"]}])
        leader.ask("DROP SERVER $n", params={"n": name})
        victim.end()
        fellows.formed(3)
        wait_for("three copies", lambda: [r["currentStatus"] for r in leader.ask(
            "SHOW DATABASE neo4j YIELD currentStatus")] == ["online"] * 3)


def case_password():
    with Fellows(1, "2026.05.0-enterprise") as fellows:
        server = fellows.servers[0]
        wait_for("up", lambda: server.ask("RETURN 1", "neo4j"))
        server.ask("ALTER CURRENT USER SET PASSWORD FROM $a TO $b", params={"a": PASSWORD, "b": "another-horse"})
        raises(exceptions.AuthError, lambda: server.ask("RETURN 1", "neo4j"))
        server.ask("RETURN 1", "neo4j", auth=("neo4j", "another-horse"))
        server.end()
        server.start()  # NEO4J_AUTH still has the old one, and is ignored
        wait_for("up again", lambda: server.ask("RETURN 1", "neo4j", auth=("neo4j", "another-horse")))


def case_control():
    """What a test may do to a cluster from inside a pod: move a lead, isolate a server, hold a database back."""
    with Fellows(3) as fellows:
        fellows.formed()
        for db in ("system", "neo4j"):
            before = fellows.writer(db)
            before.command("step-down", db)
            wait_for(f"another leader of {db}", lambda b=before, d=db: fellows.writer(d) is not b)
        alone, other = fellows.writer("system"), fellows.others(fellows.writer("system"))[0]
        alone.command("misbehave", "isolated")
        address = f"{alone.host}:7687"
        wait_for("its absence is seen", lambda: other.ask("SHOW SERVERS YIELD address, health WHERE address = $a RETURN health",
                                                          params={"a": address}) == [{"health": "Unavailable"}])
        wait_for("others write", lambda: other.ask(
            "SHOW DATABASES YIELD name, writer, address WHERE writer AND address <> $a RETURN count(name) AS n",
            params={"a": address}) == [{"n": 2}])
        row = "SHOW DATABASES YIELD name, address, role, currentStatus WHERE name = 'neo4j' AND address = $a RETURN currentStatus AS s"
        check(other.ask(row, params={"a": address}) == [{"s": "unknown"}], "a lost server's copy is known")
        wait_for("it knows that it cannot write", lambda: alone.ask("SHOW DATABASES YIELD writer WHERE writer") == [])
        alone.command("misbehave", "none")
        fellows.formed()
        alone.command("misbehave", "database-stuck", "neo4j")
        wait_for("stuck", lambda: other.ask(row, params={"a": address}) == [{"s": "starting"}])
        alone.command("misbehave", "database-stuck", "off")
        wait_for("not stuck", lambda: other.ask(row, params={"a": address}) == [{"s": "online"}])


def case_bad_starts():
    """From the environment, as a manifest can say it: the container's end, or a late Bolt."""
    with Fellows(1) as fellows:
        server = fellows.servers[0]
        server.end(kill=True)
        server.misbehave = "crash-with-plugin fleet-management"
        server.start()
        check(server.process.wait(10) == 1, "it started with the plugin")
        server.misbehave = "slow-start 2"
        server.command("misbehave", "crash-on-start", "1", "out of luck")
        server.start()
        check(server.process.wait(10) == 1, "it started")
        begin = time.monotonic()
        server.start()
        wait_for("up", lambda: server.ask("RETURN 1", "neo4j"))
        check(time.monotonic() - begin > 2, "Bolt was not late")
        log = (server.root / "log").read_text()
        check("the plugin 'fleet-management' could not be loaded" in log and "out of luck" in log, log)


def case_bad_wire():
    with Fellows(1) as fellows:
        server = fellows.servers[0]
        wait_for("up", lambda: server.ask("RETURN 1", "neo4j"))
        for name, kind in {"wrong-version": exceptions.DriverError, "garbage": exceptions.DriverError}.items():
            server.command("misbehave", name)
            server.ask("RETURN 1", "neo4j")  # we come from 127.0.0.1, as the probes do
            server.command("misbehave", name, "all")
            raises(kind, lambda: server.ask("RETURN 1", "neo4j"))
            server.command("misbehave", "none")
            server.ask("RETURN 1", "neo4j")
        for name in ("silent", "half-open"):
            server.command("misbehave", name, "all")
            with socket.create_connection((server.host, 7687), 5) as plain:
                plain.settimeout(1)
                plain.sendall(bytes.fromhex("6060b017000804050000040400000000" "00000000"))
                if name == "half-open":
                    check(plain.recv(4)[3] in (4, 5), "no version was agreed upon")
                raises(TimeoutError, lambda p=plain: p.recv(4))
            server.command("misbehave", "none")


def case_bad_answers():
    with Fellows(1) as fellows:
        server = fellows.servers[0]
        wait_for("up", lambda: server.ask("RETURN 1", "neo4j"))
        server.command("misbehave", "refuse-login")
        raises(exceptions.AuthError, lambda: server.ask("RETURN 1", "neo4j"))
        server.command("misbehave", "none")
        server.command("misbehave", "slow", "1.5")
        begin = time.monotonic()
        server.ask("RETURN 1", "neo4j")
        check(time.monotonic() - begin >= 1.5, "not slow")
        server.command("misbehave", "none")
        server.command("misbehave", "procedures-missing")
        error = raises(exceptions.ClientError, lambda: server.ask("CALL fleetManagement.status()"))
        check(error.code == "Neo.ClientError.Procedure.ProcedureNotFound", error.code)
        server.command("misbehave", "none")
        token = fleet("mint", "--unregistered")
        call = "CALL fleetManagement.registerToken($token)"
        server.command("misbehave", "error-row")
        check(server.ask(call, params={"token": token})[0]["result"].startswith("An error occurred"), "no error row")
        check(server.count("token stored") == 0, "stored all the same")
        server.command("misbehave", "none")
        server.command("misbehave", "register-then-drop")
        raises(exceptions.DriverError, lambda: server.ask(call, params={"token": token}))
        server.command("misbehave", "none")
        check(server.count("token stored") == 1, "not stored")
        check(server.count("CALL fleetManagement.registerToken") == 2, "calls are counted")


def main():
    global options
    parser = argparse.ArgumentParser()
    for name in ("--binary", "--fleet", "--old-driver", "--shell"):
        parser.add_argument(name, required=True)
    parser.add_argument("--dir", type=pathlib.Path, required=True)
    parser.add_argument("pattern", nargs="?", default="")
    options = parser.parse_args()
    failed = 0
    for name, case in list(globals().items()):
        if not name.startswith("case_") or not re.search(options.pattern, name):
            continue
        begin = time.monotonic()
        try:
            case()
        except Exception:
            failed += 1
            print(f"FAIL {name[5:]} ({time.monotonic() - begin:.0f} s)\n{traceback.format_exc()}", flush=True)
        else:
            print(f"ok   {name[5:]} ({time.monotonic() - begin:.0f} s)", flush=True)
    print(f"{failed} failed" if failed else "all cases passed")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
