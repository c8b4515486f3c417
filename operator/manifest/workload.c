// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/manifest/workload.h"

#include <string.h>

#include "base/json.h"
#include "operator/manifest/pod_template.h"
#include "operator/object/digest.h"
#include "operator/object/labels.h"
#include "operator/object/live_set.h"

static void add_claim(yyjson_mut_doc *doc, yyjson_mut_val *spec, const struct workload_inputs *inputs)
{
	const struct dbms_storage *storage = &inputs->dbms->storage;
	yyjson_mut_val *claim = yyjson_mut_arr_add_obj(doc, yyjson_mut_obj_add_arr(doc, spec, "volumeClaimTemplates"));
	yyjson_mut_val *metadata, *wanted, *requests;

	yyjson_mut_obj_add_str(doc, claim, "apiVersion", "v1");
	yyjson_mut_obj_add_str(doc, claim, "kind", "PersistentVolumeClaim");
	metadata = yyjson_mut_obj_add_obj(doc, claim, "metadata");
	yyjson_mut_obj_add_val(doc, metadata, "labels", labels_all(doc, inputs->dbms));
	yyjson_mut_obj_add_str(doc, metadata, "name", DATA_VOLUME);
	wanted = yyjson_mut_obj_add_obj(doc, claim, "spec");
	yyjson_mut_arr_add_str(doc, yyjson_mut_obj_add_arr(doc, wanted, "accessModes"), "ReadWriteOnce");
	requests = yyjson_mut_obj_add_obj(doc, yyjson_mut_obj_add_obj(doc, wanted, "resources"), "requests");
	yyjson_mut_obj_add_str(doc, requests, "storage", inputs->volume_size ? inputs->volume_size : storage->size);
	if (storage->class_name)
		yyjson_mut_obj_add_str(doc, wanted, "storageClassName", storage->class_name);
}

// A claim goes with the whole deployment, if the user says so; it never goes because somebody lowered the number of replicas: the operator
// drains the server first and then deletes the claim by name.
static void add_retention(yyjson_mut_doc *doc, yyjson_mut_val *spec, const struct dbms *dbms)
{
	yyjson_mut_val *policy = yyjson_mut_obj_add_obj(doc, spec, "persistentVolumeClaimRetentionPolicy");

	yyjson_mut_obj_add_str(doc, policy, "whenDeleted", dbms->storage.delete_claims ? "Delete" : "Retain");
	yyjson_mut_obj_add_str(doc, policy, "whenScaled", "Retain");
}

static void add_records(yyjson_mut_doc *doc, yyjson_mut_val *metadata, const struct workload_inputs *inputs)
{
	const char *const records[][2] = {
		{DECLARED_PLUGINS_ANNOTATION, inputs->declared},
		{FLEET_ENTRY_ANNOTATION, inputs->fleet_entry},
		{FLEET_WITHDRAWN_ANNOTATION, inputs->withdrawn},
		{SERVER_VERSION_ANNOTATION, inputs->server_version},
		{UNREADY_ANNOTATION, inputs->unready},
	};
	yyjson_mut_val *annotations = yyjson_mut_obj_add_obj(doc, metadata, "annotations");

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		if (records[i][1])
			yyjson_mut_obj_add_str(doc, annotations, records[i][0], records[i][1]);
	}
}

const char *workload_template_digest(const struct workload_inputs *inputs, struct arena *arena)
{
	_cleanup_(arena_freep) struct arena *scratch = arena_new();
	yyjson_mut_doc *doc = json_doc_new(scratch);

	yyjson_mut_doc_set_root(doc, pod_template_template(doc, inputs, scratch));
	return digest_of(json_text(scratch, doc), arena);
}

const char *workload_statefulset(const struct workload_inputs *inputs, struct arena *arena)
{
	static const char *const type[2] = {"apps/v1", "StatefulSet"};
	const struct dbms *dbms = inputs->dbms;
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *metadata, *spec;
	yyjson_mut_val *root = labels_object(doc, dbms, type, inputs->names->workload, &metadata);

	add_records(doc, metadata, inputs);
	spec = yyjson_mut_obj_add_obj(doc, root, "spec");
	add_retention(doc, spec, dbms);
	yyjson_mut_obj_add_str(doc, spec, "podManagementPolicy", "Parallel");
	yyjson_mut_obj_add_int(doc, spec, "replicas", inputs->replicas);
	yyjson_mut_obj_add_val(doc, yyjson_mut_obj_add_obj(doc, spec, "selector"), "matchLabels", labels_selector(doc, dbms));
	yyjson_mut_obj_add_str(doc, spec, "serviceName", inputs->names->headless);
	yyjson_mut_obj_add_val(doc, spec, "template", pod_template_template(doc, inputs, arena));
	yyjson_mut_obj_add_str(doc, yyjson_mut_obj_add_obj(doc, spec, "updateStrategy"), "type", "OnDelete");
	add_claim(doc, spec, inputs);
	return json_text(arena, doc);
}

static void add_service_ports(yyjson_mut_doc *doc, yyjson_mut_val *spec, const struct dbms *dbms, bool inner)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, spec, "ports");
	struct pod_template_port ports[8];
	size_t n = pod_template_ports(dbms, inner, ports);

	for (size_t i = 0; i < n; i++) {
		yyjson_mut_val *port = yyjson_mut_arr_add_obj(doc, list);

		yyjson_mut_obj_add_str(doc, port, "name", ports[i].name);
		yyjson_mut_obj_add_int(doc, port, "port", ports[i].number);
		yyjson_mut_obj_add_str(doc, port, "protocol", "TCP");
		yyjson_mut_obj_add_str(doc, port, "targetPort", ports[i].name);
	}
}

// Servers must find each other before they are ready.
const char *workload_headless(const struct dbms *dbms, const struct names *names, struct arena *arena)
{
	static const char *const type[2] = {"v1", "Service"};
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *spec = yyjson_mut_obj_add_obj(doc, labels_object(doc, dbms, type, names->headless, NULL), "spec");

	yyjson_mut_obj_add_str(doc, spec, "clusterIP", "None");
	add_service_ports(doc, spec, dbms, true);
	yyjson_mut_obj_add_bool(doc, spec, "publishNotReadyAddresses", true);
	yyjson_mut_obj_add_val(doc, spec, "selector", labels_selector(doc, dbms));
	yyjson_mut_obj_add_str(doc, spec, "type", "ClusterIP");
	return json_text(arena, doc);
}

const char *workload_client(const struct dbms *dbms, const struct names *names, struct arena *arena)
{
	static const char *const type[2] = {"v1", "Service"};
	const struct dbms_service *service = &dbms->service;
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *metadata, *spec, *list;
	yyjson_mut_val *root = labels_object(doc, dbms, type, names->client, &metadata);

	if (service->annotations.n) {
		list = yyjson_mut_obj_add_obj(doc, metadata, "annotations");
		for (size_t i = 0; i < service->annotations.n; i++)
			yyjson_mut_obj_add_str(doc, list, service->annotations.items[i].name, service->annotations.items[i].value);
	}
	spec = yyjson_mut_obj_add_obj(doc, root, "spec");
	if (service->traffic_policy)
		yyjson_mut_obj_add_str(doc, spec, "externalTrafficPolicy", service->traffic_policy);
	if (service->source_ranges.n) {
		list = yyjson_mut_obj_add_arr(doc, spec, "loadBalancerSourceRanges");
		for (size_t i = 0; i < service->source_ranges.n; i++)
			yyjson_mut_arr_add_str(doc, list, service->source_ranges.items[i]);
	}
	add_service_ports(doc, spec, dbms, false);
	yyjson_mut_obj_add_val(doc, spec, "selector", labels_selector(doc, dbms));
	yyjson_mut_obj_add_str(doc, spec, "type", service->type);
	return json_text(arena, doc);
}

const char *workload_account(const struct dbms *dbms, const struct names *names, struct arena *arena)
{
	static const char *const type[2] = {"v1", "ServiceAccount"};
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = labels_object(doc, dbms, type, names->account, NULL);

	yyjson_mut_obj_add_bool(doc, root, "automountServiceAccountToken", false);
	return json_text(arena, doc);
}

// A pod that is not ready protects nothing, so it may always be evicted.
const char *workload_budget(const struct dbms *dbms, const struct names *names, struct arena *arena)
{
	static const char *const type[2] = {"policy/v1", "PodDisruptionBudget"};
	yyjson_mut_doc *doc;
	yyjson_mut_val *spec;

	if (!names->budget)
		return NULL;
	doc = json_doc_new(arena);
	spec = yyjson_mut_obj_add_obj(doc, labels_object(doc, dbms, type, names->budget, NULL), "spec");
	yyjson_mut_obj_add_int(doc, spec, "maxUnavailable", 1);
	yyjson_mut_obj_add_val(doc, yyjson_mut_obj_add_obj(doc, spec, "selector"), "matchLabels", labels_selector(doc, dbms));
	yyjson_mut_obj_add_str(doc, spec, "unhealthyPodEvictionPolicy", "AlwaysAllow");
	return json_text(arena, doc);
}
