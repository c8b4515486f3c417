// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Neo4jEnterpriseCluster and Neo4jEnterpriseStandalone decoded, defaulted and validated into one struct: afterwards only the kind and the number
// of servers tell them apart. Pure. A struct dbms borrows from the object it was decoded from, or from the arena, and must not outlive either.

#include <stdbool.h>
#include <stdint.h>

#include <yyjson.h>

#include "api/field.h"
#include "api/pod_shape.h"
#include "base/arena.h"
#include "base/err.h"

#define API_GROUP "neo4j.neo4j.com"
#define API_VERSION "v1alpha1"
#define API_KIND_CLUSTER "Neo4jEnterpriseCluster"
#define API_KIND_STANDALONE "Neo4jEnterpriseStandalone"

// On the resource: "true" stops all writes; and a text that rolls the pods when it changes (G2).
#define PAUSED_ANNOTATION "neofleet.neo4j.com/paused"
#define RESTARTED_ANNOTATION "neofleet.neo4j.com/restartedAt" // on the pod template, too

// On the resource: the pod that shall run without a server; "true" at a standalone.
#define OFFLINE_ANNOTATION "neofleet.neo4j.com/offline"

// In the servers' environment, made of spec.acceptLicenseAgreement; where that is left out, spec.env may have it.
#define DBMS_LICENSE_VARIABLE "NEO4J_ACCEPT_LICENSE_AGREEMENT"

// The Secret that the operator makes for a token of its own: this behind the deployment's name.
#define FLEET_TOKEN_SUFFIX "-fleet-token"

enum dbms_kind { DBMS_STANDALONE, DBMS_CLUSTER };

struct dbms_metadata {
	const char *namespace;
	const char *name;
	const char *uid;
	const char *resource_version;
	const char *created; // creationTimestamp
	int64_t generation;
	bool deleting; // it has a deletionTimestamp
	bool paused;   // PAUSED_ANNOTATION
	const char *restarted_at; // RESTARTED_ANNOTATION; NULL: none
	const char *offline;	  // OFFLINE_ANNOTATION, the pod's name once the spec is decoded; NULL: none
};

struct dbms_image {
	const char *repo;
	const char *tag;       // may hold a digest ("sha256:...")
	const char *reference; // repo:tag, or repo@sha256:...
	const char *pull_policy;
	struct field_strings pull_secrets;
};

struct dbms_storage {
	const char *size;
	const char *class_name; // NULL: the cluster's default
	bool delete_claims;	// retentionPolicy Delete
};

struct dbms_service {
	const char *type;
	struct field_pairs annotations;
	struct field_strings source_ranges;
	const char *traffic_policy; // externalTrafficPolicy; NULL: none, or the type knows none
};

// auraFleetManagement.provision, as the spec has it: the deployment and its token are made through the Aura API.
struct dbms_provision {
	const char *credentials; // the Secret with CLIENT_ID and CLIENT_SECRET; NULL: no provision
	const char *organization, *project;
	const char *name;	    // of the deployment in Aura; NULL: made from namespace and name
	const char *connection_url; // NULL: that of the client Service
	bool delete_deployment;	    // deletionPolicy Delete
};

// auraFleetManagement, as the spec has it. With provision the token is in a Secret of our own making.
struct dbms_fleet {
	bool present;
	bool enabled;
	const char *token_secret; // NULL: neither tokenSecretRef nor provision
	const char *token_key;	  // "token" by default
	bool follow_secret;	  // tokenPolicy is FollowSecret and there is a Secret with the token
	int64_t check_interval_ms; // how often to look at the connection; 0: never again
	const char *registered_since; // RFC 3339: older registrations do not count; NULL: all do
	int64_t expiry_warning_ms; // how long before the servers' token ends the warning begins; 0: never
	struct dbms_provision provision;
};

enum dbms_registered { DBMS_REGISTERED_ABSENT, DBMS_REGISTERED_FALSE, DBMS_REGISTERED_TRUE };

// The parts of the status that we read: registered is an input (D5), the phase only until the first observation.
struct dbms_status {
	const char *phase; // NULL: none yet
	enum dbms_registered registered;
	const char *last_registration; // RFC 3339; NULL: never
	const char *fleet_message;     // NULL: none
	const char *version;	       // what the server said it is; NULL: unknown
	int64_t observed_generation;
	yyjson_val *conditions; // the list unchanged; NULL: none
};

// The scheduling and container fields of core types, as they stand in the spec; NULL where absent.
struct dbms_core {
	yyjson_val *resources;
	yyjson_val *env; // the whole list; operator/manifest/settings and operator/manifest/workload divide it
	yyjson_val *node_selector;
	yyjson_val *tolerations;
	yyjson_val *affinity;
	yyjson_val *topology_spread_constraints;
	yyjson_val *pod_security_context;
	yyjson_val *container_security_context;
};

struct dbms {
	enum dbms_kind kind;
	const char *api_kind;
	struct dbms_metadata metadata;
	struct dbms_image image;
	int servers;		      // 1 for a standalone
	const char *mode_constraint;  // NONE, PRIMARY, SECONDARY
	struct dbms_storage storage;
	const char *admin_secret;
	struct field_pairs config;
	const char *plugins_env; // spec.env's NEO4J_PLUGINS, known to be a JSON list of strings; NULL: none
	struct dbms_service service;
	struct field_pairs pod_annotations;
	const char *cluster_domain; // "cluster.local"
	const char *license;	    // "yes" or "eval"
	const char *tls_secret;	    // NULL: no TLS
	bool sharding;		    // spec.propertySharding.enabled
	struct field_pairs sharding_config; // none while it is off
	bool metrics;		    // spec.metrics.enabled
	uint64_t memory_limit;	    // bytes of resources.limits.memory; 0: none
	struct dbms_fleet fleet;
	struct dbms_core core;
	struct pod_shape pod_shape; // spec.podTemplate
	struct dbms_status status;
};

// Who the object is, without its spec: enough to report an invalid one. Missing fields are "".
void dbms_decode_metadata(yyjson_val *root, struct dbms_metadata *ret);

// Decodes the status; wrong types count as absent, since people may edit a status by hand.
void dbms_decode_status(yyjson_val *root, struct dbms_status *ret);

// Decodes a whole object of either kind. ERR_INVALID: the text names the field and the cure; ret's metadata, api_kind and status are filled even
// then.
int dbms_decode(yyjson_val *root, struct arena *arena, struct dbms *ret, struct err *err);

// Where the spec says that the user brings the plugin's jar: its procedures run only where this setting names them, and for an image's own plugin
// the operator names them.
#define DBMS_OWN_FLEET_SETTING "dbms.security.procedures.unrestricted"
#define DBMS_OWN_FLEET_PATTERN "fleetManagement.*"

// Whether spec.config's setting has an item for Fleet Management's procedures. "*" alone says nothing of them.
bool dbms_brings_fleet(const struct dbms *dbms);
