// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/counterpart.h"

#include <stddef.h>
#include <string.h>

#define OWN_VOLUME "mount it as a volume by spec.podTemplate"
#define CYPHER_USERS "say it in Cypher (CREATE USER, CREATE ROLE, GRANT), once the deployment is Ready"
#define CYPHER_DATABASES "say it in Cypher (CREATE DATABASE, CREATE ALIAS), once the deployment is Ready"
#define AURA "make it in the Aura console, or by Aura's own API"

const struct counterpart counterparts_of_dbms[] = {
	{"/spec/edition", "[\"enterprise\"]", "only the Enterprise edition is run; spec.image.tag chooses it"},
	{"/spec/auth/provider", "[\"native\"]", "set dbms.security.authentication_providers and dbms.security.authorization_providers in spec.config"},
	{"/spec/auth/authenticationProviders", "[[\"native\"]]", "set dbms.security.authentication_providers in spec.config"},
	{"/spec/auth/authorizationProviders", "[[\"native\"]]", "set dbms.security.authorization_providers in spec.config"},
	{"/spec/auth/ldap", NULL, "set dbms.security.ldap.* in spec.config"},
	{"/spec/auth/oidc", NULL, "set dbms.security.oidc.* in spec.config"},
	{"/spec/auth/jwt", NULL, "set dbms.security.oidc.* in spec.config"},
	{"/spec/auth/kerberos", NULL, "add the plugin to an image of your own, and its settings to spec.config"},
	{"/spec/auth/passwordPolicy", NULL, "set dbms.security.auth_minimum_password_length in spec.config"},
	{"/spec/auth/authCacheTTL", NULL, "set dbms.security.auth_cache_ttl in spec.config"},
	{"/spec/auth/secretRef", NULL, "name the one Secret in spec.auth.adminSecret"},
	{"/spec/auth/externalSecrets", NULL, "write the ExternalSecret yourself, and name the Secret that it makes in spec.auth.adminSecret"},
	{"/spec/auth/trustStore", NULL, OWN_VOLUME ", and name it by server.jvm.additional in spec.config"},
	{"/spec/trustedCASecrets", NULL, OWN_VOLUME ", and name it by server.jvm.additional in spec.config"},
	{"/spec/topology/serverRoles", NULL, "servers are alike; spec.topology.serverModeConstraint is for all of them"},
	{"/spec/topology/minSystemPrimaries", "[3]", "the operator decides it from the number of servers"},
	{"/spec/topology/placement", NULL, "servers keep apart where they can; for more set spec.affinity and spec.topologySpreadConstraints"},
	{"/spec/topology/availabilityZones", NULL, "set spec.topologySpreadConstraints with topologyKey topology.kubernetes.io/zone, and spec.nodeSelector"},
	{"/spec/topology/enforceDistribution", "[false]", "set spec.topologySpreadConstraints with whenUnsatisfiable DoNotSchedule"},
	{"/spec/storage/backupStorage", NULL, OWN_VOLUME},
	{"/spec/persistence/enabled", "[true]", "servers always have a volume"},
	{"/spec/persistence/accessModes", "[[\"ReadWriteOnce\"]]", "volumes are ReadWriteOnce"},
	{"/spec/persistence", NULL, "spec.storage is the volume of the server"},
	{"/spec/service/loadBalancerIP", NULL, "use the annotation of your load balancer in spec.service.annotations"},
	{"/spec/service/externalTrafficPolicy", "[\"Cluster\"]", "it is Cluster; for Local write a Service of your own with the selector of NAME-client"},
	{"/spec/service/dnsName", NULL, "use the annotation of your DNS controller in spec.service.annotations"},
	{"/spec/service/ingress", NULL, "write an Ingress of your own to Service NAME-client"},
	{"/spec/service/route", NULL, "write a Route of your own to Service NAME-client"},
	{"/spec/tls/externalSecrets", NULL, "write the ExternalSecret yourself, and name the Secret that it makes in spec.tls.certificateSecret"},
	{"/spec/tls/trustedCASecret", NULL, "put the authority into key ca.crt of the Secret of spec.tls.certificateSecret"},
	{"/spec/tls/strictPeerValidation", NULL, "spec.tls is for Bolt and HTTPS; where the network between servers is shared, have it encrypted between the nodes"},
	{"/spec/extraEnvFrom", NULL, "name each variable in spec.env with valueFrom, or set envFrom with a prefix in spec.podTemplate"},
	{"/spec/upgradeStrategy",
	 "[{\"strategy\":\"RollingUpgrade\",\"maxUnavailableDuringUpgrade\":1,\"preUpgradeHealthCheck\":true,\"postUpgradeHealthCheck\":true,"
	 "\"upgradeTimeout\":\"30m\",\"healthCheckTimeout\":\"5m\",\"stabilizationTimeout\":\"3m\",\"autoPauseOnFailure\":true}]",
	 "servers are always replaced one at a time, each after all others are back, and a roll stops at one that does not come back"},
	{"/spec/monitoring", NULL, "set spec.metrics.enabled: true, which opens port 2004, called metrics; see docs/monitoring.md"},
	{"/spec/queryMonitoring", NULL, "set db.logs.query.* in spec.config"},
	{"/spec/audit", NULL, "set dbms.security.log_successful_authentication and db.logs.query.* in spec.config"},
	{"/spec/networkPolicy", NULL, "write a NetworkPolicy of your own; docs/network.md has the ports"},
	{"/spec/podServiceAccountAnnotations", NULL, "annotate a ServiceAccount of your own, and name it in spec.podTemplate.spec.serviceAccountName"},
	{"/spec/mcp", NULL, "run it as a Deployment of your own that speaks to Service NAME-client"},
	{"/spec/propertySharding", NULL, "this operator does not look after sharded databases"},
	{"/spec/backups", NULL, "back up as docs/backup.md says"},
	{"/spec/restoreFrom", NULL, "restore as docs/backup.md says"},
	{"/spec/ui", NULL, "reach Neo4j's Browser by kubectl port-forward service/NAME-client 7474 7687"},
	{"/spec/plugins", NULL, "write a Neo4jPlugin for each"},
	{"/spec/auraFleetManagement/provision/providerConfigRef", NULL,
	 "name a Secret with CLIENT_ID and CLIENT_SECRET in spec.auraFleetManagement.provision.credentialsSecretRef"},
	{"/spec/auraFleetManagement/provision/tokenSecretName", NULL, "the token is kept in Secret NAME-fleet-token"},
	{"/spec/auraFleetManagement/provision/tokenPolicy", "[\"CreateIfMissing\"]", "kubectl neofleet register has another token made"},
	{"/spec/auraFleetManagement/provision/managementPolicies", "[[\"*\"]]", "the deployment and its token are always looked after together"},
	{"/spec/auraFleetManagement/provision/collectTelemetry", NULL, "the Aura console shows it; status.servers and status.databases have the rest"},
	{0},
};

const struct counterpart counterparts_of_plugin[] = {
	{"/spec/installMode", "[\"Managed\"]", "the image brings the plugins; for others use an image of your own, or a volume by spec.podTemplate of the deployment"},
	{"/spec/source", "[{\"type\":\"official\"}]",
	 "the image brings the plugins; for others use an image of your own, or a volume by spec.podTemplate of the deployment"},
	{"/spec/dependencies", NULL, "write a Neo4jPlugin for each that is wanted"},
	{"/spec/security/sandbox", "[false]", "list what may be called in spec.security.allowedProcedures, and leave spec.security.unrestricted out"},
	{"/spec/security/deniedProcedures", NULL, "list what may be called in spec.security.allowedProcedures"},
	{"/spec/security/securityPolicy", NULL, "list what may be called in spec.security.allowedProcedures"},
	{"/spec/resources", NULL, "a plugin runs within the server; set spec.resources of the deployment"},
	{"/spec/license", NULL, "mount the licence by spec.podTemplate of the deployment, and name its path in spec.config"},
	{0},
};

static const struct {
	const char *kind, *instead;
} kinds[] = {
	{"Neo4jBackup", "back up as docs/backup.md says"},
	{"Neo4jRestore", "restore as docs/backup.md says"},
	{"Neo4jUser", CYPHER_USERS},
	{"Neo4jRole", CYPHER_USERS},
	{"Neo4jRoleBinding", CYPHER_USERS},
	{"Neo4jAuthRule", CYPHER_USERS},
	{"Neo4jDatabase", CYPHER_DATABASES},
	{"Neo4jDatabaseAlias", CYPHER_DATABASES},
	{"Neo4jCompositeDatabase", CYPHER_DATABASES},
	{"Neo4jShardedDatabase", CYPHER_DATABASES},
	{"Neo4jReplicaDatabase", CYPHER_DATABASES},
	{"Neo4jReplicaPromotion", CYPHER_DATABASES},
};

const char *counterpart_of_kind(const char *kind)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (strcmp(kinds[i].kind, kind) == 0)
			return kinds[i].instead;
	}
	return strncmp(kind, "Aura", 4) == 0 ? AURA : "this operator has nothing like it";
}
