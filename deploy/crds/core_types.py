# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Makers of schema nodes, and the core types of Kubernetes that a deployment's spec passes on.

Source of the fields: Kubernetes API reference, core/v1. The wording is ours.
"""

NAME = dict(max_length=253)
LABEL = dict(max_length=317)


def string(description, min_length=None, max_length=None, pattern=None, enum=None, format=None, rules=None):
    node = {"type": "string", "description": description}
    if enum:
        node["enum"] = enum
    for key, value in (("format", format), ("minLength", min_length), ("maxLength", max_length), ("pattern", pattern),
                       ("x-kubernetes-validations", rules)):
        if value is not None:
            node[key] = value
    return node


def boolean(description):
    return {"type": "boolean", "description": description}


def integer(description, minimum=None, maximum=None, format="int32"):
    node = {"type": "integer", "format": format, "description": description}
    if minimum is not None:
        node["minimum"] = minimum
    if maximum is not None:
        node["maximum"] = maximum
    return node


def array(description, items, max_items, kind="atomic", keys=None):
    node = {"type": "array", "description": description, "maxItems": max_items, "x-kubernetes-list-type": kind}
    if keys:
        node["x-kubernetes-list-map-keys"] = keys
    node["items"] = items
    return node


def mapping(description, values, max_properties):
    return {"type": "object", "description": description, "maxProperties": max_properties,
            "additionalProperties": values}


def obj(description, properties, required=None, rules=None):
    node = {"type": "object", "description": description}
    if required:
        node["required"] = required
    if rules:
        node["x-kubernetes-validations"] = rules
    node["properties"] = properties
    return node


def quantity(description):
    return {"description": description, "anyOf": [{"type": "integer"}, {"type": "string"}],
            "x-kubernetes-int-or-string": True, "maxLength": 40,
            "pattern": r"^[+-]?([0-9]+|[0-9]+\.[0-9]*|\.[0-9]+)(([KMGTPE]i)|[numkMGTPE]|([eE][+-]?[0-9]+))?$"}


RESOURCES = obj("Processor time and memory of each server. Heap and page cache follow limits.memory.", {
    "limits": mapping("The most that a server may use.", quantity("An amount, such as 4Gi or 500m."), 32),
    "requests": mapping("What the scheduler sets aside for a server.", quantity("An amount, such as 4Gi or 500m."), 32),
})


def key_ref(what):
    return obj(f"A key of a {what} of this namespace.", {
        "name": string(f"Name of the {what}.", **NAME),
        "key": string("The key.", **NAME),
        "optional": boolean("Whether the variable may stay unset when it does not exist."),
    }, required=["key", "name"])


ENV = array(
    "Environment variables of the servers. NEO4J_<setting> counts as a setting and is folded into neo4j.conf; the entries of "
    "NEO4J_PLUGINS are joined with those of others.",
    obj("A variable.", {
        "name": string("Name of the variable.", min_length=1, max_length=256, pattern=r"^[-._a-zA-Z][-._a-zA-Z0-9]*$"),
        "value": string("Its value; $(NAME) is replaced by another variable.", max_length=32768),
        "valueFrom": obj("Where its value comes from.", {
            "configMapKeyRef": key_ref("ConfigMap"),
            "secretKeyRef": key_ref("Secret"),
            "fieldRef": obj("A field of the pod.", {
                "apiVersion": string("Version that the path is written in.", max_length=64),
                "fieldPath": string("Path of the field, such as metadata.name.", max_length=256),
            }, required=["fieldPath"]),
            "resourceFieldRef": obj("A request or a limit of the container.", {
                "containerName": string("Name of the container.", max_length=63),
                "resource": string("The resource, such as limits.memory.", max_length=253),
                "divisor": quantity("The unit that it is told in."),
            }, required=["resource"]),
        }),
    }, required=["name"], rules=[
        {"rule": "!(has(self.value) && self.value != '' && has(self.valueFrom))",
         "message": "value and valueFrom exclude each other"},
    ]), 256, kind="map", keys=["name"])

TOLERATIONS = array("Taints of nodes that the servers bear.", obj("A taint, or a set of them.", {
    "key": string("The taint's key; all keys when left out.", **LABEL),
    "operator": string("How key and value are compared. Default: Equal.", enum=["Exists", "Equal", "Lt", "Gt"]),
    "value": string("The taint's value.", max_length=63),
    "effect": string("The taint's effect; all effects when left out.", enum=["NoSchedule", "PreferNoSchedule", "NoExecute"]),
    "tolerationSeconds": integer("How long NoExecute is borne; for ever when left out.", None, None, "int64"),
}), 64)


def requirements(what, operators):
    return array(f"Conditions on {what}, all of which must hold.", obj("A condition.", {
        "key": string("Name of the label or field.", **LABEL),
        "operator": string("How the values are compared.", enum=operators),
        "values": array("The values.", string("A value.", max_length=253), 64),
    }, required=["key", "operator"]), 32)


def label_selector(what):
    return obj(f"Which {what} are meant, by their labels.", {
        "matchLabels": mapping("Labels that must be there with these values.", string("A label's value.", max_length=63), 32),
        "matchExpressions": requirements("labels", ["In", "NotIn", "Exists", "DoesNotExist"]),
    })


def label_keys(description):
    return array(description, string("A label's name.", **LABEL), 16)


def node_term():
    operators = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"]
    return obj("Conditions on a node.", {
        "matchExpressions": requirements("the node's labels", operators),
        "matchFields": requirements("the node's fields", operators),
    })


def weight():
    return integer("How much it counts, from 1 to 100.", 1, 100)


def pod_term():
    return obj("Which pods, and what counts as one place.", {
        "labelSelector": label_selector("pods"),
        "matchLabelKeys": label_keys("Labels of the new pod whose values the pods must share."),
        "mismatchLabelKeys": label_keys("Labels of the new pod whose values the pods must not share."),
        "namespaceSelector": label_selector("namespaces"),
        "namespaces": array("Namespaces by name.", string("Name of a namespace.", max_length=63), 32),
        "topologyKey": string("Label of nodes whose value names a place, such as kubernetes.io/hostname.", **LABEL),
    }, required=["topologyKey"])


def pod_affinity(near):
    return obj(f"Pods that the servers are to be {near}.", {
        "preferredDuringSchedulingIgnoredDuringExecution": array(
            "Wishes, by weight.", obj("A wish.", {"weight": weight(), "podAffinityTerm": pod_term()},
                                      required=["podAffinityTerm", "weight"]), 32),
        "requiredDuringSchedulingIgnoredDuringExecution": array("Demands, all of which must hold.", pod_term(), 32),
    })


AFFINITY = obj("Where the servers are placed. Left out, servers of a cluster keep apart where they can.", {
    "nodeAffinity": obj("Nodes that the servers are to be on.", {
        "preferredDuringSchedulingIgnoredDuringExecution": array(
            "Wishes, by weight.", obj("A wish.", {"weight": weight(), "preference": node_term()},
                                      required=["preference", "weight"]), 32),
        "requiredDuringSchedulingIgnoredDuringExecution": obj("Demands.", {
            "nodeSelectorTerms": array("Sets of conditions, one of which must hold.", node_term(), 32),
        }, required=["nodeSelectorTerms"]),
    }),
    "podAffinity": pod_affinity("near"),
    "podAntiAffinity": pod_affinity("apart from"),
})

SPREAD = array("How evenly the servers are spread over places.", obj("A rule of spreading.", {
    "maxSkew": integer("How many more servers one place may have than another.", 1),
    "topologyKey": string("Label of nodes whose value names a place.", **LABEL),
    "whenUnsatisfiable": string("What happens to a pod that cannot keep the rule.", enum=["DoNotSchedule", "ScheduleAnyway"]),
    "labelSelector": label_selector("pods (left out: the servers of this deployment)"),
    "minDomains": integer("The fewest places to count with.", 1),
    "matchLabelKeys": label_keys("Labels of the new pod whose values the counted pods must share."),
    "nodeAffinityPolicy": string("Whether nodeSelector and affinity narrow the nodes that count.", enum=["Honor", "Ignore"]),
    "nodeTaintsPolicy": string("Whether taints narrow the nodes that count.", enum=["Honor", "Ignore"]),
}, required=["maxSkew", "topologyKey", "whenUnsatisfiable"]), 16, kind="map", keys=["topologyKey", "whenUnsatisfiable"])


def profile(what):
    return obj(f"The {what} profile.", {
        "type": string("Which kind of profile.", enum=["Localhost", "RuntimeDefault", "Unconfined"]),
        "localhostProfile": string("The node's profile, for type Localhost.", max_length=1024),
    }, required=["type"])


def unset(node):
    """null stays in the object, and takes the operator's own away."""
    return node | {"nullable": True}


def ids():
    top = 2**31 - 1
    return {
        "runAsUser": unset(integer("User that the process runs as; null leaves it to the platform.", 0, top, "int64")),
        "runAsGroup": unset(integer("Group that the process runs as; null leaves it to the platform.", 0, top, "int64")),
        "runAsNonRoot": boolean("Whether a process of user 0 is refused."),
        "seLinuxOptions": obj("The SELinux context.", {
            part: string(f"The {part} of the context.", max_length=253) for part in ("user", "role", "type", "level")
        }),
        "seccompProfile": profile("seccomp"),
        "appArmorProfile": profile("AppArmor"),
    }


POD_SECURITY = obj("Security settings of the pod.", ids() | {
    "fsGroup": unset(integer("Group that owns the volumes; null leaves it to the platform.", 0, 2**31 - 1, "int64")),
    "fsGroupChangePolicy": string("When the volumes' files are given to the group.", enum=["Always", "OnRootMismatch"]),
    "supplementalGroups": array("Further groups of the process.", integer("A group.", 0, 2**31 - 1, "int64"), 32),
    "supplementalGroupsPolicy": string("How further groups are put together.", enum=["Merge", "Strict"]),
    "seLinuxChangePolicy": string("How volumes get the SELinux label.", enum=["Recursive", "MountOption"]),
    "sysctls": array("Kernel settings of the pod.", obj("A kernel setting.", {
        "name": string("Its name.", **NAME),
        "value": string("Its value.", max_length=1024),
    }, required=["name", "value"]), 32),
})

CONTAINER_SECURITY = obj("Security settings of the container.", ids() | {
    "allowPrivilegeEscalation": boolean("Whether a process may gain rights beyond its parent's."),
    "privileged": boolean("Whether the container has the rights of the node's root."),
    "readOnlyRootFilesystem": boolean("Whether the image's files cannot be written. The image's start-up writes its "
                                      "configuration, so it needs them writable."),
    "procMount": string("How /proc is mounted.", enum=["Default", "Unmasked"]),
    "capabilities": obj("Capabilities of the process.", {
        "add": array("Capabilities to add.", string("A capability.", max_length=64), 64),
        "drop": array("Capabilities to take away.", string("A capability.", max_length=64), 64),
    }),
})
