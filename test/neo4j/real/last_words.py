#!/usr/bin/env python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Part of test/neo4j/last-words: last_words.py FOLDER VERSION=JARS... Ends real servers in many ways and keeps the ends of what they said."""
import fcntl
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile

ROOT = pathlib.Path(__file__).resolve().parents[3]
KEPT = ROOT / "test/neo4j/last-words.json"
JAVA = os.environ.get("JAVA", "java")
# What a kubelet keeps of a log, where a container says nothing to it when it ends.
TAIL_BYTES, TAIL_LINES = 2048, 80
# What the operator reads of the log where that is only the end of a stack trace.
LOG_BYTES, LOG_LINES = 64 * 1024, 200
LIMIT_S = 600
PLAIN = {"server.memory.heap.initial_size": "160m", "server.memory.heap.max_size": "160m", "server.memory.pagecache.size": "16m",
         "server.bolt.listen_address": "127.0.0.1:17687", "server.http.enabled": "false", "server.directories.plugins": "plugins"}
TLS = {"server.bolt.tls_level": "REQUIRED", "dbms.ssl.policy.bolt.enabled": "true", "dbms.ssl.policy.bolt.base_directory": "tls",
       "dbms.ssl.policy.bolt.private_key": "tls.key", "dbms.ssl.policy.bolt.public_certificate": "tls.crt",
       "dbms.ssl.policy.bolt.client_auth": "NONE"}


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, **options)


def make_key(home, *arguments):
    (home / "tls").mkdir()
    run("openssl", *arguments, "-out", str(home / "tls/tls.key"))
    run("openssl", "req", "-x509", "-key", str(home / "tls/tls.key"), "-subj", "/CN=x", "-days", "3650", "-out", str(home / "tls/tls.crt"))


def no_key(home):
    (home / "tls").mkdir()


def garbage_certificate(home):
    make_key(home, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")
    (home / "tls/tls.crt").write_text("no certificate\n", encoding="utf-8")


def data_is_file(home):
    (home / "data").rmdir()
    (home / "data").write_text("x", encoding="utf-8")


def unwritable(folder):
    def change(home):
        (home / folder).mkdir(exist_ok=True)
        (home / folder).chmod(0o500)
    return change


def bad_jar(home):
    (home / "plugins").mkdir()
    (home / "plugins/apoc.jar").write_bytes(b"no jar")


def started_before(home):
    """A store of the same release, whose files are then damaged."""
    answer = start(home, PLAIN)
    if "Started." not in answer:
        sys.exit(f"the server did not start: {answer[-500:]}")


def damaged_store(home):
    started_before(home)
    for file in (home / "data/databases/system").glob("neostore*"):
        if file.is_file() and file.stat().st_size:
            file.write_bytes(b"\xff" * 64)


def damaged_log(home):
    started_before(home)
    for file in (home / "data/transactions/system").glob("neostore.transaction.db.*"):
        file.write_bytes(b"\xff" * file.stat().st_size)


def lost_log(home):
    started_before(home)
    shutil.rmtree(home / "data/transactions/system")


def plain_rsa(home):
    make_key(home, "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048")


def encrypted_key(home):
    plain_rsa(home)
    run("openssl", "pkcs8", "-topk8", "-passout", "pass:secret", "-in", str(home / "tls/tls.key"), "-out", str(home / "tls/new.key"))
    (home / "tls/new.key").rename(home / "tls/tls.key")


def key_in_certificate(home):
    plain_rsa(home)
    with open(home / "tls/tls.crt", "a", encoding="utf-8") as file:
        file.write((home / "tls/tls.key").read_text(encoding="utf-8"))


def unreadable_key(home):
    plain_rsa(home)
    (home / "tls/tls.key").chmod(0)


def damaged_users(home):
    (home / "data/dbms").mkdir()
    (home / "data/dbms/auth.ini").write_text("neo4j:what:is:this\n", encoding="utf-8")


def databases_is_file(home):
    (home / "data/databases").write_text("x", encoding="utf-8")


def held_store(home):
    """Another server has the folder."""
    write_conf(home, PLAIN)
    (home / "data/databases").mkdir()
    file = open(home / "data/databases/store_lock", "w", encoding="utf-8")
    fcntl.lockf(file, fcntl.LOCK_EX)
    return file


def lost_store(home):
    started_before(home)
    shutil.rmtree(home / "data/databases/system")


def truncated_store(home):
    started_before(home)
    for file in (home / "data/databases/system").glob("neostore*"):
        if file.is_file():
            file.write_bytes(b"")


def later_store(home):
    """A store whose format no release of today knows."""
    started_before(home)
    for file in (home / "data/databases/system").glob("neostore"):
        data = bytearray(file.read_bytes())
        data[:] = data.replace(b"block", b"bl0ck").replace(b"aligned", b"al1gned")
        file.write_bytes(data)


def small_disk(size):
    """A file system of its own below the data folder; it is unmounted with the network of the test."""
    def change(home):
        run("mount", "-t", "tmpfs", "-o", f"size={size}", "small", str(home / "data"))
        return Mounted(home / "data")
    return change


def read_only(home):
    run("mount", "-t", "tmpfs", "-o", "size=64m,ro", "readonly", str(home / "data"))
    return Mounted(home / "data")


class Mounted:
    def __init__(self, folder):
        self.folder = folder

    def close(self):
        run("umount", "-l", str(self.folder))


def jar(*entries):
    def change(home):
        (home / "plugins").mkdir()
        with zipfile.ZipFile(home / "plugins/mine.jar", "w") as file:
            for name, data in entries:
                file.writestr(name, data)
    return change


def folder_as_jar(home):
    (home / "plugins/apoc.jar").mkdir(parents=True)


def bad_apoc(home):
    (home / "conf/apoc.conf").write_text("apoc.no.such=\\uZZ\n", encoding="utf-8")


def unreadable_conf(home):
    """Written again by start(), which keeps the mode."""
    write_conf(home, {})
    (home / "conf/neo4j.conf").chmod(0)


def file_of(name, text):
    def change(home):
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text, encoding="utf-8")
    return change


def other_key(home):
    plain_rsa(home)
    run("openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(home / "tls/tls.key"))


def expired_certificate(home):
    plain_rsa(home)
    run("openssl", "req", "-new", "-key", str(home / "tls/tls.key"), "-subj", "/CN=x", "-out", str(home / "tls/request"))
    run("openssl", "x509", "-req", "-in", str(home / "tls/request"), "-signkey", str(home / "tls/tls.key"), "-days", "-1", "-out", str(home / "tls/tls.crt"))


def empty_key(home):
    plain_rsa(home)
    (home / "tls/tls.key").write_text("", encoding="utf-8")


def half_key(home):
    plain_rsa(home)
    text = (home / "tls/tls.key").read_text(encoding="utf-8")
    (home / "tls/tls.key").write_text(text[:len(text) // 2], encoding="utf-8")


def of_another_owner(home):
    """A volume whose files another user has made."""
    started_before(home)
    for file in (home / "data").rglob("*"):
        os.chown(file, 12345, 12345)
        file.chmod(0o700 if file.is_dir() else 0o600)


def damaged_identity(home):
    started_before(home)
    for file in (home / "data").rglob("server_id"):
        file.write_bytes(b"\xff" * 40)


def after_a_start(change):
    def then(home):
        started_before(home)
        return change(home)
    return then


def unreadable_store(home):
    for file in (home / "data/databases/system").glob("neostore*"):
        file.chmod(0)


def taken(port):
    return lambda home: socket.create_server(("127.0.0.1", port))


def locked(home):
    return socket.create_server(("127.0.0.1", 17687))


# Name, settings, what is done before, and an expression of what a person needs to read; None: the server itself does not say it there.
WAYS = [
    ("unknown setting", {"no.such.setting": "1"}, None, r"no\.such\.setting"),
    ("bad value", {"db.transaction.timeout": "soon"}, None, r"db\.transaction\.timeout|'soon'|Missing numeric"),
    ("bad choice", {"db.logs.query.enabled": "maybe"}, None, r"maybe"),
    ("bad size", {"server.memory.pagecache.size": "512Mi"}, None, r"512Mi"),
    ("below its least", {"dbms.security.auth_minimum_password_length": "0"}, None, r"auth_minimum_password_length"),
    ("page cache beyond memory", {"server.memory.pagecache.size": "4TiB"}, None, r"memory configuration"),
    ("first heap larger than heap", {"server.memory.heap.initial_size": "300m"}, None, r"heap"),
    ("unknown flag of the JVM", {"server.jvm.additional": "-XX:+NoSuchFlag"}, None, r"NoSuchFlag"),
    ("unknown option of the JVM", {"server.jvm.additional": "--no-such-option"}, None, r"no-such-option"),
    ("missing agent", {"server.jvm.additional": "-javaagent:/nonexistent/agent.jar"}, None, r"agent"),
    ("open quote", {"server.jvm.additional": '-Da="b'}, None, r"quote"),
    ("heap beyond addresses", {"server.memory.heap.max_size": "9PiB"}, None, r"heap|Invalid"),
    ("key of parameters", TLS, lambda home: make_key(home, "ecparam", "-name", "prime256v1", "-genkey"), r"EC PARAMETERS|private key"),
    ("key of Ed25519", TLS, lambda home: make_key(home, "genpkey", "-algorithm", "ED25519"), r"[Kk]ey"),
    ("no key", TLS, no_key, r"tls\.key|tls\.crt"),
    ("certificate that is none", TLS, garbage_certificate, r"certificate"),
    ("data is a file", {}, data_is_file, r"data"),
    ("data cannot be written", {}, unwritable("data"), r"data"),
    ("logs cannot be written", {}, unwritable("logs"), None),
    ("plugin that is no jar", {}, bad_jar, r"apoc\.jar|zip"),
    ("port is taken", {}, locked, r"17687|[Aa]ddress already in use"),
    ("damaged store", {}, damaged_store, r"store|Store|system"),
    ("damaged transaction log", {}, damaged_log, None),
    ("lost transaction log", {}, lost_log, r"log"),
    ("bad address", {"server.bolt.listen_address": "a b:7687"}, None, r"a b:7687|listen_address"),
    ("host that is not there", {"server.bolt.listen_address": "no-such-host.invalid:7687"}, None, None),
    ("bad boolean", {"server.http.enabled": "yes"}, None, r"yes"),
    ("bad number", {"server.bolt.thread_pool_max_size": "many"}, None, r"many"),
    ("number out of range", {"server.bolt.thread_pool_max_size": "-1"}, None, r"must be positive"),
    ("bad duration", {"db.transaction.timeout": "10 parsecs"}, None, r"parsecs|db\.transaction\.timeout"),
    ("escape that is none", {"server.directories.import": r"C:\users"}, None, r"uxxxx|encoding|neo4j\.conf"),
    ("unset command", {"server.memory.heap.max_size": "$(printf 200m)"}, None, r"command|heap"),
    ("unknown policy of TLS", {"dbms.ssl.policy.nowhere.enabled": "true"}, None, r"nowhere"),
    ("bad address advertised", {"server.bolt.advertised_address": "a b"}, None, r"a b|advertised"),
    ("port beyond all ports", {"server.bolt.listen_address": "127.0.0.1:99999"}, None, r"99999|port"),
    ("bad level of a log", {"db.logs.query.threshold": "-5"}, None, r"threshold|-5"),
    ("two collectors", {"server.jvm.additional": "-XX:+UseG1GC -XX:+UseZGC"}, None, r"[Cc]onflicting|garbage"),
    ("heap below the JVM's least", {"server.memory.heap.initial_size": "1k", "server.memory.heap.max_size": "1k"}, None, r"heap"),
    ("heap too small to start", {"server.memory.heap.initial_size": "12m", "server.memory.heap.max_size": "12m"}, None, r"[Hh]eap"),
    ("stack below the JVM's least", {"server.jvm.additional": "-Xss1k"}, None, r"stack"),
    ("bad flag's value", {"server.jvm.additional": "-XX:MaxDirectMemorySize=lots"}, None, r"MaxDirectMemorySize"),
    ("heap that the machine has not", {"server.memory.heap.initial_size": "3TiB", "server.memory.heap.max_size": "3TiB"}, None, r"memory|heap"),
    ("transactions beyond the heap", {"dbms.memory.transaction.total.max": "1b"}, None, r"transaction\.total\.max|1b"),
    ("encrypted key", TLS, encrypted_key, r"[Kk]ey|ENCRYPTED|password"),
    ("key in the certificate's file", TLS, key_in_certificate, r"certificate|signed fields"),
    ("key that cannot be read", TLS, unreadable_key, r"tls\.key"),
    ("no authority for clients", {**TLS, "dbms.ssl.policy.bolt.client_auth": "REQUIRE"}, plain_rsa, r"trusted|[Cc]ertificate"),
    ("bad cipher", {**TLS, "dbms.ssl.policy.bolt.ciphers": "NONE_SUCH"}, plain_rsa, r"NONE_SUCH|cipher"),
    ("bad version of TLS", {**TLS, "dbms.ssl.policy.bolt.tls_versions": "TLSv9"}, plain_rsa, r"TLSv9"),
    ("encryption without a policy", {"server.bolt.tls_level": "REQUIRED"}, None, r"ssl|SSL|policy"),
    ("damaged users", {}, damaged_users, r"auth\.ini|[Uu]ser"),
    ("databases is a file", {}, databases_is_file, r"databases"),
    ("folder that another server has", {}, held_store, r"store_lock|lock"),
    ("lost store", {}, lost_store, r"system|store|log"),
    ("empty store", {}, truncated_store, r"system|store"),
    ("store of another format", {}, later_store, r"format|store"),
    ("full disk", {}, small_disk("1m"), r"[Nn]o space left"),
    ("disk that cannot be written", {}, read_only, r"[Rr]ead-only"),
    ("transaction logs cannot be written", {"server.directories.transaction.logs.root": "tx"}, unwritable("tx"), r"tx"),
    ("plugin whose class is damaged", {}, jar(("a/B.class", b"\xca\xfe\xba\xbe broken")), r"class file"),
    ("plugin of a later Java", {}, jar(("a/B.class", b"\xca\xfe\xba\xbe\0\0\0\xff\0\x0a")), r"mine\.jar|B|version"),
    ("folder in a plugin's place", {}, folder_as_jar, r"apoc\.jar"),
    ("missing extension of a plugin", {"server.unmanaged_extension_classes": "com.neo4j.bloom.server=/bloom", "server.http.enabled": "true",
                                       "server.http.listen_address": "127.0.0.1:17474"}, None, r"bloom"),
    ("bad setting of a plugin", {}, bad_apoc, r"apoc"),
    ("log configuration that is no XML", {}, file_of("conf/user-logs.xml", "<Configuration\n"), r"user-logs\.xml|XML|xml"),
    ("log configuration of an unknown appender", {}, file_of("conf/user-logs.xml", '<Configuration><Appenders><Nowhere name="x"/></Appenders>'
                                                             '<Loggers><Root level="INFO"><AppenderRef ref="x"/></Root></Loggers></Configuration>'),
     r"appender"),
    ("log configuration that is missing", {"server.logs.user.config": "conf/nowhere.xml"}, None, r"nowhere\.xml"),
    ("server log configuration that is no XML", {}, file_of("conf/server-logs.xml", "<Configuration\n"), r"server-logs\.xml|XML|xml"),
    ("conf that cannot be read", {}, unreadable_conf, r"neo4j\.conf"),
    ("the same setting twice", {"server.http.enabled ": "true"}, None, r"server\.http\.enabled.*(multiple|twice|more than once)|multiple"),
    ("heap in the words of Kubernetes", {"server.jvm.additional": "-Xmx512Mi"}, None, r"512Mi"),
    ("key of another certificate", TLS, other_key, r"[Kk]ey|match"),
    ("certificate that has expired", TLS, expired_certificate, r"expired|NotAfter"),
    ("empty key", TLS, empty_key, r"tls\.key|private key"),
    ("half a key", TLS, half_key, r"tls\.key|[Kk]ey"),
    ("wrong password of the key", {**TLS, "dbms.ssl.policy.bolt.private_key_password": "another"}, encrypted_key, r"tls\.key|[Pp]assword|[Kk]ey"),
    ("port of HTTP is taken", {"server.http.enabled": "true", "server.http.listen_address": "127.0.0.1:17474"}, taken(17474),
     r"17474|[Aa]ddress already in use"),
    ("one port for two", {"server.http.enabled": "true", "server.http.listen_address": "127.0.0.1:17687"}, None, r"17687|[Aa]ddress already in use"),
    ("port of a debugger is taken", {"server.jvm.additional": "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:15005"}, taken(15005),
     r"transport|[Aa]ddress already in use"),
    ("JMX without a file of passwords", {"server.jvm.additional": "-Dcom.sun.management.jmxremote.port=13637"}, None, r"[Pp]assword file"),
    ("missing agent library", {"server.jvm.additional": "-agentlib:no-such-agent"}, None, r"no-such-agent"),
    ("missing module of the JVM", {"server.jvm.additional": "--add-modules=no.such.module"}, None, r"no\.such\.module"),
    ("log of the JVM in no folder", {"server.jvm.additional": "-Xlog:gc:file=/nonexistent/gc.log"}, None, r"/nonexistent/gc\.log"),
    ("code cache below the JVM's least", {"server.jvm.additional": "-XX:ReservedCodeCacheSize=1k"}, None, r"ReservedCodeCacheSize|code cache"),
    ("direct memory in the words of Kubernetes", {"server.jvm.additional": "-XX:MaxDirectMemorySize=512Mi"}, None, r"MaxDirectMemorySize"),
    ("too few open files", {}, file_of("limits", "ulimit -n 300\n"), r"[Tt]oo many open files"),
    ("too little address space", {}, file_of("limits", "ulimit -v 1500000\n"), r"memory|heap|space"),
    ("files of at most a block", {}, file_of("limits", "ulimit -f 16\n"), r"[Ff]ile too large|size"),
    ("volume of another owner", {}, of_another_owner, r"data.*|Access"),
    ("damaged identity of the server", {}, damaged_identity, r"server_id|identity|[Ii]d"),
    ("store that cannot be read", {}, after_a_start(unreadable_store), r"AccessDenied.*neostore"),
    ("transaction logs that cannot be read", {}, after_a_start(lambda home: (home / "data/transactions/system").chmod(0)), r"transactions|Access"),
    ("databases cannot be written", {}, after_a_start(lambda home: (home / "data/databases").chmod(0o500)), r"databases|Access"),
    ("name of the first database", {"initial.dbms.default_database": "_mine!"}, None, r"_mine!|default_database"),
    ("folder of plugins is a file", {}, file_of("plugins", "x"), r"plugins"),
    ("folder of logs is a file", {}, file_of("logs", "x"), r"logs"),
    ("bad address for all", {"server.default_listen_address": "not an address"}, None, r"not an address|default_listen_address"),
    ("advertised address without a host", {"server.default_advertised_address": ":7687"}, None, r"default_advertised_address|:7687"),
    ("provider of logins that is none", {"dbms.security.authentication_providers": "nowhere"}, None, r"nowhere|authentication_providers"),
    ("bad list", {"dbms.security.procedures.allowlist": ",,"}, None, r"allowlist"),
    ("bad retention of transaction logs", {"db.tx_log.rotation.retention_policy": "two days"}, None, r"two days|retention_policy"),
    ("bad size of a transaction log", {"db.tx_log.rotation.size": "1k"}, None, r"rotation\.size|1k|minimum"),
    ("bad zone", {"db.temporal.timezone": "Mars/Olympus"}, None, r"Mars"),
]


def write_conf(home, settings):
    (home / "conf").mkdir(exist_ok=True)
    text = "".join(f"{name}={value}\n" for name, value in sorted(settings.items()))
    (home / "conf/neo4j.conf").write_text(text, encoding="utf-8")


CLASSPATH = ""


def start(home, settings):
    """What a server says from its start to its end; one that starts is ended."""
    write_conf(home, settings)
    # Root that the modes of files hold for.
    plain_root = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"]
    env = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "NEO4J_HOME": str(home)}
    tool = subprocess.run([*plain_root, JAVA, "-XX:TieredStopAtLevel=1", "-cp", CLASSPATH, f"-Dbasedir={home}",
                           "org.neo4j.server.startup.Neo4jCommand", "console", "--dry-run"], env=env, cwd=home, check=False,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if tool.returncode:
        return tool.stderr + tool.stdout
    with open(home / "log", "w+", encoding="utf-8") as log:
        server = subprocess.Popen([*plain_root, "bash", "-c", f"[ ! -e limits ] || . ./limits; eval exec {tool.stdout.strip()}"], env=env, cwd=home, stdout=log,
                                  stderr=subprocess.STDOUT, start_new_session=True)
        end = time.monotonic() + LIMIT_S
        while server.poll() is None and time.monotonic() < end:
            if "Started." in (home / "log").read_text(encoding="utf-8", errors="replace"):
                server.send_signal(signal.SIGTERM)
                server.wait(LIMIT_S)
            try:
                server.wait(0.3)
            except subprocess.TimeoutExpired:
                continue
        if server.poll() is None:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
            sys.exit(f"the server neither started nor ended within {LIMIT_S} s")
    return tool.stderr + (home / "log").read_text(encoding="utf-8", errors="replace")


def plain(text, home):
    """With the folder's name taken out and times made equal."""
    text = text.replace(str(home), "/var/lib/neo4j").replace(str(pathlib.Path(CLASSPATH.split(":", maxsplit=1)[0]).parent), "/var/lib/neo4j/lib")
    return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}[+]0000", "2026-01-01 00:00:00.000+0000", text)


def last(text, lines):
    return "".join(text.splitlines(keepends=True)[-lines:]).encode()


def kept(text, cause):
    """The text as a kubelet cuts it; and as the API server gives it, where a person does not find the cause in the first."""
    tail = last(text, TAIL_LINES)[-TAIL_BYTES:].decode(errors="ignore")
    if not cause or re.search(cause, tail):
        return {"tail": tail}
    return {"tail": tail, "log": last(text, LOG_LINES)[:LOG_BYTES].decode(errors="ignore")}


def main(folder, versions):
    global CLASSPATH
    # What is kept already stays; a way is run anew when its line is taken out of the file.
    said = json.loads(KEPT.read_text(encoding="utf-8"))
    done = {(end["version"], end["way"]) for end in said}
    for version in versions:
        name, jars = version.split("=")
        CLASSPATH = ":".join(sorted(str(jar) for jar in pathlib.Path(jars).glob("*.jar")))
        for way, settings, prepare, cause in WAYS:
            if (name, way) in done or not re.search(os.environ.get("WAY", ""), way):
                continue
            home = folder / "home"
            home.mkdir()
            for part in ("conf", "data"):
                (home / part).mkdir()
            (home / "import").mkdir()
            held = prepare(home) if prepare else None
            answer = start(home, {**PLAIN, **settings})
            if held:
                held.close()
            ended = "Started." not in answer
            print(f"{name}: {way}: {'ended' if ended else 'STARTED'}", flush=True)
            if ended:
                said.append({"version": name, "way": way, "cause": cause, **kept(plain(answer, home), cause)})
                KEPT.write_text(json.dumps(said, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            run("chmod", "-R", "u+rwX", str(home))
            shutil.rmtree(home)
    print(f"{len(said)} ends are kept in {KEPT.relative_to(ROOT)}")


main(pathlib.Path(sys.argv[1]), sys.argv[2:])
