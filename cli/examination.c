// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "cli/examination.h"

#include <string.h>

#include "base/json.h"
#include "cli/draft.h"
#include "cli/end_words.h"
#include "cli/kinds.h"
#include "cli/secret_token.h"
#include "cli/surroundings.h"
#include "cli/timespan.h"
#include "kube/client.h"
#include "operator/object/admin_secret.h"
#include "operator/fleet/provision_record.h"
#include "operator/object/condition.h"
#include "operator/object/pod.h"
#include "operator/object/reason.h"
#include "operator/object/tls_secret.h"

#define SOON_MS (INT64_C(14) * 86400 * 1000)
#define SILENT_MS (INT64_C(60) * 1000)

static const char *command(const struct patient *patient, const char *fmt, ...) _printf_(2, 3);

static const char *command(const struct patient *patient, const char *fmt, ...)
{
	const char *text;
	va_list args;

	va_start(args, fmt);
	text = arena_vprintf(patient->arena, fmt, args);
	va_end(args);
	return arena_printf(patient->arena, "kubectl -n %s %s", patient->dbms.metadata.namespace, text);
}

// A command of ours for the deployment.
static const char *neofleet(const struct patient *patient, const char *verb)
{
	return arena_printf(patient->arena, "kubectl neofleet -n %s %s %s/%s", patient->dbms.metadata.namespace, verb, patient->kind,
			    patient->dbms.metadata.name);
}

static const char *edit(const struct patient *patient)
{
	return command(patient, "edit %s/%s", patient->kind, patient->dbms.metadata.name);
}

// The same checks as validate, without the plugins, which have conditions of their own.
static bool examine_spec(struct patient *patient)
{
	const struct draft_source source = {.root = patient->root, .namespace = patient->dbms.metadata.namespace};
	struct draft *draft = arena_alloc(patient->arena, sizeof(*draft));
	struct err err = ERR_INIT;

	if (draft_make(&source, patient->arena, draft, &err) < 0) {
		patient_add(patient, true, arena_strdup(patient->arena, err.text), "mend that field", edit(patient));
		return false;
	}
	patient->dbms = draft->dbms;
	if (draft->dbms.fleet.enabled && draft->form == FLEET_FORM_NONE && !dbms_brings_fleet(&draft->dbms))
		patient_add(patient, true, arena_printf(patient->arena, "Neo4j %s has no Fleet Management, so it will not be registered",
							version_text(&draft->version, patient->arena)),
			    "use 5.26.12 or newer, or 2025.08 or newer, or bring the plugin's jar (docs/fleet-management.md)", edit(patient));
	if (draft->dbms.fleet.enabled && !draft->dbms.fleet.token_secret)
		patient_add(patient, false, "there is no token, so the registration waits", "set spec.auraFleetManagement.tokenSecretRef", edit(patient));
	return true;
}

// Whether the Secret could be read. A missing Secret is a finding; one that the user may not read is noted.
static bool get_secret(struct patient *patient, const char *name, const char *what, const char *const make[2], struct kube_object **ret)
{
	struct err err = ERR_INIT;
	int r = kube_get_secret(patient->diagnosis->program->client, (struct kube_name){patient->dbms.metadata.namespace, name}, ret, &err);

	if (r == 0)
		return true;
	if (r != ERR_NOT_FOUND) {
		diagnosis_unread(patient->diagnosis, arena_printf(patient->arena, "Secret '%s'", name), &err);
		return false;
	}
	patient->secret_told = true;
	patient_add(patient, true, arena_printf(patient->arena, "Secret '%s' does not exist: %s", name, what), "create it in this namespace",
		    command(patient, "create secret %s %s %s", make[0], name, make[1]));
	return false;
}

static void examine_admin_secret(struct patient *patient)
{
	static const char *const make[2] = {"generic", "--from-literal=password='<choose-one>'"};
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;
	struct admin_secret read;
	const char *problem;

	if (!get_secret(patient, patient->dbms.admin_secret, "it holds the admin's password", make, &secret))
		return;
	if (admin_secret_read(kube_object_root(secret), settings_password_length(&patient->dbms, patient->arena), patient->arena, &read, &problem))
		return;
	patient->secret_told = true;
	patient_add(patient, true, arena_printf(patient->arena, "Secret '%s' cannot be used: %s", patient->dbms.admin_secret, problem), "write it anew",
		    command(patient, "create secret generic %s --from-literal=password='<choose-one>' --dry-run=client -o yaml | kubectl apply -f -",
			    patient->dbms.admin_secret));
}

static void examine_certificate(struct patient *patient)
{
	static const char *const make[2] = {"tls", "--cert=tls.crt --key=tls.key"};
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;
	struct tls_secret read;
	struct names names;
	const char *problem, *name = patient->dbms.tls_secret, *domain;
	int64_t now = clock_wall_ms(patient->diagnosis->program->clock);

	if (!name || !get_secret(patient, name, "it holds the certificate", make, &secret))
		return;
	if (!tls_secret_read(kube_object_root(secret), now, patient->arena, &read, &problem)) {
		patient->secret_told = true;
		patient_add(patient, true, arena_printf(patient->arena, "Secret '%s' cannot be used: %s", name, problem), "put a certificate there that fits its key",
			    command(patient, "get secret %s -o jsonpath='{.data.tls\\.crt}' | base64 -d | openssl x509 -noout -text", name));
		return;
	}
	names_of(&patient->dbms, patient->arena, &names);
	domain = arena_printf(patient->arena, "%s.%s.svc.%s", names.client, patient->dbms.metadata.namespace, patient->dbms.cluster_domain);
	if (!tls_secret_covers(&read, domain) && !tls_secret_covers(&read, names.client) && !tls_secret_covers(&read, names_pod_host(&names, 0, patient->arena)))
		patient_add(patient, true, arena_printf(patient->arena, "the certificate in Secret '%s' covers neither '%s' nor the pods' names", name, domain),
			    "issue one for that name", command(patient, "describe secret %s", name));
	else if (read.turns_ms && read.turns_ms - now < SOON_MS)
		patient_add(patient, false, arena_printf(patient->arena, "the certificate in Secret '%s' expires %s", name, timespan_from_now(read.turns_ms - now, patient->arena)),
			    "renew it", NULL);
}

static const char *replace_token(const struct patient *patient)
{
	return command(patient, "create secret generic %s --from-literal=%s='<paste-token-here>' --dry-run=client -o yaml | kubectl apply -f -",
		       patient->dbms.fleet.token_secret, patient->dbms.fleet.token_key);
}

// What the servers say of their own token counts more.
static bool tells_expiry(const struct patient *patient)
{
	yyjson_val *condition = json_item(yyjson_ptr_get(patient->root, "/status/conditions"), "type", CONDITION_FLEET_TOKEN_EXPIRING);

	return yyjson_equals_str(yyjson_obj_get(condition, "status"), "True");
}

static void judge_token(struct patient *patient, enum token_verdict verdict, const struct token *token)
{
	const char *name = patient->dbms.fleet.token_secret, *cure = "copy it again, in full, from the Aura console";
	int64_t left = token->expires_ms - clock_wall_ms(patient->diagnosis->program->clock);
	// A registered server may hold a newer token.
	bool registered = patient->dbms.status.registered == DBMS_REGISTERED_TRUE;
	const char *cause = NULL;

	if (verdict == TOKEN_EMPTY)
		cause = arena_printf(patient->arena, "the token in Secret '%s' is empty", name);
	else if (verdict == TOKEN_MALFORMED)
		cause = arena_printf(patient->arena, "the token in Secret '%s' is malformed: %s", name, token->problem);
	else if (verdict == TOKEN_EXPIRED || (left < SOON_MS && !tells_expiry(patient)))
		cause = arena_printf(patient->arena, "the token in Secret '%s' %s %s%s", name, verdict == TOKEN_EXPIRED ? "expired" : "expires",
				     timespan_from_now(left, patient->arena), registered ? "; the servers hold a newer one if it rotates by itself" : "");
	if (!cause)
		return;
	if (verdict == TOKEN_GOOD || verdict == TOKEN_EXPIRED)
		cure = "make a new token in the Aura console";
	patient->token_told = verdict != TOKEN_GOOD;
	patient_add(patient, verdict != TOKEN_GOOD && !registered, cause, cure, replace_token(patient));
}

static void examine_token(struct patient *patient)
{
	const struct dbms_fleet *fleet = &patient->dbms.fleet;
	struct kube_name name = {patient->dbms.metadata.namespace, fleet->token_secret};
	enum token_verdict verdict;
	struct err err = ERR_INIT;
	struct token token;
	int r;

	// The Secret of provision is the operator's: what is wrong with it stands in the status.
	if (!fleet->enabled || !fleet->token_secret || fleet->provision.credentials)
		return;
	r = secret_token_read(patient->diagnosis->program, name, fleet->token_key, &verdict, &token, &err);
	if (r == 0) {
		judge_token(patient, verdict, &token);
	} else if (r == ERR_NOT_FOUND) {
		patient->token_told = true;
		patient_add(patient, true, arena_printf(patient->arena, "the token cannot be read: %s", err.text), "put it there, or name the right Secret and key",
			    replace_token(patient));
	} else {
		diagnosis_unread(patient->diagnosis, arena_printf(patient->arena, "Secret '%s'", fleet->token_secret), &err);
	}
}

// How long an object should have been gone; 0: it should not be gone yet. A pod's time includes its grace period.
static int64_t overdue_ms(const struct patient *patient, yyjson_val *root)
{
	int64_t at, now = clock_wall_ms(patient->diagnosis->program->clock);
	const char *text = yyjson_get_str(yyjson_ptr_get(root, "/metadata/deletionTimestamp"));

	return text && time_parse_rfc3339(text, &at) == 0 && now - at > SILENT_MS ? now - at : 0;
}

static void examine_leaving_pod(struct patient *patient, const char *name, yyjson_val *root)
{
	int64_t overdue = overdue_ms(patient, root);
	const char *node = yyjson_get_str(yyjson_ptr_get(root, "/spec/nodeName"));

	if (!overdue)
		return;
	patient->pods_told = true;
	patient_add(patient, true,
		    arena_printf(patient->arena, "server %s should have ended %s: node %s may be lost", name, timespan_from_now(-overdue, patient->arena), node ? node : "(none)"),
		    "bring the node back; if it is gone for good and its volume can be reached from elsewhere, see docs/nodes.md", "kubectl get nodes");
}

static void examine_pod(void *user, yyjson_val *root)
{
	struct patient *patient = user;
	const char *text = json_val_text(patient->arena, root), *cure = "see its events and its log", *type;
	struct pod pod;

	pod_read(json_parse(patient->arena, text, strlen(text)), patient->arena, &pod);
	end_words_look(patient->diagnosis->program, patient->dbms.metadata.namespace, &pod);
	if (pod.terminating)
		examine_leaving_pod(patient, pod.name, root);
	if (pod.ready || pod.terminating || !pod.problem)
		return;
	type = command(patient, "describe pod %s", pod.name);
	if (strstr(pod.problem, "ImagePull") || strstr(pod.problem, "ErrImage") || strstr(pod.problem, "InvalidImageName")) {
		cure = "mend spec.image.repo or spec.image.tag, or name the registry's Secret in spec.image.pullSecrets";
		type = edit(patient);
	} else if (pod.ends > 0) {
		cure = "see what it logged before it ended";
		type = command(patient, "logs %s -c " CONTAINER_NAME " --previous", pod.name);
	} else if (strstr(pod.problem, "PersistentVolumeClaim")) {
		cure = "give its claim a volume: see what is said of the claim";
	} else if (strstr(pod.problem, "not scheduled") || strstr(pod.problem, "nodes are available")) {
		cure = "give the cluster a node that fits, or ask for less in spec.resources, nodeSelector, affinity";
	}
	patient->pods_told = true;
	patient_add(patient, true, arena_printf(patient->arena, "server %s is not ready: %s", pod.name, pod.problem), cure, type);
}

static void examine_claim(void *user, yyjson_val *root)
{
	struct patient *patient = user;
	const char *name = yyjson_get_str(yyjson_ptr_get(root, "/metadata/name")), *class = yyjson_get_str(yyjson_ptr_get(root, "/spec/storageClassName"));
	yyjson_val *phase = yyjson_ptr_get(root, "/status/phase");

	if (yyjson_equals_str(phase, "Pending"))
		patient_add(patient, true, arena_printf(patient->arena, "claim %s has no volume (storage class %s)", name, class ? class : "of the cluster's default"),
			    "see whether there is such a class (kubectl get storageclass), and why none is provisioned; a class that waits for the first consumer waits for the pod",
			    command(patient, "describe pvc %s", name));
	else if (yyjson_equals_str(phase, "Lost"))
		patient_add(patient, true, arena_printf(patient->arena, "claim %s has lost its volume", name), "restore the server from a backup, or let the cluster replace it",
			    command(patient, "describe pvc %s", name));
}

static void examine_plugin(void *user, yyjson_val *root)
{
	struct patient *patient = user;
	const char *name = yyjson_get_str(yyjson_ptr_get(root, "/metadata/name")), *message = yyjson_get_str(yyjson_ptr_get(root, "/status/message"));

	if (!yyjson_equals_str(yyjson_ptr_get(root, "/spec/clusterRef"), patient->dbms.metadata.name) ||
	    !yyjson_equals_str(yyjson_ptr_get(root, "/status/phase"), "Failed"))
		return;
	patient_add(patient, true, arena_printf(patient->arena, "plugin %s failed: %s", name, message ? message : "no reason is given"), "mend its spec",
		    command(patient, "edit n4jp/%s", name));
}

static void list(struct patient *patient, const struct kube_resource *resource, const char *labels, void (*on_item)(void *user, yyjson_val *item))
{
	const struct kube_selection selection = {.namespace = patient->dbms.metadata.namespace, .labels = labels};
	const struct kube_reader reader = {on_item, patient};
	struct err err = ERR_INIT;

	if (kube_list(patient->diagnosis->program->client, resource, &selection, &reader, &err) < 0)
		diagnosis_unread(patient->diagnosis, resource->plural, &err);
}

static const char *status_text(const struct patient *patient, yyjson_val *object, const char *pointer)
{
	const char *text = yyjson_get_str(yyjson_ptr_get(object, pointer));

	return text ? arena_strdup(patient->arena, text) : "";
}

static bool is_of_token(enum reason reason)
{
	return reason == REASON_TOKEN_EMPTY || reason == REASON_TOKEN_MALFORMED || reason == REASON_TOKEN_EXPIRED ||
	       reason == REASON_SECRET_NOT_FOUND || reason == REASON_SECRET_KEY_NOT_FOUND;
}

static bool keeps_unregistered(enum reason reason)
{
	return reason == REASON_TOKEN_REFUSED || reason == REASON_PROCEDURE_MISSING || reason == REASON_UNREACHABLE || reason == REASON_SERVER_ERROR ||
	       reason == REASON_FLEET_PLUGIN_WITHDRAWN || reason == REASON_CREDENTIALS_REFUSED || reason == REASON_PROVISION_CHANGED ||
	       reason == REASON_AURA_NAME_TAKEN || reason == REASON_AURA_REFUSED || reason == REASON_AURA_UNAVAILABLE ||
	       reason == REASON_RIGHTS_MISSING || reason == REASON_SECRET_UNUSABLE || is_of_token(reason);
}

static void examine_disconnection(const struct patient *patient, enum reason reason, const char *message)
{
	const char *cause = arena_printf(patient->arena, "not connected to Aura: %s", message);

	if (reason == REASON_TOKEN_GONE)
		patient_add(patient, true, cause, "put a good token into the Secret, and have it registered", neofleet(patient, "register"));
	else
		patient_add(patient, true, cause, "let the pods reach Aura: look at network policies, proxies, DNS", command(patient, "get networkpolicies"));
}

// An expiry is still to come.
static void examine_expiry(const struct patient *patient, const char *cause)
{
	if (patient->dbms.fleet.follow_secret)
		patient_add(patient, false, cause, "put a newer token into the Secret; the operator registers it by itself", NULL);
	else
		patient_add(patient, false, cause, "put a newer token into the Secret, and have it registered; one that rotates renews itself",
			    neofleet(patient, "register"));
}

// A condition that holds and should not. The spec mends some; of the others the message names the Secret.
static void examine_trouble(const struct patient *patient, const char *type, const char *message)
{
	const char *cause = arena_printf(patient->arena, "%s: %s", type, message);
	bool of_spec = strcmp(type, CONDITION_PLUGINS_MALFORMED) == 0 || strcmp(type, CONDITION_FLEET_TWINS) == 0;

	if (strcmp(type, CONDITION_FLEET_TOKEN_EXPIRING) == 0)
		examine_expiry(patient, cause);
	else
		patient_add(patient, true, cause, "do what the message says", of_spec ? edit(patient) : NULL);
}

static void examine_condition(const struct patient *patient, yyjson_val *condition)
{
	static const char *const bad[] = {CONDITION_CREDENTIALS_REFUSED, CONDITION_PLUGINS_MALFORMED, CONDITION_FLEET_TWINS, CONDITION_FLEET_TOKEN_EXPIRING,
					  CONDITION_CERTIFICATE_UNUSABLE};
	const char *message = status_text(patient, condition, "/message");
	enum reason reason = reason_of(yyjson_get_str(yyjson_obj_get(condition, "reason")));
	bool holds = yyjson_equals_str(yyjson_obj_get(condition, "status"), "True"), fails = yyjson_equals_str(yyjson_obj_get(condition, "status"), "False");

	for (size_t i = 0; holds && i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (yyjson_equals_str(yyjson_obj_get(condition, "type"), bad[i]))
			examine_trouble(patient, bad[i], message);
	}
	if (fails && yyjson_equals_str(yyjson_obj_get(condition, "type"), "FleetConnected"))
		examine_disconnection(patient, reason, message);
	if (!fails || !yyjson_equals_str(yyjson_obj_get(condition, "type"), "FleetRegistered") || (is_of_token(reason) && patient->token_told))
		return;
	if (keeps_unregistered(reason))
		patient_add(patient, true, arena_printf(patient->arena, "not registered: %s", message), "do what the message says; it is tried again by itself",
			    NULL);
}

static bool is_stalled(yyjson_val *conditions)
{
	return yyjson_equals_str(yyjson_obj_get(json_item(conditions, "type", CONDITION_STALLED), "status"), "True");
}

static void examine_phase(const struct patient *patient, bool spec_is_good)
{
	const char *phase = status_text(patient, patient->root, "/status/phase"), *message = status_text(patient, patient->root, "/status/message");
	bool bad = strcmp(phase, "Failed") == 0 || strcmp(phase, "Degraded") == 0 || is_stalled(yyjson_ptr_get(patient->root, "/status/conditions"));
	bool told = !spec_is_good || patient->secret_told || patient->pods_told;
	// These words are the API server's, which names no cure. It may pass by itself, or stall after five minutes.
	bool held_up = strstr(message, "cannot be evicted") != NULL;

	if ((!bad && !held_up && strcmp(phase, "Pending") != 0) || told)
		return;
	if (held_up)
		patient_add(patient, bad, arena_printf(patient->arena, "%s: %s", phase, message),
			    "remove or loosen the budget that others made for these pods; that of the operator lets one go at a time", command(patient, "get poddisruptionbudgets"));
	else
		patient_add(patient, bad, arena_printf(patient->arena, "%s: %s", phase, message),
			    "do what the message says; its servers, volumes and events tell more",
			    neofleet(patient, "status"));
}

static void examine_silence(const struct patient *patient)
{
	int64_t created, now = clock_wall_ms(patient->diagnosis->program->clock);
	long long generation = yyjson_get_sint(yyjson_ptr_get(patient->root, "/metadata/generation"));
	long long observed = yyjson_get_sint(yyjson_ptr_get(patient->root, "/status/observedGeneration"));

	if (time_parse_rfc3339(patient->dbms.metadata.created, &created) < 0 || now - created < SILENT_MS)
		return;
	if (!yyjson_ptr_get(patient->root, "/status/phase"))
		patient_add(patient, true, "the operator has said nothing of it", "see whether the operator runs, and whether its --namespace is another one",
			    "kubectl get deployments -A -l '" KINDS_OPERATOR "'");
	else if (observed < generation && yyjson_equals_str(yyjson_ptr_get(patient->root, "/status/phase"), "Ready"))
		patient_add(patient, false, arena_printf(patient->arena, "generation %lld of its spec has not been taken up yet", generation),
			    "see whether the operator runs", "kubectl get deployments -A -l '" KINDS_OPERATOR "'");
}

// The operator sets one finalizer, and takes it away within minutes: others only the person or controller that set them can remove.
static void examine_deletion(const struct patient *patient)
{
	yyjson_val *first = yyjson_arr_get_first(yyjson_ptr_get(patient->root, "/metadata/finalizers"));
	const char *finalizer = yyjson_get_str(first);

	const char *cure = "have the program that set it take it off; if that is gone, take it off by hand";

	if (!overdue_ms(patient, patient->root) || !finalizer)
		return;
	if (strcmp(finalizer, PROVISION_FINALIZER) == 0)
		cure = "the operator takes it off within five minutes of its deletion: see whether it runs; without it the deployment stays in Aura";
	patient_add(patient, true, arena_printf(patient->arena, "it is being deleted, and finalizer '%s' holds it", finalizer), cure, edit(patient));
}

// What a person wants for a time, and may have forgotten.
static void examine_wishes(const struct patient *patient)
{
	const struct dbms_metadata *metadata = &patient->dbms.metadata;

	if (metadata->paused)
		patient_add(patient, false, "it is paused: nothing of its spec is carried out", "let it go on when you are done",
			    neofleet(patient, "resume"));
	if (metadata->offline)
		patient_add(patient, false, arena_printf(patient->arena, "%s is offline for maintenance: it runs no server", metadata->offline),
			    "end it when you are done", command(patient, "annotate %s/%s %s-", patient->kind, metadata->name, OFFLINE_ANNOTATION));
}

void examination_run(struct patient *patient)
{
	yyjson_val *conditions = yyjson_ptr_get(patient->root, "/status/conditions"), *condition;
	bool spec_is_good = examine_spec(patient);
	struct names names;
	size_t index, max;

	examine_deletion(patient);
	examine_wishes(patient);
	if (!patient->dbms.metadata.paused)
		examine_silence(patient);
	if (spec_is_good) {
		names_of(&patient->dbms, patient->arena, &names);
		examine_admin_secret(patient);
		examine_certificate(patient);
		examine_token(patient);
		list(patient, &kube_pods, names.selector, examine_pod);
		list(patient, &kube_persistentvolumeclaims, names.selector, examine_claim);
		list(patient, &kinds_plugins, NULL, examine_plugin);
		surroundings_examine(patient);
	}
	yyjson_arr_foreach(conditions, index, max, condition) {
		examine_condition(patient, condition);
	}
	examine_phase(patient, spec_is_good);
}
