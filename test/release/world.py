# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What the tests of releases stand on: a cluster, the files of a release, and the commands of the pages as printed."""
import os
import pathlib
import re
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
REGISTRY, NAMESPACE = "registry.example:5000", "team-a"
FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
# What comes and goes by itself.
FLEETING = ("events", "events.events.k8s.io", "pods.metrics.k8s.io", "nodes.metrics.k8s.io")


def run(*command, check=True, text=None, **more):
    done = subprocess.run([str(part) for part in command], input=text, check=False, capture_output=True, text=True, **more)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(map(str, command))}: {done.stdout}{done.stderr}")
    return done.stdout


def block(page, *parts):
    """The one shell or YAML block of a page that holds all the parts."""
    found = [text for _, text in FENCE.findall((ROOT / "docs" / page).read_text(encoding="utf-8")) if all(part in text for part in parts)]
    if len(found) != 1:
        raise AssertionError(f"docs/{page}: {len(found)} blocks hold {parts}")
    return found[0]


class World:
    def __init__(self, cluster, dist):
        self.cluster, self.dist = cluster, dist
        self.version = re.fullmatch(r"neofleet-(.+)-image\.tar", next(dist.glob("neofleet-*-image.tar")).name)[1]
        self.tools = pathlib.Path(run("bash", "-euc", ". script/lib/common.sh; cache_dir release-tools", cwd=ROOT).strip())

    def on_cluster(self, *command, **more):
        return run(ROOT / "script/cluster", "--name", self.cluster, *command, **more)

    def kubectl(self, *command, **more):
        return self.on_cluster("kubectl", *command, **more)

    def shell(self, text, helm=4):
        """Runs commands of a page in the folder of the release, inside the cluster's network."""
        for name, value in (("REGISTRY", REGISTRY), ("VERSION", self.version), ("NAMESPACE", NAMESPACE), ("FOLDER", "mine")):
            text = text.replace(name, value)
        # The image is loaded into the node: there is no registry here.
        text = "".join(line + "\n" for line in text.splitlines() if not line.strip().startswith("skopeo "))
        home = self.tools / f"home{helm}"
        paths = {f"HELM_{part}_HOME": str(home / part) for part in ("CACHE", "CONFIG", "DATA")}
        environment = os.environ | paths | {"PATH": f"{self.tools}/helm{helm}:{os.environ['PATH']}"}
        return self.on_cluster("exec", "bash", "-euc", text, cwd=self.dist, env=environment)

    def helm_is(self, major):
        folder = self.tools / f"helm{major}"
        folder.mkdir(parents=True, exist_ok=True)
        path = run("bash", "-euc", f". script/lib/common.sh; . script/lib/packages.sh; . script/lib/helm.sh; helm_build {major}; helm_path {major}", cwd=ROOT).strip()
        (folder / "helm").unlink(missing_ok=True)
        (folder / "helm").symlink_to(path)

    def load_image(self):
        archive = self.tools / "image.tar"
        archive.unlink(missing_ok=True)
        run("skopeo", "copy", f"oci-archive:{next(self.dist.glob('neofleet-*-image.tar'))}", f"docker-archive:{archive}:{REGISTRY}/neofleet:{self.version}")
        self.on_cluster("image", archive)

    def objects(self):
        """Every object of the cluster by name, but for what is fleeting."""
        kinds = sorted(set(self.kubectl("api-resources", "--verbs=list", "-o", "name").split()) - set(FLEETING))
        text = self.kubectl("get", ",".join(kinds), "-A", "-o", "jsonpath={range .items[*]}{.kind} {.metadata.namespace}/{.metadata.name}{'\\n'}{end}")
        return {line for line in text.splitlines() if not re.match(r"(PodMetrics|Lease kube-node-lease/|EndpointSlice default/|ReplicaSet neofleet-fleet|Pod neofleet-fleet)", line)}

    def wait(self, what, limit, truth):
        end = time.monotonic() + limit
        while True:
            found = truth()
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"{what}: not within {limit} s\n" + self.kubectl("get", "all,n4js,pvc", "-A", check=False))
            time.sleep(0.2)


def install(world, way):
    if way.startswith("helm"):
        more = f" --set 'watchNamespaces={{{NAMESPACE},default}}'" if way.endswith("namespaces") else ""
        world.shell(block("install.md", "helm install").rstrip() + more, helm=int(way[4]))
        world.shell("helm test neofleet --namespace neofleet-system", helm=int(way[4]))
    elif way == "yaml":
        world.shell(block("install.md", "neofleet-VERSION.yaml"))
        world.shell(block("install.md", "kubectl rollout status").splitlines()[0])
    else:
        mine = world.dist / "mine"
        mine.mkdir(exist_ok=True)
        world.shell(f"tar -C mine -xzf neofleet-{world.version}-kustomize.tar.gz")
        text = block("install.md", "kustomize.config.k8s.io").replace("VERSION", world.version).replace("REGISTRY", REGISTRY)
        (mine / "kustomization.yaml").write_text(text, encoding="utf-8")
        world.shell("kubectl apply --server-side -k FOLDER")
        world.shell(block("install.md", "kubectl rollout status").splitlines()[0])


def uninstall(world, way):
    if way.startswith("helm"):
        world.shell(block("uninstall.md", "helm uninstall"), helm=int(way[4]))
        # Its pod has half a minute to end.
        world.wait("the operator's end", 60, lambda: not world.kubectl("get", "pod", "-n", "neofleet-system", "-o", "name").split())
        left = world.kubectl("get", "deployment,role,rolebinding,networkpolicy,serviceaccount", "-n", "neofleet-system", "-o", "name").split()
        assert left == ["serviceaccount/default"], f"helm uninstall leaves {left}"
        world.shell("kubectl delete namespace neofleet-system")
    else:
        world.shell(block("uninstall.md", "kubectl delete namespace neofleet-system"))
    assert len(world.kubectl("get", "crd", "-l", "app.kubernetes.io/name=neofleet", "-o", "name").split()) == 3, "the kinds did not stay"


def upgrade(world, way):
    """The commands of docs/upgrade.md, onto the release of that world."""
    if way.startswith("helm"):
        world.shell(block("upgrade.md", "helm upgrade"), helm=int(way[4]))
    elif way == "yaml":
        world.shell(block("upgrade.md", "neofleet-VERSION.yaml"))
        world.shell(block("upgrade.md", "kubectl rollout status"))
