// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "support/crowd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/clock.h"
#include "base/json.h"

// Until the watch has brought a change.
#define WATCH_MS 30

struct crowd crowd;

unsigned crowd_chance(unsigned of)
{
	crowd.seed = crowd.seed * 1103515245U + 12345U;
	return (crowd.seed >> 16) % of;
}

int __real_clock_gettime(clockid_t id, struct timespec *ret);
int __wrap_clock_gettime(clockid_t id, struct timespec *ret);

int __wrap_clock_gettime(clockid_t id, struct timespec *ret)
{
	if (!crowd.now_ms)
		return __real_clock_gettime(id, ret);
	*ret = (struct timespec){.tv_sec = crowd.now_ms / 1000, .tv_nsec = crowd.now_ms % 1000 * 1000000};
	return 0;
}

int64_t crowd_now_ms(void)
{
	return crowd.now_ms;
}

// Of a call that only reads. To die at one is to die before the next that does something.
static enum crowd_fate next_read(void)
{
	crowd.now_ms += 1 + crowd_chance(20);
	return crowd.dead ? CROWD_IS_DEAD : CROWD_RUNS;
}

enum crowd_fate crowd_fate(void)
{
	crowd.now_ms += 1 + crowd_chance(20);
	if (crowd.dead)
		return CROWD_IS_DEAD;
	if (!crowd.calls_left || --crowd.calls_left > 0)
		return CROWD_RUNS;
	crowd.dead = true;
	crowd.kills++;
	return crowd_chance(2) ? CROWD_DIES_BEFORE : CROWD_DIES_AFTER;
}

enum aura_service_fate crowd_service_fate(void)
{
	enum crowd_fate fate = crowd_fate();

	if (fate == CROWD_DIES_BEFORE || fate == CROWD_IS_DEAD)
		return AURA_SERVICE_MISSED;
	if (fate == CROWD_DIES_AFTER)
		return crowd_chance(2) ? AURA_SERVICE_LOST : AURA_SERVICE_LATE;
	if (!crowd.loses || crowd_chance(12))
		return AURA_SERVICE_ANSWERS;
	return (enum aura_service_fate)(AURA_SERVICE_MISSED + crowd_chance(3));
}

static int killed(struct err *err)
{
	return err_set(err, ERR_CANCELLED, "killed");
}

static struct crowd_resource *find(const char *name)
{
	for (size_t i = 0; i < crowd.n; i++) {
		size_t len = strlen(crowd.resources[i].name);

		if (strncmp(crowd.resources[i].name, name, len) == 0 && (name[len] == '\0' || strcmp(name + len, FLEET_TOKEN_SUFFIX) == 0))
			return &crowd.resources[i];
	}
	fail_msg("no resource '%s'", name);
	return NULL;
}

static const char *last_registration(const struct crowd_resource *resource)
{
	return resource->registrations ? arena_printf(crowd.arena, "2026-01-01T00:%02u:%02uZ", resource->registrations / 60, resource->registrations % 60) : NULL;
}

static const char *json_of(const struct crowd_resource *resource)
{
	const char *last = last_registration(resource);
	yyjson_mut_doc *record = json_doc_new(crowd.arena);

	yyjson_mut_doc_set_root(record, yyjson_mut_str(record, resource->record));
	return arena_printf(
		crowd.arena,
		"{\"apiVersion\":\"neo4j.neo4j.com/v1alpha1\",\"kind\":\"Neo4jEnterpriseStandalone\",\"metadata\":{\"name\":\"%s\",\"namespace\":\"ns\",\"uid\":\"u-%s\","
		"\"resourceVersion\":\"%d\",\"generation\":1%s%s%s%s%s%s},\"spec\":{\"image\":{\"repo\":\"neo4j\",\"tag\":\"2025.12.1-enterprise\"},\"storage\":{\"size\":"
		"\"1Gi\"},\"auth\":{\"adminSecret\":\"admin\"},\"auraFleetManagement\":{\"enabled\":true,\"provision\":{\"credentialsSecretRef\":{\"name\":\"api\"},"
		"\"organizationId\":\"o-1\",\"projectId\":\"p-1\"%s}}},\"status\":{\"auraFleetManagement\":{\"registered\":%s%s%s%s}}}",
		resource->name, resource->name, resource->version, resource->record ? ",\"annotations\":{\"" PROVISION_ANNOTATION "\":" : "",
		resource->record ? json_text(crowd.arena, record) : "", resource->record ? "}" : "",
		resource->finalizer ? ",\"finalizers\":[\"" PROVISION_FINALIZER "\"]" : "", *resource->deleted_at ? ",\"deletionTimestamp\":\"" : "",
		*resource->deleted_at ? arena_printf(crowd.arena, "%s\"", resource->deleted_at) : "", resource->deletes ? ",\"deletionPolicy\":\"Delete\"" : "",
		resource->registered ? "true" : "false", last ? ",\"lastRegistrationTime\":\"" : "", last ? last : "", last ? "\"" : "");
}

struct kube_object *crowd_object(const struct crowd_resource *resource)
{
	const char *json = json_of(resource);
	struct kube_object *object = kube_object_parse(json, strlen(json));

	assert_non_null(object);
	return object;
}

void crowd_wake(struct crowd_resource *resource)
{
	resource->next_ms = crowd.now_ms + WATCH_MS;
}

// The API server.
static void merge(struct crowd_resource *resource, yyjson_val *metadata)
{
	yyjson_val *annotations = yyjson_obj_get(metadata, "annotations"), *finalizers = yyjson_obj_get(metadata, "finalizers");
	yyjson_val *record = yyjson_obj_get(annotations, PROVISION_ANNOTATION);

	if (record) {
		free(resource->record);
		resource->record = yyjson_is_str(record) ? strdup(yyjson_get_str(record)) : NULL;
	}
	if (finalizers)
		resource->finalizer = yyjson_arr_size(finalizers) > 0;
	resource->gone = *resource->deleted_at && !resource->finalizer;
	resource->version++;
	crowd_wake(resource);
}

int __wrap_kube_patch(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, const char *subresource,
		      enum kube_patch_type type, const char *patch, struct kube_object **ret, struct err *err);
int __wrap_kube_get(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, struct kube_object **ret, struct err *err);
int __wrap_kube_get_secret(struct kube_client *client, struct kube_name name, struct kube_object **ret, struct err *err);
int __wrap_kube_create_secret(struct kube_client *client, const char *namespace, const char *json, struct err *err);
int __wrap_kube_apply(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, const char *json,
		      const struct kube_apply_options *options, struct kube_object **ret, struct err *err);

int __wrap_kube_patch(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, const char *subresource,
		      enum kube_patch_type type, const char *patch, struct kube_object **ret, struct err *err)
{
	struct crowd_resource *known = find(name.name);
	yyjson_val *metadata = yyjson_obj_get(json_parse(crowd.arena, patch, strlen(patch)), "metadata");
	enum crowd_fate fate = crowd_fate();

	(void)client;
	(void)resource;
	assert_null(subresource);
	assert_int_equal(type, KUBE_PATCH_MERGE);
	if (fate == CROWD_DIES_BEFORE || fate == CROWD_IS_DEAD)
		return killed(err);
	if (known->gone)
		return err_set(err, ERR_NOT_FOUND, "gone");
	if (atoi(yyjson_get_str(yyjson_obj_get(metadata, "resourceVersion"))) != known->version)
		return err_set(err, ERR_CONFLICT, "the object has been modified");
	merge(known, metadata);
	if (fate == CROWD_DIES_AFTER)
		return killed(err);
	if (ret)
		*ret = crowd_object(known);
	return 0;
}

int __wrap_kube_get(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, struct kube_object **ret, struct err *err)
{
	(void)client;
	(void)resource;
	if (next_read() != CROWD_RUNS)
		return killed(err);
	*ret = crowd_object(find(name.name));
	return 0;
}

int __wrap_kube_get_secret(struct kube_client *client, struct kube_name name, struct kube_object **ret, struct err *err)
{
	static const char pair[] = "{\"metadata\":{\"name\":\"api\",\"namespace\":\"ns\"},\"data\":{\"CLIENT_ID\":\"Y2xpZW50LTE=\",\"CLIENT_SECRET\":\"dGhlLWNsaWVudC1zZWNyZXQK\"}}";
	const char *json = pair;

	(void)client;
	if (next_read() != CROWD_RUNS)
		return killed(err);
	if (strcmp(name.name, "api") != 0) {
		const struct crowd_resource *known = find(name.name);

		if (!*known->mark)
			return err_set(err, ERR_NOT_FOUND, "no such Secret");
		json = arena_printf(crowd.arena,
				    "{\"metadata\":{\"name\":\"%s\",\"namespace\":\"ns\",\"uid\":\"s-%s\",\"resourceVersion\":\"%d\",\"annotations\":{\"" PROVISION_TOKEN_ANNOTATION
				    "\":\"%s\"},\"ownerReferences\":[{\"controller\":true,\"uid\":\"u-%s\"}]}}",
				    name.name, known->name, known->secret_version, known->mark, known->name);
	}
	*ret = kube_object_parse_secret(json, strlen(json));
	return 0;
}

// Each token has a higher number than those that were made before it.
static unsigned number_of(const char *token)
{
	return *token ? (unsigned)atoi(token + strlen("token-")) : 0;
}

static void keep_secret(struct crowd_resource *known, yyjson_val *secret)
{
	const char *data = yyjson_get_str(yyjson_ptr_get(secret, "/data/token"));
	const char *mark = yyjson_get_str(yyjson_ptr_get(secret, "/metadata/annotations/neofleet.neo4j.com~1fleet-token-of"));
	size_t len;
	const char *token = base64_decode(crowd.arena, data, strlen(data), &len);

	// No older token ever takes the place of a newer one.
	assert_true(number_of(token) > number_of(known->token));
	assert_string_equal(yyjson_get_str(yyjson_ptr_get(secret, "/metadata/ownerReferences/0/uid")), arena_printf(crowd.arena, "u-%s", known->name));
	(void)snprintf(known->mark, sizeof(known->mark), "%s", mark);
	(void)snprintf(known->token, sizeof(known->token), "%s", token);
	known->secret_version++;
	crowd_wake(known);
}

int __wrap_kube_create_secret(struct kube_client *client, const char *namespace, const char *json, struct err *err)
{
	yyjson_val *secret = json_parse(crowd.arena, json, strlen(json));
	struct crowd_resource *known = find(yyjson_get_str(yyjson_ptr_get(secret, "/metadata/name")));
	enum crowd_fate fate = crowd_fate();

	(void)client;
	(void)namespace;
	if (fate == CROWD_DIES_BEFORE || fate == CROWD_IS_DEAD)
		return killed(err);
	if (*known->mark)
		return err_set(err, ERR_CONFLICT, "there is one");
	keep_secret(known, secret);
	return fate == CROWD_DIES_AFTER ? killed(err) : 0;
}

// As the operator applies: a dry run, or over a version.
int __wrap_kube_apply(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, const char *json,
		      const struct kube_apply_options *options, struct kube_object **ret, struct err *err)
{
	struct crowd_resource *known = find(name.name);
	yyjson_val *secret = json_parse(crowd.arena, json, strlen(json));
	const char *version = yyjson_get_str(yyjson_ptr_get(secret, "/metadata/resourceVersion"));
	enum crowd_fate fate = options->dry_run ? next_read() : crowd_fate();

	(void)client;
	(void)resource;
	(void)ret;
	assert_true(options->secret);
	if (fate == CROWD_DIES_BEFORE || fate == CROWD_IS_DEAD)
		return killed(err);
	if (crowd.no_rights)
		return err_set(err, ERR_FORBIDDEN, "secrets is forbidden");
	if (options->dry_run)
		return 0;
	assert_non_null(version);
	if (!*known->mark || atoi(version) != known->secret_version)
		return err_set(err, ERR_CONFLICT, "the object has been modified");
	keep_secret(known, secret);
	return fate == CROWD_DIES_AFTER ? killed(err) : 0;
}
