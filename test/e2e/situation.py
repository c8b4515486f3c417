# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What people and tools see of a deployment at one moment: kubectl get, describe and wait, and kstatus. Recorded for docs/situations.md."""
import fcntl
import json
import os
import re

from harness import Failure, check, wait_for

# Where the rows are kept: script/e2e --record; without it they are only checked.
FILE = os.environ.get("NEOFLEET_RECORD")
KINDS = {"n4js": "neo4jenterprisestandalones", "n4jc": "neo4jenterpriseclusters"}


def conditions(item):
    return {one["type"]: one for one in (item.get("status") or {}).get("conditions") or []}


def kstatus(item):
    """As sigs.k8s.io/cli-utils/pkg/kstatus/status computes it for a custom resource (core.go: checkGenericProperties, and the condition Ready)."""
    metadata, status, found = item["metadata"], item.get("status") or {}, conditions(item)
    if "deletionTimestamp" in metadata:
        return "Terminating"
    if status.get("observedGeneration", metadata["generation"]) != metadata["generation"]:
        return "InProgress"
    if found.get("Reconciling", {}).get("status") == "True":
        return "InProgress"
    if found.get("Stalled", {}).get("status") == "True":
        return "Failed"
    if "Ready" in found:
        return "Current" if found["Ready"]["status"] == "True" else "InProgress"
    return "Current"


def plain(text, ns):
    """Without what differs from run to run."""
    for pattern, word in ((re.escape(ns.name), "NAMESPACE"), (r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID"),
                          (r"\b\d{1,3}(\.\d{1,3}){3}\b", "ADDRESS"), (r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME"), (r"[0-9a-f]{64}", "DIGEST")):
        text = re.sub(pattern, word, text)
    return text


def keep(table, row):
    """Adds a row to a table of the records, in place of the one of that name."""
    if not FILE:
        return
    with open(FILE, "a+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        kept = json.loads(file.read() or "{}")
        rows = {one["what"]: one for one in kept.get(table, [])} | {row["what"]: row}
        kept[table] = [rows[what] for what in sorted(rows)]
        file.truncate(0)
        file.write(json.dumps(kept, indent=1, ensure_ascii=False, sort_keys=True) + "\n")


def look(ns, kind, name):
    """All views of one moment; None where the object changed meanwhile."""
    item = ns.get(kind, name)
    row = ns.kubectl("get", kind, name, "--no-headers").split()
    waits = ns.kubectl("wait", f"{kind}/{name}", "--for=condition=Ready", "--timeout=0s", ok=False)
    described = ns.kubectl("describe", kind, name)
    if ns.get(kind, name)["metadata"]["resourceVersion"] != item["metadata"]["resourceVersion"]:
        return None
    found, status = conditions(item), item.get("status") or {}
    warnings = sorted({one["reason"] for one in ns.get("events", f"--field-selector=involvedObject.name={name},type=Warning")["items"]
                       if one["involvedObject"]["kind"].startswith("Neo4j")})
    return {"get": " ".join(row[1:3]), "wait": "condition met" in waits, "kstatus": kstatus(item), "described": described,
            "phase": status.get("phase"), "message": status.get("message", ""), "warnings": warnings, "fleet": status.get("auraFleetManagement") or {},
            "reason": found.get("Ready", {}).get("reason"),
            **{kind.lower(): found.get(kind, {}).get("status") == "True" for kind in ("Ready", "Reconciling", "Stalled")}}


def situation(ns, what, name, *parts, kind="n4js", ready=False, person=False, stalled=False, stale=False, fleet=None, limit=420):
    """Waits until a deployment's status has all the parts, and records what is seen of it.

    ready: whether the spec is carried out and all servers serve. person: nothing goes on until somebody acts; the parts hold the cure then, and
    something must draw attention: condition Stalled, or a Warning event. stalled: it is looked at only when it is Stalled. stale: the server serves on by the spec of before, and condition Ready is of that
    generation, as its observedGeneration tells the tools; READY of kubectl get cannot. fleet: parts of the registration's message instead of the status's.
    """
    seen = {}

    def probe():
        view = look(ns, kind, name)
        if not view:
            return None
        seen.clear()
        seen.update(view)
        words = view["fleet"].get("message", "") if fleet else view["message"]
        loud = view["stalled"] if stalled else not person or view["stalled"] or view["warnings"]
        return all(part in words for part in (fleet or parts)) and (stale or view["ready"] is ready) and loud and (not stale or view["kstatus"] != "Current")

    try:
        wait_for(f"{what}: {name} with {fleet or parts}, ready {ready}, person {person}", probe, limit)
    except Failure as failure:
        told = {key: seen[key] for key in seen if key != "described"}
        raise Failure(f"{failure}; seen: {told}") from None
    # Neither a tool nor a person takes for ready what is not.
    check(seen["wait"] is ready, f"{what}: kubectl wait says {seen['wait']}")
    check((seen["kstatus"] == "Current") is ready, f"{what}: kstatus says {seen['kstatus']}")
    check(stale or seen["get"].startswith("True") is ready, f"{what}: kubectl get says {seen['get']}")
    check((seen["phase"] == "Ready") is ready or not ready, f"{what}: phase {seen['phase']}")
    check(" ".join(seen["message"].split()) in " ".join(seen["described"].split()), f"{what}: kubectl describe lacks the message")
    words = seen["fleet"].get("message", "") if fleet else seen["message"]
    keep("situations", {"what": what, "get": seen["get"], "wait": "met" if seen["wait"] else "not met", "kstatus": seen["kstatus"],
                "says": plain(words, ns), "warnings": seen["warnings"], "person": person, "stale": stale, "stalled": seen["stalled"]})
    print(f"       {what}: {seen['get']}, {seen['kstatus']}, {seen['warnings']}: {words}", flush=True)


def every(ns, wanted):
    """All of them (what, name, parts, options): one that is not as it should be hides none of the others."""
    failures = []
    for what, name, parts, options in wanted:
        try:
            situation(ns, what, name, *parts, **options)
        except Failure as failure:
            failures.append(str(failure))
            print(f"       NOT SO: {failure}", flush=True)
    check(not failures, "\n".join(failures))
