#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""A client that writes all the time, as an application would: load.py [--outages] URI < one line with the password.

It ends when its input ends, reads back what it wrote, and prints one line of JSON: rows acknowledged and rows found, errors
that a retry cured (by their codes), and errors that none did; the longest that one write took, and the longest time without any.

With --outages servers die without a word: a commit whose answer is lost is tried again, which does no harm since each write may
be done twice; a peer that is silent for 8 s is given up, as is set on an application's host (tcp_retries2, tcp_keepalive_time);
and the numbers of all acknowledged rows are told, too."""
import argparse
import collections
import json
import socket
import sys
import threading
import time

from neo4j import GraphDatabase
from neo4j.exceptions import DriverError, IncompleteCommit, Neo4jError

WRITERS = 2
SILENCE = 8  # seconds


WATCHED = set()  # addresses of peers


def watch_sockets():
    """No socket waits for a quarter of an hour for a host that is gone. The driver has the class's name already, so the class changes."""
    plain = socket.socket.connect

    def connect(self, address):
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, SILENCE * 1000)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, SILENCE // 2)
        self.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, SILENCE // 4)
        WATCHED.add(address)
        plain(self, address)

    socket.socket.connect = connect


class Load:
    def __init__(self, uri, password, outages):
        self.outages = outages
        self.patience = 600 if outages else 60  # seconds of retries, for one write
        self.driver = GraphDatabase.driver(uri, auth=("neo4j", password), connection_timeout=3,
                                           connection_acquisition_timeout=20)
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.written, self.retried, self.failures = [], collections.Counter(), []
        self.longest = self.pause = 0.0
        self.last = time.monotonic()

    def write(self, number):
        with self.driver.session(database="neo4j") as session:
            with session.begin_transaction() as transaction:
                transaction.run("MERGE (r:Row {n: $n})", n=number).consume()
                transaction.commit()

    def acknowledged(self, number, started):
        now = time.monotonic()
        with self.lock:
            self.written.append(number)
            self.longest = max(self.longest, now - started)
            self.pause = max(self.pause, now - self.last)
            self.last = now

    def persist(self, number):
        """Until the write is acknowledged; only what the driver calls retryable is tried again, and what it lets through of a socket that is closed at once."""
        started = time.monotonic()
        while True:
            try:
                self.write(number)
                self.acknowledged(number, started)
                return
            except (DriverError, Neo4jError, OSError) as error:
                code = getattr(error, "code", None) or type(error).__name__
                with self.lock:
                    again = isinstance(error, OSError) or error.is_retryable() or (self.outages and isinstance(error, IncompleteCommit))
                    if not again or time.monotonic() - started > self.patience:
                        self.failures.append(f"{code}: {error}")
                        return
                    self.retried[code] += 1
                time.sleep(0.2)

    def work(self, first):
        number = first
        try:
            while not self.stopping.is_set():
                self.persist(number)
                number += WRITERS
                time.sleep(0.05)
        except Exception as error:  # pylint: disable=broad-exception-caught
            # Without this writer the others would seem to be all.
            with self.lock:
                self.failures.append(f"a writer ended: {type(error).__name__}: {error}")
            raise

    def found(self):
        records, _, _ = self.driver.execute_query("MATCH (r:Row) RETURN count(r) AS n", database_="neo4j")
        return records[0]["n"]

    def run(self):
        threads = [threading.Thread(target=self.work, args=(i,)) for i in range(WRITERS)]
        for thread in threads:
            thread.start()
        print("working", flush=True)
        sys.stdin.read()
        self.stopping.set()
        for thread in threads:
            thread.join()
        if self.outages and not WATCHED:
            raise SystemExit("the driver's connections are not watched")
        report = {"acknowledged": len(self.written), "found": self.found(), "cured": dict(self.retried),
                  "failed": self.failures, "longest": round(self.longest, 1), "pause": round(self.pause, 1)}
        if self.outages:
            report["written"] = sorted(self.written)
        self.driver.close()
        print(json.dumps(report), flush=True)


options = argparse.ArgumentParser(description=__doc__)
options.add_argument("uri")
options.add_argument("--outages", action="store_true")
arguments = options.parse_args()
if arguments.outages:
    watch_sockets()
Load(arguments.uri, sys.stdin.readline().strip(), arguments.outages).run()
