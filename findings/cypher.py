#!/usr/bin/env python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Statements on a server of loopback, by Neo4j's own driver: cypher.py PORT [OPTION...] STATEMENT...

Prints a line for each row, or the failure. Options: --database NAME, --bookmark TEXT, --password PASSWORD, --rollback (all
statements in one transaction, which is rolled back). A statement's $token comes from $TOKEN.
"""
import argparse
import os

import neo4j


def options():
    parser = argparse.ArgumentParser()
    parser.add_argument("port")
    parser.add_argument("--database", default="system")
    parser.add_argument("--rollback", action="store_true")
    parser.add_argument("--bookmark")
    parser.add_argument("--password")
    parser.add_argument("statements", nargs="+")
    return parser.parse_args()


def run(runner, statements):
    for text in statements:
        for record in runner.run(text, {"token": os.environ.get("TOKEN", "")}):
            print(" | ".join(str(value) for value in record.values()))


def talk(session, given):
    if not given.rollback:
        run(session, given.statements)
        return
    with session.begin_transaction() as transaction:
        run(transaction, given.statements)
        transaction.rollback()


def main():
    given = options()
    auth = ("neo4j", given.password) if given.password else None
    bookmarks = neo4j.Bookmarks.from_raw_values([given.bookmark]) if given.bookmark else None
    with neo4j.GraphDatabase.driver(f"bolt://127.0.0.1:{given.port}", auth=auth) as driver:
        with driver.session(database=given.database, bookmarks=bookmarks) as session:
            try:
                talk(session, given)
            except neo4j.exceptions.Neo4jError as error:
                print(f"{error.code}: {error.message}")


if __name__ == "__main__":
    main()
