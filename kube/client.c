// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#include "kube/client.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/json.h"
#include "base/steps.h"
#include "kube/head.h"
#include "kube/path.h"

#define DEFAULT_TIMEOUT_MS 30000
#define OBJECT_MAX_BYTES ((size_t)8 * 1024 * 1024)
// The client holds a whole page: a hundred of our largest objects are a few MiB.
#define PAGE_MAX_BYTES ((size_t)64 * 1024 * 1024)
#define PAGE_SIZE "100"

#define JSON_TYPE "Content-Type: application/json"
#define APPLY_TYPE "Content-Type: application/apply-patch+yaml"
#define MERGE_TYPE "Content-Type: application/merge-patch+json"
#define PATCH_TYPE "Content-Type: application/json-patch+json"

struct kube_client {
	const struct kube_config *config;
	struct loop *loop;
	int timeout_ms;
	_Atomic uint64_t calls[KUBE_METHODS];
	struct traffic traffic;
};

const char *const kube_methods[KUBE_METHODS] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

uint64_t kube_client_calls(const struct kube_client *client, size_t method)
{
	return atomic_load(&client->calls[method]);
}

const struct traffic *kube_client_traffic(const struct kube_client *client)
{
	return &client->traffic;
}

const struct kube_config *kube_client_config(const struct kube_client *client)
{
	return client->config;
}

static void count_call(struct kube_client *client, const char *method)
{
	for (size_t i = 0; i < KUBE_METHODS; i++) {
		if (strcmp(kube_methods[i], method) == 0)
			atomic_fetch_add(&client->calls[i], 1);
	}
}

int kube_client_new(const struct kube_config *config, struct loop *loop, struct kube_client **ret, struct err *err)
{
	struct kube_client *client = calloc(1, sizeof(*client));

	if (!client)
		return err_set(err, ERR_INTERNAL, "out of memory");
	client->config = config;
	client->loop = loop;
	client->timeout_ms = DEFAULT_TIMEOUT_MS;
	*ret = client;
	return 0;
}

void kube_client_free(struct kube_client *client)
{
	free(client);
}

void kube_client_set_timeout_ms(struct kube_client *client, int timeout_ms)
{
	client->timeout_ms = timeout_ms;
}

struct loop *kube_client_loop(const struct kube_client *client)
{
	return client->loop;
}

void kube_client_note(struct kube_client *client, const char *method, const struct http_response *response)
{
	int status = response ? response->status : 0;

	traffic_count(&client->traffic, method, status);
	if (status == 401)
		kube_config_refused(client->config);
}

struct call {
	const char *method;
	const struct buf *path;
	const char *content_type; // a header line; NULL without a body
	const char *body;
	struct kube_limits limits;
	bool secret;
};

struct kube_call {
	struct kube_client *client;
	struct http_stream *request;
	struct kube_head head;
	const char *method;
	bool secret;
};

static void call_free(struct kube_call *call)
{
	kube_head_release(&call->head);
	free(call);
}

static int begin(struct kube_client *client, const struct call *wanted, struct kube_call **ret, struct err *err)
{
	struct http_request request = {
		.method = wanted->method,
		.headers = {"Accept: application/json", wanted->content_type},
		.body = wanted->body,
		.timeout_ms = wanted->limits.timeout_ms ? wanted->limits.timeout_ms : client->timeout_ms,
		.max_bytes = wanted->limits.max_bytes ? wanted->limits.max_bytes : OBJECT_MAX_BYTES,
		.secret = wanted->secret,
	};
	struct kube_call *call = calloc(1, sizeof(*call));
	int r;

	if (!call)
		abort();
	*call = (struct kube_call){.client = client, .method = wanted->method, .secret = wanted->secret};
	r = kube_head_make(client->config, wanted->path, &call->head, &request, err);
	if (r < 0) {
		call_free(call);
		return r;
	}
	count_call(client, call->method);
	call->request = http_begin(client->loop, &request);
	*ret = call;
	return 0;
}

// Leaves the answer of a successful call in body, which the caller releases.
static int end(struct kube_call *call, struct buf *ret_body, struct err *err)
{
	struct http_response response = {0};
	int r;

	STEP("call to the API server");
	r = http_end(call->request, &response, err);
	kube_client_note(call->client, call->method, r < 0 ? NULL : &response);
	call_free(call);
	if (r < 0)
		return r;
	if (response.status >= 300 || response.status < 200) {
		r = kube_status_error(&response, err);
		buf_release(&response.body);
		return r;
	}
	*ret_body = response.body;
	return 0;
}

static int perform(struct kube_client *client, const struct call *wanted, struct buf *ret_body, struct err *err)
{
	struct kube_call *call;
	int r = begin(client, wanted, &call, err);

	return r < 0 ? r : end(call, ret_body, err);
}

int kube_call_end(struct kube_call *call, struct kube_object **ret, struct err *err)
{
	_cleanup_buf_ struct buf body = BUF_INIT(1);
	const char *method = call->method;
	bool secret = call->secret;
	int r = end(call, &body, err);

	if (r < 0 || !ret)
		return r;
	*ret = secret ? kube_object_parse_secret(buf_str(&body), body.len) : kube_object_parse(buf_str(&body), body.len);
	return *ret ? 0 : err_set(err, ERR_PROTOCOL, "%s: the answer is no JSON object", method);
}

static int perform_object(struct kube_client *client, const struct call *wanted, struct kube_object **ret, struct err *err)
{
	struct kube_call *call;
	int r = begin(client, wanted, &call, err);

	return r < 0 ? r : kube_call_end(call, ret, err);
}

int kube_get_begin(struct kube_client *client, const struct kube_resource *resource, struct kube_name name,
		   const struct kube_limits *limits, struct kube_call **ret, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT(KUBE_URL_MAX_BYTES);

	kube_path(&path, resource, name.namespace, name.name);
	return begin(client, &(struct call){.method = "GET", .path = &path, .limits = *limits}, ret, err);
}

int kube_get_within(struct kube_client *client, const struct kube_resource *resource, struct kube_name name,
		    const struct kube_limits *limits, struct kube_object **ret, struct err *err)
{
	struct kube_call *call;
	int r = kube_get_begin(client, resource, name, limits, &call, err);

	return r < 0 ? r : kube_call_end(call, ret, err);
}

int kube_get(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, struct kube_object **ret,
	     struct err *err)
{
	return kube_get_within(client, resource, name, &(struct kube_limits){0}, ret, err);
}

int kube_get_path(struct kube_client *client, const char *path, struct kube_object **ret, struct err *err)
{
	_cleanup_buf_ struct buf copy = BUF_INIT(KUBE_URL_MAX_BYTES);

	buf_add(&copy, path);
	return perform_object(client, &(struct call){.method = "GET", .path = &copy}, ret, err);
}

int kube_get_log(struct kube_client *client, struct kube_name pod, const struct kube_log *log, struct buf *ret_text, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	_cleanup_buf_ struct buf path = BUF_INIT(KUBE_URL_MAX_BYTES);
	const struct kube_limits limits = {log->max_bytes, log->timeout_ms};

	kube_path(&path, &kube_pods, pod.namespace, pod.name);
	buf_add(&path, "/log");
	kube_query(&path, "container", log->container);
	kube_query(&path, "previous", log->previous ? "true" : NULL);
	kube_query(&path, "tailLines", arena_printf(arena, "%u", log->lines));
	kube_query(&path, "limitBytes", arena_printf(arena, "%zu", log->max_bytes));
	return perform(client, &(struct call){.method = "GET", .path = &path, .limits = limits}, ret_text, err);
}

int kube_get_secret(struct kube_client *client, struct kube_name name, struct kube_object **ret, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT(KUBE_URL_MAX_BYTES);

	kube_path(&path, &kube_secrets, name.namespace, name.name);
	return perform_object(client, &(struct call){.method = "GET", .path = &path, .secret = true}, ret, err);
}

// Hands out the items of a page; ret_continue gets the token of the next page, in the arena, or NULL.
static int read_page(const struct buf *body, const struct kube_reader *reader, struct arena *arena, const char **ret_continue, struct err *err)
{
	yyjson_doc *page = yyjson_read(buf_str(body), body->len, 0);
	yyjson_val *root = yyjson_doc_get_root(page), *item;
	yyjson_arr_iter iter;
	const char *token;

	// An empty collection may come as null.
	if (!yyjson_obj_get(root, "items")) {
		yyjson_doc_free(page);
		return err_set(err, ERR_PROTOCOL, "the answer to a list has no items");
	}
	iter = yyjson_arr_iter_with(yyjson_obj_get(root, "items"));
	while ((item = yyjson_arr_iter_next(&iter)))
		reader->on_item(reader->user, item);
	token = yyjson_get_str(yyjson_obj_get(yyjson_obj_get(root, "metadata"), "continue"));
	*ret_continue = token && *token ? arena_strdup(arena, token) : NULL;
	yyjson_doc_free(page);
	return 0;
}

int kube_list(struct kube_client *client, const struct kube_resource *resource, const struct kube_selection *selection,
	      const struct kube_reader *reader, struct err *err)
{
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	const char *most = selection->most ? arena_printf(arena, "%u", selection->most) : PAGE_SIZE, *token = NULL;
	const struct kube_limits limits = {selection->max_bytes ? selection->max_bytes : PAGE_MAX_BYTES, selection->timeout_ms};

	do {
		_cleanup_buf_ struct buf path = BUF_INIT(KUBE_URL_MAX_BYTES), body = BUF_INIT(1);
		int r;

		kube_path(&path, resource, selection->namespace, NULL);
		kube_query(&path, "limit", most);
		kube_query(&path, "labelSelector", selection->labels);
		kube_query(&path, "fieldSelector", selection->fields);
		kube_query(&path, "continue", token);
		r = perform(client, &(struct call){.method = "GET", .path = &path, .limits = limits}, &body, err);
		if (r < 0 || (r = read_page(&body, reader, arena, &token, err)) < 0)
			return r;
	} while (token && !selection->most);
	return 0;
}

int kube_create(struct kube_client *client, const struct kube_resource *resource, const char *namespace, const char *json,
		struct kube_object **ret, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT(KUBE_URL_MAX_BYTES);
	struct call call = {.method = "POST", .content_type = JSON_TYPE, .body = json};

	kube_path(&path, resource, namespace, NULL);
	call.path = &path;
	return perform_object(client, &call, ret, err);
}

int kube_create_secret(struct kube_client *client, const char *namespace, const char *json, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT(KUBE_URL_MAX_BYTES);

	kube_path(&path, &kube_secrets, namespace, NULL);
	return perform_object(client, &(struct call){.method = "POST", .path = &path, .content_type = JSON_TYPE, .body = json, .secret = true}, NULL, err);
}

static void object_path(struct buf *path, const struct kube_resource *resource, struct kube_name name, const char *subresource)
{
	kube_path(path, resource, name.namespace, name.name);
	if (subresource)
		buf_addf(path, "/%s", subresource);
}

int kube_apply_begin(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, const char *json,
		     const struct kube_apply_options *options, struct kube_call **ret, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT(KUBE_URL_MAX_BYTES);
	struct call call = {.method = "PATCH", .content_type = APPLY_TYPE, .body = json, .secret = options->secret};

	object_path(&path, resource, name, options->subresource);
	kube_query(&path, "fieldManager", options->field_manager);
	kube_query(&path, "force", options->force ? "true" : NULL);
	kube_query(&path, "dryRun", options->dry_run ? "All" : NULL);
	call.path = &path;
	return begin(client, &call, ret, err);
}

int kube_apply(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, const char *json,
	       const struct kube_apply_options *options, struct kube_object **ret, struct err *err)
{
	struct kube_call *call;
	int r = kube_apply_begin(client, resource, name, json, options, &call, err);

	return r < 0 ? r : kube_call_end(call, ret, err);
}

int kube_patch(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, const char *subresource,
	       enum kube_patch_type type, const char *patch, struct kube_object **ret, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT(KUBE_URL_MAX_BYTES);
	struct call call = {
		.method = "PATCH", .content_type = type == KUBE_PATCH_MERGE ? MERGE_TYPE : PATCH_TYPE, .body = patch};

	object_path(&path, resource, name, subresource);
	call.path = &path;
	return perform_object(client, &call, ret, err);
}

int kube_update_status(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, const char *json,
		       struct kube_object **ret, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT(KUBE_URL_MAX_BYTES);
	struct call call = {.method = "PUT", .content_type = JSON_TYPE, .body = json};

	object_path(&path, resource, name, "status");
	call.path = &path;
	return perform_object(client, &call, ret, err);
}

static void add_preconditions(yyjson_mut_doc *doc, yyjson_mut_val *options, const char *uid, const char *version)
{
	yyjson_mut_val *conditions;

	if (!uid && !version)
		return;
	conditions = yyjson_mut_obj_add_obj(doc, options, "preconditions");
	if (uid)
		(void)yyjson_mut_obj_add_str(doc, conditions, "uid", uid);
	if (version)
		(void)yyjson_mut_obj_add_str(doc, conditions, "resourceVersion", version);
}

int kube_delete(struct kube_client *client, const struct kube_resource *resource, struct kube_name name,
		const struct kube_delete_options *options, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT(KUBE_URL_MAX_BYTES);
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc);
	struct call call = {.method = "DELETE", .content_type = JSON_TYPE};

	yyjson_mut_doc_set_root(doc, root);
	(void)yyjson_mut_obj_add_str(doc, root, "propagationPolicy", "Background");
	if (options)
		add_preconditions(doc, root, options->uid, options->resource_version);
	if (options && options->grace_period_s >= 0)
		(void)yyjson_mut_obj_add_int(doc, root, "gracePeriodSeconds", options->grace_period_s);
	object_path(&path, resource, name, NULL);
	call.path = &path;
	call.body = json_text(arena, doc);
	return perform_object(client, &call, NULL, err);
}

int kube_evict(struct kube_client *client, struct kube_name name, const char *uid, struct err *err)
{
	_cleanup_buf_ struct buf path = BUF_INIT(KUBE_URL_MAX_BYTES);
	_cleanup_(arena_freep) struct arena *arena = arena_new();
	yyjson_mut_doc *doc = json_doc_new(arena);
	yyjson_mut_val *root = yyjson_mut_obj(doc), *metadata, *options;
	struct call call = {.method = "POST", .content_type = JSON_TYPE};

	yyjson_mut_doc_set_root(doc, root);
	(void)yyjson_mut_obj_add_str(doc, root, "apiVersion", "policy/v1");
	(void)yyjson_mut_obj_add_str(doc, root, "kind", "Eviction");
	metadata = yyjson_mut_obj_add_obj(doc, root, "metadata");
	(void)yyjson_mut_obj_add_str(doc, metadata, "name", name.name);
	(void)yyjson_mut_obj_add_str(doc, metadata, "namespace", name.namespace);
	options = yyjson_mut_obj_add_obj(doc, root, "deleteOptions");
	add_preconditions(doc, options, uid, NULL);
	object_path(&path, &kube_pods, name, "eviction");
	call.path = &path;
	call.body = json_text(arena, doc);
	return perform_object(client, &call, NULL, err);
}
