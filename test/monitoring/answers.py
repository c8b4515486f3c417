#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""The answers to the dashboards' queries, inside the cluster's network; test/monitoring/run calls this."""
import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "bench"))

from measure import PORT, ROOT as CLUSTER, SERVER, TOKEN, Api, Operator, wait_for  # noqa: E402

SPACE, ADDRESS = "shop", "127.0.0.1:9099"
OURS = "/apis/neo4j.neo4j.com/v1alpha1/namespaces/" + SPACE
SCRAPES = 20  # until a rate over five minutes has something to go by


def deployment(api, kind, name, **changes):
    spec = {key: value for key, value in CLUSTER["spec"].items() if kind == "Cluster" or key != "topology"}
    spec |= {"auraFleetManagement": {"enabled": True, "tokenSecretRef": {"name": "token"}}} | changes
    api.call("POST", f"{OURS}/neo4jenterprise{kind.lower()}s", {"apiVersion": CLUSTER["apiVersion"], "kind": f"Neo4jEnterprise{kind}", "metadata": {"name": name}, "spec": spec})


def populate(api):
    """Of each sort that a panel tells of."""
    api.namespace(SPACE, {"admin": {"password": "abcdefgh1"}, "token": {"token": TOKEN}})
    deployment(api, "Cluster", "orders")
    deployment(api, "Cluster", "payments")
    deployment(api, "Standalone", "carts")
    deployment(api, "Standalone", "later", auraFleetManagement={"enabled": True, "tokenSecretRef": {"name": "absent"}})
    deployment(api, "Standalone", "wrong", config={"server.bolt.listen_address": "1.2.3.4"})
    api.call("POST", f"{OURS}/neo4jplugins", {"apiVersion": CLUSTER["apiVersion"], "kind": "Neo4jPlugin", "metadata": {"name": "apoc"}, "spec": {"clusterRef": "orders", "name": "apoc"}})


def settled(api):
    found = {item["metadata"]["name"]: item.get("status", {}) for kind in ("cluster", "standalone") for item in api.items(f"{OURS}/neo4jenterprise{kind}s")}
    registered = {name for name, status in found.items() if status.get("auraFleetManagement", {}).get("registered")}
    return registered == {"orders", "payments", "carts"} and found["wrong"].get("phase") == "Failed" and found["later"].get("phase") == "Ready"


def ask(query):
    with urllib.request.urlopen(f"http://{ADDRESS}/api/v1/query?" + urllib.parse.urlencode({"query": query}), timeout=30) as answer:
        return json.load(answer)["data"]["result"]


def scraped():
    try:
        found = ask("count_over_time(neofleet_fleet_enabled[10m])")
    except OSError:
        return False
    return found and int(found[0]["value"][1]) >= SCRAPES


class Prometheus:
    def __init__(self, program, folder, log):
        config = folder / "prometheus.yml"
        config.write_text(json.dumps({"global": {"scrape_interval": "2s", "evaluation_interval": "5s"}, "rule_files": [str(ROOT / "deploy/monitoring/rules.yaml")],
                                      "scrape_configs": [{"job_name": "neofleet", "honor_labels": True, "static_configs": [{"targets": [f"127.0.0.1:{PORT}"]}]}]}), encoding="utf-8")
        with log.open("w") as out:
            self.process = subprocess.Popen([program, f"--config.file={config}", f"--storage.tsdb.path={folder}/data", f"--web.listen-address={ADDRESS}"], stderr=out)

    def stop(self):
        self.process.terminate()
        self.process.wait()


def shown(result):
    """A series' labels and value, as a reader wants them."""
    labels = ", ".join(f"{key}={value}" for key, value in sorted(result["metric"].items()) if key not in ("__name__", "job", "instance"))
    return f"{float(result['value'][1]):.4g}" + (f" ({labels})" if labels else "")


def table():
    """A row for each query; how many have no answer."""
    empty = []
    for name in ("fleet", "operator"):
        dashboard = json.loads((ROOT / f"deploy/monitoring/{name}.json").read_text(encoding="utf-8"))
        print(f"\n{dashboard['title']}\n\n| Panel | Query | Answer |\n|---|---|---|")
        for panel in dashboard["panels"]:
            for target in panel.get("targets", []):
                found = ask(target["expr"])
                if not found:
                    empty.append(f"{name}: {panel['title']}: {target['expr']}")
                answer = "; ".join(shown(result) for result in found[:6]) + (f"; and {len(found) - 6} more" if len(found) > 6 else "")
                print(f"| {panel['title']} | `{target['expr']}` | {answer or 'none'} |".replace("| none", "| **none**"))
    return empty


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ("program", "standin", "prometheus", "cluster"):
        parser.add_argument(f"--{option}", required=True, type=pathlib.Path)
    args = parser.parse_args()
    args.folder, pki = args.cluster / "log", args.cluster / "pki"
    api = Api(args.cluster)
    with tempfile.TemporaryDirectory() as scratch, (args.folder / "crowd.log").open("w", encoding="utf-8") as log:
        crowd = subprocess.Popen([args.standin, "crowd", f"https://{SERVER}:6443", pki / "ca.crt", pki / "admin.crt", pki / "admin.key"], stderr=log)
        operator = Operator(args)
        prometheus = Prometheus(args.prometheus, pathlib.Path(scratch), args.folder / "prometheus.log")
        try:
            populate(api)
            wait_for("the deployments", 300, lambda: settled(api), 1)
            wait_for("the scrapes", 300, scraped, 1)
            empty = table()
            alerts = ask('ALERTS{alertstate="pending"} or ALERTS{alertstate="firing"}')
        finally:
            prometheus.stop()
            operator.stop()
            crowd.terminate()
            crowd.wait()
    print("\nalerts that wait or fire: " + ("; ".join(sorted(f"{alert['metric']['alertname']} ({alert['metric'].get('name', '')})" for alert in alerts)) or "none"))
    print("\n".join(f"FAILED no answer: {query}" for query in empty) or "ok: each query of the dashboards has an answer")
    return 1 if empty else 0


sys.exit(main())
