# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The chart's values: what stands in deploy/chart/values.yaml, what each may be, and the two texts that are made of both.

values.yaml has each value's default and description, TYPES below what it may be. Whatever is named in one of them alone is an error, so neither can be
forgotten. Core types are those of the kinds (deploy/crds/core_types.py), without what only an API server knows.
"""
import json
import pathlib
import re
import sys

DEPLOY = pathlib.Path(__file__).resolve().parents[2] / "deploy"
sys.path.insert(0, str(DEPLOY / "crds"))

import core_types as core  # noqa: E402

VALUE = re.compile(r"^( *)([A-Za-z]\w*):(?: (.+))?$")
NAME = r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$"


def text(pattern=None, **more):
    return {"type": "string"} | ({"pattern": pattern} if pattern else {}) | more


def number(minimum, maximum):
    return {"type": "integer", "minimum": minimum, "maximum": maximum}


def listing(items, **more):
    return {"type": "array", "items": items} | more


def closed(properties, required=()):
    return {"type": "object", "properties": properties, "additionalProperties": False} | ({"required": list(required)} if required else {})


def core_type(node):
    """A node of a CRD's schema as JSON schema: closed, and without its descriptions, which speak of servers."""
    kept = {key: value for key, value in node.items()
            if not key.startswith("x-kubernetes-") and key not in ("description", "format", "maxItems", "maxProperties", "maxLength")}
    if node.get("x-kubernetes-int-or-string"):
        return {"type": ["string", "integer"]}
    if "properties" in node:
        kept["properties"] = {name: core_type(inner) for name, inner in node["properties"].items()}
        kept["additionalProperties"] = False
    elif node.get("type") == "object":
        kept["additionalProperties"] = core_type(node["additionalProperties"])
    if "items" in node:
        kept["items"] = core_type(node["items"])
    return kept


LABELS = {"type": "object", "additionalProperties": text(maxLength=63)}
ANNOTATIONS = {"type": "object", "additionalProperties": text()}
FREE = {"type": "object"}  # an object of Kubernetes that the API server judges
BOOLEAN = {"type": "boolean"}
PORT = number(1, 65535)
SELECTOR = core_type(core.label_selector("pods"))
PEER = closed({"namespaceSelector": SELECTOR, "podSelector": SELECTOR,
               "ipBlock": closed({"cidr": text(), "except": listing(text())}, ["cidr"])})
PORTS = listing(closed({"protocol": text(enum=["TCP", "UDP", "SCTP"]), "port": {"type": ["integer", "string"]}, "endPort": PORT}))

TYPES = {
    "watchNamespaces": listing(text(NAME), uniqueItems=True),
    "crds.enabled": BOOLEAN,
    "crds.keep": BOOLEAN,
    "replicaCount": number(0, 10),
    "image.registry": text(r"^([A-Za-z0-9][A-Za-z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9][a-z0-9._/-]*)?)?$"),
    "image.repository": text(r"^[a-z0-9]+([._/-]+[a-z0-9]+)*$"),
    "image.tag": text(r"^([A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?$"),
    "image.digest": text(r"^(sha256:[a-f0-9]{64})?$"),
    "image.pullPolicy": text(enum=["Always", "IfNotPresent", "Never"]),
    "imagePullSecrets": listing(closed({"name": text(minLength=1)}, ["name"])),
    "nameOverride": text(r"^([a-z]([-a-z0-9]{0,38}[a-z0-9])?)?$"),
    "fullnameOverride": text(r"^([a-z]([-a-z0-9]{0,38}[a-z0-9])?)?$"),
    "commonLabels": LABELS,
    "serviceAccount.create": BOOLEAN,
    "serviceAccount.name": text(r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$", maxLength=253),
    "serviceAccount.annotations": ANNOTATIONS,
    "rbac.create": BOOLEAN,
    "rbac.aggregateClusterRoles": BOOLEAN,
    "provision.enabled": BOOLEAN,
    "provision.url": text(r"^(https?://[^\s]*[^\s/])?$"),
    "logLevel": text(enum=["debug", "info", "warning", "error"]),
    "logFormat": text(enum=["text", "json"]),
    "workers": number(1, 64),
    "extraArgs": listing(text(r"^--")),
    "extraEnv": core_type(core.ENV),
    "volumes": listing(FREE | {"required": ["name"]}),
    "volumeMounts": listing(closed({"name": text(), "mountPath": text(), "subPath": text(), "readOnly": BOOLEAN}, ["name", "mountPath"])),
    "podAnnotations": ANNOTATIONS,
    "podLabels": LABELS,
    "podSecurityContext": core_type(core.POD_SECURITY),
    "securityContext": core_type(core.CONTAINER_SECURITY),
    "resources": core_type(core.RESOURCES),
    "nodeSelector": LABELS,
    "tolerations": core_type(core.TOLERATIONS),
    "affinity": core_type(core.AFFINITY),
    "topologySpreadConstraints": core_type(core.SPREAD),
    "priorityClassName": text(r"^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$", maxLength=253),
    "podDisruptionBudget.enabled": BOOLEAN,
    "podDisruptionBudget.maxUnavailable": {"anyOf": [number(0, 10), text(r"^[0-9]{1,3}%$")]},
    "networkPolicy.enabled": BOOLEAN,
    "networkPolicy.apiServerPorts": listing(PORT, uniqueItems=True, minItems=1),
    "networkPolicy.metricsFrom": listing(PEER),
    "networkPolicy.extraEgress": listing(closed({"to": listing(PEER), "ports": PORTS})),
    "metrics.serviceMonitor.enabled": BOOLEAN,
    "metrics.serviceMonitor.interval": text(r"^[0-9]+(ms|s|m)$"),
    "metrics.serviceMonitor.scrapeTimeout": text(r"^([0-9]+(ms|s|m))?$"),
    "metrics.serviceMonitor.labels": LABELS,
    "metrics.prometheusRule.enabled": BOOLEAN,
    "metrics.prometheusRule.labels": LABELS,
    "metrics.prometheusRule.runbookUrl": text(r"^(https?://[^\s]*[^\s/])?$"),
    "metrics.dashboards.enabled": BOOLEAN,
    "metrics.dashboards.labels": LABELS,
    "metrics.dashboards.annotations": ANNOTATIONS,
    "extraObjects": listing(FREE | {"required": ["apiVersion", "kind", "metadata"]}),
    "plain": BOOLEAN,
}
# What Helm itself gives to a chart that another one depends on.
FROM_PARENTS = {
    "global": FREE | {"description": "Values that a chart shares with those that it depends on; none is read here."},
    "enabled": BOOLEAN | {"description": "Not read here: so that a chart that depends on this one may have the condition neofleet.enabled."},
}


def values():
    """(path, default, description) of each value, in the file's order. The file is a subset of YAML: two spaces a level, defaults on one line."""
    path, comment, found = [], [], []
    for number_, line in enumerate((DEPLOY / "chart/values.yaml").read_text(encoding="utf-8").splitlines(), 1):
        if line.lstrip().startswith("#"):
            comment.append(line.lstrip("# "))
        elif match := VALUE.match(line):
            path = path[:len(match.group(1)) // 2] + [match.group(2)]
            if match.group(3):
                if not comment:
                    sys.exit(f"deploy/chart/values.yaml:{number_}: {'.'.join(path)} has no description above it")
                found.append((".".join(path), match.group(3), " ".join(comment)))
            comment = []
        elif line:
            sys.exit(f"deploy/chart/values.yaml:{number_}: neither a comment nor a value with its default on one line")
        else:
            comment = []
    named = {path for path, _, _ in found}
    if named != set(TYPES):
        sys.exit(f"{sorted(named ^ set(TYPES))}: named in only one of deploy/chart/values.yaml and script/lib/chartschema.py")
    return found


def schema():
    top = closed({}) | {"$schema": "http://json-schema.org/draft-07/schema#", "title": "Values of the chart neofleet"}
    for path, _, description in values():
        node = top
        *folders, name = path.split(".")
        for folder in folders:
            node = node["properties"].setdefault(folder, closed({}))
        node["properties"][name] = TYPES[path] | {"description": description}
    top["properties"] |= FROM_PARENTS
    return json.dumps(top, indent=1) + "\n"


def kind_of(node):
    if "enum" in node:
        return " or ".join(f"`{choice}`" for choice in node["enum"])
    return {"array": "list", "object": "map", "boolean": "true or false", "integer": "number"}.get(node.get("type"), "text")


def table():
    rows = ["| Value | Default | What it is |", "|---|---|---|"]
    for path, default, description in values():
        kind = kind_of(TYPES[path])
        rows.append(f"| `{path}` | `{default}` | {description} ({kind}) |")
    return "\n".join(rows) + "\n"
