// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

// A table for each place lists the operator's own names. A name in no table is the user's, or unknown to Kubernetes, whose dry run says so
// better than a list here could. A unit test compares the tables with what operator/manifest builds: each name there is either refused here, or
// the user may change it.

#include "api/pod_shape.h"

#include <string.h>

#include "api/server_env.h"

#define MIN_GRACE_SECONDS 30
#define MAX_GRACE_SECONDS 86400
#define OWN_PREFIX "neofleet.neo4j.com/"
#define SERVER "neo4j"
#define FIRST_PASSWORD "first-password"

struct owned {
	const char *name;
	const char *cure;
};

static const struct owned spec_members[] = {
	{"enableServiceLinks", "with them the image would take the addresses of Services for settings; leave it out"},
	{"ephemeralContainers", "they are put into a running pod by kubectl debug, not into a template"},
	{"hostname", "the servers find each other by the names that the StatefulSet gives them; leave it out"},
	{"restartPolicy", "a server that ends must be started again; leave it out"},
	{"serviceAccount", "it is an old name; use serviceAccountName"},
	{"setHostnameAsFQDN", "the servers find each other by the names that the StatefulSet gives them; leave it out"},
	{"subdomain", "the servers find each other by the names that the StatefulSet gives them; leave it out"},
	{POD_SHAPE_DIRECTIVE, "the operator's containers and volumes must stay; use it in a map further down, such as securityContext"},
	{NULL, NULL},
};

static const struct owned server_members[] = {
	{"args", "the server must be started by the image's own start-up; use spec.config, spec.env or an init container"},
	{"command", "the server must be started by the image's own start-up; use spec.config, spec.env or an init container"},
	{"image", "use spec.image"},
	{"imagePullPolicy", "use spec.image.pullPolicy"},
	{"ports", "the operator names the server's ports; a Service of yours reaches any port by its number"},
	{"restartPolicy", "a server that ends must be started again; leave it out"},
	{"restartPolicyRules", "a server that ends must be started again; leave it out"},
	{"terminationMessagePolicy", "the status shows the last lines of a server that ended; leave it out"},
	{"workingDir", "the image's start-up needs its own; leave it out"},
	{POD_SHAPE_DIRECTIVE, "the operator's container must stay; use it in a map further down, such as securityContext"},
	{NULL, NULL},
};

static const struct owned volumes[] = {
	{"admin", "is the operator's volume; give yours another name"},
	{"conf", "is the operator's volume; use spec.config for settings, and give yours another name"},
	{"data", "is the volume of spec.storage; give yours another name"},
	{"first-password", "is the operator's volume; give yours another name"},
	{"plugins", "is the operator's volume; mount it in an init container to put jars into it, and give yours another name"},
	{"probe", "is the operator's volume; give yours another name"},
	{"scratch", "is the operator's volume; give yours another name"},
	{"tls", "is the operator's volume; use spec.tls, or give yours another name"},
	{NULL, NULL},
};

// Mounted only in the container that sets the first password.
static const struct owned hidden_volumes[] = {
	{"admin", "it holds the admin's password; mount a volume of your own"},
	{"first-password", "it is for the container first-password alone; mount a volume of your own"},
	{"scratch", "it is for the container first-password alone; mount a volume of your own"},
	{NULL, NULL},
};

static const struct owned labels[] = {
	{"app.kubernetes.io/component", "the Services find the pods by it; leave it out"},
	{"app.kubernetes.io/instance", "the Services find the pods by it; leave it out"},
	{"app.kubernetes.io/managed-by", "the operator finds its objects by it; leave it out"},
	{"app.kubernetes.io/name", "the Services find the pods by it; leave it out"},
	{"apps.kubernetes.io/pod-index", "the StatefulSet sets it; leave it out"},
	{"controller-revision-hash", "the StatefulSet sets it; leave it out"},
	{"statefulset.kubernetes.io/pod-name", "the StatefulSet sets it; leave it out"},
	{NULL, NULL},
};

// The server's ports. A Service finds a port by its name in the first container that has it.
static const char *const port_names[] = {"backup", "bolt", "cluster", "http", "https", "raft", "routing", NULL};

// A path in one of our containers: it is mounted already, and a closed path allows no mount below it either. In the image's home, data and logs
// are links to the mounts.
struct taken_path {
	const char *path;
	bool closed;
};

static const struct taken_path server_paths[] = {
	{"/conf", true},
	{"/data", false},
	{"/logs", false},
	{"/neofleet", true},
	{"/plugins", false},
	{"/tls", true},
	{"/var/lib/neo4j", false},
	{"/var/lib/neo4j/data", false},
	{"/var/lib/neo4j/logs", false},
	{NULL, false},
};

static const struct taken_path first_password_paths[] = {
	{"/data", false},
	{"/neofleet", true},
	{"/neofleet-admin", true},
	{"/neofleet-scratch", false},
	{"/var/lib/neo4j", false},
	{"/var/lib/neo4j/data", false},
	{NULL, false},
};

static const char *cure_of(const struct owned *table, const char *name)
{
	for (; table->name; table++)
		if (!strcmp(table->name, name))
			return table->cure;
	return NULL;
}

static bool is_one_of(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (!strcmp(*names, name))
			return true;
	return false;
}

// null counts as absent, as everywhere.
static void refuse_members(struct field_reader *reader, struct field object, const struct owned *table)
{
	for (; table->name; table++)
		if (field_any(reader, object, table->name).val)
			field_fail(reader, object, table->name, "cannot be set here: %s", table->cure);
}

// Every member but these is refused.
static void allow_members(struct field_reader *reader, struct field object, const char *const *names, const char *why)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(object.val);
	yyjson_val *key;

	while ((key = yyjson_obj_iter_next(&iter)) && !field_failed(reader))
		if (!yyjson_is_null(yyjson_obj_iter_get_val(key)) && !is_one_of(names, yyjson_get_str(key)))
			field_fail(reader, object, NULL, "%.100s cannot be set here: %s", yyjson_get_str(key), why);
}

// Opens an item of a list of named objects and returns its name; "" after an error.
static const char *open_item(struct field_reader *reader, struct field list, size_t index, yyjson_val *val, struct field *ret)
{
	*ret = field_item(reader, list, index, val);
	if (yyjson_is_obj(val))
		return field_string_required(reader, *ret, "name");
	field_fail(reader, *ret, NULL, "must be an object");
	return "";
}

static void check_env(struct field_reader *reader, struct field container)
{
	struct field list = field_list(reader, container, "env"), item;
	size_t index, max;
	yyjson_val *val;

	yyjson_arr_foreach(list.val, index, max, val) {
		const char *name = open_item(reader, list, index, val, &item);

		server_env_check_name(reader, item, name);
		if (!strncmp(name, "NEO4J_", 6))
			field_fail(reader, item, "name",
				   "'%.100s' must not be set here: use spec.env, whose settings the operator checks and whose plugins it can join with others",
				   name);
	}
}

static void check_env_from(struct field_reader *reader, struct field container)
{
	struct field list = field_list(reader, container, "envFrom");
	size_t index, max;
	yyjson_val *val;

	yyjson_arr_foreach(list.val, index, max, val) {
		struct field item = field_item(reader, list, index, val);

		if (server_env_prefix_is_reserved(field_string(reader, item, "prefix", "")))
			field_fail(reader, item, "prefix",
				   "must be given, and be none that a setting's or the image's own variables begin with: the operator cannot see "
				   "which names are in there; for settings use spec.config, or spec.env with valueFrom");
	}
}

static void check_probe(struct field_reader *reader, struct field container, const char *name)
{
	static const char *const times[] = {"failureThreshold", "initialDelaySeconds", "periodSeconds", "successThreshold",
					    "terminationGracePeriodSeconds", "timeoutSeconds", NULL};

	allow_members(reader, field_object(reader, container, name), times,
		      "how the server is asked is the operator's; only the probe's times and thresholds can be changed");
}

static void check_resources(struct field_reader *reader, struct field container)
{
	static const char *const members[] = {"claims", NULL};

	allow_members(reader, field_object(reader, container, "resources"), members,
		      "use spec.resources, which heap and page cache follow");
}

static size_t length_without_slashes(const char *path)
{
	size_t len = strlen(path);

	while (len > 1 && path[len - 1] == '/')
		len--;
	return len;
}

static bool ends_with(const char *text, const char *end)
{
	size_t len = strlen(text), own = strlen(end);

	return len >= own && !strcmp(text + len - own, end);
}

// The tables know one spelling only: another spelling of our path would pass them.
static bool is_plain(const char *path)
{
	return *path == '/' && !strstr(path, "//") && !strstr(path, "/./") && !strstr(path, "/../") && !ends_with(path, "/.") &&
	       !ends_with(path, "/..");
}

static void check_path(struct field_reader *reader, struct field mount, const struct taken_path *taken)
{
	const char *path = field_string(reader, mount, "mountPath", "");
	size_t len = length_without_slashes(path);

	// Kubernetes itself says when there is none.
	if (*path && !is_plain(path))
		field_fail(reader, mount, "mountPath", "must begin with '/' and hold no '//', '/./' or '/../'; write the path out");
	for (; taken->path; taken++) {
		size_t own = strlen(taken->path);

		if (strncmp(path, taken->path, own) != 0)
			continue;
		if (len == own)
			field_fail(reader, mount, "mountPath", "%s is the operator's or the image's; choose another path", taken->path);
		else if (taken->closed && path[own] == '/')
			field_fail(reader, mount, "mountPath", "nothing can be mounted below %s, which is read-only; choose another path", taken->path);
	}
}

static void check_mounts(struct field_reader *reader, struct field container, const struct taken_path *taken)
{
	struct field list = field_list(reader, container, "volumeMounts"), item;
	size_t index, max;
	yyjson_val *val;

	yyjson_arr_foreach(list.val, index, max, val) {
		const char *cure = cure_of(hidden_volumes, open_item(reader, list, index, val, &item));

		if (cure)
			field_fail(reader, item, "name", "this volume cannot be mounted here: %s", cure);
		if (taken)
			check_path(reader, item, taken);
	}
}

static void check_server(struct field_reader *reader, struct field container)
{
	static const char *const probes[] = {"livenessProbe", "readinessProbe", "startupProbe", NULL};

	refuse_members(reader, container, server_members);
	check_env(reader, container);
	check_env_from(reader, container);
	for (size_t i = 0; probes[i]; i++)
		check_probe(reader, container, probes[i]);
	check_resources(reader, container);
	check_mounts(reader, container, server_paths);
}

static void check_ports(struct field_reader *reader, struct field container)
{
	struct field list = field_list(reader, container, "ports");
	size_t index, max;
	yyjson_val *val;

	yyjson_arr_foreach(list.val, index, max, val) {
		struct field item = field_item(reader, list, index, val);
		const char *name = field_string(reader, item, "name", "");

		if (is_one_of(port_names, name))
			field_fail(reader, item, "name",
				   "'%s' is a port of the server's, and the Services would lead to this one instead; give it another name", name);
	}
}

static void check_containers(struct field_reader *reader, struct field spec)
{
	struct field list = field_list(reader, spec, "containers"), item;
	size_t index, max;
	yyjson_val *val;

	yyjson_arr_foreach(list.val, index, max, val) {
		const char *name = open_item(reader, list, index, val, &item);

		if (!strcmp(name, FIRST_PASSWORD))
			field_fail(reader, item, "name", "'" FIRST_PASSWORD "' is the operator's init container; choose another name");
		if (!strcmp(name, SERVER))
			check_server(reader, item);
		else {
			check_ports(reader, item);
			check_mounts(reader, item, NULL);
		}
	}
}

static void check_init_containers(struct field_reader *reader, struct field spec)
{
	static const char *const members[] = {"name", "securityContext", "volumeMounts", NULL};
	struct field list = field_list(reader, spec, "initContainers"), item;
	size_t index, max;
	yyjson_val *val;

	yyjson_arr_foreach(list.val, index, max, val) {
		const char *name = open_item(reader, list, index, val, &item);
		bool ours = !strcmp(name, FIRST_PASSWORD);

		if (!strcmp(name, SERVER))
			field_fail(reader, item, "name", "'" SERVER "' is the server's container; choose another name");
		if (ours)
			allow_members(reader, item, members,
				      "the container is the operator's, and its name stands here to say where among the others it runs");
		check_ports(reader, item);
		check_mounts(reader, item, ours ? first_password_paths : NULL);
	}
}

static void check_volumes(struct field_reader *reader, struct field spec)
{
	struct field list = field_list(reader, spec, "volumes"), item;
	size_t index, max;
	yyjson_val *val;

	yyjson_arr_foreach(list.val, index, max, val) {
		const char *name = open_item(reader, list, index, val, &item), *cure = cure_of(volumes, name);

		if (cure)
			field_fail(reader, item, "name", "'%s' %s", name, cure);
	}
}

// On the host's network a pod asks the node's name server by default, which knows no Services.
static void check_network(struct field_reader *reader, struct field spec)
{
	if (field_bool(reader, spec, "hostNetwork", false) && strcmp(field_string(reader, spec, "dnsPolicy", ""), "ClusterFirstWithHostNet") != 0)
		field_fail(reader, spec, "hostNetwork",
			   "true needs dnsPolicy: ClusterFirstWithHostNet, without which the servers cannot find each other by their names; set it "
			   "beside, or leave hostNetwork out");
}

static struct field_pairs decode_labels(struct field_reader *reader, struct field metadata)
{
	struct field_pairs pairs = field_pairs(reader, metadata, "labels");

	for (size_t i = 0; i < pairs.n; i++) {
		const char *cure = cure_of(labels, pairs.items[i].name);

		if (cure)
			field_fail(reader, metadata, "labels", "'%s' cannot be set here: %s", pairs.items[i].name, cure);
	}
	return pairs;
}

static struct field_pairs decode_annotations(struct field_reader *reader, struct field metadata)
{
	struct field_pairs pairs = field_pairs(reader, metadata, "annotations");

	for (size_t i = 0; i < pairs.n; i++)
		if (!strncmp(pairs.items[i].name, OWN_PREFIX, strlen(OWN_PREFIX)))
			field_fail(reader, metadata, "annotations", "'%.100s' is the operator's own; leave it out", pairs.items[i].name);
	return pairs;
}

// Measures the texts in a value and what stands around them. It stops as soon as there is too much.
struct measure {
	size_t bytes;
	size_t depth;
	bool directive; // a directive that we do not take
};

static bool is_strange_directive(const char *name, yyjson_val *val)
{
	return *name == '$' && !(!strcmp(name, POD_SHAPE_DIRECTIVE) && yyjson_equals_str(val, POD_SHAPE_REPLACE));
}

static void measure(yyjson_val *val, size_t depth, struct measure *ret)
{
	size_t index, max;
	yyjson_val *key, *item;

	ret->bytes += 8 + (yyjson_is_str(val) ? yyjson_get_len(val) : 0);
	ret->depth = depth > ret->depth ? depth : ret->depth;
	if (ret->bytes > POD_SHAPE_MAX_BYTES || depth > POD_SHAPE_MAX_DEPTH)
		return;
	if (yyjson_is_arr(val)) {
		yyjson_arr_foreach(val, index, max, item) {
			measure(item, depth + 1, ret);
		}
	}
	if (yyjson_is_obj(val)) {
		yyjson_obj_foreach(val, index, max, key, item) {
			ret->directive |= is_strange_directive(yyjson_get_str(key), item);
			ret->bytes += yyjson_get_len(key);
			measure(item, depth + 1, ret);
		}
	}
}

static void check_size(struct field_reader *reader, struct field template)
{
	struct measure found = {0};

	measure(template.val, 0, &found);
	if (found.bytes > POD_SHAPE_MAX_BYTES)
		field_fail(reader, template, NULL, "is too large; the operator takes %zu KiB", POD_SHAPE_MAX_BYTES / 1024);
	if (found.depth > POD_SHAPE_MAX_DEPTH)
		field_fail(reader, template, NULL, "is nested more than %d levels deep", POD_SHAPE_MAX_DEPTH);
	if (found.directive)
		field_fail(reader, template, NULL,
			   "a directive of a strategic merge that is not taken; the only one is '" POD_SHAPE_DIRECTIVE ": " POD_SHAPE_REPLACE
			   "' in a map, which stands instead of the operator's");
}

void pod_shape_decode(struct field_reader *reader, struct field spec, struct pod_shape *ret)
{
	static const char *const members[] = {"metadata", "spec", NULL}, *const named[] = {"annotations", "labels", NULL};
	struct field template = field_object(reader, spec, "podTemplate");
	struct field metadata = field_object(reader, template, "metadata"), pod = field_object(reader, template, "spec");

	if (template.val)
		check_size(reader, template);
	allow_members(reader, template, members, "there is only metadata and spec");
	allow_members(reader, metadata, named, "there are only labels and annotations");
	ret->labels = decode_labels(reader, metadata);
	ret->annotations = decode_annotations(reader, metadata);
	ret->spec = pod.val;
	refuse_members(reader, pod, spec_members);
	(void)field_int(reader, pod, "terminationGracePeriodSeconds", (struct field_range){MIN_GRACE_SECONDS, MAX_GRACE_SECONDS, MIN_GRACE_SECONDS});
	check_network(reader, pod);
	check_containers(reader, pod);
	check_init_containers(reader, pod);
	check_volumes(reader, pod);
}
