// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "operator/manifest/pod_template.h"

#include <string.h>

#include "neo4j/conf.h"
#include "operator/manifest/first_password.h"
#include "operator/manifest/pod_overlay.h"
#include "operator/manifest/readiness.h"
#include "operator/manifest/settings.h"
#include "operator/object/labels.h"
#include "operator/object/live_set.h"
#include "operator/object/pod.h"

#define NEO4J_ID 7474 // user and group of the image
#define GRACE_SECONDS 300
#define SCRATCH_SIZE "1Mi"
#define MODE_CONFIG 0644
#define MODE_SCRIPT 0555
#define MODE_KEY 0440
#define MODE_PASSWORD 0444 // no other container mounts it

// All pods have one template, so a pod that comes up meanwhile asks whether it is the one: any other starts its server as the image does.
#define IS_OFFLINE "[[ \"$" POD_NAME_VARIABLE "\" == \"$1\" ]]"
#define OFFLINE_COMMAND \
	IS_OFFLINE " || exec tini -g -- /startup/docker-entrypoint.sh neo4j\n" \
	"cp /conf/*.conf \"${NEO4J_HOME:-/var/lib/neo4j}/conf/\" || true\n" \
	"echo 'Offline for maintenance: no server runs here until annotation " OFFLINE_ANNOTATION " is removed.'\n" \
	"trap 'exit 0' TERM INT\n" \
	"while :; do sleep 3600 & wait $!; done\n"
#define OFFLINE_LIVENESS IS_OFFLINE " || exec 3<>/dev/tcp/127.0.0.1/7687"
#define OFFLINE_STARTUP IS_OFFLINE " || exec bash " READINESS_FOLDER "/" READINESS_KEY

size_t pod_template_ports(const struct dbms *dbms, bool inner, struct pod_template_port ret[8])
{
	size_t n = 0;

	ret[n++] = (struct pod_template_port){"bolt", 7687};
	ret[n++] = dbms->tls_secret ? (struct pod_template_port){"https", 7473} : (struct pod_template_port){"http", 7474};
	if (inner && dbms->metrics)
		ret[n++] = (struct pod_template_port){"metrics", CONF_METRICS_PORT};
	if (!inner || dbms->kind == DBMS_STANDALONE)
		return n;
	ret[n++] = (struct pod_template_port){"cluster", 6000};
	ret[n++] = (struct pod_template_port){"backup", 6362};
	ret[n++] = (struct pod_template_port){"raft", 7000};
	ret[n++] = (struct pod_template_port){"routing", 7688};
	return n;
}

static yyjson_mut_val *add_env(yyjson_mut_doc *doc, yyjson_mut_val *env, const char *name, const char *value)
{
	yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, env);

	yyjson_mut_obj_add_str(doc, item, "name", name);
	if (value)
		yyjson_mut_obj_add_str(doc, item, "value", value);
	return item;
}

static void add_env_of_field(yyjson_mut_doc *doc, yyjson_mut_val *env, const char *name, const char *path)
{
	yyjson_mut_val *from = yyjson_mut_obj_add_obj(doc, add_env(doc, env, name, NULL), "valueFrom");

	yyjson_mut_obj_add_str(doc, yyjson_mut_obj_add_obj(doc, from, "fieldRef"), "fieldPath", path);
}

static void add_addresses(yyjson_mut_doc *doc, yyjson_mut_val *env, const struct workload_inputs *inputs, struct arena *arena)
{
	static const struct {
		const char *variable;
		int port;
	} between_servers[] = {
		{"NEO4J_server_cluster_advertised__address", 6000},
		{"NEO4J_server_cluster_raft_advertised__address", 7000},
		{"NEO4J_server_routing_advertised__address", 7688},
	};
	const char *host = arena_printf(arena, "$(" POD_NAME_VARIABLE ").%s", inputs->names->domain);

	add_env(doc, env, POD_ADDRESS_VARIABLE, host);
	for (size_t i = 0; i < 3 && inputs->dbms->kind == DBMS_CLUSTER; i++)
		add_env(doc, env, between_servers[i].variable, arena_printf(arena, "%s:%d", host, between_servers[i].port));
}

static void add_environment(yyjson_mut_doc *doc, yyjson_mut_val *container, const struct workload_inputs *inputs,
			    struct arena *arena)
{
	yyjson_mut_val *env = yyjson_mut_obj_add_arr(doc, container, "env");
	size_t index, max;
	yyjson_val *entry;

	// The entrypoint makes a setting of every variable that begins with NEO4J_, so this one begins otherwise. There is no NEO4J_AUTH: the
	// server could read it in its environment, and without it the entrypoint leaves users alone.
	add_env_of_field(doc, env, POD_NAME_VARIABLE, "metadata.name");
	add_env(doc, env, DBMS_LICENSE_VARIABLE, inputs->dbms->license);
	add_addresses(doc, env, inputs, arena);
	yyjson_arr_foreach(inputs->dbms->core.env, index, max, entry) {
		if (!settings_folds_env(entry, arena) && !settings_ignores_env(entry, arena))
			yyjson_mut_arr_append(env, yyjson_val_mut_copy(doc, entry));
	}
	// Keep writing it: we own this field, so omitting it would delete the entry that somebody has changed.
	if (inputs->plugins_ref)
		yyjson_mut_obj_add_val(doc, add_env(doc, env, "NEO4J_PLUGINS", NULL), "valueFrom",
				       yyjson_val_mut_copy(doc, inputs->plugins_ref));
	else if (inputs->plugins)
		add_env(doc, env, "NEO4J_PLUGINS", inputs->plugins);
}

static void add_ports(yyjson_mut_doc *doc, yyjson_mut_val *container, const struct dbms *dbms)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, container, "ports");
	struct pod_template_port ports[8];
	size_t n = pod_template_ports(dbms, true, ports);

	for (size_t i = 0; i < n; i++) {
		yyjson_mut_val *port = yyjson_mut_arr_add_obj(doc, list);

		yyjson_mut_obj_add_int(doc, port, "containerPort", ports[i].number);
		yyjson_mut_obj_add_str(doc, port, "name", ports[i].name);
		yyjson_mut_obj_add_str(doc, port, "protocol", "TCP");
	}
}

static yyjson_mut_val *add_probe(yyjson_mut_doc *doc, yyjson_mut_val *container, const char *name, int period, int failures)
{
	yyjson_mut_val *probe = yyjson_mut_obj_add_obj(doc, container, name);

	yyjson_mut_obj_add_int(doc, probe, "failureThreshold", failures);
	yyjson_mut_obj_add_int(doc, probe, "periodSeconds", period);
	yyjson_mut_obj_add_int(doc, probe, "timeoutSeconds", 5);
	return probe;
}

static void add_script(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *path)
{
	yyjson_mut_val *command = yyjson_mut_obj_add_arr(doc, object, "command");

	yyjson_mut_arr_add_str(doc, command, "bash");
	yyjson_mut_arr_add_str(doc, command, path);
}

static void add_bolt_probe(yyjson_mut_doc *doc, yyjson_mut_val *probe)
{
	add_script(doc, yyjson_mut_obj_add_obj(doc, probe, "exec"), READINESS_FOLDER "/" READINESS_KEY);
}

static void add_offline_script(yyjson_mut_doc *doc, yyjson_mut_val *object, const char *script, const char *offline)
{
	const char *const words[] = {"bash", "-c", script, "offline", offline};
	yyjson_mut_val *command = yyjson_mut_obj_add_arr(doc, object, "command");

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		yyjson_mut_arr_add_str(doc, command, words[i]);
}

// Half an hour for a start (a big store recovers slowly), and a short period, so that a ready server is seen soon. The pod that is offline lives
// without a server, and is never ready.
static void add_probes(yyjson_mut_doc *doc, yyjson_mut_val *container, const char *offline)
{
	yyjson_mut_val *liveness = add_probe(doc, container, "livenessProbe", 10, 6), *startup;

	if (offline)
		add_offline_script(doc, yyjson_mut_obj_add_obj(doc, liveness, "exec"), OFFLINE_LIVENESS, offline);
	else
		yyjson_mut_obj_add_str(doc, yyjson_mut_obj_add_obj(doc, liveness, "tcpSocket"), "port", "bolt");
	add_bolt_probe(doc, add_probe(doc, container, "readinessProbe", 5, 3));
	startup = add_probe(doc, container, "startupProbe", 2, 900);
	if (offline)
		add_offline_script(doc, yyjson_mut_obj_add_obj(doc, startup, "exec"), OFFLINE_STARTUP, offline);
	else
		add_bolt_probe(doc, startup);
}

static void add_mount(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *name, const char *path)
{
	yyjson_mut_val *mount = yyjson_mut_arr_add_obj(doc, list);

	yyjson_mut_obj_add_str(doc, mount, "mountPath", path);
	yyjson_mut_obj_add_str(doc, mount, "name", name);
}

static void add_mounts(yyjson_mut_doc *doc, yyjson_mut_val *container, const struct dbms *dbms)
{
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, container, "volumeMounts");

	add_mount(doc, list, "conf", "/conf");
	add_mount(doc, list, DATA_VOLUME, "/data");
	add_mount(doc, list, "logs", "/logs");
	add_mount(doc, list, "plugins", "/plugins");
	add_mount(doc, list, "probe", READINESS_FOLDER);
	if (dbms->tls_secret)
		add_mount(doc, list, POD_TLS_VOLUME, CONF_TLS_FOLDER);
}

static void add_items(yyjson_mut_doc *doc, yyjson_mut_val *source, int mode, const char *const keys[2])
{
	yyjson_mut_val *items;

	yyjson_mut_obj_add_int(doc, source, "defaultMode", mode);
	items = yyjson_mut_obj_add_arr(doc, source, "items");
	for (size_t i = 0; i < 2 && keys[i]; i++) {
		yyjson_mut_val *item = yyjson_mut_arr_add_obj(doc, items);

		yyjson_mut_obj_add_str(doc, item, "key", keys[i]);
		yyjson_mut_obj_add_str(doc, item, "path", keys[i]);
	}
}

static yyjson_mut_val *add_volume(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *name, const char *type)
{
	yyjson_mut_val *volume = yyjson_mut_arr_add_obj(doc, list);

	yyjson_mut_obj_add_str(doc, volume, "name", name);
	return yyjson_mut_obj_add_obj(doc, volume, type);
}

// Mounts both forms of the Secret, whichever exists: a pod that has its users no longer needs the Secret, and starts without it.
static void add_password_volumes(yyjson_mut_doc *doc, yyjson_mut_val *list, const struct workload_inputs *inputs)
{
	static const char *const script_key[2] = {FIRST_PASSWORD_KEY, NULL}, *const secret_keys[2] = {"NEO4J_AUTH", "password"};
	yyjson_mut_val *source = add_volume(doc, list, "first-password", "configMap");

	yyjson_mut_obj_add_str(doc, source, "name", inputs->names->config);
	add_items(doc, source, MODE_SCRIPT, script_key);
	source = add_volume(doc, list, "admin", "secret");
	yyjson_mut_obj_add_bool(doc, source, "optional", true);
	yyjson_mut_obj_add_str(doc, source, "secretName", inputs->dbms->admin_secret);
	add_items(doc, source, MODE_PASSWORD, secret_keys);
	source = add_volume(doc, list, "scratch", "emptyDir");
	yyjson_mut_obj_add_str(doc, source, "medium", "Memory");
	yyjson_mut_obj_add_str(doc, source, "sizeLimit", SCRATCH_SIZE);
}

static void add_volumes(yyjson_mut_doc *doc, yyjson_mut_val *spec, const struct workload_inputs *inputs)
{
	static const char *const conf_keys[2] = {"apoc.conf", "neo4j.conf"}, *const script_key[2] = {READINESS_KEY, NULL};
	static const char *const tls_keys[2] = {"tls.crt", "tls.key"};
	yyjson_mut_val *list = yyjson_mut_obj_add_arr(doc, spec, "volumes"), *source;

	source = add_volume(doc, list, "conf", "configMap");
	yyjson_mut_obj_add_str(doc, source, "name", inputs->names->config);
	add_items(doc, source, MODE_CONFIG, conf_keys);
	source = add_volume(doc, list, "probe", "configMap");
	yyjson_mut_obj_add_str(doc, source, "name", inputs->names->config);
	add_items(doc, source, MODE_SCRIPT, script_key);
	(void)add_volume(doc, list, "logs", "emptyDir");
	(void)add_volume(doc, list, "plugins", "emptyDir");
	add_password_volumes(doc, list, inputs);
	if (!inputs->dbms->tls_secret)
		return;
	source = add_volume(doc, list, POD_TLS_VOLUME, "secret");
	yyjson_mut_obj_add_str(doc, source, "secretName", inputs->dbms->tls_secret);
	add_items(doc, source, MODE_KEY, tls_keys);
}

// Replaces members of ours by those of a user's object (NULL: none), whole members at a time; null removes ours.
static void overlay(yyjson_mut_doc *doc, yyjson_mut_val *object, yyjson_val *users)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(users);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter))) {
		yyjson_val *val = yyjson_obj_iter_get_val(key);

		(void)yyjson_mut_obj_remove_key(object, yyjson_get_str(key));
		if (!yyjson_is_null(val))
			yyjson_mut_obj_add(object, yyjson_val_mut_copy(doc, key), yyjson_val_mut_copy(doc, val));
	}
}

static void add_pod_security(yyjson_mut_doc *doc, yyjson_mut_val *spec, const struct dbms *dbms)
{
	yyjson_mut_val *security = yyjson_mut_obj_add_obj(doc, spec, "securityContext");

	yyjson_mut_obj_add_int(doc, security, "fsGroup", NEO4J_ID);
	yyjson_mut_obj_add_str(doc, security, "fsGroupChangePolicy", "OnRootMismatch");
	yyjson_mut_obj_add_int(doc, security, "runAsGroup", NEO4J_ID);
	yyjson_mut_obj_add_bool(doc, security, "runAsNonRoot", true);
	yyjson_mut_obj_add_int(doc, security, "runAsUser", NEO4J_ID);
	yyjson_mut_obj_add_str(doc, yyjson_mut_obj_add_obj(doc, security, "seccompProfile"), "type", "RuntimeDefault");
	overlay(doc, security, dbms->core.pod_security_context);
}

static void add_container_security(yyjson_mut_doc *doc, yyjson_mut_val *container, const struct dbms *dbms)
{
	yyjson_mut_val *security = yyjson_mut_obj_add_obj(doc, container, "securityContext"), *drop;

	yyjson_mut_obj_add_bool(doc, security, "allowPrivilegeEscalation", false);
	drop = yyjson_mut_obj_add_arr(doc, yyjson_mut_obj_add_obj(doc, security, "capabilities"), "drop");
	yyjson_mut_arr_add_str(doc, drop, "ALL");
	overlay(doc, security, dbms->core.container_security_context);
}

// What the containers of a pod have in common.
static yyjson_mut_val *add_container(yyjson_mut_doc *doc, yyjson_mut_val *list, const char *name, const struct dbms *dbms)
{
	yyjson_mut_val *container = yyjson_mut_arr_add_obj(doc, list);

	yyjson_mut_obj_add_str(doc, container, "name", name);
	yyjson_mut_obj_add_str(doc, container, "image", dbms->image.reference);
	yyjson_mut_obj_add_str(doc, container, "imagePullPolicy", dbms->image.pull_policy);
	// A container that leaves no message for the kubelet when it ends gets its log's last lines as its last words.
	yyjson_mut_obj_add_str(doc, container, "terminationMessagePolicy", "FallbackToLogsOnError");
	if (dbms->core.resources)
		yyjson_mut_obj_add_val(doc, container, "resources", yyjson_val_mut_copy(doc, dbms->core.resources));
	add_container_security(doc, container, dbms);
	return container;
}

static void add_server(yyjson_mut_doc *doc, yyjson_mut_val *spec, const struct workload_inputs *inputs, struct arena *arena)
{
	const struct dbms *dbms = inputs->dbms;
	yyjson_mut_val *container = add_container(doc, yyjson_mut_obj_add_arr(doc, spec, "containers"), CONTAINER_NAME, dbms);

	if (dbms->metadata.offline)
		add_offline_script(doc, container, OFFLINE_COMMAND, dbms->metadata.offline);
	add_environment(doc, container, inputs, arena);
	add_ports(doc, container, dbms);
	add_probes(doc, container, dbms->metadata.offline);
	add_mounts(doc, container, dbms);
}

// The only container that sees the password; it ends before the server starts. It has the server's resources, which costs nothing, since the two
// never run at once, and a quota may ask for them. The locale lets letters beyond ASCII through.
static void add_first_password(yyjson_mut_doc *doc, yyjson_mut_val *spec, const struct dbms *dbms)
{
	yyjson_mut_val *container =
		add_container(doc, yyjson_mut_obj_add_arr(doc, spec, "initContainers"), FIRST_PASSWORD_CONTAINER, dbms);
	yyjson_mut_val *env = yyjson_mut_obj_add_arr(doc, container, "env"), *mounts;

	add_script(doc, container, FIRST_PASSWORD_FOLDER "/" FIRST_PASSWORD_KEY);
	add_env(doc, env, "LC_ALL", "C.UTF-8");
	mounts = yyjson_mut_obj_add_arr(doc, container, "volumeMounts");
	add_mount(doc, mounts, "admin", FIRST_PASSWORD_SECRET_FOLDER);
	add_mount(doc, mounts, DATA_VOLUME, "/data");
	add_mount(doc, mounts, "first-password", FIRST_PASSWORD_FOLDER);
	add_mount(doc, mounts, "scratch", FIRST_PASSWORD_SCRATCH_FOLDER);
}

static void add_copy(yyjson_mut_doc *doc, yyjson_mut_val *spec, const char *key, yyjson_val *val)
{
	if (val)
		yyjson_mut_obj_add_val(doc, spec, key, yyjson_val_mut_copy(doc, val));
}

// Unless the user wishes otherwise, the servers of a cluster keep apart where they can.
static void add_affinity(yyjson_mut_doc *doc, yyjson_mut_val *spec, const struct dbms *dbms)
{
	yyjson_mut_val *affinity, *term, *pods;

	add_copy(doc, spec, "affinity", dbms->core.affinity);
	if (dbms->core.affinity || dbms->kind == DBMS_STANDALONE)
		return;
	affinity = yyjson_mut_obj_add_obj(doc, yyjson_mut_obj_add_obj(doc, spec, "affinity"), "podAntiAffinity");
	term = yyjson_mut_arr_add_obj(
		doc, yyjson_mut_obj_add_arr(doc, affinity, "preferredDuringSchedulingIgnoredDuringExecution"));
	pods = yyjson_mut_obj_add_obj(doc, term, "podAffinityTerm");
	yyjson_mut_obj_add_val(doc, yyjson_mut_obj_add_obj(doc, pods, "labelSelector"), "matchLabels",
			       labels_selector(doc, dbms));
	yyjson_mut_obj_add_str(doc, pods, "topologyKey", "kubernetes.io/hostname");
	yyjson_mut_obj_add_int(doc, term, "weight", 100);
}

// A constraint without a selector would count no pods, so it gets ours.
static void select_spread(yyjson_mut_doc *doc, yyjson_mut_val *spec, const struct dbms *dbms)
{
	yyjson_mut_val *list = yyjson_mut_obj_get(spec, "topologySpreadConstraints"), *item;
	size_t index, max;

	yyjson_mut_arr_foreach(list, index, max, item) {
		if (yyjson_mut_is_obj(item) && !yyjson_mut_obj_get(item, "labelSelector"))
			yyjson_mut_obj_add_val(doc, yyjson_mut_obj_add_obj(doc, item, "labelSelector"), "matchLabels",
					       labels_selector(doc, dbms));
	}
}

static void add_scheduling(yyjson_mut_doc *doc, yyjson_mut_val *spec, const struct dbms *dbms)
{
	add_affinity(doc, spec, dbms);
	add_copy(doc, spec, "nodeSelector", dbms->core.node_selector);
	add_copy(doc, spec, "tolerations", dbms->core.tolerations);
	add_copy(doc, spec, "topologySpreadConstraints", dbms->core.topology_spread_constraints);
}

static void add_pull_secrets(yyjson_mut_doc *doc, yyjson_mut_val *spec, const struct dbms *dbms)
{
	yyjson_mut_val *list;

	if (!dbms->image.pull_secrets.n)
		return;
	list = yyjson_mut_obj_add_arr(doc, spec, "imagePullSecrets");
	for (size_t i = 0; i < dbms->image.pull_secrets.n; i++)
		yyjson_mut_obj_add_str(doc, yyjson_mut_arr_add_obj(doc, list), "name", dbms->image.pull_secrets.items[i]);
}

static void add_metadata(yyjson_mut_doc *doc, yyjson_mut_val *template, const struct workload_inputs *inputs)
{
	yyjson_mut_val *metadata = yyjson_mut_obj_add_obj(doc, template, "metadata");
	yyjson_mut_val *annotations = yyjson_mut_obj_add_obj(doc, metadata, "annotations");
	const struct field_pairs *users = &inputs->dbms->pod_annotations;
	const char *restarted = inputs->dbms->metadata.restarted_at ? inputs->dbms->metadata.restarted_at : inputs->restarted;

	if (inputs->certificate)
		yyjson_mut_obj_add_str(doc, annotations, CERTIFICATE_ANNOTATION, inputs->certificate);
	yyjson_mut_obj_add_str(doc, annotations, CONFIG_DIGEST_ANNOTATION, inputs->digest);
	if (restarted)
		yyjson_mut_obj_add_str(doc, annotations, RESTARTED_ANNOTATION, restarted);
	for (size_t i = 0; i < users->n; i++)
		yyjson_mut_obj_add_str(doc, annotations, users->items[i].name, users->items[i].value);
	yyjson_mut_obj_add_val(doc, metadata, "labels", labels_all(doc, inputs->dbms));
}

yyjson_mut_val *pod_template_template(yyjson_mut_doc *doc, const struct workload_inputs *inputs, struct arena *arena)
{
	yyjson_mut_val *template = yyjson_mut_obj(doc), *spec;

	add_metadata(doc, template, inputs);
	spec = yyjson_mut_obj_add_obj(doc, template, "spec");
	yyjson_mut_obj_add_bool(doc, spec, "automountServiceAccountToken", false);
	yyjson_mut_obj_add_bool(doc, spec, "enableServiceLinks", false);
	yyjson_mut_obj_add_str(doc, spec, "serviceAccountName", inputs->names->account);
	yyjson_mut_obj_add_int(doc, spec, "terminationGracePeriodSeconds", GRACE_SECONDS);
	add_pull_secrets(doc, spec, inputs->dbms);
	add_pod_security(doc, spec, inputs->dbms);
	add_scheduling(doc, spec, inputs->dbms);
	add_first_password(doc, spec, inputs->dbms);
	add_server(doc, spec, inputs, arena);
	add_volumes(doc, spec, inputs);
	pod_overlay(doc, template, &inputs->dbms->pod_shape);
	select_spread(doc, spec, inputs->dbms);
	return template;
}
