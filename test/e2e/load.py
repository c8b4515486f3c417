#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""A client that writes all the time, as an application would: load.py URI < one line with the password.

It ends when its input ends, reads back what it wrote, and prints one line of JSON: rows acknowledged and rows found, errors
that a retry cured (by their codes), and errors that none did."""
import collections
import json
import sys
import threading
import time

from neo4j import GraphDatabase
from neo4j.exceptions import DriverError, Neo4jError

WRITERS = 2
PATIENCE = 60  # seconds of retries, for one write


class Load:
    def __init__(self, uri, password):
        self.driver = GraphDatabase.driver(uri, auth=("neo4j", password), connection_timeout=3,
                                           connection_acquisition_timeout=20)
        self.stopping = threading.Event()
        self.lock = threading.Lock()
        self.written, self.retried, self.failures = [], collections.Counter(), []
        self.longest = 0.0

    def write(self, number):
        with self.driver.session(database="neo4j") as session:
            with session.begin_transaction() as transaction:
                transaction.run("MERGE (r:Row {n: $n})", n=number).consume()
                transaction.commit()

    def persist(self, number):
        """Until the write is acknowledged; only what the driver calls retryable is tried again."""
        started = time.monotonic()
        while True:
            try:
                self.write(number)
                with self.lock:
                    self.written.append(number)
                    self.longest = max(self.longest, time.monotonic() - started)
                return
            except (DriverError, Neo4jError) as error:
                code = getattr(error, "code", None) or type(error).__name__
                with self.lock:
                    if not error.is_retryable() or time.monotonic() - started > PATIENCE:
                        self.failures.append(f"{code}: {error}")
                        return
                    self.retried[code] += 1
                time.sleep(0.2)

    def work(self, first):
        number = first
        while not self.stopping.is_set():
            self.persist(number)
            number += WRITERS
            time.sleep(0.05)

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
        report = {"acknowledged": len(self.written), "found": self.found(), "cured": dict(self.retried),
                  "failed": self.failures, "longest": round(self.longest, 1)}
        self.driver.close()
        print(json.dumps(report), flush=True)


Load(sys.argv[1], sys.stdin.readline().strip()).run()
