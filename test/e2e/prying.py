# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What can be read from inside of a server's pod: by a user of Neo4j through LOAD CSV, and by the server's own process."""
import base64
import json

from harness import ADMIN_SECRET, START_LIMIT, check, run, wait_for
from scenario import Group, on_own_kernel
from standalone import SECRETS
from tls import Certificates, tls_secret

# Each part has a place where a shell, an argument file or a locale would spoil it.
PASSWORD = "@@first \"pass\\\\word\" #1 -é😀/true"
SECOND = "another-password-11"
READER = "a-reader-password"
TAGS = ("5.26.12", "2025.12.1", "2026.05.0")

URLS = [
    "file:///proc/self/environ", "file:/proc/1/environ", "file:///proc/1/cmdline", "file:///../../../proc/self/environ",
    "file:///%2e%2e/%2e%2e/%2e%2e/proc/self/environ", "file:////proc/self/environ", "file://localhost/proc/self/environ",
    "file:///tls/tls.key", "file:///conf/neo4j.conf", "file:///var/lib/neo4j/conf/neo4j.conf", "file:///../conf/neo4j.conf",
    "file:///data/dbms/auth.ini", "file:///data/server_id", "file:///etc/passwd", "file:///neofleet-admin/password",
    "file:///neofleet-scratch/arguments", "file:///dev/shm/arguments", "jar:file:///var/lib/neo4j/lib/x.jar!/x",
]

# The arguments of the server, and which jars of a kernel it has open.
LOADED = r"""
for process in /proc/[0-9]*; do
	[ "$(cat "$process/comm" 2>/dev/null)" = java ] || continue
	tr '\0' '\n' <"$process/cmdline" | grep -v '\.jar:'
	readlink "$process"/fd/* | grep '/neo4j-kernel-[0-9]'
done
"""

# Prints the name of each file that holds the text on standard input, of those that the server's user can read.
SEARCH = r"""
IFS= read -r -d '' text
printf '%s' "$text" >/dev/shm/text
for file in /proc/[0-9]*/environ /proc/[0-9]*/cmdline; do
	[ "${file#/proc/$$/}" = "$file" ] || continue
	if grep -qaF -f /dev/shm/text "$file" 2>/dev/null; then echo "$file"; fi
done
find / \( -path /proc -o -path /sys -o -path /dev/shm/text \) -prune -o -type f -print0 2>/dev/null |
	xargs -0 grep -laF -f /dev/shm/text 2>/dev/null || true
rm /dev/shm/text
"""


def named(tag):
    return "pry-" + tag.replace(".", "-")


@on_own_kernel
def given_prying(ns):
    """A standalone of each family, with the kernel of that very release, with TLS, a password of every sort, and nothing in spec.config."""
    certificates = Certificates()
    certificates.make("server", ",".join(f"DNS:{named(tag)}-client" for tag in TAGS))
    SECRETS.extend([PASSWORD, SECOND, READER])
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    tls_secret(ns, certificates, "server")
    for tag in TAGS:
        ns.standalone(named(tag), tag=f"{tag}-enterprise", token=False, tls={"certificateSecret": "cert"})
    return certificates


def ask(ns, name, query, user="neo4j", password=PASSWORD, database="neo4j"):
    """The exit status and what the shell inside the pod said; the password goes by the environment."""
    script = 'IFS= read -r -d "" NEO4J_PASSWORD; export NEO4J_PASSWORD LC_ALL=C.UTF-8; exec cypher-shell -a bolt+ssc://127.0.0.1 "$@"'
    done = run(["kubectl", "exec", "-i", f"{name}-0", "-c", "neo4j", "--", "bash", "-c", script, "shell", "-u", user, "-d", database,
                "--format", "plain", query], data=password + "\0", ok=False, env=ns.env)
    return done.returncode, done.stdout + done.stderr


def is_itself(ns, name, tag):
    """The server tells the tag's version, its arguments do not tell it which, and the kernel that it has loaded is of that version."""
    status, said = ask(ns, name, "CALL dbms.components() YIELD name, versions RETURN name, versions")
    print(f"       {name}: {' '.join(said.split())}", flush=True)
    check(status == 0 and f'"{tag}"' in said, f"{tag}: the server says: {said}")
    server = run(["kubectl", "exec", f"{name}-0", "-c", "neo4j", "--", "bash", "-c", LOADED], env=ns.env).stdout
    check("custom.version" not in server, f"{tag}: the server was told its version")
    check(f"/neo4j-kernel-{tag}.jar\n" in server, f"{tag}: the kernel is {server[-500:]}")


def cannot_read(ns, name):
    """None of the URLs gives a line of a file; LOAD CSV itself works, from the folder that is meant for it."""
    status, said = ask(ns, name, f"CREATE USER reader SET PASSWORD '{READER}' CHANGE NOT REQUIRED", database="system")
    check(status == 0, f"the user was not made: {said}")
    for url in URLS:
        status, said = ask(ns, name, f"LOAD CSV FROM '{url}' AS line FIELDTERMINATOR '|' RETURN line", "reader", READER)
        check(status != 0, f"{url} was read: {said[:300]}")
        check("PRIVATE" not in said and "NEO4J_" not in said, f"{url}: {said[:300]}")
    ns.kubectl("exec", f"{name}-0", "-c", "neo4j", "--", "bash", "-c", "echo 17,4 >/var/lib/neo4j/import/x.csv")
    status, said = ask(ns, name, "LOAD CSV FROM 'file:///x.csv' AS line RETURN line[0]", "reader", READER)
    check(status == 0 and "17" in said, f"the import folder cannot be read: {said}")


def holds_no_password(ns, name):
    """Byte for byte: the environment and arguments of every process, and every file that the server's user can read."""
    for text in (PASSWORD, base64.b64encode(PASSWORD.encode()).decode(), PASSWORD.replace("\\", "\\\\").replace('"', '\\"')):
        found = run(["kubectl", "exec", "-i", f"{name}-0", "-c", "neo4j", "--", "bash", "-c", SEARCH], data=text + "\0",
                    env=ns.env).stdout.split()
        check(not found, f"the password is in {found}")
    # The search finds what is there.
    found = run(["kubectl", "exec", "-i", f"{name}-0", "-c", "neo4j", "--", "bash", "-c", SEARCH],
                data="server.directories.import=import\0", env=ns.env).stdout.split()
    check("/conf/neo4j.conf" in [place.replace("..data/", "") for place in found] or any("/conf/" in place for place in found),
          f"the search finds nothing: {found}")
    pod = json.dumps(ns.get("pod", f"{name}-0")["spec"])
    check(PASSWORD not in pod and json.dumps(PASSWORD)[1:-1] not in pod, "the password is in the pod's spec")
    server = ns.get("pod", f"{name}-0")["spec"]["containers"][0]
    check("secretKeyRef" not in json.dumps(server), f"{server['env']}")


def tag_scenario(tag):
    def scenario(ns, _):
        """B4 B5 D8: a user reads no file of the pod, and nothing that the server's process can read holds the password."""
        name = named(tag)
        ns.wait_phase(name, "Ready")
        status, said = ask(ns, name, "RETURN 'as it is'")
        check(status == 0 and "as it is" in said, f"the password is not what the Secret says: {said}")
        is_itself(ns, name, tag)
        cannot_read(ns, name)
        holds_no_password(ns, name)

    scenario.__name__ = "test_prying_" + tag.replace(".", "_")
    return scenario


def test_prying_kept_volume(ns, _):
    """B5: a pod that is made again on its volume keeps the password that it has, whatever the Secret says by now, or without any."""
    name = named(TAGS[0])
    ns.wait_phase(name, "Ready")
    ns.replace_secret(ADMIN_SECRET, password=SECOND)
    replace_pod(ns, name)
    status, said = ask(ns, name, "RETURN 'kept'")
    check(status == 0 and "kept" in said, f"the password has changed: {said}")
    check(ask(ns, name, "RETURN 1", password=SECOND)[0] != 0, "the Secret's new password was set on a kept volume")
    ns.kubectl("delete", "secret", ADMIN_SECRET)
    replace_pod(ns, name)
    check(ask(ns, name, "RETURN 1")[0] == 0, "a pod with its users does not start without the Secret")
    ns.secret(ADMIN_SECRET, password=PASSWORD)


def replace_pod(ns, name):
    first = ns.get("pod", f"{name}-0")["metadata"]["uid"]
    ns.kubectl("delete", "pod", f"{name}-0", "--wait=false")

    def is_back():
        pod = ns.get("pod", f"{name}-0") or {}
        return pod.get("metadata", {}).get("uid") not in (None, first) and any(
            c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))

    wait_for("the pod made again", is_back, START_LIMIT)


def test_password_that_init_refuses(ns):
    """B5 A3: a password that is shorter than the setting asks for is refused before any pod starts, with the setting's name."""
    ns.secret(ADMIN_SECRET, password="eleven-char")
    ns.standalone("short", token=False, config={"dbms.security.auth_minimum_password_length": "14"})
    wait_for("the password refused", lambda: "shorter than 14 characters" in ns.status("short").get("message", ""))
    check("dbms.security.auth_minimum_password_length" in ns.status("short")["message"], f"{ns.status('short')}")
    check(not ns.get("statefulsets")["items"], "a StatefulSet was made")


TESTS = [Group(given_prying, *[tag_scenario(tag) for tag in TAGS], test_prying_kept_volume), test_password_that_init_refuses]
