# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The API server's schema of an object, and the changes that somebody could make to what the operator wrote.

A change is a JSON patch. What the operator owns is read off managedFields, what is merged item by item and what stands as a whole (atomic) off the schema. A
one-of is not in the schema: it shows where the API server refuses a member beside one of ours, and takes it in our member's place."""
import json
import re

FOREIGN = "hand.example.com/x"
# Values to try for a scalar, in this order, where a name of the table below does not tell.
STRINGS = ["hand", "1Gi", "/hand", "10.1.2.3", "hand.example.com", "10.0.0.0/8", "1", "metadata.name", "SIGTERM", "In", "5s"]
NUMBERS = [1, 2, 5, 1000, 30000, 0, 100, 600]
# Of members that stand for something else in the same pod.
NAMED = {"mountPath": "/hand", "devicePath": "/hand", "topologyKey": "hand", "containerPort": 1234, "port": 1234, "targetPort": 1234, "ip": "10.1.2.3",
         "hostnames": ["hand.example.com"], "image": "hand", "command": ["hand"], "path": "/hand", "operator": "Exists", "weight": 1, "maxSkew": 2,
         "whenUnsatisfiable": "ScheduleAnyway", "driver": "hand.example.com", "fieldPath": "metadata.name", "resource": "limits.cpu", "signerName": "hand.example.com/x",
         "keyType": "ED25519", "monitors": ["hand"], "conditionType": "hand.example.com/x", "restartPolicy": "Always", "exitCodes": {"operator": "In", "values": [1]}}
# Of lists whose items name a volume.
OF_A_VOLUME = {"volumeMounts": "conf", "volumeDevices": "conf"}


class Schema:
    def __init__(self, documents):
        self.types = {}
        for document in documents:
            self.types.update(document["components"]["schemas"])

    def of_kind(self, group, version, kind):
        for schema in self.types.values():
            for found in schema.get("x-kubernetes-group-version-kind", []):
                if (found["group"], found["version"], found["kind"]) == (group, version, kind):
                    return schema
        raise KeyError(kind)

    def resolve(self, node):
        """The type behind a reference, with what stands beside it."""
        found = dict(node)
        for part in [*node.get("allOf", []), node]:
            if "$ref" in part:
                found = {**self.types[part["$ref"].rsplit("/", 1)[1]], **{key: value for key, value in found.items() if key not in ("allOf", "$ref", "default")}}
        return found

    def values(self, node, name=""):
        """Values of this type that the API server might take, the likeliest first."""
        node = self.resolve(node)
        if name in NAMED:
            yield NAMED[name]
        choices = re.findall(r'- `"([^"]*)"`', node.get("description", ""))
        yield from choices
        kinds = [node["type"]] if "type" in node else [part.get("type") for part in node.get("oneOf", [])]
        for kind in kinds:
            if kind == "boolean":
                yield from (True, False)
            elif kind in ("integer", "number"):
                yield from NUMBERS
            elif kind == "string":
                yield from ([] if choices else ["2030-01-01T00:00:00Z"] if node.get("format") == "date-time" else STRINGS)
            elif kind == "array":
                yield from ([item] for item in self.values(node["items"], name))
                yield from ([item] for item in self.items(node["items"], name))
            elif kind == "object":
                yield from self.objects(node)

    def items(self, node, name):
        if name in OF_A_VOLUME:
            yield {**next(self.objects(self.resolve(node))), "name": OF_A_VOLUME[name]}

    def objects(self, node):
        least = {name: next(self.values(node["properties"][name], name)) for name in node.get("required", [])}
        if "additionalProperties" in node:
            for value in self.values(node["additionalProperties"]):
                yield {FOREIGN: value}
                yield {"hand": value}
        if least or not node.get("properties"):
            yield least
        for name, child in sorted(node.get("properties", {}).items(), key=lambda item: item[0] not in ("name", "key")):
            if name not in least:
                first = next(self.values(child, name), None)
                yield {**least, name: first}
        if not least:
            yield {}


def pointer(path):
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def at(node, path):
    for part in path:
        node = node[part]
    return node


def owned_by(live, manager):
    for entry in live["metadata"].get("managedFields", []):
        if entry["manager"] == manager and entry["operation"] == "Apply":
            return entry["fieldsV1"]
    return {}


def place_of(items, key):
    """Where the item with this key of managedFields stands."""
    if key.startswith("v:"):
        return items.index(json.loads(key[2:]))
    wanted = json.loads(key[2:])
    for place, item in enumerate(items):
        if all(item.get(name) == value for name, value in wanted.items()):
            return place
    raise KeyError(key)


def desired_of(live, fields):
    """What of the live object is ours, with each list as {key: item}."""
    members = {key: inner for key, inner in fields.items() if key != "."}
    if not members:
        return live
    if isinstance(live, list):
        return {key: desired_of(live[place_of(live, key)], inner) for key, inner in members.items()}
    return {key: desired_of(live[key[2:]], inner) for key, inner in members.items()}


def holds(live, desired, fields):
    """Whether all that is ours stands in the live object as it did."""
    members = {key: inner for key, inner in fields.items() if key != "."}
    if not members:
        return live == desired or not live and not desired or desired == {} and isinstance(live, dict)
    try:
        return all(holds(live[place_of(live, key) if isinstance(live, list) else key[2:]], desired[key], inner) for key, inner in members.items())
    except (KeyError, ValueError, TypeError):
        return False


class Change:
    """kind: changed, removed, added (beside what is ours: kept), inserted (into what is ours as a whole: put back), switched."""

    def __init__(self, kind, path, value=None, instead=None):
        self.kind, self.path, self.value, self.instead = kind, path, value, instead

    def patch(self):
        steps = [] if self.instead is None else [{"op": "remove", "path": pointer(self.instead)}]
        if self.kind == "removed":
            return [{"op": "remove", "path": pointer(self.path)}]
        return [*steps, {"op": "add" if self.kind != "changed" else "replace", "path": pointer(self.path), "value": self.value}]

    def line(self, live):
        """Lists by the names of their items."""
        words, node = [], live
        for part in self.path:
            item = node[part] if isinstance(node, list) and isinstance(part, int) and part < len(node) else None
            words.append(f"[{item.get('name', part) if isinstance(item, dict) else part}]" if isinstance(node, list) else f".{part}")
            node = node[part] if isinstance(node, list) and isinstance(part, int) and part < len(node) else node.get(part, {}) if isinstance(node, dict) else {}
        instead = f" instead of {self.instead[-1]}" if self.instead else ""
        return f"{self.kind} {''.join(words)}{instead}"


class Together:
    """Additions to one object or list, each of which the API server takes; made at once."""

    kind = "added"

    def __init__(self, changes):
        self.changes = changes

    def patch(self):
        return [step for change in self.changes for step in change.patch()]


class Walk:
    """The changes of one object; allows(change) asks the API server by a dry run."""

    def __init__(self, schema, live, allows, under=()):
        self.schema, self.live, self.allows, self.under = schema, live, allows, under
        self.refused = []

    def is_meant(self, path):
        return all(part == wanted for part, wanted in zip(path, self.under))

    def first(self, kind, path, values, instead=None):
        """The first that is a change; else None where the API server takes one without a change, and False where it refuses all. allows() says "" where no
        other value would do: the member itself is one too many."""
        found = False
        for value in values:
            change = Change(kind, path, value, instead)
            allowed = self.allows(change)
            if allowed:
                return change
            if allowed == "":
                return False
            found = None if allowed is None else found
        return found

    def of(self, schema, fields, path=()):
        """The changes of an object or list of which we own these fields."""
        schema, live = self.schema.resolve(schema), at(self.live, path)
        members = {key: inner for key, inner in fields.items() if key != "."}
        if not members:
            yield from self.of_whole(schema, path, live)
        elif isinstance(live, list):
            yield from self.of_list(schema, members, path, live)
        else:
            yield from self.of_map(schema, members, path, live)

    def removal(self, path):
        change = Change("removed", path)
        if self.allows(change):
            yield change
        else:
            self.refused.append(change)

    def together(self, changes):
        """Switches one by one, additions at once where they go together."""
        added = [change for change in changes if change.kind == "added"]
        yield from (change for change in changes if change.kind != "added")
        if len(added) > 1 and self.allows(Together(added)):
            yield Together(added)
        else:
            yield from added

    def of_map(self, schema, members, path, live):
        properties = schema.get("properties", {})
        for key, inner in members.items():
            child = properties.get(key[2:], schema.get("additionalProperties"))
            if not self.is_meant((*path, key[2:])):
                continue
            yield from self.removal((*path, key[2:]))
            yield from self.of(child, inner, (*path, key[2:]))
        found = []
        if len(path) < len(self.under):
            return
        if "additionalProperties" in schema:
            found += self.addition((*path, FOREIGN), schema["additionalProperties"], path, members)
        for name, child in properties.items():
            if f"f:{name}" not in members:
                found += self.addition((*path, name), child, path, members)
        yield from self.together(found)

    def addition(self, path, schema, around, members):
        """A member beside ours; where the API server does not want both, in the place of one of ours."""
        values = [value for value in self.schema.values(schema, path[-1]) if value != at(self.live, around).get(path[-1])][:12]
        found = self.first("added", path, values)
        for key in members if found is False else ():
            found = self.first("switched", path, values[:4], (*around, key[2:]))
            if found:
                yield found
        if found and found.kind == "added":
            yield found
        if not found:
            self.refused.append(Change("added", path))

    def of_list(self, schema, members, path, live):
        for key, inner in members.items():
            place = (*path, place_of(live, key))
            yield from self.removal(place)
            if key.startswith("k:"):
                yield from self.of(schema["items"], inner, place)
        values = [value[0] for value in self.schema.values({**schema, "type": "array"}, path[-1])][:12]
        found = self.first("added", (*path, "-"), values)
        if found:
            yield found
        else:
            self.refused.append(Change("added", (*path, "-")))

    def of_whole(self, schema, path, live):
        """A scalar, or what is atomic: ours is all of it. Of an empty object nothing is ours but that it is there; apply takes it member by member."""
        if live == {} and schema.get("x-kubernetes-map-type") != "atomic":
            yield from self.of_map(schema, {}, path, live)
            return
        if isinstance(live, (dict, list)):
            yield from self.inside(schema, path, live)
            return
        values = [value for value in [*self.schema.values(schema, path[-1]), f"{live}x", 0] if value != live]
        if isinstance(live, int) and not isinstance(live, bool):
            values = [live + 1, live - 1, *values]
        found = self.first("changed", path, values[:14])
        if found:
            yield found
        else:
            self.refused.append(Change("changed", path))

    def inside(self, schema, path, live):
        schema = self.schema.resolve(schema)
        names = [*schema.get("properties", {}), *([FOREIGN] if "additionalProperties" in schema else [])] if isinstance(live, dict) else ["-"]
        for name in names:
            child = schema.get("properties", {}).get(name, schema.get("additionalProperties")) if isinstance(live, dict) else schema["items"]
            if isinstance(live, dict) and name in live:
                continue
            found = self.first("inserted", (*path, name), list(self.schema.values(child, name if name != "-" else path[-1]))[:12])
            if found:
                yield found
            else:
                self.refused.append(Change("inserted", (*path, name)))
        for name in live if isinstance(live, dict) else range(len(live)):
            child = schema.get("properties", {}).get(name, schema.get("additionalProperties")) if isinstance(live, dict) else schema["items"]
            yield from self.removal((*path, name))
            yield from self.of_whole(self.schema.resolve(child), (*path, name), live[name])
