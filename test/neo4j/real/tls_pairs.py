#!/usr/bin/env python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Part of test/neo4j/tls-pairs: tls_pairs.py make FOLDER | keep FOLDER VERSION... Makes keys and certificates as openssl and cert-manager do,
and keeps them with what each version said (FOLDER/VERSION)."""
import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[3]
KEPT = ROOT / "test/neo4j/tls-pairs.json"
DAYS = "36500"


def openssl(*arguments, text=None):
    return subprocess.run(["openssl", *arguments], check=True, capture_output=True, text=True, input=text).stdout


def key(algorithm, *options):
    return openssl("genpkey", "-algorithm", algorithm, *(part for option in options for part in ("-pkeyopt", option)))


def curve(name):
    return key("EC", f"ec_paramgen_curve:{name}")


def certificate(pem):
    return openssl("req", "-x509", "-key", "/dev/stdin", "-subj", "/CN=x", "-addext", "subjectAltName=DNS:x", "-days", DAYS, text=pem)


def pairs():
    rsa, ec = key("RSA", "rsa_keygen_bits:2048"), curve("P-256")
    crt, parameters = certificate(rsa), openssl("ecparam", "-name", "prime256v1")
    made = {"RSA": rsa, "RSA in PKCS#1": openssl("rsa", "-traditional", text=rsa), "RSA of 1024 bits": key("RSA", "rsa_keygen_bits:1024"),
            "RSA-PSS": key("RSA-PSS", "rsa_keygen_bits:2048"), "EC on P-224": curve("P-224"), "EC on P-256": ec, "EC on P-384": curve("P-384"),
            "EC on P-521": curve("P-521"), "EC on secp256k1": curve("secp256k1"), "EC on brainpoolP256r1": curve("brainpoolP256r1"),
            "EC in SEC1": openssl("ec", text=ec), "EC with parameters before it": parameters + openssl("ec", text=ec), "Ed25519": key("ED25519"),
            "Ed448": key("ED448"), "DSA": openssl("genpkey", "-paramfile", "/dev/stdin", text=openssl("dsaparam", "2048"))}
    found = {name: (pem, certificate(pem)) for name, pem in made.items()}
    found |= {
        "key with a password": (openssl("pkcs8", "-topk8", "-passout", "pass:x", text=rsa), crt),
        "text before the key": ("a remark\n" + rsa, crt),
        "certificate before the key": (crt + rsa, crt),
        "certificate behind the key": (rsa + crt, crt),
        "no key": ("nothing\n", crt),
        "key behind the certificate": (rsa, crt + rsa),
        "key before the certificate": (rsa, rsa + crt),
        "parameters before the certificate": (rsa, parameters + crt),
        "text before the certificate": (rsa, "a remark\n" + crt),
        "text behind the certificate": (rsa, crt + "a remark\n"),
        "empty lines around the certificate": (rsa, "\n\n" + crt + "\n\n"),
        "lines that end as on Windows": (rsa.replace("\n", "\r\n"), crt.replace("\n", "\r\n")),
        "two certificates": (rsa, crt + certificate(ec)),
        "certificate called X509": (rsa, crt.replace("CERTIFICATE", "X509 CERTIFICATE")),
        "certificate called TRUSTED": (rsa, openssl("x509", "-trustout", text=crt)),
        "no certificate": (rsa, "nothing\n"),
    }
    return found


def make(folder):
    for name, (pem, crt) in pairs().items():
        (folder / f"{name}.key").write_text(pem, encoding="utf-8", newline="")
        (folder / f"{name}.crt").write_text(crt, encoding="utf-8", newline="")


def keep(folder, versions):
    said = {version: dict(line.split("\t") for line in (folder / version).read_text(encoding="utf-8").splitlines()) for version in versions}
    kept = []
    for file in sorted(folder.glob("*.key")):
        texts = [(folder / f"{file.stem}{end}").read_bytes().decode() for end in (".key", ".crt")]
        kept.append({"name": file.stem, "verdicts": {version: said[version][file.stem] for version in versions}, "key": texts[0], "crt": texts[1]})
    KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
    print(f"{len(kept)} pairs are kept in {KEPT.relative_to(ROOT)}")


if sys.argv[1] == "make":
    make(pathlib.Path(sys.argv[2]))
else:
    keep(pathlib.Path(sys.argv[2]), sys.argv[3:])
