#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""E3: the deployed operator was refused nothing, and has used each of its rights: rights.py --log FILE --since TIME [--all].

Reads the API server's audit log and the rights that the operator's account has on the cluster; script/e2e calls it after the scenarios. Without --all
only what was refused counts: some of the scenarios do not take every right.
"""
import argparse
import collections
import json
import pathlib
import re
import subprocess
import sys

NAMESPACE, NAME = "neofleet-system", "neofleet"
ANY = "*"
# Who lacks a right is refused before the call is looked at, or, where a call takes a second one, by a sentence like this. What else
# is forbidden (in a namespace that is on its way out, beyond a quota) is no matter of rights.
CANNOT = re.compile(r'User "[^"]+" cannot ')

Right = collections.namedtuple("Right", "group resource verb namespace name")


def said(right):
    resource = f"{right.resource}.{right.group}" if right.group else right.resource
    return (f"{right.verb} {resource}" + ("" if right.name == ANY else f" '{right.name}'") +
            ("" if right.namespace == ANY else f" in namespace {right.namespace}"))


def granted(objects):
    """Every right that roles and bindings give to the operator's account by its name."""
    roles = {(item["kind"], item["metadata"].get("namespace"), item["metadata"]["name"]): item.get("rules") or []
             for item in objects if item["kind"] in ("Role", "ClusterRole")}
    account = {"kind": "ServiceAccount", "namespace": NAMESPACE, "name": NAME}
    found = set()
    for binding in objects:
        if binding["kind"] not in ("RoleBinding", "ClusterRoleBinding") or account not in (binding.get("subjects") or []):
            continue
        reference, namespace = binding["roleRef"], binding["metadata"].get("namespace")
        rules = roles[(reference["kind"], namespace if reference["kind"] == "Role" else None, reference["name"])]
        found |= {Right(group, resource, verb, namespace or ANY, name) for rule in rules for group in rule.get("apiGroups", [""])
                  for resource in rule.get("resources", rule.get("nonResourceURLs")) for verb in rule["verbs"]
                  for name in rule.get("resourceNames", [ANY])}
    return found


def calls(lines, since):
    """What the operator asked for from then on: (right, whether it was refused)."""
    account = f"system:serviceaccount:{NAMESPACE}:{NAME}"
    for line in lines:
        event = json.loads(line)
        if event["user"]["username"] != account or event["requestReceivedTimestamp"] < since:
            continue
        what, answer = event.get("objectRef") or {"resource": event["requestURI"]}, event.get("responseStatus") or {}
        resource = what["resource"] + (f"/{what['subresource']}" if "subresource" in what else "")
        refused = answer.get("code") == 403 and bool(
            event.get("annotations", {}).get("authorization.k8s.io/decision") == "forbid" or CANNOT.search(answer.get("message", "")))
        # An apply that makes the object takes both rights.
        for verb in (event["verb"], "create") if event["verb"] == "patch" and answer.get("code") == 201 else (event["verb"],):
            yield Right(what.get("apiGroup", ""), resource, verb, what.get("namespace", ANY), what.get("name", ANY)), refused


def covers(right, call):
    # What is created may have no name in the call.
    return (right[:3] == call[:3] and right.namespace in (ANY, call.namespace) and
            (right.name in (ANY, call.name) or call.verb == "create" and call.name == ANY))


def judge(rights, made, is_all):
    """The complaints; made: what calls() gives."""
    made = collections.Counter(made)
    if not made:
        return ["no call of the operator is in the log"]
    refused = collections.Counter()
    for (call, was_refused), times in made.items():
        if was_refused:
            refused[call._replace(namespace=ANY, name=ANY)] += times
    complaints = [f"refused, {times} times: {said(call)}" for call, times in sorted(refused.items())]
    if is_all:
        done = [call for call, was_refused in made if not was_refused]
        complaints += [f"granted and never used: {said(right)}" for right in sorted(rights)
                       if not any(covers(right, call) for call in done)]
    return complaints


def lines_of(log):
    """The log's, those of what was rotated away first."""
    for file in [*sorted(log.parent.glob(f"{log.stem}-*{log.suffix}")), log]:
        with file.open(encoding="utf-8") as lines:
            # The last one may still be under way.
            yield from (line for line in lines if line.endswith("\n"))


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--log", type=pathlib.Path, required=True)
    options.add_argument("--since", required=True, help="calls that came before are another run's; RFC 3339 with microseconds, UTC")
    options.add_argument("--all", action="store_true", help="each right must have been used")
    arguments = options.parse_args()
    if not arguments.log.exists():
        sys.exit(f"{arguments.log} is not there: the cluster was started by an earlier version; take it down and up again")
    objects = json.loads(subprocess.run(["kubectl", "get", "roles,rolebindings,clusterroles,clusterrolebindings", "-A", "-o", "json"],
                                        check=True, capture_output=True, text=True).stdout)["items"]
    rights, made = granted(objects), list(calls(lines_of(arguments.log), arguments.since))
    complaints = judge(rights, made, arguments.all)
    if not rights:
        complaints.append("the operator's account has no rights: is it deployed?")
    for text in complaints:
        print(f"FAILED rights: {text}")
    if not complaints:
        print(f"ok     rights: {len(made)} calls, none refused" + (f"; each of {len(rights)} rights used" if arguments.all else ""))
    return 1 if complaints else 0


if __name__ == "__main__":
    sys.exit(main())
