// SPDX-FileCopyrightText: The neofleet authors
// SPDX-License-Identifier: Apache-2.0

#pragma once

// Calls to the API server. One client serves all threads: it posts a call to the loop thread, which owns the one multiplexed HTTP/2 connection,
// and the calling thread waits with a deadline. Never call from the loop thread. Source: Kubernetes API concepts; server-side apply.
//
// Every function: ERR_NOT_FOUND 404, ERR_CONFLICT 409, ERR_GONE 410, ERR_FORBIDDEN 401/403, ERR_INVALID 400/422
// (text is the server's message), ERR_TOO_MANY 429 with retry_after_ms, ERR_SERVER 5xx, ERR_IO, ERR_TIMEOUT,
// ERR_TOO_LARGE (answer over the client's limit), ERR_CANCELLED (the loop stops). err.code is the Status reason.
// ret may be NULL where the caller does not want the answer.

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "kube/config.h"
#include "kube/object.h"
#include "kube/resource.h"
#include "kube/traffic.h"
#include "net/http.h"
#include "net/loop.h"

struct kube_client;

// Keeps config and loop by reference: both must outlive the client.
int kube_client_new(const struct kube_config *config, struct loop *loop, struct kube_client **ret, struct err *err);
void kube_client_free(struct kube_client *client);
DEFINE_CLEANUP(struct kube_client *, kube_client_free);

// Default deadline of a call, 30 s at first.
void kube_client_set_timeout_ms(struct kube_client *client, int timeout_ms);

int kube_get(struct kube_client *client, const struct kube_resource *resource, struct kube_name name,
	     struct kube_object **ret, struct err *err);

struct kube_limits {
	size_t max_bytes; // 0: the limit of our own objects
	int timeout_ms;	  // 0: the client's
};

// Like kube_get(). ERR_TOO_LARGE above max_bytes, for objects that others may make as large as they like; ERR_TIMEOUT after timeout_ms, for
// callers with a deadline.
int kube_get_within(struct kube_client *client, const struct kube_resource *resource, struct kube_name name,
		    const struct kube_limits *limits, struct kube_object **ret, struct err *err);

// For a path that is no resource, such as "/apis/apps/v1".
int kube_get_path(struct kube_client *client, const char *path, struct kube_object **ret, struct err *err);

struct kube_log {
	const char *container;
	bool previous;	  // of the container's run before the present one
	unsigned lines;	  // only the last so many
	size_t max_bytes; // of these the first so many
	int timeout_ms;	  // 0: the client's
};

// The log of a pod's container, as it wrote it: any bytes, NUL too. The caller releases ret_text.
int kube_get_log(struct kube_client *client, struct kube_name pod, const struct kube_log *log, struct buf *ret_text, struct err *err);

// Like kube_get(), for Secrets: the object and every buffer that held it are wiped when released.
int kube_get_secret(struct kube_client *client, struct kube_name name, struct kube_object **ret, struct err *err);

struct kube_selection {
	const char *namespace; // NULL: all
	const char *labels, *fields; // selectors; NULL: none
	unsigned most;	  // only the first so many, in the API server's order; 0: all, page by page
	size_t max_bytes; // of an answer, else ERR_TOO_LARGE; 0: the limit of a full page
	int timeout_ms;	  // of each page; 0: the client's
};

// Receives each object of a list, valid until the function returns.
struct kube_reader {
	void (*on_item)(void *user, yyjson_val *item);
	void *user;
};

// Reads a collection page by page, and never holds more than one page. Objects that were handed out before an error stay handed out. ERR_GONE:
// it took so long that the list must be read anew.
int kube_list(struct kube_client *client, const struct kube_resource *resource, const struct kube_selection *selection,
	      const struct kube_reader *reader, struct err *err);

int kube_create(struct kube_client *client, const struct kube_resource *resource, const char *namespace,
		const char *json, struct kube_object **ret, struct err *err);

// Like kube_create(), for a Secret: what is sent and the answer are wiped. ERR_CONFLICT: there is one of this name.
int kube_create_secret(struct kube_client *client, const char *namespace, const char *json, struct err *err);

struct kube_apply_options {
	const char *subresource;   // NULL or "status"
	const char *field_manager; // required
	bool force;		   // take fields over from other managers
	bool dry_run;
	bool secret;		   // as of kube_get_secret(), for what is sent and for the answer
};

// Server-side apply of a JSON object (apiVersion, kind, metadata.name inside). A metadata.resourceVersion
// inside makes it conditional (ERR_CONFLICT), a metadata.uid too.
int kube_apply(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, const char *json,
	       const struct kube_apply_options *options, struct kube_object **ret, struct err *err);

// A call under way. Calls that need not wait for each other come in two steps, for a read and for an apply: begin them all, then end each that
// was begun, even after an error of another. The end waits for the answer and frees the call.
struct kube_call;

int kube_get_begin(struct kube_client *client, const struct kube_resource *resource, struct kube_name name,
		   const struct kube_limits *limits, struct kube_call **ret, struct err *err);

int kube_apply_begin(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, const char *json,
		     const struct kube_apply_options *options, struct kube_call **ret, struct err *err);

int kube_call_end(struct kube_call *call, struct kube_object **ret, struct err *err);

enum kube_patch_type { KUBE_PATCH_JSON, KUBE_PATCH_MERGE };

int kube_patch(struct kube_client *client, const struct kube_resource *resource, struct kube_name name, const char *subresource,
	       enum kube_patch_type type, const char *patch, struct kube_object **ret, struct err *err);

// PUT of a whole object's status; conditional on the resourceVersion inside.
int kube_update_status(struct kube_client *client, const struct kube_resource *resource, struct kube_name name,
		       const char *json, struct kube_object **ret, struct err *err);

struct kube_delete_options {
	const char *uid;	      // NULL, or delete only the object with this uid (ERR_CONFLICT)
	const char *resource_version; // NULL, likewise
	int grace_period_s;	      // -1: the object's own
};

int kube_delete(struct kube_client *client, const struct kube_resource *resource, struct kube_name name,
		const struct kube_delete_options *options, struct err *err);

// POST pods/NAME/eviction: ERR_TOO_MANY while a disruption budget forbids it.
int kube_evict(struct kube_client *client, struct kube_name name, const char *uid, struct err *err);

// For informers: notes the end of a request of kube_head_make(), which counts it and reports refused credentials (401). response NULL, or with
// status 0: no answer came.
void kube_client_note(struct kube_client *client, const char *method, const struct http_response *response);

struct loop *kube_client_loop(const struct kube_client *client);

// For metrics: the methods of calls, and how many calls each had, whatever their result. The watches of informers do not count. Any thread.
#define KUBE_METHODS 5
extern const char *const kube_methods[KUBE_METHODS];
uint64_t kube_client_calls(const struct kube_client *client, size_t method);

// All requests; those of informers count when they end.
const struct traffic *kube_client_traffic(const struct kube_client *client);
const struct kube_config *kube_client_config(const struct kube_client *client);
