// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Admission already refuses most of what this file checks, but an operator may meet objects that were stored under an older schema, and a schema
// cannot express some rules: quantities, what spec.env must not hold, names that must fit each other.

#include "api/dbms.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "api/duration.h"
#include "api/image_name.h"
#include "api/quantity.h"
#include "api/server_env.h"
#include "base/clock.h"
#include "base/json.h"

#define MAX_NAME_CLUSTER 45
#define MAX_NAME_STANDALONE 52
#define MIN_MEMORY (UINT64_C(512) << 20)
#define MAX_RESTARTED 64
#define OWN_PREFIX "neofleet.neo4j.com/"
#define ADMIN_SECRET "neo4j-admin-secret" // where the spec names none; deploy/crds/generate has the same
#define AURA_ID_MAX 64
#define AURA_NAME_MAX 30
#define AURA_URL_MAX 255

static const char *const licenses[] = {"yes", "eval", NULL};

static const char *text_of(yyjson_val *object, const char *key, const char *otherwise)
{
	const char *text = yyjson_get_str(yyjson_obj_get(object, key));

	return text ? text : otherwise;
}

void dbms_decode_metadata(yyjson_val *root, struct dbms_metadata *ret)
{
	yyjson_val *metadata = yyjson_obj_get(root, "metadata"), *annotations = yyjson_obj_get(metadata, "annotations");

	*ret = (struct dbms_metadata){
		.namespace = text_of(metadata, "namespace", ""),
		.name = text_of(metadata, "name", ""),
		.uid = text_of(metadata, "uid", ""),
		.resource_version = text_of(metadata, "resourceVersion", ""),
		.created = text_of(metadata, "creationTimestamp", ""),
		.generation = yyjson_get_sint(yyjson_obj_get(metadata, "generation")),
		.deleting = yyjson_is_str(yyjson_obj_get(metadata, "deletionTimestamp")),
		.paused = yyjson_equals_str(yyjson_obj_get(annotations, PAUSED_ANNOTATION), "true"),
		.restarted_at = text_of(annotations, RESTARTED_ANNOTATION, NULL),
		.offline = text_of(annotations, OFFLINE_ANNOTATION, NULL),
	};
}

void dbms_decode_status(yyjson_val *root, struct dbms_status *ret)
{
	yyjson_val *status = yyjson_obj_get(root, "status");
	yyjson_val *fleet = yyjson_obj_get(status, "auraFleetManagement");
	yyjson_val *registered = yyjson_obj_get(fleet, "registered");
	yyjson_val *conditions = yyjson_obj_get(status, "conditions");
	int64_t observed = yyjson_get_sint(yyjson_obj_get(status, "observedGeneration")); // -1: nobody has observed it

	*ret = (struct dbms_status){
		.phase = text_of(status, "phase", NULL),
		.last_registration = text_of(fleet, "lastRegistrationTime", NULL),
		.fleet_message = text_of(fleet, "message", NULL),
		.version = text_of(status, "version", NULL),
		.observed_generation = observed > 0 ? observed : 0,
		.conditions = yyjson_is_arr(conditions) ? conditions : NULL,
	};
	if (yyjson_is_bool(registered))
		ret->registered = yyjson_get_bool(registered) ? DBMS_REGISTERED_TRUE : DBMS_REGISTERED_FALSE;
}

static void check_choice(struct field_reader *reader, struct field parent, const char *key, const char *value,
			 const char *const *choices)
{
	const char *list = "";

	for (size_t i = 0; choices[i]; i++) {
		if (!strcmp(value, choices[i]))
			return;
		list = arena_printf(reader->arena, "%s%s%s", list, i ? ", " : "", choices[i]);
	}
	field_fail(reader, parent, key, "must be one of %s", list);
}

static bool is_dns_1035(const char *name)
{
	size_t len = strlen(name);

	if (!islower((unsigned char)*name) || name[len - 1] == '-')
		return false;
	for (size_t i = 0; i < len; i++)
		if (!islower((unsigned char)name[i]) && !isdigit((unsigned char)name[i]) && name[i] != '-')
			return false;
	return true;
}

static void decode_name(struct field_reader *reader, const struct dbms *dbms)
{
	struct field metadata = {.path = "metadata"};
	size_t max = dbms->kind == DBMS_CLUSTER ? MAX_NAME_CLUSTER : MAX_NAME_STANDALONE;

	if (!*dbms->metadata.name || strlen(dbms->metadata.name) > max || !is_dns_1035(dbms->metadata.name))
		field_fail(reader, metadata, "name",
			   "must begin with a lower-case letter, hold only lower-case letters, digits and '-', not end in '-', "
			   "and have at most %zu characters",
			   max);
}

// Any text will do, such as a time or a ticket's name.
static void check_restarted(struct field_reader *reader, const struct dbms_metadata *metadata)
{
	struct field annotations = {.path = "metadata.annotations"};

	if (metadata->restarted_at && strlen(metadata->restarted_at) > MAX_RESTARTED)
		field_fail(reader, annotations, RESTARTED_ANNOTATION, "must have at most %d characters, such as a time", MAX_RESTARTED);
}

static int offline_ordinal(const struct dbms *dbms, const char *pod)
{
	const char *rest = strncmp(pod, dbms->metadata.name, strlen(dbms->metadata.name)) == 0 ? pod + strlen(dbms->metadata.name) : "";
	const char *before = dbms->kind == DBMS_CLUSTER ? "-server-" : "-";
	const char *digits = strncmp(rest, before, strlen(before)) == 0 ? rest + strlen(before) : "";

	if (!*digits || strlen(digits) > 2 || digits[strspn(digits, "0123456789")] || (digits[0] == '0' && digits[1]))
		return -1;
	return (int)strtol(digits, NULL, 10);
}

static void decode_offline(struct field_reader *reader, struct dbms *ret)
{
	const char *value = ret->metadata.offline;
	bool cluster = ret->kind == DBMS_CLUSTER;
	const char *example = arena_printf(reader->arena, "%s-%s0", ret->metadata.name, cluster ? "server-" : "");
	int ordinal;

	ret->metadata.offline = NULL;
	if (!value || !*value || !strcmp(value, "false"))
		return;
	ordinal = !cluster && !strcmp(value, "true") ? 0 : offline_ordinal(ret, value);
	if (ordinal < 0 || ordinal >= ret->servers) {
		field_fail(reader, (struct field){.path = "metadata.annotations"}, OFFLINE_ANNOTATION,
			   "must be the name of one pod of this deployment, such as %s", example);
		return;
	}
	ret->metadata.offline = cluster || strcmp(value, "true") != 0 ? value : example;
}

static bool has_space_or_control(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text <= ' ' || *text == 0x7f)
			return true;
	return false;
}

static void check_image(struct field_reader *reader, struct field image, const struct dbms_image *ret)
{
	const char *name_problem = image_name_problem(ret->repo), *tag_problem = image_tag_problem(ret->repo, ret->tag);

	if (name_problem)
		field_fail(reader, image, "repo", "%s", name_problem);
	if (tag_problem)
		field_fail(reader, image, "tag", "%s", tag_problem);
}

static void decode_image(struct field_reader *reader, struct field spec, struct dbms_image *ret)
{
	static const char *const policies[] = {"Always", "IfNotPresent", "Never", NULL};
	struct field image = field_object(reader, spec, "image");

	ret->repo = field_string_required(reader, image, "repo");
	ret->tag = field_string_required(reader, image, "tag");
	ret->pull_policy = field_string(reader, image, "pullPolicy", "IfNotPresent");
	ret->pull_secrets = field_strings(reader, image, "pullSecrets");
	check_choice(reader, image, "pullPolicy", ret->pull_policy, policies);
	if (has_space_or_control(ret->repo))
		field_fail(reader, image, "repo", "must not hold white space");
	if (has_space_or_control(ret->tag))
		field_fail(reader, image, "tag", "must not hold white space");
	if (!field_failed(reader))
		check_image(reader, image, ret);
	ret->reference = arena_printf(reader->arena, "%s%s%s", ret->repo, strncmp(ret->tag, "sha256:", 7) ? ":" : "@",
				      ret->tag);
}

static void decode_topology(struct field_reader *reader, struct field spec, struct dbms *dbms)
{
	static const char *const constraints[] = {"NONE", "PRIMARY", "SECONDARY", NULL};
	struct field topology = field_object(reader, spec, "topology");

	dbms->servers = 1;
	dbms->mode_constraint = "NONE";
	if (dbms->kind == DBMS_STANDALONE)
		return;
	if (!field_any(reader, topology, "servers").val)
		field_fail(reader, topology, "servers", "is required: a whole number from 2 to 20");
	dbms->servers = (int)field_int(reader, topology, "servers", (struct field_range){2, 20, 3});
	dbms->mode_constraint = field_string(reader, topology, "serverModeConstraint", "NONE");
	check_choice(reader, topology, "serverModeConstraint", dbms->mode_constraint, constraints);
	if (!strcmp(dbms->mode_constraint, "SECONDARY"))
		field_fail(reader, topology, "serverModeConstraint",
			   "SECONDARY would leave no server for primaries; use NONE or PRIMARY");
}

static void decode_storage(struct field_reader *reader, struct field spec, struct dbms_storage *ret)
{
	static const char *const policies[] = {"Retain", "Delete", NULL};
	struct field storage = field_object(reader, spec, "storage");
	const char *policy = field_string(reader, storage, "retentionPolicy", "Retain");
	const char *class_name = field_string(reader, storage, "className", "");
	uint64_t bytes;

	ret->size = field_string_required(reader, storage, "size");
	if (!field_failed(reader) && (!quantity_parse(ret->size, &bytes) || !bytes))
		field_fail(reader, storage, "size", "'%.40s' is not a quantity such as 10Gi", ret->size);
	check_choice(reader, storage, "retentionPolicy", policy, policies);
	ret->class_name = *class_name ? class_name : NULL;
	ret->delete_claims = !strcmp(policy, "Delete");
}

// NEO4J_PLUGINS of spec.env must be readable for the entrypoint, or the container would end at once (C2).
static bool is_name_list(const char *text, struct arena *arena)
{
	yyjson_val *list = json_parse(arena, text, strlen(text));
	size_t index, max;
	yyjson_val *val;

	if (!yyjson_is_arr(list))
		return false;
	yyjson_arr_foreach(list, index, max, val) {
		if (!yyjson_is_str(val) || !yyjson_get_len(val) || has_space_or_control(yyjson_get_str(val)))
			return false;
	}
	return true;
}

static void decode_env_item(struct field_reader *reader, struct field item, struct dbms *dbms)
{
	const char *name = field_string_required(reader, item, "name");
	const char *value = field_string(reader, item, "value", "");

	if (!strcmp(name, DBMS_LICENSE_VARIABLE) && !field_any(reader, item, "valueFrom").val) {
		if (*value)
			check_choice(reader, item, "value", value, licenses);
		dbms->license = *value ? value : NULL;
		return;
	}
	server_env_check_name(reader, item, name);
	if (strcmp(name, "NEO4J_PLUGINS") != 0)
		return;
	if (field_any(reader, item, "valueFrom").val)
		field_fail(reader, item, "valueFrom", "NEO4J_PLUGINS must be given as a value, so that other entries can be merged with it");
	else if (*value && !is_name_list(value, reader->arena))
		field_fail(reader, item, "value", "NEO4J_PLUGINS must be a JSON list of names, such as [\"apoc\"]");
	else if (*value)
		dbms->plugins_env = value;
}

static void decode_env(struct field_reader *reader, struct field spec, struct dbms *dbms)
{
	struct field list = field_list(reader, spec, "env");
	size_t index, max;
	yyjson_val *val;

	dbms->core.env = list.val;
	yyjson_arr_foreach(list.val, index, max, val) {
		struct field item = field_item(reader, list, index, val);

		if (!yyjson_is_obj(val))
			field_fail(reader, item, NULL, "must be an object");
		decode_env_item(reader, item, dbms);
	}
}

static void decode_resources(struct field_reader *reader, struct field spec, struct dbms *dbms)
{
	struct field resources = field_object(reader, spec, "resources");
	struct field limits = field_object(reader, resources, "limits");
	struct field memory = field_any(reader, limits, "memory");

	dbms->core.resources = resources.val;
	if (!memory.val)
		return;
	if (yyjson_is_uint(memory.val))
		dbms->memory_limit = yyjson_get_uint(memory.val);
	else if (!yyjson_is_str(memory.val) || !quantity_parse(yyjson_get_str(memory.val), &dbms->memory_limit))
		field_fail(reader, memory, NULL, "must be a quantity such as 4Gi");
	if (dbms->memory_limit < MIN_MEMORY)
		field_fail(reader, memory, NULL, "is too little for Neo4j; give it at least 512Mi");
}

static void decode_core(struct field_reader *reader, struct field spec, struct dbms *dbms)
{
	struct field security = field_object(reader, spec, "securityContext");

	decode_resources(reader, spec, dbms);
	decode_env(reader, spec, dbms);
	dbms->core.node_selector = field_object(reader, spec, "nodeSelector").val;
	dbms->core.tolerations = field_list(reader, spec, "tolerations").val;
	dbms->core.affinity = field_object(reader, spec, "affinity").val;
	dbms->core.topology_spread_constraints = field_list(reader, spec, "topologySpreadConstraints").val;
	dbms->core.pod_security_context = field_object(reader, security, "podSecurityContext").val;
	dbms->core.container_security_context = field_object(reader, security, "containerSecurityContext").val;
}

static void decode_service(struct field_reader *reader, struct field spec, struct dbms_service *ret)
{
	static const char *const types[] = {"ClusterIP", "NodePort", "LoadBalancer", NULL}, *const policies[] = {"Cluster", "Local", NULL};
	struct field service = field_object(reader, spec, "service");

	ret->type = field_string(reader, service, "type", "ClusterIP");
	ret->annotations = field_pairs(reader, service, "annotations");
	ret->source_ranges = field_strings(reader, service, "loadBalancerSourceRanges");
	ret->traffic_policy = field_string(reader, service, "externalTrafficPolicy", NULL);
	check_choice(reader, service, "type", ret->type, types);
	if (ret->traffic_policy)
		check_choice(reader, service, "externalTrafficPolicy", ret->traffic_policy, policies);
	if (!strcmp(ret->type, "ClusterIP")) {
		if (ret->traffic_policy && strcmp(ret->traffic_policy, "Local") == 0)
			field_fail(reader, service, "externalTrafficPolicy", "Local needs type LoadBalancer or NodePort");
		ret->traffic_policy = NULL;
	}
	if (ret->source_ranges.n && strcmp(ret->type, "LoadBalancer") != 0)
		field_fail(reader, service, "loadBalancerSourceRanges", "needs spec.service.type LoadBalancer");
}

static void check_annotations(struct field_reader *reader, struct field parent, const char *key, struct field_pairs pairs)
{
	for (size_t i = 0; i < pairs.n; i++)
		if (!strncmp(pairs.items[i].name, OWN_PREFIX, strlen(OWN_PREFIX)))
			field_fail(reader, parent, key, "'%.100s' is the operator's own; leave it out", pairs.items[i].name);
}

static int64_t decode_duration(struct field_reader *reader, struct field parent, const char *key, const char *otherwise)
{
	int64_t ms;

	if (!duration_parse(field_string(reader, parent, key, otherwise), &ms))
		field_fail(reader, parent, key, "must be a length of time of days, hours and minutes, such as 14d, 1h or 1h30m, or 0 for never");
	return ms;
}

// Letters, digits, '-' and '_': the id becomes part of a path.
static const char *decode_aura_id(struct field_reader *reader, struct field parent, const char *key)
{
	const char *id = field_string_required(reader, parent, key);

	if (strlen(id) > AURA_ID_MAX || id[strspn(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")])
		field_fail(reader, parent, key, "must be the id that the Aura console shows: letters, digits and '-', at most %d", AURA_ID_MAX);
	return id;
}

// ASCII that can be seen, with spaces only inside.
static const char *decode_line(struct field_reader *reader, struct field parent, const char *key, size_t most)
{
	const char *text = field_string(reader, parent, key, NULL);
	size_t len = text ? strlen(text) : 0;

	if (!text)
		return NULL;
	if (len == 0 || len > most || text[0] == ' ' || text[len - 1] == ' ')
		field_fail(reader, parent, key, "must have 1 to %zu characters, the first and the last of which are no spaces", most);
	for (size_t i = 0; i < len; i++) {
		if (text[i] < ' ' || text[i] > '~')
			field_fail(reader, parent, key, "may have characters of ASCII only, and no control character");
	}
	return text;
}

static void decode_provision(struct field_reader *reader, struct field fleet, struct dbms_provision *ret)
{
	static const char *const policies[] = {"Retain", "Delete", "Orphan", NULL}; // Orphan is the Go operator's word for Retain
	struct field provision = field_object(reader, fleet, "provision");
	const char *policy;

	if (!provision.val)
		return;
	ret->credentials = field_string_required(reader, field_object(reader, provision, "credentialsSecretRef"), "name");
	ret->organization = decode_aura_id(reader, provision, "organizationId");
	ret->project = decode_aura_id(reader, provision, "projectId");
	ret->name = decode_line(reader, provision, "deploymentName", AURA_NAME_MAX);
	ret->connection_url = decode_line(reader, provision, "connectionUrl", AURA_URL_MAX);
	policy = field_string(reader, provision, "deletionPolicy", "Retain");
	check_choice(reader, provision, "deletionPolicy", policy, policies);
	ret->delete_deployment = strcmp(policy, "Delete") == 0;
}

// The Secret with the token: the user's, or the one that the operator makes.
static void decode_token(struct field_reader *reader, struct field fleet, const struct dbms_metadata *metadata, struct dbms_fleet *ret)
{
	struct field token = field_object(reader, fleet, "tokenSecretRef");

	ret->token_key = field_string(reader, token, "key", "token");
	if (!*ret->token_key)
		ret->token_key = "token";
	if (token.val)
		ret->token_secret = field_string_required(reader, token, "name");
	decode_provision(reader, fleet, &ret->provision);
	if (ret->provision.credentials && token.val)
		field_fail(reader, fleet, "provision", "makes the token by itself; remove tokenSecretRef, or this");
	if (ret->provision.credentials)
		ret->token_secret = arena_printf(reader->arena, "%s" FLEET_TOKEN_SUFFIX, metadata->name);
}

static void decode_fleet(struct field_reader *reader, struct field spec, const struct dbms_metadata *metadata, struct dbms_fleet *ret)
{
	static const char *const policies[] = {"Latch", "FollowSecret", NULL};
	struct field fleet = field_object(reader, spec, "auraFleetManagement");
	const char *policy = field_string(reader, fleet, "tokenPolicy", "Latch");
	int64_t since_ms;

	ret->present = fleet.val != NULL;
	ret->enabled = field_bool(reader, fleet, "enabled", false);
	decode_token(reader, fleet, metadata, ret);
	check_choice(reader, fleet, "tokenPolicy", policy, policies);
	ret->follow_secret = !strcmp(policy, "FollowSecret") && ret->token_secret;
	ret->check_interval_ms = decode_duration(reader, fleet, "checkInterval", "1h");
	ret->registered_since = field_string(reader, fleet, "registeredSince", NULL);
	if (ret->registered_since && time_parse_rfc3339(ret->registered_since, &since_ms) < 0)
		field_fail(reader, fleet, "registeredSince", "must be a time such as 2026-01-31T12:00:00Z");
	ret->expiry_warning_ms = decode_duration(reader, fleet, "expiryWarning", "14d");
}

// "disabled" is what the Go operator's manifests say for no TLS.
static void decode_tls(struct field_reader *reader, struct field spec, struct dbms *ret)
{
	struct field tls = field_object(reader, spec, "tls");
	bool disabled = strcmp(field_string(reader, tls, "mode", ""), "disabled") == 0;

	if (disabled && field_any(reader, tls, "certificateSecret").val)
		field_fail(reader, tls, "mode", "is disabled, and certificateSecret asks for TLS; remove one of the two");
	else if (tls.val && !disabled)
		ret->tls_secret = field_string_required(reader, tls, "certificateSecret");
}

static void decode_sharding(struct field_reader *reader, struct field spec, struct dbms *ret)
{
	struct field sharding = field_object(reader, spec, "propertySharding");
	struct field_pairs config = field_pairs(reader, sharding, "config");

	ret->sharding = ret->kind == DBMS_CLUSTER && field_bool(reader, sharding, "enabled", false);
	if (ret->sharding)
		ret->sharding_config = config;
}

// The variable of spec.env counts where the field is left out.
static void decode_license(struct field_reader *reader, struct field spec, struct dbms *ret)
{
	const char *variable = ret->license;

	ret->license = field_string(reader, spec, "acceptLicenseAgreement", variable ? variable : "yes");
	check_choice(reader, spec, "acceptLicenseAgreement", ret->license, licenses);
	if (variable && strcmp(variable, ret->license) != 0)
		field_fail(reader, spec, "env", "'" DBMS_LICENSE_VARIABLE "' says %.20s, and spec.acceptLicenseAgreement %s; remove the variable", variable,
			   ret->license);
}

static void decode_spec(struct field_reader *reader, struct field spec, struct dbms *ret)
{
	struct field service;

	decode_name(reader, ret);
	check_restarted(reader, &ret->metadata);
	decode_image(reader, spec, &ret->image);
	decode_topology(reader, spec, ret);
	decode_offline(reader, ret);
	decode_storage(reader, spec, &ret->storage);
	ret->admin_secret = field_string(reader, field_object(reader, spec, "auth"), "adminSecret", ADMIN_SECRET);
	if (!*ret->admin_secret)
		ret->admin_secret = ADMIN_SECRET;
	ret->config = field_pairs(reader, spec, "config");
	decode_service(reader, spec, &ret->service);
	service = field_object(reader, spec, "service");
	check_annotations(reader, service, "annotations", ret->service.annotations);
	ret->pod_annotations = field_pairs(reader, spec, "podAnnotations");
	check_annotations(reader, spec, "podAnnotations", ret->pod_annotations);
	ret->cluster_domain = field_string(reader, spec, "clusterDomain", "cluster.local");
	if (!*ret->cluster_domain)
		ret->cluster_domain = "cluster.local";
	decode_tls(reader, spec, ret);
	ret->metrics = field_bool(reader, field_object(reader, spec, "metrics"), "enabled", false);
	decode_fleet(reader, spec, &ret->metadata, &ret->fleet);
	decode_sharding(reader, spec, ret);
	decode_core(reader, spec, ret);
	decode_license(reader, spec, ret);
	pod_shape_decode(reader, spec, &ret->pod_shape);
}

// Whether a list with commas has an item that begins so.
static bool has_item(const char *list, const char *beginning)
{
	while (*list) {
		list += strspn(list, ", \t");
		if (strncmp(list, beginning, strlen(beginning)) == 0)
			return true;
		list += strcspn(list, ",");
	}
	return false;
}

bool dbms_brings_fleet(const struct dbms *dbms)
{
	for (size_t i = 0; i < dbms->config.n; i++) {
		const struct field_pair *pair = &dbms->config.items[i];

		if (strcmp(pair->name, DBMS_OWN_FLEET_SETTING) == 0 && has_item(pair->value, "fleetManagement."))
			return true;
	}
	return false;
}

int dbms_decode(yyjson_val *root, struct arena *arena, struct dbms *ret, struct err *err)
{
	struct field_reader reader = {.arena = arena, .err = err};
	struct field spec;
	const char *kind = text_of(root, "kind", "");

	*ret = (struct dbms){0};
	dbms_decode_metadata(root, &ret->metadata);
	dbms_decode_status(root, &ret->status);
	ret->kind = !strcmp(kind, API_KIND_CLUSTER) ? DBMS_CLUSTER : DBMS_STANDALONE;
	ret->api_kind = ret->kind == DBMS_CLUSTER ? API_KIND_CLUSTER : API_KIND_STANDALONE;
	if (strcmp(kind, ret->api_kind) != 0)
		return err_set(err, ERR_INVALID, "kind: must be " API_KIND_CLUSTER " or " API_KIND_STANDALONE);
	spec = field_object(&reader, (struct field){.val = root, .path = ""}, "spec");
	decode_spec(&reader, spec, ret);
	return field_failed(&reader) ? (int)err->class : 0;
}
