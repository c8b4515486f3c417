# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""kubectl neofleet cypher: a query through the API server and the kubelet to a real server."""
import json
import os
import pathlib
import subprocess
import tempfile

from harness import ADMIN_SECRET, PASSWORD, ROOT, START_LIMIT, check, wait_for
from scenario import on_real_server
from tls import Certificates, tls_secret

PROGRAM = os.environ.get("NEOFLEET_CLI", str(ROOT / "build/debug/kubectl-neofleet"))
WAY = {"apiGroups": [""], "resources": ["pods/portforward"], "verbs": ["get", "create"]}
SEEING = [{"apiGroups": ["neo4j.neo4j.com"], "resources": ["neo4jenterpriseclusters", "neo4jenterprisestandalones"], "verbs": ["get"]},
          {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]


def ask(ns, *words, kubeconfig=None):
    done = subprocess.run([PROGRAM, "cypher", *words, "-n", ns.name], env=dict(ns.env, KUBECONFIG=kubeconfig or ns.env["KUBECONFIG"]), capture_output=True, text=True, check=False)
    check(PASSWORD not in done.stdout + done.stderr, "the password was printed")
    return done


def kubeconfig_of(ns, folder, name, rules):
    """Of a service account that may do just that."""
    for manifest in ({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}},
                     {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": name}, "rules": rules},
                     {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": {"name": name},
                      "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name}, "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": ns.name}]}):
        ns.apply(json.dumps(manifest))
    config = json.loads(ns.kubectl("config", "view", "--raw", "--flatten", "-o", "json"))
    config["users"] = [{"name": name, "user": {"token": ns.kubectl("create", "token", name).strip()}}]
    for context in config["contexts"]:
        context["context"]["user"] = name
    file = pathlib.Path(folder) / name
    file.write_text(json.dumps(config), encoding="utf-8")
    return str(file)


def check_without_rights(ns, name):
    with tempfile.TemporaryDirectory() as folder:
        done = ask(ns, name, "RETURN 1", kubeconfig=kubeconfig_of(ns, folder, "eva", [*SEEING, WAY]))
        check(done.returncode == 4 and 'cannot get resource "secrets"' in done.stderr and "--credentials" in done.stderr, f"without the Secret: {done.stderr}")
        credentials = pathlib.Path(folder) / "credentials"
        credentials.write_text(f"neo4j/{PASSWORD}\n", encoding="utf-8")
        eva = str(pathlib.Path(folder) / "eva")
        done = ask(ns, name, "RETURN 1 AS one", "-o", "csv", "--credentials", str(credentials), kubeconfig=eva)
        check(done.stdout == "one\n1\n", f"with a file: {done.stdout}{done.stderr}")
        done = ask(ns, name, "RETURN 1", "--credentials", str(credentials), kubeconfig=kubeconfig_of(ns, folder, "adam", SEEING))
        check(done.returncode == 4 and "pods/portforward" in done.stderr, f"without the way: {done.stderr}")


@on_real_server
def test_cypher_command(ns):
    """B9: kubectl neofleet cypher reaches a server that wants TLS through the API server alone, names the right that is missing, and ends when the server does."""
    certificates, name = Certificates(), "asked"
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    certificates.make("own", f"DNS:{name}-client.{ns.name}.svc.cluster.local")
    tls_secret(ns, certificates, "own")
    ns.standalone(name, token=False, tls={"certificateSecret": "cert"}, auraFleetManagement={"enabled": False})
    ns.wait_phase(name, "Ready", START_LIMIT)
    done = ask(ns, name, "UNWIND range(1, $n) AS i RETURN i, 'text ' + i AS text", "--param", "n=20000", "-o", "json")
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    check(done.returncode == 0 and len(rows) == 20000 and rows[-1] == {"i": 20000, "text": "text 20000"}, f"rows: {len(rows)} {done.stderr}")
    done = ask(ns, name, "SHOW DATABASES YIELD name RETURN collect(name) AS names", "-d", "system")
    check("neo4j" in done.stdout and "system" in done.stdout, f"databases: {done.stdout}{done.stderr}")
    done = ask(ns, name, "RETURN 1 +")
    check(done.returncode == 1 and "Neo.ClientError.Statement.SyntaxError" in done.stderr, f"refused: {done.stderr}")
    check_without_rights(ns, name)
    # A server that goes away under a query.
    process = subprocess.Popen([PROGRAM, "cypher", name, "CALL () { UNWIND range(1, 1000000000) AS i RETURN sum(sqrt(i)) AS s } RETURN s", "-n", ns.name],
                               env=ns.env, stderr=subprocess.PIPE, text=True)
    wait_for("the query at the server", lambda: "sqrt" in ask(ns, name, "SHOW TRANSACTIONS YIELD currentQuery WHERE NOT currentQuery STARTS WITH 'SHOW' RETURN currentQuery").stdout, 60)
    ns.kubectl("delete", "pod", f"{name}-0", "--grace-period=0", "--force")
    process.wait(60)
    check(process.returncode == 4 and f"{name}-0: " in process.stderr.read(), "the end of the server is not told")


TESTS = [test_cypher_command]
