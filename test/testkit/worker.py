# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Runs tests of a testkit checkout one by one: their names come on standard input, a line of JSON on each goes out.

    worker.py CHECKOUT --list | worker.py CHECKOUT BACKEND

The second form lives in namespaces that were made for it and end with it: loopback, two addresses beside it (some tests want a
server that moves), an address that swallows packets, and the names that the TLS certificates are for.
"""
import contextlib
import io
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import traceback
import unittest

CHECKOUT = pathlib.Path(sys.argv[1])
TEST_SECONDS = 300  # more than any takes: the slowest waits through three retries and 100 connections
NAMES = "127.0.0.1 localhost thehost thehostbutwrong\n::1 localhost\n"
NETWORK = """link set lo up
link add left type veth peer name right
addr add 198.18.0.1/24 dev left
addr add 198.18.1.1/24 dev right
link set left up
link set right up
neigh add 198.18.0.254 lladdr 02:00:00:00:00:fe dev left nud permanent
route add 10.255.255.255/32 via 198.18.0.254 dev left
"""


def prepare_namespaces():
    subprocess.run(["ip", "-batch", "-"], input=NETWORK, text=True, check=True)
    with tempfile.NamedTemporaryFile("w", suffix=".hosts") as hosts:
        hosts.write(NAMES)
        hosts.flush()
        subprocess.run(["mount", "--bind", hosts.name, "/etc/hosts"], check=True)


class Backend:
    """The program under test; started again when it ended."""

    def __init__(self, program):
        self.program, self.process, self.log = program, None, None
        certificates = CHECKOUT / "tests/tls/certs/driver"
        self.environment = {**os.environ, "SSL_CERT_FILE": str(certificates / "trusted/trustedRoot.crt")}
        self.arguments = ["--port", "9876", "--ca-dir", str(certificates / "custom")]

    def start(self):
        self.log = tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace")
        self.process = subprocess.Popen([self.program, *self.arguments], stdout=subprocess.PIPE, stderr=self.log, env=self.environment, text=True)
        if not self.process.stdout.readline().startswith("listening"):
            raise RuntimeError("the backend does not start: " + self.said())

    def said(self):
        self.log.seek(0)
        return self.log.read()

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def end(self):
        """Returns what a sanitizer had to say of the whole run."""
        if not self.process:
            return ""
        if self.alive():
            self.process.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            status = self.process.wait()
        return "" if status == 0 else f"the backend ended with status {status}\n" + self.said()[-8000:]


class Result(unittest.TestResult):
    """What came of one test and its subtests."""

    def __init__(self):
        super().__init__()
        self.subtests = 0

    def addSubTest(self, test, subtest, err):  # noqa: N802 (unittest's name)
        super().addSubTest(test, subtest, err)
        self.subtests += 1

    def outcome(self):
        if self.errors or self.failures or self.unexpectedSuccesses:
            return "failed"
        return "skipped" if self.skipped and not self.subtests else "passed"


class Overdue(BaseException):
    """Not an Exception: a test must not be able to expect it."""


def overdue(_signal, _frame):
    raise Overdue(f"took longer than {TEST_SECONDS} s")


def execute(name):
    result, said = Result(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        signal.alarm(TEST_SECONDS)
        try:
            unittest.defaultTestLoader.loadTestsFromName(name).run(result)
        except Overdue:
            result.errors.append((name, traceback.format_exc()))
        finally:
            signal.alarm(0)
    texts = [f"{test}\n{text}" for test, text in result.errors + result.failures]
    return result, "\n".join(texts) + said.getvalue()[-20000:]


def run_one(name, backend):
    started = time.monotonic()
    if not backend.alive():
        backend.start()
    result, text = execute(name)
    outcome = result.outcome()
    if not backend.alive():
        outcome, text = "failed", f"{backend.end()}\n{text}"
    elif outcome == "failed":
        backend.end()  # what it is still about must not reach into the next test
    return {"name": name, "outcome": outcome, "text": text if outcome == "failed" else "", "subtests": result.subtests,
            "skips": [reason for _, reason in result.skipped], "seconds": round(time.monotonic() - started, 2)}


def names(suite):
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from names(test)
        else:
            yield test.id()


def list_tests():
    for folder in ("tests.stub", "tests.tls"):
        loader = unittest.TestLoader()
        for name in names(loader.discover(folder, top_level_dir=str(CHECKOUT))):
            print(name)
        if loader.errors:
            sys.exit("\n".join(loader.errors))


def main():
    os.environ["TEST_DRIVER_NAME"] = "neofleet"
    os.environ["PYTHONPATH"] = str(CHECKOUT)
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    os.chdir(CHECKOUT)
    sys.path.insert(0, str(CHECKOUT))
    if sys.argv[2] == "--list":
        list_tests()
        return
    import mapping  # of this folder, as the next; they want the checkout's modules
    import stubs
    mapping.install()
    stubs.install()
    prepare_namespaces()
    signal.signal(signal.SIGALRM, overdue)
    backend = Backend(sys.argv[2])
    with tempfile.TemporaryDirectory() as folder:
        tempfile.tempdir = folder  # the stub's scripts have fixed names
        for line in sys.stdin:
            print(json.dumps(run_one(line.strip(), backend)), flush=True)
    said = backend.end()
    sys.stderr.write(said)
    sys.exit(1 if said else 0)


main()
