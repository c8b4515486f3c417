# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""What the Operator Lifecycle Manager does with a bundle, in its order, by kubectl: there is no manager here.

Of a newer bundle it first writes the kinds and what else is in the bundle, then the account and rights under names of their own, then the Deployment, in place of the
older one's. When that is rolled out the older rights go. There is no way back: people take the operator away, with what is its own, and install the older one.
"""
import json

import yaml
from world import block

OPERATOR_NAMESPACE = "neofleet-system"


def unpacked(world):
    """The bundle as the page has it changed; and its ClusterServiceVersion."""
    commands = [line for line in block("install.md", "operator-sdk").splitlines() if line.startswith(("tar ", "sed "))]
    world.shell("\n".join(commands))
    folder = world.dist / f"neofleet-{world.version}-olm/manifests"
    return folder, yaml.safe_load((folder / "neofleet.clusterserviceversion.yaml").read_text(encoding="utf-8"))


def apply(world, *objects):
    text = "\n---\n".join(json.dumps(item) for item in objects)
    world.kubectl("apply", "--server-side", "--force-conflicts", "-f", "-", text=text)


def role_and_binding(prefix, number, permission, version):
    """Names and labels by which the manager knows what is that version's own."""
    name = f"{version['metadata']['name']}-{number}"
    labels = {"olm.owner": version["metadata"]["name"], "olm.owner.kind": "ClusterServiceVersion"}
    space = {} if prefix else {"namespace": OPERATOR_NAMESPACE}
    subject = {"kind": "ServiceAccount", "name": permission["serviceAccountName"], "namespace": OPERATOR_NAMESPACE}
    yield {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": f"{prefix}Role", "metadata": {"name": name, "labels": labels} | space, "rules": permission["rules"]}
    yield {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": f"{prefix}RoleBinding", "metadata": {"name": name, "labels": labels} | space, "subjects": [subject],
           "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": f"{prefix}Role", "name": name}}


def rights(version):
    install = version["spec"]["install"]["spec"]
    for prefix, permissions in (("Cluster", install["clusterPermissions"]), ("", install["permissions"])):
        for number, permission in enumerate(permissions):
            yield from role_and_binding(prefix, number, permission, version)


def deployment(version):
    """With what the manager adds: its labels, the version's annotations on the pods, and a variable."""
    wanted, = version["spec"]["install"]["spec"]["deployments"]
    spec = json.loads(json.dumps(wanted["spec"]))
    name = version["metadata"]["name"]
    spec["revisionHistoryLimit"] = 1
    spec["template"]["metadata"].setdefault("annotations", {}).update(version["metadata"]["annotations"] | {"olm.targetNamespaces": ""})
    for container in spec["template"]["spec"]["containers"]:
        container.setdefault("env", []).append({"name": "OPERATOR_CONDITION_NAME", "value": name})
    return {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec,
            "metadata": {"name": wanted["name"], "namespace": OPERATOR_NAMESPACE, "labels": wanted["label"] | {"olm.owner": name, "olm.managed": "true"}}}


def install(world):
    folder, version = unpacked(world)
    account = version["spec"]["install"]["spec"]["clusterPermissions"][0]["serviceAccountName"]
    apply(world, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": OPERATOR_NAMESPACE}})
    for path in sorted(folder.glob("neo4j*.yaml")) + sorted(folder.glob("*.clusterrole.yaml")):
        world.kubectl("apply", "--server-side", "--force-conflicts", "-f", path)
    apply(world, {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": account, "namespace": OPERATOR_NAMESPACE}}, *rights(version))
    apply(world, deployment(version))
    world.kubectl("rollout", "status", "deployment/neofleet", "-n", OPERATOR_NAMESPACE, "--timeout=120s")
    older = f"olm.owner,olm.owner!={version['metadata']['name']}"
    world.kubectl("delete", "clusterrolebinding,clusterrole", "-l", older)
    world.kubectl("delete", "rolebinding,role", "-n", OPERATOR_NAMESPACE, "-l", older)


def uninstall(world):
    """The manager takes what is the version's own; its namespace and the kinds are left."""
    world.kubectl("delete", "deployment,serviceaccount", "neofleet", "-n", OPERATOR_NAMESPACE)
    world.kubectl("delete", "clusterrolebinding,clusterrole", "-l", "olm.owner")
    world.kubectl("delete", "rolebinding,role", "-n", OPERATOR_NAMESPACE, "-l", "olm.owner")
    world.wait("the operator's end", 60, lambda: not world.kubectl("get", "pod", "-n", OPERATOR_NAMESPACE, "-o", "name").split())
