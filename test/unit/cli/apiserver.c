// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "apiserver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <ctype.h>

#include "actor.h"
#include "base/arena.h"
#include "base/json.h"
#include "kube/file.h"
#include "node.h"

#define PARTS_MAX 12

struct apiserver {
	struct actor *actor;
	struct arena *arena;
	yyjson_val *root;
	char kubeconfig[64];
	struct buf written;
	const char *pods[APISERVER_NODES];
	const struct node *nodes[APISERVER_NODES];
	size_t n_nodes;
};

// A request's path in its parts.
struct target {
	char *group, *namespace, *resource, *name, *subresource, *query;
};

// The parts between slashes, in the text itself.
static size_t cut(char *text, char *parts[PARTS_MAX])
{
	size_t n = 0;
	char *part;

	while (n < PARTS_MAX && (part = strsep(&text, "/")))
		parts[n++] = part;
	return n;
}

static void split(struct arena *arena, const char *text, struct target *ret)
{
	char *copy = arena_strdup(arena, text), *parts[PARTS_MAX], *query = strchr(copy, '?');
	size_t n, at;

	*ret = (struct target){.group = arena_strdup(arena, ""), .query = query ? query + 1 : arena_strdup(arena, "")};
	if (query)
		*query = '\0';
	n = cut(copy + 1, parts);
	at = strcmp(parts[0], "apis") == 0 ? 3 : 2;
	if (at == 3 && n > 1)
		ret->group = parts[1];
	if (at + 1 < n && strcmp(parts[at], "namespaces") == 0) {
		ret->namespace = parts[at + 1];
		at += 2;
	}
	ret->resource = at < n ? parts[at] : NULL;
	ret->name = at + 1 < n ? parts[at + 1] : NULL;
	ret->subresource = at + 2 < n ? parts[at + 2] : NULL;
}

static bool is_of(yyjson_val *object, const struct target *target)
{
	const char *kind = yyjson_get_str(yyjson_obj_get(object, "kind")), *namespace = yyjson_get_str(yyjson_ptr_get(object, "/metadata/namespace"));
	const char *name = yyjson_get_str(yyjson_ptr_get(object, "/metadata/name"));
	char plural[128];
	size_t len = 0;

	for (; kind[len] && len < sizeof(plural) - 2; len++)
		plural[len] = (char)tolower((unsigned char)kind[len]);
	(void)snprintf(plural + len, sizeof(plural) - len, "s");
	if (strcmp(kind, "NetworkPolicy") == 0)
		(void)snprintf(plural, sizeof(plural), "networkpolicies");
	if (!target->resource || strcmp(plural, target->resource) != 0)
		return false;
	if (target->namespace && (!namespace || strcmp(namespace, target->namespace) != 0))
		return false;
	return !target->name || strcmp(name, target->name) == 0;
}

static void decode(char *text)
{
	char *to = text, code[3] = "";

	for (; *text; text++) {
		if (*text == '%' && text[1] && text[2]) {
			memcpy(code, text + 1, 2);
			*to++ = (char)strtol(code, NULL, 16);
			text += 2;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

// "name in (a,b)", of labels alone.
static bool fits_set(yyjson_val *object, char *text, char *set)
{
	const char *value;

	*set = '\0';
	set += strlen(" in (");
	set[strcspn(set, ")")] = '\0';
	value = yyjson_get_str(yyjson_obj_get(yyjson_ptr_get(object, "/metadata/labels"), text));
	for (char *one; value && (one = strsep(&set, ","));) {
		if (strcmp(one, value) == 0)
			return true;
	}
	return false;
}

// Matches a selector "a=b,c.d=e" of labels, or of fields.
static bool fits_selector(struct arena *arena, yyjson_val *object, const char *query, const char *parameter)
{
	const char *at = strstr(query, parameter);
	bool labels = strncmp(parameter, "label", 5) == 0;
	char *text, *next;

	if (!at)
		return true;
	text = arena_strdup(arena, at + strlen(parameter));
	text[strcspn(text, "&")] = '\0';
	decode(text);
	if (strstr(text, " in ("))
		return fits_set(object, text, strstr(text, " in ("));
	for (; text; text = next) {
		char *wanted = strchr(text, '=');
		const char *value;

		assert_non_null(wanted);
		next = strchr(text, ',');
		if (next)
			*next++ = '\0';
		*wanted++ = '\0';
		for (char *c = text; !labels && *c; c++)
			*c = *c == '.' ? '/' : *c;
		value = yyjson_get_str(labels ? yyjson_obj_get(yyjson_ptr_get(object, "/metadata/labels"), text)
					      : yyjson_ptr_get(object, arena_printf(arena, "/%s", text)));
		if (!value || strcmp(value, wanted) != 0)
			return false;
	}
	return true;
}

static void refuse(struct actor_conn *conn, int status, const char *reason, const char *message)
{
	char body[1024];

	(void)snprintf(body, sizeof(body), "{\"kind\":\"Status\",\"reason\":\"%s\",\"message\":\"%s\",\"code\":%d}", reason, message, status);
	actor_answer(conn, status, NULL, body);
}

static bool is_in(const struct apiserver *apiserver, const char *list, const char *verb, const struct target *target)
{
	size_t index, max;
	yyjson_val *item;
	char action[256];

	(void)snprintf(action, sizeof(action), "%s %s%s%s", verb, target->resource ? target->resource : "", target->subresource ? "/" : "",
		       target->subresource ? target->subresource : "");
	yyjson_arr_foreach(yyjson_obj_get(apiserver->root, list), index, max, item) {
		if (yyjson_equals_str(item, action))
			return true;
	}
	return false;
}

static bool is_missing(const struct apiserver *apiserver, const struct target *target)
{
	size_t index, max;
	yyjson_val *item;

	yyjson_arr_foreach(yyjson_obj_get(apiserver->root, "missing"), index, max, item) {
		if (target->resource && yyjson_equals_str(item, target->resource))
			return true;
	}
	return false;
}

static void answer_list(struct apiserver *apiserver, struct arena *arena, struct actor_conn *conn, const struct target *target)
{
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *items;
	size_t index, max;
	yyjson_val *item;

	yyjson_mut_doc_set_root(doc, root);
	yyjson_mut_obj_add_str(doc, yyjson_mut_obj_add_obj(doc, root, "metadata"), "resourceVersion", "7");
	items = yyjson_mut_obj_add_arr(doc, root, "items");
	yyjson_arr_foreach(yyjson_obj_get(apiserver->root, "objects"), index, max, item) {
		if (is_of(item, target) && fits_selector(arena, item, target->query, "labelSelector=") &&
		    fits_selector(arena, item, target->query, "fieldSelector="))
			yyjson_mut_arr_append(items, yyjson_val_mut_copy(doc, item));
	}
	actor_answer(conn, 200, NULL, json_text(arena, doc));
}

// By "namespace/pod", or by "namespace/pod/container" and the same with "/previous".
static const char *log_of(const struct apiserver *apiserver, struct arena *arena, const struct target *target)
{
	yyjson_val *logs = yyjson_obj_get(apiserver->root, "logs");
	const char *pod = arena_printf(arena, "%s/%s", target->namespace, target->name), *container = strstr(target->query, "container=");
	const char *key = pod;

	if (container) {
		container += strlen("container=");
		key = arena_printf(arena, "%s/%.*s%s", pod, (int)strcspn(container, "&"), container, strstr(target->query, "previous=true") ? "/previous" : "");
	}
	return yyjson_get_str(yyjson_obj_get(logs, yyjson_obj_get(logs, key) ? key : pod));
}

static bool is_dry_run(const struct target *target)
{
	return strstr(target->query, "dryRun=All") != NULL;
}

static void answer_one(struct apiserver *apiserver, struct arena *arena, struct actor_conn *conn, const struct target *target)
{
	size_t index, max;
	yyjson_val *item;
	char message[256];

	if (target->subresource && strcmp(target->subresource, "log") == 0) {
		const char *log = log_of(apiserver, arena, target);

		actor_answer(conn, log ? 200 : 404, NULL, log ? log : "{\"kind\":\"Status\",\"message\":\"no log\",\"reason\":\"NotFound\"}");
		return;
	}
	yyjson_arr_foreach(yyjson_obj_get(apiserver->root, is_dry_run(target) ? "dryRun" : "objects"), index, max, item) {
		if (is_of(item, target)) {
			actor_answer(conn, 200, NULL, json_val_text(arena, item));
			return;
		}
	}
	(void)snprintf(message, sizeof(message), "%s \\\"%s\\\" not found", target->resource, target->name);
	refuse(conn, 404, "NotFound", message);
}

static void answer_forward(struct apiserver *apiserver, struct actor_conn *conn, const struct actor_call *call, const struct target *target)
{
	for (size_t i = 0; i < apiserver->n_nodes; i++) {
		if (strcmp(apiserver->pods[i], target->name) == 0 && node_serve(apiserver->nodes[i], conn, call))
			return;
	}
	refuse(conn, 400, "BadRequest", "Upgrade request required");
}

// Whether the user may do something: all but what is denied. Who may not list may not watch either.
static void answer_review(struct apiserver *apiserver, struct arena *arena, struct actor_conn *conn, const char *body)
{
	yyjson_val *asked = yyjson_ptr_get(json_parse(arena, body, strlen(body)), "/spec/resourceAttributes");
	const char *verb = yyjson_get_str(yyjson_obj_get(asked, "verb"));
	struct target target = {.resource = arena_strdup(arena, yyjson_get_str(yyjson_obj_get(asked, "resource")))};
	bool denied = is_in(apiserver, "denied", verb && strcmp(verb, "watch") == 0 ? "list" : verb, &target);

	actor_answer(conn, 201, NULL, denied ? "{\"status\":{\"allowed\":false}}" : "{\"status\":{\"allowed\":true}}");
}

static void answer_write(struct apiserver *apiserver, struct arena *arena, struct actor_conn *conn, const struct actor_call *call, struct target *target)
{
	if (target->resource && strcmp(target->resource, "selfsubjectaccessreviews") == 0) {
		answer_review(apiserver, arena, conn, call->body);
		return;
	}
	// The API server notes by this name who wrote.
	if (!strstr(call->head, "User-Agent: kubectl-neofleet/")) {
		refuse(conn, 400, "BadRequest", "nobody would know who wrote this");
		return;
	}
	actor_lock(apiserver->actor);
	buf_addf(&apiserver->written, "[%s %s %s]\n", call->method, call->target, call->body);
	actor_unlock(apiserver->actor);
	target->subresource = NULL;
	answer_one(apiserver, arena, conn, target);
}

static void answer(struct actor *actor, struct actor_conn *conn, const struct actor_call *call, size_t number)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	struct apiserver *apiserver = actor_user(actor);
	bool get = strcmp(call->method, "GET") == 0;
	struct target target;
	const char *verb;
	char message[256];

	(void)number;
	if (yyjson_get_bool(yyjson_obj_get(apiserver->root, "silent"))) {
		actor_silence(actor);
		return;
	}
	split(arena, call->target, &target);
	verb = !get ? "patch" : target.name ? "get" : "list";
	if (yyjson_obj_get(apiserver->root, "answer")) {
		refuse(conn, yyjson_get_int(yyjson_obj_get(apiserver->root, "answer")), "InternalError", "the server is not well");
	} else if (is_missing(apiserver, &target)) {
		refuse(conn, 404, "NotFound", "the server could not find the requested resource");
	} else if (is_in(apiserver, "denied", verb, &target)) {
		(void)snprintf(message, sizeof(message), "%s%s%s is forbidden: User \\\"eva\\\" cannot %s resource", target.resource, *target.group ? "." : "",
			       target.group, verb);
		refuse(conn, 403, "Forbidden", message);
	} else if (is_in(apiserver, "broken", verb, &target)) {
		refuse(conn, 500, "InternalError", "the store is not well");
	} else if (!get && !is_dry_run(&target)) {
		answer_write(apiserver, arena, conn, call, &target);
	} else if (target.subresource && strcmp(target.subresource, "portforward") == 0) {
		answer_forward(apiserver, conn, call, &target);
	} else if (target.name) {
		answer_one(apiserver, arena, conn, &target);
	} else {
		answer_list(apiserver, arena, conn, &target);
	}
}

struct apiserver *apiserver_start(const char *path)
{
	struct apiserver *apiserver = calloc(1, sizeof(*apiserver));
	_cleanup_buf_ struct buf text = BUF_INIT(FILE_MAX_BYTES);
	struct err err = ERR_INIT;
	int fd;

	assert_non_null(apiserver);
	apiserver->arena = arena_new();
	apiserver->written = BUF_INIT(65536);
	assert_int_equal(file_read(path, &text, &err), 0);
	apiserver->root = json_parse(apiserver->arena, text.data, text.len);
	assert_non_null(apiserver->root);
	apiserver->actor = actor_start(answer, apiserver);
	(void)snprintf(apiserver->kubeconfig, sizeof(apiserver->kubeconfig), "/tmp/neofleet-cli-XXXXXX");
	fd = mkstemp(apiserver->kubeconfig);
	assert_true(fd >= 0);
	assert_true(dprintf(fd,
			    "apiVersion: v1\nkind: Config\ncurrent-context: test\n"
			    "contexts: [{name: test, context: {cluster: test, user: eva, namespace: shop}}, {name: other, context: {cluster: test, user: eva}}]\n"
			    "clusters: [{name: test, cluster: {server: 'http://127.0.0.1:%u/'}}]\n"
			    "users: [{name: eva, user: {token: bearer-of-eva}}]\n",
			    actor_port(apiserver->actor)) > 0);
	(void)close(fd);
	return apiserver;
}

void apiserver_forward(struct apiserver *apiserver, const char *pod, const struct node *node)
{
	assert_true(apiserver->n_nodes < APISERVER_NODES);
	apiserver->pods[apiserver->n_nodes] = pod;
	apiserver->nodes[apiserver->n_nodes++] = node;
}

void apiserver_stop(struct apiserver *apiserver)
{
	actor_stop(apiserver->actor);
	(void)unlink(apiserver->kubeconfig);
	buf_release(&apiserver->written);
	arena_free(apiserver->arena);
	free(apiserver);
}

const char *apiserver_kubeconfig(const struct apiserver *apiserver)
{
	return apiserver->kubeconfig;
}

const char *apiserver_written(struct apiserver *apiserver)
{
	const char *text;

	actor_lock(apiserver->actor);
	text = arena_strdup(apiserver->arena, buf_str(&apiserver->written));
	actor_unlock(apiserver->actor);
	return text;
}
