#!/usr/bin/env python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Writes a docker-archive of one layer: mkimage.py --out FILE.tar --tag NAME --rootfs DIR_OR_TAR [...]

The same input gives the same bytes: times are zero, names are sorted."""
import argparse
import hashlib
import io
import json
import os
import tarfile
import tempfile


def layer_from_folder(folder, out):
    def plain(info):
        info.mtime = 0
        info.uname = info.gname = ""
        return info

    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(os.listdir(folder)):
            tar.add(os.path.join(folder, name), arcname=name, filter=plain)


def copy_hashed(source, out):
    digest = hashlib.sha256()
    while chunk := source.read(1 << 20):
        digest.update(chunk)
        out.write(chunk)
    return digest.hexdigest()


def write_layer(rootfs, out):
    """Writes the layer's tar to out and returns its digest."""
    if os.path.isdir(rootfs):
        layer_from_folder(rootfs, out)
        out.seek(0)
        digest = hashlib.sha256()
        while chunk := out.read(1 << 20):
            digest.update(chunk)
        return digest.hexdigest()
    with open(rootfs, "rb") as source:
        return copy_hashed(source, out)


def add_bytes(tar, name, data):
    info = tarfile.TarInfo(name)
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    parser.add_argument("--tag", action="append", required=True)
    parser.add_argument("--rootfs", required=True)
    parser.add_argument("--entrypoint", type=json.loads, default=[])
    parser.add_argument("--cmd", type=json.loads, default=[])
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("--user", default="")
    parser.add_argument("--workdir", default="/")
    parser.add_argument("--exposed", action="append", default=[])
    args = parser.parse_args()
    with tempfile.TemporaryFile(dir=os.path.dirname(os.path.abspath(args.out))) as layer:
        digest = write_layer(args.rootfs, layer)
        config = {
            "architecture": "amd64" if os.uname().machine == "x86_64" else "arm64",
            "os": "linux",
            "config": {
                "Entrypoint": args.entrypoint,
                "Cmd": args.cmd,
                "Env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"] + args.env,
                "User": args.user,
                "WorkingDir": args.workdir,
                "ExposedPorts": {f"{port}/tcp": {} for port in args.exposed},
            },
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        }
        text = json.dumps(config, sort_keys=True).encode()
        name = hashlib.sha256(text).hexdigest() + ".json"
        manifest = [{"Config": name, "RepoTags": args.tag, "Layers": ["layer.tar"]}]
        with tarfile.open(args.out, "w") as tar:
            add_bytes(tar, name, text)
            info = tarfile.TarInfo("layer.tar")
            info.size = layer.seek(0, os.SEEK_END)
            layer.seek(0)
            tar.addfile(info, layer)
            add_bytes(tar, "manifest.json", json.dumps(manifest).encode())


if __name__ == "__main__":
    main()
