// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// First the Secrets that the deployments name are read, where the user may, only to know what must not be in the archive. Then everything goes into it
// by one door, which looks for each of these values.

#include "cli/report/bundle.h"

#include <stdlib.h>
#include <string.h>

#include "api/dbms.h"
#include "base/json.h"
#include "base/release.h"
#include "cli/diagnosis.h"
#include "cli/kinds.h"
#include "cli/page/view.h"
#include "cli/pod_log.h"
#include "cli/portrait.h"
#include "cli/report/blackout.h"
#include "cli/yaml_text.h"
#include "kube/client.h"
#include "operator/object/names.h"

#define DEPLOYMENTS_MAX 200
#define TAIL "1000"
#define OPERATOR "app.kubernetes.io/name=neofleet"
#define TOP "neofleet-report"

struct bundle {
	struct program *program;
	const struct bundle_options *options;
	struct tarball *archive;
	struct arena *secrets; // wiped
	struct blackout scrub;
	struct buf missing;
	yyjson_val *deployments[DEPLOYMENTS_MAX];
	size_t n;
	bool too_many;
	const char *folder; // that objects of a list are put into
};

static void miss(struct bundle *bundle, const char *what, const struct err *err)
{
	buf_addf(&bundle->missing, "%s: %s\n", what, err->text);
}

// The one door.
static void put(struct bundle *bundle, const char *path, const char *text, size_t len)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *scrubbed;

	arena_wipe_on_free(arena);
	scrubbed = blackout_text(&bundle->scrub, arena, text, len, &len);
	tarball_add(bundle->archive, arena_printf(arena, TOP "/%s", path), scrubbed, len);
}

static void put_val(struct bundle *bundle, const char *path, yyjson_val *val)
{
	_cleanup_free_ char *text = NULL;
	size_t len;
	FILE *file = open_memstream(&text, &len);

	if (!file)
		abort();
	yaml_text_write(val, file);
	if (fclose(file) != 0)
		abort();
	put(bundle, path, text, len);
}

static void put_doc(struct bundle *bundle, const char *path, const yyjson_mut_doc *doc)
{
	const char *text = json_text(bundle->program->arena, doc);

	put_val(bundle, path, json_parse(bundle->program->arena, text, strlen(text)));
}

static void put_object(void *user, yyjson_val *item)
{
	struct bundle *bundle = user;
	yyjson_mut_doc *doc = json_doc_new(bundle->program->arena);
	yyjson_mut_val *root = yyjson_val_mut_copy(doc, item);
	const char *name = yyjson_get_str(yyjson_ptr_get(item, "/metadata/name"));

	if (!name || strchr(name, '/'))
		return;
	yyjson_mut_doc_set_root(doc, root);
	blackout_object(root);
	put_doc(bundle, arena_printf(bundle->program->arena, "%s/%s.yaml", bundle->folder, name), doc);
}

static void put_list(struct bundle *bundle, const struct kube_resource *resource, const struct kube_selection *selection, const char *folder)
{
	const struct kube_reader reader = {put_object, bundle};
	struct err err = ERR_INIT;

	bundle->folder = folder;
	if (kube_list(bundle->program->client, resource, selection, &reader, &err) < 0)
		miss(bundle, folder, &err);
}

static void put_log(struct bundle *bundle, const struct pod_log *log, const char *folder)
{
	struct buf text = BUF_INIT(0);
	struct err err = ERR_INIT;
	const char *path = arena_printf(bundle->program->arena, "%s/%s%s.log", folder, log->pod, log->previous ? ".previous" : "");

	if (pod_log_read(bundle->program, log, &text, &err) == 0)
		put(bundle, path, buf_str(&text), text.len);
	else if (!log->previous)
		miss(bundle, path, &err);
	buf_release(&text);
}

struct pods {
	struct bundle *bundle;
	const char *names[64], *namespaces[64];
	bool ended[64];
	size_t n;
};

static void add_pod(void *user, yyjson_val *item)
{
	struct pods *pods = user;
	struct arena *arena = pods->bundle->program->arena;
	const char *name = yyjson_get_str(yyjson_ptr_get(item, "/metadata/name")), *namespace = yyjson_get_str(yyjson_ptr_get(item, "/metadata/namespace"));

	if (!name || !namespace || pods->n == sizeof(pods->names) / sizeof(pods->names[0]))
		return;
	pods->names[pods->n] = arena_strdup(arena, name);
	pods->namespaces[pods->n] = arena_strdup(arena, namespace);
	pods->ended[pods->n++] = yyjson_get_sint(yyjson_ptr_get(item, "/status/containerStatuses/0/restartCount")) > 0;
}

static void put_logs(struct bundle *bundle, const struct kube_selection *selection, const char *container, const char *folder)
{
	struct pods pods = {.bundle = bundle};
	const struct kube_reader reader = {add_pod, &pods};
	struct err err = ERR_INIT;

	if (!bundle->options->logs || kube_list(bundle->program->client, &kube_pods, selection, &reader, &err) < 0)
		return;
	for (size_t i = 0; i < pods.n; i++) {
		struct pod_log log = {pods.namespaces[i], pods.names[i], container, TAIL, false};

		put_log(bundle, &log, folder);
		log.previous = true;
		if (pods.ended[i])
			put_log(bundle, &log, folder);
	}
}

static void put_deployment(struct bundle *bundle, yyjson_val *object)
{
	struct arena *arena = bundle->program->arena;
	struct err invalid = ERR_INIT;
	struct dbms dbms;
	struct names names;
	struct kube_selection selection = {0};
	const char *folder;
	struct view view;

	(void)dbms_decode(object, arena, &dbms, &invalid);
	names_of(&dbms, arena, &names);
	folder = arena_printf(arena, "deployments/%s/%s", dbms.metadata.namespace, dbms.metadata.name);
	bundle->folder = folder;
	put_object(bundle, object);
	selection = (struct kube_selection){dbms.metadata.namespace, names.selector, NULL};
	put_list(bundle, &kube_statefulsets, &selection, arena_printf(arena, "%s/statefulset", folder));
	put_list(bundle, &kube_pods, &selection, arena_printf(arena, "%s/pods", folder));
	put_list(bundle, &kube_persistentvolumeclaims, &selection, arena_printf(arena, "%s/volumes", folder));
	put_logs(bundle, &selection, CONTAINER_NAME, arena_printf(arena, "%s/logs", folder));
	if (view_open(bundle->program, arena, view_id(arena, dbms.kind == DBMS_CLUSTER, dbms.metadata.namespace, dbms.metadata.name), &view, &invalid) == 0)
		put_doc(bundle, arena_printf(arena, "%s/status.yaml", folder), portrait_make(view.program, object));
}

static void put_operator(struct bundle *bundle)
{
	struct kube_selection selection = {.labels = OPERATOR};

	put_list(bundle, &kinds_deployments, &selection, "operator/deployments");
	put_list(bundle, &kube_pods, &selection, "operator/pods");
	put_logs(bundle, &selection, NULL, "operator/logs");
}

static void put_diagnosis(struct bundle *bundle)
{
	struct diagnosis diagnosis = {.program = bundle->program};
	_cleanup_buf_ struct buf text = BUF_INIT(4 * 1024 * 1024);
	struct err err = ERR_INIT;

	if (diagnosis_make(&diagnosis, bundle->options->reference, &err) < 0) {
		miss(bundle, "doctor.txt", &err);
		return;
	}
	for (size_t i = 0; i < diagnosis.n; i++)
		buf_addf(&text, "%s  %s  %s\n    cure: %s\n", diagnosis.findings[i].error ? "error" : "warning", diagnosis.findings[i].subject,
			 diagnosis.findings[i].cause, diagnosis.findings[i].cure);
	put(bundle, "doctor.txt", buf_str(&text), text.len);
}

static void learn(struct bundle *bundle, const char *namespace, const char *name)
{
	_cleanup_(kube_object_unrefp) struct kube_object *secret = NULL;
	struct err err = ERR_INIT;

	if (!name)
		return;
	if (kube_get_secret(bundle->program->client, (struct kube_name){namespace, name}, &secret, &err) == 0)
		blackout_add_secret(&bundle->scrub, kube_object_get(secret, "/data"));
	else if (err.class == ERR_FORBIDDEN)
		buf_addf(&bundle->missing, "a look for what Secret '%s/%s' holds, in the logs too: %s\n", namespace, name, err.text);
}

static void learn_secrets(struct bundle *bundle, yyjson_val *object)
{
	struct err invalid = ERR_INIT;
	struct dbms dbms;

	(void)dbms_decode(object, bundle->program->arena, &dbms, &invalid);
	learn(bundle, dbms.metadata.namespace, yyjson_get_str(yyjson_ptr_get(object, "/spec/auth/adminSecret")));
	learn(bundle, dbms.metadata.namespace, yyjson_get_str(yyjson_ptr_get(object, "/spec/auraFleetManagement/tokenSecretRef/name")));
}

static void add_deployment(struct bundle *bundle, yyjson_val *item, const char *kind)
{
	struct arena *arena = bundle->program->arena;
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_val_mut_copy(doc, item);
	const char *text;

	if (bundle->n == DEPLOYMENTS_MAX) {
		bundle->too_many = true;
		return;
	}
	// Items of a list do not say what they are.
	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_put(root, yyjson_mut_str(doc, "kind"), yyjson_mut_str(doc, kind));
	yyjson_mut_obj_put(root, yyjson_mut_str(doc, "apiVersion"), yyjson_mut_str(doc, API_GROUP "/" API_VERSION));
	text = json_text(arena, doc);
	bundle->deployments[bundle->n++] = json_parse(arena, text, strlen(text));
}

static void add_cluster(void *user, yyjson_val *item)
{
	add_deployment(user, item, API_KIND_CLUSTER);
}

static void add_standalone(void *user, yyjson_val *item)
{
	add_deployment(user, item, API_KIND_STANDALONE);
}

static int find_deployments(struct bundle *bundle, struct err *err)
{
	struct program *program = bundle->program;
	const struct kube_selection selection = {program_namespace(program), invocation_value(&program->call, &flag_selector, NULL), NULL};
	int r;

	if (bundle->options->reference) {
		bundle->n = 1;
		return portrait_find(program, bundle->options->reference, &bundle->deployments[0], err);
	}
	r = kube_list(program->client, &kinds_clusters, &selection, &(struct kube_reader){add_cluster, bundle}, err);
	if (r == 0)
		r = kube_list(program->client, &kinds_standalones, &selection, &(struct kube_reader){add_standalone, bundle}, err);
	if (r < 0)
		return r == ERR_NOT_FOUND ? err_wrap(err, KINDS_MISSING) : r;
	return bundle->too_many ? err_set(err, ERR_TOO_MANY, "there are more than %d deployments; name one, or a namespace by -n, or some by -l", DEPLOYMENTS_MAX) : 0;
}

static void fill(struct bundle *bundle)
{
	const char *version = arena_printf(bundle->program->arena, "kubectl-neofleet %s\n", release_version);

	for (size_t i = 0; i < bundle->n; i++)
		learn_secrets(bundle, bundle->deployments[i]);
	put(bundle, "version.txt", version, strlen(version));
	put_diagnosis(bundle);
	put_operator(bundle);
	for (size_t i = 0; i < bundle->n; i++)
		put_deployment(bundle, bundle->deployments[i]);
	put(bundle, "missing.txt", buf_str(&bundle->missing), bundle->missing.len);
}

int bundle_make(struct program *program, const struct bundle_options *options, struct tarball *archive, struct err *err)
{
	struct bundle *bundle = arena_alloc(program->arena, sizeof(*bundle));
	int r;

	*bundle = (struct bundle){.program = program, .options = options, .archive = archive, .secrets = arena_new(), .missing = BUF_INIT(1024 * 1024)};
	arena_wipe_on_free(bundle->secrets);
	bundle->scrub.arena = bundle->secrets;
	r = find_deployments(bundle, err);
	if (r == 0)
		fill(bundle);
	buf_release(&bundle->missing);
	arena_free(bundle->secrets);
	return r;
}
