// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// Network policies add up: a pod that any of them selects may do what one of those allows. We understand only matchLabels in selectors; we
// assume that a selector with expressions selects the pods, so that its finding is a warning and says "may".

#include "cli/surroundings.h"

#include <string.h>

#include "api/quantity.h"
#include "base/json.h"
#include "cli/kinds.h"
#include "kube/client.h"
#include "operator/object/labels.h"

struct survey {
	const struct patient *patient;
	bool egress, aura;    // a policy restricts outgoing traffic; one of them lets the servers reach Aura
	bool ingress, anyone; // the same for incoming traffic
	const char *names;    // of the policies that restrict outgoing traffic
};

static const char *label_of(const struct survey *survey, const char *key)
{
	if (strcmp(key, LABEL_INSTANCE) == 0)
		return survey->patient->dbms.metadata.name;
	if (strcmp(key, LABEL_NAME) == 0)
		return LABEL_NAME_VALUE;
	if (strcmp(key, LABEL_MANAGED_BY) == 0)
		return LABEL_MANAGED_BY_VALUE;
	return strcmp(key, LABEL_COMPONENT) == 0 ? labels_component(survey->patient->dbms.kind) : NULL;
}

static bool selects(const struct survey *survey, yyjson_val *policy)
{
	yyjson_val *key, *val;
	size_t index, max;

	yyjson_obj_foreach(json_members(yyjson_ptr_get(policy, "/spec/podSelector/matchLabels")), index, max, key, val) {
		const char *label = label_of(survey, yyjson_get_str(key));

		if (!label || !yyjson_equals_str(val, label))
			return false;
	}
	return true;
}

// Without policyTypes a policy always restricts incoming traffic, and outgoing traffic where it has rules for it.
static bool is_of_type(yyjson_val *policy, const char *type, const char *rules)
{
	yyjson_val *types = yyjson_ptr_get(policy, "/spec/policyTypes"), *item;
	size_t index, max;

	if (!types)
		return strcmp(type, "Ingress") == 0 || yyjson_ptr_get(policy, rules);
	yyjson_arr_foreach(types, index, max, item) {
		if (yyjson_equals_str(item, type))
			return true;
	}
	return false;
}

static bool has_port(yyjson_val *rule, int port)
{
	yyjson_val *ports = yyjson_obj_get(rule, "ports"), *item;
	size_t index, max;

	yyjson_arr_foreach(ports, index, max, item) {
		yyjson_val *number = yyjson_obj_get(item, "port");

		if (!number || (yyjson_is_int(number) && yyjson_get_int(number) == port))
			return true;
	}
	return yyjson_arr_size(ports) == 0;
}

// Whether a rule allows all addresses, or some that may be Aura's.
static bool leaves_the_cluster(yyjson_val *rule)
{
	yyjson_val *to = yyjson_obj_get(rule, "to"), *item;
	size_t index, max;

	yyjson_arr_foreach(to, index, max, item) {
		if (yyjson_obj_get(item, "ipBlock"))
			return true;
	}
	return yyjson_arr_size(to) == 0;
}

static void look_at_policy(void *user, yyjson_val *policy)
{
	struct survey *survey = user;
	const char *name = yyjson_get_str(yyjson_ptr_get(policy, "/metadata/name"));
	yyjson_val *rule;
	size_t index, max;

	if (!selects(survey, policy))
		return;
	if (is_of_type(policy, "Egress", "/spec/egress")) {
		survey->egress = true;
		survey->names = arena_printf(survey->patient->arena, "%s%s%s", survey->names, *survey->names ? ", " : "", name);
		yyjson_arr_foreach(yyjson_ptr_get(policy, "/spec/egress"), index, max, rule) {
			survey->aura = survey->aura || (has_port(rule, 443) && leaves_the_cluster(rule));
		}
	}
	if (is_of_type(policy, "Ingress", "/spec/ingress")) {
		survey->ingress = true;
		yyjson_arr_foreach(yyjson_ptr_get(policy, "/spec/ingress"), index, max, rule) {
			survey->anyone = survey->anyone || has_port(rule, 7687);
		}
	}
}

static void look_at_quota(void *user, yyjson_val *quota)
{
	const struct survey *survey = user;
	struct patient of_namespace = *survey->patient;
	const struct patient *patient = &of_namespace;
	const char *name = yyjson_get_str(yyjson_ptr_get(quota, "/metadata/name"));
	yyjson_val *key, *hard;
	size_t index, max;

	of_namespace.subject = patient->dbms.metadata.namespace;
	yyjson_obj_foreach(json_members(yyjson_ptr_get(quota, "/status/hard")), index, max, key, hard) {
		const char *used = yyjson_get_str(yyjson_obj_get(yyjson_ptr_get(quota, "/status/used"), yyjson_get_str(key)));
		uint64_t have, limit;

		if (!used || !yyjson_get_str(hard) || !quantity_parse(used, &have) || !quantity_parse(yyjson_get_str(hard), &limit) || have < limit || limit == 0)
			continue;
		patient_add(patient, false, arena_printf(patient->arena, "quota %s is used up: %s is %s of %s, so pods or volumes may not be made", name,
							 yyjson_get_str(key), used, yyjson_get_str(hard)),
			    "raise it, or make room", arena_printf(patient->arena, "kubectl -n %s describe quota %s", patient->dbms.metadata.namespace, name));
	}
}

static void list(const struct survey *survey, const struct kube_resource *resource, const struct kube_reader *reader)
{
	const struct kube_selection selection = {.namespace = survey->patient->dbms.metadata.namespace};
	struct err err = ERR_INIT;

	if (kube_list(survey->patient->diagnosis->program->client, resource, &selection, reader, &err) < 0)
		diagnosis_unread(survey->patient->diagnosis, resource->plural, &err);
}

void surroundings_examine(const struct patient *patient)
{
	struct survey survey = {.patient = patient, .names = ""};
	const char *command = arena_printf(patient->arena, "kubectl -n %s describe networkpolicies", patient->dbms.metadata.namespace);

	list(&survey, &kinds_policies, &(struct kube_reader){look_at_policy, &survey});
	list(&survey, &kinds_quotas, &(struct kube_reader){look_at_quota, &survey});
	if (survey.egress && !survey.aura && patient->dbms.fleet.enabled)
		patient_add(patient, false, arena_printf(patient->arena, "network policies (%s) may keep the servers from Aura: none lets them out at port 443", survey.names),
			    "allow what goes out at port 443, and DNS", command);
	if (survey.ingress && !survey.anyone)
		patient_add(patient, false, "network policies may keep the operator and clients from the servers: none lets in at port 7687",
			    "allow the operator's namespace and your clients at port 7687", command);
}
