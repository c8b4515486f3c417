# SPDX-FileCopyrightText: The neofleet authors
# SPDX-License-Identifier: Apache-2.0
"""Fields of the Go operator's kinds that have no counterpart here (docs/decisions/0057-fields-of-the-go-operator.md).

A manifest that says by them what is so anyway is taken as it is. Any other value is refused by a rule whose message says what to do
instead. The descriptions begin with MARK: script/reference and `kubectl neofleet convert` know the fields by it.
"""

from core_types import array, boolean, integer, obj, string

MARK = "Of the Go operator"
OPEN = {"x-kubernetes-preserve-unknown-fields": True}

OWN_VOLUME = "mount it as a volume by spec.podTemplate"
OWN_EXTERNAL = "write the ExternalSecret yourself, and name the Secret that it makes in "
BRINGS = "the image brings the plugins; for others use an image of your own, or a volume by spec.podTemplate of the deployment"
PROCEDURES = "list what may be called in spec.security.allowedProcedures"
ISSUER = ("write a Certificate of cert-manager with your issuer and the names that docs/day-two.md asks for, and name its Secret in "
          "spec.tls.certificateSecret")
UPGRADE = {"strategy": "RollingUpgrade", "maxUnavailableDuringUpgrade": 1, "preUpgradeHealthCheck": True, "postUpgradeHealthCheck": True,
           "upgradeTimeout": "30m", "healthCheckTimeout": "5m", "stabilizationTimeout": "3m", "autoPauseOnFailure": True}


def taken(node, cel, instead, what):
    return node | {"description": f"{MARK}: {what}", "x-kubernetes-validations": [{"rule": cel, "message": instead}]}


def text(instead, *usual):
    """A string that may have one of these values, or none."""
    choices = ", ".join(f"'{value}'" for value in ("",) + usual)
    return taken(string("", max_length=1024), f"self in [{choices}]", instead, f"taken as {' or '.join(usual)}." if usual else "not taken.")


def flag(instead, usual=False):
    return taken(boolean(""), "self" if usual else "!self", instead, f"taken as {str(usual).lower()}.")


def texts(instead, usual=None):
    items = string("An entry.", max_length=1024)
    if usual is None:
        return taken(array("", items, 64), "size(self) == 0", instead, "not taken.")
    return taken(array("", items, 64), f"self.all(item, item == '{usual}')", instead, f"taken as [{usual}].")


def objects(instead):
    return taken(array("", {"type": "object", "description": "An entry."} | OPEN, 64), "size(self) == 0", instead, "not taken.")


def switch(instead, unsaid=False):
    """Nothing of the rest counts while it is off; unsaid: what it is there where enabled is left out."""
    node = {"type": "object", "description": ""} | OPEN | {"properties": {"enabled": boolean("Whether it is on.")}}
    return taken(node, "has(self.enabled) && !self.enabled" if unsaid else "!has(self.enabled) || !self.enabled", instead, "taken with enabled: false.")


def never(node, instead):
    return taken(node, "false", instead, "not taken.")


def whole(instead):
    return never({"type": "object", "description": ""} | OPEN, instead)


def upgrade_strategy():
    def literal(value):
        return str(value).lower() if isinstance(value, bool) else f"'{value}'" if isinstance(value, str) else str(value)

    makers = {bool: boolean, int: integer, str: lambda words: string(words, max_length=64)}
    fields = {name: makers[type(value)](f"Taken as {literal(value)}.") for name, value in UPGRADE.items()}
    cel = " && ".join(f"(!has(self.{name}) || self.{name} == {literal(value)})" for name, value in UPGRADE.items())
    return taken(obj("", fields), cel, "servers are always replaced one at a time, each after all others are back, and a roll stops at one that "
                 "does not come back", "taken where it says the default.")


AUTH = {
    "provider": text("set dbms.security.authentication_providers and dbms.security.authorization_providers in spec.config", "native"),
    "authenticationProviders": texts("set dbms.security.authentication_providers in spec.config", "native"),
    "authorizationProviders": texts("set dbms.security.authorization_providers in spec.config", "native"),
    "ldap": whole("set dbms.security.ldap.* in spec.config"),
    "oidc": whole("set dbms.security.oidc.* in spec.config"),
    "jwt": whole("set dbms.security.oidc.* in spec.config"),
    "kerberos": whole("add the plugin to an image of your own, and its settings to spec.config"),
    "passwordPolicy": whole("set dbms.security.auth_minimum_password_length in spec.config"),
    "authCacheTTL": text("set dbms.security.auth_cache_ttl in spec.config"),
    "secretRef": text("name the one Secret in spec.auth.adminSecret"),
    "externalSecrets": switch(OWN_EXTERNAL + "spec.auth.adminSecret"),
    "trustStore": whole(OWN_VOLUME + ", and name it by server.jvm.additional in spec.config"),
}

TOPOLOGY = {
    "serverRoles": objects("servers are alike; spec.topology.serverModeConstraint is for all of them"),
    "minSystemPrimaries": taken(integer(""), "self == 3", "the operator decides it from the number of servers", "taken as 3."),
    "placement": whole("servers keep apart where they can; for more set spec.affinity, spec.topologySpreadConstraints and spec.nodeSelector"),
    "availabilityZones": texts("set spec.topologySpreadConstraints with topologyKey topology.kubernetes.io/zone, and spec.nodeSelector"),
    "enforceDistribution": flag("set spec.topologySpreadConstraints with whenUnsatisfiable DoNotSchedule"),
}

STORAGE = {
    "backupStorage": whole(OWN_VOLUME),
}

SERVICE = {
    "loadBalancerIP": text("use the annotation of your load balancer in spec.service.annotations"),
    "dnsName": text("use the annotation of your DNS controller in spec.service.annotations"),
    "ingress": switch("write an Ingress of your own to Service NAME-client"),
    "route": switch("write a Route of your own to Service NAME-client"),
}

TLS = {
    "mode": text(ISSUER, "disabled"),
    "issuerRef": whole(ISSUER),
    "duration": text(ISSUER),
    "renewBefore": text(ISSUER),
    "subject": whole(ISSUER),
    "usages": texts(ISSUER),
    "externalSecrets": switch(OWN_EXTERNAL + "spec.tls.certificateSecret"),
    "trustedCASecret": text("put the authority into key ca.crt of the Secret of spec.tls.certificateSecret"),
    "strictPeerValidation": never(boolean(""), "spec.tls is for Bolt and HTTPS; where the network between servers is shared, have it encrypted between the nodes"),
}

PROVISION = {
    "providerConfigRef": whole("name a Secret with CLIENT_ID and CLIENT_SECRET in spec.auraFleetManagement.provision.credentialsSecretRef"),
    "tokenSecretName": text("the token is kept in Secret NAME-fleet-token"),
    "tokenPolicy": text("kubectl neofleet register has another token made", "CreateIfMissing"),
    "managementPolicies": texts("the deployment and its token are always looked after together", "*"),
    "collectTelemetry": flag("the Aura console shows it; status.servers and status.databases have the rest"),
}

SPEC = {
    "edition": text("only the Enterprise edition is run; spec.image.tag chooses it", "enterprise"),
    "authentication": whole("name the Secret with the password in spec.auth.adminSecret"),
    "persistence": obj(f"{MARK}: taken where it says the default; spec.storage is the volume of the server.", {
        "enabled": flag("servers always have a volume", True),
        "accessModes": texts("volumes are ReadWriteOnce", "ReadWriteOnce"),
        "retentionPolicy": text("set spec.storage.retentionPolicy", "Retain"),
    }),
    "extraEnvFrom": objects("name each variable in spec.env with valueFrom, or set envFrom with a prefix in spec.podTemplate"),
    "extraVolumes": objects("add it to volumes in spec.podTemplate.spec; see docs/pods.md"),
    "extraVolumeMounts": objects("add it to volumeMounts of container neo4j in spec.podTemplate.spec; see docs/pods.md"),
    "trustedCASecrets": objects(OWN_VOLUME + ", and name it by server.jvm.additional in spec.config"),
    "upgradeStrategy": upgrade_strategy(),
    "monitoring": switch("set spec.metrics.enabled: true, which opens port 2004, called metrics, and db.logs.query.* in spec.config; "
                         "see docs/monitoring.md", unsaid=True),
    "queryMonitoring": switch("set db.logs.query.* in spec.config", unsaid=True),
    "audit": obj(f"{MARK}: taken where it says the default.", {
        "enabled": flag("set db.logs.query.obfuscate_literals: \"true\" in spec.config"),
        "logSuccessfulAuthentication": flag("set dbms.security.log_successful_authentication in spec.config", True),
        "obfuscateQueryLiterals": flag("set db.logs.query.obfuscate_literals: \"true\" in spec.config"),
        "parameterLogging": flag("set db.logs.query.parameter_logging_enabled in spec.config", True),
    }),
    "networkPolicy": switch("write a NetworkPolicy of your own; docs/network.md has the ports"),
    "podServiceAccountAnnotations": whole("annotate a ServiceAccount of your own, and name it in spec.podTemplate.spec.serviceAccountName"),
    "mcp": switch("run it as a Deployment of your own that speaks to Service NAME-client"),
    "backups": whole("back up as docs/backup.md says"),
    "restoreFrom": whole("restore as docs/backup.md says"),
    "ui": switch("reach Neo4j's Browser by kubectl port-forward service/NAME-client 7474 7687", unsaid=True),
    "plugins": objects("write a Neo4jPlugin for each"),
}

PLUGIN = {
    "installMode": text(BRINGS, "Managed"),
    "source": obj(f"{MARK}: taken where it names the plugins that the image brings.", {
        "type": text(BRINGS, "official", "community"),
        "url": text(BRINGS),
        "checksum": text(BRINGS),
        "authSecret": text(BRINGS),
        "registry": whole(BRINGS),
    }),
    "resources": whole("a plugin runs within the server; set spec.resources of the deployment"),
    "license": whole("mount the licence by spec.podTemplate of the deployment, and name its path in spec.config"),
}

PLUGIN_SECURITY = {
    "sandbox": flag(PROCEDURES + ", and leave spec.security.unrestricted out"),
    "deniedProcedures": texts(PROCEDURES),
    "securityPolicy": text(PROCEDURES),
}
