#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Asks servers without a pause until its input ends, each time over a new connection: NAME ADDRESS TRIES a line, then "go". Prints how often, and what was refused, as JSON."""
import json
import sys
import threading
import time

from neo4j import GraphDatabase

THREADS, PAUSE = 3, 0.02


def ask(address):
    with GraphDatabase.driver(f"bolt://{address}:7687", auth=("neo4j", "abcdefgh1"), connection_timeout=10) as driver, driver.session() as session:
        return session.run("SHOW DATABASES").consume()


class Count:
    def __init__(self):
        self.asked, self.again, self.refused = 0, 0, []

    def ask(self, name, address, tries):
        for number in range(tries):
            try:
                self.asked += 1
                return ask(address)
            except Exception as problem:  # pylint: disable=broad-except # whatever a driver says counts
                said = f"{type(problem).__name__}: {problem}"[:300]
            self.again += number + 1 < tries
            time.sleep(0.5)
        return self.refused.append({"name": name, "at": time.time(), "problem": said})


def call(targets, end, count):
    """One thread's share, over and over."""
    while not end.is_set():
        for name, address, tries in targets:
            if end.is_set():
                return
            count.ask(name, address, int(tries))
            time.sleep(PAUSE)


def main():
    targets = [line.split() for line in iter(sys.stdin.readline, "go\n")]
    end, counts = threading.Event(), [Count() for _ in range(THREADS)]
    threads = [threading.Thread(target=call, args=(targets[i::THREADS], end, counts[i])) for i in range(THREADS)]
    for thread in threads:
        thread.start()
    sys.stdin.read()
    end.set()
    for thread in threads:
        thread.join()
    print(json.dumps({"asked": sum(count.asked for count in counts), "again": sum(count.again for count in counts),
                      "refused": [item for count in counts for item in count.refused]}))


main()
