#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Reads what the C program read, by Neo4j's own driver: table.py PORT PASSWORD DIR.

DIR/samples.jsonl holds what the properties named there are, DIR/table.jsonl what the queries named there answer, as dump.c writes values.
Each value that differs is printed; the last line says how many there were.
"""
import json
import math
import struct
import sys

import neo4j
from neo4j.graph import Node, Path, Relationship
from neo4j.spatial import Point
from neo4j.time import Date, DateTime, Duration, Time

EPOCH = Date(1970, 1, 1).to_ordinal()
DAY = 86400


def double(number):
    return "nan" if math.isnan(number) else struct.pack(">d", number).hex()


def entries(values):
    return {key: dump(value) for key, value in values.items()}


def dump_time(value):
    offset = value.utcoffset()
    return ["localtime", value.ticks] if offset is None else ["time", value.ticks, int(offset.total_seconds())]


def dump_date_time(value):
    seconds = (value.date().to_ordinal() - EPOCH) * DAY + value.hour * 3600 + value.minute * 60 + value.second
    offset = value.utcoffset()
    if offset is None:
        return ["localdatetime", seconds, value.nanosecond]
    offset = int(offset.total_seconds())
    zone = getattr(value.tzinfo, "zone", None) or getattr(value.tzinfo, "key", None)
    return ["datetime", seconds - offset, value.nanosecond, zone or offset or "UTC"]


def dump_node(node):
    # The wire has labels in an order; the driver's are a set.
    return ["node", node.element_id, sorted(["string", label] for label in node.labels), entries(node)]


def dump_relationship(relationship):
    return ["relationship", relationship.element_id, relationship.type, relationship.start_node.element_id, relationship.end_node.element_id,
            entries(relationship)]


def dump_path(path):
    parts = [dump_node(path.nodes[0])]
    for relationship, node in zip(path.relationships, path.nodes[1:]):
        parts += [dump_relationship(relationship), dump_node(node)]
    return ["path", *parts]


def dump_point(point):
    return ["point", point.srid, *(double(number) for number in point)]


def dump_duration(value):
    return ["duration", str(value.months), str(value.days), str(value.seconds * 10**9 + value.nanoseconds)]


KINDS = [
    (bool, lambda value: ["bool", value]),
    (int, lambda value: ["int", str(value)]),
    (float, lambda value: ["float", double(value)]),
    (str, lambda value: ["string", value]),
    ((bytes, bytearray), lambda value: ["bytes", value.hex()]),
    (Node, dump_node),
    (Relationship, dump_relationship),
    (Path, dump_path),
    (Point, dump_point),
    (Duration, dump_duration),
    (DateTime, dump_date_time),
    (Date, lambda value: ["date", value.to_ordinal() - EPOCH]),
    (Time, dump_time),
    (list, lambda value: ["list", [dump(item) for item in value]]),
    (dict, lambda value: ["map", entries(value)]),
]


def dump(value):
    if value is None:
        return ["null"]
    for kind, how in KINDS:
        if isinstance(value, kind):
            return how(value)
    # Vectors came with the sixth driver.
    if hasattr(value, "raw") and hasattr(value, "dtype"):
        return ["vector", value.dtype, value.raw().hex()]
    raise TypeError(f"{type(value)} is unknown")


def as_the_driver_has_it(value):
    """What the C program wrote, less what the driver does not keep: the order of labels, and whether UTC was a zone or no offset."""
    if isinstance(value, list):
        if value and value[0] == "node":
            value = [*value[:2], sorted(value[2]), *value[3:]]
        if value and value[0] == "datetime" and value[3] == 0:
            value = [*value[:3], "UTC"]
        return [as_the_driver_has_it(item) for item in value]
    if isinstance(value, dict):
        return {key: as_the_driver_has_it(item) for key, item in value.items()}
    return value


def lines(path):
    with open(path, encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def answer(session, query, **parameters):
    return [list(record.values()) for record in session.run(query, parameters)]


def main():
    port, password, folder = sys.argv[1:]
    compared = different = 0
    with neo4j.GraphDatabase.driver(f"bolt://127.0.0.1:{port}", auth=("neo4j", password)) as driver:
        with driver.session(database="neo4j") as session:
            samples = dict(answer(session, "MATCH (s:Sample) WHERE NOT s.ours RETURN s.name, s.value"))
            pairs = [(line["name"], line["value"], dump(samples[line["name"]])) for line in lines(f"{folder}/samples.jsonl")]
            if len(pairs) != len(samples):
                print(f"{len(samples)} samples are stored, {len(pairs)} were kept")
                different += 1
            pairs += [(line["name"], line["value"], dump(answer(session, line["name"]))) for line in lines(f"{folder}/table.jsonl")]
            for name, ours, theirs in pairs:
                compared += 1
                if as_the_driver_has_it(ours) != theirs:
                    different += 1
                    print(f"{name}:\n  here   {json.dumps(ours)[:300]}\n  driver {json.dumps(theirs)[:300]}")
    print(f"{compared} values compared with driver {neo4j.__version__}, {different} differ")
    return different > 0 or compared < 100


sys.exit(main())
