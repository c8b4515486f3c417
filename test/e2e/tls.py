# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""TLS for Bolt. Certificates are made with openssl when a test needs them."""
import base64
import json
import pathlib
import tempfile

from harness import ADMIN_SECRET, PASSWORD, START_LIMIT, TOKEN_SECRET, FleetService, check, run, wait_for
from registration import REGISTER, STANDIN, condition, count, wait_condition
from scenario import on_real_server
from standalone import SECRETS, mint, project, registrations

MARK = "neofleet.neo4j.com/certificate"


class Certificates:
    """A folder of keys and certificates."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = pathlib.Path(self.folder.name)

    def text(self, name):
        return (self.path / name).read_text(encoding="utf-8")

    def openssl(self, *args):
        run(["openssl", *args], env={"PATH": "/usr/bin:/bin", "HOME": str(self.path)})

    def make(self, name, names, days=30, issuer=None):
        """name.crt and name.key; names None: an authority."""
        key, request, crt = (str(self.path / f"{name}.{end}") for end in ("key", "csr", "crt"))
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out", key)
        self.openssl("req", "-new", "-key", key, "-subj", f"/CN={name}", "-out", request)
        extensions = self.path / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n" if names else "basicConstraints=critical,CA:TRUE\n", encoding="utf-8")
        by = ["-CA", str(self.path / f"{issuer}.crt"), "-CAkey", str(self.path / f"{issuer}.key")] if issuer else ["-key", key]
        self.openssl("x509", "-req", "-in", request, "-days", str(days), "-extfile", str(extensions), "-out", crt,
                     "-set_serial", str(abs(hash(name)) % 10**9 + 1), *by)
        SECRETS.append("".join(self.text(f"{name}.key").splitlines()[1:-1])[:40])


def tls_secret(ns, certificates, name, key=None, authority=None):
    data = {"tls.crt": certificates.text(f"{name}.crt"), "tls.key": certificates.text(f"{key or name}.key")}
    if authority:
        data["ca.crt"] = certificates.text(f"{authority}.crt")
    encoded = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    ns.apply(json.dumps({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls", "metadata": {"name": "cert"},
                         "data": encoded}))


def mark_of(ns, pod):
    return ((ns.get("pod", pod) or {}).get("metadata", {}).get("annotations") or {}).get(MARK)


def test_tls_problems(ns):
    """B9 A3: a certificate that cannot do is named with its key before anything starts; a good one heals it."""
    certificates, name = Certificates(), "secure"
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("tls-problems"))
    ns.standalone(name, image=STANDIN, tls={"certificateSecret": "cert"})

    def expect(*parts):
        wait_for(f"Pending with {parts}", lambda: ns.status(name).get("phase") == "Pending" and all(
            part in ns.status(name)["message"] for part in parts))
        check(not ns.get("statefulsets")["items"], f"a StatefulSet in spite of {parts}")

    expect("Secret 'cert' not found", "kubernetes.io/tls", "spec.tls")
    certificates.make("good", "DNS:secure-client")
    certificates.make("old", "DNS:secure-client", days=-1)
    certificates.make("stranger", "DNS:graph.example.com")
    certificates.make("authority", None)
    tls_secret(ns, certificates, "good", key="old")
    expect("tls.key", "does not belong to the certificate")
    tls_secret(ns, certificates, "old")
    expect("tls.crt", "expired on")
    tls_secret(ns, certificates, "stranger")
    expect(f"'secure-client.{ns.name}.svc.cluster.local'", "subject alternative names")
    tls_secret(ns, certificates, "good", authority="authority")
    expect("ca.crt", "not issued by it")
    tls_secret(ns, certificates, "good")
    ns.wait_fleet(name, True, limit=START_LIMIT)
    check(count(ns, f"{name}-0", REGISTER) == 1, "not exactly one call")
    check(mark_of(ns, f"{name}-0"), "the pod does not say which certificate it began with")
    # On a server that runs: told, and left as it is.
    first = ns.get("pod", f"{name}-0")["metadata"]["uid"]
    tls_secret(ns, certificates, "stranger")
    wait_condition(ns, name, "CertificateUnusable", "True", "subject alternative names")
    check(ns.status(name)["phase"] == "Ready", f"{ns.status(name)}")
    check(ns.get("pod", f"{name}-0")["metadata"]["uid"] == first, "the pod was replaced for a certificate that cannot do")
    tls_secret(ns, certificates, "good")
    wait_condition(ns, name, "CertificateUnusable", "False")
    check(len(ns.events("CertificateUnusable")) >= 2, "no event")
    check(not condition(ns, name, "CredentialsRefused"), "credentials were refused")


@on_real_server
def test_tls_renewed(ns):
    """B9 D5: on the real server, one's own certificate, then one of an authority: the pod is replaced, nothing is called."""
    certificates, fleet, name = Certificates(), FleetService(), "secure"
    ns.secret(ADMIN_SECRET, password=PASSWORD)
    ns.secret(TOKEN_SECRET, token=mint("tls-1"))
    certificates.make("first", f"DNS:secure-client.{ns.name}.svc.cluster.local")
    tls_secret(ns, certificates, "first")
    ns.standalone(name, tls={"certificateSecret": "cert"})
    ns.wait_fleet(name, True, limit=START_LIMIT)
    first, mark = ns.get("pod", f"{name}-0")["metadata"]["uid"], mark_of(ns, f"{name}-0")
    certificates.make("authority", None)
    certificates.make("second", f"DNS:*.secure-headless.{ns.name}.svc.cluster.local", issuer="authority")
    tls_secret(ns, certificates, "second", authority="authority")
    wait_for("another pod", lambda: mark_of(ns, f"{name}-0") not in (None, mark), 60)
    check(ns.get("pod", f"{name}-0")["metadata"]["uid"] != first, "the annotation of a pod was changed")
    ns.wait_phase(name, "Ready", START_LIMIT)
    check(ns.fleet(name)["registered"] is True, f"{ns.fleet(name)}")
    ns.secret(TOKEN_SECRET, token=mint("tls-2"))
    times = registrations(ns, name)
    ns.status_patch(name, {"auraFleetManagement": {"registered": False}})
    ns.wait_fleet(name, True)
    wait_for("the new token at the service", lambda: fleet.deployments(project("tls-2")))
    # The status is there before the log says so.
    wait_for("the registration in the log", lambda: registrations(ns, name) > times)
    check(registrations(ns, name) == times + 1, "not exactly one registration")


TESTS = [test_tls_problems, test_tls_renewed]
