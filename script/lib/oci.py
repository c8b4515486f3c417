#!/usr/bin/python3
# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Writes one OCI index of an image for several processors, as an archive: oci.py --out FILE.tar --name NAME:TAG [...] amd64=ROOTFS arm64=ROOTFS

The layout is that of the OCI image specification: skopeo takes it as oci-archive:FILE.tar, containerd and docker load it. The same input gives the same
bytes: times are that of --created, names are sorted.
"""
import argparse
import datetime
import gzip
import hashlib
import io
import json
import os
import tarfile

MEDIA = "application/vnd.oci.image."


class Layout:
    def __init__(self):
        self.blobs = {}

    def add(self, media, data, **more):
        """Keeps a blob and returns what refers to it."""
        digest = hashlib.sha256(data).hexdigest()
        self.blobs[digest] = data
        return {"mediaType": MEDIA + media, "digest": f"sha256:{digest}", "size": len(data)} | more

    def add_json(self, media, value, **more):
        return self.add(media, json.dumps(value, sort_keys=True, separators=(",", ":")).encode(), **more)

    def write(self, path, reference):
        files = {f"blobs/sha256/{digest}": data for digest, data in self.blobs.items()}
        files["oci-layout"] = b'{"imageLayoutVersion":"1.0.0"}'
        files["index.json"] = json.dumps({"schemaVersion": 2, "mediaType": MEDIA + "index.v1+json", "manifests": [reference]}, sort_keys=True).encode()
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
            for name in sorted(files):
                info = tarfile.TarInfo(name)
                info.size, info.mode = len(files[name]), 0o644
                tar.addfile(info, io.BytesIO(files[name]))


def layer_of(rootfs, created):
    def plain(info):
        info.mtime, info.uid, info.gid, info.uname, info.gname = created, 0, 0, "", ""
        return info

    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for name in sorted(os.listdir(rootfs)):
            tar.add(os.path.join(rootfs, name), arcname=name, filter=plain)
    return out.getvalue()


def image_of(layout, arch, rootfs, args):
    tar = layer_of(rootfs, args.created)
    layer = layout.add("layer.v1.tar+gzip", gzip.compress(tar, 9, mtime=0))
    time = datetime.datetime.fromtimestamp(args.created, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    labels = dict(label.split("=", 1) for label in args.label) | {"org.opencontainers.image.created": time}
    config = layout.add_json("config.v1+json", {
        "created": time, "architecture": arch, "os": "linux", "rootfs": {"type": "layers", "diff_ids": [f"sha256:{hashlib.sha256(tar).hexdigest()}"]},
        "config": {"Entrypoint": json.loads(args.entrypoint), "Env": ["PATH=/usr/bin"] + args.env, "User": args.user, "WorkingDir": "/", "Labels": labels},
        "history": [{"created": time, "created_by": "script/release"}]})
    return layout.add_json("manifest.v1+json", {
        "schemaVersion": 2, "mediaType": MEDIA + "manifest.v1+json", "config": config, "layers": [layer], "annotations": labels,
    }, platform={"architecture": arch, "os": "linux"}), layer["size"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    parser.add_argument("--name", required=True)
    parser.add_argument("--created", type=int, default=0)
    parser.add_argument("--entrypoint", default="[]")
    parser.add_argument("--user", default="")
    parser.add_argument("--env", action="append", default=[])
    parser.add_argument("--label", action="append", default=[])
    parser.add_argument("--max-bytes", type=int, default=0, help="the most that one processor's layer may have")
    parser.add_argument("rootfs", nargs="+")
    args = parser.parse_args()
    layout, manifests = Layout(), []
    for arch, rootfs in sorted(pair.split("=", 1) for pair in args.rootfs):
        manifest, size = image_of(layout, arch, rootfs, args)
        if args.max_bytes and size > args.max_bytes:
            parser.error(f"the image for {arch} has {size} bytes, at most {args.max_bytes} are wanted")
        manifests.append(manifest)
    reference = layout.add_json("index.v1+json", {"schemaVersion": 2, "mediaType": MEDIA + "index.v1+json", "manifests": manifests})
    tag = args.name.rsplit(":", 1)[1]
    layout.write(args.out, reference | {"annotations": {"org.opencontainers.image.ref.name": tag, "io.containerd.image.name": args.name}})
    print(reference["digest"])


if __name__ == "__main__":
    main()
